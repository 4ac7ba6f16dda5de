"""`wangge score` over counts that came from elsewhere, through real files."""

import argparse
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.evaluation.period import period_of
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.score_command import command, counts_of
from dispatch.evaluation.terms import terms_of
from gis.db import execute, read, write
from tests.city.spoilt_town import copy_of_tiny, spoil

HEAD = "unit,group,filed,should_close,closed,should_dispose,ontime_disposed,rework,close_rate\n"
ROWS = (
    "a,one,128,125,120,125,114,2,ignored\nb,one,1000,980,700,980,560,49,\nc,two,48,46,46,46,45,0,\n"
    "d,one,128,125,120,125,114,2,\ne,one,,0,0,0,0,0,\nf,one,5,5,5,5,5,0,\n"
)

OWN = """
[[scheme]]
key = "own"
groups = ["district"]
name = "自定"
name_en = "Own"
source = "ours"
sample = ["filed"]
indicator = [{ key = "close_rate", weight = 100 }]
"""


def run(tmp_path: Path, text: str, *options: str) -> int:
    path = tmp_path / "counts.csv"
    path.write_text(text, encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(["--counts", str(path), *options]))


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    return {row["unit"]: row for row in json.loads(capsys.readouterr().out)}


def test_counts_from_elsewhere_are_rated_scored_and_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROWS, "--scheme", "gb-department", "--json") == 0

    rows = found(capsys)
    assert {unit: (row["score"], row["band"], row["rank"]) for unit, row in rows.items()} == {
        "a": ("93.18", "A", 1),
        "b": ("67.07", "C", 3),
        "c": ("99.35", "A", 1),
        "d": ("93.18", "A", 1),
        "e": (None, None, None),
        "f": ("100.00", "A", None),
    }
    assert rows["a"]["close_rate"] == "96.00"
    assert rows["b"]["points_rework_rate"] == "95.00"
    assert (rows["e"]["apart"], rows["f"]["apart"]) == ("no data", "small sample")


def test_a_table_shows_the_rates_somebody_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROWS, "--group", "two") == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert "close_rate" in head
    assert "ontime_verify_rate" not in head
    assert len(rows) == 1


def test_the_bound_of_a_small_sample_can_be_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROWS, "--small-sample", "5", "--json") == 0

    assert found(capsys)["f"]["rank"] == 1


def test_a_row_that_is_no_count_is_named_and_the_rest_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "x,one,many,1,1,1,1,0,\n,one,1,1,1,1,1,0,\na,one,1,1,1,1,1,0,\n"

    assert run(tmp_path, HEAD + ROWS + broken, "--json") == 1

    shown = capsys.readouterr()
    assert len(json.loads(shown.out)) == 6
    assert [line.split(": ", 1)[1] for line in shown.err.splitlines()] == [
        "filed many is not a number of cases",
        "unit is empty",
        "unit a is given twice",
    ]


def test_a_file_without_units_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "filed\n1\n") == 2
    assert "no column unit" in capsys.readouterr().err


def test_other_bulletins_names_and_what_was_taken_back_are_understood() -> None:
    counts = counts_of({"reported": "600", "valid": "570", "filed": "800", "voided": "16", "wrong_dispatched": "3"})

    assert (counts.report, counts.valid_report, counts.accurate_filed) == (600, 570, 784)
    assert counts.accurate_dispatched is None
    assert counts_of({"should_close": "420", "deferred": "20", "shirked": "1"}) == Counts(should_close=400, shirk=1)
    with pytest.raises(ValueError, match="deferred 21 is more than should_close 20"):
        counts_of({"should_close": "20", "deferred": "21"})


def test_a_loaded_citys_groups_are_scored_for_a_period(
    fresh_database: Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(Path(__file__).parents[1] / "towns" / "tiny", data=tmp_path)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    assert command.run(parser.parse_args(["--period", "2026-10", "--group", "district", "--json"])) == 0
    assert {row["apart"] for row in found(capsys).values()} == {"no data"}
    for asked, said in (
        (["--period", "2026-13"], "2026-13 is not a period"),
        (["--period", "2199"], "2199 has not begun yet"),
        (["--period", "2026-10", "--group", "knights"], "knights is no group here: bureau, company, district"),
        (["--period", "2026-10", "--scheme", "collection-company"], "scored on their settlement sheets"),
        (
            ["--period", "2026-10", "--scheme", "gb-knight"],
            "gb-knight is no scheme here: collection-company, gb-acceptor",
        ),
    ):
        assert command.run(parser.parse_args(asked)) == 2
        assert said in capsys.readouterr().err


def test_a_period_is_scored_by_the_citys_schemes_of_its_last_day(
    fresh_database: Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = copy_of_tiny(tmp_path)
    spoil(town, "city.toml", "[editions]", '[editions]\nschemes = { id = "own-1", in_force = 2026-07-15 }')
    spoil(town, "city.toml", "[ranking]", "[ranking]\nscored_from = 2026-08-01")
    (town / "schemes.toml").write_text(OWN, encoding="utf-8")
    load(town, data=tmp_path / "data")
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = '2026-10-01T00:00:00Z'")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    asked = ["--scheme", "own", "--json", "--period"]

    assert command.run(parser.parse_args([*asked, "2026-06"])) == 2
    assert "own is no scheme here" in capsys.readouterr().err
    assert command.run(parser.parse_args([*asked, "2026-07"])) == 0
    assert {row["group"] for row in found(capsys).values()} == {"district"}
    with read(heavy=True) as tx:
        months = {text: period_of(text, ZoneInfo("Asia/Shanghai")) for text in ("2026-07", "2026-08")}
        assert {text: terms_of(tx, month).trial for text, month in months.items()} == {
            "2026-07": True,
            "2026-08": False,
        }
