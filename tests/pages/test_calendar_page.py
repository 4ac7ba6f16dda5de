"""The calendar in a real browser: a notice pasted, looked at, handed in; another publishes; what moved is listed."""

from __future__ import annotations

from playwright.sync_api import expect

from dispatch.calendars.turn import recount_some
from tests.pages.conftest import Office
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
    expect(other.page.locator("header .chip").last).to_contain_text("已发布")
    other.fits()

    office.town.later(days=1)
    while recount_some():
        pass
    other.go("/calendar?year=2026")
    expect(other.page.get_by_role("link", name=case.number).first).to_be_visible()
    other.go("/calendar?year=2028")
    expect(other.page.get_by_text("未确认")).to_be_visible()
