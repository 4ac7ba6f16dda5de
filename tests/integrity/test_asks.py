"""Who asks for time in the last hour, always for the same reason, far more than its peers: by unit and by person."""

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
THERE = {"lon": 114.0032, "lat": 22.5010}  # in the second district
JUNE = period_of("2026-06", ZONE)


@pytest.fixture(scope="module")
def asked(database: Urls) -> Iterator[dict[str, list[int]]]:
    """The first team asks for time for all its six cases half an hour before they are due, for one reason; the second
    for two of twelve, early, for two reasons. The case ids of each."""
    with settled() as town:
        mine = [town.handling() for _ in range(6)]
        theirs = [town.handling("enforcement-b", **THERE) for _ in range(12)]
        town.later(minutes=10)
        town.do(theirs[0], A.ASK_DELAY, "enforcement-b", reason="weather")
        town.do(theirs[1], A.ASK_DELAY, "enforcement-b", reason="coordination")
        assert mine[0].due_at is not None
        _late_asks(town, [case.case_id for case in mine], mine[0].due_at - timedelta(minutes=30) - town.now)
        yield {"a": [case.case_id for case in mine], "b": [case.case_id for case in theirs]}


def _late_asks(town: Town, cases: list[int], wait: timedelta) -> None:
    town.set(town.now + wait)
    for case in cases:
        town.do(case, A.ASK_DELAY, "enforcement-a", reason="material")


def found(name: str) -> list[Finding]:
    with read(heavy=True) as tx:
        return found_by(tx, TESTS[name], JUNE, thresholds_of({}, name))


def seen(name: str, **more: object) -> dict[str, Seen]:
    with read(heavy=True) as tx:
        return {one.subject: one for one in seen_by(tx, TESTS[name], JUNE, {**thresholds_of({}, name), **more})}


@pytest.mark.parametrize("name", ["clock_gaming", "one_reason", "far_above"])
@pytest.mark.parametrize("who", ["", "_person"])
def test_who_asks_for_everything_late_and_alike_is_found_and_nobody_else(
    asked: dict[str, list[int]], name: str, who: str
) -> None:
    [one] = found(name + who)
    assert one.subject == "enforcement-a"  # the team's login is its unit's id
    assert (one.traces, one.looked, one.cases) == (6, 6, asked["a"])


def test_what_is_expected_is_the_share_of_its_peers(asked: dict[str, list[int]]) -> None:
    """The others asked for 2 of 12: of six cases one."""
    assert seen("far_above")["enforcement-a"].expected == 1
    assert seen("far_above_person")["enforcement-a"].expected == 1


def test_the_last_minutes_are_the_citys_to_say(asked: dict[str, list[int]]) -> None:
    assert seen("clock_gaming", last_minutes=30)["enforcement-a"].traces == 6
    assert seen("clock_gaming", last_minutes=29)["enforcement-a"].traces == 0


def test_two_reasons_in_turn_are_not_always_the_same(asked: dict[str, list[int]]) -> None:
    other = seen("one_reason")["enforcement-b"]
    assert (other.looked, other.traces, other.cases) == (2, 0, [])
