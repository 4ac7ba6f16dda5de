"""Ten years of a city: rankings, what is behind a figure, bulletins on paper and as tables; many years to one."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import Any, cast

import psycopg

from bench.ground import Ground
from bench.show import line, say
from dashboards.bulletin_print import bulletin_pdf
from dashboards.bulletin_sheet import Sheet
from dashboards.spreadsheet import Column, write_table
from dashboards.words import words
from dispatch.bulletins.freeze import seal
from dispatch.bulletins.listing import case_rows, listed
from dispatch.cases.books import forget
from dispatch.cases.read import by_ids
from dispatch.cluster import DATABASE
from dispatch.evaluation.measures import Cut, cases_of, measure, ranking_counts, recount
from dispatch.evaluation.period import Period
from gis.db import ReadTx, close, configure, reading, write

__all__ = ["measure_years"]

FILL = (Path(__file__).parent / "years.sql").read_text()
STEPPED = (Path(__file__).parent / "years_steps.sql").read_text()

BATCH = 250_000
WALKED = 0.3  # of the cases, the last ones: they have their row and their steps
LOOKS = 7
ROWS = 100_000  # of the long file
PAGE = 300
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), pg_get_constraintdef(c.oid), c.conname
      FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('u', 'x')
     WHERE i.indrelid = %(table)s::regclass AND NOT i.indisprimary
"""
Look = Callable[[ReadTx], object]


def measure_years(here: Ground, few: int, many: int) -> None:
    """Fill two databases, one year and ten of `few` cases each; look at both in turn; make a bulletin of the larger."""
    now = datetime.now(UTC)
    urls = {}
    for name, cases in (("wangge_one_year", few), ("wangge_years", many)):
        urls[name] = here.cluster.create_database(name, template=DATABASE).app
        fill_years(here.cluster.urls(name).super or "", cases, now, a_day=max(1, few // 365))
    forget()
    with closing(_connect(urls["wangge_one_year"])) as one, closing(_connect(urls["wangge_years"])) as other:
        for name, (aim, look) in _looks(now).items():
            _both(name, aim, look, one, other)
        _recounted(other)
        _bulletin(other, urls["wangge_years"])
    forget()


def _connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True)


# ── filling ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fill_years(url: str, cases: int, now: datetime, *, a_day: int) -> None:
    """Put so many cases into an empty city, by sets, without indexes until they are in; say what disk they take."""
    told = cases - int(cases * WALKED) + 1
    with closing(_filling(url)) as connection:
        begin = time.monotonic()
        with _bare(connection, "fact"), _bare(connection, "cases"):
            _batches(url, FILL, range(1, cases + 1), cases=cases, a_day=a_day, told=told, now=now)
        say(f"{cases:,} facts, {cases - told + 1:,} cases in {time.monotonic() - begin:.0f} s")
        begin = time.monotonic()
        with _bare(connection, "step"):
            _batches(url, STEPPED, range(told, cases + 1), now=now)
        connection.execute("SELECT setval(pg_get_serial_sequence('cases', 'id'), %s)", [cases])
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT reltuples::bigint FROM pg_class WHERE relname = 'step'").fetchone()
        say(f"about {row[0] if row else 0:,} steps in {time.monotonic() - begin:.0f} s")
        for table in ("fact", "cases", "step"):
            size = connection.execute("SELECT pg_total_relation_size(%s) / 1e9", [table]).fetchone()
            line(f"disk of {table} with {cases:,} cases, GB", float(size[0]) if size else 0.0)


def _filling(url: str) -> psycopg.Connection[Any]:
    connection = _connect(url)
    for setting in ("synchronous_commit = off", "session_replication_role = replica", "maintenance_work_mem = '1GB'"):
        connection.execute(cast(Any, f"SET {setting}"))
    return connection


@contextmanager
def _bare(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Without the indexes besides the key, which are made anew at the end."""
    found = connection.execute(INDEXES, {"table": table}).fetchall()
    for name, _, constraint, called in found:
        dropped = f"ALTER TABLE {table} DROP CONSTRAINT {called} CASCADE" if constraint else f"DROP INDEX {name}"
        connection.execute(cast(Any, dropped))
    yield
    for _, index, constraint, called in found:
        made = f"ALTER TABLE {table} ADD CONSTRAINT {called} {constraint}" if constraint else index
        connection.execute(cast(Any, made))


def _batches(url: str, sql: str, ids: range, **more: object) -> None:
    """One portion after the other, on as many connections as there are cores: drawing a case is the database's work."""

    def fill(first: int) -> None:
        with closing(_filling(url)) as connection:
            last = min(ids.stop - 1, first + BATCH - 1)
            connection.execute(cast(Any, sql), {"first": first, "last": last, **more})

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(ids.start, ids.stop, BATCH)))


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _looks(now: datetime) -> dict[str, tuple[float, Look]]:
    end = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month = Period("last month", (end - timedelta(days=1)).replace(day=1), end)
    year = Period("twelve months", end - timedelta(days=365), end)  # of one year of cases eleven lie in it
    cut = Cut(by="unit")
    return {
        "a month by unit, as of its end": (0.3, lambda tx: measure(tx, month, cut)),
        "a month's ranking of a group, as of its end": (0.3, lambda tx: ranking_counts(tx, month, "district")),
        "twelve months by unit, as of their end": (1.0, lambda tx: measure(tx, year, cut)),
        "twelve months' ranking of a group, as of their end": (1.0, lambda tx: ranking_counts(tx, year, "district")),
        "the cases behind a figure of a month, a page": (0.1, lambda tx: _page(tx, month, "should_dispose")),
        "the cases behind a figure of twelve months, a page": (0.1, lambda tx: _page(tx, year, "should_dispose")),
        "the few cases behind a figure of twelve months": (0.1, lambda tx: _page(tx, year, "overdue_open")),
    }


def _page(tx: ReadTx, period: Period, figure: str) -> object:
    (unit,) = tx.connection.execute("SELECT min(unit_id) FROM unit_entry").fetchall()[0]
    return by_ids(tx, cases_of(tx, period, unit, figure, Cut(by="unit"))[-PAGE:], limit=PAGE)


def _both(name: str, aim: float, look: Look, one: psycopg.Connection[Any], other: psycopg.Connection[Any]) -> None:
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(LOOKS + 1):
        for place, connection in enumerate((one, other)):
            spent = _timed(connection, look)
            if turn:
                times[place].append(spent)
    few, many = median(times[0]), median(times[1])
    line(f"{name}, seconds", many, at_most=aim)
    line(f"{name}, many years to one, ratio", many / few, at_most=1.5, note=f"{few:.3f} → {many:.3f} s")


def _timed(connection: psycopg.Connection[Any], look: Look) -> float:
    begin = time.perf_counter()
    with reading(connection, None) as tx:
        look(tx)
        return time.perf_counter() - begin


def _recounted(connection: psycopg.Connection[Any]) -> None:
    always = Period("all years", datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    for name, count in (("", measure), (", each case by itself", recount)):
        spent = _timed(connection, lambda tx, count=count: count(tx, always))
        line(f"all years by unit from the facts{name}, seconds", spent, at_most=180)


def _bulletin(connection: psycopg.Connection[Any], url: str) -> None:
    end = datetime.now(UTC).replace(day=1)
    month = f"{end - timedelta(days=1):%Y-%m}"
    (person,) = connection.execute("SELECT min(id) FROM person").fetchall()[0]
    begin = time.perf_counter()
    configure(url)
    try:
        with write() as tx:
            made = seal(tx, person, period=month)
    finally:
        close()
    line(f"a month of {made.cases:,} cases sealed, seconds", time.perf_counter() - begin)
    sheet = Sheet(made, words("zh"))
    bulletin_pdf(sheet)  # the fonts are looked for once
    begin = time.perf_counter()
    paper = bulletin_pdf(Sheet(made, words("zh")))
    line("its PDF, seconds", time.perf_counter() - begin, at_most=2.0, note=f"{len(paper) // 1000} kB")
    begin = time.perf_counter()
    with TemporaryFile() as file, reading(connection, None) as tx:
        rows = islice(chain.from_iterable(case_rows(listed(tx, made)) for _ in repeat(0)), ROWS)
        count = write_table(file, "xlsx", [Column("x")] * 18, rows)
        note = f"{file.seek(0, io.SEEK_END) // 1000} kB"
    line(f"its cases as Excel, {count:,} rows, seconds", time.perf_counter() - begin, at_most=10.0, note=note)
