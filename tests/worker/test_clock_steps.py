"""Clocks that are set, and machines in other zones: nothing fires early or twice, no time is negative, no score moves.

What befalls real processes whose wall clock is set while they run: `python -m bench.trials --only clock machine`.
"""

from __future__ import annotations

import io
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from dispatch.clock import due
from dispatch.cluster import Urls
from dispatch.evaluation import score_command
from dispatch.evaluation.measures import Cut, measure
from dispatch.evaluation.period import period_of
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.test_granted import sound
from tests.cases.town import MONDAY, ZONE, Town, look, settled

ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Australia/Lord_Howe")
WEEK = "2026-W24"
LATE_ON_SUNDAY = datetime(2026, 6, 14, 23, 30, tzinfo=ZONE)  # in UTC and New York it is still afternoon or morning


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """This machine is set to a zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ |= {} if before is None else {"TZ": before}
        time.tzset()


def said(command: object, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = ArgumentParser()
    command.add_arguments(parser)  # type: ignore[attr-defined]
    assert command.run(parser.parse_args(words)) == 0  # type: ignore[attr-defined]
    return capsys.readouterr().out


def test_scores_are_the_same_whatever_zone_a_machine_is_in(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """Lived in four zones by turns, late on the week's last evening too, and counted in each of them."""
    for number, zone in enumerate(ZONES):
        with machine_in(zone):
            town.set(MONDAY + timedelta(days=number, hours=7))
            town.closed()
            town.handling("enforcement-b")
    with machine_in("America/New_York"):
        town.set(LATE_ON_SUNDAY)
        town.handling("enforcement-b")
        town.set(MONDAY + timedelta(days=8))
        town.sweep()
    assert sound() == []

    counted, scored = [], []
    for zone in ZONES:
        with machine_in(zone):
            with read() as tx:
                counted.append(measure(tx, period_of(WEEK, ZONE), Cut(by="unit")))
            scored.append(said(score_command.command, capsys, "--period", WEEK, "--scheme", "gb-department", "--json"))
    assert counted[1:] == counted[:1] * 3
    assert scored[1:] == scored[:1] * 3
    (theirs,) = (one for one in counted[0] if one.key == "enforcement-b")
    assert theirs.counts.filed == 5  # the one of Sunday, 23:30, is this week's


def test_due_times_are_the_same_whatever_zone_a_machine_is_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "id,start,limit,time_class,pauses,until\na,2026-10-31 23:30,9,urgent_hour,,2026-11-01 12:00\n"
    rows += "b,2026-06-12 16:30,4,work_hour,2026-06-12 17:00/2026-06-15 09:00,2026-06-15T03:00Z\n"
    answers = []
    for zone in ZONES:
        with machine_in(zone):
            for city in ("binhe", "boston"):
                monkeypatch.setattr(
                    "sys.stdin", io.StringIO(rows.replace("work_hour", "working_hour") if city == "boston" else rows)
                )
                answers.append(said(due.command, capsys, "--city", city))
    assert answers[2:] == answers[:2] * 3
    assert "b,2026-06-15T14:30:00+08:00" in answers[0]


def test_a_clock_set_back_by_two_hours_makes_no_step_earlier_and_no_time_negative(town: Town) -> None:
    """The database's own clock, as after a correction: what happens meanwhile happens at the last step's instant."""
    case, other = town.handling(), town.dispatched()
    before = town.now
    town.set(before - timedelta(hours=2))
    town.sweep()
    town.do(other, Action.SIGN, "enforcement-a")
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.sweep()

    steps = look("SELECT case_id, seq, at, data FROM step ORDER BY case_id, seq")
    for one, following in pairwise(steps):
        assert one["case_id"] != following["case_id"] or one["at"] <= following["at"]
    assert [step["at"] for step in steps if step["at"] > before] == []
    assert look("SELECT count(*) AS n FROM fired WHERE event = 'lapse'") == [{"n": 0}]  # nothing early
    facts = look("SELECT * FROM fact")
    lengths = [value for fact in facts for value in fact.values() if isinstance(value, timedelta)]
    assert [one for one in lengths if one < timedelta(0)] == []
    town.set(before + timedelta(hours=1))
    town.do(other, Action.REPLY, "enforcement-a", photos=(town.photo(3),))
    assert sound() == []


def test_a_clock_set_forward_by_400_days_fires_each_event_once_at_its_own_instant(town: Town) -> None:
    cases = [town.report(), town.filed(), town.dispatched(), town.handling()]
    dues = {row["id"]: row["next_at"] for row in look("SELECT id, next_at FROM cases")}
    town.later(days=400)
    town.sweep()
    town.set(town.now - timedelta(days=400))  # and right again
    town.sweep()

    fired = look("SELECT case_id, kind, epoch, event, count(*) AS n, min(at) AS at FROM fired GROUP BY 1, 2, 3, 4")
    assert {row["n"] for row in fired} == {1}
    assert {row["case_id"] for row in fired} == {case.case_id for case in cases}
    assert {id: min(row["at"] for row in fired if row["case_id"] == id) for id in dues} == dues
    steps = look("SELECT count(*) AS n FROM step WHERE action IN ('warn', 'lapse')")[0]["n"]
    assert steps == len(fired)
    assert sound() == []


def test_the_machines_zone_is_read_nowhere() -> None:
    """Python reads it where a naive instant meets the clock."""
    packages = ("gis", "dispatch", "collectors", "dashboards")
    root = Path(__file__).parents[2]
    texts = [
        (path, path.read_text(encoding="utf-8")) for package in packages for path in (root / package).rglob("*.py")
    ]
    for words in ("datetime.now()", "date.today(", "localtime(", ".astimezone()", "utcnow("):
        assert [path.name for path, text in texts if words in text] == [], words
