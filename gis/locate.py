"""A point → the areas it lies in, the road it is on, the component it is about, and what else its accuracy reaches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import cos, isfinite, radians
from typing import Any, TypedDict, Unpack

from gis.crs import metres_per_degree
from gis.db import ReadTx, ask
from gis.problems import FormIncomplete
from gis.queries import query

__all__ = [
    "NO_ROAD",
    "SIDES",
    "SIDES_EN",
    "Component",
    "How",
    "Place",
    "Reaches",
    "Road",
    "ask_place",
    "bears",
    "compass",
    "place_of",
    "plain_name",
    "road_named",
]

NO_ROAD = "none"
MOST_DOUBT_M = 50.0  # a worse fix is not looked around any further: its place wants a person's eye anyway
SLIVER_M = 0.1
TIE_M = 2.0
ON_THE_ROAD_M = 3.0
LETTERS = re.compile(r"[a-z0-9\u00df-\u024f]+")
WORDS = re.compile(rf"{LETTERS.pattern}|[^\W_]")
SIDES = ("北侧", "东北侧", "东侧", "东南侧", "南侧", "西南侧", "西侧", "西北侧")
NORTHWARD = tuple(cos(radians(45 * side)) for side in range(8))
EASTWARD = tuple(cos(radians(45 * side - 90)) for side in range(8))
SIDES_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A road near the fix. `dx`, `dy`: metres east and north from the fix to the road's nearest point that counts."""

    id: int
    code: str
    road_class: str
    name: str
    name_en: str
    metres: float
    dx: float
    dy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component (部件) with the units in charge of it (their ids, or None). `dx`, `dy`: metres from the fix to it."""

    code: str
    category: str
    owner: str | None
    maintainer: str | None
    supervisor: str | None
    metres: float
    dx: float
    dy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a report is. Degrees in the stored datum, metres for all else; `area_*` run from the top level down.

    `area_id` None: outside the city. `road_class` "none": no road within `reach_m`. `by_name`: the road is the one that
    the address names, not the nearest. `near_roads`: the nearest of each class and name within `reach_m` (or `look_m`)
    and the accuracy; roads whose distances differ by `tie_m` at most are as near; `near_paths`: the `level:code` paths
    of the other finest areas, and `near_components` the other components of the category, that the accuracy reaches.
    """

    lon: float
    lat: float
    accuracy_m: float | None
    area_id: int | None
    area_path: tuple[int, ...]
    area_codes: tuple[str, ...]
    area_names: tuple[str, ...]
    area_names_en: tuple[str, ...]
    area_class: int | None
    duty_grid: str | None
    road_id: int | None
    road_class: str
    road_name: str
    road_name_en: str
    road_m: float | None
    by_name: bool
    near_roads: tuple[Road, ...]
    near_paths: tuple[tuple[str, ...], ...]
    component: Component | None
    near_components: tuple[Component, ...]
    reach_m: float
    component_m: float
    tie_m: float = TIE_M

    @property
    def outside(self) -> bool:
        """Whether it lies in no area of the city."""
        return self.area_id is None

    @property
    def doubt_m(self) -> float:
        """How far from the fix the true place may be, metres: its accuracy, at most 50."""
        return _doubt(self.accuracy_m)

    @property
    def near_areas(self) -> tuple[str, ...]:
        """Areas of every level, as `level:code`, that the accuracy reaches and the place is not in."""
        return tuple(sorted({code for path in self.near_paths for code in path} - set(self.area_codes)))

    @property
    def rival_roads(self) -> tuple[Road, ...]:
        """Roads of another class or name within `tie_m` of being as near as the place's own, unless the address
        names that one: which of them it is, the position alone does not say."""
        if self.road_m is None or self.by_name:
            return ()
        near = (road for road in self.near_roads if road.metres <= min(self.road_m + self.tie_m, self.reach_m))
        return tuple(road for road in near if (road.road_class, road.name) != (self.road_class, self.road_name))

    @property
    def place_words(self) -> str:
        """Where, in Chinese words made of the data's own names; never anything a person wrote."""
        road = self._named_road()
        areas = "".join(self.area_names[:-1] or self.area_names)
        if road is None:
            return areas
        side = "" if road.metres < ON_THE_ROAD_M else f" {SIDES[_side(road)]} {road.metres:.0f} 米"
        return f"{areas} {road.name}{side}".strip()

    @property
    def place_words_en(self) -> str:
        """The same in English."""
        road = self._named_road()
        areas = ", ".join(reversed(self.area_names_en[:-1] or self.area_names_en))
        if road is None:
            return areas
        name = road.name_en or road.name
        side = name if road.metres < ON_THE_ROAD_M else f"{road.metres:.0f} m {SIDES_EN[_side(road)]} of {name}"
        return ", ".join(part for part in (side, areas) if part)

    def _named_road(self) -> Road | None:
        if self.by_name:
            return next(road for road in self.near_roads if road.id == self.road_id)
        return next((road for road in self.near_roads if road.name and road.metres <= self.reach_m), None)


@dataclass(frozen=True, slots=True)
class _Row:
    area_id: int | None
    path: list[int] | None
    codes: list[str] | None
    names: list[str] | None
    names_en: list[str] | None
    area_class: int | None
    duty_grid: str | None
    near_paths: list[list[str]]
    roads: list[list[Any]]
    components: list[list[Any]]


class Reaches(TypedDict, total=False):
    """How far to look around a point, metres; see `place_of`."""

    reach_m: float
    component_m: float
    look_m: float
    tie_m: float


class How(Reaches, total=False):
    """How far, and what for."""

    accuracy_m: float | None
    category: str | None
    component_code: str | None
    street: str | None
    on: date | None


def place_of(tx: ReadTx, lon: float, lat: float, **how: Unpack[How]) -> Place:
    """Look around one point (degrees, stored datum) in one query, as the city was on the day `on`.

    `on` None: the day it is at Greenwich. `look_m`: how far roads are looked for, if farther than `reach_m`. With a
    `component_code` only that component counts, however far; otherwise the nearest of the `category` within
    `component_m`. `street`: a road's name, or an address with one in it; the road within reach that bears it comes
    before nearer ones. Raises FormIncomplete for a point that is not on the earth.
    """
    return ask_place(tx, lon, lat, **how)()


def ask_place(
    tx: ReadTx,
    lon: float,
    lat: float,
    *,
    accuracy_m: float | None = None,
    category: str | None = None,
    component_code: str | None = None,
    street: str | None = None,
    on: date | None = None,
    reach_m: float = 40,
    component_m: float = 20,
    look_m: float = 0,
    tie_m: float = TIE_M,
) -> Callable[[], Place]:
    """Ask it now; what is given back waits for the answer. So the question can travel with others."""
    if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) < 90):
        raise FormIncomplete("The position is not on the earth", zh="坐标超出范围", fields={"position": "out of range"})
    kx, ky = metres_per_degree(lat)
    doubt = _doubt(accuracy_m)
    asked = ask(
        tx,
        _Row,
        query("place"),
        lon=float(lon),
        lat=float(lat),
        kx=kx,
        ky=ky,
        on=on or tx.now.date(),
        near_m=doubt,
        grid_m=max(doubt, SLIVER_M),
        road_m=max(reach_m, look_m) + doubt,
        thing_m=component_m + doubt,
        component=component_code,
        category=category,
    )

    def answer() -> Place:
        row = asked.fetchone()
        if row is None:
            raise AssertionError("place.sql gives one row always")
        point = (float(lon), float(lat))
        return _place(row, point, accuracy_m, street=street, reach_m=reach_m, component_m=component_m, tie_m=tie_m)

    return answer


def _place(
    row: _Row,
    point: tuple[float, float],
    accuracy_m: float | None,
    *,
    street: str | None,
    reach_m: float,
    component_m: float,
    tie_m: float,
) -> Place:
    roads = tuple(Road(**dict(zip(Road.__slots__, values, strict=True))) for values in row.roads)
    things = tuple(Component(**dict(zip(Component.__slots__, values, strict=True))) for values in row.components)
    named = road_named(street, roads, reach_m) if street else None
    road = named or (roads[0] if roads and roads[0].metres <= reach_m else None)
    # A component given by its code comes alone, and may be far; one that is only near has to be near.
    alone = len(things) == 1 and things[0].metres > component_m + _doubt(accuracy_m)
    component = things[0] if things and (alone or things[0].metres <= component_m) else None
    return Place(
        lon=point[0],
        lat=point[1],
        accuracy_m=accuracy_m,
        area_id=row.area_id,
        area_path=tuple(row.path or ()),
        area_codes=tuple(row.codes or ()),
        area_names=tuple(row.names or ()),
        area_names_en=tuple(row.names_en or ()),
        area_class=row.area_class,
        duty_grid=row.duty_grid,
        road_id=road.id if road else None,
        road_class=road.road_class if road else NO_ROAD,
        road_name=road.name if road else "",
        road_name_en=(road.name_en or road.name) if road else "",
        road_m=road.metres if road else None,
        by_name=named is not None,
        near_roads=roads,
        near_paths=tuple(tuple(path) for path in row.near_paths),
        component=component,
        near_components=things[1:] if component is not None else things,
        reach_m=reach_m,
        component_m=component_m,
        tie_m=tie_m,
    )


def road_named(words: str, roads: Sequence[Road], reach_m: float) -> Road | None:
    """The road within reach whose name stands in `words`: the longest such name, then the nearest. `roads`: by
    distance. Where 深南大道辅路 is near, an address on it is not on 深南大道."""
    found = [road for road in roads if road.metres <= reach_m and bears(words, road.name, road.name_en)]
    return max(found, key=lambda road: len(plain_name(road.name)), default=None)


def bears(words: str, *names: str) -> bool:
    """Whether one of the names stands in the words; one in letters only as whole words."""
    said = plain_name(words)
    return any(plain in said for name in names if (plain := plain_name(name)))


@lru_cache(maxsize=4096)
def plain_name(text: str) -> str:
    """A name for comparison: one width, one case, no signs; words in letters between single spaces, no others."""
    words = WORDS.findall(unicodedata.normalize("NFKC", text).casefold())
    spaced = "".join(f" {word} " if LETTERS.match(word) else word for word in words)
    return spaced.replace("  ", " ")


def _doubt(accuracy_m: float | None) -> float:
    return min(max(accuracy_m or 0.0, 0.0), MOST_DOUBT_M)


def _side(road: Road) -> int:
    """On which of eight sides of the road the fix lies."""
    return compass(-road.dx, -road.dy)


def compass(east: float, north: float) -> int:
    """Which of SIDES a step of so many metres goes to."""
    return max(range(8), key=lambda side: north * NORTHWARD[side] + east * EASTWARD[side])
