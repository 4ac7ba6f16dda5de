"""The return's form, the referee's queue and case page, and the page of rulings."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from playwright.sync_api import expect

from dashboards.rule_wanted import fields_from
from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person
from tests.pages.seats import PHONE, Sit

A = Action


def test_from_the_return_to_the_ruling_and_the_draft_of_a_rule(office: Office, person: Callable[[str], Person]) -> None:
    town = office.town
    case = town.handling()
    form = person("enforcement-a").get(f"/cases/{case.number}").text
    assert 'name="clause"' in form
    assert 'name="whose"' in form
    assert 'value="ask_ruling"' not in form
    town.do(case, A.ASK_RETURN, "enforcement-a", reason="not_owner", whose="street-a")
    assert "R-005" in person("dispatcher").get(f"/cases/{case.number}").text
    town.do(case, A.APPROVE_RETURN, "dispatcher")
    town.do(case, A.DISPATCH, "dispatcher", unit="street-a", reason="agreed")
    assert 'value="ask_ruling"' in person("street-a").get(f"/cases/{case.number}").text
    town.do(case, A.ASK_RULING, "street-a", reason="not_owner", clause="R-006", whose="nobody")
    referee = person("supervisor")
    assert case.number in referee.get("/console?q=ruling_asked").text
    assert 'value="rule_other"' in referee.get(f"/cases/{case.number}").text
    town.do(case, A.RULE_OTHER, "supervisor", unit="sanitation", reason="by_rule")
    assert "rule_other" not in person("dispatcher").get(f"/cases/{case.number}").text.split('id="acts"')[1]
    shown = referee.get("/rulings").text
    assert case.number in shown
    assert "unit:sanitation" in shown
    asked = fields_from(re.findall(r"/rules/wanted\?([^\"]+)", unescape(shown))[0])
    assert (asked.no, asked.to, asked.category) == (f"P-{case.number}", "unit:sanitation", "E0405")
    assert "/rules/wanted" not in person("acceptor").get("/rulings").text


def test_what_the_rules_say_is_answered_to_the_unit_that_asks(office: Office, person: Callable[[str], Person]) -> None:
    case = office.town.handling()
    unit = person("enforcement-a").web
    said = unit.get(f"/api/v1/cases/{case.number}/whose").json()
    assert (said["unit"], said["same"]) == ("enforcement-a", True)
    other = unit.get(f"/api/v1/cases/{case.number}/whose", params={"category": "E0201"}).json()
    assert (other["unit"], other["rule"], other["same"]) == ("street-a", "R-006", False)
    assert person("enforcement-b").web.get(f"/api/v1/cases/{case.number}/whose").status_code == 404


@pytest.mark.browser
def test_the_page_says_live_whose_the_corrected_facts_are(office: Office, sit: Sit) -> None:
    case = office.town.handling()
    seat = sit("enforcement-a", PHONE)
    page = seat.page
    seat.go(f"/cases/{case.number}")
    page.locator("details.act", has=page.locator('input[value="ask_return"]')).locator("summary").first.click()
    box = page.locator("[data-whose]")
    box.locator("summary").click()
    box.get_by_label("经度").fill("114.0035")
    box.get_by_label("纬度").fill("22.501")
    expect(box.locator("[data-says]")).to_contain_text("西河区综合执法队")
    expect(page.locator('[name="clause"]')).to_have_value("R-005")
    expect(page.locator('select[name="whose"]')).to_have_value("enforcement-b")
    seat.fits()
