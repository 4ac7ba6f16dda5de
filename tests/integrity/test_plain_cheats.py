"""A month with two plain cheats: a team that only gives one reason, a street office that only asks far more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.cluster import Urls
from dispatch.evaluation.period import period_of
from dispatch.integrity.board import TESTS, found_by, seen_by
from dispatch.integrity.judge import Finding, Seen
from dispatch.integrity.thresholds import thresholds_of
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import ZONE, Town, settled

A = Action
JUNE = period_of("2026-06", ZONE)
DELAYS = ("weather", "material", "coordination", "complex")
DEFERRALS = ("event", "traffic", "weather", "event")
TEAMS = ("enforcement-a", "enforcement-b", "enforcement-z")
STREETS = ("street-a", "street-b", "street-z")


@pytest.fixture(scope="module")
def lived(database: Urls) -> Iterator[dict[str, list[int]]]:
    """Every other day of June each team asks once, as often as the others: four extensions and four deferrals. The
    first gives one reason for both, the others several. The first street office asks for all its eight cases, for
    several reasons; the others for one each. The case ids of each."""
    cases: dict[str, list[int]] = {unit: [] for unit in (*TEAMS, *STREETS)}
    with settled() as town:
        for turn in range(8):
            for number, team in enumerate(TEAMS):
                cases[team].append(_asked_by_a_team(town, turn, number, team))
            for street in STREETS:
                cases[street].append(town.handling(street).case_id)
                if street == "street-a" or turn == 3:
                    town.do(cases[street][-1], A.ASK_DELAY, street, reason=DELAYS[turn % 4])
            town.later(days=2)
        yield cases


def _asked_by_a_team(town: Town, turn: int, number: int, team: str) -> int:
    kind, offered = (A.ASK_DEFER, DEFERRALS) if turn % 2 else (A.ASK_DELAY, DELAYS)
    reason = "weather" if team == TEAMS[0] else offered[(turn // 2 + number) % 4]
    if kind is A.ASK_DELAY:
        case = town.handling(team)
        town.do(case, kind, team, reason=reason)
    else:
        case = town.dispatched(team)
        town.do(case, kind, team, reason=reason, until=town.now + timedelta(days=3))
    return case.case_id


def found(name: str) -> list[Finding]:
    with read(heavy=True) as tx:
        return found_by(tx, TESTS[name], JUNE, thresholds_of({}, name))


def seen(name: str, **more: object) -> dict[str, Seen]:
    with read(heavy=True) as tx:
        return {one.subject: one for one in seen_by(tx, TESTS[name], JUNE, {**thresholds_of({}, name), **more})}


@pytest.mark.parametrize("who", ["", "_person"])
def test_a_team_that_only_repeats_one_reason_is_found_for_that_and_nothing_else(
    lived: dict[str, list[int]], who: str
) -> None:
    """The others gave it for 4 of 18 extensions and for 2 of 8 deferrals."""
    [one] = found("one_reason" + who)
    assert (one.subject, one.looked, one.traces) == ("enforcement-a", 8, 8)
    assert one.cases == sorted(lived["enforcement-a"])
    assert "enforcement-a" not in {
        other.subject for name in ("clock_gaming", "far_above") for other in found(name + who)
    }


@pytest.mark.parametrize("who", ["", "_person"])
def test_a_street_office_that_only_asks_for_everything_is_found_for_that_and_nothing_else(
    lived: dict[str, list[int]], who: str
) -> None:
    """Its peers asked for 2 of 16: of its eight cases one is expected."""
    [one] = found("far_above" + who)
    assert (one.subject, one.looked, one.traces, one.expected) == ("street-a", 8, 8, 1)
    assert one.cases == sorted(lived["street-a"])
    assert "street-a" not in {other.subject for name in ("clock_gaming", "one_reason") for other in found(name + who)}


def test_what_is_expected_of_a_reason_is_what_others_gave_it_for_in_each_kind(lived: dict[str, list[int]]) -> None:
    """Of 18 other extensions the teams gave it for 2 and the street offices for 2, of 8 other deferrals the teams for
    2; four were asked of each kind."""
    assert round(float(seen("one_reason")["enforcement-a"].expected or 0), 6) == round(4 * 4 / 18 + 4 * 2 / 8, 6)


def test_several_reasons_in_turn_are_not_always_the_same(lived: dict[str, list[int]]) -> None:
    others = seen("one_reason")
    assert {unit: (one.looked, one.traces, one.cases) for unit, one in others.items() if unit != "enforcement-a"} == {
        "enforcement-b": (8, 0, []), "enforcement-z": (8, 0, []),
        "street-a": (8, 0, []), "street-b": (1, 0, []), "street-z": (1, 0, []),
    }  # fmt: skip
    assert seen("one_reason", same=0.5, times=1)["enforcement-b"].traces == 2  # two of its four deferrals
