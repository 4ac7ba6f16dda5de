"""Open deadlines by the hundred thousand: counted anew after a change of calendar, and fired at their instant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any, cast
from uuid import uuid4

import numpy
import psycopg
from numpy.typing import NDArray

from bench.ground import Ground
from bench.show import line, say
from dispatch.cases.actor import CITIZEN
from dispatch.cases.books import forget
from dispatch.cases.intake import Report, receive
from dispatch.cases.overdue import sweep
from dispatch.clock.document import calendar_from
from dispatch.clock.limits import Limit, Rule
from dispatch.clock.many import due_times
from dispatch.cluster import DATABASE
from dispatch.worker import JOBS, recount_deadlines, run_jobs
from gis.db import close, configure, write

__all__ = ["Drawn", "draw_by_calendar", "fill_open", "measure_firing", "measure_recount"]

FILL = (Path(__file__).parent / "deadlines.sql").read_text()
CALENDAR = "SELECT id, content FROM edition WHERE kind = 'calendar' ORDER BY in_force DESC, id DESC LIMIT 1"
DRAWN = """
    CREATE TEMP TABLE drawn (i bigint, start timestamptz, warn timestamptz, due timestamptz, fired text, days int,
                             calendar int)
"""
# Two days more without work, from now on: every deadline of two working days moves.
DECREE = """
    WITH last AS (SELECT content, (SELECT document ->> 'time_zone' FROM city) AS zone FROM edition
                   WHERE kind = 'calendar' ORDER BY in_force DESC, id DESC LIMIT 1),
         off AS (SELECT jsonb_object_agg(((now() AT TIME ZONE zone)::date + n)::text, false) AS days
                   FROM last, generate_series(1, 4) n),
         made AS (INSERT INTO edition (kind, name, in_force, source, content_hash, content, published_at)
                  SELECT 'calendar', 'decree', (now() AT TIME ZONE zone)::date, 'bench', '',
                         jsonb_set(content, '{exceptions}', content -> 'exceptions' || days), now() FROM last, off)
    UPDATE city SET version = version + 1
"""
# Spread over a minute that begins in five seconds; all others stay as they are.
SOON = """
    UPDATE cases SET next_at = soon, due_at = soon, stage_due_at = soon,
           clocks = jsonb_set(clocks, '{dispose,due}', to_jsonb(soon))
      FROM (SELECT id AS case_id, clock_timestamp() + make_interval(secs => 5 + 60.0 * id / %(count)s) AS soon
              FROM cases WHERE id <= %(count)s) AS drawn
     WHERE id = case_id
"""
LAGS = """
    SELECT extract(epoch FROM recorded_at - at)::float8 FROM step WHERE action = 'lapse' ORDER BY 1
"""
SPOTS = "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM area WHERE finest = 1 LIMIT 500) AS s"
DONE = """
    SELECT coalesce(bool_and(done_at IS NOT NULL), false) FROM calendar_turn t JOIN edition e ON e.id = t.edition_id
     WHERE e.name = 'decree'
"""
MOVED = "SELECT sum(moved) FROM calendar_turn"
BATCH = 100_000
RECOUNT_AIM, WAIT_AIM = 30.0, 1.0
FIRE_AIM, IDLE_AIM = 10.0, 5.0
IDLE_LOOKS = 101
PAUSE = 0.03  # between two reports: thirty in a second, or so
WORKERS = 2
PATIENCE = 120.0
START = 5.0
DAYS = 2
Seconds = NDArray[numpy.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """When each clock began, warns and is due, in whole seconds since 1970; `fired`: what it has told already."""

    start: Seconds
    warn: Seconds
    due: Seconds
    fired: str = ""


def draw_by_calendar(url: str, count: int, now: datetime) -> Drawn:
    """Clocks of two working days that began in the last working hours, counted by the city's calendar."""
    with psycopg.connect(url) as connection:
        (_, document) = cast(Any, connection.execute(CALENDAR).fetchone())
    calendar = calendar_from(document)
    begun = int(now.timestamp()) - numpy.random.default_rng(1).integers(60, 4 * 3600, count)
    limit, part = Limit(Decimal(DAYS), Rule.WORK_DAY), Limit(Decimal(DAYS) * Decimal("0.8"), Rule.WORK_DAY)
    return Drawn(begun, due_times(begun, part, calendar), due_times(begun, limit, calendar))


def fill_open(url: str, drawn: Drawn) -> None:
    """Put them into an empty city, by the superuser's `url`."""
    begin = time.monotonic()
    count = len(drawn.start)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        (calendar, _) = cast(Any, connection.execute(CALENDAR).fetchone())
        connection.execute(DRAWN)
        for first in range(0, count, BATCH):
            connection.execute("TRUNCATE drawn")
            with connection.cursor().copy("COPY drawn FROM STDIN") as copy:
                for row in _rows(drawn, first, min(count, first + BATCH), calendar):
                    copy.write_row(row)
            connection.execute("ANALYZE drawn")
            connection.execute(cast(Any, FILL))
        connection.execute("SELECT setval(pg_get_serial_sequence('cases', 'id'), max(id)) FROM cases")
        connection.execute("VACUUM ANALYZE")
    say(f"{count:,} open cases with a running clock in {time.monotonic() - begin:.0f} s")


def _rows(drawn: Drawn, first: int, last: int, calendar: int) -> Iterator[tuple[object, ...]]:
    for i in range(first, last):
        instants = (datetime.fromtimestamp(int(at[i]), UTC) for at in (drawn.start, drawn.warn, drawn.due))
        yield (i + 1, *instants, drawn.fired, DAYS, calendar)


@contextmanager
def _elsewhere(url: str, *works: Any) -> Iterator[list[Future[Any]]]:
    """Run functions of this module on the database, each in a process of its own."""
    with ProcessPoolExecutor(len(works), mp_context=get_context("spawn"), initializer=_begin, initargs=(url,)) as pool:
        yield [pool.submit(*work) for work in works]


def _begin(url: str) -> None:
    configure(url)
    forget()


def measure_recount(here: Ground, cases: int) -> None:
    """So many open deadlines counted by another calendar, by two workers; meanwhile reports are filed. Then a fifth of
    them by one worker alone."""
    spent, moved, waits = _recounted(here, "wangge_turn", cases, WORKERS)
    aim = RECOUNT_AIM * cases / BATCH
    line(f"{cases:,} deadlines counted by a new calendar, seconds", spent, at_most=aim, note=f"{moved:,} moved")
    line("the longest that a report waited meanwhile, seconds", max(waits.meanwhile), at_most=WAIT_AIM, note=waits.said)
    few = max(1, cases // 5)
    spent, moved, waits = _recounted(here, "wangge_turn_alone", few, 1)
    note = f"{moved:,} moved; {cases:,} at this pace: {spent * cases / few:.1f}"
    line(f"{few:,} by one worker alone, seconds", spent, note=note)


@dataclass(frozen=True, slots=True)
class _Waits:
    """Seconds that reports took."""

    before: list[float]
    meanwhile: list[float]

    @property
    def said(self) -> str:
        usual, busy = median(self.before) * 1000, median(self.meanwhile) * 1000
        return f"median {usual:.1f} → {busy:.1f} ms, {len(self.meanwhile)} reports"


def _recounted(here: Ground, name: str, cases: int, workers: int) -> tuple[float, int, _Waits]:
    """Seconds from the change until all is counted, how many moved, and what reports waited for."""
    urls = here.cluster.create_database(name, template=DATABASE)
    url = urls.super or ""
    fill_open(url, draw_by_calendar(url, cases, datetime.now(UTC)))
    _begin(urls.app)
    spots = _spots(url)
    waits = _Waits([_file(spots, number) for number in range(200)][50:], [])
    with _elsewhere(urls.app, *[(_recount, url)] * workers) as turns:
        time.sleep(START)  # until the processes are there
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(cast(Any, DECREE))
        begin = time.time()
        while not all(turn.done() for turn in turns):
            waits.meanwhile.append(_file(spots, len(waits.meanwhile)))
            time.sleep(PAUSE)
        spent = max(turn.result() for turn in turns) - begin
    close()
    with psycopg.connect(url) as connection:
        (moved,) = cast(Any, connection.execute(MOVED).fetchone())
    return spent, moved, waits


def _recount(url: str) -> float:
    """Do the worker's own job until the decree is counted by; the time at which it was."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not cast(Any, connection.execute(DONE).fetchone())[0]:
            recount_deadlines()
            time.sleep(0.1)
    return time.time()


def _spots(url: str) -> list[tuple[float, float]]:
    with psycopg.connect(url) as connection:
        return [(lon, lat) for lon, lat in connection.execute(cast(Any, SPOTS))]


def _file(spots: list[tuple[float, float]], number: int) -> float:
    """Seconds that one report takes."""
    lon, lat = spots[number % len(spots)]
    begin = time.perf_counter()
    with write(together=True) as tx:
        receive(tx, Report(id=uuid4(), source="web", public=True, lon=lon, lat=lat), CITIZEN)
    return time.perf_counter() - begin


def measure_firing(here: Ground, cases: int) -> None:
    """One in a hundred of the open cases falls due within a minute, before two workers; then nothing is due."""
    urls = here.cluster.create_database("wangge_due", template=DATABASE)
    url, due = urls.super or "", cases // 100
    now = int(time.time())
    day = numpy.full(cases, 86_400, dtype=numpy.int64)
    fill_open(url, Drawn(now - 2 * day, now - day, now + 7 * day, fired="warn"))
    _begin(urls.app)
    line("a sweep with nothing due, ms", median(_idle() for _ in range(IDLE_LOOKS)) * 1000, at_most=IDLE_AIM)
    close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(cast(Any, SOON), {"count": due})
    end = time.monotonic() + PATIENCE
    with _elsewhere(urls.app, *[(_fire_until, url, due, end)] * WORKERS) as workers:
        for worker in workers:
            worker.result()
    with psycopg.connect(url) as connection:
        lags = [lag for (lag,) in connection.execute(cast(Any, LAGS))]
    name = f"{due:,} due in a minute among {cases:,} open, longest wait, s"
    note = f"{len(lags):,} fired, median {median(lags):.2f}, 95 of 100 below {quantiles(lags, n=20)[-1]:.2f}"
    line(name, max(lags) if len(lags) == due else PATIENCE, at_most=FIRE_AIM, note=note)


def _idle() -> float:
    begin = time.perf_counter()
    sweep()
    return time.perf_counter() - begin


def _fire_until(url: str, count: int, end: float) -> None:
    """Do the worker's own job until so many have fired."""
    jobs = run_jobs(tuple(job for job in JOBS if job.name == "deadlines"))
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < end:
            (fired,) = cast(Any, connection.execute("SELECT count(*) FROM fired").fetchone())
            if fired >= count:
                break
            time.sleep(0.5)
    jobs.shutdown()
