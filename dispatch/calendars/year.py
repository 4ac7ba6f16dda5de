"""A calendar's document as people read and change it: a year day by day, its seasons, and what a notice makes of it."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from dispatch.clock.document import calendar_from
from dispatch.clock.load import season
from dispatch.clock.notice import Day

__all__ = ["Cell", "changed_days", "checked", "seasons_of", "with_notice", "year_of"]

Document = Mapping[str, Any]
Kind = Literal["work", "rest", "off", "moved"]
WEEKDAY = {True: "work", False: "rest"}
ASKED = 40 * 3600  # seconds of work that must come to an end


@dataclass(frozen=True, slots=True)
class Cell:
    """One day. `rest`: a weekday without work; `off` and `moved`: not what its weekday says, for the reason `name`."""

    day: date
    kind: Kind
    name: str
    changed: bool = False


def year_of(document: Document, year: int, before: Document | None = None) -> list[list[list[Cell | None]]]:
    """Twelve months of weeks of seven days from Monday; None outside the month. `before`: what it is compared to."""
    other = {} if before is None else changed_days(before, document)
    return [[[_cell(document, day, other) for day in week] for week in _weeks(year, month)] for month in range(1, 13)]


def _weeks(year: int, month: int) -> list[list[date | None]]:
    days = [*Calendar().itermonthdates(year, month)]
    inside = [day if day.month == month else None for day in days]
    return [inside[n : n + 7] for n in range(0, len(inside), 7)]


def _cell(document: Document, day: date | None, other: Mapping[date, object]) -> Cell | None:
    if day is None:
        return None
    usual = day.isoweekday() in document["week"]
    works = document["exceptions"].get(day.isoformat(), usual)
    kind: Any = WEEKDAY[works] if works == usual else ("moved" if works else "off")
    name = document.get("names", {}).get(day.isoformat(), "")
    return Cell(day, kind, name, day in other)


def changed_days(before: Document, after: Document) -> dict[date, tuple[bool, bool]]:
    """Day → whether it worked, whether it works now; those that differ, in order."""
    days = sorted({*before["exceptions"], *after["exceptions"]})
    found = {date.fromisoformat(day): (_works(before, day), _works(after, day)) for day in days}
    return {day: pair for day, pair in found.items() if pair[0] != pair[1]}


def _works(document: Document, day: str) -> bool:
    usual = date.fromisoformat(day).isoweekday() in document["week"]
    return bool(document["exceptions"].get(day, usual))


def with_notice(
    document: Document, days: Mapping[date, Day], *, year: int, since: date, official: bool, seasons: Sequence[Document]
) -> dict[str, Any]:
    """The document with a notice in it. An official one is its whole year from `since` on; another adds to it."""
    told = {day.isoformat(): said for day, said in days.items()}
    kept = {
        day: works
        for day, works in document["exceptions"].items()
        if not (official and day.startswith(f"{year}-") and day >= since.isoformat())
    }
    names = {day: name for day, name in document.get("names", {}).items() if day in kept}
    confirmed = {*document["confirmed"], *([year] if official else [])}
    return {
        **document,
        "exceptions": dict(sorted((kept | {day: said.works for day, said in told.items()}).items())),
        "names": dict(sorted((names | {day: said.name for day, said in told.items() if said.name}).items())),
        "confirmed": sorted(confirmed),
        "slots": list(seasons) or document["slots"],
    }


def checked(document: Document, since: date) -> None:
    """Raises ValueError for hours or seasons that overlap, and for a calendar that leaves a limit without end."""
    calendar = calendar_from(document)
    calendar.advance(calendar.midnights(since.toordinal())[0], ASKED)


def seasons_of(text: str) -> list[dict[str, Any]]:
    """Lines `MM-DD MM-DD HH:MM-HH:MM …` → seasons as the document keeps them. Raises ValueError with the line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < 3:
            raise ValueError(f"line {number}: first day, last day and opening hours are wanted")
        row = {"from": parts[0], "to": parts[1], "hours": parts[2:]}
        try:
            season(row)
        except ValueError as fault:
            raise ValueError(f"line {number}: {str(fault).rpartition(': ')[2]}") from fault
        found.append(row)
    return found
