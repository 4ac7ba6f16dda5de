"""Map files are read in any encoding, projection and datum, and every row keeps its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shapely import LineString, Point, box

from gis.problems import FormIncomplete
from gis.sheet import read_sheet
from tests.layers.files import in_datum, in_zone, map_file

SQUARE = box(114.0, 22.5, 114.001, 22.501)
ROWS = [({"code": "440001001001001", "名称": "东街一号网格"}, SQUARE)]


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson"])
def test_every_format_gives_the_same_row(tmp_path: Path, suffix: str) -> None:
    encoding = {"encoding": "gb18030"} if suffix == ".shp" else {}
    sheet = read_sheet(map_file(tmp_path / f"grid{suffix}", ROWS, **encoding))
    (row,) = sheet.rows
    assert (row.no, dict(row.values)) == (1, {"code": "440001001001001", "名称": "东街一号网格"})
    assert row.geom is not None
    assert row.geom.equals(SQUARE)
    assert (sheet.datum, sheet.declared) == ("wgs84", "file")


@pytest.mark.parametrize("claim", [None, "GB18030", "UTF-8", "936"])
def test_a_table_in_chinese_is_read_whatever_its_cpg_claims(tmp_path: Path, claim: str | None) -> None:
    path = map_file(tmp_path / "grid.shp", ROWS, encoding="gb18030")
    path.with_suffix(".cpg").unlink()
    if claim:
        path.with_suffix(".cpg").write_text(claim, encoding="ascii")
    assert read_sheet(path).rows[0].values["名称"] == "东街一号网格"


def test_a_table_in_utf_8_without_a_cpg_is_read_too(tmp_path: Path) -> None:
    path = map_file(tmp_path / "grid.shp", ROWS, encoding="utf-8")
    path.with_suffix(".cpg").unlink()
    assert read_sheet(path).rows[0].values["名称"] == "东街一号网格"


@pytest.mark.parametrize("epsg", [4547, 4526, 4513 + 25])
@pytest.mark.parametrize("declared_by", ["file", "asked"])
def test_the_projected_zones_of_cgcs2000_come_out_in_degrees(tmp_path: Path, epsg: int, declared_by: str) -> None:
    crs = f"EPSG:{epsg}" if declared_by == "file" else None
    path = map_file(tmp_path / "grid.shp", [(ROWS[0][0], in_zone(SQUARE, epsg))], crs=crs, encoding="gb18030")
    sheet = read_sheet(path, epsg=None if declared_by == "file" else epsg)
    assert sheet.rows[0].geom is not None
    assert sheet.rows[0].geom.hausdorff_distance(SQUARE) < 1e-8
    assert (sheet.datum, sheet.declared) == ("cgcs2000", declared_by)


def test_metres_of_a_projection_that_nobody_names_are_refused(tmp_path: Path) -> None:
    path = map_file(tmp_path / "grid.shp", [(ROWS[0][0], in_zone(SQUARE, 4547))], crs=None, encoding="gb18030")
    with pytest.raises(FormIncomplete, match="--crs"):
        read_sheet(path)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_datum_is_undone(tmp_path: Path, datum: str) -> None:
    path = map_file(tmp_path / "grid.gpkg", [(ROWS[0][0], in_datum(SQUARE, datum))])
    found = read_sheet(path, datum=datum).rows[0].geom
    assert found is not None
    assert found.hausdorff_distance(SQUARE) < 2e-6


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_of_positions_keeps_its_lines(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "lamps.csv"
    path.write_text("编号,lon,lat\n0012,114.1,22.5\n0013,nowhere,22.5\n", encoding=encoding)
    rows = read_sheet(path).rows
    assert [(row.no, row.values["编号"]) for row in rows] == [(2, "0012"), (3, "0013")]
    assert [row.geom for row in rows] == [Point(114.1, 22.5), None]


def test_a_csv_may_carry_shapes_as_text(tmp_path: Path) -> None:
    path = tmp_path / "roads.csv"
    path.write_text('code,wkt\nR9,"LINESTRING (114 22.5, 114.001 22.5)"\n', encoding="utf-8")
    assert read_sheet(path).rows[0].geom == LineString([(114, 22.5), (114.001, 22.5)])


def test_numbers_are_text_as_they_were_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": 440303, "n": null},'
        ' "geometry": {"type": "Point", "coordinates": [114, 22.5]}}]}',
        encoding="utf-8",
    )
    assert dict(read_sheet(path).rows[0].values) == {"code": "440303", "n": ""}


@pytest.mark.parametrize(
    ("name", "content"), [("none.shp", None), ("a.doc", b"x"), ("a.gpkg", b"nonsense"), ("a.shp", b"")]
)
def test_what_is_no_map_file_is_refused_in_words(tmp_path: Path, name: str, content: Any) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FormIncomplete, match="cannot be read"):
        read_sheet(tmp_path / name)
