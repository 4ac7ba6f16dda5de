"""The duty roster: lines of an edition → who is on duty when. Pure.

A line is a span of wall time, on the days it names, taken in turns by its people. A shift belongs to the day on which
it begins, also where it ends on the next one. Lines of a holiday plan stand in the place of the ordinary ones of their
unit and post on the days of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from dispatch.clock.calendar import WorkCalendar

__all__ = ["DAYS", "Line", "Post", "Roster", "Shift", "StandIn", "line_of", "roster_of", "with_stand_ins"]

DAY = timedelta(days=1)
DAYS = ("all", "work", "off")
LONGEST = DAY  # of a shift: whoever is on duty at an instant began that day or the day before


class Post(StrEnum):
    """A post of the roster. `LEADER` is filled at the centre only."""

    DUTY = "duty"  # 值班员
    HEAD = "head"  # 带班领导
    LEADER = "leader"  # 值守领导


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`days`: one of `DAYS` by the working calendar, or ISO weekdays (`1;2;3`). `ends` not after `starts`: next day.

    `people`: logins that take turns from `since` on, each for `turn` days. `plan`: the holiday plan it is part of.
    """

    unit: str
    post: Post
    plan: str
    since: date
    until: date | None
    days: str
    starts: time
    ends: time
    people: tuple[str, ...]
    turn: int = 1

    def on(self, day: date, calendar: WorkCalendar) -> bool:
        """Whether a shift of it begins on that day."""
        if day < self.since or (self.until is not None and day > self.until):
            return False
        if self.days in DAYS:
            return self.days == "all" or calendar.is_working(day) == (self.days == "work")
        return str(day.isoweekday()) in self.days.split(";")

    def whose(self, day: date) -> str:
        """Whose turn it is."""
        return self.people[(day - self.since).days // self.turn % len(self.people)]

    def document(self) -> dict[str, Any]:
        """As the edition keeps it."""
        return {
            "unit": self.unit,
            "post": self.post.value,
            "plan": self.plan,
            "from": self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "days": self.days,
            "hours": f"{self.starts:%H:%M}-{self.ends:%H:%M}",
            "people": list(self.people),
            "turn": self.turn,
        }


def line_of(document: Mapping[str, Any]) -> Line:
    """Read back what `Line.document` wrote."""
    starts, _, ends = document["hours"].partition("-")
    return Line(
        unit=document["unit"],
        post=Post(document["post"]),
        plan=document["plan"],
        since=date.fromisoformat(document["from"]),
        until=None if document["until"] is None else date.fromisoformat(document["until"]),
        days=document["days"],
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
        people=tuple(document["people"]),
        turn=document["turn"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person on duty from `since` (inside) to `until` (outside), UTC. `instead_of`: whose turn it was."""

    unit: str
    post: Post
    person: str
    since: datetime
    until: datetime
    plan: str = ""
    instead_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """Agreed or ordered: `stand_in` is on duty in `person`'s place; without a `person` beside whoever is, or where
    nobody was; without a `stand_in` nobody is in that place. `post` None: in all the person's posts of the unit."""

    unit: str
    post: Post | None
    person: str | None
    stand_in: str | None
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Roster:
    """The lines of one edition."""

    lines: tuple[Line, ...] = ()

    @cached_property
    def by_place(self) -> dict[tuple[str, Post], tuple[Line, ...]]:
        """The lines of each unit and post that the roster fills."""
        found: dict[tuple[str, Post], tuple[Line, ...]] = {}
        for line in self.lines:
            place = (line.unit, line.post)
            found[place] = (*found.get(place, ()), line)
        return found

    @cached_property
    def centre(self) -> str | None:
        """The unit whose roster has leaders: the centre. None without one."""
        return next((unit for unit, post in self.by_place if post is Post.LEADER), None)

    def shifts(self, place: tuple[str, Post], day: date, calendar: WorkCalendar) -> Iterator[Shift]:
        """The shifts of a unit's post that begin on a day, as the roster has them."""
        lines = self.by_place.get(place, ())
        planned = [
            line for line in lines if line.plan and line.since <= day and (line.until is None or day <= line.until)
        ]
        for line in planned or [line for line in lines if not line.plan]:
            if line.on(day, calendar):
                begin = datetime.combine(day, line.starts, calendar.zone)
                end = datetime.combine(day if line.ends > line.starts else day + DAY, line.ends, calendar.zone)
                yield Shift(
                    unit=line.unit,
                    post=line.post,
                    person=line.whose(day),
                    since=begin.astimezone(UTC),
                    until=end.astimezone(UTC),
                    plan=line.plan,
                )


def roster_of(document: Mapping[str, Any] | None) -> Roster:
    """The roster of an edition's content; an empty one where the city has none."""
    return Roster() if document is None else Roster(tuple(map(line_of, document["lines"])))


def with_stand_ins(shifts: Iterable[Shift], agreed: Sequence[StandIn]) -> list[Shift]:
    """The shifts with what was agreed, in that order: a later one may stand in for who stands in already."""
    standing = list(shifts)
    for one in agreed:
        if one.person is not None:
            standing = [part for shift in standing for part in _taken(shift, one)]
        elif one.stand_in is not None and one.post is not None:
            standing.append(Shift(unit=one.unit, post=one.post, person=one.stand_in, since=one.since, until=one.until))
    return sorted(standing, key=lambda shift: (shift.unit, shift.post, shift.since, shift.person))


def _taken(shift: Shift, one: StandIn) -> Iterator[Shift]:
    """A shift in up to three parts: before, while and after somebody stands in, or nobody does."""
    begin, end = max(shift.since, one.since), min(shift.until, one.until)
    if (shift.unit, shift.person) != (one.unit, one.person) or one.post not in (None, shift.post) or begin >= end:
        yield shift
        return
    if shift.since < begin:
        yield replace(shift, until=begin)
    if one.stand_in is not None:
        yield replace(shift, person=one.stand_in, since=begin, until=end, instead_of=one.person)
    if end < shift.until:
        yield replace(shift, since=end)
