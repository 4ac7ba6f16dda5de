"""Another system's table → one record a row; a row that cannot be understood is put aside with its reason."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from dispatch.cityfile.faults import Faults
from dispatch.foreign.mapping import STAMPS, Mapping, repair
from gis.crs import to_store
from gis.problems import FormIncomplete

__all__ = ["Known", "Record", "read_records", "report_id"]

OPEN, CLOSED = "open", "closed"
YES_NO = {"yes": True, "no": False, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One foreign case. Times are UTC, None where the other system does not say.

    `own_target`: the table has a target column, so an empty `due_at` means "no limit"; `on_time`: its own verdict.
    """

    row: int
    id: UUID
    number: str
    category: str
    unit: str | None
    lon: float | None
    lat: float | None
    closed: bool
    on_time: bool | None
    description: str | None
    times: dict[str, datetime]
    own_target: bool

    @property
    def reported_at(self) -> datetime:
        return self.times["reported_at"]

    @property
    def due_at(self) -> datetime | None:
        return self.times.get("due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a row may refer to: category by the other system's word for it, unit ids, the city's zone."""

    categories: dict[str, str]
    units: frozenset[str]
    zone: ZoneInfo


def report_id(system: str, number: str) -> UUID:
    """The id of a foreign case's report: the same for ever, so that a second import adds nothing."""
    return uuid5(NAMESPACE_URL, f"import:{system}:{number}")


def read_records(path: Path, mapping: Mapping, known: Known, faults: Faults) -> list[Record]:
    """All rows that can be understood; the others are faults. Raises FormIncomplete if the file cannot be read."""
    records: list[Record] = []
    seen: dict[str, int] = {}
    for number, values in _rows(path, mapping):
        try:
            record = _record(number, values, mapping, known)
        except ValueError as fault:
            faults.error(path.name, number, str(fault))
            continue
        if record.number in seen:
            faults.error(path.name, number, f"{record.number} stands in row {seen[record.number]} already")
            continue
        seen[record.number] = number
        records.append(record)
    return records


def _rows(path: Path, mapping: Mapping) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(mapping.encoding)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as fault:
        raise FormIncomplete(f"{path} cannot be read as {mapping.encoding}: {fault}") from fault
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := sorted(mapping.needed() - set(reader.fieldnames or ())):
        raise FormIncomplete(f"{path} has no column {', '.join(missing)}, which the mapping names")
    for values in reader:
        yield reader.line_num, {name: (value or "").strip() for name, value in values.items() if isinstance(value, str)}


def _record(row: int, values: dict[str, str], mapping: Mapping, known: Known) -> Record:
    number = _cell(values, mapping.columns.id)
    if not number:
        raise ValueError(f"{mapping.columns.id} is empty")
    lon, lat = _position(values, mapping)
    return Record(
        row=row,
        id=report_id(mapping.system, number),
        number=number,
        category=_category(values, mapping, known),
        unit=_unit(values, mapping, known),
        lon=lon,
        lat=lat,
        closed=_closed(values, mapping),
        on_time=_on_time(values, mapping),
        description=_cell(values, mapping.columns.description) or None,
        times=_times(values, mapping, known.zone),
        own_target=mapping.stamps.due_at is not None,
    )


def _cell(values: dict[str, str], column: str | None) -> str:
    return values.get(column, "") if column else ""


def _category(values: dict[str, str], mapping: Mapping, known: Known) -> str:
    said = mapping.word("category", _cell(values, mapping.columns.category))
    if said not in known.categories:
        raise ValueError(f"unknown category {said!r}: [values.category] of the mapping can name ours")
    return known.categories[said]


def _unit(values: dict[str, str], mapping: Mapping, known: Known) -> str | None:
    said = mapping.word("unit", _cell(values, mapping.columns.unit))
    if said and said not in known.units:
        raise ValueError(f"unknown unit {said!r}: [values.unit] of the mapping can name ours")
    return said or None


def _closed(values: dict[str, str], mapping: Mapping) -> bool:
    if mapping.columns.state is None:
        return bool(_cell(values, mapping.stamps.closed_at))
    said = mapping.word("state", _cell(values, mapping.columns.state))
    if said not in (OPEN, CLOSED):
        raise ValueError(f"unknown state {said!r}: [values.state] of the mapping says which are open and closed")
    return said == CLOSED


def _on_time(values: dict[str, str], mapping: Mapping) -> bool | None:
    said = mapping.word("on_time", _cell(values, mapping.columns.on_time))
    if said not in YES_NO:
        raise ValueError(f"unknown on-time flag {said!r}: [values.on_time] of the mapping says which are yes and no")
    return YES_NO[said]


def _position(values: dict[str, str], mapping: Mapping) -> tuple[float | None, float | None]:
    texts = [_cell(values, mapping.columns.lon), _cell(values, mapping.columns.lat)]
    if texts == ["", ""]:
        return None, None
    try:
        lon, lat = (float(text) for text in texts)
    except ValueError:
        raise ValueError(f"the position {', '.join(texts)} is not two numbers") from None
    if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"the position {lon}, {lat} is not in degrees")
    return to_store(lon, lat, mapping.datum)


def _times(values: dict[str, str], mapping: Mapping, zone: ZoneInfo) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for name in STAMPS:
        column = getattr(mapping.stamps, name)
        if text := _cell(values, column):
            try:
                stored = datetime.strptime(text, mapping.stamps.format)  # noqa: DTZ007 - the zone is what is repaired
            except ValueError:
                raise ValueError(f"{column} is {text}: it wants {mapping.stamps.format}") from None
            times[name] = repair(stored, mapping.stamps.repair, zone)
    if "reported_at" not in times:
        raise ValueError(f"{mapping.stamps.reported_at} is empty: when was it reported?")
    _refuse_backwards(times)
    return times


def _refuse_backwards(times: dict[str, datetime]) -> None:
    """Stages follow each other; a target may lie anywhere."""
    known = [(name, times[name]) for name in STAMPS if name in times and name != "due_at"]
    for (before, first), (after, second) in pairwise(known):
        if second < first:
            raise ValueError(f"{after} {second:%Y-%m-%d %H:%M:%S} lies before {before} {first:%Y-%m-%d %H:%M:%S} (UTC)")
