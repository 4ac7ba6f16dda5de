"""A city's folder → the ground it describes, without a database."""

from __future__ import annotations

from shapely.geometry import Point

from dispatch.cityfile.load_places import storer
from dispatch.cityfile.rows import AreaRow, CityFiles
from dispatch.cityfile.trims import counting, trims_by_road
from gis.atlas import FOREVER, Atlas, Cell, Things, Way

__all__ = ["atlas_of_files"]


def atlas_of_files(city: CityFiles) -> Atlas:
    """What the loaded city would hold: everything in force from its edition's day, in the order of the codes."""
    return Atlas(_cells(city), _ways(city), _things(city))


def _cells(city: CityFiles) -> list[Cell]:
    since, store = city.document["editions"]["areas"]["in_force"].toordinal(), storer(city)
    known = {(level, row.code): row for level, rows in city.areas.items() for row in rows}
    levels = list(city.areas)
    found = []
    for number, row in enumerate(sorted(city.finest, key=lambda row: row.code), start=1):
        way = [row]
        for level in reversed(levels[:-1]):
            way.insert(0, known[level, way[0].parent])
        found.append(
            Cell(
                id=number,
                path=(number,),
                codes=tuple(f"{area.level}:{area.code}" for area in way),
                names=tuple(area.name for area in way),
                names_en=tuple(area.name_en or area.name for area in way),
                area_class=_class(way),
                shape=store(row.geom),
                valid_from=since,
                valid_to=FOREVER,
            )
        )
    return found


def _class(way: list[AreaRow]) -> int | None:
    return next((area.area_class for area in reversed(way) if area.area_class is not None), None)


def _ways(city: CityFiles) -> list[Way]:
    since, store = city.document["editions"]["roads"]["in_force"].toordinal(), storer(city)
    trims = trims_by_road(city)
    found = []
    for number, row in enumerate(sorted(city.roads, key=lambda row: row.code), start=1):
        left = counting(row.geom, trims.get(row.code, []))
        line = store(row.geom if left is None else left)
        found.append(Way(number, row.code, row.road_class, row.name, row.name_en, line, since, FOREVER))
    return found


def _things(city: CityFiles) -> Things:
    since, store = city.document["editions"]["components"]["in_force"].toordinal(), storer(city)
    found = Things()
    for row in sorted(city.components, key=lambda row: row.code):
        at = store(Point(row.lon, row.lat))
        hands = (row.owner or None, row.maintainer or None, row.supervisor or None)
        found.add(row.code, row.category, hands, (at.x, at.y), (since, FOREVER))
    return found
