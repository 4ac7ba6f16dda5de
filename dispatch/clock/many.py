"""Due times of many cases at once, equal to `limits.due_at` to the second: one search through the calendar's sums each.

Instants are whole seconds since 1970 UTC, as arrays of int64.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import numpy
from numpy.typing import NDArray

from dispatch.clock.calendar import DAY, Openings, WorkCalendar
from dispatch.clock.limits import Limit, Rule, counted, due_at

__all__ = ["due_times"]

Seconds = NDArray[numpy.int64]


def due_times(starts: Seconds, limit: Limit, calendar: WorkCalendar) -> Seconds:
    """When one limit is used up, from each of `starts`, without pauses.

    Raises ValueError if the calendar never works again.
    """
    if not starts.size:
        return starts
    if limit.rule is Rule.WORK_DAY_CLOCK:
        return _by_clock(starts, limit, calendar)
    if limit.at is not None:
        return _on_days(starts, int(limit.value), limit.at, working=limit.rule.working, calendar=calendar)
    if not limit.rule.working:
        return starts + counted(limit)
    seconds = counted(limit)
    table = _Sums(calendar.openings(int(starts.min()), int(starts.max()), seconds=seconds))
    return table.advance(starts, seconds) if seconds else table.opening(starts)[0]


class _Sums:
    """The openings as arrays."""

    def __init__(self, found: Openings) -> None:
        self.starts, self.ends, self.before, self.after, self.days, self.opening_of, self.day_of = (
            numpy.asarray(column, dtype=numpy.int64)
            for column in (
                found.starts,
                found.ends,
                found.before,
                found.after,
                found.days,
                found.opening_of,
                found.day_of,
            )
        )

    def advance(self, at: Seconds, seconds: int) -> Seconds:
        """As `WorkCalendar.advance`."""
        i = numpy.searchsorted(self.starts, at) - 1
        worked = numpy.minimum(self.before[i] + at - self.starts[i], self.after[i])
        target = numpy.where(i < 0, 0, worked) + seconds
        j = numpy.searchsorted(self.after, target)
        due: Seconds = self.starts[j] + target - self.before[j]
        return due

    def opening(self, at: Seconds) -> tuple[Seconds, Seconds]:
        """As `WorkCalendar.opening`, with the number of the opening."""
        i = numpy.searchsorted(self.ends, at, side="right")
        return numpy.maximum(at, self.starts[i]), i


def _by_clock(starts: Seconds, limit: Limit, calendar: WorkCalendar) -> Seconds:
    """The same clock time so many working days later; where clocks are set on either day, one by one."""
    whole = int(limit.value)
    if whole != limit.value:
        return _one_by_one(starts, limit, calendar)
    found = calendar.openings(int(starts.min()), int(starts.max()), days=whole)
    table = _Sums(found)
    begin, i = table.opening(starts)
    if not whole:
        return begin
    here, there = table.day_of[i], table.day_of[i] + whole
    midnights, plain = _midnights(found, calendar)
    opens = table.starts[table.opening_of[there]]
    closes = table.ends[table.opening_of[there + 1] - 1]
    due: Seconds = numpy.minimum(numpy.maximum(midnights[there] + begin - midnights[here], opens), closes)
    odd = ~(plain[here] & plain[there])
    due[odd] = _one_by_one(starts[odd], limit, calendar)
    return due


def _midnights(found: Openings, calendar: WorkCalendar) -> tuple[Seconds, NDArray[numpy.bool_]]:
    """When each day of work begins, and whether it has 24 hours."""
    pairs = [calendar.midnights(day) for day in found.days]
    begins = numpy.array([begin for begin, _ in pairs], dtype=numpy.int64)
    return begins, numpy.array([end - begin == DAY for begin, end in pairs])


def _on_days(starts: Seconds, days: int, clock: time, *, working: bool, calendar: WorkCalendar) -> Seconds:
    """As `WorkCalendar.on_day`: each day is looked up once."""
    earliest, latest = int(starts.min()), int(starts.max())
    first = calendar.day_of(earliest)
    begins = [calendar.midnights(day)[0] for day in range(first, calendar.day_of(latest) + 1)]
    begun = first + numpy.searchsorted(numpy.array(begins), starts, side="right") - 1
    wanted = begun + days
    if working:
        worked = numpy.array(calendar.openings(earliest, latest, days=days).days)
        wanted = worked[numpy.searchsorted(worked, begun, side="right") + days - 1]
    ends, place = numpy.unique(wanted, return_inverse=True)
    due: Seconds = numpy.array([calendar.instant(date.fromordinal(int(day)), clock) for day in ends])[place]
    return due


def _one_by_one(starts: Seconds, limit: Limit, calendar: WorkCalendar) -> Seconds:
    found = (due_at(datetime.fromtimestamp(int(at), UTC), limit, calendar) for at in starts)
    return numpy.array([int(due.timestamp()) for due in found if due is not None], dtype=numpy.int64)
