"""The editions a folder holds: id, day of force, hash of what it says; documents whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry

from dispatch.cityfile.rows import CityFiles
from dispatch.cityfile.time_limits import limits_document

__all__ = ["KINDS", "OPTIONAL", "SETTINGS", "Edition", "calendar_document", "editions_of"]

KINDS = ("areas", "roads", "components", "units", "calendar", "catalogue", "rules", "stages")
# A folder that does not name them gets them named and dated when it is loaded; one without such a file gets none.
OPTIONAL = ("settings", "duty_grids", "roster", "ladders", "schemes")
# What of city.toml cases are decided by, besides the calendar and the stages. All else of it is what the city is.
SETTINGS = (
    *("levels", "component_code", "case_number", "road_classes", "time_classes"),
    *("reach", "policy", "ranking", "respites"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """`content`: the document, JSON as text; None where the edition is rows of a table.

    `name` empty, `in_force` None: the folder does not say, so the load does.
    """

    kind: str
    name: str
    in_force: date | None
    source: str
    content_hash: str
    content: str | None


def editions_of(city: CityFiles) -> list[Edition]:
    """All editions of a folder that was checked; those it does not name at the end, before the record of city.toml."""
    documents: dict[str, Any] = {
        "roster": {"lines": [row.line.document() for row in city.roster]},
        "ladders": city.ladders or {},
        "settings": {key: city.document[key] for key in SETTINGS if key in city.document},
        "calendar": calendar_document(city),
        "rules": city.rules,
        "stages": limits_document(city),
        "schemes": city.schemes,
    }
    relations: dict[str, Iterable[Any]] = {
        "areas": (row for level in city.areas.values() for row in level),
        "roads": [*city.roads, *city.road_trims],
        "components": city.components,
        "units": city.units,
        "catalogue": [*city.categories, *city.conditions],
        "duty_grids": city.duty_grids,
    }
    head = city.document["editions"]
    files = {"roster": city.roster_lines, "ladders": city.ladders, "schemes": city.schemes or None}
    absent = {kind for kind, rows in files.items() if rows is None}
    kinds = [kind for kind in (*KINDS, *OPTIONAL) if kind not in absent]
    unsaid = {"id": "", "in_force": None, "source": city.folder.name}
    found = [
        Edition(
            kind=kind,
            name=str(said["id"]),
            in_force=said["in_force"],
            source=str(said.get("source", "")),
            content_hash=_hash(_text(_counting(documents[kind])))
            if kind in documents
            else _hash_of_rows(relations[kind]),
            content=_text(documents[kind]) if kind in documents else None,
        )
        for kind in sorted(kinds, key=lambda kind: kind not in head)
        for said in [head.get(kind, unsaid)]
    ]
    return [*found, _city_edition(city, found)]


def _city_edition(city: CityFiles, others: list[Edition]) -> Edition:
    """A record of city.toml itself. Its id is made of what it says, the other editions' ids left out."""
    said = {key: value for key, value in city.document.items() if key != "editions"}
    content_hash = _hash(_text(said))
    return Edition(
        kind="city",
        name=f"city-{content_hash[:12]}",
        in_force=max(edition.in_force for edition in others if edition.in_force is not None),
        source="city.toml",
        content_hash=content_hash,
        content=_text(city.document),
    )


def calendar_document(city: CityFiles) -> dict[str, Any]:
    """The calendar as `dispatch.clock.document.calendar_from` reads it."""
    section, days = city.document["calendar"], sorted(city.days, key=lambda row: row.day)
    return {
        "zone": city.document["time_zone"],
        "week": section["week"],
        "slots": section["slots"],
        "exceptions": {row.day.isoformat(): row.works for row in days},
        "confirmed": section.get("confirmed", []),
        "names": {row.day.isoformat(): row.name for row in days if row.name},
        "names_en": {row.day.isoformat(): row.name_en for row in days if row.name_en},
    }


def _counting(document: Any) -> Any:
    """What a document says without the names of days, which count nothing and were not kept at first."""
    uncounted = ("names", "names_en")
    return {k: v for k, v in document.items() if k not in uncounted} if isinstance(document, dict) else document


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, default=str)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_of_rows(rows: Iterable[Any]) -> str:
    """Of what the rows say; a row's number in its file says nothing."""
    digest = hashlib.sha256()
    for row in rows:
        said = [_plain(getattr(row, field.name)) for field in fields(row) if field.name != "row"]
        digest.update(json.dumps([type(row).__name__, *said], ensure_ascii=False, default=str).encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    return value.wkb_hex if isinstance(value, BaseGeometry) else value
