"""A calendar edition as the database keeps it (one JSON document) → the calendar that counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.load import season

__all__ = ["calendar_from", "check_calendar"]

ASKED = 40 * 3600  # seconds of work that must come to an end
TOO_LATE = "2200"  # of later days no calendar is asked


def calendar_from(document: Mapping[str, Any]) -> WorkCalendar:
    """`{"zone", "week", "slots": [{from, to, hours[, since][, until]}], "exceptions": {day: works}, "confirmed"}`."""
    return WorkCalendar(
        ZoneInfo(document["zone"]),
        frozenset(document["week"]),
        tuple(season(row) for row in document["slots"]),
        {date.fromisoformat(day): works for day, works in document["exceptions"].items()},
        frozenset(document["confirmed"]),
    )


def check_calendar(document: Mapping[str, Any], since: date) -> None:
    """Raises ValueError for hours or seasons that overlap, and for a calendar that leaves a limit without end: from
    the day of force on, or behind the last day that is named in it."""
    named = (since.isoformat(), *document["exceptions"], *(str(row.get("until", "")) for row in document["slots"]))
    last = date.fromisoformat(max(day for day in named if day < TOO_LATE))
    for day in (since, last + timedelta(days=1)):
        calendar = calendar_from(document)
        calendar.advance(calendar.midnights(day.toordinal())[0], ASKED)
