"""From the drawn zone to the ruling in a browser: draw it, give it rules, try them, have them published by another,
dispatch by them, return against them, rule on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from dispatch.cases.books import books
from dispatch.lifecycle.states import Action
from dispatch.who import ask
from gis.db import read
from tests.cases.town import look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.pages.test_edit import click, ready

A = Action
ZONE = (114.007, 22.501)
ANSWERS = {
    "municipal_utilities": "utilities",
    "district_enforcement": "enforcement-z",
    "subdistrict_office": "street-z",
}


def draw(page: Page) -> None:
    """The zone 440100, a square beside the town, snapped to its neighbour."""
    ready(page, "district")
    page.get_by_role("button", name="绘制").click()
    for lon, lat in ((114.006, 22.5), (114.008, 22.5), (114.008, 22.502), (114.006, 22.502), (114.006, 22.5)):
        click(page, lon, lat, off=(3, 3) if lon < 114.007 else (0, 0))
    page.get_by_label("名称", exact=True).fill("临港开发区")
    page.get_by_label("变更理由").fill("开发区此前没有边界")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-outcome]")).to_contain_text("检查通过")
    page.get_by_role("button", name="生效").click()
    expect(page.locator("[data-outcome]")).to_contain_text("已生效")


def draft(page: Page, day: str) -> None:
    """A rulebook in which somebody answers for everything in the zone: the lint has nothing left to say of it."""
    page.get_by_label("新版本编号").fill("tiny-rules-zone")
    page.get_by_label("生效日期").fill(day)
    page.get_by_role("button", name="起草新版本").click()
    expect(page.get_by_role("region", name="规则体检")).to_contain_text("临港开发区")  # nobody answers there yet
    for no, (type_, unit) in enumerate(ANSWERS.items()):
        page.get_by_role("link", name="新增规则").click()
        fields = {"no": f"R-00{no}z", "rank": "1", "type": type_, "area": "district:440100", "to": f"unit:{unit}"}
        fields |= {"reason": "开发区由开发区各单位负责", "source": "开发区管理办法第一条"}
        for name, text in fields.items():
            page.locator(f"[name={name}]").fill(text)
        page.get_by_role("button", name="存入草案").click()
        expect(page.locator("tr.warn").first).to_contain_text("新增")
    expect(page.get_by_role("region", name="规则体检")).not_to_contain_text("临港开发区")
    page.get_by_label("修改理由").fill("开发区此前无人负责")
    page.get_by_role("button", name="送审").click()
    expect(page.get_by_text("须由没有参与起草的人审定")).to_be_visible()


def answering() -> str | None:
    """Whom the rules in force name in the zone."""
    with read() as tx:
        return ask(tx, books(tx), ZONE, "E0405").routing.unit


@pytest.mark.browser
def test_from_a_zone_that_nobody_had_to_a_ruling(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    town = office.town
    mapper = sit("supervisor", DESK)
    mapper.go("/map/edit")
    draw(mapper.page)
    assert answering() is None  # territory rules name nobody there: a dispatcher would have to guess

    writer = sit("dispatcher", DESK)
    writer.go("/rules")
    draft(writer.page, (town.now + timedelta(days=1)).date().isoformat())
    address = writer.page.url.removeprefix(writer.address)
    publisher = sit("leader", PHONE)
    publisher.go(address)
    publisher.page.get_by_role("button", name="发布").click()
    expect(publisher.page.locator("main header .chip").first).to_contain_text("已发布")
    publisher.fits()

    town.later(days=1)
    case = town.filed(lon=ZONE[0], lat=ZONE[1])
    writer.go(f"/cases/{case.number}")
    expect(writer.page.get_by_text("R-001z").first).to_be_visible()
    writer.page.get_by_role("button", name="派遣", exact=True).click()
    assert look("SELECT unit_id FROM cases WHERE id = %(id)s", id=case.case_id)[0]["unit_id"] == "enforcement-z"

    town.do(case, A.ASK_RETURN, "enforcement-z", reason="not_owner", clause="R-001z", whose="street-z")
    town.do(case, A.APPROVE_RETURN, "dispatcher")
    town.do(case, A.DISPATCH, "dispatcher", unit="street-z", reason="agreed")
    town.do(case, A.ASK_RULING, "street-z", reason="not_owner", clause="R-001z", whose="enforcement-z")
    assert case.number in person("supervisor").get("/console?q=ruling_asked").text
    town.do(case, A.RULE_OTHER, "supervisor", unit="enforcement-z", reason="by_rule")
    assert case.number in person("leader").get("/rulings").text
    again = town.filed(lon=ZONE[0], lat=ZONE[1])
    writer.go(f"/cases/{again.number}")
    expect(writer.page.get_by_text(case.number).first).to_be_visible()  # the precedent is cited
