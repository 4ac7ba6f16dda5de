"""`wangge rules lint`: faults planted in a city's rules are found by name and polygon, in a folder and when loaded."""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import shapely

from dispatch.cases.books import forget
from dispatch.city import check, load
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.read import read
from dispatch.cluster import Urls
from dispatch.rules import lint_command
from tests.city.spoilt_town import CITIES, copy_of_tiny, spoil

Findings = dict[str, list[dict[str, Any]]]
PLANTED = """
[[rule]]
no = "X-1"
rank = 50
when = { type = "landscaping", road = ["main"], area = ["street:449902001"] }
to = "type:landscaping"
reason = "同级"
source = "planted"
[[rule]]
no = "X-2"
rank = 50
when = { type = "landscaping", road = ["main"], area = ["street:449902001"] }
to = "territory:district"
reason = "同级"
source = "planted"
[[rule]]
no = "X-3"
rank = 950
when = { type = "telecom", area = ["district:449903"] }
to = "type:telecom"
reason = "轮不到"
source = "planted"
[[rule]]
no = "X-4"
rank = 5
when = { category = ["E0507"], area = ["street:449971001"] }
to = "unit:city-landscape"
reason = "无权"
source = "planted"
"""


def lint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Findings]:
    parser = ArgumentParser()
    lint_command.add_arguments(parser)
    capsys.readouterr()
    code = lint_command.run(parser.parse_args([*words, "--json"]))
    found: Findings = {}
    for one in json.loads(capsys.readouterr().out):
        found.setdefault(one["kind"], []).append(one)
    return code, found


def area_of(finding: dict[str, Any]) -> shapely.Geometry:
    return shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in finding["polygons"]["features"]])


def polygon(city: Path, level: str, code: str) -> shapely.Geometry:
    return next(row.geom for row in read(city, Faults()).areas[level] if row.code == code)


@pytest.mark.parametrize("name", ["binhe", "boston", "newyork"])
def test_a_citys_own_rules_have_nothing_severe(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = lint(capsys, str(CITIES / name))
    assert code == 0
    assert set(found) == ({"overlap"} if name == "boston" else set())


def test_what_is_planted_in_binhe_is_found_by_name_and_polygon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = Path(shutil.copytree(CITIES / "binhe", tmp_path / "binhe"))
    ownerless = 'kind = "component", owner = false'
    spoil(city, "rules.toml", ownerless, f'{ownerless}, area = ["district:449902", "district:449903"]')
    rules = city / "rules.toml"
    rules.write_text(rules.read_text(encoding="utf-8") + PLANTED, encoding="utf-8")
    code, found = lint(capsys, str(city))
    assert code == 1
    assert {code for gap in found["gap"] for code in gap["categories"]} >= {"C0122", "C0155"}
    for gap in found["gap"]:
        assert gap["areas"] == ["district:449971"]
        assert area_of(gap).equals(polygon(city, "district", "449971"))
    for tie in found["overlap"]:
        assert (tie["rules"], tie["cell"]["road"]) == (["R-203", "X-1", "X-2"], ["main"])
        assert all(area.startswith("grid:449902001") for area in tie["areas"])  # those with a main road within reach
        assert polygon(city, "street", "449902001").buffer(1e-7).covers(area_of(tie))
    (shadowed,) = found["shadowed"]
    assert (shadowed["rules"][0], shadowed["areas"]) == ("X-3", ["district:449903"])
    assert area_of(shadowed).equals(polygon(city, "district", "449903"))
    (powerless,) = found["powerless"]
    assert (powerless["rules"], powerless["categories"]) == (["X-4"], ["E0507"])
    assert "滨河市园林绿化管理处" in powerless["words"]
    assert area_of(powerless).equals(polygon(city, "street", "449971001"))


def test_a_city_with_a_gap_is_refused_unless_the_gap_is_accepted(tmp_path: Path) -> None:
    town = copy_of_tiny(tmp_path)
    spoil(town, "rules.toml", "[[accepted_gap]]", "[[acceptance_withdrawn]]")
    (refused,) = [fault for fault in check(town) if fault.severity == "error"]
    assert "gap: No rule holds; for E0505" in refused.reason
    spoil(town, "rules.toml", "[[acceptance_withdrawn]]", "[[accepted_gap]]")
    assert [fault for fault in check(town) if fault.severity == "error"] == []


def test_a_rule_to_a_unit_without_the_power_is_refused_with_its_number(tmp_path: Path) -> None:
    town = copy_of_tiny(tmp_path)
    spoil(town, "rules.toml", 'to = "unit:utilities"', 'to = "unit:landscaping"')
    (refused,) = [fault for fault in check(town) if fault.severity == "error"]
    assert refused.row == 5
    assert "Rule R-001 sends to Landscaping bureau, which does not answer for municipal_utilities" in refused.reason


@pytest.fixture
def tiny(database: Urls, tmp_path: Path) -> Iterator[Urls]:
    """The tiny town, with a rule for one road by name and one for a district."""
    forget()
    town = copy_of_tiny(tmp_path)
    spoil(town, "rules.toml", 'road = ["main"]', 'road_name = ["人民大道", "河东巷"], area = ["district:440001"]')
    load(town, data=tmp_path)
    yield database
    forget()


def test_the_loaded_city_is_linted_by_the_day_and_tells_what_is_gone_and_what_has_moved(
    tiny: Urls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lint(capsys) == (0, {})
    with psycopg.connect(tiny.owner) as owner:
        owner.execute("UPDATE road SET valid_to = '2024-06-01' WHERE code = 'R3'")
        owner.execute(
            """CREATE TEMP TABLE was AS SELECT * FROM area WHERE level = 'district' AND code = '440001';
               UPDATE area SET valid_from = '2024-06-01' WHERE level = 'district' AND code = '440001';
               UPDATE was SET id = 100000, valid_to = '2024-06-01', geom = ST_Multi(ST_Buffer(geom, 0.0001));
               INSERT INTO area OVERRIDING SYSTEM VALUE SELECT * FROM was;
               UPDATE city SET version = version + 1"""
        )
    code, found = lint(capsys)
    assert code == 1
    assert set(found) == {"stale", "moved"}
    assert found["stale"][0]["words_en"] == "Rule R-001 names road_name 河东巷, which is not there"
    assert (found["moved"][0]["rules"], found["moved"][0]["areas"]) == (["R-001"], ["district:440001"])
    assert area_of(found["moved"][0]).area > 0
