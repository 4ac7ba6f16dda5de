"""Ring what is due: rung by rung, each once with any number of workers; an empty rung is skipped at once.

Whoever is on duty when it rings is rung. A rung waits from when the one before rang, so that a worker that comes back
after hours calls one after the other, not all at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from dispatch.cases.books import Books, books
from dispatch.cases.clocks import Clock, clock_of
from dispatch.cases.on_duty import people_on_duty
from dispatch.clock.limits import fraction_at
from dispatch.duty.ladder import DANGER, Call, Rung, rungs_of
from dispatch.duty.roster import Post
from dispatch.failpoints import failpoint
from dispatch.lifecycle.states import ClockKind
from dispatch.parked import Kind, forgive, park
from gis.db import TAKEOVER, ReadTx, Tx, column, execute, gone, one, value, write

__all__ = ["ring_case", "ring_due"]

OF_THE_UNIT = frozenset({ClockKind.SIGN, ClockKind.DISPOSE, ClockKind.ASSIST, ClockKind.CORDON, ClockKind.SUPERVISE})
OF_THE_INSPECTOR = frozenset({ClockKind.VERIFY, ClockKind.CHECK})
POSTS = {Call.DUTY: Post.DUTY, Call.HEAD: Post.HEAD, Call.CENTRE: Post.DUTY, Call.LEADER: Post.LEADER}

# The case goes with it: whoever acts on it locks it first, then its alarms. SKIP LOCKED: they may silence this one.
CLAIM: LiteralString = """
    SELECT a.id, a.case_id, a.clock, a.event, a.rungs, a.rung, a.next_at, a.ladder, c.clocks, c.unit_id, c.route_unit,
           c.hazard, c.inspector_id
      FROM alarm a JOIN cases c ON c.id = a.case_id
     WHERE a.next_at <= coalesce(%(now)s, (SELECT coalesce(simulated_now, clock_timestamp()) FROM city))
       AND NOT EXISTS (SELECT FROM parked p
                        WHERE p.kind = 'alarm' AND p.key = a.id::text
                          AND clock_timestamp() BETWEEN p.last_at AND p.again_at)
     ORDER BY a.next_at LIMIT 1 FOR UPDATE OF a, c SKIP LOCKED
"""
OF_CASE: LiteralString = CLAIM.replace(" WHERE a.next_at", " WHERE a.case_id = %(case)s AND a.next_at")
CALL: LiteralString = """
    WITH told AS (
      INSERT INTO outbox (case_id, kind, person_id, created_at, urgent)
      SELECT %(case)s, %(kind)s, %(person)s, %(at)s, %(urgent)s WHERE %(person)s::bigint IS NOT NULL RETURNING id)
    INSERT INTO alarm_call (alarm_id, rung, unit_id, person_id, outbox_id, at, token)
    VALUES (%(alarm)s, %(rung)s, %(unit)s, %(person)s, (SELECT id FROM told), %(at)s, %(token)s)
"""
GO_ON: LiteralString = "UPDATE alarm SET rung = %(rung)s, next_at = %(next)s WHERE id = %(id)s"
END: LiteralString = """
    UPDATE alarm SET rung = %(rung)s, next_at = NULL, ended_at = %(at)s, outcome = 'over' WHERE id = %(id)s
"""
HOLDERS: LiteralString = """
    SELECT id FROM person
     WHERE NOT disabled AND CASE WHEN %(inspector)s::bigint IS NULL THEN unit_id = %(unit)s ELSE id = %(inspector)s END
     ORDER BY id
"""
HOME: LiteralString = "SELECT unit_id FROM person WHERE id = %(id)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    id: int
    case_id: int
    clock: str
    event: str
    rungs: list[dict[str, Any]]
    rung: int
    next_at: datetime
    ladder: str
    clocks: dict[str, Any]
    unit_id: str | None
    route_unit: str | None
    hazard: bool
    inspector_id: int | None


def ring_due(*, now: datetime | None = None, limit: int = 200) -> int:
    """Ring at most `limit` alarms that are due, each in a transaction of its own; how many people were rung.

    One that cannot be rung is put aside (`dispatch.parked`), and stops no other. Raises Unavailable: the database is
    gone, and no alarm is to blame.
    """
    rung = 0
    for _ in range(limit):
        in_hand: list[int] = []
        try:
            count = _ring_next(now, in_hand)
        except Exception as error:  # it concerns the alarm in hand; the others go on
            if gone(error) or not in_hand:
                raise
            park(Kind.ALARM, dict.fromkeys(in_hand, error))
            continue
        if count is None:
            break
        rung += count
    return rung


def _ring_next(now: datetime | None, in_hand: list[int]) -> int | None:
    with write(patience=TAKEOVER) as tx:
        alarm = one(tx, _Alarm, CLAIM, now=now)
        if alarm is None:
            return None
        in_hand.append(alarm.id)
        failpoint("between-claim-and-ring")
        count = _ring(tx, books(tx), alarm, now or tx.now)
        forgive(tx, Kind.ALARM, in_hand)
    failpoint("after-ring")
    return count


def ring_case(tx: Tx, case_id: int, *, now: datetime) -> int:
    """Ring what is due of one case in the caller's transaction, at the caller's instant: for a rehearsal's clock."""
    count = 0
    while alarm := one(tx, _Alarm, OF_CASE, now=now, case=case_id):
        count += _ring(tx, books(tx), alarm, now)
    return count


def _ring(tx: Tx, city: Books, alarm: _Alarm, now: datetime) -> int:
    """Ring from the rung that is due to the first that has to wait; how many people were rung."""
    clock = clock_of(alarm.clock, alarm.clocks[alarm.clock])
    rungs, number, due, count = rungs_of(alarm.rungs), alarm.rung, alarm.next_at, 0
    while number < len(rungs):
        rung = rungs[number]
        if rung.at is not None:
            due = _multiple(city, clock, rung)
        if due > now:
            execute(tx, GO_ON, id=alarm.id, rung=number, next=due)
            return count
        unit = _unit(tx, city, alarm, clock, rung.call)
        people = _people(tx, rung.call, unit, alarm, now)
        for person in people:
            _call(tx, alarm, number, unit=unit, person=person, now=now, on_duty=rung.call is not Call.HOLDER)
        if not people:
            _call(tx, alarm, number, unit=unit, person=None, now=now, on_duty=True)
        count, number = count + len(people), number + 1
        if people and number < len(rungs):  # nobody is waited for where nobody was rung
            due = now + timedelta(minutes=rungs[number].wait or 0)
    execute(tx, END, id=alarm.id, rung=number, at=now)
    return count


def _multiple(city: Books, clock: Clock, rung: Rung) -> datetime:
    at = fraction_at(clock.start, clock.limit, city.calendar, rung.at or Decimal(1), clock.pauses, clock.extra)
    if at is None:
        raise ValueError(f"clock {clock.key} rests, and its alarm rings")
    return at


def _unit(tx: ReadTx, city: Books, alarm: _Alarm, clock: Clock, call: Call) -> str | None:
    """Whose people the rung rings: the clock's unit, the inspector's, the unit a dangerous case is sure to go to, or
    the centre."""
    centre = city.roster.centre
    if call in (Call.CENTRE, Call.LEADER):
        return centre
    if clock.kind in OF_THE_UNIT:
        return clock.unit or alarm.unit_id
    if clock.kind in OF_THE_INSPECTOR and alarm.inspector_id is not None and alarm.event != DANGER:
        home: str | None = value(tx, HOME, id=alarm.inspector_id)
        return home
    return (alarm.unit_id or alarm.route_unit if alarm.hazard else None) or centre


def _people(tx: ReadTx, call: Call, unit: str | None, alarm: _Alarm, now: datetime) -> list[int]:
    """Who is to be rung: open accounts only."""
    if call is Call.HOLDER:
        return column(tx, HOLDERS, unit=unit, inspector=alarm.inspector_id)
    return [] if unit is None else people_on_duty(tx, unit, POSTS[call], now)


def _call(
    tx: Tx, alarm: _Alarm, rung: int, *, unit: str | None, person: int | None, now: datetime, on_duty: bool
) -> None:
    """One person told, or nobody. Whoever is on duty is told at once; others at night only of what is dangerous."""
    execute(
        tx,
        CALL,
        alarm=alarm.id,
        case=alarm.case_id,
        kind=f"alarm:{alarm.ladder}",
        rung=rung,
        unit=unit,
        person=person,
        at=now,
        urgent=on_duty or alarm.hazard,
        token=None if person is None else secrets.token_urlsafe(16),
    )
