"""Due times counted a second time, by walking through opening hours: nothing here is shared with `dispatch.clock`.

Instants are whole seconds since 1970 UTC. A limit is `(value, rule)`; several limits that are counted alike are one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["EVER", "Hours"]

EVER = 1 << 60  # the end of what has no end
DAY = timedelta(days=1)
HOUR = 3600
WORKING = {"work_hour": HOUR, "work_day": 8 * HOUR}
RUNNING = {"urgent_minute": 60, "urgent_hour": HOUR, "urgent_day": 24 * HOUR}
LOOKED_AHEAD = 5 * 366

Limit = tuple[str, str]
Pause = tuple[int, int]


class Hours:
    """A calendar edition's document, laid out as openings one after the other."""

    def __init__(self, document: Mapping[str, Any], zone: str | None = None) -> None:
        self.zone = ZoneInfo(zone or document["zone"])
        self._document = document
        self._next = date(2000, 1, 1)
        self.openings: list[tuple[int, int, date]] = []
        self._starts: list[int] = []

    def due(self, start: int, limits: Sequence[Limit], pauses: Sequence[Pause]) -> int | None:
        """When the limits, one behind the other, are used up; None if a pause without end comes before."""
        at: int | None = start
        for kind, amount in _legs(limits):
            if at is None:
                break
            rule, _, clock = kind.partition("@")
            if clock:
                due = self._on_day(at, floor(amount), _clock(clock), working=rule == "work_day_at")
                at = self._pushed(due, at, pauses, working=rule == "work_day_at")
            elif kind == "days":
                at = self._by_days(at, amount, pauses)
            else:
                at = self._walk(at, kind, amount, pauses)
        return at

    def worked(self, begin: int, end: int) -> int:
        """Opening seconds between two instants."""
        total = 0
        for opens, closes, _ in self._from(begin):
            if opens >= end:
                break
            total += min(closes, end) - max(opens, begin)
        return total

    def _walk(self, at: int, kind: str, amount: Fraction, pauses: Sequence[Pause]) -> int | None:
        """Use up seconds in what is left of the time after the pauses are cut out."""
        rest = _whole(amount)
        for begin, end in self._free(at, kind, pauses):
            if rest <= end - begin:
                return begin + rest
            rest -= end - begin
        return None

    def _free(self, at: int, kind: str, pauses: Sequence[Pause]) -> Iterator[tuple[int, int]]:
        spans = ((a, b) for a, b, _ in self._from(at)) if kind == "working" else iter([(at, EVER)])
        for opens, closes in spans:
            begin = max(opens, at)
            for rests, wakes in sorted(pauses):
                if wakes <= begin or rests >= closes:
                    continue
                if rests > begin:
                    yield begin, rests
                begin = max(begin, wakes)
            if begin >= EVER:
                return
            if begin < closes:
                yield begin, closes

    def _by_days(self, at: int, days: Fraction, pauses: Sequence[Pause]) -> int | None:
        """The same clock time so many working days later."""
        due = self._day_after(at, floor(days))
        if part := days - floor(days):
            span = self.worked(due, self._day_after(at, floor(days) + 1))
            due = self._walk(due, "working", part * span, ()) or due
        return self._pushed(due, at, pauses, working=True)

    def _on_day(self, at: int, days: int, clock: time, *, working: bool) -> int:
        """At a time of day, so many days, or days that open, after the day that has begun at `at`."""
        day = datetime.fromtimestamp(at, self.zone).date()
        if self.instant(day + DAY, time(0)) <= at:
            day += DAY
        while days:
            day += DAY
            days -= not working or bool(self._of(day))
        return self.instant(day, clock)

    def _pushed(self, due: int, at: int, pauses: Sequence[Pause], *, working: bool) -> int | None:
        """Pauses push on by the time they took, which is working time where the limit is."""
        for rests, wakes in sorted(pauses):
            if rests >= due:
                break
            if wakes >= EVER:
                return None
            lost = self.worked(max(rests, at), wakes) if working else max(0, wakes - max(rests, at))
            due = due if not lost else self._walk(due, "working" if working else "running", Fraction(lost), ()) or due
        return due

    def _day_after(self, at: int, days: int) -> int:
        opens, _, first = next(self._from(at))
        begin = max(at, opens)
        if not days:
            return begin
        day, left = first, days
        for _, _, other in self._from(at):
            if other != day:
                day, left = other, left - 1
            if not left:
                break
        clock = datetime.fromtimestamp(begin, self.zone).time()
        here = self._of(day)
        return min(max(self.instant(day, clock), here[0][0]), here[-1][1])

    def _from(self, at: int) -> Iterator[tuple[int, int, date]]:
        """The openings that end after `at`, for ever. Raises ValueError if the calendar never opens again."""
        self._reach(at)
        place = max(0, bisect_right(self._starts, at) - 1)
        while True:
            while place >= len(self.openings):
                self._lay_out(366)
            if self.openings[place][1] > at:
                yield self.openings[place]
            place += 1

    def _reach(self, at: int) -> None:
        day = datetime.fromtimestamp(at, UTC).date() + 8 * DAY
        if day > self._next:
            self._lay_out((day - self._next).days + 60)

    def _lay_out(self, days: int) -> None:
        if self.openings and (self._next - self.openings[-1][2]).days > LOOKED_AHEAD:
            raise ValueError("the calendar never opens again")
        for _ in range(days):
            for begin, end in self._of(self._next):
                self.openings.append((begin, end, self._next))
                self._starts.append(begin)
            self._next += DAY

    def _of(self, day: date) -> list[tuple[int, int]]:
        """The openings of a day."""
        works = self._document["exceptions"].get(day.isoformat())
        if works is None:
            works = day.isoweekday() in self._document["week"]
        if not works:
            return []
        texts = next((row["hours"] for row in self._document["slots"] if _holds(row, day)), ())
        pairs = [tuple(_clock(t) for t in text.split("-")) for text in texts]
        spans = [(self.instant(day, a), self.instant(day + DAY if b == time(0) else day, b)) for a, b in pairs]
        return [(a, b) for a, b in spans if a < b]

    def instant(self, day: date, clock: time) -> int:
        """The first instant at which the wall shows `clock`; where the clocks skip it, the instant of the skip."""
        wall = datetime.combine(day, clock.replace(microsecond=0, fold=0))
        at = floor(wall.replace(tzinfo=self.zone).timestamp())
        if datetime.fromtimestamp(at, self.zone).replace(tzinfo=None, fold=0) == wall:
            return at
        while datetime.fromtimestamp(at - 60, self.zone).replace(tzinfo=None) >= wall:
            at -= 60
        return at


def _clock(text: str) -> time:
    return time(0) if text.strip() == "24:00" else time.fromisoformat(text.strip())


def _holds(row: Mapping[str, Any], day: date) -> bool:
    """Whether a row of opening hours is in force on the day, and of its season."""
    if not row.get("since", "") <= day.isoformat() <= row.get("until", "9999-12-31"):
        return False
    begin, end, here = row["from"], row["to"], f"{day:%m-%d}"
    return bool(begin <= here <= end if begin <= end else here >= begin or here <= end)


def _legs(limits: Sequence[Limit]) -> list[tuple[str, Fraction]]:
    legs: dict[str, Fraction] = {}
    for value, rule in limits:
        days = rule == "work_day_clock" or "@" in rule
        kind = "working" if rule in WORKING else "running" if rule in RUNNING else rule if "@" in rule else "days"
        amount = Fraction(value) if days else Fraction(_whole(Fraction(value) * (WORKING | RUNNING)[rule]))
        legs[kind] = legs.get(kind, Fraction(0)) + amount
    return list(legs.items())


def _whole(amount: Fraction) -> int:
    """To whole seconds, halves up."""
    return floor(amount + Fraction(1, 2))
