"""The rows of a city's folder as plain values, each with the number of its row (line, or feature from 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from dispatch.duty.roster import Line

__all__ = [
    "AreaRow",
    "CategoryRow",
    "CityFiles",
    "ComponentRow",
    "ConditionRow",
    "ConnectionRow",
    "DayRow",
    "DutyRow",
    "LimitRowOfFile",
    "PersonRow",
    "RoadRow",
    "RoadTrimRow",
    "RosterRow",
    "SpareRow",
    "SpotRow",
    "TeamRow",
    "UnitRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRow:
    """`geom` is a Polygon or MultiPolygon in the folder's datum, degrees."""

    row: int
    level: str
    code: str
    name: str
    name_en: str
    parent: str
    area_class: int | None
    land_use: str
    is_local: bool
    geom: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadRow:
    """`geom` is a LineString in the folder's datum, degrees."""

    row: int
    code: str
    name: str
    name_en: str
    road_class: str
    geom: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadTrimRow:
    """A stretch that is no road for duty, metres from the segment's first point. None: from its start, to its end."""

    row: int
    road: str
    from_m: float | None
    to_m: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRow:
    """Degrees in the folder's datum; unit ids may be empty."""

    row: int
    code: str
    category: str
    name: str
    lon: float
    lat: float
    grid: str
    supervisor: str
    owner: str
    maintainer: str
    state: str
    accuracy: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotRow:
    """A door or a point of interest, degrees in the folder's datum."""

    row: int
    code: str
    kind: str
    name: str
    name_en: str
    road: str
    number: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """`area` is `level:code` or empty."""

    row: int
    id: str
    name: str
    name_en: str
    tier: int
    parent: str
    types: tuple[str, ...]
    area: str
    group: str
    terminal: bool
    platform: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """How a unit's terminal is connected, or will be. `networks` in CIDR; none: from anywhere.
    `certificates`: SHA-256 in hexadecimal; none: none is asked for."""

    row: int
    unit: str
    networks: tuple[str, ...]
    certificates: tuple[str, ...]
    connect_by: date | None
    proxy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    row: int
    login: str
    name: str
    unit: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    row: int
    duty_grid: str
    name: str
    grid: str
    inspectors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    row: int
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """An emergency team. Degrees in the folder's datum; `classes` as kind:class; its shift in wall time."""

    row: int
    id: str
    unit: str
    name: str
    name_en: str
    members: int
    phone: str
    skills: str
    skills_en: str
    classes: tuple[str, ...]
    lon: float
    lat: float
    days: str
    starts: time
    ends: time
    vehicles: str
    vehicles_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareRow:
    """A part of components of a subclass, at a unit's depot. `stock`: how many, when the ledger begins."""

    row: int
    id: str
    category: str
    unit: str
    name: str
    name_en: str
    depot: str
    depot_en: str
    stock: int
    low: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    row: int
    code: str
    kind: str
    class_code: str
    class_name: str
    class_name_en: str
    name: str
    name_en: str
    types: tuple[str, ...]
    hazard: bool
    by_analogy: bool
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRow:
    """`limit` None: no limit."""

    row: int
    category: str
    no: int
    text: str
    text_en: str
    limit: Decimal | None
    time_class: str
    close_text: str
    close_text_en: str
    by_analogy: bool
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRowOfFile:
    """`said`: as the edition of the limits keeps it, without what it does not ask for."""

    row: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    row: int
    day: date
    works: bool
    name: str
    name_en: str
    source: str


@dataclass(slots=True, kw_only=True)
class CityFiles:
    """A folder as read. `areas` by level, in the order of the levels; `rule_lines`: line of each `[[rule]]`.

    `roster_lines`, `ladders` None: the folder has no such file. `schemes`: empty where it has none of its own.
    """

    folder: Path
    document: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    rule_lines: list[int] = field(default_factory=list)
    schemes: dict[str, Any] = field(default_factory=dict)
    days: list[DayRow] = field(default_factory=list)
    areas: dict[str, list[AreaRow]] = field(default_factory=dict)
    roads: list[RoadRow] = field(default_factory=list)
    road_trims: list[RoadTrimRow] = field(default_factory=list)
    components: list[ComponentRow] = field(default_factory=list)
    spots: list[SpotRow] = field(default_factory=list)
    units: list[UnitRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    connections: list[ConnectionRow] = field(default_factory=list)
    teams: list[TeamRow] = field(default_factory=list)
    spares: list[SpareRow] = field(default_factory=list)
    duty_grids: list[DutyRow] = field(default_factory=list)
    roster_lines: list[RosterRow] | None = None
    ladders: dict[str, Any] | None = None
    categories: list[CategoryRow] = field(default_factory=list)
    conditions: list[ConditionRow] = field(default_factory=list)
    limits: list[LimitRowOfFile] = field(default_factory=list)

    @property
    def roster(self) -> list[RosterRow]:
        """The lines of the roster, if there is one."""
        return self.roster_lines or []

    @property
    def finest(self) -> list[AreaRow]:
        """The unit grids: areas of the last level."""
        return list(self.areas.values())[-1] if self.areas else []
