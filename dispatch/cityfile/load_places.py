"""Areas, roads and components of a new edition: rows that changed are ended on its day of force and written anew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, LiteralString

import numpy
import shapely
from numpy.typing import NDArray
from psycopg import sql
from shapely.geometry import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from dispatch.cityfile.rows import AreaRow, CityFiles, RoadRow, RoadTrimRow
from dispatch.cityfile.trims import counting, trims_by_road
from gis.crs import to_store
from gis.db import Tx, execute, value
from gis.plane import Plane
from gis.tables import SRID

__all__ = ["FOLLOW", "load_areas", "load_components", "load_roads", "storer"]

STORED = ("wgs84", "cgcs2000")  # equal within decimetres: relabelled, not moved
MOST_M2 = 2**31 - 1  # what the column holds
Place = tuple[int, list[int]]  # id, path


def load_areas(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """Every level from the top; an area whose parent is written anew is written anew too, for its path changed."""
    known = _known_areas(tx)
    store = storer(city)
    flat = Plane(*city.document["centre"]).metres
    changed: list[dict[str, Any]] = []
    places: dict[tuple[str, str], Place] = {}
    above = ""
    for depth, (level, rows) in enumerate(city.areas.items(), start=1):
        fresh = []
        for row in rows:
            parent = places.get((above, row.parent))
            values = _area_values(row, parent, store(row.geom))
            old = known.get((level, row.code))
            if old is not None and old[1] == tuple(values.values()):
                places[level, row.code] = old[0]
            else:
                fresh.append((row, parent, values))
        for (row, parent, values), new_id in zip(fresh, _new_ids(tx, "area", len(fresh)), strict=True):
            path = [*(parent[1] if parent else []), new_id]
            places[level, row.code] = (new_id, path)
            size = min(MOST_M2, round(flat(row.geom).area))
            finest = int(depth == len(city.areas))
            changed.append(
                {"id": new_id, "level": level, "depth": depth, "code": row.code, **values, "path": path}
                | {"area_m2": size, "finest": finest, "edition_id": edition_id, "valid_from": in_force}
            )
        above = level
    return _replace_areas(tx, known, places, changed, in_force=in_force)


def _replace_areas(
    tx: Tx,
    known: Mapping[tuple[str, str], tuple[Place, tuple[Any, ...]]],
    places: Mapping[tuple[str, str], Place],
    changed: Sequence[Mapping[str, Any]],
    *,
    in_force: date,
) -> Counter[str]:
    kept = {place[0] for place in places.values()}
    ended = [place[0] for place, _ in known.values() if place[0] not in kept]
    execute(tx, "UPDATE area SET valid_to = %(day)s WHERE id = ANY(%(ids)s)", day=in_force, ids=ended)
    _copy(tx, "area", changed)
    for follow in FOLLOW:
        execute(tx, follow, day=in_force)
    return Counter(areas_added=len(changed), areas_ended=len(ended))


# A component on a grid that is written anew is written anew too, from the same day; units and duty grids name their
# areas by code, which stays. A row that begins no earlier than that day has no past to keep.
FOLLOW: tuple[LiteralString, ...] = (
    """UPDATE component c SET area_id = new.id FROM area old, area new
        WHERE c.area_id = old.id AND old.valid_to IS NOT NULL AND c.valid_to IS NULL AND c.valid_from >= %(day)s
          AND new.level = old.level AND new.code = old.code AND new.valid_to IS NULL""",
    """WITH followed AS (
         UPDATE component c SET valid_to = %(day)s FROM area old, area new
          WHERE c.area_id = old.id AND old.valid_to IS NOT NULL AND c.valid_to IS NULL AND c.valid_from < %(day)s
            AND new.level = old.level AND new.code = old.code AND new.valid_to IS NULL
         RETURNING c.*, new.id AS new_area)
       INSERT INTO component (code, category, name, area_id, supervisor, owner, maintainer, state, accuracy, edition_id,
                              valid_from, geom)
       SELECT code, category, name, new_area, supervisor, owner, maintainer, state, accuracy, edition_id, %(day)s, geom
         FROM followed""",
)


def _known_areas(tx: Tx) -> dict[tuple[str, str], tuple[Place, tuple[Any, ...]]]:
    """(level, code) → (id, path) and the values that a new edition is compared by."""
    found = tx.connection.execute(
        """SELECT level, code, id, path, name, name_en, parent_id, area_class, land_use, is_local,
                  encode(ST_AsEWKB(geom), 'hex')
             FROM area WHERE valid_to IS NULL"""
    )
    return {(r[0], r[1]): ((r[2], r[3]), (*r[4:10], r[10].upper())) for r in found}


def _area_values(row: AreaRow, parent: Place | None, geometry: BaseGeometry) -> dict[str, Any]:
    whole = geometry if isinstance(geometry, MultiPolygon) else MultiPolygon([geometry])
    return {
        "name": row.name,
        "name_en": row.name_en,
        "parent_id": parent[0] if parent else None,
        "area_class": row.area_class,
        "land_use": row.land_use,
        "is_local": int(row.is_local),
        "geom": _ewkb(whole),
    }


def load_roads(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """Every road segment, by code, with what its trims leave of it."""
    store, trims = storer(city), trims_by_road(city)
    wanted = {row.code: _road_values(row, trims.get(row.code, []), store) for row in city.roads}
    known = tx.connection.execute(
        """SELECT code, name, name_en, class, upper(encode(ST_AsEWKB(geom), 'hex')),
                  upper(encode(ST_AsEWKB(counts), 'hex')), trims::text
             FROM road WHERE valid_to IS NULL"""
    )
    return _replace(tx, "road", wanted, {r[0]: r[1:] for r in known}, edition_id=edition_id, in_force=in_force)


def _road_values(
    row: RoadRow, trims: Sequence[RoadTrimRow], store: Callable[[BaseGeometry], BaseGeometry]
) -> dict[str, Any]:
    left = counting(row.geom, trims)
    said = [{"to_m": trim.to_m, "from_m": trim.from_m, "reason": trim.reason} for trim in trims]
    return {
        "name": row.name,
        "name_en": row.name_en,
        "class": row.road_class,
        "geom": _ewkb(store(row.geom)),
        "counts": None if left is None else _ewkb(store(left)),
        "trims": json.dumps(said, ensure_ascii=False) if said else None,
    }


def load_components(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """Every component, by code, with the unit grid it stands on."""
    store = storer(city)
    finest = list(city.areas)[-1]
    grids: dict[str, int] = dict(
        tx.connection.execute("SELECT code, id FROM area WHERE level = %s AND valid_to IS NULL", (finest,)).fetchall()
    )
    wanted = {
        row.code: {
            "category": row.category,
            "name": row.name,
            "area_id": grids[row.grid],
            "supervisor": row.supervisor or None,
            "owner": row.owner or None,
            "maintainer": row.maintainer or None,
            "state": row.state,
            "accuracy": row.accuracy,
            "geom": _ewkb(store(Point(row.lon, row.lat))),
        }
        for row in city.components
    }
    known = tx.connection.execute(
        """SELECT code, category, name, area_id, supervisor, owner, maintainer, state, accuracy,
                  upper(encode(ST_AsEWKB(geom), 'hex'))
             FROM component WHERE valid_to IS NULL"""
    )
    return _replace(tx, "component", wanted, {r[0]: r[1:] for r in known}, edition_id=edition_id, in_force=in_force)


def _replace(
    tx: Tx,
    table: LiteralString,
    wanted: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, tuple[Any, ...]],
    *,
    edition_id: int,
    in_force: date,
) -> Counter[str]:
    """End the rows that changed or are no more, and write the new ones."""
    fresh = {code: values for code, values in wanted.items() if known.get(code) != tuple(values.values())}
    ended = [code for code in known if code in fresh or code not in wanted]
    tx.connection.execute(
        sql.SQL("UPDATE {} SET valid_to = %s WHERE valid_to IS NULL AND code = ANY(%s)").format(sql.Identifier(table)),
        (in_force, ended),
    )
    _copy(
        tx,
        table,
        [{"code": code, **row, "edition_id": edition_id, "valid_from": in_force} for code, row in fresh.items()],
    )
    return Counter({f"{table}s_added": len(fresh), f"{table}s_ended": len(ended)})


def _copy(tx: Tx, table: LiteralString, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    names = sql.SQL(", ").join(sql.Identifier(name) for name in rows[0])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with tx.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


def _new_ids(tx: Tx, table: LiteralString, count: int) -> Iterable[int]:
    found: list[int] | None = value(
        tx,
        """SELECT array_agg(nextval(pg_get_serial_sequence(%(table)s, 'id'))) FROM generate_series(1, %(count)s)""",
        table=table,
        count=count,
    )
    return found or []


def storer(city: CityFiles) -> Callable[[BaseGeometry], BaseGeometry]:
    """What takes a geometry of the folder to the stored datum."""
    datum = str(city.document["datum"])
    if datum in STORED:
        return lambda geometry: geometry

    def store(points: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        return numpy.array([to_store(x, y, datum) for x, y in points])

    return lambda geometry: shapely.transform(geometry, store)


def _ewkb(geometry: BaseGeometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(geometry, SRID), hex=True, include_srid=True, byte_order=1))
