"""A point → "road, side, metres from the crossing", with the door and the place beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely

from gis.gazetteer import Gazetteer, NamedRoad, Spot
from gis.locate import ON_THE_ROAD_M, SIDES, SIDES_EN, compass, plain_name

__all__ = ["Address", "address_of"]

CROSSING_M = 1000.0  # a crossing farther off says nothing to somebody who looks for the place
TOUCH_M = 15.0  # carriageways drawn apart still cross
DOOR_M, SPOT_M = 60.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Names are empty and metres None where there is nothing: no road within reach, no crossing, no door."""

    areas: tuple[str, ...]
    areas_en: tuple[str, ...]
    road: str = ""
    road_en: str = ""
    side: str = ""
    side_en: str = ""
    metres: float | None = None
    crossing: str = ""
    crossing_en: str = ""
    crossing_m: float | None = None
    door: str = ""
    place: str = ""
    place_en: str = ""

    @property
    def words(self) -> str:
        """In Chinese: 滨河区红荔路北侧12米，距华富路路口85米，近1001号."""
        said = "".join(self.areas) + self.road
        said += f"{self.side}{self.metres:.0f}米" if self.side else ""
        said += f"，距{self.crossing}路口{self.crossing_m:.0f}米" if self.crossing else ""
        said += f"，近{self.door}号" if self.door else ""
        return said + (f"，{self.place}旁" if self.place else "")

    @property
    def words_en(self) -> str:
        """The same in English."""
        road = f"{self.metres:.0f} m {self.side_en} of {self.road_en}" if self.side_en else self.road_en
        crossing = f"{self.crossing_m:.0f} m from the crossing with {self.crossing_en}" if self.crossing else ""
        door = f"near number {self.door}" if self.door else ""
        place = f"beside {self.place_en}" if self.place_en else ""
        return ", ".join(part for part in (road, crossing, door, place, *reversed(self.areas_en)) if part)


def address_of(gazetteer: Gazetteer, lon: float, lat: float, *, reach_m: float = 40) -> Address:
    """Where a point is (degrees, stored datum). A road beyond `reach_m` is none."""
    here = gazetteer.plane.metres(shapely.Point(lon, lat))
    areas = gazetteer.areas_at(lon, lat)
    given: dict[str, Any] = {
        "areas": tuple(area.name for area in areas),
        "areas_en": tuple(area.name_en or area.name for area in areas),
    }
    near = _nearest_spot(gazetteer, here, (spot for spot in gazetteer.spots if spot.name), SPOT_M)
    if near is not None:
        given |= {"place": near.name, "place_en": near.name_en or near.name}
    number = _nearest_road(gazetteer, here, reach_m)
    return Address(**given, **({} if number is None else _on_road(gazetteer, number, here)))


def _nearest_road(gazetteer: Gazetteer, here: Any, reach_m: float) -> int | None:
    found = gazetteer.road_index.query(here, predicate="dwithin", distance=reach_m).tolist()
    return min(found, key=lambda i: (round(here.distance(gazetteer.flat_roads[i]), 3), i), default=None)


def _on_road(gazetteer: Gazetteer, number: int, here: Any) -> dict[str, Any]:
    road: NamedRoad = gazetteer.roads[number]
    line = gazetteer.flat_roads[number]
    (x, y), (u, v) = shapely.shortest_line(line, here).coords
    foot = shapely.Point(x, y)
    metres = here.distance(line)
    found: dict[str, Any] = {"road": road.name, "road_en": road.name_en or road.name, "metres": round(metres, 1)}
    if metres >= ON_THE_ROAD_M:
        side = compass(u - x, v - y)
        found |= {"side": SIDES[side], "side_en": SIDES_EN[side]}
    doors = gazetteer.doors.get(plain_name(road.name), {}).values()
    door = _nearest_spot(gazetteer, here, iter(doors), DOOR_M)
    if door is not None:
        found["door"] = door.number
    crossings = [(foot.distance(at), other) for at, other in _crossings(gazetteer, number, foot)]
    if crossings:
        away, crossing = min(crossings, key=lambda pair: (round(pair[0], 1), pair[1].name))
        found |= {"crossing": crossing.name, "crossing_en": crossing.name_en or crossing.name}
        found["crossing_m"] = round(away, 1)
    return found


def _crossings(gazetteer: Gazetteer, number: int, foot: Any) -> Iterator[tuple[Any, NamedRoad]]:
    """For each other road: the place, nearest to `foot`, where it meets the road."""
    around = foot.buffer(CROSSING_M)
    line = gazetteer.flat_roads[number].intersection(around)
    for i in gazetteer.road_index.query(line, predicate="dwithin", distance=TOUCH_M).tolist():
        if i == number:
            continue
        met = shapely.intersection(line, gazetteer.flat_roads[i].buffer(TOUCH_M))
        if not met.is_empty:
            exact = line.intersection(gazetteer.flat_roads[i])
            at = shapely.shortest_line(foot, met if exact.is_empty else exact).coords[-1]
            yield shapely.Point(at), gazetteer.roads[i]


def _nearest_spot(gazetteer: Gazetteer, here: Any, spots: Iterator[Spot], most_m: float) -> Spot | None:
    near = ((here.distance(gazetteer.plane.metres(shapely.Point(spot.lon, spot.lat))), spot) for spot in spots)
    best = min(near, key=lambda pair: (pair[0], pair[1].code), default=None)
    return best[1] if best is not None and best[0] <= most_m else None
