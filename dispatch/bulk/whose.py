"""Rows of points → rows that say where each lies and who answers, as `wangge who` would for each alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy

from dispatch.bulk.expected import Expected
from dispatch.bulk.rows import Asked, Columns, Fault, Line, asked
from dispatch.bulk.stream import Answered
from dispatch.bulk.town import DayBook, Town
from dispatch.routing.decide import Routing
from dispatch.routing.facts import facts_of
from dispatch.routing.route import route
from dispatch.routing.rulebook import Plan
from gis.atlas import Way
from gis.ground import Ground, Located, Reaches
from gis.locate import NO_ROAD, Component, Place, bears, plain_name
from gis.segments import Points

__all__ = ["ANSWER", "Whose"]

ANSWER = ("road", "road_class", "distance_m", "unit", "rule", "edition", "reason", "doubt")
OUTSIDE, ROAD = "outside", "road"
Said = tuple[str, ...]  # unit, rule, edition, reason, doubt
NOTHING: Said = ("", "", "", "", "")
KEYED = frozenset({"road", "road_name", "area", "owner"})  # what the key of an answer holds
MOST_GROUNDS = 4
MOST_KEPT = 500_000  # answers and names remembered, so that a file without end takes no memory without end


class Whose:
    """Answers parts of one file. Kept by each process for all its parts: what it learnt of a cell serves the next."""

    def __init__(self, town: Town, header: Sequence[str], expect: tuple[str, str] | None = None) -> None:
        """`expect`: a level of area, and the column whose word for it is held against where the row lies."""
        self.town = town
        self.expected = Expected.of(expect, header, levels=town.levels, cells=town.atlas.cells) if expect else None
        self.columns = Columns.of(header, ("id", "lon", "lat"))
        self.zone = ZoneInfo(town.zone)
        self._days: dict[tuple[int, Reaches], _Day] = {}

    @property
    def header(self) -> list[str]:
        """`id`, a column for each level, `grid` (unless the finest level is called so), and the answer."""
        grid = () if self.town.levels[-1] == "grid" else ("grid",)
        return ["id", *self.town.levels, *grid, *ANSWER]

    def answer(self, lines: Iterable[Line]) -> Answered:
        """The rows in the order they came."""
        questions: list[Asked] = []
        names: list[str] = []
        faults: list[Fault] = []
        for line in lines:
            found = asked(line, self.columns, zone=self.zone, now=self.town.now)
            if isinstance(found, Fault):
                faults.append(found)
            elif not found.subclass or found.subclass in self.town.book(found.at.date()).categories:
                questions.append(found)
                names.append(self.expected.named(line[1]) if self.expected else "")
            else:
                faults.append(Fault(found.row, found.id, f"subclass {found.subclass} is not in the catalogue"))
        rows: list[Sequence[str]] = [()] * len(questions)
        for day, which in _by_day(questions).items():
            for i, row in zip(which, self._on(day).rows([questions[i] for i in which]), strict=True):
                rows[i] = row
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return Answered(out.getvalue(), len(rows), faults, *self._agreed(names, rows))

    def _agreed(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, int]:
        """How many rows name an area, and how many of these lie in it."""
        if self.expected is None:
            return 0, 0
        column = 1 + self.expected.depth  # after the id
        lie = [row[column] for row in rows]
        return sum(map(bool, names)), sum(bool(name) and name == code for name, code in zip(names, lie, strict=True))

    def _on(self, day: date) -> _Day:
        """Days with the same ground, looked at as far, share what they learnt."""
        book = self.town.book(day)
        ground = (self.town.atlas.epoch(day.toordinal()), book.reaches)
        known = self._days.get(ground)
        if known is None:
            if len(self._days) >= MOST_GROUNDS:
                self._days.pop(next(iter(self._days)))
            known = self._days[ground] = _Day(self.town, Ground(self.town.atlas, day.toordinal(), book.reaches), book)
        known.book = book
        return known


def _by_day(questions: Sequence[Asked]) -> dict[date, list[int]]:
    found: dict[date, list[int]] = {}
    for i, question in enumerate(questions):
        found.setdefault(question.at.date(), []).append(i)
    return found


class _Day:
    """One ground, and the answers learnt on it, each known by all that a rule for its subclass can look at."""

    def __init__(self, town: Town, ground: Ground, book: DayBook) -> None:
        self.town, self.ground, self.book = town, ground, book
        self._reach_mm = round(book.reaches.reach_m * 1000)
        self._tie_mm = round(book.reaches.tie_m * 1000) + 1
        self._said: dict[tuple[object, ...], Said] = {}
        self._bears: dict[tuple[str, int], int] = {}
        self._seen: dict[tuple[object, ...], frozenset[str]] = {}
        self._plans: dict[tuple[date, str], Plan | None] = {}
        twice = self.town.levels[-1] != "grid"
        codes = [[code.partition(":")[2] for code in cell.codes] for cell in ground.cells]
        self._areas = [[*row, row[-1]] if twice else row for row in codes] + [[""] * (len(town.levels) + twice)]

    def rows(self, questions: Sequence[Asked]) -> Iterator[Sequence[str]]:
        """One row for each question."""
        self._forget()
        points = Points.of([q.lon for q in questions], [q.lat for q in questions])
        located = self.ground.locate(points)
        things = self._things(questions, points)
        cell, begin, touch = located.cell.tolist(), located.begin.tolist(), located.touch
        line, mm = touch.line.tolist(), touch.mm.tolist()
        for i, question in enumerate(questions):
            first = begin[i]
            end = begin[i] + self._within(mm, begin[i], begin[i + 1])
            named = self._named(question.street, line[first:end]) if question.street else -1
            tied = named < 0 and end - first > 1 and mm[first + 1] - mm[first] <= self._tie_mm
            near = things.get(i, ())
            road = first + max(named, 0)
            way = self.ground.ways[line[road]] if first < end else None
            key = None if tied or self._tied(near) else self._key(question, cell[i], way, near)
            said = self._said.get(key) if key else None
            if said is None:
                said = self._ask(question, points, located, i, near)
                if key:
                    self._said[key] = said
            if way is None:
                yield (question.id, *self._areas[cell[i]], "", NO_ROAD, "", *said)
            else:
                name = way.name or way.code
                yield (question.id, *self._areas[cell[i]], name, way.road_class, f"{mm[road] / 1000:.3f}", *said)

    def _within(self, mm: Sequence[int], first: int, end: int) -> int:
        """How many of a point's roads are within reach; the others are there for corridors only."""
        while first < end and mm[end - 1] > self._reach_mm:
            end -= 1
        return end - first

    def _tied(self, near: Sequence[Component]) -> bool:
        """Whether another component is nearly as near as the nearest."""
        return len(near) > 1 and (near[1].metres - near[0].metres) * 1000 <= self._tie_mm

    def _forget(self) -> None:
        for kept in (self._said, self._bears, self._seen):
            if len(kept) > MOST_KEPT:
                kept.clear()

    def _key(self, question: Asked, cell: int, way: Way | None, near: Sequence[Component]) -> tuple[object, ...] | None:
        """All that the answer can depend on where nothing is doubtful; None where that is not known."""
        if not question.subclass:
            return (cell < 0,)
        plan = self._plan(question.subclass)
        if plan is None:
            return None
        seen = self._seen.get((plan.named, cell))
        if seen is None:
            codes = self.ground.cells[cell].codes if cell >= 0 else ("outside",)
            seen = frozenset(code for code in codes if code in plan.named or code.partition(":")[0] in plan.named)
            self._seen[plan.named, cell] = seen
        hands = (near[0].owner, near[0].maintainer, near[0].supervisor) if near else None
        road = (way.road_class, way.name) if way else (NO_ROAD, "")
        return (
            self.book.since,
            question.subclass,
            cell < 0,
            seen,
            road[: 1 + ("road_name" in plan.looks_at)],
            hands,
        )

    def _plan(self, subclass: str) -> Plan | None:
        """What the rules look at for a subclass; None if that is more than the key of an answer holds."""
        known = self._plans.get((self.book.since, subclass), ...)
        if known is not ...:
            return known
        plan = self.book.table.rulebook.plan(facts_of(self.book.categories[subclass], None))
        found = self._plans[self.book.since, subclass] = plan if plan.looks_at <= KEYED else None
        return found

    def _things(self, questions: Sequence[Asked], points: Points) -> dict[int, tuple[Component, ...]]:
        kinds: dict[str, list[int]] = {}
        for i, question in enumerate(questions):
            if question.subclass:
                kinds.setdefault(question.subclass, []).append(i)
        found: dict[int, tuple[Component, ...]] = {}
        for kind, which in kinds.items():
            found |= self.ground.components(kind, points, numpy.array(which, dtype=numpy.intp))
        return found

    def _named(self, words: str, lines: Sequence[int]) -> int:
        """Which of the roads near, by distance, the words name; -1: none. As `gis.locate.road_named`."""
        longest, found = 0, -1
        for position, number in enumerate(lines):
            length = self._bears.get((words, number))
            if length is None:
                way = self.ground.ways[number]
                length = 1 + len(plain_name(way.name)) if bears(words, way.name, way.name_en) else 0
                self._bears[words, number] = length
            if length > longest:
                longest, found = length, position
        return found

    def _ask(self, question: Asked, points: Points, located: Located, i: int, near: Sequence[Component]) -> Said:
        place = self.ground.place(points, located, i, street=question.street, things=near)
        if not question.subclass:
            rivals = {road.road_class for road in place.rival_roads} - {place.road_class}
            return ("", "", "", "", OUTSIDE if place.outside else ROAD if rivals else "")
        found = route(self.book.categories[question.subclass], place, self.book.table, at=question.at)
        return _said(found, place, self.town.language)


def _said(found: Routing, place: Place, language: str) -> Said:
    reason = found.reason if language == "zh" else found.reason_en
    doubt = OUTSIDE if place.outside else found.doubtful or ""
    return (found.unit or "", found.rule or "", found.edition, reason, doubt)
