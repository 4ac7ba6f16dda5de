"""A calendar edition as the database keeps it (one JSON document) → the calendar that counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.load import season


def calendar_from(document: Mapping[str, Any]) -> WorkCalendar:
    """`{"zone", "week", "slots": [{from, to, hours}], "exceptions": {day: works}, "confirmed": [years]}`."""
    return WorkCalendar(
        ZoneInfo(document["zone"]),
        frozenset(document["week"]),
        tuple(season(row) for row in document["slots"]),
        {date.fromisoformat(day): works for day, works in document["exceptions"].items()},
        frozenset(document["confirmed"]),
    )
