"""Two tiers: the city dispatches to a district's platform, which passes the case on, by one inherited limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.problems import Problem
from tests.cases.town import MONDAY, Town, look, settled


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def row(case_id: int) -> dict[str, object]:
    asked = """
        SELECT c.state, c.unit_id, c.due_at, c.stage_due_at, c.late, c.clocks -> 'dispose' ->> 'start' AS began,
               (SELECT count(*) FROM step s WHERE s.case_id = c.id AND s.action = 'lapse') AS lapses
          FROM cases c WHERE c.id = %(id)s"""
    return look(asked, id=case_id)[0]


@pytest.mark.parametrize("below", ["street-a", "enforcement-a"])
def test_the_platform_passes_on_a_case_and_what_is_left_of_its_limit(town: Town, below: str) -> None:
    case = town.dispatched("district-a")  # at nine: four working hours, the forenoon's three and one from two o'clock
    due = MONDAY.replace(hour=15)
    assert (row(case.case_id)["unit_id"], row(case.case_id)["due_at"]) == ("district-a", due)
    town.later(minutes=30)
    town.do(case, Action.SIGN, "district-a")
    town.later(hours=1)
    town.do(case, Action.SUBDISPATCH, "district-a", unit=below)
    passed = row(case.case_id)
    assert (passed["state"], passed["unit_id"], passed["due_at"]) == ("dispatched", below, due)
    town.later(minutes=20)
    town.do(case, Action.SIGN, below)
    assert (row(case.case_id)["state"], row(case.case_id)["due_at"]) == ("handling", due)

    town.set(due + timedelta(minutes=1))
    town.sweep()
    late = row(case.case_id)
    assert (late["late"], late["lapses"]) == (True, 1)  # one limit: it ran out once, for whoever had the case then
    town.do(case, Action.REPLY, below, photos=(town.photo(2),))
    told = look("SELECT unit_id, due_at, ontime FROM fact WHERE case_id = %(id)s", id=case.case_id)[0]
    assert told == {"unit_id": below, "due_at": due, "ontime": False}
    assert [breach for finding in verify() for breach in finding.first] == []


@pytest.mark.parametrize("foreign", ["street-b", "enforcement-b", "water"])
def test_a_platform_passes_nothing_on_to_units_that_are_not_its_own(town: Town, foreign: str) -> None:
    case = town.dispatched("district-a")
    before = row(case.case_id)
    with pytest.raises(Problem):
        town.do(case, Action.SUBDISPATCH, "district-a", unit=foreign)
    assert row(case.case_id) == before


def test_the_lower_tier_sees_a_case_once_it_is_passed_on_and_its_neighbour_never(town: Town) -> None:
    case = town.dispatched("district-a")
    with pytest.raises(Problem):
        town.do(case, Action.SIGN, "street-a")
    town.do(case, Action.SUBDISPATCH, "district-a", unit="street-a")
    with pytest.raises(Problem):
        town.do(case, Action.SIGN, "enforcement-a")
    assert town.do(case, Action.SIGN, "street-a").number == case.number
