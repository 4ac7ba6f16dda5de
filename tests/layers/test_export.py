"""A layer out and in again: every format, every datum, any day; nothing changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.cases import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.publish import put_in_force
from gis.changes.sets import Op, sets
from gis.crs import DATUMS
from gis.db import read, value, write
from gis.problems import FormIncomplete, NotFound
from gis.sheet import read_sheet
from tests.city.spoilt_town import TINY
from tests.layers.ground import EAST, LI, area, proposed, row, today
from tests.layers.test_import import run

LAYERS = ("district", "grid", "roads", "components", "duty_grids")


@pytest.fixture(scope="module", autouse=True)
def _town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    load(TINY, data=tmp_path_factory.mktemp("data"))
    yield
    books.forget()


def count() -> int:
    with read() as tx:
        return len(sets(tx))


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson", ".csv"])
@pytest.mark.parametrize("layer", LAYERS)
def test_what_goes_out_comes_in_again_and_changes_nothing(layer: str, suffix: str, tmp_path: Path) -> None:
    before = count()
    file = tmp_path / f"{layer}{suffix}"
    assert run("export", layer, file) == 0
    assert run("import", layer, file, "--whole") == 0
    assert count() == before


@pytest.mark.parametrize("datum", DATUMS)
@pytest.mark.parametrize("suffix", [".shp", ".csv"])
def test_so_it_does_in_any_datum(datum: str, suffix: str, tmp_path: Path) -> None:
    before = count()
    file = tmp_path / f"grid{suffix}"
    assert run("export", "grid", file, "--datum", datum) == 0
    assert run("import", "grid", file, "--whole", "--datum", datum) == 0
    assert count() == before
    plain = {one.values["code"]: one.geom for one in read_sheet(file, datum="wgs84").rows}
    with read() as tx:
        stored = row(tx, "grid", f"{EAST}001").geom
    away = plain[f"{EAST}001"].centroid.distance(stored.centroid)
    assert (away > 0.003) == (datum in ("gcj02", "bd09"))


def test_it_is_the_layer_of_its_day_and_the_trail_keeps_it(tmp_path: Path) -> None:
    grid = f"{EAST}001"
    with write() as tx:
        old, day = row(tx, "grid", grid), today(tx)
        renamed = area(grid, old.geom, EAST, op=Op.ALTER, name="明天的名字")
        put_in_force(tx, proposed(tx, "grid", renamed, days=1), by=LI)
    for number, name in enumerate((old.said["name"], "明天的名字")):
        file = tmp_path / f"{number}.geojson"
        assert run("export", "grid", file, "--on", day + timedelta(days=number)) == 0
        assert {one.values["code"]: one.values["name"] for one in read_sheet(file).rows}[grid] == name
    with read() as tx:
        told = value(tx, "SELECT count(*) FROM audit_event WHERE detail ->> 'did' = 'export' AND object = 'layer:grid'")
    assert told >= 2


def test_nothing_is_overwritten_and_a_day_without_the_layer_is_named(tmp_path: Path) -> None:
    file = tmp_path / "grid.csv"
    assert run("export", "grid", file) == 0
    kept = file.read_bytes()
    assert run("export", "grid", file) == 1
    assert file.read_bytes() == kept
    assert run("export", "grid", tmp_path / "grid.dwg") == 1
    with pytest.raises(NotFound):
        run("export", "grid", tmp_path / "old.csv", "--on", "1999-01-01")
    with pytest.raises(FormIncomplete):
        read_sheet(tmp_path / "old.csv")
