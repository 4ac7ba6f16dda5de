"""A rehearsal in which known people cheat: the tests find them by what they left behind, and leave the others alone."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import pytest

from collectors.integrity_command import command, measured
from collectors.rehearsal.cheats import FILE, Cheats, truth_in
from collectors.rehearsal.temper import temper_of
from collectors.simulate import MOST_CHEATS, Order, Outcome, history
from dashboards.cli import main
from dispatch import city
from dispatch.cases import books
from dispatch.cluster import Urls
from dispatch.config import settings
from dispatch.evaluation.period import period_of
from dispatch.integrity.board import TESTS, found_by, seen_by
from dispatch.integrity.judge import Finding
from dispatch.integrity.thresholds import standard, thresholds_of
from gis.db import dicts, read

TINY = Path(__file__).parents[1] / "towns" / "tiny"
UNTIL = datetime(2026, 6, 13, 4, tzinfo=UTC)
SPAN = "2026-06-01..2026-06-12"


@pytest.fixture(scope="module")
def lived(database: Urls) -> Outcome:
    """Eight days of the town; one inspector of three invents, another pads, one grid of three is kept quiet."""
    books.forget()
    city.load(TINY)
    return history(Order(days=8, per_day=60, seed=57, until=UNTIL, jobs=2, cheats=0.1), database.app)


def _findings(name: str) -> list[Finding]:
    with read(heavy=True) as tx:
        found = books.books(tx)
        return found_by(tx, TESTS[name], period_of(SPAN, found.zone), thresholds_of(found.city, name))


def test_cheats_pass_through_the_same_doors(lived: Outcome) -> None:
    assert lived.refused == 0
    assert lived.cases > 300


def test_the_truth_stands_in_the_data_folder_and_in_no_table(lived: Outcome) -> None:
    told = json.loads((settings().data / FILE).read_text(encoding="utf-8"))
    assert (told["seed"], told["share"]) == (57, 0.1)
    assert told["cheats"].keys() == TESTS.keys() == standard().keys()
    with read() as tx:
        tables = dicts(tx, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ 'cheat'")
    assert tables == []


@pytest.mark.parametrize("name", list(TESTS))
def test_each_test_finds_who_cheats_in_its_way_and_nobody_else(lived: Outcome, name: str) -> None:
    known = truth_in(settings().data)
    truth = known[name]
    # Whoever only repeats himself, or only asks for much, has too few cases in eight days to be sure of.
    few = name.startswith(("one_reason", "far_above"))
    sure = known["clock_gaming_person" if name.endswith("_person") else "clock_gaming"] if few else truth
    with read(heavy=True) as tx:
        found = books.books(tx)
        one = measured(tx, TESTS[name], period_of(SPAN, found.zone), truth)
    named = {finding.subject for finding in _findings(name)}
    assert sure
    assert sure <= named
    assert one.found == len(named & truth)
    others = named - truth
    assert one.false == len(others)
    # A slow unit asks far more than its peers without cheating: that is what the finding says of it.
    assert all(name.startswith("far_above") and temper_of(57, unit).pace > 0.6 for unit in others)


@pytest.mark.parametrize("name", list(TESTS))
def test_every_finding_opens_as_many_cases_as_it_has_traces(lived: Outcome, name: str) -> None:
    for one in _findings(name):
        assert len(set(one.cases)) == len(one.cases)
        if not TESTS[name].fewer:  # there the cases are what the public had to report instead
            assert len(one.cases) == one.traces


def test_padding_counted_by_hand(lived: Outcome) -> None:
    """The same count from the plain list of reports."""
    numbers = standard()["volume_padding"]
    with read(heavy=True) as tx:
        zone = books.books(tx).zone
        span = period_of(SPAN, zone)
        seen = {one.subject: one for one in seen_by(tx, TESTS["volume_padding"], span, numbers)}
        reports = dicts(
            tx,
            """SELECT c.id, p.login, c.reported_at AS at, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat
                 FROM cases c JOIN person p ON p.id = c.reporter_id
                WHERE c.source = 'inspector' ORDER BY p.login, c.reported_at, c.id""",
        )
    within = [row for row in reports if span.start <= row["at"] < span.end]
    close: dict[str, list[int]] = {}
    for before, after in pairwise(within):
        minutes = (after["at"] - before["at"]).total_seconds() / 60
        if before["login"] == after["login"] and minutes <= 10 and _metres(before, after) <= 60:
            close.setdefault(after["login"], []).append(after["id"])
    assert {login: one.cases for login, one in seen.items() if one.cases} == {k: sorted(v) for k, v in close.items()}


def _metres(here: dict[str, Any], there: dict[str, Any]) -> float:
    """Along a sphere, by the haversine."""
    a, b = radians(here["lat"]), radians(there["lat"])
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(there["lon"] - here["lon"]) / 2) ** 2
    return 2 * 6371008.8 * asin(sqrt(half))


def test_measure_prints_recall_and_false_alarms_of_each_test(lived: Outcome, database: Urls, capsys: Any) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--period", SPAN, "--json"])) == 0
    told = {row["test"]: row for row in json.loads(capsys.readouterr().out)}
    assert told.keys() == TESTS.keys()
    assert told["volume_padding"]["recall"] == "100.0"
    assert told["volume_padding"]["false_alarms"] == "0.0"


def test_nobody_cheats_in_two_ways() -> None:
    drawn = Cheats.drawn(
        5, 0.1, inspectors=[f"i{n}" for n in range(60)], units={f"u{n}": f"d{n}" for n in range(40)}, grids=["g1", "g2"]
    )
    persons = [*drawn.invented_find, *drawn.volume_padding, *drawn.self_dealing.values()]
    units = [*drawn.staged_fix, *drawn.clock_gaming, *drawn.self_dealing, *drawn.one_reason, *drawn.far_above]
    assert (len(persons), len(set(persons))) == (16, 16)
    assert (len(units), len(set(units))) == (20, 20)
    assert len(drawn.under_reporting) == 1


@pytest.mark.parametrize("units", [5, 6, 8, 13, 40, 103])
def test_at_the_most_every_way_has_somebody_and_some_units_are_honest(units: int) -> None:
    offices = {f"u{n}": f"d{n}" for n in range(units)}
    drawn = Cheats.drawn(5, MOST_CHEATS, inspectors=[f"i{n}" for n in range(60)], units=offices, grids=["g1"])
    ways = [drawn.staged_fix, drawn.clock_gaming, drawn.self_dealing, drawn.one_reason, drawn.far_above]
    assert len({len(way) for way in ways}) == 1
    assert all([*ways, drawn.invented_find, drawn.volume_padding, drawn.under_reporting])
    assert units == 5 or sum(len(way) for way in ways) < units


@pytest.mark.parametrize("words", [["--cheats", "0.2"], ["--cheats", "-0.1"]])
def test_more_cheats_than_honest_people_are_refused(words: list[str], capsys: Any) -> None:
    assert main(["simulate", *words]) == 1
    assert "--cheats is a part from 0 to 0.15" in capsys.readouterr().err
