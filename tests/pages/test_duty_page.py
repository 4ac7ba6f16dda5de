"""The duty page in a real browser: who would be called, a stand-in asked for by one and agreed to by the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.alarms.nightly import look_ahead
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.duty.town import at, on_duty
from tests.http.serving import served
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town with a roster, on a Monday before the National Day."""
    with on_duty(tmp_path_factory.mktemp("city"), "2026-09-28T09:00") as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


def test_a_stand_in_is_asked_for_on_a_phone_and_agreed_to_at_a_desk(sit: Sit) -> None:
    seat = sit("wc", PHONE)
    page = seat.page
    seat.go("/duty?at=2026-09-30T20:00")
    expect(page.locator(".rungs li").first).to_contain_text("wc")
    page.get_by_label("代班人").select_option("wa")
    page.get_by_label("自", exact=True).fill("2026-09-30T18:00")
    page.get_by_label("至", exact=True).fill("2026-09-30T17:00")
    page.get_by_role("button", name="提出申请").click()
    expect(page.get_by_role("alert")).to_contain_text("时段须未结束")
    seat.faults.clear()  # the console names the refusal
    expect(page.get_by_label("代班人")).to_have_value("wa")
    page.get_by_label("至", exact=True).fill("2026-10-01T08:00")
    page.get_by_role("button", name="提出申请").click()
    expect(page.locator("#stand-ins")).to_contain_text("待答复")
    seat.fits()

    other = sit("wa", DESK)
    other.go("/duty?at=2026-09-30T20:00")
    other.page.get_by_role("button", name="同意").click()
    expect(other.page.locator("#stand-ins")).to_contain_text("已同意")
    other.go("/duty?at=2026-09-30T20:00")
    expect(other.page.locator(".rungs li").first).to_contain_text("代 wc")
    other.go("/duty?lang=en&since=2026-10-01")
    expect(other.page.get_by_role("heading", name="Who would be called")).to_be_visible()


def test_a_department_sees_its_own_duty_only(person: Callable[[str], Person]) -> None:
    water, leader = person("water"), person("leader")
    assert water.web.get("/api/v1/duty", params={"unit": "water"}).json()[0]["person"] == "water"
    assert water.web.get("/api/v1/duty", params={"unit": "landscaping"}).status_code == 404
    assert water.get("/duty?unit=landscaping").status_code == 404
    assert "园林局" not in water.get("/duty").text
    assert "园林局" in leader.get("/duty").text
    asked = {"unit": "water", "at": "2026-10-03T02:00"}
    assert [one["person"] for one in leader.web.get("/api/v1/duty", params=asked).json()] == [
        "wb",
        "wh2",
        "dispatcher",
        "leader",
    ]
    assert person("inspector1").get("/duty").status_code == 403
    for asked in ("at=never", "at=0001-01-01T00:00", "at=9999-12-31T23:59", "since=never", "since=9999-12-31"):
        assert person("acceptor").get(f"/duty?{asked}").status_code == 422


def test_a_case_says_who_is_on_duty_now_where_it_is(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    case, empty = office.town.dispatched("water"), office.town.dispatched("landscaping")
    said = {login: person(login).get(f"/cases/{case.number}").text for login in ("dispatcher", "water", "evaluator")}
    assert [">现在值班</a>：自来水公司值班员" in said[login] for login in ("dispatcher", "water")] == [True, True]
    assert "现在值班：自来水公司值班员" in said["evaluator"]
    assert "Nobody on duty now" in person("dispatcher").get(f"/cases/{empty.number}?lang=en").text
    for size in (PHONE, DESK):
        seat = sit("dispatcher", size)
        seat.go(f"/cases/{case.number}")
        seat.page.get_by_role("link", name="现在值班").click()
        expect(seat.page.locator(".rungs li").first).to_contain_text("自来水公司值班员")
    office.town.set(at("2026-09-28T19:00"))  # 270 % 3 = 0: wa at night
    assert "现在值班</a>：wa" in person("dispatcher").get(f"/cases/{case.number}?lang=zh").text
    office.town.set(at("2026-09-28T09:00"))


def test_a_night_that_began_the_day_before_says_so(sit: Sit) -> None:
    seat = sit("leader", DESK)
    seat.go("/duty?unit=water&since=2026-09-28")
    today, tomorrow = (seat.page.locator("tr", has_text=day) for day in ("09-28", "09-29"))
    assert today.get_by_text("前一日起").count() == 2  # the night from 18:00 and the head's day from 08:00
    assert tomorrow.get_by_text("前一日起").count() == 0


def test_without_a_channel_one_sentence_says_that_nobody_was_reached(
    office: Office, person: Callable[[str], Person]
) -> None:
    assert look_ahead()
    shown = person("leader").get("/duty").text
    assert "未达" in shown
    assert shown.count("没有对外渠道") == 1
    assert "都能联系上" not in shown
