"""Who was there for danger while a rehearsal lasted: each call against the roster, and what lint and drills foresaw."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import LiteralString

from dispatch.alarms.nightly import HOUR, drill_of, look_ahead
from dispatch.alarms.who import lint
from dispatch.cases.books import books, books_on
from dispatch.cases.on_duty import shifts_between
from dispatch.duty.ladder import Call
from dispatch.duty.lint import Finding
from gis.db import ReadTx, read, rows

__all__ = ["Watch", "drill_nightly", "watch_of"]

FRESH = timedelta(minutes=30)  # danger so young may still be on its way to somebody
DAY = timedelta(days=1)
AT_ONCE = timedelta(microseconds=1)
CALLS: LiteralString = """
    SELECT c.number AS "case", c.reported_at, k.unit_id AS unit, k.at, p.login,
           a.rungs -> k.rung ->> 'call' AS call, k.acknowledged_at
      FROM cases c JOIN report r ON r.id = c.report_id
      LEFT JOIN alarm a ON a.case_id = c.id AND a.ladder = ANY (%(ladders)s)
      LEFT JOIN alarm_call k ON k.alarm_id = a.id LEFT JOIN person p ON p.id = k.person_id
     WHERE c.hazard AND r.position -> 'rehearsal' IS NOT NULL
       AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
     ORDER BY c.id, k.id
"""


@dataclass(slots=True, kw_only=True)
class Watch:
    """What came of it. `answered`: by whom, how often; `in_vain`: who was rung and did not answer; `nobody`: rungs
    that were empty, by unit; `missed`: the cases that nobody on duty answered for; `holes`: what lint finds in the
    roster of that time; `drills`: the nights, units and posts whose drill found nobody."""

    dangers: int = 0
    answered: dict[str, int] = field(default_factory=dict)
    in_vain: dict[str, int] = field(default_factory=dict)
    nobody: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    drills: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rang:
    case: str
    reported_at: datetime
    unit: str | None
    at: datetime | None
    login: str | None
    call: str | None
    acknowledged_at: datetime | None


def drill_nightly(since: datetime, until: datetime) -> None:
    """Look ahead and drill at the hour of every night, as the worker does."""
    with read() as tx:
        zone = books(tx).zone
    night = since.astimezone(zone).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    while night < until:
        if night >= since:
            look_ahead(now=night)
        night += DAY


def watch_of(tx: ReadTx, since: datetime, until: datetime) -> Watch:
    """The danger reported in the period, and who was rung for it. Raises NotFound where the city has no roster."""
    watch = Watch()
    keys = [ladder.key for ladder in books(tx).ladders.all if ladder.hazard]
    answered: dict[str, bool] = {}
    for rang in rows(tx, _Rang, CALLS, ladders=keys, since=since, until=until - FRESH):
        answered[rang.case] = _counts(tx, watch, rang) or answered.get(rang.case, False)
    watch.dangers, watch.missed = len(answered), [case for case, well in answered.items() if not well]
    zone = books_on(tx, until.date()).zone
    watch.holes = [_said(one, zone) for one in lint(tx, since, until, ())]
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        watch.drills += [f"{day} {one.unit} {one.post}" for one in drill_of(tx, day) if one.outcome == "nobody"]
        day += DAY
    return watch


def _counts(tx: ReadTx, watch: Watch, rang: _Rang) -> bool:
    """Count one call; whether somebody on duty answered it."""
    if rang.at is None:
        return False
    if rang.login is None:
        _once_more(watch.nobody, rang.unit or "")
        return False
    if rang.acknowledged_at is None:
        _once_more(watch.in_vain, rang.login)
        return False
    if rang.call == Call.HOLDER.value or not _on_duty(tx, rang.unit, rang.login, rang.at):
        return False
    _once_more(watch.answered, rang.login)
    return True


def _once_more(times: dict[str, int], whom: str) -> None:
    times[whom] = times.get(whom, 0) + 1


def _on_duty(tx: ReadTx, unit: str | None, login: str, at: datetime) -> bool:
    return any(shift.person == login for shift in shifts_between(tx, at, at + AT_ONCE, {unit or ""}))


def _said(one: Finding, zone: object) -> str:
    since, until = (at.astimezone(zone) for at in (one.since, one.until))  # type: ignore[arg-type]
    return f"{one.kind} {one.unit} {one.post} {since:%Y-%m-%dT%H:%M} {until:%Y-%m-%dT%H:%M}"
