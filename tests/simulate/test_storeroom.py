"""A rehearsed city's stores live: parts are used by replies and new ones received, by the seed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from collectors.simulate import Order, Outcome, history
from dispatch import city
from dispatch.cases import books
from dispatch.cluster import Urls
from dispatch.verify import verify
from tests.cases.town import look
from tests.emergency.town import stocked
from tests.simulate.test_simulate import UNTIL

Databases = Callable[[], AbstractContextManager[Urls]]


def lived(urls: Urls, folder: Path, jobs: int) -> Outcome:
    books.forget()
    city.load(folder)
    return history(Order(days=4, per_day=60, seed=7, until=UNTIL, jobs=jobs), urls.app)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return stocked(tmp_path)


def test_parts_are_used_and_received_alike_by_the_same_seed_with_any_number_of_processes(
    databases: Databases, folder: Path
) -> None:
    with databases() as urls:
        first = lived(urls, folder, 1)
        _look_over(first)
    with databases() as urls:
        again = lived(urls, folder, 2)
    assert (again.cases, again.acts, again.hash) == (first.cases, first.acts, first.hash)


def _look_over(first: Outcome) -> None:
    asked = "SELECT kind, count(*)::int AS n, sum(quantity)::int AS sum FROM stock_movement GROUP BY kind ORDER BY kind"
    moved = {row["kind"]: (row["n"], row["sum"]) for row in look(asked)}
    (replied,) = look("SELECT count(*)::int AS n FROM step WHERE action = 'reply' AND data -> 'form' ? 'spares'")
    assert first.refused == 0
    assert moved["used"][0] == replied["n"] > 5
    assert moved["received"][0] > 3, "more than the three that the file begins with"
    assert moved["used"][1] + moved["received"][1] == look("SELECT sum(quantity)::int AS n FROM stock_movement")[0]["n"]
    assert {one.no: one.first for one in verify() if one.no in ("I25", "I4", "I9") and not one.holds} == {}


def test_a_city_without_a_store_lives_as_before(fresh_database: Urls, folder: Path) -> None:
    for name in ("spares.csv", "teams.csv"):
        text = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text(text[0], encoding="utf-8")
    outcome = lived(fresh_database, folder, 1)
    assert outcome.refused == 0
    assert look("SELECT FROM stock_movement") == []
