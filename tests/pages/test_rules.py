"""The rules workbench in a real browser: write, try on the past, submit; another person publishes; the rule decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from dashboards.rule_form import RuleFields, fields_of, row_of
from gis.problems import FormIncomplete
from tests.cases.town import MONDAY, look
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit

ROW = {
    "no": "R-900",
    "rank": 5,
    "when": {"kind": ["event"], "road": ["main", "none"], "owner": ["water", "crew"], "season": {"from": "11-01"}},
    "to": "unit:utilities",
    "reason": "理由",
    "reason_en": "reason",
    "source": "第一条",
    "limit": {"value": 4, "time_class": "work_hour"},
}


def write_rule(page: Page, no: str, **fields: str) -> None:
    page.get_by_role("link", name=no, exact=True).click()
    for name, text in fields.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="存入草案").click()


def test_a_rule_is_written_tried_submitted_published_by_another_and_decides(sit: Sit, office: Office) -> None:
    office.town.handling()
    office.town.later(hours=1)
    day = (MONDAY + timedelta(days=2)).date()
    seat = sit("dispatcher", DESK)
    page = seat.page
    seat.go("/rules")
    page.get_by_label("新版本编号").fill("tiny-rules-2")
    page.get_by_label("生效日期").fill(day.isoformat())
    page.get_by_role("button", name="起草新版本").click()
    expect(page.get_by_text("这段时间的案件派遣结果不变")).to_be_visible()
    write_rule(page, "R-005", to="nobody:here")
    expect(page.get_by_role("alert")).to_contain_text("规则无法读取")
    expect(page.locator("[name=to]")).to_have_value("nobody:here")  # nothing typed is lost
    seat.faults.clear()  # the console names the refusal
    page.locator("[name=to]").fill("territory:street:subdistrict_office")
    page.locator("[name=reason]").fill("街面秩序由街道负责")
    page.get_by_role("button", name="存入草案").click()
    expect(page.locator("tr.warn")).to_contain_text("已修改")
    expect(page.get_by_text("件会换单位")).to_be_visible()
    expect(page.locator("[data-map=moved][data-drawn='1']")).to_be_visible()  # where they are
    seat.fits()
    page.get_by_label("修改理由").fill("就近处置")
    page.get_by_role("button", name="送审").click()
    expect(page.get_by_text("须由没有参与起草的人审定")).to_be_visible()
    address = page.url.removeprefix(seat.address)

    other = sit("leader", PHONE)
    other.go(address)
    other.page.get_by_label("审定意见").fill("同意")
    other.page.get_by_role("button", name="发布").click()
    expect(other.page.locator("main header .chip").first).to_contain_text("已发布")
    other.fits()

    office.town.later(days=2)
    case = office.town.report()
    route = look("SELECT route FROM cases WHERE id = %(id)s", id=case.case_id)[0]["route"]
    assert (route["edition"], route["rule"], route["unit"]) == ("tiny-rules-2", "R-005", "street-a")
    seat.go("/rules?q=街道负责")
    expect(page.get_by_role("row")).to_have_count(2)


def test_two_writers_are_told_of_each_other_and_lose_nothing(sit: Sit) -> None:
    first = sit("shift_leader", DESK)
    first.go("/rules")
    first.page.get_by_label("新版本编号").fill("tiny-rules-9")
    first.page.get_by_label("生效日期").fill((MONDAY + timedelta(days=90)).date().isoformat())
    first.page.get_by_role("button", name="起草新版本").click()
    first.page.get_by_role("link", name="R-004", exact=True).click()
    second = sit("supervisor", DESK)
    second.go(first.page.url.removeprefix(first.address).rpartition("/rules/")[0])
    write_rule(second.page, "R-006", reason="由街道办事处负责")
    first.page.locator("[name=reason]").fill("由主管单位负责")
    first.page.get_by_role("button", name="存入草案").click()
    expect(first.page.get_by_role("alert")).to_contain_text("已被他人修改")
    expect(first.page.locator("[name=reason]")).to_have_value("由主管单位负责")
    first.faults.clear()  # the console names the refusal
    second.page.get_by_role("button", name="放弃草案").click()
    expect(second.page.locator("main header .chip").first).to_contain_text("已放弃")


def test_a_department_writes_no_rules(sit: Sit) -> None:
    seat = sit("water", DESK)
    assert seat.page.request.get(f"{seat.address}/rules").status == 403


def test_a_rule_taken_apart_into_a_form_and_put_together_is_the_same() -> None:
    assert row_of(fields_of(ROW)) == ROW


@pytest.mark.parametrize("wrong", [{"rank": "first"}, {"more": "limit = "}, {"more": "when = 3"}])
def test_what_cannot_be_put_together_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(FormIncomplete):
        row_of(RuleFields(**{"no": "R-1", "rank": "1", "to": "owner"} | wrong))
