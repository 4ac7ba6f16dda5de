"""The editor of schemes before its screens: changed, seen on last month, submitted; another person publishes."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.cases.town import ZONE
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit


@pytest.fixture(scope="module", autouse=True)
def june(office: Office) -> None:
    """June is over."""
    for _ in range(2):
        office.town.closed()
    office.town.handling()
    office.town.set(datetime(2026, 7, 2, 9, 0, tzinfo=ZONE))
    office.town.sweep()


@pytest.mark.parametrize(("screen", "day"), [(PHONE, "2026-07-10"), (DESK, "2026-07-12")], ids=["412", "1440"])
def test_a_scheme_is_changed_seen_and_published_by_another(
    office: Office, sit: Sit, screen: tuple[int, int], day: str
) -> None:
    if screen == DESK:  # the edition of the phone is in force, and the next draft begins from it
        office.town.set(datetime(2026, 7, 11, 9, 0, tzinfo=ZONE))
    seat = sit("evaluator", screen)
    page = seat.page
    seat.go("/ranking")
    page.get_by_role("link", name="评价方案").click()
    seat.fits()
    page.get_by_label("新版本编号").fill(f"own-{day}")
    page.get_by_label("生效日期").fill(day)
    page.get_by_role("button", name="起草新版本").click()
    expect(page.get_by_text("与现行方案相同")).to_be_visible()
    page.get_by_label("结案率的权重").fill("50" if screen == PHONE else "40")
    page.get_by_role("button", name="存入草案").click()
    expect(page.get_by_role("alert")).to_contain_text("权重之和为")
    expect(page.get_by_label("结案率的权重")).to_have_value("50" if screen == PHONE else "40")
    seat.faults.clear()  # the console names the refusal
    page.get_by_label("返工率的权重").fill("10" if screen == PHONE else "20")
    page.get_by_role("button", name="存入草案").click()
    expect(page.get_by_role("heading", name="对 2026-06 的影响")).to_be_visible()
    expect(page.get_by_text("→").first).to_be_visible()
    seat.fits()
    if screen == DESK:  # an indicator more, and one less
        page.get_by_label("第 5 项指标").last.select_option("shirk_rate")
        page.get_by_label("权重", exact=True).last.fill("10")
        page.get_by_label("第 1 项指标").last.select_option("")
        page.get_by_role("button", name="存入草案").click()
        expect(page.get_by_label("推诿率的权重")).to_have_value("10")
    page.get_by_label("修改理由").fill("按结案从严")
    page.get_by_role("button", name="送审").click()
    expect(page.get_by_text("须由没有参与起草的人审定")).to_be_visible()
    other = sit("leader", screen)
    other.go(page.url.removeprefix(office.address))
    other.page.get_by_role("button", name="发布").click()
    expect(other.page.get_by_text("已发布").first).to_be_visible()
    other.fits()
