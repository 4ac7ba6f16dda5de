"""Rows of texts → the place each means; rows of points → what one would call each."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dispatch.bulk.rows import Asked, Columns, Fault, Line, asked
from dispatch.bulk.stream import Answered
from gis.gazetteer import Gazetteer
from gis.geocode import find
from gis.reverse import address_of

__all__ = ["Addresses"]

FORWARD = ("id", "kind", "name", "name_en", "lon", "lat", "score")
REVERSE = ("id", "road", "side", "metres", "crossing", "crossing_m", "door", "place", "words", "words_en")
NOW, ZONE = datetime(1970, 1, 1, tzinfo=UTC), ZoneInfo("UTC")  # names have no time


class Addresses:
    """The likeliest meaning of each row's `text`, empty where there is none; without that column, the other way."""

    def __init__(self, names: Gazetteer, reach_m: float, header: Sequence[str]) -> None:
        plain = [name.strip().lower() for name in header]
        self.names, self.reach_m = names, reach_m
        self.text = plain.index("text") if "text" in plain else None
        self.columns = Columns.of(header, ("id",) if "text" in plain else ("id", "lon", "lat"))
        self.id = plain.index("id")

    @classmethod
    def maker(cls, names: Gazetteer, reach_m: float) -> Callable[[Sequence[str]], Addresses]:
        """What makes one for a file's header."""
        return lambda header: cls(names, reach_m, header)

    @property
    def header(self) -> Sequence[str]:
        return REVERSE if self.text is None else FORWARD

    def answer(self, lines: Iterable[Line]) -> Answered:
        faults: list[Fault] = []
        rows: list[Sequence[object]] = []
        for line in lines:
            found = self._forward(line) if self.text is not None else self._reverse(line)
            if isinstance(found, Fault):
                faults.append(found)
            else:
                rows.append(found)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return Answered(out.getvalue(), len(rows), faults)

    def _forward(self, line: Line) -> Sequence[object] | Fault:
        number, cells = line
        if len(cells) != self.columns.width:
            return Fault(number, cells[0] if cells else "", f"has {len(cells)} cells, not {self.columns.width}")
        text = cells[self.text or 0]
        if not text.strip():
            return Fault(number, cells[self.id], "has no text")
        found = find(self.names, text, limit=1)
        if not found:
            return (cells[self.id], "", "", "", "", "", "0")
        one = found[0]
        return (cells[self.id], one.kind, one.name, one.name_en, f"{one.lon:.7f}", f"{one.lat:.7f}", one.score)

    def _reverse(self, line: Line) -> Sequence[object] | Fault:
        found = asked(line, self.columns, zone=ZONE, now=NOW)
        if not isinstance(found, Asked):
            return found
        a = address_of(self.names, found.lon, found.lat, reach_m=self.reach_m)
        rest = (a.crossing, a.crossing_m, a.door, a.place, a.words, a.words_en)
        return (found.id, a.road, a.side, a.metres, *rest)
