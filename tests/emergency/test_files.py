"""`teams.csv` and `spares.csv`: what is refused, what a load changes, and that no telephone stands in clear."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from dispatch.cases import books
from dispatch.city import check, load
from dispatch.cluster import Urls
from dispatch.emergency.store import shelves
from dispatch.emergency.teams import near, teams
from gis.db import read, value
from tests.city.spoilt_town import spoil
from tests.duty.town import at
from tests.emergency.town import stocked

SPOILT = [
    ("teams.csv", "near,water", "near,nobody", "unknown unit nobody"),
    ("teams.csv", "far,water", "near,water", "near is given twice"),
    ("teams.csv", "10000000001", "12-34", "phone is none"),
    ("teams.csv", ",component:01,", ",component:99,", "unknown class component:99"),
    ("teams.csv", ",component:01,", ",,", "near answers no class"),
    ("teams.csv", "22:00-06:00", "night", "hours is night"),
    ("teams.csv", ",work,", ",sometimes,", "days is sometimes"),
    ("spares.csv", "ring,C0101", "ring,E0405", "unknown component subclass E0405"),
    ("spares.csv", "Water depot,5,4", "Water depot,-5,4", "stock is -5"),
    ("spares.csv", "cover,C0101,water", "ring,C0101,water", "ring is given twice"),
]


@pytest.mark.parametrize(("file", "old", "new", "words"), SPOILT)
def test_what_cannot_be_is_refused_with_its_reason(file: str, old: str, new: str, words: str, tmp_path: Path) -> None:
    folder = stocked(tmp_path)
    assert [fault for fault in check(folder) if fault.severity == "error"] == []
    spoil(folder, file, old, new)
    assert [fault for fault in check(folder) if fault.file == file and words in fault.reason]


def kept() -> dict[str, tuple[int, int]]:
    with read() as tx:
        return {shelf.id: (shelf.stock, shelf.low) for shelf in shelves(tx)}


def test_a_later_load_alters_words_and_marks_and_never_the_stock(fresh_database: Urls, tmp_path: Path) -> None:
    books.forget()
    folder = stocked(tmp_path)
    assert load(folder).changes["spares"] == 3
    assert not load(folder).changes
    spoil(folder, "spares.csv", "Water depot,5,4", "Water depot,50,3")
    spoil(folder, "spares.csv", "tree,C0402,landscaping,树撑,Tree stake,园林库,Park depot,7,2\n", "")
    assert load(folder).changes["spares"] == 2
    assert kept() == {"cover": (5, 3), "ring": (9, 1)}
    with read() as tx:
        assert value(tx, "SELECT sum(quantity)::int FROM stock_movement WHERE spare_id = 'tree'") == 7


def test_a_telephone_is_kept_concealed_and_another_one_replaces_it(fresh_database: Urls, tmp_path: Path) -> None:
    books.forget()
    folder = stocked(tmp_path)
    load(folder)
    with read() as tx:
        assert value(tx, "SELECT count(*)::int FROM team WHERE position('10000000001'::bytea IN phone) > 0") == 0
        assert {team.id: team.phone for team in teams(tx)} == {"near": "10000000001", "far": "10000000002"}
    spoil(folder, "teams.csv", "10000000001", "10000000009")
    assert load(folder).changes["teams"] == 2
    with read() as tx:
        assert teams(tx, ["water"])[1].phone == "10000000009"
        assert teams(tx, ["landscaping"]) == []


@pytest.mark.parametrize(
    ("now", "ready"),
    [
        ("2026-06-08T05:59", {"near": "2026-06-08T06:00"}),  # a Monday: the shift of the evening before
        ("2026-06-08T06:00", {}),
        ("2026-06-08T12:00", {"far": "2026-06-08T18:00"}),
        ("2026-06-07T12:00", {}),  # a Sunday
        ("2026-06-07T22:00", {"near": "2026-06-08T06:00"}),
    ],
)
def test_a_team_is_ready_in_its_shift_by_the_working_calendar(
    database: Urls, tmp_path: Path, now: str, ready: dict[str, str]
) -> None:
    books.forget()
    load(stocked(tmp_path))
    with read() as tx:
        calendar = books.books(tx).calendar
        found: dict[str, datetime | None] = {team.id: team.ready_until(at(now), calendar) for team in teams(tx)}
    assert {id: until for id, until in found.items() if until} == {id: at(until) for id, until in ready.items()}


def test_the_nearest_team_that_answers_a_class_comes_first_in_metres(database: Urls, tmp_path: Path) -> None:
    """From 22.5010 to 22.5020 and 22.5210 along a meridian: 110.7 m and 2,215 m, a degree there being 110.7 km."""
    books.forget()
    load(stocked(tmp_path))
    with read() as tx:
        found = near(tx, 114.0005, 22.5010, "component:01")
        assert [(team.id, round(team.metres or 0, -1)) for team in found] == [("near", 110), ("far", 2210)]
        assert [team.id for team in near(tx, 114.0005, 22.5010, "event:04")] == ["far"]
        assert near(tx, 114.0005, 22.5010, "event:99") == []
