"""An assisting unit before its screens: the lane of its inbox, its part on the case's page; and the lead that waits."""

from __future__ import annotations

import json

import psycopg
import pytest
from playwright.sync_api import expect

from dispatch.cluster import Urls
from tests.cases.town import look
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, PHOTO, Sit

BY_THE_AVENUE = {"lon": 114.0015, "lat": 22.5001}
MORE = {"assist": ["unit:water"], "assist_limit": {"value": 4, "time_class": "urgent_hour"}}


@pytest.fixture(scope="module", autouse=True)
def assisted(office: Office, database: Urls) -> None:
    """The water company assists on main roads."""
    with psycopg.connect(database.owner) as owner:
        owner.execute(
            """UPDATE edition SET content = jsonb_set(content, '{rule,0}', content #> '{rule,0}' || %s::jsonb)
                WHERE kind = 'rules'""",
            (json.dumps(MORE),),
        )
        owner.execute("UPDATE city SET version = version + 1")


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["412", "1440"])
def test_an_assistant_finds_its_part_signs_it_and_reports(office: Office, sit: Sit, screen: tuple[int, int]) -> None:
    case = office.town.handling("utilities", category="C0135", description="井盖松动", **BY_THE_AVENUE)
    seat = sit("water", screen)
    page = seat.page
    seat.go("/desk")
    lane = page.locator("#assist")
    expect(lane.get_by_role("heading", name="协办")).to_be_visible()
    expect(lane.locator(f"a[href='/cases/{case.number}']")).to_contain_text("剩")
    seat.fits()
    lane.locator(f"a[href='/cases/{case.number}']").click()
    expect(page.get_by_role("heading", name="协办", exact=True)).to_be_visible()
    expect(page.get_by_text("井盖松动")).to_have_count(0)
    seat.fits()
    page.get_by_role("button", name="协办签收").click()
    expect(page.get_by_role("status").first).to_contain_text("协办签收")
    page.get_by_label("说明").fill("已关闭附近阀门")
    page.get_by_role("button", name="协办反馈").click()
    expect(page.get_by_text("已反馈")).to_be_visible()
    expect(page.get_by_role("button", name="回复")).to_have_count(0)
    seat.fits()
    (row,) = look("SELECT assists, state FROM cases WHERE id = %(id)s", id=case.case_id)
    assert (row["assists"][0]["state"], row["state"]) == ("done", "handling")
    seat.go("/desk")
    expect(page.locator(f"#assist a[href='/cases/{case.number}']")).to_have_count(0)


def test_the_lead_is_asked_why_it_does_not_wait(office: Office, sit: Sit) -> None:
    case = office.town.handling("utilities", category="C0135", **BY_THE_AVENUE)
    seat = sit("utilities", PHONE)
    page = seat.page
    seat.go(f"/cases/{case.number}")
    form = page.locator("details.act.first form")
    form.locator("input[type=file]").set_input_files(PHOTO)
    expect(form.get_by_text("已送达")).to_be_visible()
    form.get_by_role("button", name="回复").click()
    expect(page.get_by_text("协办单位尚未反馈").first).to_be_visible()
    page.locator("details.act.first form").get_by_label("不等待协办的理由").select_option("not_needed")
    page.locator("details.act.first form").get_by_role("button", name="回复").click()
    expect(page.get_by_text("未等待")).to_be_visible()
    assert look("SELECT state FROM cases WHERE id = %(id)s", id=case.case_id)[0]["state"] == "feedback"
    seat.faults[:] = [fault for fault in seat.faults if "422" not in fault]


def test_the_leader_reads_assistance_apart_from_the_rates(office: Office, sit: Sit) -> None:
    seat = sit("leader", DESK)
    seat.go("/ranking?period=2026-06&group=bureau")
    expect(seat.page.get_by_role("heading", name="协办")).to_be_visible()
    expect(seat.page.locator("section[aria-labelledby=asd] tbody tr")).to_have_count(1)
