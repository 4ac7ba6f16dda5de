"""The link of a duty call on a phone, without log-in: one press acknowledges, and the page names nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.alarms.ring import ring_due
from dispatch.cases.overdue import sweep
from dispatch.cluster import Urls
from tests.cases.town import Town, look
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, on_duty
from tests.http.serving import served
from tests.pages.conftest import Office
from tests.pages.seats import PHONE, Sit

CALLS = """
    SELECT p.login, k.token, k.acknowledged_at, k.acknowledged_by
      FROM alarm_call k LEFT JOIN person p ON p.id = k.person_id ORDER BY k.id
"""


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town with a roster and ladders, on a Monday morning."""
    folder = tmp_path_factory.mktemp("city")
    with (
        on_duty(folder, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town,
        served(create_app(database.app)) as address,
    ):
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
