"""`wangge layers check`: planted faults are found by name and by polygon, and a sound town has none."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, LiteralString

import pytest
from shapely.geometry import shape

from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.command import command
from dispatch.layers.survey import survey
from gis.db import Tx, execute
from gis.plane import Plane
from gis.topology import Fault
from tests.city.spoilt_town import CITIES, TINY
from tests.layers.ground import EAST, square

PLANE = Plane(114.003, 22.501)
GRIDS = tuple(f"{EAST}{number:03d}" for number in range(1, 5))
WEST = "440002001001"
REDRAW: LiteralString = """
    UPDATE area SET geom = ST_Multi(ST_SetSRID(ST_GeomFromText(%(wkt)s), 4490)) WHERE code = %(code)s
"""


@pytest.fixture(scope="module", autouse=True)
def _town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    load(TINY, data=Path(tmp_path_factory.mktemp("data")))


def planted(tx: Tx, code: str, *drawn: float) -> list[Fault]:
    """The faults after a grid was redrawn past all checks: west, south, width, height."""
    execute(tx, REDRAW, code=code, wkt=square(*drawn).wkt)
    return survey(tx)


def found(faults: list[Fault], kind: str) -> Fault:
    (one,) = [fault for fault in faults if fault.kind == kind]
    assert one.feature()["geometry"]["type"] in ("Polygon", "MultiPolygon")
    return one


def covers(fault: Fault, *drawn: float) -> bool:
    """Whether the fault's polygon is just this piece of the town."""
    there, wanted = PLANE.metres(fault.shape), PLANE.metres(square(*drawn))
    return bool(there.symmetric_difference(wanted).area < 0.01 * wanted.area)


def test_a_sound_town_has_no_fault(tx: Tx) -> None:
    assert survey(tx) == []


def test_a_gap_is_found_by_name_and_polygon(tx: Tx) -> None:
    gap = found(planted(tx, GRIDS[0], 0, 1, 0.5), "gap")
    assert (gap.level, gap.codes, gap.sliver) == ("grid", (EAST,), False)
    assert covers(gap, 0.5, 1, 0.5, 1)
    assert gap.m2 == pytest.approx(0.5 * 102.9 * 110.7, rel=0.01)


def test_an_overlap_is_found_by_both_names(tx: Tx) -> None:
    overlap = found(planted(tx, GRIDS[0], 0, 1, 1.5), "overlap")
    assert overlap.codes == (GRIDS[0], GRIDS[1])
    assert covers(overlap, 1, 1, 0.5, 1)


def test_two_drawings_of_one_line_leave_a_sliver(tx: Tx) -> None:
    gap = found(planted(tx, GRIDS[0], 0, 1, 0.98), "gap")
    assert gap.sliver
    assert "sliver" in gap.words
    assert "碎片" in gap.words_zh


def test_what_comes_of_rounding_is_no_fault(tx: Tx) -> None:
    assert planted(tx, GRIDS[0], 0, 1, 0.9999) == []


def test_a_grid_across_two_communities_is_found(tx: Tx) -> None:
    faults = planted(tx, GRIDS[3], 1, 0, 1.5)
    across = found(faults, "across")
    assert across.codes == (GRIDS[3], EAST)
    assert covers(across, 2, 0, 0.5, 1)
    assert found(faults, "overlap").codes == (GRIDS[3], f"{WEST}003")


def test_a_grid_that_is_a_sliver_itself_is_found(tx: Tx) -> None:
    assert found(planted(tx, GRIDS[0], 0, 1, 0.02), "thin").codes == (GRIDS[0],)


def test_a_component_on_no_grid_is_found(tx: Tx) -> None:
    move: LiteralString = (
        "UPDATE component SET geom = ST_SetSRID(ST_MakePoint(114.2, 22.5), 4490) WHERE code = %(code)s"
    )
    execute(tx, move, code="4400010101000001")
    lost = found(survey(tx), "no_grid")
    assert lost.codes == ("4400010101000001",)
    assert lost.shape.contains(shape({"type": "Point", "coordinates": [114.2, 22.5]}))


def test_a_component_on_two_grids_is_found_with_both(tx: Tx) -> None:
    two = found(planted(tx, GRIDS[2], 0, 0, 1.8), "two_grids")
    assert two.codes == ("4400010101000002", f"{GRIDS[2]}, {GRIDS[3]}")


def test_the_command_prints_a_map_of_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["check", "--json"])) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document == {"type": "FeatureCollection", "features": []}


def test_the_demo_city_is_sound(fresh_database: Urls, tmp_path: Path) -> None:
    from gis.db import read

    load(CITIES / "binhe", data=tmp_path)
    with read(heavy=True) as tx:
        assert [fault.words for fault in survey(tx)] == []
