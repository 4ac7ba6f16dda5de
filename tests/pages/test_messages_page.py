"""Whoever is told something finds it in the product: a bell above every page, rung by the live line, and a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dispatch.lifecycle.states import Action
from dispatch.notify.inbox import MESSAGES, MOST, UNREAD
from dispatch.notify.outbox import send_due
from gis.db import execute, write
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
UNIT = "enforcement-a"


def tell(office: Office, login: str, kind: str, *, urgent: bool = False) -> None:
    """A message about no case to one person, as a job of the worker leaves it, and the worker's next look."""
    with write() as tx:
        execute(
            tx,
            """INSERT INTO outbox (kind, person_id, created_at, urgent)
               SELECT %(kind)s, id, %(now)s, %(urgent)s FROM person WHERE login = %(login)s""",
            kind=kind,
            now=tx.now,
            urgent=urgent,
            login=login,
        )
    send_due()


def unread(who: Person) -> int:
    return int(who.get("/messages/unread").json()["unread"])


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")], ids=["412", "1440"])
def test_a_bell_rings_while_the_page_is_open_and_the_list_says_what_it_was(
    office: Office, sit: Sit, person: Enter, size: tuple[int, int], language: str
) -> None:
    said = {
        "zh": ("已派遣到本部门", "新", "您的值班安排有变动"),
        "en": ("has been dispatched to your department", "New", "Your duty has been changed"),
    }[language]
    seat = sit(UNIT, size)
    seat.go(f"/messages?lang={language}")
    office.town.later(minutes=1)
    bell = seat.page.locator("[data-bell]")
    expect(bell).to_be_hidden()
    seat.page.wait_for_timeout(500)  # the line of the page is open
    case = office.town.dispatched()
    send_due()
    expect(bell).to_have_text("1")  # without the page being loaded again
    seat.fits()
    seat.go("/desk")  # a page with a list of its own, whose line tells it too
    expect(bell).to_have_text("1")
    seat.page.wait_for_timeout(500)
    tell(office, UNIT, "duty_changed")
    expect(bell).to_have_text("2")
    seat.fits()
    middles = [
        box["y"] + box["height"] / 2 for part in (".brand", ".tools") if (box := seat.page.locator(part).bounding_box())
    ]
    assert abs(middles[0] - middles[1]) < 8  # one line, also on a phone
    seat.page.locator("a.bell").click()
    first, second = (seat.page.locator("main li").nth(n) for n in (0, 1))
    expect(first).to_contain_text(said[2])
    expect(first.get_by_role("link")).to_have_attribute("href", "/duty")
    expect(second).to_contain_text(said[0])
    expect(second.locator(".chip.ok")).to_have_text(said[1])
    expect(second.get_by_role("link", name=case.number)).to_be_visible()
    expect(bell).to_be_hidden()
    seat.fits()
    seat.go("/messages")
    expect(seat.page.locator("main .chip.ok")).to_have_count(0)


LINES = """
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      window.line = this;
      this.addEventListener("open", () => { document.body.dataset.line = "open"; });
    }
  };
"""


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/account", "/desk"])  # with a line of its own, and with that of its list
def test_what_came_while_the_line_was_broken_rings_when_there_is_one_again(office: Office, sit: Sit, path: str) -> None:
    seat = sit(UNIT, DESK)
    seat.page.add_init_script(LINES)
    seat.go("/messages")
    with seat.page.expect_response("**/messages/unread"):
        seat.go(path)
    office.town.later(minutes=1)
    with write() as tx:  # sent, and the line said nothing of it
        execute(
            tx,
            """INSERT INTO outbox (kind, unit_id, created_at, sent_at)
               SELECT 'duty_changed', %(unit)s, %(now)s, %(now)s FROM generate_series(1, %(most)s)""",
            unit=UNIT,
            now=tx.now,
            most=MOST,
        )
    expect(seat.page.locator("body[data-line=open]")).to_be_attached()
    seat.page.evaluate("line.close()")
    expect(seat.page.locator("[data-bell]")).to_have_text(f"{MOST}+")


def test_messages_are_ones_own_and_the_own_units(office: Office, person: Enter) -> None:
    other, unit = person("water"), person(UNIT)
    for who in (other, unit):
        who.get("/messages")
    office.town.later(minutes=1)
    case = office.town.dispatched()
    tell(office, "inspector1", "duty_changed")
    assert (unread(unit), unread(other)) == (1, 0)
    assert case.number in unit.get("/messages").text
    assert unread(unit) == 0
    assert case.number not in other.get("/messages").text
    inspector = person("inspector1").get("/messages").text
    assert "您的值班安排有变动" in inspector
    assert case.number not in inspector
    assert person("").get("/messages").url.path == "/login"
    assert person("").web.get("/messages/unread").status_code == 401


def test_a_case_that_is_no_longer_ones_own_is_named_and_not_led_to(office: Office, person: Enter) -> None:
    town = office.town
    case = town.checking()  # reported by inspector1
    first, second = (town.people[f"inspector{n}"].person_id for n in (1, 2))
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=second)
    send_due()
    link = f'href="/field/cases/{case.number}"'
    assert link in person("inspector2").get("/messages").text
    assert f'href="/cases/{case.number}"' in person(UNIT).get("/messages").text
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=first)
    send_due()
    page = person("inspector2").get("/messages").text
    assert f"案件 {case.number} 的任务已收回" in page
    assert link not in page


def test_a_silent_terminal_and_low_stock_are_told_with_where_to_see_to_them(office: Office, person: Enter) -> None:
    tell(office, "dispatcher", "silent:water")
    tell(office, "dispatcher", "stock_low", urgent=True)
    page = person("dispatcher").get("/messages").text
    for part in ("终端失联 自来水公司", 'href="/terminals"', "有备件库存低于警戒", 'href="/emergency"', "紧急"):
        assert part in page, part
    tell(office, "system_admin", "stock_low")
    assert 'href="/emergency"' not in person("system_admin").get("/messages").text  # not a way of this post


def test_what_has_not_been_sent_or_is_old_is_no_news(office: Office, person: Enter) -> None:
    acceptor = person("acceptor")
    tell(office, "acceptor", "duty_drill")
    assert unread(acceptor) == 1
    with write() as tx:
        execute(
            tx,
            """UPDATE outbox SET created_at = created_at - interval '8 days'
                WHERE person_id = (SELECT id FROM person WHERE login = 'acceptor')""",
        )
    assert unread(acceptor) == 0
    with write() as tx:
        execute(tx, "INSERT INTO outbox (kind, person_id, created_at)"
                    " SELECT 'duty_drill', id, %(now)s FROM person WHERE login = 'acceptor'", now=tx.now)  # fmt: skip
    assert unread(acceptor) == 0
    send_due()
    assert unread(acceptor) == 1


def test_what_was_stamped_before_a_look_and_arrives_after_it_is_new(office: Office, person: Enter) -> None:
    """As of a worker that is still sending while the list is read."""
    who = person("dispatcher")
    tell(office, "dispatcher", "duty_drill")
    office.town.later(minutes=1)
    who.get("/messages")
    assert unread(who) == 0
    with write() as tx:
        execute(
            tx,
            """INSERT INTO outbox (kind, person_id, created_at, sent_at)
               SELECT 'duty_drill', id, %(now)s, %(at)s FROM person WHERE login = 'dispatcher'""",
            now=tx.now,
            at=tx.now - timedelta(seconds=1),
        )
    assert unread(who) == 1


def test_both_questions_walk_their_indexes(office: Office) -> None:
    asked = {"person": 1, "unit": UNIT, "most": MOST, "since": office.town.now}
    with write() as tx:
        execute(tx, "SET LOCAL enable_seqscan = off")
        for sql in (MESSAGES, UNREAD):
            plan = "\n".join(line for (line,) in tx.connection.execute("EXPLAIN " + sql, asked))
            assert "outbox_person" in plan
            assert "outbox_unit" in plan
