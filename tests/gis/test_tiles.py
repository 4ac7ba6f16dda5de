"""Vector tiles: what is in them at which zoom, and that there is none beyond the map."""

from __future__ import annotations

from math import asinh, floor, pi, radians, tan
from typing import LiteralString

import pytest

from gis.db import Tx, execute, read, write
from gis.problems import NotFound
from gis.tiles import DEEPEST, LAYERS, tile
from tests.gis.ground import draw
from tests.people.made import make_unit

BOSTON: LiteralString = """
    INSERT INTO area (level, depth, code, name, path, edition_id, valid_from, geom, finest)
    VALUES ('neighbourhood', 1, 'Back Bay', 'Back Bay', '{}', (SELECT max(id) FROM edition), '2024-01-01',
            ST_Multi(ST_MakeEnvelope(-71.09, 42.34, -71.07, 42.36, 4490)), 1)
"""


def at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """The tile of a zoom that holds a point."""
    x = floor((lon + 180) / 360 * 2**z)
    y = floor((1 - asinh(tan(radians(lat))) / pi) / 2 * 2**z)
    return z, x, y


@pytest.fixture
def ground(tx: Tx) -> Tx:
    draw(tx, components=400)
    return tx


@pytest.mark.parametrize(("zoom", "shown"), [(8, [b"district"]), (12, [b"district"]), (13, [b"district", b"street"])])
def test_the_finer_areas_come_in_as_one_comes_closer(ground: Tx, zoom: int, shown: list[bytes]) -> None:
    found = tile(ground, "area", *at(114.0005, 22.5005, zoom))
    assert [level for level in (b"district", b"street", b"grid") if level in found] == shown
    assert b"grid" in tile(ground, "area", *at(114.0005, 22.5005, 15))


def test_a_tile_bears_names_and_classes(ground: Tx) -> None:
    found = tile(ground, "road", *at(114.0005, 22.5005, 16))
    assert "横0路".encode() in found
    assert b"main" in found
    assert tile(ground, "road", *at(114.0005, 22.5005, 9)) == b""


def test_components_show_from_zoom_16(ground: Tx) -> None:
    assert tile(ground, "component", *at(114.01, 22.502, 15)) == b""
    assert b"intact" in tile(ground, "component", *at(114.01, 22.502, 16))


def test_a_tile_far_away_is_empty(ground: Tx) -> None:
    for layer in LAYERS:
        assert tile(ground, layer, *at(0, 0, 16)) == b""


def test_a_city_outside_china_is_drawn_as_well(ground: Tx) -> None:
    execute(ground, BOSTON)
    assert b"Back Bay" in tile(ground, "area", *at(-71.08, 42.35, 12))


@pytest.mark.parametrize(
    ("layer", "z", "x", "y"),
    [("area", -1, 0, 0), ("area", DEEPEST + 1, 0, 0), ("area", 3, 8, 0), ("area", 3, 0, -1), ("city", 3, 0, 0)],
)
def test_there_is_no_tile_beyond_the_map(tx: Tx, layer: str, z: int, x: int, y: int) -> None:
    with pytest.raises(NotFound):
        tile(tx, layer, z, x, y)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("z", [0, 1, DEEPEST])
def test_the_maps_corners_are_tiles_too(ground: Tx, layer: str, z: int) -> None:
    for x, y in ((0, 0), (2**z - 1, 2**z - 1)):
        tile(ground, layer, z, x, y)


CASE: LiteralString = """
    INSERT INTO cases (number, receipt, report_id, version, state, pool, source, public, category, geom, unit_id,
                       reported_at, last_at, last_hash, ended_at)
    SELECT n, n, gen_random_uuid(), 1, 'handling', 'unit', 'web', true, 'C0101',
           ST_SetSRID(ST_MakePoint(114.0005, 22.5005), 4490), %(unit)s, now(), now(), '', %(ended)s
      FROM (VALUES (%(number)s)) v (n)
"""


@pytest.mark.usefixtures("fresh_database")
def test_a_department_sees_its_own_open_cases_only() -> None:
    with write() as tx:
        draw(tx)
    for unit in ("water", "gas"):
        make_unit(unit)
    with write() as tx:
        execute(tx, CASE, number="K-water", unit="water", ended=None)
        execute(tx, CASE, number="K-gas", unit="gas", ended=None)
        execute(tx, CASE, number="K-ended", unit="water", ended=tx.now)
    with read() as tx:
        staff = tile(tx, "case", *at(114.0005, 22.5005, 14))
    with read(as_units=["water"]) as tx:
        department = tile(tx, "case", *at(114.0005, 22.5005, 14))
    assert [number in staff for number in (b"K-water", b"K-gas", b"K-ended")] == [True, True, False]
    assert [number in department for number in (b"K-water", b"K-gas", b"K-ended")] == [True, False, False]
