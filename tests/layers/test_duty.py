"""Duty grids as a layer: drawn by outline, made of whole unit grids, checked, in force by date, undone as a set."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from shapely import box
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from dispatch.cases import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.layers.importing import compared, import_sheet
from dispatch.layers.publish import look, put_in_force, undo
from dispatch.layers.strokes import Outcome, Stroke, carry_out
from gis.changes.sets import Change, Op, State, changes_of
from gis.db import Tx, dicts
from gis.locate import place_of
from gis.problems import Conflict, FormIncomplete
from gis.sheet import read_sheet
from tests.city.spoilt_town import TINY
from tests.layers.ground import LI, WANG, area, proposed, row, says, square, today

# The town's unit grids are a hundred metres square: two columns and two rows of them make a community.
EAST = tuple(f"440001001001{number:03d}" for number in range(1, 5))
WEST = tuple(f"440002001001{number:03d}" for number in range(1, 5))


@pytest.fixture(scope="module", autouse=True)
def _town(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    load(TINY, data=Path(tmp_path_factory.mktemp("data")))


@pytest.fixture(autouse=True)
def _books() -> None:
    books.forget()


def stroke(op: Op, code: str, shape: BaseGeometry | None = None, **said: object) -> Stroke:
    return Stroke(op=op, code=code, said=said, geometry=None if shape is None else dict(mapping(shape)))


def drawn(tx: Tx, *strokes: Stroke) -> Outcome:
    return carry_out(tx, [("duty_grids", strokes)], by=LI, reason="重划", source="", in_force=None)


def grids(tx: Tx, code: str) -> tuple[str, ...]:
    return tuple(row(tx, "duty_grids", code).said["grids"])


def walks(tx: Tx, code: str) -> list[str]:
    sql = """SELECT login FROM person_duty_grid d JOIN person p ON p.id = d.person_id
              WHERE duty_grid = %(code)s AND valid_to IS NULL ORDER BY login"""
    return [found["login"] for found in dicts(tx, sql, code=code)]


def middle(tx: Tx, grid: str) -> tuple[float, float]:
    point = row(tx, "grid", grid).geom.representative_point()
    return point.x, point.y


def around(tx: Tx, *codes: str, metres: float = 20) -> BaseGeometry:
    """An outline drawn loosely around unit grids."""
    shape = row(tx, "grid", codes[0]).geom
    for code in codes[1:]:
        shape = shape.union(row(tx, "grid", code).geom)
    return shape.buffer(metres / 111_000)


def test_a_new_duty_grid_takes_the_unit_grids_in_its_outline_from_those_that_had_them(tx: Tx) -> None:
    told = drawn(tx, stroke(Op.ADD, "G4", around(tx, *EAST[:2]), name="东河一", inspectors=["inspector3"]))
    assert told.sound
    assert told.checked[0].counts == {"add": 1, "alter": 1, "end": 0}
    assert (grids(tx, "G4"), grids(tx, "G1")) == (EAST[:2], EAST[2:])
    assert (walks(tx, "G4"), walks(tx, "G1")) == (["inspector3"], ["inspector1"])
    assert place_of(tx, *middle(tx, EAST[0]), on=today(tx)).duty_grid == "G4"


def test_the_duty_grid_of_a_past_day_is_that_of_its_day(tx: Tx) -> None:
    drawn(tx, stroke(Op.ADD, "G4", around(tx, EAST[0]), name="东河一"))
    assert place_of(tx, *middle(tx, EAST[0]), on=today(tx) - timedelta(days=1)).duty_grid == "G1"


def test_its_shape_is_that_of_its_unit_grids_not_that_of_the_hand(tx: Tx) -> None:
    drawn(tx, stroke(Op.ADD, "G4", around(tx, *EAST[:2]), name="东河一"))
    joined = row(tx, "grid", EAST[0]).geom.union(row(tx, "grid", EAST[1]).geom)
    assert row(tx, "duty_grids", "G4").geom.symmetric_difference(joined).area < 1e-12


def test_undoing_restores_every_duty_grid_and_who_walks_it(tx: Tx) -> None:
    before = says(tx, "duty_grids")
    first = drawn(tx, stroke(Op.ADD, "G4", around(tx, *EAST[:2]), name="东河一", inspectors=["inspector3"]))
    second = drawn(tx, stroke(Op.ALTER, "G4", around(tx, EAST[0]), name="东河甲", inspectors=["inspector2"]),
                   stroke(Op.ALTER, "G1", around(tx, *EAST[1:])))  # fmt: skip
    between = says(tx, "duty_grids")
    assert between["G4"][0] == {"name": "东河甲", "grids": [EAST[0]], "inspectors": ["inspector2"]}
    with pytest.raises(Conflict, match="Undo the later first"):
        undo(tx, first.checked[0].set.id, by=LI, reason="先后颠倒")
    undo(tx, second.checked[0].set.id, by=LI, reason="画错了")
    undo(tx, first.checked[0].set.id, by=LI, reason="画错了")
    assert says(tx, "duty_grids") == before
    assert (walks(tx, "G1"), walks(tx, "G4")) == (["inspector1"], [])


def test_a_retired_one_comes_back_whole(tx: Tx) -> None:
    before = says(tx, "duty_grids")
    told = drawn(tx, stroke(Op.END, "G2"), stroke(Op.ALTER, "G1", around(tx, *EAST, *WEST)))
    put_in_force(tx, told.checked[0].set.id, by=WANG)  # one of three is more than 30 %
    assert grids(tx, "G1") == tuple(sorted(EAST + WEST))
    assert walks(tx, "G2") == []
    undo(tx, told.checked[0].set.id, by=LI, reason="恢复")
    assert says(tx, "duty_grids") == before


def test_unit_grids_left_on_no_duty_grid_are_named_with_their_shape(tx: Tx) -> None:
    told = drawn(tx, stroke(Op.ALTER, "G1", around(tx, *EAST[:3])))
    assert not told.sound
    assert [(fault.kind, fault.codes) for fault in told.faults] == [("unwatched", (EAST[3],))]
    assert told.faults[0].shape.equals(row(tx, "grid", EAST[3]).geom)


def test_two_outlines_over_one_unit_grid_are_a_fault(tx: Tx) -> None:
    told = drawn(
        tx,
        stroke(Op.ADD, "G4", around(tx, *EAST[:2]), name="甲", inspectors=["inspector1"]),
        stroke(Op.ADD, "G5", around(tx, *EAST[1:3]), name="乙", inspectors=["inspector1"]),
    )
    assert [(fault.kind, fault.codes) for fault in told.faults] == [("shared", (EAST[1], "G4", "G5"))]


def test_a_set_that_leaves_the_ground_with_its_neighbour_or_names_none_there_is_is_refused(tx: Tx) -> None:
    """As only a program could propose it: on the map the neighbour gives the ground up."""
    said = {"name": "甲", "grids": [EAST[0], "440001001001999"], "inspectors": ["inspector1"]}
    bare = Change(no=1, op=Op.ADD, code="G4", said=said, geom=row(tx, "grid", EAST[0]).geom)
    found = look(tx, proposed(tx, "duty_grids", bare)).errors
    assert [(fault.kind, fault.codes) for fault in found] == [
        ("shared", (EAST[0], "G1", "G4")), ("no_such_grid", ("G4", "440001001001999"))
    ]  # fmt: skip


def test_pieces_apart_and_nobody_to_walk_are_warnings(tx: Tx) -> None:
    ends = row(tx, "grid", EAST[0]).geom, row(tx, "grid", WEST[1]).geom
    apart = ends[0].union(ends[1]).buffer(1e-5)
    assert not ends[0].intersects(ends[1])
    told = drawn(tx, stroke(Op.ADD, "G4", apart, name="飞地"))
    assert told.sound
    assert sorted((fault.kind, fault.codes) for fault in told.faults) == [("apart", ("G4", "2")), ("unwalked", ("G4",))]


@pytest.mark.parametrize(
    ("shape", "said", "words"),
    [
        (box(114.0001, 22.5001, 114.0002, 22.5002), {}, "No unit grid has its middle"),
        (box(113.9, 22.4, 114.1, 22.6), {}, "retire it in the same set"),
        (box(113.9, 22.4, 114.1, 22.6), {"inspectors": ["acceptor"]}, "There is no inspector"),
    ],
)
def test_what_cannot_be_one_is_refused_and_says_why(
    tx: Tx, shape: BaseGeometry, said: dict[str, object], words: str
) -> None:
    with pytest.raises(FormIncomplete, match=words):
        drawn(tx, stroke(Op.ADD, "G4", shape, name="新", **said))


def test_a_set_that_retires_much_is_held_for_a_second_person(tx: Tx) -> None:
    told = drawn(tx, stroke(Op.END, "G2"), stroke(Op.ALTER, "G1", around(tx, *EAST, *WEST)))
    assert told.checked[0].set.state is State.HELD
    done = put_in_force(tx, told.checked[0].set.id, by=WANG)
    assert done.set.state is State.IN_FORCE
    assert [change.was is not None for change in changes_of(tx, done.set.id)] == [True, True]


def test_unit_grids_cut_anew_keep_their_duty_grid_and_the_older_set_stands_no_more(tx: Tx) -> None:
    told = drawn(tx, stroke(Op.ADD, "G4", around(tx, EAST[0]), name="东河一"))
    old = area(EAST[0], square(0, 1, 0.5), EAST[0][:12], op=Op.ALTER)
    put_in_force(
        tx, proposed(tx, "grid", old, area(f"{EAST[0][:12]}005", square(0.5, 1, 0.5), EAST[0][:12], no=2)), by=LI
    )
    assert grids(tx, "G4") == (EAST[0], f"{EAST[0][:12]}005")
    with pytest.raises(Conflict, match="a later edition changed G4"):
        undo(tx, told.checked[0].set.id, by=LI, reason="太迟")


def test_a_map_file_of_outlines_goes_in_as_one_set(tx: Tx, tmp_path: Path) -> None:
    east, rest = around(tx, *EAST[:2], metres=5), around(tx, *EAST[2:], metres=-5)
    rows = [("G1", "东河责任网格", "inspector1", rest), ("G9", "东河二", "inspector2;inspector3", east)]
    features = [
        {"type": "Feature", "properties": {"code": code, "name": name, "inspectors": who}, "geometry": mapping(shape)}
        for code, name, who, shape in rows
    ]
    file = tmp_path / "tours.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    found = compared(tx, read_sheet(file, datum="wgs84"), "duty_grids", mapping={})
    done = import_sheet(tx, found, by=LI, reason="重划", source="")
    assert done.counts == {"add": 1, "alter": 1, "end": 0}
    assert (grids(tx, "G9"), walks(tx, "G9")) == (EAST[:2], ["inspector2", "inspector3"])
    assert compared(tx, read_sheet(file, datum="wgs84"), "duty_grids", mapping={}).changes == []
