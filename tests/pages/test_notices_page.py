"""Dead letters are seen by whoever looks after the system, and sent again by a button; never with a whole address."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from dispatch.notify.channels import Gateway
from dispatch.notify.deliver import MOST, send_by
from dispatch.notify.outbox import send_due
from dispatch.people.reach import set_reach
from gis.db import execute, write
from tests.cases.town import look
from tests.notify.receivers import http_receiver
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
NUMBER = "13800005678"


@pytest.fixture(scope="module")
def letter(office: Office) -> int:
    """A notice that a gateway refused until it was given up."""
    login = look("SELECT login FROM person WHERE unit_id = 'enforcement-a' ORDER BY id")[0]["login"]
    with write() as tx:
        set_reach(tx, str(login), "phone", NUMBER)
    office.town.dispatched()
    with write() as tx:
        execute(tx, "UPDATE city SET rehearsal = 0")
    with http_receiver() as receiver:
        receiver.answer = lambda post: 503
        url = f"http://127.0.0.1:{receiver.port}/"
        gateway = Gateway(name="sms", url=url, body='{"to": "{to}"}', allow=frozenset({"127.0.0.1"}))
        send_due([gateway])
        for _ in range(MOST):
            send_by(gateway)
            with write() as tx:
                execute(tx, "UPDATE delivery SET next_at = clock_timestamp() WHERE next_at IS NOT NULL")
    return int(look("SELECT id FROM delivery WHERE dead_at IS NOT NULL")[0]["id"])


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_it_says_what_to_whom_and_why_and_fits(letter: int, person: Enter, sit: Sit, size: tuple[int, int]) -> None:
    shown = person("system_admin").get("/notices").text
    assert "HTTP 503" in shown
    assert "138****5678" in shown
    assert NUMBER not in shown
    assert person("dispatcher").get("/notices").status_code == 403
    seat = sit("system_admin", size)
    seat.go("/notices?lang=en")
    expect(seat.page.locator(".note").first).to_contain_text("No channel outside is configured")
    expect(seat.page.locator(".note").last).to_contain_text("Whoever reported a case is told nothing outside.")
    expect(seat.page.get_by_role("button", name="Send again")).to_be_visible()
    seat.fits()


def test_the_case_page_says_who_was_told_and_what_did_not_arrive(letter: int, person: Enter, sit: Sit) -> None:
    number = look("SELECT number FROM cases")[0]["number"]
    seat = sit("dispatcher", DESK)
    seat.go(f"/cases/{number}")
    record = seat.page.get_by_role("region", name="通知记录")
    record.locator("summary").click()
    expect(record.get_by_text("HTTP 503")).to_be_visible()
    expect(record.get_by_text("138****5678")).to_be_visible()
    seat.fits()
    assert NUMBER not in person("dispatcher").get(f"/cases/{number}").text


def test_the_button_sends_it_again_once(letter: int, person: Enter) -> None:
    admin = person("system_admin")
    assert admin.send("/notices", "/notices", letter=letter).status_code == 303
    standing = "SELECT attempts, dead_at IS NULL AS waits FROM delivery"
    assert look(standing) == [{"attempts": 0, "waits": True}]
    assert "没有未送达的通知" in admin.get("/notices").text
    assert "已排入重发" in admin.get("/notices?done=resent").text
    csrf = admin.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    assert admin.post("/notices", letter=letter, csrf=csrf).headers["location"] == "/notices"  # once
    trail = """SELECT e.object, p.login, e.detail FROM audit_event e JOIN person p ON p.id = e.person_id
                WHERE e.kind = 'notices_resent'"""
    assert look(trail) == [{"object": f"delivery:{letter}", "login": "system_admin", "detail": {"count": 1}}]
    assert person("dispatcher").post("/notices", letter=letter).status_code == 403


def test_what_was_kept_of_the_own_wishes_is_confirmed_once(office: Office, person: Enter) -> None:
    who = person("dispatcher")
    csrf = who.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    answer = who.post("/account/notices", csrf=csrf, quiet_from="22:00", quiet_until="06:00")
    assert answer.status_code == 303
    kept = who.get(answer.headers["location"]).text
    assert "已保存" in kept
    assert 'value="22:00"' in kept
    assert "已保存" not in who.get("/account").text
