"""`wangge work`: what time does by itself. Any number of workers may run at once, and any of them may die.

The scheduler only ticks: nothing is lost with it, for what is owed stands in the tables, and every job claims its rows
there.
"""

from __future__ import annotations

import logging
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import LiteralString

import psycopg
from psycopg import sql

from dispatch.alarms.nightly import look_ahead
from dispatch.alarms.ring import ring_due
from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.backlog import SKEWED, clock_skew
from dispatch.calendars.turn import recount_some
from dispatch.cards.give import give
from dispatch.cases.overdue import sweep
from dispatch.command import Command
from dispatch.config import settings
from dispatch.database import urls_of
from dispatch.drafts.nightly import check_tonight
from dispatch.live.feed import ring
from dispatch.notify.channels import Channel
from dispatch.notify.configured import read_channels
from dispatch.notify.deliver import send_by
from dispatch.notify.outbox import send_due
from dispatch.parked import Kind, forgive, note, tidy
from dispatch.terminals.silence import watch
from dispatch.ticker import Job, catch_up, run_jobs
from gis.db import execute, gone, read, value, write

__all__ = ["JOBS", "ClockAmiss", "Job", "command", "noted", "run_jobs", "with_channels"]

log = logging.getLogger("wangge.work")

LANES_AT_ONCE = 2  # of a turn of the calendar: one is worked out while the database writes the other
BATCH = 200  # cases settled before the job looks up again
PARTITIONED = ("feed", "audit_event", "track")
PARTITION_LOCK = 0x57616E68  # advisory: two workers do not make the same partition
NO_CITY = "SELECT NOT EXISTS (SELECT FROM city)"
# Not min(): beside what stands aside that reads every open case, each second. Index: cases_next.
SOON: LiteralString = """
    SELECT extract(epoch FROM next_at - coalesce((SELECT simulated_now FROM city), clock_timestamp()))::float8
      FROM cases c
     WHERE next_at IS NOT NULL AND NOT EXISTS (SELECT FROM parked p WHERE p.kind = 'case' AND p.key = c.id::text)
     ORDER BY next_at LIMIT 1
"""


class _Life:
    """Set when the worker is to end; jobs that go on and on look at it."""

    over = threading.Event()


def fire_due() -> None:
    """Fire every event that is due; then once more for those that fall due before the next tick."""
    _fire()
    with read() as tx:
        soon = value(tx, SOON)
    if soon is not None and 0 < soon < DEADLINES_EVERY and not _Life.over.wait(soon):
        _fire()


def _fire() -> None:
    total = 0
    try:
        while (fired := sweep(limit=BATCH)) and not _Life.over.is_set():
            total += fired
    finally:
        if total:
            ring()


def ring_alarms() -> None:
    """Ring every rung of an alarm that is due."""
    while ring_due(limit=BATCH) and not _Life.over.is_set():
        pass


def recount_deadlines() -> None:
    """Count open deadlines by a calendar that has come into force, until none is left."""
    with read() as tx:
        if value(tx, NO_CITY):
            return
    with ThreadPoolExecutor(LANES_AT_ONCE, thread_name_prefix="calendar") as threads:
        for ended in [threads.submit(_recount) for _ in range(LANES_AT_ONCE)]:
            ended.result()


def _recount() -> None:
    while recount_some() and not _Life.over.is_set():
        pass


def seal_audit() -> None:
    """Seal what is finished into the next block."""
    seal_now(heads_file())


def send_messages(channels: Sequence[Channel] = ()) -> None:
    """Send what the outbox owes."""
    if send_due(channels):
        ring()


def with_channels(channels: Sequence[Channel]) -> tuple[Job, ...]:
    """All jobs where these channels are configured: each has one of its own, so that none waits for another."""
    own = (Job(f"channel {one.name}", 1.0, partial(_send_by, one)) for one in channels)
    told = {"messages": partial(send_messages, channels), "duty": partial(look_ahead_tonight, _reaches(channels))}
    return (*(replace(job, run=told.get(job.name, job.run)) for job in JOBS), *own)


def _reaches(channels: Sequence[Channel]) -> frozenset[str]:
    return frozenset(channel.reach for channel in channels if not channel.inside)


def _send_by(channel: Channel) -> None:
    send_by(channel)


def end_sessions() -> None:
    """Throw out sessions that have ended, throttles that hold nobody any more, what is put aside and no more owed."""
    with write() as tx:
        tidy(tx)
        execute(tx, "DELETE FROM session WHERE expires_at < clock_timestamp()")
        execute(
            tx,
            """DELETE FROM throttle WHERE since < clock_timestamp() - interval '1 day'
                AND coalesce(locked_until, since) < clock_timestamp()""",
        )


def make_partitions() -> None:
    """Next month's part of each table that is cut by month. Left to the rest part where the owner cannot be reached."""
    first = (datetime.now(UTC).date().replace(day=1) + timedelta(days=32)).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    try:
        connection = psycopg.connect(urls_of(settings()).owner, options="-c lock_timeout=2000", connect_timeout=5)
    except psycopg.OperationalError as error:
        log.warning("no partitions made, the owner cannot log in: %s", error)
        return
    with connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [PARTITION_LOCK])
        for table in PARTITIONED:
            _make_partition(connection, table, first, after)


def _make_partition(connection: psycopg.Connection[tuple[object, ...]], table: str, first: date, after: date) -> None:
    name = f"{table}_part_{first:%Y%m}"
    row = connection.execute("SELECT to_regclass(%s) IS NULL", [name]).fetchone()
    if row is None or not row[0]:
        return
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(name), sql.Identifier(table), sql.Literal(str(first)), sql.Literal(str(after))
                )
            )
    except (psycopg.errors.CheckViolation, psycopg.errors.LockNotAvailable) as error:
        # The rest part holds rows of that month (a rehearsal ran ahead), or is busy: it goes on taking them.
        log.warning("no partition %s: %s", name, error.diag.message_primary)


def look_ahead_tonight(reaches: Collection[str] = ()) -> None:
    """Look over the duty to come once a night, and page everybody on duty for a test."""
    if look_ahead(reaches):
        ring()


def check_rules() -> None:
    """Look the rules over once a night, and tell of what is severe and new."""
    if check_tonight():
        send_messages()


def give_cards() -> None:
    """Give the cards that the city's rules ask for."""
    if give():
        send_messages()


def watch_terminals() -> None:
    """Tell the centre of terminals that have fallen silent."""
    if watch():
        send_messages()


class ClockAmiss(RuntimeError):
    """This machine's clock and the database's are too far apart."""


def look_at_clock() -> None:
    """Raises ClockAmiss, so that it stands on `/work` until they agree. No deadline depends on this machine's clock."""
    with read() as tx:
        ahead = clock_skew(tx)
    if abs(ahead) > SKEWED:
        told = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the database's"
        raise ClockAmiss(f"{told}: set both by one time server")


DEADLINES_EVERY = 1.0
JOBS = (
    Job("deadlines", DEADLINES_EVERY, fire_due),
    Job("alarms", 1.0, ring_alarms),
    Job("calendar", 5.0, recount_deadlines),
    Job("sealing", 1.0, seal_audit),
    Job("messages", 1.0, send_messages),
    Job("sessions", 600.0, end_sessions),
    Job("partitions", 6 * 3600.0, make_partitions),
    Job("rules", 600.0, check_rules),
    Job("terminals", 30.0, watch_terminals),
    Job("duty", 600.0, look_ahead_tonight),
    Job("cards", 60.0, give_cards),
    Job("clock", 60.0, look_at_clock),
)


def noted(job: Job) -> Job:
    """The job; while it fails as a whole, that stands with what is put aside (`dispatch.parked`)."""
    failed = True  # as far as is known: the worker before may have put it down

    def run() -> None:
        nonlocal failed
        try:
            job.run()
        except Exception as error:
            if gone(error):
                raise
            failed = True
            note(Kind.JOB, {job.name: error})
            raise
        if failed:
            with write() as tx:
                forgive(tx, Kind.JOB, [job.name])
        failed = False

    return replace(job, run=run)


def _run(arguments: Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    jobs = with_channels(read_channels(settings().data))
    _Life.over.clear()
    scheduler = run_jobs(tuple(map(noted, jobs)))
    log.info("working: %s", ", ".join(job.name for job in jobs))
    try:
        while True:
            time.sleep(1.0)
            if catch_up(scheduler):
                log.warning("this machine's clock was set back; the jobs go on")
    finally:  # SIGTERM and Ctrl-C come as KeyboardInterrupt: what is in hand is finished, nothing new is begun
        _Life.over.set()
        scheduler.shutdown(wait=True)
    return 0


def _no_arguments(parser: ArgumentParser) -> None:
    """It takes none."""


command = Command(
    name="work",
    help="fire deadlines, seal the audit chain, send messages, look the rules over; any number of workers may run",
    add_arguments=_no_arguments,
    run=_run,
    description="Runs until it is stopped (Ctrl-C or SIGTERM). What is owed stands in the database: "
    "a worker that dies loses nothing, and several double nothing.",
)
