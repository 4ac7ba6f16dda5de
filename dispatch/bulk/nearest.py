"""`wangge components nearest`: for each row of a file the nearest component of its subclass."""

from __future__ import annotations

import csv
import io
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from datetime import date
from math import isfinite
from zoneinfo import ZoneInfo

import numpy

from dispatch.bulk.rows import Asked, Columns, Fault, Line, asked
from dispatch.bulk.stream import Answered, stream, told
from dispatch.bulk.town import Town, town_asked
from dispatch.command import Command
from gis.ground import Ground
from gis.problems import FormIncomplete
from gis.segments import Points

__all__ = ["Nearest", "command"]

MOST_M = 1000.0
MOST_GROUNDS = 4
Group = tuple[date, str, float]  # day, subclass, metres


class Nearest:
    """Answers parts of one file. A row without `metres` asks within the city's `[reach] component_m`."""

    header = ("id", "code", "metres", "owner")

    def __init__(self, town: Town, header: Sequence[str]) -> None:
        self.town = town
        self.columns = Columns.of(header, ("id", "lon", "lat", "subclass"))
        self.zone = ZoneInfo(town.zone)
        self._grounds: dict[int, Ground] = {}

    def answer(self, lines: Iterable[Line]) -> Answered:
        """The rows in the order they came; without a component within reach the other cells are empty."""
        questions: list[Asked] = []
        groups: dict[Group, list[int]] = {}
        faults: list[Fault] = []
        for line in lines:
            found = asked(line, self.columns, zone=self.zone, now=self.town.now)
            group = self._group(found) if isinstance(found, Asked) else found
            if isinstance(found, Fault):
                faults.append(found)
            elif isinstance(group, Fault):
                faults.append(group)
            else:
                groups.setdefault(group, []).append(len(questions))
                questions.append(found)
        rows = [(question.id, "", "", "") for question in questions]
        points = Points.of([q.lon for q in questions], [q.lat for q in questions])
        for (day, subclass, metres), which in groups.items():
            numbers = numpy.array(which, dtype=numpy.intp)
            for i, near in self._on(day).components(subclass, points, numbers, metres).items():
                rows[i] = (questions[i].id, near[0].code, f"{near[0].metres:.3f}", near[0].owner or "")
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return Answered(out.getvalue(), len(rows), faults)

    def _group(self, question: Asked) -> Group | Fault:
        book = self.town.book(question.at.date())
        if question.subclass not in book.categories:
            words = f"subclass {question.subclass} is not in the catalogue" if question.subclass else "has no subclass"
            return Fault(question.row, question.id, words)
        given = question.metres.strip()
        try:
            metres = float(given) if given else book.reaches.component_m
        except ValueError:
            metres = float("nan")
        if not isfinite(metres) or not 0 <= metres <= MOST_M:
            return Fault(question.row, question.id, f"metres {given} is no distance up to {MOST_M:g}")
        return question.at.date(), question.subclass, metres

    def _on(self, day: date) -> Ground:
        epoch = self.town.atlas.epoch(day.toordinal())
        if epoch not in self._grounds:
            if len(self._grounds) >= MOST_GROUNDS:
                self._grounds.pop(next(iter(self._grounds)))
            self._grounds[epoch] = Ground(self.town.atlas, day.toordinal(), self.town.book(day).reaches)
        return self._grounds[epoch]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--in", dest="source", metavar="CSV", required=True, help="the file (-: standard input)")
    parser.add_argument("--out", dest="target", metavar="CSV", default="-", help="where to (default: -)")
    parser.add_argument("--city", metavar="NAME", help="a folder of data/cities, without any database")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of CSV")


def _run(arguments: Namespace) -> int:
    """0, or 1 if rows were left out, 2 if the file cannot be read as one of points."""
    try:
        town = town_asked(arguments.city)
        done = stream(arguments.source, arguments.target, lambda head: Nearest(town, head), as_json=arguments.json)
        return told("components nearest", done)
    except FormIncomplete as problem:
        sys.stderr.write(f"wangge components nearest: {problem.title}\n")
        return 2


command = Command(
    name="nearest",
    help="find the nearest component of a subclass for each row of a file",
    add_arguments=_add_arguments,
    run=_run,
    description="Columns in: id,lon,lat,subclass and, if wanted, datum, metres (how far, 1,000 at most) and at. "
    "Columns out: id,code,metres,owner. Rows that cannot be understood are told, and the exit code is 1.",
)
