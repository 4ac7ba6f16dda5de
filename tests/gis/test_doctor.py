"""The datum doctor names by how many metres, in which direction, and what would mend it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest
import shapely

from gis.doctor import Named, examine
from gis.plane import Plane
from tests.data.binhe_files import layer
from tests.layers.files import in_datum

CITY = Plane(114.04, 22.54)


def binhe(name: str) -> list[Named]:
    """A layer of the demo city, all known by their names."""
    return [Named(words=(row.get("code", ""), row["name"]), shape=shape) for row, shape in layer(name)]


def moved(named: Sequence[Named], datum: str) -> list[Named]:
    return [Named(words=one.words, shape=in_datum(one.shape, datum)) for one in named]


def nameless(named: Sequence[Named]) -> list[Named]:
    return [Named(words=(), shape=one.shape) for one in named]


def pushed(named: Sequence[Named], east: float, north: float) -> list[Named]:
    """A local survey system: all of it a little aside."""
    flat = CITY.metres(numpy.array([one.shape for one in named], dtype=object))
    shapes = CITY.degrees(shapely.transform(flat, lambda points: points + numpy.array([east, north])))
    return [Named(words=one.words, shape=shape) for one, shape in zip(named, shapes, strict=True)]


def test_a_gcj_02_layer_under_a_wgs_84_one_is_found_measured_and_mended() -> None:
    found = examine(moved(binhe("areas/district"), "gcj02"), binhe("areas/district"))
    assert (found.kind, found.datum) == ("datum", "gcj02")
    # Said is where the layer lies: some 500 m east and 300 m south of its place. What mends it moves it north-west.
    assert 480 < found.east_m < 540
    assert -340 < found.north_m < -280
    assert found.best is not None
    assert found.best.overlap is not None
    assert found.best.overlap >= 0.995
    assert "to the SE" in found.words
    assert "--datum gcj02" in found.words
    assert "东南" in found.words_zh


@pytest.mark.parametrize("name", ["areas/community", "roads"])
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_layers_that_share_no_name_are_held_against_each_other_by_their_lines(name: str, datum: str) -> None:
    found = examine(nameless(moved(binhe(name), datum)), nameless(binhe(name)))
    assert (found.kind, found.datum) == ("datum", datum)
    assert found.metres > 300


def test_it_may_be_the_other_layer_that_is_wrong() -> None:
    found = examine(binhe("areas/street"), moved(binhe("areas/street"), "bd09"))
    assert (found.kind, found.datum) == ("other_datum", "bd09")


def test_a_shift_by_no_known_law_is_named_as_such() -> None:
    found = examine(pushed(binhe("areas/street"), 120, -50), binhe("areas/street"))
    assert found.kind == "moved"
    assert (round(found.east_m), round(found.north_m)) == (120, -50)
    assert "--crs" in found.words


@pytest.mark.parametrize("name", ["areas/district", "areas/community", "roads"])
def test_what_fits_fits(name: str) -> None:
    assert examine(binhe(name), binhe(name)).kind == "fits"
    assert examine(nameless(binhe(name)), nameless(binhe(name))).kind == "fits"


def test_a_survey_that_differs_by_some_metres_still_fits() -> None:
    assert examine(pushed(binhe("areas/community"), 6, 8), binhe("areas/community")).kind == "fits"


def test_nothing_is_said_of_what_cannot_be_compared() -> None:
    assert examine(nameless(binhe("roads")), binhe("areas/district")).kind == "unknown"
    assert examine([], binhe("areas/district")).kind == "unknown"
    assert "cannot be compared" in examine([], binhe("areas/district")).words
