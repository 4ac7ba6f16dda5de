"""The ground of a city as it was on every day: areas, roads and components in memory, for work in bulk.

`Atlas` is the whole history, read from the database (`atlas_of`) or from a city's folder (dispatch.cityfile.atlas).
Positions are stored degrees; a day is a `date.toordinal()`, and FOREVER a `valid_to` that has not come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString, NamedTuple

import numpy
import shapely
from numpy.typing import NDArray

from gis.db import ReadTx

__all__ = ["FOREVER", "Atlas", "Cell", "Hands", "Things", "Way", "atlas_of"]

FOREVER = date.max.toordinal()
Hands = tuple[str | None, str | None, str | None]  # owner, maintainer, supervisor

CELLS: LiteralString = """
    SELECT a.id, a.path, ST_AsBinary(a.geom), a.valid_from, a.valid_to,
           (SELECT array_agg(p.level || ':' || p.code ORDER BY p.depth) FROM area p WHERE p.id = ANY (a.path)),
           (SELECT array_agg(p.name ORDER BY p.depth) FROM area p WHERE p.id = ANY (a.path)),
           (SELECT array_agg(coalesce(nullif(p.name_en, ''), p.name) ORDER BY p.depth)
              FROM area p WHERE p.id = ANY (a.path)),
           (SELECT p.area_class FROM area p WHERE p.id = ANY (a.path) AND p.area_class IS NOT NULL
             ORDER BY p.depth DESC LIMIT 1)
      FROM area a WHERE a.finest = 1 ORDER BY a.code COLLATE "C", a.valid_from
"""
WAYS: LiteralString = """
    SELECT id, code, class, name, name_en, ST_AsBinary(coalesce(counts, geom)), valid_from, valid_to
      FROM road ORDER BY code COLLATE "C", valid_from
"""
THINGS: LiteralString = """
    SELECT code, category, owner, maintainer, supervisor, ST_X(geom), ST_Y(geom), valid_from, valid_to
      FROM component ORDER BY code COLLATE "C", valid_from
"""


class Cell(NamedTuple):
    """A finest area with all above it, from the top down; `area_class` is the nearest one given on that way."""

    id: int
    path: tuple[int, ...]
    codes: tuple[str, ...]  # level:code
    names: tuple[str, ...]
    names_en: tuple[str, ...]
    area_class: int | None
    shape: Any  # polygon, degrees
    valid_from: int
    valid_to: int


class Way(NamedTuple):
    """A road segment; `line`: what counts of it, maybe empty."""

    id: int
    code: str
    road_class: str
    name: str
    name_en: str
    line: Any
    valid_from: int
    valid_to: int


@dataclass(slots=True)
class Things:
    """Components as columns, a million of them at need. `hand` and `kind` point into `hands` and `kinds`."""

    codes: list[str] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    hand: list[int] = field(default_factory=list)
    valid_from: list[int] = field(default_factory=list)
    valid_to: list[int] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    hands: dict[Hands, int] = field(default_factory=dict)

    def add(self, code: str, category: str, hands: Hands, at: tuple[float, float], days: tuple[int, int]) -> None:
        """One more."""
        self.codes.append(code)
        self.kind.append(self.kinds.setdefault(category, len(self.kinds)))
        self.hand.append(self.hands.setdefault(hands, len(self.hands)))
        self.lon.append(at[0])
        self.lat.append(at[1])
        self.valid_from.append(days[0])
        self.valid_to.append(days[1])


@dataclass(slots=True)
class Atlas:
    """All of it, each list in the order of the codes."""

    cells: Sequence[Cell]
    ways: Sequence[Way]
    things: Things
    _changes: list[int] | None = None

    def changes(self) -> list[int]:
        """The days on which anything came or went, in order."""
        if self._changes is None:
            rows: list[Cell | Way] = [*self.cells, *self.ways]
            days = {day for row in rows for day in (row.valid_from, row.valid_to)}
            self._changes = sorted(days | set(self.things.valid_from) | set(self.things.valid_to))
        return self._changes

    def epoch(self, day: int) -> int:
        """Days of one epoch have the same ground."""
        return bisect_right(self.changes(), day)


def in_force(rows: Sequence[Cell] | Sequence[Way], day: int) -> list[Any]:
    """The rows valid on a day."""
    return [row for row in rows if row.valid_from <= day < row.valid_to]


def things_in_force(things: Things, day: int) -> NDArray[numpy.intp]:
    """Positions of the components valid on a day."""
    start, end = numpy.array(things.valid_from, dtype=int), numpy.array(things.valid_to, dtype=int)
    found: NDArray[numpy.intp] = numpy.flatnonzero((start <= day) & (day < end))
    return found


def atlas_of(tx: ReadTx, *, things: bool = True) -> Atlas:
    """Read from the database. `things=False` leaves the components out."""
    ask = tx.connection.execute
    cells = [
        Cell(id, tuple(path), tuple(codes), tuple(names), tuple(names_en), klass, _shape(wkb), *_span(start, end))
        for id, path, wkb, start, end, codes, names, names_en, klass in ask(CELLS)
    ]
    ways = [
        Way(id, code, klass, name, name_en, _shape(wkb), *_span(start, end))
        for id, code, klass, name, name_en, wkb, start, end in ask(WAYS)
    ]
    found = Things()
    if things:
        with tx.connection.cursor(name="things") as cursor:
            cursor.itersize = 20_000
            for code, category, *hands, lon, lat, start, end in cursor.execute(THINGS):
                found.add(code, category, (hands[0], hands[1], hands[2]), (lon, lat), _span(start, end))
    return Atlas(cells, ways, found)


def _shape(wkb: bytes) -> Any:
    return shapely.from_wkb(bytes(wkb))


def _span(start: date, end: date | None) -> tuple[int, int]:
    return start.toordinal(), FOREVER if end is None else end.toordinal()
