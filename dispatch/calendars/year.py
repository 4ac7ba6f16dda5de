"""A calendar's document as people read and change it: a year day by day, its seasons, and what a notice makes of it."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from dispatch.clock.calendar import refuse_shared_days
from dispatch.clock.load import season
from dispatch.clock.notice import Day

__all__ = ["YEARS", "Cell", "changed_days", "hours_of", "name_of", "seasons_of", "with_notice", "year_of"]

Document = Mapping[str, Any]
Kind = Literal["work", "rest", "off", "moved"]
WEEKDAY = {True: "work", False: "rest"}
ONE_DAY = timedelta(days=1)
YEARS = range(1970, 2200)  # that a calendar may be asked for
ALL_YEAR = {"from": "01-01", "to": "12-31"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One day. `rest`: a weekday without work; `off` and `moved`: not what its weekday says, for the reason `name`."""

    day: date
    kind: Kind
    name: str
    changed: bool = False


def year_of(
    document: Document, year: int, before: Document | None = None, *, language: str = "zh"
) -> list[list[list[Cell | None]]]:
    """Twelve months of weeks of seven days from Monday; None outside the month. `before`: what it is compared to."""
    other = {} if before is None else changed_days(before, document)
    return [
        [[_cell(document, day, other, language) for day in week] for week in _weeks(year, month)]
        for month in range(1, 13)
    ]


def name_of(document: Document, day: date, language: str) -> str:
    """Why a day is not what its weekday says; in English where the calendar has it so, a pasted notice has not."""
    own = document.get("names_en", {}).get(day.isoformat(), "") if language == "en" else ""
    return str(own or document.get("names", {}).get(day.isoformat(), ""))


def _weeks(year: int, month: int) -> list[list[date | None]]:
    days = [*Calendar().itermonthdates(year, month)]
    inside = [day if day.month == month else None for day in days]
    return [inside[n : n + 7] for n in range(0, len(inside), 7)]


def _cell(document: Document, day: date | None, other: Mapping[date, object], language: str) -> Cell | None:
    if day is None:
        return None
    usual = day.isoweekday() in document["week"]
    works = document["exceptions"].get(day.isoformat(), usual)
    kind: Any = WEEKDAY[works] if works == usual else ("moved" if works else "off")
    return Cell(day, kind, name_of(document, day, language), day in other)


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
    """The document with a notice in it. An official one is its whole year from `since` on; another adds to it.

    `seasons`, as `seasons_of` reads them, are the opening hours from `since` on; the hours of days before it stay.
    """
    told = {day.isoformat(): said for day, said in days.items()}
    kept = {
        day: works
        for day, works in document["exceptions"].items()
        if not (official and day.startswith(f"{year}-") and day >= since.isoformat())
    }
    names = {day: name for day, name in document.get("names", {}).items() if day in kept}
    names_en = {day: name for day, name in document.get("names_en", {}).items() if day in kept and day not in told}
    confirmed = {*document["confirmed"], *([year] if official else [])}
    return {
        **document,
        "exceptions": dict(sorted((kept | {day: said.works for day, said in told.items()}).items())),
        "names": dict(sorted((names | {day: said.name for day, said in told.items() if said.name}).items())),
        "names_en": names_en,
        "confirmed": sorted(confirmed),
        "slots": _with_hours(document["slots"], seasons, since),
    }


def _with_hours(slots: Sequence[Document], seasons: Sequence[Document], since: date) -> list[Document]:
    """The opening hours with those of `seasons` in them: hours of every year from `since` on, then those of dates."""
    yearly = [{**row, "since": since.isoformat()} for row in seasons if "since" not in row]
    found = [*_without(slots, since, None), *yearly] if yearly else list(slots)
    for row in (row for row in seasons if "since" in row):
        first, last = date.fromisoformat(row["since"]), date.fromisoformat(row["until"])
        if first < since:
            raise ValueError(f"{first} lies before the day of force, {since}")
        found = [*_without(found, first, last), row]
    return found


def _without(slots: Sequence[Document], first: date, last: date | None) -> list[Document]:
    """The same hours, except on the days from `first` to `last`, or from `first` on."""
    found: list[Document] = []
    before = (first - ONE_DAY).isoformat()
    after = None if last is None else (last + ONE_DAY).isoformat()
    for row in slots:
        if row.get("since", "") <= before:
            found.append({**row, "until": min(row.get("until", before), before)})
        if after is not None and row.get("until", after) >= after:
            found.append({**row, "since": max(row.get("since", after), after)})
    return found


def hours_of(document: Document, year: int) -> list[Document]:
    """The rows of opening hours that some day of a year may have, by the day from which they hold."""
    first, last = f"{year}-01-01", f"{year}-12-31"
    rows = [row for row in document["slots"] if row.get("since", first) <= last and row.get("until", last) >= first]
    return sorted(rows, key=lambda row: (row.get("since", ""), row["from"]))


def seasons_of(text: str) -> list[dict[str, Any]]:
    """Lines `MM-DD MM-DD HH:MM-HH:MM …`, of every year, or `YYYY-MM-DD YYYY-MM-DD …`, of these days alone → opening
    hours as the document keeps them. Raises ValueError with the line."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < 3:
            raise ValueError(f"line {number}: first day, last day and opening hours are wanted")
        try:
            row = _season(parts[0], parts[1], parts[2:])
            season(row)
        except ValueError as fault:
            raise ValueError(f"line {number}: {str(fault).rpartition(': ')[2]}") from fault
        found.append(row)
    for dated in (False, True):  # those of dates come before those of every year
        refuse_shared_days([season(row) for row in found if ("since" in row) is dated])
    return found


def _season(first: str, last: str, hours: Sequence[str]) -> dict[str, Any]:
    if len(first) == len(last) == len("MM-DD"):
        return {"from": first, "to": last, "hours": hours}
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as fault:
        raise ValueError(f"{first} and {last} are not both MM-DD or both YYYY-MM-DD") from fault
    if end.year not in YEARS:
        raise ValueError(f"{end.year} is no year of a calendar")
    return {**ALL_YEAR, "since": begin.isoformat(), "until": end.isoformat(), "hours": hours}
