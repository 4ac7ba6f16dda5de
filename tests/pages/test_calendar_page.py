"""The calendar in a real browser: a notice pasted, looked at, handed in; another publishes; what moved is listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from playwright.sync_api import expect

from dashboards import calendars
from dispatch.calendars.turn import recount_some
from tests.cases.test_calendar_turn import decree
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit


def test_a_notice_is_pasted_looked_at_published_by_another_and_moves_deadlines(sit: Sit, office: Office) -> None:
    office.town.later(hours=7)
    case = office.town.handling()
    seat = sit("dispatcher", DESK)
    page = seat.page
    seat.go("/calendar?year=2026")
    page.get_by_label("通知原文").fill("检修日:6月9日(周三)放假。")
    page.get_by_label("生效日期").fill("2026-06-09")
    page.get_by_label("这是全年的正式通知").uncheck()
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("alert")).to_contain_text("是周二，不是周三")
    seat.faults.clear()  # the console names the refusal
    page.get_by_label("通知原文").fill("检修日:6月9日(周二)放假。")
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_text("变动 1 天")).to_be_visible()
    expect(page.locator("td.new")).to_have_attribute("title", "2026-06-09 放假 检修日")
    seat.fits()
    page.get_by_label("新版本编号").fill("tiny-calendar-2")
    page.get_by_label("变更依据").fill("市政府令")
    page.get_by_role("button", name="送审").click()
    expect(page.get_by_text("须由没有提出这份变更的人审定")).to_be_visible()
    address = page.url.removeprefix(seat.address)

    other = sit("leader", PHONE)
    other.go(address)
    other.page.get_by_role("button", name="发布").click()
    expect(other.page.locator("main header .chip").last).to_contain_text("已发布")
    other.fits()

    office.town.later(days=1)
    while recount_some():
        pass
    other.go("/calendar?year=2026")
    expect(other.page.get_by_role("link", name=case.number).first).to_be_visible()
    other.go("/calendar?year=2028")
    expect(other.page.get_by_text("未确认")).to_be_visible()


def test_hours_of_some_dates_are_looked_at_with_the_days_they_hold(sit: Sit, office: Office) -> None:
    seat = sit("dispatcher", PHONE)
    page = seat.page
    seat.go("/calendar?year=2026")
    page.get_by_label("作息时间").fill("2026-07-15 2026-08-14 07:00-11:00")
    page.get_by_label("生效日期").fill(f"{office.town.now.date()}")
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("alert")).to_contain_text("作息时间最早从明天起改变")
    seat.faults.clear()  # the console names the refusal
    page.get_by_label("生效日期").fill(f"{office.town.now.date() + timedelta(days=1)}")
    page.get_by_role("button", name="预览").click()
    rows = page.locator("section.card", has=page.get_by_role("heading", name="作息时间")).locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("– 2026-07-14")
    expect(rows.nth(1)).to_contain_text("07:00-11:00")
    expect(rows.nth(1)).to_contain_text("2026-07-15 – 2026-08-14")
    expect(rows.nth(2)).to_contain_text("2026-08-15 –")
    seat.fits()


def test_what_each_change_moved_stays_in_reach_page_by_page(
    office: Office, person: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    town = office.town
    town.set(town.now.replace(day=15, hour=16))  # a Monday
    first, second = town.handling(), town.handling()
    editions = []
    for _ in range(2):
        editions.append(decree(town, town.now.date() + timedelta(days=1), since=town.now.date() + timedelta(days=1)))
        town.later(days=1)
        while recount_some():
            pass
    who = person("dispatcher")
    of_the_first = unescape(who.get(f"/calendar?year=2026&edition={editions[0]}").text)
    assert '2026-06-16 10:00</td><td class="nw">2026-06-17 10:00' in of_the_first
    assert '2026-06-17 10:00</td><td class="nw">2026-06-18 10:00' in unescape(who.get("/calendar").text)
    assert all(f"edition={edition}" in of_the_first for edition in editions)
    monkeypatch.setattr(calendars, "MOVED", 1)
    pages = [unescape(who.get(f"/calendar?edition={editions[0]}&after={skip}").text) for skip in range(9)]
    shown = [[case.number for case in (first, second) if f"/cases/{case.number}" in text] for text in pages]
    assert next(one for one in shown if one) == [first.number]
    assert {number for one in shown for number in one} == {first.number, second.number}
    assert all(len(one) <= 1 for one in shown)
    assert ("&after=1#cm" in pages[0], "after=0#cm" in pages[0], "after=0#cm" in pages[1]) == (True, False, True)
    for odd in (
        "edition=9e9",
        "edition=٣",
        "edition=" + "9" * 5000,
        "after=-1",
        "after=x",
        "year=" + "9" * 5000,
        "edition=999999999",
    ):
        assert who.get(f"/calendar?{odd}").status_code == 200, odd


def test_a_day_off_is_called_by_its_name_in_the_language_of_the_page(person: Callable[[str], Person]) -> None:
    who = person("acceptor")
    said = {lang: unescape(who.get(f"/calendar?year=2026&lang={lang}").text) for lang in ("zh", "en")}
    assert "2026-05-01 放假 劳动节" in said["zh"]
    assert "Labour Day" in said["en"]
    assert "劳动节" not in said["en"]
