"""An independent counter: it walks through time minute by minute and looks at what the wall clock shows.

It shares nothing with the product but the opening hours: no spans, no sums, no search.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from dispatch.clock import Slots, WorkCalendar

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DAYS = 48  # walked before an answer must have come
# Changes of the clocks both ways, China's own summer time of 1986, leap days, New Year, the National Day week.
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
]

Interval = tuple[datetime, datetime]


class Wall:
    """Every minute of seven weeks: does it count as working time, and to which day does it belong?

    A minute counts if the latest wall time shown so far lies in an opening. So an hour shown twice is the first one,
    and while it is repeated the clock stands at its end.
    """

    def __init__(self, zone: ZoneInfo, first: date, openings: dict[date, list[tuple[time, time]]]) -> None:
        self.zone = zone
        self.begin = datetime.combine(first - timedelta(days=1), time(0), UTC)
        self.shown: list[datetime] = []
        self.open: list[bool] = []
        latest = datetime(1, 1, 1)  # noqa: DTZ001 - what a wall shows has no zone
        for number in range((DAYS + 2) * 1440):
            wall = (self.begin + number * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
            seen = wall if wall > latest else latest + MINUTE - SECOND
            latest = max(wall, latest)
            self.shown.append(seen)
            hours = openings.get(seen.date(), ())
            self.open.append(any(a <= seen.time() and (seen.time() < b or b == time(0)) for a, b in hours))

    def count(self, start: datetime, until: datetime, pauses: Sequence[Interval] = (), working: bool = True) -> int:
        """Seconds that count, one by one where a minute is cut."""
        return sum(self._in_minute(n, start, until, pauses, working=working) for n in self._minutes(start, until))

    def walk(self, start: datetime, seconds: int, pauses: Sequence[Interval] = (), working: bool = True) -> datetime:
        """The instant at which `seconds` have counted; for none, the first that would."""
        left = seconds
        for number in self._minutes(start, self.begin + len(self.open) * MINUTE):
            here = self._in_minute(number, start, None, pauses, working=working)
            if here >= max(left, 1):
                return self._second(number, start, left, pauses)
            left -= here
        raise AssertionError("walked off the end of the wall")

    def days_later(self, start: datetime, days: int) -> datetime:
        begin = self.walk(start, 0)
        clock = begin.astimezone(self.zone).time()
        worked = sorted({seen.date() for seen, counts in zip(self.shown, self.open, strict=True) if counts})
        day = worked[worked.index(self.shown[self._index(begin)].date()) + days]
        if not days:
            return begin
        here = [n for n, seen in enumerate(self.shown) if seen.date() == day]
        opens = next(n for n in here if self.open[n])
        closes = next(n for n in reversed(here) if self.open[n]) + 1
        at = next((n for n in here if self.shown[n].time() >= clock.replace(second=0)), here[-1] + 1)
        exact = self.shown[at].time().replace(second=0) == clock.replace(second=0)
        due = self.begin + at * MINUTE + clock.second * SECOND * exact
        return min(max(due, self.begin + opens * MINUTE), self.begin + closes * MINUTE)

    def on_day(self, start: datetime, days: int, clock: time, working: bool) -> datetime:
        """The first minute that shows `clock` or later on the n-th day, or day with an opening, after the one shown."""
        today = self.shown[self._index(start)].date()
        worked = sorted({seen.date() for seen, counts in zip(self.shown, self.open, strict=True) if counts})
        day = [d for d in worked if d > today][days - 1] if working else today + timedelta(days=days)
        wanted = datetime.combine(day, clock)
        return self.begin + next(n for n, seen in enumerate(self.shown) if seen >= wanted) * MINUTE

    def pushed(self, due: datetime, start: datetime, pauses: Sequence[Interval], working: bool = True) -> datetime:
        """`due` by days, later by the time, or working time, of all joined pauses that begin before it."""
        pushed, before = due, None
        while pushed != before:
            before = pushed
            lost = sum(
                self.count(max(a, start), b, working=working) for a, b in _joined(pauses) if a < pushed and b > start
            )
            pushed = self.walk(due, lost, working=working) if lost else due
        return pushed

    def _index(self, at: datetime) -> int:
        return (at - self.begin) // MINUTE

    def _minutes(self, start: datetime, until: datetime) -> range:
        return range(self._index(start), self._index(until) + 1) if until > start else range(0)

    def _in_minute(
        self, number: int, start: datetime, until: datetime | None, pauses: Sequence[Interval], *, working: bool
    ) -> int:
        if number >= len(self.open) or (working and not self.open[number]):
            return 0
        a = self.begin + number * MINUTE
        b = a + MINUTE
        cuts = [start, *([until] if until else []), *(edge for pause in pauses for edge in pause)]
        if not any(a < cut < b for cut in cuts):
            return 60 * _counts(a, start, until, pauses)
        return sum(_counts(a + n * SECOND, start, until, pauses) for n in range(60))

    def _second(self, number: int, start: datetime, left: int, pauses: Sequence[Interval]) -> datetime:
        for n in range(60):
            at = self.begin + number * MINUTE + n * SECOND
            if _counts(at, start, None, pauses):
                if left <= 1:
                    return at + left * SECOND
                left -= 1
        raise AssertionError("not in this minute")


def _counts(at: datetime, start: datetime, until: datetime | None, pauses: Sequence[Interval]) -> bool:
    return start <= at and (until is None or at < until) and not any(a <= at < b for a, b in pauses)


def _joined(pauses: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for a, b in sorted(pauses):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return joined


class Town:
    """A random calendar, made from a number, and the counter beside it."""

    def __init__(self, number: int) -> None:
        draw = Random(number)
        zone, self.first = FIRST_DAYS[number % len(FIRST_DAYS)]
        turn = self.first + timedelta(days=draw.randint(3, 20))
        seasons = (_hours(draw), _hours(draw))
        week = frozenset(draw.sample(range(1, 8), draw.randint(3, 7)))
        near = [self.first + timedelta(days=n) for n in range(-1, 25)]
        exceptions = {day: draw.random() < 0.5 for day in draw.sample(near, 6)}
        day_before = turn - timedelta(days=1)
        eve = self.first - timedelta(days=1)
        slots = (
            Slots((self.first.month, self.first.day), (day_before.month, day_before.day), seasons[0]),
            Slots((turn.month, turn.day), (eve.month, eve.day), seasons[1]),
        )
        openings = {}
        for day in (self.first + timedelta(days=n) for n in range(-5, DAYS + 5)):
            if exceptions.get(day, day.isoweekday() in week):
                openings[day] = list(seasons[0] if self.first <= day < turn else seasons[1])
        self.calendar = WorkCalendar(ZoneInfo(zone), week, slots, exceptions, frozenset())
        self.wall = Wall(ZoneInfo(zone), self.first, openings)


def _hours(draw: Random) -> tuple[tuple[time, time], ...]:
    """One to three openings a day on the quarter hour, night hours and midnight included."""
    marks = sorted(draw.sample(range(97), 2 * draw.randint(1, 3)))
    if draw.random() < 0.6:
        marks = [0, 9, *[mark for mark in marks if mark > 9]]  # open over the hour in which clocks change
        marks = marks[: len(marks) // 2 * 2]
    clocks = [time(mark // 4 % 24, mark % 4 * 15) for mark in marks]
    return tuple(zip(clocks[::2], clocks[1::2], strict=True))
