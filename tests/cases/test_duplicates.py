"""What may be the same matter: found by place, time and class, ranked; nothing happens by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.cases.act import Receipt
from dispatch.cases.duplicates import NEAR, Candidate, Limits, Matter, candidates, counted, rank
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action, State
from gis.db import read, value
from tests.cases.town import OFF_ROAD, Town, look, settled

A = Action
LIMITS = Limits(metres=50, hours=24, closed_hours=168)
METRE = 1 / 111_000  # degrees of latitude


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """The town without a case."""
    with settled() as here:
        yield here


def like(town: Town, case: Receipt | None = None, **other: Any) -> list[str]:
    """The numbers found for a case, or for a report at OFF_ROAD."""
    asked = {"category": "E0405", "lon": OFF_ROAD[0], "lat": OFF_ROAD[1], "at": town.now} | other
    if case is not None:
        row = look("SELECT reported_at, category FROM cases WHERE id = %(id)s", id=case.case_id)[0]
        asked |= {"at": row["reported_at"], "category": row["category"], "case_id": case.case_id}
    with read() as tx:
        return [one.number for one in candidates(tx, Matter(**asked), LIMITS)]


def test_the_same_class_near_and_recent_is_found_and_nothing_else(town: Town) -> None:
    lat = OFF_ROAD[1]
    near = town.report(lat=lat + 49 * METRE)
    town.report(lat=lat + 52 * METRE)
    town.report("E0401")
    here = town.report()
    assert like(town, here) == [near.number]
    town.later(hours=24, minutes=1)
    assert like(town) == []


def test_it_is_found_from_the_earlier_report_too(town: Town) -> None:
    first = town.report()
    town.later(hours=3)
    second = town.report()
    assert like(town, first) == [second.number]
    assert like(town, second) == [first.number]


def test_a_case_closed_not_long_ago_is_offered_to_be_reopened_and_a_refused_one_is_not(town: Town) -> None:
    closed = town.closed()
    refused = town.report()
    town.do(refused, A.REFUSE, "acceptor", reason="other")
    assert like(town) == [closed.number]
    with read() as tx:
        found = candidates(tx, Matter(category="E0405", lon=OFF_ROAD[0], lat=OFF_ROAD[1], at=town.now), LIMITS)
    assert found[0].closed
    town.do(closed, A.REOPEN, "shift_leader", reason="other")
    assert look("SELECT state FROM cases WHERE id = %(id)s", id=closed.case_id)[0]["state"] == "filed"
    town.later(days=8)
    assert like(town) == []


def test_a_merge_is_taken_back_with_nothing_lost(town: Town) -> None:
    first, second = (
        town.report(),
        town.told(description="同一摊位", contact_phone="13800000000", photos=(town.photo(9),)),
    )
    before = look("SELECT * FROM cases WHERE id = %(id)s", id=second.case_id)[0]
    town.do(second, A.MERGE, "acceptor", into=first.case_id)
    assert like(town) == [first.number]
    town.do(second, A.UNMERGE, "acceptor", reason="other")
    after = look("SELECT * FROM cases WHERE id = %(id)s", id=second.case_id)[0]
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"version", "last_at", "last_hash", "clocks", "next_at", "stage_due_at", "suspended_until"}
    kept = look("SELECT kind FROM case_text WHERE case_id = %(id)s ORDER BY kind", id=second.case_id)
    assert [row["kind"] for row in kept] == ["contact_phone", "description"]
    assert look("SELECT count(*) AS n FROM case_photo WHERE case_id = %(id)s", id=second.case_id)[0]["n"] == 1
    assert sorted(like(town)) == sorted([first.number, second.number])


def test_time_alone_merges_and_closes_nothing(town: Town) -> None:
    for _ in range(3):
        town.report()
    town.later(days=3)
    town.sweep()
    assert {row["state"] for row in look("SELECT state FROM cases")} == {"reported"}


def test_a_board_says_how_many_may_be_alike(town: Town) -> None:
    one, other = town.report(), town.report()
    alone = town.report("E0401")
    with read() as tx:
        found = counted(tx, [one.case_id, other.case_id, alone.case_id], LIMITS, latitude=OFF_ROAD[1])
    assert found == {one.case_id: 1, other.case_id: 1}


BASE = Candidate(
    id=1, number="n", receipt="r", state=State.REPORTED, unit_id=None, place_words="", place_words_en="",
    reported_at=datetime(2026, 11, 23, tzinfo=UTC), ended_at=None, metres=20, minutes=60, same_component=False,
    same_street=False, photo=None,
)  # fmt: skip


@pytest.mark.parametrize(
    "better",
    [{"metres": 19.0}, {"minutes": 50.0}, {"same_component": True, "metres": 50.0}, {"same_street": True}],
)
def test_each_reason_counts(better: dict[str, Any]) -> None:
    other = replace(BASE, id=2, **better)
    assert [one.id for one in rank([BASE, other], LIMITS)] == [2, 1]


def test_an_open_case_stands_before_a_closed_one_just_as_like() -> None:
    closed = replace(BASE, id=2, state=State.CLOSED)
    assert [one.id for one in rank([closed, BASE], LIMITS)] == [1, 2]


@given(metres=st.floats(0, 50), minutes=st.floats(0, 1440), component=st.booleans(), street=st.booleans())
def test_a_likeness_is_a_share(metres: float, minutes: float, component: bool, street: bool) -> None:
    one = replace(BASE, metres=metres, minutes=minutes, same_component=component, same_street=street)
    assert 0 <= one.likeness(LIMITS) <= 1


def test_the_look_goes_by_the_cells_around(fresh_database: Urls) -> None:
    asked = {"lon": 114.0, "lat": 22.5, "east": 0.0005, "north": 0.0005, "category": "E0405", "id": None, "metres": 50}
    now = datetime(2026, 11, 23, tzinfo=UTC)
    asked |= {
        "at": now,
        "since": now - timedelta(1),
        "until": now,
        "closed_since": now,
        "component": None,
        "road": None,
    }
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute("EXPLAIN " + NEAR, asked).fetchall()
    assert "cases_ended_spot" in str(plan)


def test_the_reach_is_the_citys_own(town: Town) -> None:
    from dispatch.cases.books import books

    with read() as tx:
        assert Limits.of(books(tx)) == LIMITS
        assert value(tx, "SELECT document #>> '{reach,duplicate_m}' FROM city") == "50"
