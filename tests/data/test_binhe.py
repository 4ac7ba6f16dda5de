"""Binhe keeps what its makers promise: an exact tiling, sound codes, and somebody for everything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import holidays
import pytest
import shapely
from pyproj import Transformer
from shapely import Point, Polygon

from tests.data.binhe_files import CATALOGUE, CITY, DATA, LEVELS, areas, layer, table, toml

METRES = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True)


def in_metres(polygon: Any) -> Any:
    return shapely.transform(polygon, METRES.transform, interleaved=False)


def test_the_catalogue_has_all_subclasses_and_conditions_and_marks_those_by_analogy() -> None:
    categories, conditions = table(CATALOGUE / "categories.csv"), table(CATALOGUE / "conditions.csv")
    assert (len(categories), len(conditions)) == (262, 764)
    assert len({row["code"] for row in categories}) == 262
    assert all(re.fullmatch(r"[CE]\d{4}", row["code"]) for row in categories)
    assert {row["category"] for row in conditions} == {row["code"] for row in categories}
    assert sum(row["by_analogy"] == "yes" for row in conditions) == 245
    for row in (*categories, *conditions):
        assert (row["by_analogy"] == "no") == (row["basis"] == "city manual Yuncheng")


def test_a_category_is_hazardous_if_it_has_a_condition_counted_day_and_night_in_hours() -> None:
    urgent = {row["category"] for row in table(CATALOGUE / "conditions.csv") if row["time_class"] == "urgent_hour"}
    assert {row["code"] for row in table(CATALOGUE / "categories.csv") if row["hazard"] == "yes"} == urgent


def test_every_limit_names_a_time_class_of_the_city() -> None:
    limits = {row["time_class"] for row in table(CATALOGUE / "conditions.csv")}
    stages = {row["time_class"] for row in toml("city.toml")["stages"]}
    assert limits | stages <= toml("city.toml")["time_classes"].keys()


def test_its_own_limits_show_a_row_of_each_key_and_one_that_ends_at_a_time_of_day() -> None:
    rows = table(CITY / "limits.csv")
    keys = ("urgent", "condition", "category", "class", "area_class", "tier", "from", "until", "catalogue")
    assert [key for key in keys if not any(row[key] for row in rows)] == []
    timed = {name for name, said in toml("city.toml")["time_classes"].items() if "at" in said}
    assert {row["time_class"] for row in rows} & timed == {"noon"}


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_tiles_the_city_without_gap_or_overlap(level: str) -> None:
    shapes = list(areas(level).values())
    assert all(polygon.is_valid and isinstance(polygon, Polygon) for polygon in shapes)
    assert shapely.coverage_is_valid(shapes)
    assert not shapely.coverage_union_all(shapes).interiors
    assert shapely.coverage_union_all(shapes).equals(shapely.coverage_union_all(list(areas("grid").values())))


@pytest.mark.parametrize(("parents", "level"), list(pairwise(LEVELS)))
def test_an_area_is_exactly_the_union_of_its_children(parents: str, level: str) -> None:
    children: dict[str, list[Polygon]] = defaultdict(list)
    for properties, polygon in layer(f"areas/{level}"):
        assert properties["code"].startswith(properties["parent"])
        children[properties["parent"]].append(polygon)
    assert children.keys() == areas(parents).keys()
    for code, polygon in areas(parents).items():
        assert shapely.coverage_union_all(children[code]).equals(polygon)


def test_there_are_enough_areas_of_every_level_and_the_city_has_its_size() -> None:
    counts = {level: len(areas(level)) for level in LEVELS}
    assert counts["district"] == 3
    assert counts["street"] >= 8
    assert counts["community"] >= 30
    assert counts["grid"] >= 800
    assert [row["is_local"] for row, _ in layer("areas/district")] == [False, False, True]
    whole = in_metres(shapely.coverage_union_all(list(areas("grid").values())))
    assert 12e6 <= whole.area <= 13e6


def test_unit_grids_are_about_a_hectare() -> None:
    sizes = sorted(in_metres(polygon).area for polygon in areas("grid").values())
    assert sizes[0] >= 2_000
    assert sizes[-1] <= 50_000
    assert 8_000 <= sizes[len(sizes) // 2] <= 12_000


def test_codes_follow_the_layout_of_their_level() -> None:
    for level in toml("city.toml")["levels"]:
        codes = [row["code"] for row, _ in layer(f"areas/{level['key']}")]
        assert all(re.fullmatch(level["code"], code) for code in codes)
        assert len(set(codes)) == len(codes)
        assert len({row["name"] for row, _ in layer(f"areas/{level['key']}")}) == len(codes)


def test_grids_are_numbered_from_the_north_down_and_from_west_to_east() -> None:
    communities: dict[str, list[Point]] = defaultdict(list)
    for code, polygon in sorted(areas("grid").items()):
        assert int(code[12:]) == len(communities[code[:12]]) + 1
        communities[code[:12]].append(in_metres(polygon).centroid)
    for middles in communities.values():
        for before, after in pairwise(middles):
            assert before.x < after.x or before.y > after.y
            assert after.y < before.y + 100


def test_roads_have_unique_codes_clean_names_and_classes_of_the_city() -> None:
    roads = [row for row, _ in layer("roads")]
    assert len({row["code"] for row in roads}) == len(roads)
    assert {row["class"] for row in roads} == toml("city.toml")["road_classes"].keys()
    assert not [row["name"] for row in roads if "[" in row["name"] or "'" in row["name"]]
    assert not [row["name"] for row in roads if row["name"] and not row["name_en"]]
    assert not {row["source_class"] for row in roads} & {"footway", "service", "path", "steps", "track"}


def test_components_lie_in_their_grid_and_carry_sound_codes() -> None:
    rows, grids = table(CITY / "components.csv.gz"), areas("grid")
    assert len(rows) >= 20_000
    assert len({row["category"] for row in rows}) >= 40
    assert len({row["code"] for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"\d{16}", row["code"])
        assert row["code"][:10] == row["grid"][:6] + row["category"][1:]
        assert row["accuracy"] in {"A", "B", "C"}
        assert grids[row["grid"]].intersects(Point(float(row["lon"]), float(row["lat"])))


def test_component_numbers_run_from_one_within_district_and_subclass() -> None:
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in table(CITY / "components.csv.gz"):
        numbers[row["code"][:10]].append(int(row["code"][10:]))
    assert all(sorted(members) == list(range(1, len(members) + 1)) for members in numbers.values())


def test_components_name_units_and_component_categories_that_exist() -> None:
    units = {row["id"] for row in table(CITY / "units.csv")}
    kinds = {row["code"]: row["kind"] for row in table(CATALOGUE / "categories.csv")}
    for row in table(CITY / "components.csv.gz"):
        assert {row["supervisor"], row["maintainer"]} <= units
        assert row["owner"] in units | {""}
        assert kinds[row["category"]] == "component"


def test_units_stand_in_three_tiers_and_every_responsible_type_is_somebody() -> None:
    units = table(CITY / "units.csv")
    ids = {row["id"] for row in units}
    assert len(ids) == len(units) >= 36
    assert {row["tier"] for row in units} == {"1", "2", "3"}
    assert all(row["parent"] in ids | {""} for row in units)
    types = {kind for row in table(CATALOGUE / "categories.csv") for kind in row["types"].split(";")}
    assert types <= {kind for row in units for kind in row["types"].split(";")}
    assert 1 <= sum(row["terminal"] == "no" for row in units) <= 2


def test_groups_and_territories_of_units_exist() -> None:
    groups = {group["key"] for group in toml("city.toml")["ranking"]["groups"]}
    assert {row["group"] for row in table(CITY / "units.csv")} == groups | {""}
    for row in table(CITY / "units.csv"):
        if row["area"]:
            level, code = row["area"].split(":")
            assert code in areas(level)


def test_every_role_and_every_unit_has_people_and_logins_are_plain() -> None:
    people, units = table(CITY / "people.csv"), {row["id"] for row in table(CITY / "units.csv")}
    assert len({row["login"] for row in people}) == len({row["name"] for row in people}) == len(people)
    assert all(re.fullmatch(r"[a-z0-9-]+", row["login"]) for row in people)
    assert {row["unit"] for row in people} <= units | {""}
    roles = Counter(role for row in people for role in row["roles"].split(";"))
    assert roles.keys() == {
        "inspector", "acceptor", "shift_leader", "dispatcher", "department", "platform", "supervisor", "leader",
        "evaluator", "system_admin", "security_admin", "audit_admin",
    }  # fmt: skip
    assert roles["inspector"] >= 60
    assert min(roles["acceptor"], roles["shift_leader"], roles["dispatcher"]) >= 3
    assert {row["unit"] for row in people if row["roles"] == "department"} == units


def test_every_grid_lies_in_one_contiguous_duty_grid_of_ten_to_twenty() -> None:
    rows, inspectors = table(CITY / "duty_grids.csv"), {row["login"] for row in table(CITY / "people.csv")}
    assert sorted(row["grid"] for row in rows) == sorted(areas("grid"))
    duties: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        duties[row["duty_grid"]].append(row)
    for members in duties.values():
        assert 10 <= len(members) <= 20
        assert members[0]["inspectors"]
        assert set(members[0]["inspectors"].split(";")) <= inspectors
        union = shapely.coverage_union_all([areas("grid")[row["grid"]] for row in members])
        assert isinstance(union, Polygon)


def test_the_calendar_agrees_with_an_independent_one_on_every_day() -> None:
    kinds = {row["day"]: row["kind"] for row in table(CITY / "calendar.csv")}
    years = (2010, *range(2024, 2028))
    other = holidays.country_holidays("CN", years=years)
    for day in (date(year, 1, 1) + timedelta(days=number) for year in years for number in range(365)):
        works = kinds.get(day.isoformat(), "work" if day.isoweekday() <= 5 else "off") == "work"
        assert works == other.is_working_day(day), day


def test_2027_is_not_confirmed() -> None:
    assert toml("city.toml")["calendar"]["confirmed"] == [2010, 2024, 2025, 2026]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    root = str(DATA.parent)  # the generator draws by the product's own code
    environment = {**os.environ, "PYTHONPATH": root}
    subprocess.run([sys.executable, str(DATA / "build" / "binhe.py"), str(tmp_path)], check=True, env=environment)
    built = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(built) == 15
    assert [path for path in built if (tmp_path / path).read_bytes() != (CITY / path).read_bytes()] == []


def test_the_built_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in CITY.rglob("*") if path.is_file()) <= 8_000_000
