"""Seasons: from one day to another, every year or once. Days are text, so that an unknown one is simply empty."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Season", "days_told_apart", "season_of"]

DAY = re.compile(r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
ONCE = len("2024-01-01")


@dataclass(frozen=True, slots=True)
class Season:
    """From one day to another, both inside: "MM-DD" every year, over new year too, or "YYYY-MM-DD" once."""

    start: str
    end: str

    def holds(self, day: str) -> bool:
        """Whether `day` (YYYY-MM-DD) is in it; never if the day is not known."""
        if not day:
            return False
        asked = day[5:] if len(self.start) == 5 else day
        return self.start <= asked <= self.end if self.start <= self.end else asked >= self.start or asked <= self.end


def season_of(start: object, end: object) -> Season | None:
    """The season between two days as data writes them; None if they are none."""
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    if not DAY.fullmatch(start) or not DAY.fullmatch(end) or len(start) != len(end):
        return None
    return None if len(start) == ONCE and start > end else Season(start, end)


def days_told_apart(seasons: Iterable[Season]) -> set[str]:
    """The first day of each stretch between two edges of the seasons."""
    found = tuple(seasons)
    edges = {season.start for season in found} | {_after(season.end) for season in found}
    named = {int(edge[:4]) for edge in edges if len(edge) == ONCE} or {2024}
    years = {f"{year + more:04d}" for year in named for more in (0, 1)}
    return {"2024-01-01"} | {edge if len(edge) == ONCE else f"{year}-{edge}" for edge in edges for year in years}


def _after(day: str) -> str:
    """The day after, where a season has ended; the 32nd sorts behind every day of its month, which is all it has to."""
    return f"{day[:-2]}{int(day[-2:]) + 1:02d}"
