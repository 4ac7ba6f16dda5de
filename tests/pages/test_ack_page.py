"""The link of a duty call on a phone, without log-in: one press acknowledges, and the page names nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.alarms.ring import ring_due
from dispatch.cases.overdue import sweep
from dispatch.cluster import Urls
from dispatch.config import settings
from dispatch.notify import deliver
from dispatch.notify.channels import Mail
from dispatch.notify.outbox import send_due
from dispatch.people.passwords import hash_password
from dispatch.people.reach import set_reach
from gis.db import execute, write
from tests.cases.town import Town, look
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, on_duty
from tests.http.serving import served
from tests.notify.receivers import smtp_server
from tests.pages.conftest import Office, Person
from tests.pages.seats import PHONE, Sit
from tests.pages.test_forms import token
from tests.people.made import PASSWORD

CALLS = """
    SELECT p.login, k.token, k.acknowledged_at, k.acknowledged_by
      FROM alarm_call k LEFT JOIN person p ON p.id = k.person_id ORDER BY k.id
"""
RUNG = "SELECT k.id, k.token, k.acknowledged_by FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id"


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town with a roster and ladders, on a Monday morning."""
    folder = tmp_path_factory.mktemp("city")
    with on_duty(folder, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


def later(town: Town, minutes: int) -> None:
    for _ in range(minutes):
        town.later(minutes=1)
        sweep()
        ring_due()


def test_the_link_of_a_call_acknowledges_once_without_a_log_in_and_names_nobody(office: Office, sit: Sit) -> None:
    case = office.town.dispatched()
    later(office.town, 15)
    (call,) = look(CALLS)
    seat = sit("", PHONE)
    page = seat.page
    seat.go(f"/ack/{call['token']}")
    expect(page.locator("main")).to_contain_text(case.number)
    expect(page.locator("main")).to_contain_text("unsigned")
    assert look(CALLS) == [call]  # looking takes nothing
    shown = page.content()
    people = [str(row[key]) for row in look("SELECT login, name FROM person") for key in ("login", "name")]
    assert "enforcement-a" in people
    assert [one for one in people if one in page.locator("main").inner_text()] == []
    assert case.receipt not in shown

    late = sit("", PHONE)  # the same message, opened on another screen before the press
    late.go(f"/ack/{call['token']}")
    page.locator("main button").click()
    expect(page.locator("main .good")).to_be_visible()
    expect(page.locator("main button")).to_have_count(0)
    seat.fits()
    (taken,) = look(CALLS)
    assert taken["acknowledged_by"] == "link"

    later(office.town, 1)
    late.page.locator("main button").click()
    expect(late.page.locator("main .good")).to_be_visible()
    assert look(CALLS) == [taken]
    later(office.town, 40)
    assert look(CALLS) == [taken]  # neither the head nor the centre was rung


def test_a_link_that_is_nobodys_gets_a_plain_page(sit: Sit) -> None:
    seat = sit("", PHONE)
    answer = seat.page.goto(f"{seat.address}/ack/{'x' * 22}")
    assert answer is not None
    assert answer.status == 404
    expect(seat.page.locator("body")).to_contain_text("没有这次呼叫")
    seat.fits()
    seat.faults.clear()  # the console names the refusal


def test_whoever_was_rung_takes_the_call_by_the_button_of_the_duty_page_and_nobody_else_does(
    office: Office, sit: Sit, person: Callable[[str], Person]
) -> None:
    case = office.town.dispatched()
    later(office.town, 15)
    rung = f"{RUNG} WHERE a.case_id = {case.case_id}"
    (call,) = look(rung)
    for login in ("leader", "district-a"):
        other = person(login)
        assert other.post(f"/calls/{call['id']}", csrf=token(other)).status_code == 404, login
    assert look(rung) == [call]
    seat = sit("enforcement-a", PHONE)
    seat.go("/duty")
    mine = seat.page.locator("section[aria-labelledby=d-calls] li", has_text=case.number)
    mine.get_by_role("button", name="确认收到").click()
    expect(mine).to_have_count(0)
    assert [row["acknowledged_by"] for row in look(rung)] == ["person"]
    seat.fits()
    later(office.town, 40)
    assert len(look(rung)) == 1


def test_the_letter_of_a_call_leads_to_the_button_that_acknowledges_it(
    office: Office, sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.town.dispatched()
    later(office.town, 15)
    with write() as tx:
        set_reach(tx, "enforcement-a", "mail", "team@example.org")
        execute(tx, "UPDATE city SET rehearsal = 0, simulated_now = NULL")  # letters leave the house from here on
    (call,) = look(f"{RUNG} WHERE a.case_id = {case.case_id}")
    monkeypatch.setattr(deliver, "settings", lambda: replace(settings(), url=office.address))
    with smtp_server() as receiver:
        mail = Mail(
            name="mail", host="127.0.0.1", port=receiver.port, sender="w@example.org", tls="none",
            allow=frozenset({"127.0.0.1"}),
        )  # fmt: skip
        send_due([mail])
        deliver.send_by(mail)
    said = [(to, bytes(letter.get_payload(decode=True) or b"").decode()) for to, letter in receiver.letters]
    (text,) = [text for _, text in said if call["token"] in text]
    assert {to for to, _ in said} == {"team@example.org"}
    assert case.number in text
    (link,) = re.findall(r"http\S+", text)
    seat = sit("", PHONE)
    seat.go(link.removeprefix(office.address))
    seat.page.locator("main button").click()
    expect(seat.page.locator("main .good")).to_be_visible()
    assert look(f"{RUNG} WHERE a.case_id = {case.case_id}")[0]["acknowledged_by"] == "link"
