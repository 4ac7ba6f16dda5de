"""Pure arithmetic of limits: start + limit + calendar → due; pauses, extensions; time used and left.

All instants are aware and a fraction of a second is dropped: the clock of a case ticks in whole seconds.
Results are UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import floor
from typing import NamedTuple

from dispatch.clock.calendar import BEYOND, WorkCalendar

__all__ = [
    "Limit",
    "Pause",
    "Rule",
    "TimeClass",
    "counted",
    "due_at",
    "fraction_at",
    "left",
    "time_class_of",
    "used",
]

NEVER = 1 << 62  # end of a pause that is still open


class Rule(StrEnum):
    """How a limit is counted. The names of time classes are the city's; these are the rules behind them."""

    WORK_HOUR = "work_hour"  # inside opening hours only
    WORK_DAY = "work_day"  # 8 working hours, whatever the opening hours
    WORK_DAY_CLOCK = "work_day_clock"  # so many working days later at the same clock time
    WORK_DAY_AT = "work_day_at"  # at a time of day on the n-th working day after the day of the start
    DAY_AT = "day_at"  # the same on the n-th day, whatever day it is: the day after tomorrow at noon
    URGENT_MINUTE = "urgent_minute"  # 24-hour clock, all days
    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"  # 24 hours, all days

    @property
    def working(self) -> bool:
        """Whether only opening hours count."""
        return self in _WORKING

    @property
    def timed(self) -> bool:
        """Whether its limits end at a time of day, which the time class names."""
        return self in _TIMED


_WORKING = frozenset({Rule.WORK_HOUR, Rule.WORK_DAY, Rule.WORK_DAY_CLOCK, Rule.WORK_DAY_AT})
_TIMED = frozenset({Rule.WORK_DAY_AT, Rule.DAY_AT})
_SECONDS = {
    Rule.WORK_HOUR: Decimal(3600),
    Rule.WORK_DAY: Decimal(8 * 3600),
    Rule.URGENT_MINUTE: Decimal(60),
    Rule.URGENT_HOUR: Decimal(3600),
    Rule.URGENT_DAY: Decimal(86_400),
}


class TimeClass(NamedTuple):
    """A rule and, where it is a timed one, the time of day. As text (`day_at@12:00`) it is kept with every clock."""

    rule: Rule
    at: time | None = None

    def __str__(self) -> str:
        return self.rule.value if self.at is None else f"{self.rule.value}@{self.at:%H:%M}"

    def takes(self, value: Decimal) -> bool:
        """Whether a limit may be `value` of it: fractions too, but of a timed rule only whole days from tomorrow on."""
        return value.is_finite() and (value >= 1 and value == int(value) if self.rule.timed else value >= 0)


def time_class_of(text: str) -> TimeClass:
    """Read back the text of a time class. Raises ValueError."""
    rule, _, at = text.partition("@")
    return TimeClass(Rule(rule), time.fromisoformat(at) if at else None)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units of a rule, `at` a time of day where it is a timed one.

    Raises ValueError if it is negative, no number, or a number that the rule does not take.
    """

    value: Decimal
    rule: Rule
    at: time | None = None

    def __post_init__(self) -> None:
        if not self.time_class.takes(self.value):
            raise ValueError(f"a limit of {self.value} is not a limit")
        if (self.at is not None) is not self.rule.timed:
            raise ValueError(f"{self.rule} {'wants a' if self.rule.timed else 'has no'} time of day")

    @property
    def time_class(self) -> TimeClass:
        """What it is counted in."""
        return TimeClass(self.rule, self.at)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock rests. `end` None: it rests still."""

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"the pause from {self.start} ends before it begins")


@dataclass(frozen=True, slots=True)
class _Leg:
    """Part of a limit that is counted in one way: seconds of working or of any time, or days, to the same clock time
    or `at` a time of day."""

    working: bool
    seconds: int
    days: Decimal | None = None
    at: time | None = None

    def like(self, other: "_Leg") -> bool:
        return (self.working, self.days is None, self.at) == (other.working, other.days is None, other.at)


def due_at(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    pauses: Sequence[Pause] = (),
    extra: Sequence[Limit] = (),
) -> datetime | None:
    """When the limit, with what extensions added to it, is used up. None while a pause is open: no due time runs.

    A start outside the opening hours counts from the next opening; a limit that ends with a slot is due at its end.
    A pause pushes the due time by the time it took out of the count; of a limit by days, by the time paused, working
    time where the days are. A pause that begins at the due time or later moves nothing, an open one included.
    Raises ValueError if the calendar never works again.
    """
    at = _seconds(start)
    rests = _rests(pauses)
    for leg in _legs(limit, extra):
        due = _push(_reach(calendar, leg, at), at, leg.working, calendar=calendar, rests=rests)
        if due is None:
            return None
        at = due
    return _utc(at)


def fraction_at(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    part: Decimal,
    pauses: Sequence[Pause] = (),
    extra: Sequence[Limit] = (),
) -> datetime | None:
    """When `part` (0.8 = 80 %) of the limit and its extensions is used; above 1 it counts on. None if a pause is open.

    Of a limit by days the time between start and due time is taken, working time where the days are.
    """
    rests = _rests(pauses)
    course = list(_course(_seconds(start), _legs(limit, extra), calendar, rests))
    wanted = _whole(part * sum(amount for _, _, amount in course))
    for begin, leg, amount in course[:-1]:
        if wanted <= amount:
            return _instant(begin, leg, wanted, calendar=calendar, rests=rests)
        wanted -= amount
    begin, leg, amount = course[-1]
    if leg.days is not None and wanted == amount and begin is not None:
        return _after(begin, leg, _reach(calendar, leg, begin), calendar=calendar, rests=rests)
    return _instant(begin, leg, wanted, calendar=calendar, rests=rests)


def counted(limit: Limit) -> int:
    """Seconds of the limit, halves up; nothing of a limit by days."""
    return _leg(limit).seconds


def used(
    start: datetime,
    until: datetime,
    rule: Rule,
    calendar: WorkCalendar,
    pauses: Sequence[Pause] = (),
) -> timedelta:
    """Time counted between `start` and `until`, pauses left out; nothing if `until` is not later.

    Working time for the working rules, time of the 24-hour clock for the others.
    """
    seconds = _count(
        _seconds(start),
        _seconds(until),
        rule.working,
        calendar=calendar,
        rests=_rests(pauses),
    )
    return timedelta(seconds=seconds)


def left(
    start: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    at: datetime,
    pauses: Sequence[Pause] = (),
    extra: Sequence[Limit] = (),
) -> timedelta:
    """Time of the limit and its extensions that is left at `at`, counted as the limit counts; below zero when overdue.

    It stands still in a pause.
    """
    rests = _rests(pauses)
    course = list(_course(_seconds(start), _legs(limit, extra), calendar, rests))
    now = _seconds(at)
    rest = 0
    for number, (begin, leg, amount) in enumerate(course):
        gone = 0 if begin is None else _count(begin, now, leg.working, calendar=calendar, rests=rests)
        rest += amount - (gone if number == len(course) - 1 else min(gone, amount))
    return timedelta(seconds=rest)


def _seconds(at: datetime) -> int:
    if at.utcoffset() is None:
        raise ValueError(f"{at} has no time zone")
    return floor(at.timestamp())


def _utc(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as fault:
        raise ValueError(BEYOND) from fault


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _leg(limit: Limit) -> _Leg:
    if limit.rule not in _SECONDS:
        return _Leg(limit.rule.working, 0, limit.value, limit.at)
    return _Leg(limit.rule.working, _whole(limit.value * _SECONDS[limit.rule]))


def _legs(limit: Limit, extra: Sequence[Limit]) -> list[_Leg]:
    """The limit and its extensions, those counted alike made one: two extensions of a day are two days."""
    if not extra:
        return [_leg(limit)]
    legs: list[_Leg] = []
    for leg in map(_leg, (limit, *extra)):
        for number, earlier in enumerate(legs):
            if earlier.like(leg):
                days = None if earlier.days is None or leg.days is None else earlier.days + leg.days
                legs[number] = _Leg(leg.working, earlier.seconds + leg.seconds, days, leg.at)
                break
        else:
            legs.append(leg)
    return legs


def _rests(pauses: Sequence[Pause]) -> list[tuple[int, int]]:
    """The pauses in order, those that touch or overlap joined."""
    rests: list[tuple[int, int]] = []
    for start, end in sorted((_seconds(p.start), NEVER if p.end is None else _seconds(p.end)) for p in pauses):
        if rests and start <= rests[-1][1]:
            rests[-1] = (rests[-1][0], max(end, rests[-1][1]))
        else:
            rests.append((start, end))
    return rests


def _reach(calendar: WorkCalendar, leg: _Leg, at: int) -> int:
    """Where the leg ends if nothing pauses it."""
    if leg.days is not None and leg.at is not None:
        return calendar.on_day(at, int(leg.days), leg.at, working=leg.working)
    if leg.days is not None:
        return _days_later(calendar, leg.days, at)
    if not leg.working:
        return at + leg.seconds
    return calendar.advance(at, leg.seconds) if leg.seconds else calendar.opening(at)


def _days_later(calendar: WorkCalendar, days: Decimal, at: int) -> int:
    """Part of a day is that part of the working time between the same clock time of two days."""
    whole = int(days)
    due = calendar.days_later(at, whole)
    if part := days - whole:
        due = calendar.advance(due, _whole(part * calendar.count(due, calendar.days_later(at, whole + 1))))
    return due


def _push(
    due: int,
    start: int,
    working: bool,
    *,
    calendar: WorkCalendar,
    rests: list[tuple[int, int]],
) -> int | None:
    """The due time after what the pauses between `start` and it take out of the count; None if one is open."""
    for begin, end in rests:
        if begin >= due:
            break
        if end == NEVER:
            return None
        begin = max(begin, start)
        if end > begin:
            due = calendar.advance(due, calendar.count(begin, end)) if working else due + end - begin
    return due


def _count(
    start: int,
    until: int,
    working: bool,
    *,
    calendar: WorkCalendar,
    rests: list[tuple[int, int]],
) -> int:
    if until <= start:
        return 0
    total = calendar.count(start, until) if working else until - start
    for begin, end in rests:
        begin, end = max(begin, start), min(end, until)
        if end > begin:
            total -= calendar.count(begin, end) if working else end - begin
    return total


def _course(
    start: int, legs: list[_Leg], calendar: WorkCalendar, rests: list[tuple[int, int]]
) -> Iterator[tuple[int | None, _Leg, int]]:
    """Each leg with its beginning and its length in counted seconds; no beginning after a pause that is still open."""
    at: int | None = start
    for leg in legs:
        # Behind an open pause a leg's length is taken as if it began at the start: the nearest thing known.
        begin = start if at is None else at
        reach = _reach(calendar, leg, begin)
        yield at, leg, _count(begin, reach, leg.working, calendar=calendar, rests=[])
        at = None if at is None else _push(reach, at, leg.working, calendar=calendar, rests=rests)


def _instant(
    begin: int | None,
    leg: _Leg,
    seconds: int,
    *,
    calendar: WorkCalendar,
    rests: list[tuple[int, int]],
) -> datetime | None:
    """When `seconds` of the leg are counted."""
    if begin is None:
        return None
    return _after(
        begin,
        leg,
        _reach(calendar, _Leg(leg.working, seconds), begin),
        calendar=calendar,
        rests=rests,
    )


def _after(
    begin: int,
    leg: _Leg,
    reach: int,
    *,
    calendar: WorkCalendar,
    rests: list[tuple[int, int]],
) -> datetime | None:
    due = _push(reach, begin, leg.working, calendar=calendar, rests=rests)
    return None if due is None else _utc(due)
