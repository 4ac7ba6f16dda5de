"""Once a night: the duty of the days to come looked over, and a drill, a silent test page to everybody on duty.

A drill finds what a roster cannot say of itself: a number that is wrong, a gateway that is down. Who would not have
been reached stands on the duty page in the morning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString

from psycopg.types.json import Jsonb

from dispatch.alarms.who import lint
from dispatch.cases.books import books
from dispatch.cases.on_duty import shifts_between
from dispatch.duty.lint import Finding, Kind
from dispatch.duty.roster import Post
from dispatch.duty.stand_ins import CENTRE_HEADS
from gis.db import PONDER, ReadTx, Tx, column, execute, one, read, rows, value, write

__all__ = ["AHEAD", "Looked", "Paged", "drill_of", "look_ahead", "looked"]

HOUR = 2  # of the city's wall time, from which on it is due
AHEAD = timedelta(days=8)  # so that a hole at any hour of a day is told seven whole days before it begins
AT_ONCE = timedelta(microseconds=1)
ALONE: LiteralString = "SELECT pg_try_advisory_xact_lock(6227794)"  # one worker at a time: it is seconds of work
# Whoever keeps the day's row does the rest of it: with any number of workers once.
KEEP: LiteralString = """
    INSERT INTO duty_check (day, at, findings) VALUES (%(day)s, %(at)s, %(findings)s) ON CONFLICT (day) DO NOTHING
"""
BEFORE: LiteralString = "SELECT findings FROM duty_check WHERE day < %(day)s ORDER BY day DESC LIMIT 1"
TELL: LiteralString = """
    INSERT INTO outbox (kind, person_id, created_at)
    SELECT 'duty_unsound', p.id, %(at)s FROM person p
     WHERE NOT p.disabled
       AND (p.login = ANY (%(heads)s)
            OR EXISTS (SELECT FROM person_role r WHERE r.person_id = p.id AND r.role = ANY (%(roles)s)))
"""
PAGE: LiteralString = """
    WITH paged AS (SELECT id FROM person WHERE login = %(login)s AND NOT disabled),
    told AS (
      INSERT INTO outbox (kind, person_id, created_at, urgent)
      SELECT 'duty_drill', id, %(at)s, true FROM paged RETURNING id)
    INSERT INTO drill_call (day, unit_id, post, person_id, outbox_id)
    VALUES (%(day)s, %(unit)s, %(post)s, (SELECT id FROM paged), (SELECT id FROM told))
    ON CONFLICT (day, unit_id, post, person_id) DO NOTHING
"""
# Reached: some channel outside took it; where none was owed, nobody could have been reached but before the screen.
DRILL: LiteralString = """
    SELECT c.day, k.at, c.unit_id AS unit, c.post, p.name AS person,
           CASE WHEN c.person_id IS NULL THEN 'nobody'
                WHEN bool_or(d.sent_at IS NOT NULL) THEN 'reached'
                WHEN count(d.id) = 0 THEN 'no_channel'
                WHEN bool_and(d.dead_at IS NOT NULL) THEN 'failed' ELSE 'waits' END AS outcome
      FROM drill_call c JOIN duty_check k USING (day) LEFT JOIN person p ON p.id = c.person_id
      LEFT JOIN delivery d ON d.outbox_id = c.outbox_id
     WHERE c.day = coalesce(%(day)s, (SELECT max(day) FROM duty_check))
     GROUP BY c.id, c.day, k.at, c.unit_id, c.post, p.name, c.person_id
     ORDER BY c.unit_id, c.post, p.name
"""
LOOKED: LiteralString = """
    SELECT k.at, (SELECT count(*) FROM jsonb_array_elements(k.findings) f
                   WHERE %(units)s::text[] IS NULL OR f ->> 'unit' = ANY (%(units)s)) AS findings
      FROM duty_check k ORDER BY k.day DESC LIMIT 1
"""
UNITS: LiteralString = "SELECT unit_id FROM unit_entry WHERE valid_to IS NULL AND unit_id = ANY (%(units)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """What came of one test page: reached, waits, failed, no_channel, or nobody there to be paged."""

    day: date
    at: datetime
    unit: str
    post: Post
    person: str | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The last night's look at the seven days to come: when, and how much it found."""

    at: datetime
    findings: int


def look_ahead(reaches: Collection[str] = (), *, now: datetime | None = None) -> bool:
    """Look over and drill, if the night's hour has come and nobody has or is at it; whether it was done. Without a
    roster, no.

    `reaches`: kinds of address that the configured channels take. `now`: only for a rehearsal's clock.
    """
    with read(heavy=True, patience=PONDER) as tx:
        at = now or tx.now
        if value(tx, "SELECT version FROM city") is None or not books(tx).roster.lines:
            return False
        local = at.astimezone(books(tx).zone)
        last = value(tx, "SELECT max(day) FROM duty_check")
        if local.hour < HOUR or (last is not None and last >= local.date()) or not value(tx, ALONE):
            return False
        day, found = local.date(), lint(tx, at, at + AHEAD, reaches)
    with write() as tx:
        at = now or tx.now  # told when it is known
        if not execute(tx, KEEP, day=day, at=at, findings=Jsonb([_said(one) for one in found])):
            return False
        _tell(tx, day, found, at)
        _drill(tx, day, found, at)
    return True


def _tell(tx: Tx, day: date, found: Sequence[Finding], at: datetime) -> None:
    """The heads of the units concerned and of the centre hear of what the night before did not know."""
    known = value(tx, BEFORE, day=day) or []
    fresh = [one for one in found if _key(_said(one)) not in {_key(row) for row in known}]
    if fresh:
        places = books(tx).roster.by_place
        lines = [line for one in fresh for line in places.get((one.unit, Post.HEAD), ())]
        heads = sorted({login for line in lines for login in line.people})
        execute(tx, TELL, at=at, heads=heads, roles=[role.value for role in sorted(CENTRE_HEADS)])


def _drill(tx: Tx, day: date, found: Sequence[Finding], at: datetime) -> None:
    """Page everybody who is on duty now; a place that has to be filled and is not is put down as nobody's."""
    shifts = [one for one in shifts_between(tx, at, at + AT_ONCE) if one.post is Post.DUTY]
    for shift in shifts:
        execute(tx, PAGE, day=day, unit=shift.unit, post=shift.post.value, login=shift.person, at=at)
    empty = {one.unit for one in found if one.post is Post.DUTY and one.kind is Kind.HOLE and one.since <= at}
    for unit in column(tx, UNITS, units=sorted(empty - {shift.unit for shift in shifts})):
        execute(tx, PAGE, day=day, unit=unit, post=Post.DUTY.value, login="", at=at)


def drill_of(tx: ReadTx, day: date | None = None) -> list[Paged]:
    """The pages of a night's drill, of the last one by default; none before the first."""
    return rows(tx, Paged, DRILL, day=day)


def looked(tx: ReadTx, units: Collection[str] | None = None) -> Looked | None:
    """What the last night found, of these units or of all; None before the first."""
    return one(tx, Looked, LOOKED, units=None if units is None else sorted(units))


def _said(one: Finding) -> dict[str, str]:
    spans = {"since": one.since.isoformat(), "until": one.until.isoformat()}
    return {"kind": one.kind.value, "unit": one.unit, "post": one.post.value, "person": one.person, **spans}


def _key(row: dict[str, str]) -> tuple[str, ...]:
    """What makes a finding the same the next night: a window that moves on moves its ends."""
    return tuple(row[name] for name in ("kind", "unit", "post", "person"))
