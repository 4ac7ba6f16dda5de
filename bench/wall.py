"""An independent counter: every minute of some weeks, what the wall clock shows in it, and whether it counts.

It shares nothing with the product but the opening hours: no spans, no sums of openings, no search through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from random import Random
from zoneinfo import ZoneInfo

import numpy
from numpy.typing import NDArray

from dispatch.clock import Slots, WorkCalendar

__all__ = ["Interval", "OffTheWall", "Town", "Wall", "joined"]

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DAYS = 48  # looked at before an answer must have come
# Changes of the clocks both ways, at midnight and about it, China's own summer time of 1986, leap days, New Year, the
# National Day week.
FIRST_DAYS = [
    ("Asia/Shanghai", date(1986, 5, 2)),
    ("Asia/Shanghai", date(1986, 9, 12)),
    ("Asia/Shanghai", date(2024, 2, 27)),
    ("Asia/Shanghai", date(2026, 9, 29)),
    ("UTC", date(2026, 12, 29)),
    ("America/New_York", date(2026, 3, 6)),
    ("America/New_York", date(2026, 10, 30)),
    ("Australia/Lord_Howe", date(2026, 4, 3)),
    ("Australia/Lord_Howe", date(2026, 10, 2)),
    ("America/St_Johns", date(2010, 11, 4)),  # set back at one minute past midnight: a day that begins twice
    ("America/St_Johns", date(2010, 3, 11)),
    ("America/Sao_Paulo", date(2018, 2, 15)),  # set back at midnight
    ("America/Sao_Paulo", date(2018, 11, 1)),  # a day that begins at one o'clock
]

Interval = tuple[datetime, datetime]
Openings = dict[date, list[tuple[time, time]]]
Seconds = NDArray[numpy.int64]


class OffTheWall(LookupError):
    """The answer lies beyond the weeks looked at."""


class Wall:
    """Every minute of seven weeks: does it count as working time, and to which day does it belong?

    A minute counts if the latest wall time shown so far lies in an opening. So an hour shown twice is the first one,
    and while it is repeated the clock stands at its end.
    """

    def __init__(self, zone: ZoneInfo, first: date, openings: Openings) -> None:
        self.zone = zone
        self.begin, self.shown = _shown(zone, first)
        self.open: Seconds = numpy.array([_is_open(seen, openings) for seen in self.shown], dtype=numpy.int64)
        self.worked = sorted({seen.date() for seen, counts in zip(self.shown, self.open, strict=True) if counts})

    def count(self, start: datetime, until: datetime, pauses: Sequence[Interval] = (), working: bool = True) -> int:
        """Seconds that count."""
        return int(self._counting(start, until, pauses, working=working).sum()) if until > start else 0

    def walk(self, start: datetime, seconds: int, pauses: Sequence[Interval] = (), working: bool = True) -> datetime:
        """The instant at which `seconds` have counted; for none, the first that would. Raises OffTheWall."""
        first = self._index(start)
        passed = numpy.cumsum(self._counting(start, None, pauses, working=working))
        here = int(numpy.searchsorted(passed, max(seconds, 1)))
        if here == len(passed):
            raise OffTheWall(start)
        at, left = self.begin + (first + here) * MINUTE, seconds - (int(passed[here - 1]) if here else 0)
        for second in (at + n * SECOND for n in range(60)):
            if start <= second and not any(a <= second < b for a, b in pauses):
                if left <= 1:
                    return second + left * SECOND
                left -= 1
        raise AssertionError("not in this minute")

    def days_later(self, start: datetime, days: int) -> datetime:
        """The same clock time so many days with an opening later, bound by the day's openings."""
        begin = self.walk(start, 0)
        if not days:
            return begin
        clock = begin.astimezone(self.zone).time()
        today = self.worked.index(self.shown[self._index(begin)].date())
        day = _nth(self.worked, today + days)
        here = range(self._first(datetime.combine(day, time(0))), self._first(datetime.combine(day, time.max)))
        opens = next(n for n in here if self.open[n])
        closes = next(n for n in reversed(here) if self.open[n]) + 1
        at = next((n for n in here if self.shown[n].time() >= clock.replace(second=0)), here[-1] + 1)
        exact = self.shown[at].time().replace(second=0) == clock.replace(second=0)
        due = self.begin + at * MINUTE + clock.second * SECOND * exact
        return min(max(due, self.begin + opens * MINUTE), self.begin + closes * MINUTE)

    def on_day(self, start: datetime, days: int, clock: time, working: bool) -> datetime:
        """The first minute that shows `clock` or later on the n-th day, or day with an opening, after the one shown."""
        today = self.shown[self._index(start)].date()
        day = today + timedelta(days=days)
        if working:
            day = _nth([other for other in self.worked if other > today], days - 1)
        return self.begin + self._first(datetime.combine(day, clock)) * MINUTE

    def pushed(self, due: datetime, start: datetime, pauses: Sequence[Interval], working: bool = True) -> datetime:
        """`due` by days, later by the time, or working time, of all joined pauses that begin before it."""
        pushed, before = due, None
        while pushed != before:
            before = pushed
            lost = sum(
                self.count(max(a, start), b, working=working) for a, b in joined(pauses) if a < pushed and b > start
            )
            pushed = self.walk(due, lost, working=working) if lost else due
        return pushed

    def _index(self, at: datetime) -> int:
        return (at - self.begin) // MINUTE

    def _first(self, wanted: datetime) -> int:
        """The first minute that shows this time or a later one."""
        low, high = 0, len(self.shown)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.shown[middle] >= wanted else (middle + 1, high)
        if low == len(self.shown):
            raise OffTheWall(wanted)
        return low

    def _counting(
        self, start: datetime, until: datetime | None, pauses: Sequence[Interval], *, working: bool
    ) -> Seconds:
        """Seconds of each minute, from that of `start` on, that count."""
        first, last = self._index(start), len(self.open) if until is None else self._index(until) + 1
        if last > len(self.open):
            raise OffTheWall(until)
        edges = 60 * numpy.arange(first, last + 1, dtype=numpy.int64)

        def within(a: datetime, b: datetime | None) -> Seconds:
            """Seconds of each minute between two instants."""
            low = (a - self.begin) // SECOND
            high = edges[-1] if b is None else (b - self.begin) // SECOND
            inside = numpy.clip(edges, low, max(low, high))
            return inside[1:] - inside[:-1]

        found = within(start, until)
        for a, b in joined(pauses):
            end = b if until is None else min(b, until)
            if end > max(a, start):
                found = found - within(max(a, start), end)
        return found * self.open[first:last] if working else found


@cache
def _shown(zone: ZoneInfo, first: date) -> tuple[datetime, list[datetime]]:
    """The first minute, and what the wall has shown latest in it and in each that follows."""
    begin = datetime.combine(first - timedelta(days=1), time(0), UTC)
    shown: list[datetime] = []
    latest = datetime(1, 1, 1)  # noqa: DTZ001 - what a wall shows has no zone
    for number in range((DAYS + 2) * 1440):
        wall = (begin + number * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
        shown.append(wall if wall > latest else latest + MINUTE - SECOND)
        latest = max(wall, latest)
    return begin, shown


def _is_open(seen: datetime, openings: Openings) -> bool:
    return any(a <= seen.time() and (seen.time() < b or b == time(0)) for a, b in openings.get(seen.date(), ()))


def _nth(days: Sequence[date], place: int) -> date:
    if place >= len(days):
        raise OffTheWall(place)
    return days[place]


def joined(pauses: Sequence[Interval]) -> list[Interval]:
    """The pauses in order, those that touch or overlap as one."""
    found: list[Interval] = []
    for a, b in sorted(pauses):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


class Town:
    """A random calendar made from a number, and the counter beside it; and both again after a decree."""

    def __init__(self, number: int) -> None:
        draw = Random(number)  # noqa: S311 (no secret)
        zone, self.first = FIRST_DAYS[number % len(FIRST_DAYS)]
        self.zone = ZoneInfo(zone)
        self._turn = self.first + timedelta(days=draw.randint(3, 20))
        self._seasons = (_hours(draw), _hours(draw))
        self._week = frozenset(draw.sample(range(1, 8), draw.randint(3, 7)))
        near = [self.first + timedelta(days=n) for n in range(-1, 25)]
        exceptions = {day: draw.random() < 0.5 for day in draw.sample(near, 6)}
        self.calendar, self.wall = self._by(exceptions)
        self._decreed = exceptions | {day: draw.random() < 0.5 for day in draw.sample(near, 4)}

    @cached_property
    def decreed(self) -> tuple[WorkCalendar, Wall]:
        """Some days more are off, or worked."""
        return self._by(self._decreed)

    def _by(self, exceptions: dict[date, bool]) -> tuple[WorkCalendar, Wall]:
        first, turn = self.first, self._turn
        before, eve = turn - timedelta(days=1), first - timedelta(days=1)
        slots = (
            Slots((first.month, first.day), (before.month, before.day), self._seasons[0]),
            Slots((turn.month, turn.day), (eve.month, eve.day), self._seasons[1]),
        )
        openings = {
            day: list(self._seasons[0] if first <= day < turn else self._seasons[1])
            for day in (first + timedelta(days=n) for n in range(-5, DAYS + 5))
            if exceptions.get(day, day.isoweekday() in self._week)
        }
        calendar = WorkCalendar(self.zone, self._week, slots, exceptions, frozenset())
        return calendar, Wall(self.zone, first, openings)


def _hours(draw: Random) -> tuple[tuple[time, time], ...]:
    """One to three openings a day on the quarter hour, night hours and midnight included."""
    marks = sorted(draw.sample(range(97), 2 * draw.randint(1, 3)))
    if draw.random() < 0.6:
        marks = [0, 9, *[mark for mark in marks if mark > 9]]  # open over the hour in which clocks change
        marks = marks[: len(marks) // 2 * 2]
    clocks = [time(mark // 4 % 24, mark % 4 * 15) for mark in marks]
    return tuple(zip(clocks[::2], clocks[1::2], strict=True))
