"""`wangge grid draw`: a community of the demo city cut anew, numbered on, in force, undone."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.command import command as layers_command
from dispatch.layers.grid_command import command
from dispatch.layers.survey import survey
from gis.changes.sets import sets
from gis.db import read, value
from gis.problems import FormIncomplete, NotFound
from tests.city.spoilt_town import CITIES
from tests.data.binhe_files import areas
from tests.layers.files import in_datum, map_file
from tests.layers.ground import says

COMMUNITY, OTHER = sorted(areas("community"))[:2]


@pytest.fixture(scope="module", autouse=True)
def _city(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    load(CITIES / "binhe", data=Path(tmp_path_factory.mktemp("data")))


def draw(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def now(parent: str = COMMUNITY) -> dict[str, Any]:
    with read() as tx:
        return {code: row for code, row in says(tx, "grid").items() if row[0]["parent"] == parent}


def undo_latest() -> None:
    with read() as tx:
        number = sets(tx)[0].id
    parser = argparse.ArgumentParser()
    layers_command.add_arguments(parser)
    assert layers_command.run(parser.parse_args(["undo", str(number), "--reason", "退回"])) == 0


def test_a_community_is_cut_anew_and_its_numbers_go_on() -> None:
    before, elsewhere = now(), now(OTHER)
    last = max(int(code[-3:]) for code in before)
    assert draw(COMMUNITY) == 0
    after = now()
    fresh = sorted(int(code[-3:]) for code in after.keys() - before.keys())
    assert fresh == list(range(last + 1, last + 1 + len(fresh)))
    assert len(fresh) > 20
    assert now(OTHER) == elsewhere
    with read(heavy=True) as tx:
        assert [fault.words for fault in survey(tx)] == []
        ended = "SELECT count(*) FROM area WHERE code = %(code)s AND valid_to IS NOT NULL"
        assert value(tx, ended, code=min(before.keys() - after.keys())) == 1
        homeless = """SELECT count(*) FROM component c JOIN area a ON a.id = c.area_id
                       WHERE c.valid_to IS NULL AND a.valid_to IS NOT NULL"""
        assert value(tx, homeless) == 0
    uses = {row[0]["land_use"] for row in before.values()}
    assert "" not in uses
    assert {row[0]["land_use"] for row in after.values()} <= uses
    names = {row[0]["name"] for row in after.values()}
    assert len(names) == len(after)
    undo_latest()
    assert now() == before


def test_drawing_again_draws_the_same_grids_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert draw(COMMUNITY) == 0
    first = now()
    capsys.readouterr()
    assert draw(COMMUNITY) == 0
    assert "0 grids drawn, 0 ended" in capsys.readouterr().err
    assert now() == first
    undo_latest()


def test_an_undone_number_is_not_used_again() -> None:
    before = now()
    draw(COMMUNITY)
    first = max(now())
    undo_latest()
    draw(COMMUNITY)
    assert min(now().keys() - before.keys()) > first
    undo_latest()


def test_two_communities_go_in_one_set_and_a_draft_changes_nothing() -> None:
    before = now()
    assert draw(COMMUNITY, OTHER, "--draft") == 0
    assert now() == before
    with read() as tx:
        (latest, *_) = sets(tx)
    assert (latest.state.value, latest.layer) == ("draft", "grid")


def test_a_file_of_outlines_is_cut_too_and_may_only_be_written_out(tmp_path: Path) -> None:
    outline = in_datum(areas("community")[COMMUNITY], "gcj02")
    path = map_file(tmp_path / "outline.gpkg", [({"社区代码": COMMUNITY}, outline)])
    out = tmp_path / "grids.geojson"
    assert draw(path, "--code", "社区代码", "--datum", "gcj02", "--out", out) == 0
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert len(features) > 20
    assert {feature["properties"]["parent"] for feature in features} == {COMMUNITY}
    with pytest.raises(FormIncomplete, match="no field code"):
        draw(path)


def test_an_unknown_community_is_refused() -> None:
    with pytest.raises(NotFound, match="no community 000000000000"):
        draw("000000000000")


def test_a_target_makes_larger_grids() -> None:
    before = now()
    assert draw(COMMUNITY, "--target", 20_000) == 0
    assert len(now()) < 0.7 * len(before)
    undo_latest()
