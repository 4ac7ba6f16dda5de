"""The mapping file: which column of another system's table says what, and how its stamps are read."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gis.problems import FormIncomplete

__all__ = ["STAMPS", "Figure", "Mapping", "read_mapping", "repair"]

STAMPS = (
    "reported_at",
    "accepted_at",
    "filed_at",
    "dispatched_at",
    "signed_at",
    "disposed_at",
    "closed_at",
    "due_at",
)
Repair = Literal["none", "utc", "stored_minus_offset"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Part):
    """Column of each thing known; `id` is the other system's own number of the case."""

    id: str
    category: str
    unit: str | None = None
    lon: str | None = None
    lat: str | None = None
    state: str | None = None
    on_time: str | None = None
    description: str | None = None


class Stamps(_Part):
    """Column of each time known, and how it was written down.

    `repair`: `none` = the city's wall clock; `utc`; `stored_minus_offset` = the zone's offset was subtracted twice.
    """

    format: str
    repair: Repair = "none"
    reported_at: str
    accepted_at: str | None = None
    filed_at: str | None = None
    dispatched_at: str | None = None
    signed_at: str | None = None
    disposed_at: str | None = None
    closed_at: str | None = None
    due_at: str | None = None


class Figure(_Part):
    """A calendar file beside the mapping (days as in calendar.csv) to compute due times by."""

    name: str
    calendar: str
    at_least: float | None = None


class Mapping(_Part):
    """A mapping file. `values`: by column, the other system's word → ours."""

    system: str = Field(min_length=1)
    source: str = "import"
    public: bool = True
    encoding: str = "utf-8-sig"
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"
    category_by: Literal["code", "name", "name_en"] = "code"
    within_seconds: int = 120
    columns: Columns
    stamps: Stamps
    values: dict[str, dict[str, str]] = {}
    figures: list[Figure] = []

    def word(self, what: str, said: str) -> str:
        """Our word for what the other system says."""
        return self.values.get(what, {}).get(said, said)

    def needed(self) -> set[str]:
        """Every column the file must have."""
        named = [*self.columns.model_dump().values(), *(getattr(self.stamps, name) for name in STAMPS)]
        return {name for name in named if name}


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file. Raises FormIncomplete with every key that is wrong."""
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise FormIncomplete(f"{path} is not TOML: {fault}") from fault
    except ValidationError as wrong:
        faults = {".".join(str(part) for part in fault["loc"]): fault["msg"] for fault in wrong.errors()}
        words = "; ".join(f"{key}: {reason}" for key, reason in faults.items())
        raise FormIncomplete(f"{path}: {words}", fields=faults) from wrong


def repair(stored: datetime, how: Repair, zone: ZoneInfo) -> datetime:
    """The instant that a stamp without zone stands for, UTC.

    `stored_minus_offset`: wall time = stored - offset, with the offset in force at that wall time; an hour of the wall
    clock that comes twice is taken as the first.
    """
    if how == "utc":
        return stored.replace(tzinfo=UTC)
    if how == "none":
        return stored.replace(tzinfo=zone).astimezone(UTC)
    for day in (stored, stored - timedelta(days=1), stored + timedelta(days=1)):
        offset = _offset(day, zone)
        wall = stored - offset
        if wall.replace(tzinfo=zone).utcoffset() == offset:
            return wall.replace(tzinfo=zone).astimezone(UTC)
    return (stored - _offset(stored, zone)).replace(tzinfo=zone).astimezone(UTC)


def _offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    return wall.replace(tzinfo=zone).utcoffset() or timedelta()
