"""What is looked at, with many cases in the table against few; and a month's ranking among many."""

from __future__ import annotations

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
from gis.db import ReadTx, reading

__all__ = ["fill", "measure_boards"]

FILL = (Path(__file__).parent / "fill.sql").read_text()
STEPS = (Path(__file__).parent / "steps.sql").read_text()
FEW, MANY = "wangge_few", "wangge_many"  # copies of the loaded city, which itself stays empty
BATCH = 100_000
REPEATS = 101
WARM_UP = 12  # prepared after five, a plan for all values after ten
Look = Callable[[ReadTx, int], list[Any]]


def measure_boards(here: Ground, few: int, many: int, *, plans: bool) -> None:
    """Fill two databases and look at both in turn. Raises nothing: the lines say what was missed."""
    small, large = (here.cluster.create_database(name, template=DATABASE).app for name in (FEW, MANY))
    fill(here.cluster.urls(FEW).super or "", few)
    fill(here.cluster.urls(MANY).super or "", many)
    _walk(here.cluster.urls(MANY).super or "", _last_month().end)
    with closing(_connect(small)) as one, closing(_connect(large)) as other:
        unit = _busiest(one)
        for name, (length, look) in _looks(unit).items():
            _compare(name, length, look, (one, other), role="centre", unit=unit)
            if not name.startswith("board"):  # a department has no board, but an inbox
                _compare(name, length, look, (one, other), role="department", unit=unit)
        name, seldom = "list, newest, of a small unit's", _busiest(one, least=True)
        _compare(name, 100, _looks(unit)["list, newest"][1], (one, other), role="department", unit=seldom)
        _rank(other, unit)
    if plans:
        _plans(here.cluster.urls(MANY).super or "", unit)


def _connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True)


def fill(url: str, count: int) -> None:
    """Put so many made-up cases into an empty city, by the superuser's `url`."""
    begin = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        for first in range(1, count + 1, BATCH):
            last = min(count, first + BATCH - 1)
            connection.execute(cast(Any, FILL), {"now": datetime.now(UTC), "first": first, "last": last})
        # A city's cases lie in the order in which they came in; hashes drew these in none.
        for table in ("cases", "fact"):
            connection.execute(f"CLUSTER {table} USING {table}_reported")
        # The ids were given here, not by the sequence: the first report over HTTP would get one that is taken.
        connection.execute("SELECT setval(pg_get_serial_sequence('cases', 'id'), max(id)) FROM cases")
        connection.execute("VACUUM ANALYZE")
    say(f"{count:,} cases in {time.monotonic() - begin:.0f} s")


def _walk(url: str, end: datetime) -> None:
    """Give the cases that were open at `end` their steps."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        made = connection.execute(cast(Any, STEPS), {"end": end}).rowcount
        connection.execute("VACUUM ANALYZE step")
    say(f"{made:,} steps of the cases that were open at the month's end")


def _last_month() -> Period:
    end = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Period("last month", (end - timedelta(days=1)).replace(day=1), end)


def _busiest(connection: psycopg.Connection[Any], *, least: bool = False) -> str:
    """The unit with the most cases, or with the fewest."""
    order = "ASC" if least else "DESC"
    row = connection.execute(
        f"SELECT unit_id FROM cases WHERE unit_id IS NOT NULL GROUP BY 1 ORDER BY count(*) {order}, 1"
    ).fetchone()
    return str(row[0]) if row else ""


def _looks(unit: str) -> dict[str, tuple[int, Look]]:
    """Name → how long the list is, and the call."""
    since = datetime.now(UTC) - timedelta(days=60)
    filters = read.Filters(unit=unit, states=(State.CLOSED,), since=since)
    return {
        "board, acceptor": (50, lambda tx, most: read.board(tx, Pool.ACCEPTOR, limit=most)),
        "board, dispatcher": (50, lambda tx, most: read.board(tx, Pool.DISPATCHER, limit=most)),
        "inbox": (50, lambda tx, most: read.inbox(tx, [unit], limit=most)),
        "list, newest": (100, lambda tx, most: read.search(tx, read.Filters(), limit=most)),
        "list of a unit": (100, lambda tx, most: read.search(tx, read.Filters(unit=unit), limit=most)),
        "list of a unit, closed, 60 days": (100, lambda tx, most: read.search(tx, filters, limit=most)),
    }


def _compare(name: str, length: int, look: Look, both: tuple[Any, Any], *, role: str, unit: str) -> None:
    """Both lists are as long as the small table gives them."""
    times: tuple[list[float], list[float]] = ([], [])
    most = max(1, _timed(both[0], look, length, role=role, unit=unit)[1])
    for number in range(REPEATS + WARM_UP):
        for place, connection in enumerate(both):
            spent, _ = _timed(connection, look, most, role=role, unit=unit)
            if number >= WARM_UP:
                times[place].append(spent)
    few, many = median(times[0]), median(times[1])
    note = f"{few * 1000:.2f} → {many * 1000:.2f} ms, {most} rows"
    line(f"{name}, {role}, many to few cases, ratio", many / few, at_most=1.2, note=note)


def _timed(connection: psycopg.Connection[Any], look: Look, most: int, *, role: str, unit: str) -> tuple[float, int]:
    """Seconds and rows of one look, in a transaction as people's pages have it, its beginning included."""
    start = time.perf_counter()
    with reading(connection, [unit] if role == "department" else None) as tx:
        found = look(tx, most)
        return time.perf_counter() - start, len(found)


def _rank(connection: psycopg.Connection[Any], unit: str) -> None:
    period = _last_month()
    groups = [
        g
        for (g,) in connection.execute(
            "SELECT DISTINCT ranking_group FROM unit_entry WHERE ranking_group IS NOT NULL ORDER BY 1"
        )
    ]
    looks: dict[str, Look] = {
        "a month by unit, whole city": lambda tx, _: measure(tx, period, Cut(by="unit"), as_of=tx.now),
        "a month by unit, as of its end": lambda tx, _: measure(tx, period, Cut(by="unit")),
        f"a month's ranking of group {groups[0]}, as of its end": lambda tx, _: list(
            ranking_counts(tx, period, groups[0])
        ),
    }
    for name, look in looks.items():
        spent = median(_timed(connection, look, 0, role="centre", unit=unit)[0] for _ in range(WARM_UP))
        line(f"{name}, seconds", spent, at_most=0.3)


def _plans(url: str, unit: str) -> None:
    """What PostgreSQL does for each, as it tells it by itself; as the superuser, who alone may load the teller."""
    notices: list[str] = []
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        connection.execute("LOAD 'auto_explain'")
        connection.execute("SET auto_explain.log_min_duration = 0")
        connection.execute("SET auto_explain.log_analyze = on")
        connection.execute("SET client_min_messages = log")
        for name, (length, look) in _looks(unit).items():
            for role in ("centre", "department"):
                notices.clear()
                _timed(connection, look, length, role=role, unit=unit)
                say(f"\n── {name}, {role}\n" + "\n".join(notice for notice in notices if "cases c" in notice))
