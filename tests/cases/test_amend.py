"""Amending: the place where a wrong word is put right must not become the place where work and clocks get lost."""

from __future__ import annotations

import pytest

from dispatch.lifecycle.states import Action
from gis.problems import FormIncomplete, NotAllowed
from tests.cases.town import Town, look

A = Action


def clocks(case_id: int) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = look("SELECT clocks FROM cases WHERE id = %(id)s", id=case_id)[0]["clocks"]
    return found


def test_a_case_given_to_another_unit_with_a_reason_stays_there_when_its_own_class_is_confirmed(town: Town) -> None:
    case = town.handling("street-a")
    amended = town.do(case, A.AMEND, "dispatcher", category="E0405", reason="wrong_class")
    assert (amended.state, amended.unit_id) == ("handling", "street-a")
    assert "dispose" in clocks(case.case_id)


def test_a_filed_case_of_another_class_needs_one_of_that_classs_conditions(town: Town) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        town.do(town.handling(), A.AMEND, "dispatcher", category="E0401", reason="wrong_class")
    assert refusal.value.extra["fields"] == {"condition": "needed"}


def test_another_condition_keeps_what_was_granted_before(town: Town) -> None:
    case = town.handling()
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="material")
    extended = town.do(case, A.APPROVE_DELAY, "shift_leader")
    amended = town.do(case, A.AMEND, "dispatcher", condition=1, reason="wrong_condition")
    assert amended.due_at == extended.due_at
    assert clocks(case.case_id)["dispose"]["extra"]


@pytest.mark.parametrize("way", ["replied", "checking"])
def test_a_case_may_be_amended_wherever_it_stands_while_it_is_open(town: Town, way: str) -> None:
    case = getattr(town, way)()
    assert town.do(case, A.AMEND, "dispatcher", category="E0405", reason="wrong_class").state == case.state


def test_an_appeal_is_ruled_once(town: Town) -> None:
    case = town.closed()
    town.do(case, A.APPEAL, "enforcement-a", reason="not_ours")
    town.do(case, A.REFUSE_APPEAL, "evaluator", reason="late")
    with pytest.raises(NotAllowed):
        town.do(case, A.GRANT_APPEAL, "supervisor", reason="right")
