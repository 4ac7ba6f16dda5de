"""The names of a city and where they are: areas, roads, doors, points of interest. Needs no outside service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, LiteralString, NamedTuple

import numpy
import shapely
from pypinyin import Style, lazy_pinyin

from gis.db import ReadTx
from gis.locate import plain_name
from gis.plane import Plane

__all__ = ["Gazetteer", "Named", "NamedArea", "NamedRoad", "Spot", "gazetteer_of"]

AREAS: LiteralString = """
    SELECT code, name, name_en, depth, ST_AsBinary(geom) FROM area
     WHERE valid_to IS NULL AND (finest = 0 OR depth = 1) ORDER BY depth, code COLLATE "C"
"""
ROADS: LiteralString = """
    SELECT name, max(name_en), ST_AsBinary(ST_Collect(geom ORDER BY code)) FROM road
     WHERE valid_to IS NULL AND name <> '' GROUP BY name ORDER BY name COLLATE "C"
"""
SPOTS: LiteralString = """
    SELECT code, kind, name, name_en, road, number, ST_X(geom), ST_Y(geom) FROM spot ORDER BY code COLLATE "C"
"""


class NamedArea(NamedTuple):
    """An area above the unit grid; `shape` in degrees, or None where only a point is known."""

    code: str
    name: str
    name_en: str
    depth: int
    lon: float
    lat: float
    shape: Any = None


class NamedRoad(NamedTuple):
    """All segments of one name as one MultiLineString, degrees."""

    name: str
    name_en: str
    line: Any


class Spot(NamedTuple):
    """A row of places.csv. `kind`: `door` (it has a road and a number) or the city's own word for such a place."""

    code: str
    kind: str
    name: str
    name_en: str
    road: str
    number: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Named:
    """One name in the forms it is asked for in. `initials` and `spelled`: of its pinyin, without spaces."""

    kind: str  # area, road, place
    of: NamedArea | NamedRoad | Spot
    plain: str
    plain_en: str
    initials: str
    spelled: str


@dataclass
class Gazetteer:
    """All names; made once for each version of a city. `centre`: where its plane touches the earth, degrees."""

    areas: Sequence[NamedArea]
    roads: Sequence[NamedRoad]
    spots: Sequence[Spot]
    centre: tuple[float, float]
    plane: Plane = field(init=False)

    def __post_init__(self) -> None:
        self.plane = Plane(*self.centre)

    @cached_property
    def names(self) -> list[Named]:
        """Areas from the top down, roads, points of interest."""
        things: list[tuple[str, NamedArea | NamedRoad | Spot]] = [("area", area) for area in self.areas]
        things += [("road", road) for road in self.roads]
        things += [("place", spot) for spot in self.spots if spot.name]
        return [_named(kind, thing) for kind, thing in things]

    @cached_property
    def doors(self) -> dict[str, dict[int, Spot]]:
        """Plain name of a road → its doors by number."""
        found: dict[str, dict[int, Spot]] = {}
        for spot in self.spots:
            if spot.road and spot.number.isdigit():
                found.setdefault(plain_name(spot.road), {}).setdefault(int(spot.number), spot)
        return found

    @cached_property
    def flat_roads(self) -> Any:
        """The roads' lines in metres on the plane, an array."""
        return self.plane.metres(numpy.array([road.line for road in self.roads], dtype=object))

    @cached_property
    def road_index(self) -> shapely.STRtree:
        """Of `flat_roads`."""
        return shapely.STRtree(self.flat_roads)

    def areas_at(self, lon: float, lat: float) -> list[NamedArea]:
        """The areas around a point, from the top down; on a line that of the lowest code."""
        here = shapely.Point(lon, lat)
        found: dict[int, NamedArea] = {}
        for area in self.areas:
            if area.shape is not None and area.depth not in found and area.shape.intersects(here):
                found[area.depth] = area
        return list(found.values())


def gazetteer_of(tx: ReadTx, centre: tuple[float, float]) -> Gazetteer:
    """The names of the loaded city, as they are now."""
    ask = tx.connection.execute
    areas = [_area(*row) for row in ask(AREAS)]
    roads = [NamedRoad(name, name_en or "", shapely.from_wkb(bytes(wkb))) for name, name_en, wkb in ask(ROADS)]
    return Gazetteer(areas, roads, [Spot(*row) for row in ask(SPOTS)], centre)


def _area(code: str, name: str, name_en: str, depth: int, wkb: bytes) -> NamedArea:
    shape = shapely.from_wkb(bytes(wkb))
    return area_of_shape((code, name, name_en), depth, shape)


def area_of_shape(names: tuple[str, str, str], depth: int, shape: Any) -> NamedArea:
    """`names`: code, Chinese, English."""
    at = shapely.point_on_surface(shape)
    return NamedArea(*names, depth, at.x, at.y, shape)


def roads_by_name(segments: Iterable[tuple[str, str, Any]]) -> list[NamedRoad]:
    """Segments (name, name_en, line) → one road for each name, by name; those without one are left out."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, name_en, line in segments:
        if name:
            found.setdefault(name, []).append((name_en, line))
    return [
        NamedRoad(name, max(en for en, _ in parts), shapely.MultiLineString([line for _, line in parts]))
        for name, parts in sorted(found.items())
    ]


def _named(kind: str, thing: NamedArea | NamedRoad | Spot) -> Named:
    plain = plain_name(thing.name)
    syllables = lazy_pinyin(plain.replace(" ", ""))
    return Named(
        kind=kind,
        of=thing,
        plain=plain,
        plain_en=plain_name(thing.name_en),
        initials="".join(lazy_pinyin(plain.replace(" ", ""), style=Style.FIRST_LETTER)),
        spelled="".join(syllables),
    )
