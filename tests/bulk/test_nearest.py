"""`wangge components nearest --in`: as place_of finds it, and by counting."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dashboards.cli import main
from dispatch.bulk.town import town_of_folder
from dispatch.city import load
from dispatch.cluster import Urls
from gis.db import read
from gis.locate import place_of
from tests.bulk.points import beside_components

TINY = Path(__file__).resolve().parents[1] / "towns" / "tiny"


def asked(folder: Path, text: str) -> tuple[int, list[dict[str, str]]]:
    (folder / "in.csv").write_text(text, encoding="utf-8")
    words = ["--in", str(folder / "in.csv"), "--out", str(folder / "out.csv")]
    code = main(["components", "nearest", "--city", str(TINY), *words])
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return code, list(csv.DictReader(file))


def test_the_nearest_of_the_subclass_within_reach(tmp_path: Path) -> None:
    text = (
        "id,lon,lat,subclass,metres\n"
        "here,114.0005,22.5001,C0101,\n"
        "10 m north,114.0005,22.50019,C0101,\n"
        "too far,114.0005,22.5004,C0101,\n"
        "far enough,114.0005,22.5004,C0101,40\n"
        "another class,114.0005,22.5001,C0402,\n"
        "no owner,114.0055,22.5001,C0135,\n"
    )
    code, rows = asked(tmp_path, text)
    assert code == 0
    assert [(row["id"], row["code"], row["metres"], row["owner"]) for row in rows] == [
        ("here", "4400010101000001", "0.000", "water"),
        ("10 m north", "4400010101000001", "9.966", "water"),
        ("too far", "", "", ""),
        ("far enough", "4400010101000001", "33.221", "water"),
        ("another class", "", "", ""),
        ("no owner", "4400990135000001", "0.000", ""),
    ]


def test_rows_that_cannot_be_understood_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "id,lon,lat,subclass,metres\n1,,,C0101,\n2,114,22.5,,\n3,114,22.5,X,\n4,114,22.5,C0101,-1\n5,114,22.5,C0101,z\n"
    )
    assert asked(tmp_path, text) == (1, [])
    told = capsys.readouterr().err
    for words in ("has no coordinates", "has no subclass", "subclass X is not", "metres -1 is no", "metres z is no"):
        assert words in told


def test_the_components_of_a_file_are_those_of_each_point_alone(fresh_database: Urls, tmp_path: Path) -> None:
    load(TINY, data=tmp_path)
    town = town_of_folder(TINY)
    points = list(beside_components(town.atlas, "C0101", 300))
    _, rows = asked(tmp_path, "id,lon,lat,subclass\n" + "".join(f"{x!r},{x!r},{y!r},C0101\n" for x, y in points))
    with read() as tx:
        places = [place_of(tx, *point, category="C0101") for point in points]
    found = [(row["code"], row["metres"]) for row in rows]
    assert found == [
        (place.component.code, f"{place.component.metres:.3f}") if place.component else ("", "") for place in places
    ]
    assert {"", "4400010101000001"} < {code for code, _ in found}
