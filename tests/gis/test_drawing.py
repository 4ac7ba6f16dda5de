"""Grids drawn along streets: an exact tiling of about 10,000 m² each, in the order one reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
import shapely
from shapely import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from gis.drawing.outline import draw, in_rows
from gis.plane import Plane
from tests.data.binhe_files import areas, layer, toml

PLANE = Plane(114.04, 22.54)
COMMUNITIES = sorted(areas("community"))[::6]


@dataclass(frozen=True, slots=True)
class Street:
    line: BaseGeometry
    rank: int


@cache
def streets() -> list[Street]:
    ranks = {key: entry["rank"] for key, entry in toml("city.toml")["road_classes"].items()}
    return [Street(PLANE.metres(line), ranks[row["class"]]) for row, line in layer("roads")]


@cache
def drawn(code: str) -> tuple[Polygon, list[Polygon]]:
    outline = PLANE.metres(areas("community")[code])
    return outline, draw(outline, streets())


@pytest.mark.parametrize("code", COMMUNITIES)
def test_grids_of_a_real_community_tile_it(code: str) -> None:
    outline, cells = drawn(code)
    assert all(isinstance(cell, Polygon) and cell.is_valid for cell in cells)
    union = shapely.union_all(cells)
    assert sum(cell.area for cell in cells) == pytest.approx(union.area, abs=0.5)
    assert outline.difference(union).area < 0.5
    assert union.difference(outline).area < 0.5


@pytest.mark.parametrize("code", COMMUNITIES)
def test_they_are_of_about_a_hundred_metres_square(code: str) -> None:
    outline, cells = drawn(code)
    assert 8_000 <= outline.area / len(cells) <= 17_500
    assert min(cell.area for cell in cells) > 1_900
    assert max(cell.area for cell in cells) < 24_000


@pytest.mark.parametrize("code", COMMUNITIES)
def test_a_great_street_runs_along_their_edges_and_not_through_them(code: str) -> None:
    outline, cells = drawn(code)
    great = shapely.union_all([street.line for street in streets() if street.rank <= 2]).intersection(outline)
    inside = great.difference(shapely.union_all([cell.boundary for cell in cells]).buffer(30))
    assert inside.length <= 0.25 * max(great.length, 1)


def test_they_come_in_rows_from_the_west_and_from_the_north() -> None:
    cells = [box(x, y, x + 90, y + 90) for y in (0, 100, 200) for x in (200, 0, 100)]
    order = [cells[number].bounds[:2] for number in in_rows(cells)]
    assert order == [(x, y) for y in (200, 100, 0) for x in (0, 100, 200)]
    assert in_rows([]) == []


def test_ground_without_a_street_is_cut_across() -> None:
    cells = draw(box(0, 0, 400, 100), [])
    assert [round(cell.area, -2) for cell in cells] == [10_000] * 4
    assert len(draw(box(0, 0, 60, 60), [])) == 1


def test_two_streets_make_four_blocks() -> None:
    cross = [Street(LineString([(0, 100), (200, 100)]), 3), Street(LineString([(100, 0), (100, 200)]), 3)]
    cells = draw(box(0, 0, 200, 200), cross)
    assert len(cells) == 4
    assert max(cell.symmetric_difference(quarter).area for cell, quarter in zip(cells, QUARTERS, strict=True)) < 200


QUARTERS = (box(0, 100, 100, 200), box(100, 100, 200, 200), box(0, 0, 100, 100), box(100, 0, 200, 100))


def test_islands_are_drawn_each_for_itself() -> None:
    two = shapely.MultiPolygon([box(0, 0, 100, 100), box(500, 0, 600, 100)])
    assert len(draw(two, [])) == 2
