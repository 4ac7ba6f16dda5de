"""A folder's new edition replaces what change sets did to the layer, and the load says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.cases import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.publish import put_in_force
from dispatch.layers.strokes import Stroke, carry_out
from gis.changes.sets import Op
from gis.db import read, write
from tests.city.spoilt_town import copy_of_tiny, spoil
from tests.layers.ground import EAST, LI, area, lamp, proposed, row, today

GRID = f"{EAST}001"


@pytest.fixture
def folder(fresh_database: Urls, tmp_path: Path) -> Iterator[Path]:
    """The tiny town, loaded; then a grid renamed and a lamp put up by change sets 1 and 2."""
    found = copy_of_tiny(tmp_path)
    load(found, data=tmp_path / "data")
    with write() as tx:
        old = row(tx, "grid", GRID)
        renamed = area(GRID, old.geom, EAST, op=Op.ALTER, name="改名")
        put_in_force(tx, proposed(tx, "grid", renamed), by=LI)
    with write() as tx:
        put_in_force(tx, proposed(tx, "components", lamp("4400010199000001", 0.5, 0.5)), by=LI)
    yield found
    books.forget()


def loaded(folder: Path, *kinds: str, data: Path, number: int = 2) -> list[str]:
    """The warnings of a load with new editions of these kinds, from tomorrow or later."""
    with read() as tx:
        day = today(tx) + timedelta(days=number)
    for kind in kinds:
        old = f'{kind} = {{ id = "tiny-{kind}-{number - 1}", in_force = '
        text = (folder / "city.toml").read_text(encoding="utf-8")
        was = text.split(old)[1][:10]
        spoil(folder, "city.toml", f"{old}{was}", f'{kind} = {{ id = "tiny-{kind}-{number}", in_force = {day}')
    return [one.reason for one in load(folder, data=data).warnings if one.reason.startswith("overrules")]


def test_a_new_edition_names_the_sets_of_its_own_layers_that_it_overrules(folder: Path, tmp_path: Path) -> None:
    (areas,) = loaded(folder, "areas", data=tmp_path / "data")
    assert areas.startswith("overrules change set 1 of grid (测绘更新, by li")
    assert areas.endswith(f"1 of its rows, {GRID}")
    (things,) = loaded(folder, "components", data=tmp_path / "data")
    assert things.startswith("overrules change set 2 of components")
    assert loaded(folder, "areas", data=tmp_path / "data", number=3) == []  # told once


def test_an_edition_that_says_what_the_set_said_overrules_nothing(folder: Path, tmp_path: Path) -> None:
    old = (folder / "components.csv").read_text(encoding="utf-8")
    header = old.splitlines()[0].split(",")
    said = {"code": "4400010199000001", "category": "C0135", "name": "路灯", "lon": "114.0005", "lat": "22.5005"}
    said |= {
        "grid": f"{EAST}003",
        "supervisor": "utilities",
        "owner": "utilities",
        "maintainer": "crew",
        "state": "intact",
    }
    line = ",".join((said | {"accuracy": "A", "since": ""}).get(name, "") for name in header)
    (folder / "components.csv").write_text(f"{old.rstrip()}\n{line}\n", encoding="utf-8")
    assert loaded(folder, "components", data=tmp_path / "data") == []


def test_what_the_folder_says_of_duty_grids_overrules_a_set_once_it_says_something_new(
    folder: Path, tmp_path: Path
) -> None:
    with write() as tx:
        one = Stroke(op=Op.ALTER, code="G1", said={"name": "东河一网格"})
        carry_out(tx, [("duty_grids", [one])], by=LI, reason="改名", source="", in_force=None)
    assert loaded(folder, data=tmp_path / "data") == []  # the same folder, which gives its duty grids no edition
    assert name_of("G1") == "东河一网格"
    spoil(folder, "duty_grids.csv", "西河责任网格", "西河网格")
    (warned,) = loaded(folder, data=tmp_path / "data")
    assert warned.startswith("overrules change set 3 of duty_grids (改名, by li")
    assert name_of("G1") == "东河责任网格"


def name_of(code: str) -> str:
    with read() as tx:
        return str(row(tx, "duty_grids", code).said["name"])
