"""`wangge who --in`: what goes in, what comes out, and what is told of rows that cannot be understood."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from dashboards.cli import main
from dispatch.bulk import stream

ON_THE_AVENUE = "114.0015,22.5001"
TINY = "tests/towns/tiny"
HEADER = [
    "id", "district", "street", "community", "grid", "road", "road_class", "distance_m", "unit", "rule", "edition",
    "reason", "doubt",
]  # fmt: skip


def asked(folder: Path, text: str, *words: str, city: str = TINY) -> tuple[int, list[dict[str, str]], list[str]]:
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_text(text, encoding="utf-8")
    code = main(["who", "--city", city, "--in", str(source), "--out", str(target), *words])
    reader = csv.DictReader(io.StringIO(target.read_text(encoding="utf-8")))
    return code, list(reader), list(reader.fieldnames or ())


def test_a_row_says_where_and_whose(tmp_path: Path) -> None:
    code, rows, header = asked(tmp_path, f"id,lon,lat,subclass\nA,{ON_THE_AVENUE},C0135\n")
    assert (code, header) == (0, HEADER)
    assert rows == [
        {
            "id": "A", "district": "440001", "street": "440001001", "community": "440001001001",
            "grid": "440001001001004", "road": "人民大道", "road_class": "main", "distance_m": "11.074",
            "unit": "utilities", "rule": "R-001", "edition": "tiny-rules-1",
            "reason": "主干道上的市政设施由市政公用局负责", "doubt": "",
        }
    ]  # fmt: skip


def test_columns_in_any_order_a_datum_a_street_and_a_time(tmp_path: Path) -> None:
    text = (
        "at,note,lat,lon,id,datum,street_name,subclass\n"
        "2026-06-08 09:00,x,22.5003,114.00065,named,,河东巷,C0135\n"
        "2023-12-31T15:59:59Z,x,22.5003,114.00065,instant before the city,,,C0135\n"
        "2023-12-31T16:00:00Z,x,22.5003,114.00065,instant of its first day,,,C0135\n"
        ",x,22.49740,114.00657,shifted,GCJ02,,C0135\n"
    )
    code, rows, _ = asked(tmp_path, text)
    assert code == 0
    assert [(row["road_class"], row["unit"], row["doubt"]) for row in rows] == [
        ("alley", "district-a", ""),
        ("none", "", "outside"),
        ("main", "utilities", ""),
        ("main", "utilities", ""),
    ]


def test_a_point_on_a_line_has_the_lowest_code_and_one_outside_says_so(tmp_path: Path) -> None:
    points = {"edge": "114.002,22.5010", "corner": "114.001,22.501", "outer edge": "114.006,22.5005", "out": "115,22.5"}
    text = "id,lon,lat\n" + "".join(f"{name},{point}\n" for name, point in points.items())
    _, rows, _ = asked(tmp_path, text)
    assert {row["id"]: row["grid"] for row in rows} == {
        "edge": "440001001001002", "corner": "440001001001001", "outer edge": "440099001001004", "out": "",
    }  # fmt: skip
    assert [row["doubt"] for row in rows] == ["", "", "", "outside"]
    assert {row["unit"] for row in rows} == {""}


BAD = {
    "none,,": "has no coordinates",
    "half,114.0,": "has no coordinates",
    "words,east,22.5": "are no coordinates",
    "nan,nan,22.5": "is no longitude and latitude",
    "swapped,22.5,114.0": "is no longitude and latitude",
    "zero,0,0.0": "0, 0 is where",
    "short,114.0": "has 2 cells, not 3",
}


def test_rows_that_cannot_be_understood_are_told_and_the_rest_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [f"good{n},{ON_THE_AVENUE}" for n in range(len(BAD))]
    lines = [line for pair in zip(good, BAD, strict=True) for line in pair]
    code, rows, _ = asked(tmp_path, "id,lon,lat\n" + "\n".join(lines) + "\n")
    assert code == 1
    assert [row["id"] for row in rows] == [f"good{n}" for n in range(len(BAD))]
    told = capsys.readouterr().err
    for number, (line, words) in enumerate(BAD.items()):
        assert f"row {3 + 2 * number}, id {line.partition(',')[0]}: " in told
        assert words in told
    assert "7 rows answered, 7 left out" in told


def test_a_subclass_nobody_knows_and_a_time_that_is_none_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"id,lon,lat,subclass,at,datum\n1,{ON_THE_AVENUE},X1,,\n2,{ON_THE_AVENUE},,yesterday,\n"
    text += f"3,{ON_THE_AVENUE},,,mars\n4,{ON_THE_AVENUE},,9999-12-31T23:59-14:00,\n"
    assert asked(tmp_path, text)[:2] == (1, [])
    told = capsys.readouterr().err
    assert "subclass X1 is not in the catalogue" in told
    assert "at yesterday is no time" in told
    assert "at 9999-12-31T23:59-14:00 is no time" in told
    assert "datum mars is none of" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "column id, lon, lat is missing"),
        ("id,x,y\n1,2,3\n", "column lon, lat is missing"),
        ('id,lon,lat\n"1', "is never closed"),
        ('id,lon,lat\n"1"x,2,3', "line 2: "),
    ],
)
def test_a_file_that_is_none_of_points_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text, encoding="utf-8")
    assert main(["who", "--city", TINY, "--in", str(source), "--out", str(tmp_path / "out.csv")]) == 2
    assert words in capsys.readouterr().err


def test_a_city_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who", "--city", "atlantis", "--in", "-"]) == 2
    assert "There is no city atlantis" in capsys.readouterr().err


def test_two_processes_answer_as_one_does_in_the_order_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "id,lon,lat,subclass\n" + "".join(
        f"{n},{114 + n % 61 / 10000:.4f},{22.5 + n % 23 / 10000:.4f},{'C0135' if n % 2 else 'E0405'}\n"
        for n in range(1000)
    )
    alone = asked(tmp_path, text)
    monkeypatch.setattr(stream, "PART", 100)
    assert asked(tmp_path, text) == alone
    cut = asked(tmp_path, text.replace("\n150,", '\n"15\n0",', 1))[1]
    assert [row["id"] for row in cut[149:152]] == ["149", "15\n0", "151"]
    packed = tmp_path / "in.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    capsys.readouterr()
    assert main(["who", "--city", TINY, "--in", str(packed)]) == 0
    out = capsys.readouterr().out
    assert list(csv.DictReader(io.StringIO(out))) == alone[1]
    assert [row["id"] for row in alone[1]] == [str(n) for n in range(1000)]
