"""A city's calendar and time classes from its folder (docs/city.md): pure reading, nothing is stored."""

import csv
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatch.clock.calendar import Slots, WorkCalendar
from dispatch.clock.limits import Rule, TimeClass

__all__ = ["calendar_of", "season", "time_classes_from", "time_classes_of"]

KINDS = {"work": True, "off": False}
BOUNDS = {"since": date.min, "until": date.max}


def calendar_of(folder: Path) -> WorkCalendar:
    """The working calendar of `city.toml` and `calendar.csv`.

    Raises ValueError with file and reason if either says something a calendar cannot mean, OSError if one is missing.
    """
    city = _city(folder)
    try:
        section = city["calendar"]
        return WorkCalendar(
            ZoneInfo(city["time_zone"]),
            frozenset(section["week"]),
            tuple(season(row) for row in section["slots"]),
            _exceptions(folder / "calendar.csv"),
            frozenset(section.get("confirmed", ())),
        )
    except ZoneInfoNotFoundError as unknown:
        raise ValueError(f"city.toml: time zone {city['time_zone']} is not known") from unknown
    except KeyError as missing:
        raise ValueError(f"city.toml: {missing} is missing") from missing


def time_classes_of(folder: Path) -> dict[str, TimeClass]:
    """What each name means that limits of the city in `folder` may refer to."""
    return time_classes_from(_city(folder).get("time_classes", {}))


def time_classes_from(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, TimeClass]:
    """A city's `[time_classes]`, and the rules themselves where they want no time of day. Raises ValueError."""
    bare = {rule.value: TimeClass(rule) for rule in Rule if not rule.timed}
    return bare | {name: _time_class(name, row) for name, row in rows.items()}


def _time_class(name: str, row: Mapping[str, Any]) -> TimeClass:
    rule, at = Rule(row["rule"]), row.get("at")
    if (at is not None) is not rule.timed:
        raise ValueError(f"city.toml: time class {name}: {rule} {'wants' if rule.timed else 'has no'} `at`, as HH:MM")
    return TimeClass(rule, None if at is None else time.fromisoformat(at))


def _city(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "city.toml").read_text(encoding="utf-8"))


def season(row: Mapping[str, Any]) -> Slots:
    """`{from, to, hours[, since][, until]}`. Raises ValueError with the row."""
    try:
        since, until = (date.fromisoformat(str(row.get(key, end))) for key, end in BOUNDS.items())
        hours = tuple(_hours(text) for text in row["hours"])
        return Slots(_month_day(row["from"]), _month_day(row["to"]), hours, since, until)
    except ValueError as fault:
        raise ValueError(f"city.toml: calendar.slots {row.get('from')} to {row.get('to')}: {fault}") from fault


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _hours(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    return time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)


def _exceptions(path: Path) -> dict[date, bool]:
    days: dict[date, bool] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                day, works = date.fromisoformat(row["day"]), KINDS[row["kind"]]
            except (KeyError, ValueError) as fault:
                raise ValueError(f"calendar.csv row {number}: wants a day (YYYY-MM-DD) and work or off") from fault
            if day in days:
                raise ValueError(f"calendar.csv row {number}: {day} is given twice")
            days[day] = works
    return days
