"""What is looked at, with many cases in the table against few; and a month's ranking among many."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, cast

import psycopg

from bench.ground import Ground
from bench.show import line, say
from dispatch.cases import read
from dispatch.cluster import DATABASE
from dispatch.evaluation.measures import Cut, measure, ranking_counts
from dispatch.evaluation.period import Period
from dispatch.lifecycle.states import Pool, State
from gis.db import ReadTx

__all__ = ["measure_boards"]

FILL = (Path(__file__).parent / "fill.sql").read_text()
BATCH = 100_000
REPEATS = 41
Look = Callable[[ReadTx], object]


def measure_boards(here: Ground, few: int, many: int, *, plans: bool) -> None:
    """Fill two databases and look at both in turn. Raises nothing: the lines say what was missed."""
    small, large = here.urls.app, _second(here)
    _fill(here.cluster.urls(DATABASE).super or "", few)
    _fill(here.cluster.urls("wangge_many").super or "", many)
    with closing(psycopg.connect(small)) as one, closing(psycopg.connect(large)) as other:
        unit = _busiest(one)
        for name, look in _looks(unit).items():
            for role in ("centre", "department"):
                if role == "department" and name.startswith("board"):
                    continue  # a department has no board: its inbox is below
                _compare(name, look, (one, other), role, unit)
        _rank(other, unit)
        if plans:
            _plans(other, unit)


def _second(here: Ground) -> str:
    """A copy of the loaded city, for the many."""
    return here.cluster.create_database("wangge_many", template=DATABASE).app


def _fill(url: str, count: int) -> None:
    begin = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        for first in range(1, count + 1, BATCH):
            last = min(count, first + BATCH - 1)
            connection.execute(cast(Any, FILL), {"now": datetime.now(UTC), "first": first, "last": last})
        connection.execute("VACUUM ANALYZE")
    say(f"{count:,} cases in {time.monotonic() - begin:.0f} s")


def _busiest(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(
        "SELECT unit_id FROM cases WHERE unit_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
    ).fetchone()
    return str(row[0]) if row else ""


def _looks(unit: str) -> dict[str, Look]:
    since = datetime.now(UTC) - timedelta(days=30)
    return {
        "board of 50, acceptor": lambda tx: read.board(tx, Pool.ACCEPTOR),
        "board of 50, dispatcher": lambda tx: read.board(tx, Pool.DISPATCHER),
        "inbox of 50": lambda tx: read.inbox(tx, [unit]),
        "list of 100, newest": lambda tx: read.search(tx, read.Filters()),
        "list of 100 of a unit": lambda tx: read.search(tx, read.Filters(unit=unit)),
        "list of 100 of a unit, closed, this month": lambda tx: read.search(
            tx, read.Filters(unit=unit, states=(State.CLOSED,), since=since)
        ),
    }


def _compare(name: str, look: Look, both: tuple[Any, Any], role: str, unit: str) -> None:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(REPEATS + 5):
        for place, connection in enumerate(both):
            spent = _timed(connection, look, role, unit)
            if number >= 5:
                times[place].append(spent)
    few, many = median(times[0]), median(times[1])
    line(f"{name}, {role}: many to few", many / few, at_most=1.2, note=f"{few * 1000:.2f} → {many * 1000:.2f} ms")


def _timed(connection: psycopg.Connection[Any], look: Look, role: str, unit: str) -> float:
    with connection.transaction():
        if role == "department":
            connection.execute("SET LOCAL ROLE wangge_department")
            connection.execute("SELECT set_config('wangge.units', %s, true)", [f'{{"{unit}"}}'])
        start = time.perf_counter()
        look(ReadTx(connection))
        return time.perf_counter() - start


def _rank(connection: psycopg.Connection[Any], unit: str) -> None:
    now = datetime.now(UTC)
    begin = (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)).replace(day=1)
    end = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    period = Period("last month", begin, end)
    groups = [
        g
        for (g,) in connection.execute(
            "SELECT DISTINCT ranking_group FROM unit WHERE ranking_group IS NOT NULL ORDER BY 1"
        )
    ]
    looks: dict[str, Look] = {
        "a month by unit, whole city": lambda tx: measure(tx, period, Cut(by="unit")),
        f"a month's ranking of group {groups[0]}": lambda tx: ranking_counts(tx, period, groups[0]),
    }
    for name, look in looks.items():
        spent = median(_timed(connection, look, "centre", unit) for _ in range(7))
        line(f"{name}, seconds", spent, at_most=0.3)


def _plans(connection: psycopg.Connection[Any], unit: str) -> None:
    """What PostgreSQL does for each, as it tells it by itself."""
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    try:
        connection.execute("LOAD 'auto_explain'")
    except psycopg.errors.InsufficientPrivilege:
        connection.rollback()
        say("plans need a superuser's connection")
        return
    connection.execute("SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                       " SET client_min_messages = log")  # fmt: skip
    for name, look in _looks(unit).items():
        notices.clear()
        _timed(connection, look, "centre", unit)
        sys.stdout.write(f"\n── {name}\n" + "\n".join(notices) + "\n")
