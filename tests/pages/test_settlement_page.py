"""A settlement sheet before its screens: made by the city, signed by both sides, seen by no other company."""

from __future__ import annotations

import json
from datetime import datetime

import psycopg
import pytest
from playwright.sync_api import expect

from dispatch.cluster import Urls
from gis.db import execute, write
from tests.cases.town import ZONE
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit

CONTRACT = {"unit": "water", "no": "C-7", "fee": 1000, "quota": 1, "pay": [[60, 100], [0, 80]]}


@pytest.fixture(scope="module", autouse=True)
def contract(office: Office, database: Urls) -> None:
    """The water company collects, by a contract; the week is over."""
    with psycopg.connect(database.owner) as owner:
        owner.execute(
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('schemes', 'own-1', '2026-01-01', '', '', %s)""",
            (json.dumps({"contract": [CONTRACT]}),),
        )
    with write() as tx:
        execute(tx, "UPDATE person SET unit_id = 'water' WHERE login LIKE 'inspector%%'")
    office.town.filed()
    office.town.set(datetime(2026, 7, 2, 9, 0, tzinfo=ZONE))


@pytest.mark.parametrize(("screen", "period"), [(PHONE, "2026-W24"), (DESK, "2026-06")], ids=["412", "1440"])
def test_both_sides_sign_what_they_see(office: Office, sit: Sit, screen: tuple[int, int], period: str) -> None:
    city = sit("evaluator", screen)
    city.go("/ranking")
    city.page.get_by_role("link", name="采集公司结算").click()
    city.fits()
    city.page.get_by_label("时段").fill(period)
    city.page.get_by_role("button", name="生成结算单").click()
    expect(city.page.get_by_role("heading", name=f"{period} 结算单")).to_be_visible()
    hash = city.page.locator("#hash").inner_text()
    city.page.get_by_role("button", name="代表城市签认").click()
    expect(city.page.get_by_role("button", name="代表城市签认")).to_have_count(0)
    city.fits()
    company = sit("water", screen)
    company.go("/desk")
    company.page.get_by_role("link", name="采集公司结算").first.click()
    company.page.get_by_role("link", name=period).click()
    assert company.page.locator("#hash").inner_text() == hash
    company.page.get_by_role("button", name="代表公司签认").click()
    expect(company.page.get_by_text("双方已签认")).to_be_visible()
    company.fits()
    path = company.page.url.removeprefix(office.address)
    stranger = sit("utilities", screen)
    stranger.page.goto(office.address + path)
    expect(stranger.page.get_by_text("没有这份结算单")).to_be_visible()
    stranger.faults.clear()  # the console names the refusal


def test_a_company_sees_its_own_contract_and_an_empty_list_says_why(office: Office, sit: Sit) -> None:
    seat = sit("utilities", DESK)
    seat.go("/settlements")
    expect(seat.page.get_by_text("还没有结算单")).to_be_visible()
    expect(seat.page.get_by_text("C-7")).to_have_count(0)
