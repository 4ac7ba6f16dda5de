"""A return says by which rule and whose it is instead; the rules are asked of the facts as the unit sees them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from dispatch.cases.returns import budget_of
from dispatch.lifecycle.decide import Policy
from dispatch.lifecycle.states import Action
from gis.db import read
from gis.problems import FormIncomplete, NotAllowed
from tests.cases.town import Town, look

A = Action
UNIT = "enforcement-a"
TWO = "C0402"  # has two filing conditions


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"clause": "R-999"}, {"clause"}),
        ({"whose": "no-such-unit"}, {"whose"}),
        ({"whose": UNIT}, {"whose"}),  # the asking unit itself
        ({"clause": "R-999", "whose": "no-such-unit"}, {"clause", "whose"}),
    ],
)
def test_a_return_names_a_rule_in_force_and_another_unit(town: Town, form: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        town.do(town.handling(), A.ASK_RETURN, UNIT, reason="not_owner", **form)
    assert set(refusal.value.extra["fields"]) == wrong


def test_the_step_keeps_what_the_rules_say_of_the_corrected_facts(town: Town) -> None:
    case = town.handling()
    asked = town.do(case, A.ASK_RETURN, UNIT, reason="wrong_category", category="E0201", whose="street-a")
    step = look("SELECT data FROM step WHERE case_id = %(id)s AND seq = %(seq)s", id=case.case_id, seq=asked.version)
    assert step[0]["data"]["rules_say"] == {"unit": "street-a", "rule": "R-006", "doubtful": None}
    row = look("SELECT category, route_unit, asked FROM cases WHERE id = %(id)s", id=case.case_id)[0]
    assert (row["category"], row["route_unit"]) == ("E0405", UNIT)  # said, not yet agreed to
    assert (row["asked"]["whose"], row["asked"]["rules_say"]["unit"]) == ("street-a", "street-a")


def test_a_position_in_the_next_district_has_that_districts_unit(town: Town) -> None:
    case = town.handling()
    asked = town.do(case, A.ASK_RETURN, UNIT, reason="not_area", lon=114.0035, lat=22.501, whose="enforcement-b")
    step = look("SELECT data FROM step WHERE case_id = %(id)s AND seq = %(seq)s", id=case.case_id, seq=asked.version)
    assert step[0]["data"]["rules_say"]["unit"] == "enforcement-b"


def steps(case_id: int) -> list[str]:
    return [row["action"] for row in look("SELECT action FROM step WHERE case_id = %(id)s ORDER BY seq", id=case_id)]


def test_an_agreed_return_amends_the_case_by_its_facts_and_routes_it_by_them(town: Town) -> None:
    case = town.handling()
    town.do(case, A.ASK_RETURN, UNIT, reason="not_area", lon=114.0035, lat=22.501, whose="enforcement-b")
    key = uuid4()
    done = town.do(case, A.APPROVE_RETURN, "dispatcher", key=key)
    assert steps(case.case_id)[-2:] == ["approve_return", "amend"]
    row = look("SELECT state, route_unit, ST_X(geom) AS lon, asked FROM cases WHERE id = %(id)s", id=case.case_id)[0]
    assert (row["state"], row["route_unit"], row["lon"], row["asked"]) == ("filed", "enforcement-b", 114.0035, None)
    again = town.do(case, A.APPROVE_RETURN, "dispatcher", key=key)
    assert (again.version, again.state, again.repeated) == (done.version, done.state, True)
    sent = town.do(case, A.DISPATCH, "dispatcher", unit="enforcement-b", version=done.version)
    assert (sent.state, sent.unit_id) == ("dispatched", "enforcement-b")


@pytest.mark.parametrize(
    ("wanted", "given", "got"),
    [
        ("E0201", {}, "E0201"),  # its only condition
        (TWO, {"condition": 2}, TWO),
        (TWO, {}, "E0405"),  # which of them is for a person to say
    ],
)
def test_another_category_comes_with_its_condition_or_is_left_to_a_person(
    town: Town, wanted: str, given: dict[str, int], got: str
) -> None:
    case = town.handling()
    town.do(case, A.ASK_RETURN, UNIT, reason="wrong_category", category=wanted, whose="street-a")
    town.do(case, A.APPROVE_RETURN, "dispatcher", **given)
    row = look("SELECT category, condition_no FROM cases WHERE id = %(id)s", id=case.case_id)[0]
    assert (row["category"], row["condition_no"]) == (got, given.get("condition", 1))


def test_what_nobody_answered_amends_nothing(town: Town) -> None:
    case = town.handling()
    town.do(case, A.ASK_RETURN, UNIT, reason="not_area", lon=114.0035, lat=22.501, whose="enforcement-b")
    town.later(days=5)
    town.sweep()
    assert "approve_return" in steps(case.case_id)
    assert "amend" not in steps(case.case_id)


def test_a_units_returns_have_a_budget_that_comes_back_with_time(town: Town) -> None:
    unit = "enforcement-b"
    there = {"lon": 114.0035, "lat": 22.501}
    first, second = town.handling(unit, **there), town.handling(unit, **there)
    with town.policy(return_budget=1, return_budget_days=7):
        town.do(first, A.ASK_RETURN, unit, reason="not_owner")
        town.do(first, A.APPROVE_RETURN, "dispatcher")  # another's case now, and still counted
        with pytest.raises(NotAllowed):
            town.do(second, A.ASK_RETURN, unit, reason="not_owner")
        with read() as tx:
            budget = budget_of(tx, Policy(return_budget=1, return_budget_days=7), unit, town.now)
            assert (budget.asked, budget.left) == (1, False)
        town.later(days=8)
        third = town.handling(unit, **there)
        assert town.do(third, A.ASK_RETURN, unit, reason="not_owner").state == "return_asked"


def test_a_budget_is_counted_along_its_index(town: Town) -> None:
    asked = """EXPLAIN SELECT count(*) FROM step
                WHERE unit_id = 'x' AND at > now() AND action IN ('ask_return', 'ask_ruling')"""
    with read() as tx:
        tx.connection.execute("SET LOCAL enable_seqscan = off")
        plan = " ".join(line for (line,) in tx.connection.execute(asked).fetchall())
    assert "step_returns" in plan
