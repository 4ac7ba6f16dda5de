"""Doors and points of interest (places.csv): checked, loaded all anew, and the names of a folder for the geocoder."""

from __future__ import annotations

from collections import Counter

from shapely.geometry import Point

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.load_places import storer
from dispatch.cityfile.rows import CityFiles
from gis.db import Tx, execute, execute_many
from gis.gazetteer import Gazetteer, Spot, area_of_shape, roads_by_name
from gis.locate import plain_name

__all__ = ["check_spots", "gazetteer_of_files", "load_spots"]

FILE = "places.csv"
DOOR = "door"
SPOT = """
    INSERT INTO spot (code, kind, name, name_en, road, number, geom)
    VALUES (%(code)s, %(kind)s, %(name)s, %(name_en)s, %(road)s, %(number)s,
            ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490))
"""


def check_spots(city: CityFiles, faults: Faults) -> None:
    """Codes once; a door has a known road and a number, anything else a name."""
    counts = Counter(row.code for row in city.spots)
    roads = {plain_name(row.name) for row in city.roads}
    for row in city.spots:
        if counts[row.code] > 1:
            faults.error(FILE, row.row, f"code {row.code} is given twice")
        if row.kind != DOOR and not row.name:
            faults.error(FILE, row.row, f"{row.code} has no name")
        if row.kind == DOOR and not row.number.isdigit():
            faults.error(FILE, row.row, f"number is {row.number or 'empty'}: a door wants a whole number")
        if row.road and plain_name(row.road) not in roads:
            faults.error(FILE, row.row, f"unknown road {row.road}")
        elif row.kind == DOOR and not row.road:
            faults.error(FILE, row.row, f"door {row.code} has no road")


def spots_of(city: CityFiles) -> list[Spot]:
    """In the stored datum, by code."""
    store, found = storer(city), []
    for row in sorted(city.spots, key=lambda row: row.code):
        at = store(Point(row.lon, row.lat))
        found.append(Spot(row.code, row.kind, row.name, row.name_en, row.road, row.number, at.x, at.y))
    return found


def load_spots(tx: Tx, city: CityFiles) -> Counter[str]:
    """All anew if anything differs: no case points to one."""
    wanted = spots_of(city)
    ask = "SELECT code, kind, name, name_en, road, number, ST_X(geom), ST_Y(geom) FROM spot"
    if set(wanted) == {Spot(*row) for row in tx.connection.execute(ask)}:
        return Counter()
    execute(tx, "DELETE FROM spot")
    execute_many(tx, SPOT, [spot._asdict() for spot in wanted])
    return Counter(spots=len(wanted) or 1)


def gazetteer_of_files(city: CityFiles) -> Gazetteer:
    """What the loaded city's would hold."""
    store = storer(city)
    shown = list(city.areas.items())[:-1] or list(city.areas.items())
    areas = [
        area_of_shape((row.code, row.name, row.name_en), depth, store(row.geom))
        for depth, (_, rows) in enumerate(shown, start=1)
        for row in sorted(rows, key=lambda row: row.code)
    ]
    roads = roads_by_name((row.name, row.name_en, store(row.geom)) for row in city.roads)
    lon, lat = city.document["centre"]
    return Gazetteer(areas, roads, spots_of(city), (lon, lat))
