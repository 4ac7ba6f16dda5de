"""Working days and opening hours of one city, and what every limit asks of them: how much, and until when."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["Openings", "Slots", "WorkCalendar", "refuse_shared_days"]

EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY = 86_400
MARGIN = 2 * DAY  # no zone is farther than this from UTC, so a table's outermost days are never asked
FIRST_STRETCH = 430  # days built at once: a year and the longest holiday
BARREN = 5 * 366  # days without any working time after which a limit is called endless
LONGEST = 200 * 366  # days one calendar answers for; whoever asks for more has mistyped a limit
BEYOND = "the limit ends beyond the years a calendar can hold"
END_OF_DAY = time(0)
LEAP_YEAR = 2000
ALL_DAYS = 8 * 366  # so many days in a row hold every day of a year, 29 February too


@dataclass(frozen=True, slots=True)
class Slots:
    """Opening hours of a season, both days included; a season may run over New Year.

    `from_day`, `to_day`: (month, day). An end of 00:00 means midnight at the day's end.
    `since`, `until`: the first and the last day on which they are the city's hours at all.
    """

    from_day: tuple[int, int]
    to_day: tuple[int, int]
    hours: tuple[tuple[time, time], ...]
    since: date = date.min
    until: date = date.max

    def __post_init__(self) -> None:
        before = time(0)
        for number, (start, end) in enumerate(self.hours):
            if (end <= start and end != END_OF_DAY) or start < before or (number and before == END_OF_DAY):
                raise ValueError(f"opening hours {start:%H:%M}-{end:%H:%M} overlap others or end before they begin")
            before = end
        for month, day in (self.from_day, self.to_day):
            date(LEAP_YEAR, month, day)
        if self.until < self.since:
            raise ValueError(f"opening hours since {self.since} end before they begin, on {self.until}")

    def covers(self, day: date) -> bool:
        """Whether they are the hours of `day`."""
        return self.since <= day <= self.until and self.in_season(day)

    def in_season(self, day: date) -> bool:
        """Whether `day` lies in the season, whatever the year."""
        here = (day.month, day.day)
        if self.from_day <= self.to_day:
            return self.from_day <= here <= self.to_day
        return here >= self.from_day or here <= self.to_day

    def begins(self, year: int) -> date:
        """The first day of the season that begins in a year; 1 March for one from 29 February on, in most years."""
        month, day = self.from_day
        return date(year, month, 1) + timedelta(days=day - 1)


class Openings(NamedTuple):
    """Every opening from day `first` up to, not including, day `last` (ordinals), in seconds since 1970 UTC.

    `before[i]`, `after[i]`: working seconds of the table up to the start and the end of opening i.
    """

    first: int
    last: int
    starts: list[int]
    ends: list[int]
    before: list[int]
    after: list[int]
    days: list[int]  # ordinals of the days that open
    opening_of: list[int]  # first opening of each of `days`
    day_of: list[int]  # index into `days` of each opening

    def reaches(self, earliest: int, latest: int) -> bool:
        low = (self.first - EPOCH_DAY) * DAY + MARGIN
        return low <= earliest and latest <= (self.last - EPOCH_DAY) * DAY - MARGIN

    def worked(self, at: int) -> int:
        """Working seconds from the table's beginning to `at`."""
        i = bisect_right(self.starts, at) - 1
        return min(self.before[i] + at - self.starts[i], self.after[i]) if i >= 0 else 0


class WorkCalendar:
    """When a city works. Immutable; the openings in use are worked out once and kept.

    `week`: ISO weekdays that are working days; `exceptions`: days that are not what their weekday says (True = works);
    `confirmed`: years with an official notice. Where the clock is set back, an hour named twice means its first
    occurrence; where it is set forward, an hour that does not exist means the instant of the change.
    Raises ValueError if two seasons share a day.
    """

    __slots__ = ("_confirmed", "_exceptions", "_slots", "_table", "_week", "zone")

    def __init__(
        self,
        zone: ZoneInfo,
        week: frozenset[int],
        slots: tuple[Slots, ...],
        exceptions: Mapping[date, bool],
        confirmed: frozenset[int],
    ) -> None:
        refuse_shared_days(slots)
        self.zone = zone
        self._week = week
        self._slots = slots
        self._exceptions = dict(exceptions)
        self._confirmed = confirmed
        self._table: Openings | None = None

    def is_working(self, day: date) -> bool:
        """Whether the city works at all on `day`."""
        return bool(self.hours(day))

    def hours(self, day: date) -> tuple[tuple[time, time], ...]:
        """Opening hours of `day` by the wall clock, none on a day off."""
        works = self._exceptions.get(day)
        if works is None:
            works = day.isoweekday() in self._week
        if not works:
            return ()
        return next((season.hours for season in self._slots if season.covers(day)), ())

    def is_exception(self, day: date) -> bool:
        return day in self._exceptions

    def spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Openings of `day` as instants in the city's zone."""
        return tuple((self._at(start), self._at(end)) for start, end in self._spans(day))

    def confirmed(self, year: int) -> bool:
        """Whether the year's holidays rest on an official notice."""
        return year in self._confirmed

    # From here on instants are whole seconds since 1970 UTC: the limits' arithmetic is done in them.

    def instant(self, day: date, clock: time) -> int:
        """The first instant at which the city's clocks show `clock` on `day`, or pass it."""
        wall = datetime.combine(day, clock.replace(microsecond=0, fold=0), self.zone)
        seconds = int(wall.timestamp())
        if self._at(seconds).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None):
            return seconds
        return self._change(int(wall.replace(fold=1).timestamp()), seconds)

    def count(self, start: int, until: int) -> int:
        """Working seconds between two instants; nothing if `until` is not later."""
        if until <= start:
            return 0
        table = self._covering(start, until)
        return table.worked(until) - table.worked(start)

    def advance(self, start: int, seconds: int) -> int:
        """The earliest instant with `seconds` of working time since `start`: at a slot's end, not the next opening."""
        if seconds <= 0:
            return start
        table = self._covering(start, start)
        while (target := table.worked(start) + seconds) > (table.after[-1] if table.after else 0):
            table = self._longer(table)
        i = bisect_left(table.after, target)
        return table.starts[i] + target - table.before[i]

    def openings(self, earliest: int, latest: int, *, seconds: int = 0, days: int = 0) -> Openings:
        """Every opening between two instants, and behind them as many as hold `seconds` of work or `days` more."""
        self._open_at(latest)
        table = self._covering(earliest, latest)
        while table.worked(latest) + seconds > table.after[-1] or _days_behind(table, latest) <= days:
            table = self._longer(table)
        return table

    def midnights(self, day: int) -> tuple[int, int]:
        """When the day of an ordinal begins and ends in the city."""
        return self.instant(date.fromordinal(day), time(0)), self.instant(date.fromordinal(day + 1), time(0))

    def opening(self, at: int) -> int:
        """`at` itself while the city is open, else the next opening."""
        table, i = self._open_at(at)
        return max(at, table.starts[i])

    def days_later(self, at: int, days: int) -> int:
        """The same clock time `days` working days after `at` rolled to the next opening.

        The clock time is kept in a noon break; a day that opens later or closes earlier bounds it.
        """
        table, i = self._open_at(at)
        begin = max(at, table.starts[i])
        if not days:
            return begin
        while (wanted := table.day_of[i] + days) >= len(table.days) - 1:
            table = self._longer(table)
        day = date.fromordinal(table.days[wanted])
        opens = table.starts[table.opening_of[wanted]]
        closes = table.ends[table.opening_of[wanted + 1] - 1]
        return min(max(self.instant(day, self._at(begin).time()), opens), closes)

    def day_of(self, at: int) -> int:
        """Ordinal of the day that has begun in the city; one that has begun does not end when clocks are set back."""
        day = self._at(at).toordinal()
        return day + (self.midnights(day)[1] <= at)

    def on_day(self, at: int, days: int, clock: time, *, working: bool) -> int:
        """When clocks first show `clock` on the n-th day, or n-th `working` day, after the day of `at`."""
        today = self.day_of(at)
        if not working:
            return self.instant(_date(today + days), clock)
        table = self._covering(at, at)
        while (wanted := bisect_right(table.days, today) + days - 1) >= len(table.days):
            table = self._longer(table)
        return self.instant(_date(table.days[wanted]), clock)

    def _open_at(self, at: int) -> tuple[Openings, int]:
        """A table and the opening in it that holds `at` or is the next one."""
        table = self._covering(at, at)
        while (i := bisect_right(table.ends, at)) >= len(table.ends):
            table = self._longer(table)
        return table, i

    def _at(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, self.zone)

    def _change(self, early: int, late: int) -> int:
        """The instant between the two at which the clocks are set forward."""
        offset = self._at(late).utcoffset()
        return bisect_left(
            range(late),
            True,
            early,
            key=lambda at: self._at(at).utcoffset() == offset,
        )

    def _spans(self, day: date) -> Iterator[tuple[int, int]]:
        for start, end in self.hours(day):
            end_day = day + timedelta(days=1) if end == END_OF_DAY else day
            begin, finish = self.instant(day, start), self.instant(end_day, end)
            if begin < finish:
                yield begin, finish

    def _covering(self, earliest: int, latest: int) -> Openings:
        table = self._table
        if table is not None and table.reaches(earliest, latest):
            return table
        first, last = _ordinal(earliest) - 8, _ordinal(latest) + 8
        if table is None:
            return self._grow(
                Openings(first, first, [], [], [], [], [], [], []),
                first,
                max(last, first + FIRST_STRETCH),
            )
        if first < table.first:
            first -= FIRST_STRETCH  # whoever asks for one old day will ask for its neighbours
        return self._grow(table, min(first, table.first), max(last, table.last))

    def _longer(self, table: Openings) -> Openings:
        """A table that holds at least one working day more. Raises ValueError if none comes in five years."""
        last_day = table.days[-1] if table.days else table.first
        if table.last - last_day > BARREN:
            raise ValueError(
                f"the calendar has no working time after {date.fromordinal(last_day)}: the limit never ends"
            )
        return self._grow(
            table,
            table.first,
            table.last + max(FIRST_STRETCH, (table.last - table.first) // 2),
        )

    def _grow(self, table: Openings, first: int, last: int) -> Openings:
        if last - first > LONGEST or first <= 1 or last >= date.max.toordinal():
            raise ValueError(BEYOND)
        head = [(day, *span) for day in range(first, table.first) for span in self._spans(date.fromordinal(day))]
        kept = [(table.days[k], a, b) for k, a, b in zip(table.day_of, table.starts, table.ends, strict=True)]
        tail = [(day, *span) for day in range(table.last, last) for span in self._spans(date.fromordinal(day))]
        # One assignment of a finished table: threads may build twice, but never see half of one.
        self._table = grown = _summed(first, last, [*head, *kept, *tail])
        return grown


def _summed(first: int, last: int, openings: list[tuple[int, int, int]]) -> Openings:
    """The table of `openings` (day, start, end), in order."""
    table = Openings(first, last, [], [], [], [], [], [], [])
    total = 0
    for number, (day, start, end) in enumerate(openings):
        if not table.days or table.days[-1] != day:
            table.days.append(day)
            table.opening_of.append(number)
        table.day_of.append(len(table.days) - 1)
        table.starts.append(start)
        table.ends.append(end)
        table.before.append(total)
        total += end - start
        table.after.append(total)
    return table


def _days_behind(table: Openings, at: int) -> int:
    """Days of work in the table whose first opening lies after the one that holds `at` or is the next."""
    i = bisect_right(table.ends, at)
    return len(table.days) - 1 - table.day_of[i] if i < len(table.ends) else 0


def _date(day: int) -> date:
    if day >= date.max.toordinal():
        raise ValueError(BEYOND)
    return date.fromordinal(day)


def _ordinal(seconds: int) -> int:
    return datetime.fromtimestamp(seconds, UTC).toordinal()


def refuse_shared_days(slots: Sequence[Slots]) -> None:
    """Raises ValueError with the first day that has two sets of opening hours."""
    for one, other in combinations(slots, 2):
        since, until = max(one.since, other.since), min(one.until, other.until)
        always = (until - since).days >= ALL_DAYS
        if always:
            since, until = date(LEAP_YEAR, 1, 1), date(LEAP_YEAR, 12, 31)
        # What two seasons share begins with the first day of both, or where one of them begins while the other holds.
        begins = (season.begins(year) for year in range(since.year, until.year + 1) for season in (one, other))
        for day in sorted({since, *begins}):
            if since <= day <= until and one.in_season(day) and other.in_season(day):
                raise ValueError(f"opening hours of two seasons share {f'{day:%m-%d}' if always else day}")
