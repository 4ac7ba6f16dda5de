"""The return's form, the referee's queue and case page, and the page of rulings."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person

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


def test_what_the_rules_say_is_answered_to_the_unit_that_asks(office: Office, person: Callable[[str], Person]) -> None:
    case = office.town.handling()
    unit = person("enforcement-a").web
    said = unit.get(f"/api/v1/cases/{case.number}/whose").json()
    assert (said["unit"], said["same"]) == ("enforcement-a", True)
    other = unit.get(f"/api/v1/cases/{case.number}/whose", params={"category": "E0201"}).json()
    assert (other["unit"], other["rule"], other["same"]) == ("street-a", "R-006", False)
    assert person("enforcement-b").web.get(f"/api/v1/cases/{case.number}/whose").status_code == 404
