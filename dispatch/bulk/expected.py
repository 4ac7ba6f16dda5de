"""Rows that name an area themselves, held against where they lie: are a city's polygons those of its records?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from gis.atlas import Cell
from gis.problems import FormIncomplete

__all__ = ["Expected", "told_share"]

WORD = re.compile(r"\w+")
HUNDREDTH = Decimal("0.01")
Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Expected:
    """`column` of the file is to name the area of the level at `depth` (0 at the top), by its code or its words."""

    column: int
    depth: int
    known: dict[Words, str]  # words → code

    @classmethod
    def of(
        cls, asked: tuple[str, str], header: Sequence[str], levels: Sequence[str], cells: Iterable[Cell]
    ) -> Expected:
        """`asked`: level and column. Raises FormIncomplete if there is none such."""
        level, column = asked
        if level not in levels or column not in header:
            raise FormIncomplete(
                f"--expect {level}={column}: there is no such {'column' if level in levels else 'level of area'}",
                zh=f"--expect {level}={column}：没有该{'列' if level in levels else '级区域'}",
            )
        depth = levels.index(level)
        known: dict[Words, str] = {}
        for cell in cells:
            code = cell.codes[depth].partition(":")[2]
            for name in (code, cell.names[depth], cell.names_en[depth]):
                known.setdefault(words_of(name), code)
        return cls(header.index(column), depth, known)

    def named(self, cells: Sequence[str]) -> str:
        """The code of the area that a row names; empty where it names none there is."""
        return self.known.get(words_of(cells[self.column]), "")


def words_of(name: str) -> Words:
    """A name without the order of its words, capitals, and noughts before a number: `04 BRONX` is Bronx 4."""
    return frozenset(word.casefold().lstrip("0") or "0" for word in WORD.findall(name))


def told_share(asked: tuple[str, str], named: int, agreed: int) -> str:
    """The sentence of how many lie where they say."""
    level, column = asked
    words = f"{level} is what {column} says in {agreed:,} of {named:,} rows that name one"
    return f"{words}, {(100 * Decimal(agreed) / named).quantize(HUNDREDTH, ROUND_HALF_UP)} %" if named else words
