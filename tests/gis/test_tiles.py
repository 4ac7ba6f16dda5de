"""Vector tiles: what is in them at which zoom, and that there is none beyond the map."""

from __future__ import annotations

from datetime import date
from math import asinh, floor, pi, radians, tan
from typing import LiteralString

import pytest
from psycopg.types.json import Jsonb

from gis import tiles
from gis.db import ReadTx, Tx, execute, read, value, write
from gis.problems import NotFound
from gis.tiles import DEEPEST, LAYERS, tag
from tests.gis.ground import draw
from tests.people.made import make_unit

TODAY = date(2026, 11, 23)
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


def tile(tx: ReadTx, layer: str, z: int, x: int, y: int, *, on: date = TODAY) -> bytes:
    return tiles.tile(tx, layer, (z, x, y), on=on)


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


def test_components_are_counted_together_before_zoom_17(ground: Tx) -> None:
    assert b"intact" in tile(ground, "component", *at(114.0005, 22.5005, 17))
    for zoom in (16, 15, 14, 9):
        found = tile(ground, "component", *at(114.01, 22.502, zoom))
        assert b"intact" not in found
        assert b"classes" not in found  # a number for each class is an attribute of its own: n, n01, n02 …
        assert found
    assert tile(ground, "component", *at(114.01, 22.502, 8)) == b""


SUM: LiteralString = """
    SELECT array_agg(n ORDER BY level) FROM (
      SELECT level, sum(n)::int AS n FROM component_cell
       WHERE valid_from <= %(on)s AND valid_to > %(on)s GROUP BY level) l
"""
MOVE: LiteralString = "UPDATE component SET geom = ST_Translate(geom, 0.3, 0) WHERE code <= '0000000000000100'"
END: LiteralString = "UPDATE component SET valid_to = '2026-06-01' WHERE code > '0000000000000390'"
WHERE_ARE: LiteralString = """
    SELECT count(*) FROM (
      SELECT x, y, n FROM component_cell WHERE level = 19 AND n <> 0
      EXCEPT
      SELECT floor(tile_x(geom, 19)), floor(tile_y(geom, 19)), count(*) FROM component GROUP BY 1, 2) d
"""


def test_the_counts_follow_whatever_happens_to_components(ground: Tx) -> None:
    assert value(ground, SUM, on=TODAY) == [400] * 4
    execute(ground, MOVE)
    assert value(ground, WHERE_ARE) == 0
    execute(ground, END)
    assert value(ground, SUM, on=TODAY) == [390] * 4
    assert value(ground, SUM, on=date(2026, 5, 31)) == [400] * 4


def test_a_tile_is_that_of_its_day(ground: Tx) -> None:
    place = at(114.0005, 22.5005, 16)
    execute(ground, "UPDATE area SET valid_to = '2026-06-01' WHERE finest = 1")
    assert b"grid" not in tile(ground, "area", *place)
    assert b"grid" in tile(ground, "area", *place, on=date(2026, 5, 31))
    assert tile(ground, "area", *place, on=date(2023, 12, 31)) == b""


def test_roads_come_in_by_rank(ground: Tx) -> None:
    execute(
        ground,
        """INSERT INTO city (name, folder, document, version)
           VALUES ('x', 'x', '{"road_classes": {"main": {"rank": 1}, "alley": {"rank": 5}}}', 1)""",
    )
    assert [b"alley" in tile(ground, "road", *at(114.0005, 22.5005, zoom)) for zoom in (13, 14)] == [False, True]
    assert b"main" in tile(ground, "road", *at(114.0005, 22.5005, 13))


def test_a_tour_is_drawn_by_its_grids(ground: Tx) -> None:
    execute(ground, "INSERT INTO duty_grid VALUES ('D1')")
    execute(
        ground,
        """WITH grids AS (SELECT code, edition_id, valid_from FROM area WHERE finest = 1 ORDER BY code LIMIT 8),
                entry AS (INSERT INTO duty_grid_entry (duty_grid, name, edition_id, valid_from)
                          SELECT 'D1', '一号', edition_id, valid_from FROM grids LIMIT 1)
           INSERT INTO duty_grid_area (grid, duty_grid, edition_id, valid_from)
           SELECT code, 'D1', edition_id, valid_from FROM grids""",
    )
    assert "一号".encode() in tile(ground, "duty", *at(114.0005, 22.5005, 14))
    assert tile(ground, "duty", *at(114.0005, 22.5005, 12)) == b""


def test_a_tag_is_the_same_as_long_as_all_that_was_seen_is() -> None:
    marks = {
        tag("area", (3, 1, 1), "7.9", TODAY),
        tag("area", (3, 1, 1), "7.10", TODAY),
        tag("area", (3, 1, 1), "7.9", date(2026, 1, 1)),
        tag("area", (3, 1, 2), "7.9", TODAY),
        tag("road", (3, 1, 1), "7.9", TODAY),
        tag("case", (3, 1, 1), "7.9", ("water",)),
        tag("case", (3, 1, 1), "7.9", ("gas",)),
        tag("case", (3, 1, 1), "7.9", "all"),
    }
    assert len(marks) == 8
    assert tag("area", (3, 1, 1), "7.9", TODAY) in marks


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
    SELECT n, n, gen_random_uuid(), 1, %(state)s, 'unit', 'web', true, 'C0101',
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
        execute(tx, CASE, number="K-water", unit="water", state="handling", ended=None)
        execute(tx, CASE, number="K-gas", unit="gas", state="handling", ended=None)
        execute(tx, CASE, number="K-ended", unit="water", state="closed", ended=tx.now)
    with read() as tx:
        staff = tile(tx, "case", *at(114.0005, 22.5005, 17))
    with read(as_units=["water"]) as tx:
        department = tile(tx, "case", *at(114.0005, 22.5005, 17))
    assert [number in staff for number in (b"K-water", b"K-gas", b"K-ended")] == [True, True, False]
    assert [number in department for number in (b"K-water", b"K-gas", b"K-ended")] == [True, False, False]


@pytest.mark.usefixtures("fresh_database")
def test_cases_near_each_other_stand_for_one_until_one_is_close() -> None:
    with write() as tx:
        draw(tx)
    make_unit("water")
    with write() as tx:
        for number in ("K-1", "K-2", "K-3"):
            execute(tx, CASE, number=number, unit="water", state="handling", ended=None)
        assert b"K-1" not in tile(tx, "case", *at(114.0005, 22.5005, 16))
        assert b"K-1" in tile(tx, "case", *at(114.0005, 22.5005, 17))
        execute(tx, "UPDATE cases SET state = 'closed' WHERE number <> 'K-2'")
        assert b"K-2" in tile(tx, "case", *at(114.0005, 22.5005, 12))  # alone, it is a pin from afar too


@pytest.mark.usefixtures("fresh_database")
def test_a_danger_not_made_safe_is_a_pin_of_its_own_among_many_and_once_only() -> None:
    cordon = "UPDATE cases SET hazard = true, clocks = %(clocks)s WHERE number = 'K-2'"
    with write() as tx:
        draw(tx)
    make_unit("water")
    with write() as tx:
        for number in ("K-1", "K-2", "K-3"):
            execute(tx, CASE, number=number, unit="water", state="handling", ended=None)
        execute(tx, cordon, clocks=Jsonb({"cordon": {}}))
        for zoom in (8, 12, 16, 17, 20):
            found = tile(tx, "case", *at(114.0005, 22.5005, zoom))
            assert found.count(b"K-2") == 1
            assert b"unsafe" in found
        assert tile(tx, "case", *at(114.0005, 22.5005, 7)) == b""
        execute(tx, cordon, clocks=Jsonb({}))
        assert b"K-2" not in tile(tx, "case", *at(114.0005, 22.5005, 12))


@pytest.mark.usefixtures("fresh_database")
@pytest.mark.parametrize("zoom", [8, 12, 16, 17, 20, 21])
def test_a_case_is_in_just_the_tile_it_lies_in(zoom: int) -> None:
    with write() as tx:
        draw(tx)
    make_unit("water")
    with write() as tx:
        execute(tx, CASE, number="K-1", unit="water", state="handling", ended=None)
        z, x, y = at(114.0005, 22.5005, zoom)
        assert b"K-1" in tile(tx, "case", z, x, y)
        for beside in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            assert tile(tx, "case", z, *beside) == b""


# Boxes of 1 m to 10 km, points all over each; how many stretches a box has, and how many hold the point.
IN_CELLS = """
    WITH box AS (
      SELECT n, ST_SetSRID(ST_MakePoint(114 + sin(n) / 10, 22.5 + cos(n * 7) / 10), 4490) AS middle,
             1e-5 * 10 ^ (n % 5) AS half
        FROM generate_series(1, 400) n
    ),
    point AS (
      SELECT n, ST_Expand(middle, half) AS around, ST_Translate(middle, half * x / 4, half * y / 4) AS p
        FROM box, generate_series(-4, 4) x, generate_series(-4, 4) y
    )
    SELECT (SELECT count(*) FROM map_cells(around)), (SELECT count(*) FROM map_cells(around)
             WHERE map_spot(floor(tile_x(p, 20))::int, floor(tile_y(p, 20))::int) BETWEEN low AND high)
      FROM point
"""


def test_a_box_lies_in_four_stretches_at_most_each_of_its_points_in_one(tx: Tx) -> None:
    found = tx.connection.execute(IN_CELLS).fetchall()
    assert len(found) == 400 * 81
    assert max(cells for cells, _ in found) <= 4
    assert {holding for _, holding in found} == {1}
