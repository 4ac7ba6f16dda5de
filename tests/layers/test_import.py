"""Map files into a layer: whole or not at all, every bad row named, held where rules would be stranded, undone."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.cases import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.command import command
from dispatch.layers.history_command import command as history
from dispatch.layers.import_command import diff_command
from gis.changes.sets import sets
from gis.db import read, value
from gis.locate import place_of
from gis.problems import NotFound
from tests.city.spoilt_town import TINY
from tests.layers.files import in_datum, in_zone, map_file
from tests.layers.ground import EAST, says, square, today

GRIDS = tuple(f"{EAST}{number:03d}" for number in range(1, 5))


@pytest.fixture(autouse=True)
def _town(fresh_database: Urls, tmp_path: Path) -> Iterator[None]:
    load(TINY, data=tmp_path / "data")
    yield
    books.forget()


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def census(*words: object) -> int:
    parser = argparse.ArgumentParser()
    diff_command.add_arguments(parser)
    return diff_command.run(parser.parse_args([str(word) for word in words]))


def now(key: str) -> dict[str, Any]:
    with read() as tx:
        return says(tx, key)


def grid(code: str, shape: BaseGeometry, name: str = "网格") -> tuple[Mapping[str, Any], BaseGeometry]:
    return {"code": code, "name": name, "parent": EAST, "area_class": "1"}, shape


def halves() -> list[tuple[Mapping[str, Any], BaseGeometry]]:
    return [grid(GRIDS[0], square(0, 1, 0.5), "西半"), grid(f"{EAST}005", square(0.5, 1, 0.5), "东半")]


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson"])
def test_a_file_goes_in_as_one_set_and_comes_out_as_one(tmp_path: Path, suffix: str) -> None:
    before = now("grid")
    encoding = {"encoding": "gb18030"} if suffix == ".shp" else {}
    path = map_file(tmp_path / f"new{suffix}", halves(), **encoding)
    assert run("import", "grid", path, "--reason", "新测", "--source", "测绘院 2026-11") == 0
    with read() as tx:
        assert place_of(tx, 114.0008, 22.5015, on=today(tx)).area_names[-1] == "东半"
        (one,) = sets(tx)
    assert (one.reason, one.source) == ("新测", "测绘院 2026-11")
    assert run("import", "grid", path) == 0
    with read() as tx:
        assert len(sets(tx)) == 1
    assert run("undo", one.id, "--reason", "退回") == 0
    assert now("grid") == before


def test_fields_of_other_names_are_mapped(tmp_path: Path) -> None:
    rows = [({"BGID": row["code"], "网格名称": row["name"]}, shape) for row, shape in halves()]
    path = map_file(tmp_path / "new.shp", rows, encoding="gb18030")
    assert run("import", "grid", path, "--map", "BGID=code", "--map", "网格名称=name") == 0
    assert now("grid")[f"{EAST}005"][0] | {"name": "东半", "parent": EAST} == now("grid")[f"{EAST}005"][0]
    assert run("import", "grid", path, "--map", "nothing=code") == 1


@pytest.mark.parametrize("epsg", [4547, 4526])
def test_a_projected_file_lands_where_it_belongs(tmp_path: Path, epsg: int) -> None:
    rows = [(row, in_zone(shape, epsg)) for row, shape in halves()]
    assert run("import", "grid", map_file(tmp_path / "new.shp", rows, crs=f"EPSG:{epsg}", encoding="gb18030")) == 0
    assert f"{EAST}005" in now("grid")


def test_every_bad_row_is_named_and_nothing_is_half_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = now("components")
    path = tmp_path / "lamps.csv"
    lines = (
        "code,category,owner,state,lon,lat",
        "4400010135000007,C0135,water,intact,114.0005,22.5005",
        "4400010135000008,C0135,nobody,intact,114.0005,22.5005",
        "4400010135000009,C9999,water,intact,114.0005,22.5005",
        "4400010135000010,C0135,water,broken,114.0005,22.5005",
        "4400010135000011,C0135,water,intact,,22.5005",
    )
    path.write_text("\n".join(lines), encoding="gb18030")
    assert run("import", "components", path) == 1
    told = capsys.readouterr().err
    for row, words in ((3, "unknown unit nobody"), (4, "category C9999"), (5, "broken"), (6, "no position")):
        assert f"row {row}: " in told
        assert words in told
    assert "row 2" not in told
    assert now("components") == before
    with read() as tx:
        assert sets(tx) == []


def test_a_dry_run_says_everything_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = now("grid")
    assert run("import", "grid", map_file(tmp_path / "new.gpkg", halves()), "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"add": 1, "alter": 1, "end": 0}
    assert now("grid") == before
    with read() as tx:
        assert sets(tx) == []


def test_a_file_that_breaks_the_map_is_refused_with_polygons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = map_file(tmp_path / "new.gpkg", [grid(f"{EAST}005", square(0.5, 0.5))])
    assert run("import", "grid", path) == 1
    assert f"{GRIDS[0]} and {EAST}005 overlap by" in capsys.readouterr().err
    assert run("import", "grid", path, "--draft", "--json") == 1
    (fault, *_) = json.loads(capsys.readouterr().out)["faults"]["features"]
    assert fault["geometry"]["type"] == "Polygon"


def test_a_gcj_02_file_that_calls_itself_wgs_84_is_caught_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ({"code": code, "name": f"{said['name']}新", "parent": said["parent"]}, in_datum(square(x, y), "gcj02"))
        for (code, (said, _)), (x, y) in zip(now("grid").items(), ((0, 1), (1, 1), (0, 0), (1, 0)), strict=False)
    ]
    path = map_file(tmp_path / "new.geojson", rows)
    assert run("import", "grid", path) == 1
    told = capsys.readouterr().err
    assert "to the SE" in told
    assert "--datum gcj02" in told
    assert run("doctor", path, "--against", "grid") == 1
    assert "it is in gcj02" in capsys.readouterr().out
    assert run("doctor", path, "--datum", "gcj02") == 0
    assert run("import", "grid", path, "--datum", "gcj02") == 0
    assert now("grid")[GRIDS[0]][0]["name"].endswith("新")


def test_two_files_are_held_against_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = map_file(tmp_path / "right.geojson", halves())
    wrong = map_file(tmp_path / "wrong.gpkg", [(row, in_datum(shape, "bd09")) for row, shape in halves()])
    assert run("doctor", wrong, "--against", right, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["datum"], told["against"]) == ("datum", "bd09", "right.geojson")
    lies, belongs = (shapely.geometry.shape(one["geometry"]) for one in told["polygons"]["features"])
    ground = shapely.union_all([shape for _, shape in halves()]).convex_hull
    assert belongs.intersection(ground).area / belongs.union(ground).area > 0.99
    assert lies.disjoint(ground)
    assert run("doctor", tmp_path / "none.shp") == 1
    assert "there is no such file" in capsys.readouterr().err


def test_a_whole_refresh_that_loses_much_is_held_and_names_the_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    branch = next((said, wkb) for said, wkb in now("roads").values() if said["class"] != "main")
    rows = [({"code": "R9", "name": "新路", "class": branch[0]["class"]}, square(0, 0).exterior)]
    path = tmp_path / "roads.csv"
    path.write_text(f'code,name,class,wkt\nR9,新路,{rows[0][0]["class"]},"LINESTRING (114 22.501, 114.002 22.501)"\n')
    assert run("import", "roads", path, "--whole") == 1
    told = capsys.readouterr().out
    assert "held: it would end 3 of 3 rows" in told
    assert "held: rule R-001 names road main" in told
    assert len(now("roads")) == 3


def test_a_census_says_what_is_new_moved_gone_and_in_other_hands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eleven of twelve: one moved by 3 m, one with a new owner, one known again without its code, one new."""
    path = tmp_path / "census.csv"
    lines = (TINY / "components.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("22.5001", "22.500127")
    lines[2] = lines[2].replace("water,water", "utilities,water")
    lines[4] = lines[4].replace("4400010103000001", "")
    lines[12] = ",C0135,路灯,114.0015,22.5015,,utilities,utilities,crew,intact,A,"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert census(path, "--whole", "--json") == 1
    found = {(line["code"], line["what"]): line for line in json.loads(capsys.readouterr().out)}
    assert set(found) == {
        ("4400010101000001", "moved"),
        ("4400010101000002", "owner"),
        ("4400010135000001", "added"),
        ("4400990402000001", "gone"),
    }
    assert found["4400010101000001", "moved"]["metres"] == pytest.approx(2.99, abs=0.02)
    assert (found["4400010101000002", "owner"]["before"], found["4400010101000002", "owner"]["after"]) == (
        "owner water",
        "owner utilities",
    )
    assert len(now("components")) == 12
    assert run("import", "components", path, "--whole") == 0
    with read() as tx:
        assert place_of(tx, 114.0015, 22.5015, category="C0135", on=today(tx)).component is not None
        history = "SELECT count(*) FROM component WHERE code = '4400010101000001'"
        assert value(tx, history) == 2
    assert census(path, "--whole") == 0


def test_the_history_of_a_component_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lamp.csv"
    path.write_text("code,lon,lat,state\n4400010101000001,114.0005,22.5001,damaged\n", encoding="utf-8")
    assert run("import", "components", path, "--reason", "巡查") == 0
    capsys.readouterr()
    parser = argparse.ArgumentParser()
    history.add_arguments(parser)
    assert history.run(parser.parse_args(["4400010101000001", "--json"])) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["state"], row["owner"], row["reason"]) for row in rows] == [
        ("intact", "water", None),
        ("damaged", "water", "巡查"),
    ]
    assert (rows[0]["to"], rows[1]["to"]) == (rows[1]["from"], None)
    with pytest.raises(NotFound, match="never was"):
        history.run(parser.parse_args(["4400010101999999"]))


def test_a_new_component_takes_the_next_number_that_never_was(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("category,lon,lat\nC0101,114.0012,22.5012\nC0101,114.0013,22.5012\n", encoding="utf-8")
    assert run("import", "components", path) == 0
    assert {"4400010101000003", "4400010101000004"} <= set(now("components"))
    with read() as tx:
        number = sets(tx)[0].id
    run("undo", number, "--reason", "退回")
    assert run("import", "components", path) == 0
    assert {"4400010101000005", "4400010101000006"} <= set(now("components"))


def test_a_component_without_code_outside_every_district_cannot_be_numbered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.csv"
    path.write_text("category,lon,lat\nC0101,115,22.5\n", encoding="utf-8")
    assert run("import", "components", path) == 1
    assert "row 2: no code, and no district" in capsys.readouterr().err
