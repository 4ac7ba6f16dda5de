"""A card contested: the unit contests it on its page, another person rules, and everybody inside sees the errors."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from psycopg.types.json import Jsonb

from dispatch.cards.give import give
from gis.db import execute, write
from tests.cards.test_cards import RULES
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, PHOTO, Sit


def test_a_card_is_contested_and_found_wrong(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    with write() as tx:
        execute(tx, "UPDATE city SET document = document || %(r)s", r=Jsonb({"cards": RULES}))
    assert "没有牌" in person("supervisor").get("/cards").text
    office.town.dispatched()
    office.town.later(days=5)
    office.town.sweep()
    assert give() == 2

    unit = sit("enforcement-a", PHONE)
    unit.go("/cards")
    expect(unit.page.get_by_text("超时签收")).to_be_visible()
    card = unit.page.locator("li", has_text="超时签收")
    card.locator("summary").click()
    card.get_by_label("申诉理由").select_option("system")
    card.get_by_role("button", name="申诉").click()
    expect(unit.page.get_by_role("alert")).to_contain_text("请选择申诉理由")
    unit.faults.clear()  # the console names the refusal
    card = unit.page.locator("li", has_text="超时签收")
    card.get_by_label("申诉理由").select_option("system")
    card.get_by_role("textbox", name="说明").fill("当日专线中断")
    card.get_by_label("照片证据").set_input_files(PHOTO)
    card.get_by_role("button", name="申诉").click()
    expect(unit.page.get_by_text("已申诉")).to_be_visible()
    unit.fits()

    judge = sit("supervisor", DESK)
    judge.go("/cards")
    expect(judge.page.get_by_text("当日专线中断")).to_be_visible()
    judge.page.get_by_role("button", name="撤销此牌").click()
    expect(judge.page.get_by_text("认定有误，已撤销")).to_be_visible()
    expect(judge.page.get_by_text("撤销 1，差错率 50.0 %")).to_be_visible()
    judge.fits()
    unit.go("/cards?lang=en")
    expect(unit.page.get_by_text("1 found wrong, 50.0 %")).to_be_visible()

    other = person("water").get("/cards").text
    assert "当日专线中断" not in other
    assert "差错率 50.0 %" in other
    assert person("dispatcher").post("/cards/1/ruling", ruling="wrong").status_code == 403
    assert person("inspector1").get("/cards").status_code == 403
