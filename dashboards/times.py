"""Instants and spans in words: the time left in the clock's own counting, and the instant it ends, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from dashboards.words import Words
from dispatch.cases.clocks import Clock, clock_of
from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.limits import left, used

__all__ = ["Left", "left_of", "span", "time_left", "when"]

Urgency = Literal["calm", "watch", "soon", "late", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """`words`: what is left or over; `used`: what is gone, counted alike; `due`: the instant, in words; `part`: share
    of the limit used, from 0. `unconfirmed`: the year of the due time has no official calendar yet.
    """

    urgency: Urgency
    words: str
    used: str = ""
    due: str = ""
    working: bool = False
    part: float = 0.0
    instant: datetime | None = None
    unconfirmed: bool = False


def time_left(clock: Clock, now: datetime, calendar: WorkCalendar, t: Words) -> Left:
    """Where a clock stands at `now`. Soon: its warning is due; watch: half of it is gone."""
    if clock.resting or clock.due is None:
        gone = used(clock.start, now, clock.limit.rule, calendar, clock.pauses)
        said = span(gone, t, whole_days=not clock.limit.rule.working)
        return Left(urgency="none", words=t("time.resting"), used=t("time.used", span=said))
    rest, whole = (
        left(clock.start, clock.limit, calendar, at=at, pauses=clock.pauses, extra=clock.extra)
        for at in (now, clock.start)
    )
    over = now > clock.due
    # A due time is a second of the wall clock; counted work is whole seconds too, so both agree on the sign.
    length = _over(clock, now, rest) if over else rest
    said = span(length, t, whole_days=not clock.limit.rule.working)
    part = 1 - rest / whole if whole else 1.0
    urgency: Urgency = "late" if over else "soon" if clock.warn and now >= clock.warn else "calm"
    if urgency == "calm" and part >= 0.5:
        urgency = "watch"
    return Left(
        urgency=urgency,
        words=t("time.over" if over else "time.left", span=said),
        used=t("time.used", span=span(whole - rest, t, whole_days=not clock.limit.rule.working)),
        due=t("time.was_due" if over else "time.due", at=when(clock.due, now, calendar, t)),
        working=clock.limit.rule.working,
        part=part,
        instant=clock.due,
        unconfirmed=clock.limit.rule.working and not calendar.confirmed(clock.due.astimezone(calendar.zone).year),
    )


def _over(clock: Clock, now: datetime, rest: timedelta) -> timedelta:
    """Working time overdue; the plain span while no working time has passed since."""
    return -rest if rest < timedelta(0) else now - (clock.due or now)


def left_of(clocks: Mapping[str, Any], kind: str | None) -> Clock | None:
    """The clock of a kind among those a case row keeps."""
    document = clocks.get(kind) if kind else None
    return None if kind is None or document is None else clock_of(kind, document)


def span(length: timedelta, t: Words, *, whole_days: bool = True) -> str:
    """A span in at most two units: 40 min, 3 h 20 min, 2 d 4 h. Working time has no days of 24 hours: 40 h."""
    minutes = int(length.total_seconds()) // 60
    days = minutes // 1440 if whole_days else 0
    hours, rest = minutes // 60 - 24 * days, minutes % 60
    if days:
        parts = [("day", days), ("hour", hours)]
    elif hours:
        parts = [("hour", hours), ("minute", rest)]
    else:
        parts = [("minute", rest)]
    return " ".join(t(f"time.{unit}", n=n) for unit, n in parts if n) or t("time.less")


def when(at: datetime, now: datetime, calendar: WorkCalendar, t: Words) -> str:
    """An instant as people of the city say it: today 16:40, Wed 11-25 14:23, 2025-11-25 14:23."""
    here, today = at.astimezone(calendar.zone), now.astimezone(calendar.zone).date()
    clock, days = here.strftime("%H:%M"), (here.date() - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if near:
        return f"{t(f'time.{near}')} {clock}"
    if here.year != today.year:
        return f"{here:%Y-%m-%d} {clock}"
    return f"{t('time.weekdays').split()[here.weekday()]} {here:%m-%d} {clock}"
