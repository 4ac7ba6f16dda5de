"""The second return of a case is a referee's to decide; what he rules binds the dispatcher and is cited ever after."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.books import books
from dispatch.cases.precedents import as_rule, precedents
from dispatch.lifecycle.states import Action
from dispatch.routing.decide import Routing
from dispatch.routing.reading import rules_of
from gis.db import read
from gis.problems import FormIncomplete, NotAllowed
from tests.cases.town import MONDAY, Town, look

pytestmark = pytest.mark.usefixtures("monday")

A = Action
FIRST, SECOND, THIRD = "enforcement-a", "street-a", "sanitation"


def row(case: Receipt) -> dict[str, Any]:
    return look("SELECT * FROM cases WHERE id = %(id)s", id=case.case_id)[0]


def returned_once(town: Town, **more: Any) -> Receipt:
    """A case that the second unit has after the first gave it back."""
    case = town.handling(FIRST, **more)
    town.do(case, A.ASK_RETURN, FIRST, reason="not_owner", whose=SECOND)
    town.do(case, A.APPROVE_RETURN, "dispatcher")
    town.do(case, A.DISPATCH, "dispatcher", unit=SECOND, reason="agreed")
    return town.do(case, A.SIGN, SECOND)


def asked(town: Town, **more: Any) -> Receipt:
    return town.do(returned_once(town, **more), A.ASK_RULING, SECOND, reason="not_owner", clause="R-006", whose=FIRST)


def test_the_second_return_is_no_longer_the_dispatchers(town: Town) -> None:
    case = returned_once(town)
    with pytest.raises(NotAllowed):
        town.do(case, A.ASK_RETURN, SECOND, reason="not_owner")
    first = town.handling(FIRST)
    with pytest.raises(NotAllowed):
        town.do(first, A.ASK_RULING, FIRST, reason="not_owner", clause="R-005", whose=SECOND)
    case = town.do(case, A.ASK_RULING, SECOND, reason="not_owner", clause="R-006", whose=FIRST)
    assert (case.state, row(case)["pool"]) == ("ruling_asked", "referee")
    with pytest.raises(NotAllowed):
        town.do(case, A.RULE_STAY, "dispatcher", reason="in_area")


def test_the_dispatcher_is_bound_by_the_ruling(town: Town) -> None:
    case = town.do(asked(town), A.RULE_OTHER, "supervisor", unit=THIRD, reason="by_rule")
    assert (case.state, row(case)["unit_id"], row(case)["returns"]) == ("filed", None, 2)
    for unit in (FIRST, SECOND):
        with pytest.raises(NotAllowed):
            town.do(case, A.DISPATCH, "dispatcher", unit=unit, reason="agreed")
    assert town.do(case, A.DISPATCH, "dispatcher", unit=THIRD, reason="precedent").unit_id == THIRD
    assert row(case)["asked"] is None
    with pytest.raises(NotAllowed):  # twice is enough
        town.do(case, A.ASK_RULING, THIRD, reason="not_owner", clause="R-006", whose=FIRST)


def test_a_ruling_on_other_facts_binds_no_longer(town: Town) -> None:
    case = town.do(asked(town), A.RULE_OTHER, "supervisor", unit=THIRD, reason="by_rule")
    town.do(case, A.AMEND, "dispatcher", reason="wrong_class", category="E0201", condition=1)
    assert town.do(case, A.DISPATCH, "dispatcher", unit=SECOND, reason="agreed").unit_id == SECOND


def test_a_ruling_names_another_unit_than_the_one_that_has_it(town: Town) -> None:
    case = asked(town)
    for unit in (SECOND, "no-such-unit"):
        with pytest.raises(FormIncomplete):
            town.do(case, A.RULE_OTHER, "supervisor", unit=unit, reason="by_rule")


def test_a_ruling_that_it_stays_is_counted_as_shirking_unless_nobody_ruled(town: Town) -> None:
    ruled, silent = asked(town), asked(town)
    town.do(ruled, A.RULE_STAY, "leader", reason="in_area")
    town.set(MONDAY + timedelta(hours=9))
    town.sweep()
    facts = {
        one["case_id"]: (one["state"], one["shirks"])
        for one in look("SELECT case_id, state, shirks FROM fact WHERE case_id = ANY (%(ids)s)",
                        ids=[ruled.case_id, silent.case_id])
    }  # fmt: skip
    assert facts == {ruled.case_id: ("handling", 1), silent.case_id: ("handling", 0)}
    made = look("SELECT case_id FROM precedent WHERE case_id = ANY (%(ids)s)", ids=[ruled.case_id, silent.case_id])
    assert made == [{"case_id": ruled.case_id}]


def test_later_traces_cite_it_and_the_rules_still_decide(town: Town) -> None:
    here = {"lon": 114.0035, "lat": 22.501}  # the other district, where nothing was ruled yet
    before = town.report(**here)
    assert "precedents" not in row(before)["route"]
    case = town.handling("enforcement-b", **here)
    town.do(case, A.ASK_RETURN, "enforcement-b", reason="not_owner")
    town.do(case, A.APPROVE_RETURN, "dispatcher")
    town.do(case, A.DISPATCH, "dispatcher", unit="street-b", reason="agreed")
    town.do(case, A.ASK_RULING, "street-b", reason="not_owner", clause="R-006", whose=THIRD)
    town.later(minutes=5)
    town.do(case, A.RULE_OTHER, "supervisor", unit=THIRD, reason="by_rule")
    town.later(minutes=5)
    route = row(town.report(**here))["route"]
    assert route["unit"] == "enforcement-b"
    assert [(one["case"], one["unit"], one["reason"]) for one in route["precedents"]] == [
        (case.number, THIRD, "by_rule")
    ]
    assert Routing.of(route).unit == "enforcement-b"
    assert "precedents" not in row(town.report("E0401", **here))["route"]
    assert "precedents" not in row(town.report())["route"] or all(
        one["case"] != case.number for one in row(town.report())["route"]["precedents"]
    )


def test_a_precedent_can_become_the_draft_of_a_rule(town: Town) -> None:
    case = town.do(asked(town), A.RULE_OTHER, "supervisor", unit=THIRD, reason="by_rule")
    with read() as tx:
        one = next(p for p in precedents(tx) if p.case == case.number)
        text = as_rule(one, books(tx).rulebook)
    document = tomllib.loads(text)
    rules, faults = rules_of(document)
    assert not faults
    assert (rules[0].no, rules[0].rank, rules[0].to.unit) == (f"P-{case.number}", 29, THIRD)
    assert document["rule"][0]["when"] == {
        "category": ["E0405"],
        "road": ["alley"],
        "area": ["community:440001001001"],
    }


def test_where_the_budget_is_used_up_the_referee_decides_on_the_first_return(town: Town) -> None:
    with town.policy(return_budget=1):
        case = town.handling(FIRST)
        with pytest.raises(NotAllowed):
            town.do(case, A.ASK_RETURN, FIRST, reason="not_owner")
        case = town.do(case, A.ASK_RULING, FIRST, reason="not_owner", clause="R-005", whose=SECOND)
    assert town.do(case, A.RULE_OTHER, "supervisor", unit=SECOND, reason="in_area").state == "filed"
