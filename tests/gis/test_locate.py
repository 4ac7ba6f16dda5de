"""A point finds its areas, road and component, on a chequerboard of grids of about 103 by 111 m."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import quantiles
from time import perf_counter
from typing import Any, LiteralString

import psycopg
import pytest

import gis.db
from dispatch.cluster import Urls
from gis.db import Tx, execute, value
from gis.locate import Place, place_of
from gis.problems import FormIncomplete
from gis.queries import query
from tests.gis.ground import SINCE, draw

ADD: LiteralString = """
    INSERT INTO component (code, category, owner, edition_id, valid_from, geom)
    VALUES (%(code)s, %(category)s, %(owner)s, (SELECT max(id) FROM edition), '2024-01-01',
            ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490))
"""
NORTH_M = 1 / 110_746  # a metre to the north, in degrees, at 22.5°


@pytest.fixture
def ground(tx: Tx) -> Tx:
    draw(tx)
    return tx


def component(tx: Tx, code: str, lon: float, lat: float, *, category: str = "C0101", owner: str = "water") -> None:
    execute(tx, ADD, code=code, category=category, owner=owner, lon=lon, lat=lat)


def test_a_point_has_its_areas_from_the_top_down(ground: Tx) -> None:
    place = place_of(ground, 114.0005, 22.5005)
    assert place.area_codes == ("district:100000", "street:100000001", "grid:100000001000000")
    assert place.area_path[-1] == place.area_id
    assert len(place.area_path) == 3
    assert place.area_names == ("0区", "0区街道", "G0-0")
    assert place.area_class == 2
    assert not place.outside


def test_on_a_shared_line_and_corner_the_lowest_code_decides(ground: Tx) -> None:
    on_the_line = place_of(ground, 114.001, 22.5005)
    on_the_corner = place_of(ground, 114.002, 22.501)
    assert on_the_line.area_codes[-1] == "grid:100000001000000"
    assert on_the_corner.area_codes[-1] == "grid:100000001001000"
    assert {place_of(ground, 114.001, 22.5005).area_id for _ in range(5)} == {on_the_line.area_id}


def test_a_hair_between_two_grids_is_no_hole_in_the_city(ground: Tx) -> None:
    execute(
        ground,
        "UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(114, 22.5, 114.0009999, 22.501, 4490)) WHERE name = 'G0-0'",
    )
    assert place_of(ground, 114.00099995, 22.5005).area_id is not None
    assert place_of(ground, 113.999, 22.5005).outside


def test_beyond_every_grid_is_outside_the_city(ground: Tx) -> None:
    place = place_of(ground, 113.9, 22.5)
    assert place.outside
    assert (place.area_path, place.area_codes) == ((), ())
    assert place.road_class == "none"
    assert place.place_words == place.place_words_en == ""


def test_the_nearest_road_within_reach_counts(ground: Tx) -> None:
    place = place_of(ground, 114.0005, 22.5 + 12 * NORTH_M)
    assert (place.road_class, place.road_name) == ("main", "横0路")
    assert place.road_m == pytest.approx(12, abs=0.01)
    assert place_of(ground, 114.0005, 22.5 + 39.9 * NORTH_M).road_class == "main"
    assert place_of(ground, 114.0005, 22.5 + 40.1 * NORTH_M).road_class == "none"
    assert place_of(ground, 114.0005, 22.5 + 40.1 * NORTH_M, reach_m=41).road_class == "main"


def test_distances_agree_with_the_ellipsoid_to_a_centimetre(ground: Tx) -> None:
    point = (114.000_37, 22.500_31)
    place = place_of(ground, *point)
    exact = value(
        ground,
        "SELECT min(ST_Distance(geom::geography, ST_MakePoint(%(lon)s, %(lat)s)::geography))"
        " FROM (SELECT ST_SetSRID(geom, 4326) AS geom FROM road) road",
        lon=point[0],
        lat=point[1],
    )
    assert place.road_m == pytest.approx(exact, abs=0.01)


def test_the_place_in_words_is_made_of_road_side_distance_and_areas(ground: Tx) -> None:
    place = place_of(ground, 114.0005, 22.5 + 12 * NORTH_M)
    assert place.place_words == "0区0区街道 横0路 北侧 12 米"
    assert place.place_words_en == "12 m north of Row 0, 0区街道, District 0"
    assert place_of(ground, 114.0005, 22.5).place_words == "0区0区街道 横0路"
    assert "南侧 5 米" in place_of(ground, 114.0005, 22.501 - 5 * NORTH_M).place_words


def test_roads_in_doubt_are_those_within_reach_and_accuracy(ground: Tx) -> None:
    point = (114.0005, 22.5 + 39 * NORTH_M)
    assert [road.road_class for road in place_of(ground, *point).near_roads] == ["main"]
    seen = place_of(ground, *point, accuracy_m=35)
    assert [(road.road_class, round(road.metres)) for road in seen.near_roads] == [("main", 39), ("alley", 72)]
    assert seen.near_roads[0].dy == pytest.approx(-39, abs=0.1)
    assert seen.near_roads[1].dy == pytest.approx(72, abs=0.5)


def test_areas_in_doubt_are_those_the_accuracy_reaches_and_50_m_at_most(ground: Tx) -> None:
    near_the_districts_edge = (114.025 - 0.0001, 22.5005)  # 10 m
    assert place_of(ground, *near_the_districts_edge).near_areas == ()
    assert place_of(ground, *near_the_districts_edge, accuracy_m=9).near_areas == ()
    assert "district:100001" in place_of(ground, *near_the_districts_edge, accuracy_m=12).near_areas
    middle = (114.0005, 22.5005)
    assert place_of(ground, *middle, accuracy_m=49).near_areas == ()
    assert place_of(ground, *middle, accuracy_m=5000).doubt_m == 50


def test_the_nearest_component_of_the_category_is_meant(ground: Tx) -> None:
    component(ground, "near", 114.0005, 22.5005 + 15 * NORTH_M)
    component(ground, "nearer-but-another", 114.0005, 22.5005 + 1 * NORTH_M, category="C0102")
    component(ground, "far", 114.0005, 22.5005 - 19 * NORTH_M, owner="gas")
    place = place_of(ground, 114.0005, 22.5005, category="C0101")
    assert place.component is not None
    assert (place.component.code, place.component.owner) == ("near", "water")
    assert place.component.metres == pytest.approx(15, abs=0.05)
    assert [other.code for other in place.near_components] == ["far"]
    assert place_of(ground, 114.0005, 22.5005, category="C0101", component_m=14).component is None
    assert place_of(ground, 114.0005, 22.5005).component is None


def test_a_component_given_by_its_code_is_meant_however_far(ground: Tx) -> None:
    component(ground, "here", 114.0005, 22.5005)
    component(ground, "far", 114.0105, 22.5005)
    place = place_of(ground, 114.0005, 22.5005, category="C0101", component_code="far")
    assert place.component is not None
    assert place.component.code == "far"
    assert place.near_components == ()
    unknown = place_of(ground, 114.0005, 22.5005, category="C0101", component_code="none such")
    assert unknown.component is None


def test_a_place_is_as_the_city_was_on_the_day(ground: Tx) -> None:
    gone = date(2025, 6, 1)
    execute(ground, "UPDATE area SET valid_to = %(day)s WHERE name = 'G0-0'", day=gone)
    execute(ground, "UPDATE road SET valid_to = %(day)s WHERE code = 'H0-0'", day=gone)
    point = (114.0005, 22.5 + 12 * NORTH_M)
    before, after = (place_of(ground, *point, on=day) for day in (gone - timedelta(days=1), gone))
    assert (before.outside, before.road_class) == (False, "main")
    assert after.outside
    assert after.road_id != before.road_id
    assert place_of(ground, *point, on=SINCE - timedelta(days=1)).outside


def test_the_duty_grid_is_the_unit_grids_of_the_day(ground: Tx) -> None:
    change = date(2025, 6, 1)
    execute(ground, "INSERT INTO duty_grid VALUES ('D1'), ('D2')")
    execute(
        ground,
        """INSERT INTO duty_grid_area (grid, duty_grid, edition_id, valid_from, valid_to)
           SELECT code, d.name, edition_id, d.begins, d.ends
             FROM area, LATERAL (VALUES ('D1', valid_from, %(day)s::date), ('D2', %(day)s, NULL)) d(name, begins, ends)
            WHERE area.name = 'G0-0'""",
        day=change,
    )
    assert place_of(ground, 114.0005, 22.5005, on=change - timedelta(days=1)).duty_grid == "D1"
    assert place_of(ground, 114.0005, 22.5005, on=change).duty_grid == "D2"
    assert place_of(ground, 114.0015, 22.5005).duty_grid is None


@pytest.mark.parametrize("point", [(float("nan"), 22.5), (200.0, 22.5), (114.0, 90.0), (114.0, float("inf"))])
def test_a_point_that_is_not_on_the_earth_is_refused(tx: Tx, point: tuple[float, float]) -> None:
    with pytest.raises(FormIncomplete):
        place_of(tx, *point)


@pytest.fixture
def big(fresh_database: Urls) -> Iterator[Tx]:
    """1,000 grids, 2,000 segments, 22,000 components, committed and analysed."""
    with gis.db.write() as tx:
        draw(tx, columns=50, rows=20, components=22_000)
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("ANALYZE area, road, component")
    with gis.db.write() as tx:
        yield tx


TYPES = {"on": "date", "component": "text", "category": "text"}
PARAMETERS: dict[str, Any] = {"component": None, "category": "C1", "on": date(2025, 1, 1)} | {
    "lon": 114.0205, "lat": 22.5103, "kx": 102_800.0, "ky": 110_746.0, "near_m": 15.0, "grid_m": 15.0,
    "road_m": 55.0, "thing_m": 35.0,
}  # fmt: skip


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_the_query_goes_through_the_spatial_indexes(big: Tx, mode: str) -> None:
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query("place"))))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", query("place"))
    kinds = ", ".join(TYPES.get(name, "float8") for name in names)
    given = ", ".join("NULL" if PARAMETERS[name] is None else f"'{PARAMETERS[name]}'" for name in names)
    big.connection.execute(f"SET LOCAL plan_cache_mode = {mode}".encode())
    big.connection.execute(f"PREPARE place ({kinds}) AS {text}".encode())
    found = big.connection.execute(f"EXPLAIN EXECUTE place ({given})".encode()).fetchall()
    big.connection.execute("DEALLOCATE place")
    plan = "\n".join(line for (line,) in found)
    for index in ("area_geom", "road_geom", "component_geom"):
        assert index in plan, plan
    for table in ("area", "road", "component"):
        assert f"Seq Scan on {table}" not in plan, plan


@pytest.mark.speed
def test_a_place_is_found_in_half_a_millisecond(big: Tx) -> None:
    def look(n: int) -> Place:
        return place_of(
            big, 114 + 0.05 * (n * 0.618 % 1), 22.5 + 0.02 * (n * 0.754 % 1), accuracy_m=12, category=f"C{n % 40}"
        )

    took = []
    for n in range(1000):
        started = perf_counter()
        look(n)
        took.append(perf_counter() - started)
    tenth = quantiles(took, n=10)[0]  # of the quick ones: the machine may have other work
    assert tenth < 0.000_75, f"{tenth * 1000:.3f} ms; the aim is 0.5"


# The point lies 10 m north of the main road 横0路 and 30 m south of 南巷, which is drawn for it.
def named(tx: Tx, code: str, name: str, *, north_m: float, road_class: str = "alley") -> None:
    execute(
        tx,
        "INSERT INTO road (code, name, name_en, class, edition_id, valid_from, geom)"
        " VALUES (%(code)s, %(name)s, 'South Lane', %(class)s, (SELECT max(id) FROM edition), '2024-01-01',"
        " ST_SetSRID(ST_MakeLine(ST_MakePoint(114, %(lat)s), ST_MakePoint(114.001, %(lat)s)), 4490))",
        **{"code": code, "name": name, "class": road_class, "lat": 22.5 + north_m * NORTH_M},
    )


@pytest.mark.parametrize(
    ("street", "road", "metres"),
    [
        (None, "横0路", 10),
        ("南巷", "南巷", 30),
        ("某市某区南巷12号", "南巷", 30),
        ("12 SOUTH LANE", "南巷", 30),
        ("12 Southern Lane", "横0路", 10),
        ("远路", "横0路", 10),
        ("横0路", "横0路", 10),
    ],
)
def test_the_road_that_the_address_names_comes_before_a_nearer_one(
    ground: Tx, street: str | None, road: str, metres: float
) -> None:
    named(ground, "S", "南巷", north_m=40)
    place = place_of(ground, 114.0005, 22.5 + 10 * NORTH_M, street=street)
    assert (place.road_name, round(place.road_m or 0)) == (road, metres)
    assert place.by_name == (street is not None and ("南巷" in street or "SOUTH" in street or road == street))
    assert road in place.place_words


def test_a_named_road_beyond_reach_is_not_the_places(ground: Tx) -> None:
    named(ground, "S", "南巷", north_m=51)
    place = place_of(ground, 114.0005, 22.5 + 10 * NORTH_M, street="南巷", accuracy_m=30)
    assert (place.road_name, place.by_name) == ("横0路", False)
    assert "南巷" in {road.name for road in place.near_roads}
    off_every_road = place_of(ground, 114.0005, 22.5 + 50 * NORTH_M - 5, street="南巷")
    assert (off_every_road.road_class, off_every_road.road_name) == ("none", "")


def test_the_longest_of_the_names_in_an_address_is_meant(ground: Tx) -> None:
    named(ground, "S", "南巷", north_m=12)
    named(ground, "T", "南巷北里", north_m=20)
    assert place_of(ground, 114.0005, 22.5 + 10 * NORTH_M, street="南巷北里3号").road_name == "南巷北里"
    assert place_of(ground, 114.0005, 22.5 + 10 * NORTH_M, street="南巷3号").road_name == "南巷"


def test_roads_within_two_metres_of_being_as_near_are_told_unless_the_address_decides(ground: Tx) -> None:
    named(ground, "S", "南巷", north_m=21)
    between = (114.0005, 22.5 + 10 * NORTH_M)
    assert [(road.road_class, road.name) for road in place_of(ground, *between).rival_roads] == [("alley", "南巷")]
    assert place_of(ground, *between, street="横0路").rival_roads == ()
    assert place_of(ground, 114.0005, 22.5 + 9 * NORTH_M).rival_roads == ()


def test_only_what_counts_of_a_road_is_one(ground: Tx) -> None:
    point = (114.0005, 22.5 + 12 * NORTH_M)
    half = "UPDATE road SET counts = ST_Multi(ST_LineSubstring(geom, 0, 0.25)) WHERE code = 'H0-0'"
    execute(ground, half)
    place = place_of(ground, *point)
    assert (place.road_name, round(place.road_m or 0)) == ("横0路", 28)
    execute(ground, "UPDATE road SET counts = ST_GeomFromText('MULTILINESTRING EMPTY', 4490) WHERE code = 'H0-0'")
    assert place_of(ground, *point).road_class == "none"
