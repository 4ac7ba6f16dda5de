"""A point → everything its position decides, in one query."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString, cast

from gis.db import ReadTx, dicts

NO_ROAD = "none"
TIE_M = 2.0  # two owners nearer to each other than this are told apart by nobody
ACCURACY_CAP_M = 50.0
SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257222101


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A road within reach: metres from the point to its centre line."""

    id: int
    road_class: str
    name: str
    metres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component 部件 at the point, with the units written down for it."""

    code: str
    category: str
    owner: str | None
    maintainer: str | None
    supervisor: str | None
    metres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a point lies. `road_class` is "none" beyond the city's reach; areas run from the top level to the unit grid.

    `rival_roads` and `near_areas`: what the fix might as well belong to, its accuracy considered.
    """

    lon: float
    lat: float
    accuracy_m: float | None
    area_id: int | None
    area_path: tuple[int, ...]
    area_codes: tuple[str, ...]
    area_names: tuple[str, ...]
    area_class: int | None
    duty_grid: str | None
    road_id: int | None
    road_class: str
    road_name: str
    road_m: float | None
    rival_roads: tuple[str, ...]
    near_areas: tuple[tuple[str, ...], ...]
    component: Component | None
    place_words: str

    @property
    def outside(self) -> bool:
        """Whether the point lies in no unit grid of the city."""
        return self.area_id is None


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres of one degree of longitude and of latitude at `lat` (degrees) on the store's ellipsoid."""
    e2 = FLATTENING * (2 - FLATTENING)
    sine = math.sin(math.radians(lat))
    w = math.sqrt(1 - e2 * sine * sine)
    kx = math.radians(SEMI_MAJOR / w * math.cos(math.radians(lat)))
    ky = math.radians(SEMI_MAJOR * (1 - e2) / w**3)
    return kx, ky


@cache
def _sql(name: str) -> LiteralString:
    return cast(LiteralString, (files("gis") / "sql" / name).read_text(encoding="utf-8"))


def place_of(
    tx: ReadTx,
    lon: float,
    lat: float,
    *,
    accuracy_m: float | None = None,
    category: str | None = None,
    component_code: str | None = None,
    on: date | None = None,
    reach_m: float = 40.0,
    component_m: float = 20.0,
) -> Place:
    """Locate a point (degrees of the store) as of a day; distances in metres.

    Without a component's code the nearest one of `category` within `component_m` is taken.
    """
    kx, ky = metres_per_degree(lat)
    doubt = min(max(accuracy_m or 0.0, TIE_M), ACCURACY_CAP_M)
    found = dicts(
        tx,
        _sql("place.sql"),
        lon=lon,
        lat=lat,
        kx=kx,
        ky=ky,
        day=on or tx.now.date(),
        reach_m=reach_m,
        accuracy_m=doubt,
        category=category,
        component=component_code,
        # A component named by its code may lie off its mapped place by a bad fix; beyond 10 times the reach it is a mistake.
        component_m=component_m * 10 if component_code else component_m,
    )[0]
    return _place(found, lon, lat, accuracy_m, doubt=doubt, reach_m=reach_m)


def _place(
    found: dict[str, Any], lon: float, lat: float, accuracy_m: float | None, *, doubt: float, reach_m: float
) -> Place:
    areas = found["areas"] or []
    codes = tuple(f"{level}:{code}" for level, code, _ in areas)
    names = tuple(name for _, _, name in areas)
    roads = [Road(id=i, road_class=c, name=n, metres=float(m)) for i, c, n, m in found["roads"] or []]
    road = roads[0] if roads and roads[0].metres <= reach_m else None
    return Place(
        lon=lon,
        lat=lat,
        accuracy_m=accuracy_m,
        area_id=found["area_id"],
        area_path=tuple(found["area_path"] or ()),
        area_codes=codes,
        area_names=names,
        area_class=found["area_class"],
        duty_grid=found["duty_grid"],
        road_id=road and road.id,
        road_class=road.road_class if road else NO_ROAD,
        road_name=road.name if road else "",
        road_m=road and road.metres,
        rival_roads=_rivals(road, roads, doubt, reach_m),
        near_areas=tuple(tuple(near) for near in found["near"] or [] if tuple(near) != codes[:-1]),
        component=Component(**_thing(found)) if found["thing"] else None,
        place_words=_words(road, names),
    )


def _thing(found: dict[str, Any]) -> dict[str, Any]:
    thing = dict(found["thing"])
    thing["metres"] = float(thing.pop("m"))
    return thing


def _rivals(road: Road | None, roads: list[Road], doubt: float, reach_m: float) -> tuple[str, ...]:
    """Other road classes the point may belong to: roads as near, within the doubt, as the one that counts."""
    base = reach_m if road is None else road.metres
    found = {r.road_class: None for r in roads if r is not road and r.metres - base <= doubt}
    if road is not None and road.metres + doubt > reach_m:
        found.setdefault(NO_ROAD)
    own = NO_ROAD if road is None else road.road_class
    return tuple(name for name in found if name != own)


def _words(road: Road | None, names: tuple[str, ...]) -> str:
    """Road and distance, then the area above the unit grid: made by us, so it holds nobody's words."""
    where = names[-2] if len(names) > 1 else "".join(names)
    if road is None or not road.name:
        return where
    return f"{road.name} {road.metres:.0f} m · {where}" if where else f"{road.name} {road.metres:.0f} m"
