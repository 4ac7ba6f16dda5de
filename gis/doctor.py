"""The datum doctor: does a layer fit another, and if not, by how many metres, in which direction, what would mend it.

GCJ-02 and BD-09 shift a map by 100 to 1,200 m, each by its own law. A layer is tried as it is, as if it were in each of
them, and as if the other layer were; what fits best, and better than as it is by a clear margin, is the diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.crs import SHIFTED
from gis.plane import Plane
from gis.sheet import stored_from

__all__ = ["Diagnosis", "Figure", "Named", "examine", "outlines"]

FITS_M = 30.0  # surveys of one thing differ by less; the smallest shift of a datum is some 100 m
CLEARLY = 3.0  # a cure has to leave less than this part of the misfit
PAIRS = 3
MOST, MOST_CORNERS = 2_000, 20_000  # shapes and corners measured
FARTHEST_M = 5_000.0  # strangers farther apart lie in different places, not in different datums
ENDINGS = ("街道办事处", "开发区", "新区", "街道", "社区", "区", "县", "市", "镇", "乡")
SIDES = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
SIDES_ZH = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One shape (degrees) with the words it may be known by: code, name."""

    words: tuple[str, ...]
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How well one supposition fits. `off_m`: median distance; `overlap`: shared part of paired areas, median."""

    kind: str
    datum: str
    off_m: float
    overlap: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found over so many pairs; `tried`: what every supposition gave.

    `kind`: fits; datum, other_datum: the layer, or the other one, is really in `datum`; moved: by no known law;
    unknown: nothing to compare. `east_m`, `north_m`: from where the layer should lie to where it lies.
    """

    kind: str
    pairs: int
    best: Figure | None = None
    tried: tuple[Figure, ...] = ()
    datum: str = ""
    east_m: float = 0.0
    north_m: float = 0.0

    @property
    def metres(self) -> float:
        """How far it is off."""
        return hypot(self.east_m, self.north_m)

    @property
    def words(self) -> str:
        """The diagnosis and the cure, in English."""
        return _sentence(self, WORDS, SIDES)

    @property
    def words_zh(self) -> str:
        """The same in Chinese."""
        return _sentence(self, WORDS_ZH, SIDES_ZH)


OVERLAP = (", overlap {:.4f}", "，重叠率 {:.4f}")
BY = "it lies {metres:.0f} m to the {side} ({east:+.0f} m east, {north:+.0f} m north) of "
BY_ZH = "整体向{side}偏移 {metres:.0f} 米（东 {east:+.0f} 米，北 {north:+.0f} 米）"
WORDS = {
    "fits": "it fits: {off:.0f} m off at the median{overlap}, {pairs} shapes compared",
    "datum": BY + "where it should: it is in {datum}. Read so it is {off:.0f} m off{overlap}. Mend: --datum {datum}",
    "other_datum": BY + "the other layer, which is in {datum}. With that read so it is {off:.0f} m off{overlap}",
    "moved": BY + "where it should, by no law of a known datum: a local survey system? Name its projection: --crs",
    "unknown": "it cannot be compared: no common code or name, and nothing of its kind nearby",
}
WORDS_ZH = {
    "fits": "吻合：偏差中位数 {off:.0f} 米{overlap}，比较 {pairs} 个图形",
    "datum": BY_ZH + "：实为 {datum}。按此读取后偏差 {off:.0f} 米{overlap}。处理：--datum {datum}",
    "other_datum": BY_ZH + "：参照图层实为 {datum}。按此读取参照图层后偏差 {off:.0f} 米{overlap}",
    "moved": BY_ZH + "，不符合任何已知坐标系：是否为地方坐标系？请用 --crs 指定",
    "unknown": "无法比较：没有相同的代码或名称，附近也没有同类图形",
}


def _sentence(found: Diagnosis, words: Mapping[str, str], sides: Sequence[str]) -> str:
    best = found.best
    overlap = "" if best is None or best.overlap is None else OVERLAP[words is WORDS_ZH].format(best.overlap)
    side = sides[round(degrees(atan2(found.east_m, found.north_m)) / 45) % 8]
    metres = {"metres": found.metres, "east": found.east_m, "north": found.north_m, "off": best.off_m if best else 0.0}
    return words[found.kind].format(pairs=found.pairs, datum=found.datum, side=side, overlap=overlap, **metres)


def examine(layer: Sequence[Named], other: Sequence[Named]) -> Diagnosis:
    """Hold a layer (degrees as its file gives them) against one that is known to be right.

    Shapes are paired by code or name; where these are strangers, each corner with the nearest line of the other layer.
    """
    pairs = _by_words(layer, other)
    if pairs and len(pairs) >= min(PAIRS, len(layer), len(other)):
        mine = _array([layer[i] for i, _ in pairs])
        theirs = _array([other[j] for _, j in pairs])
        return _of_pairs(mine, theirs)
    return _of_strangers(_array(layer), _array(other))


def outlines(layer: Sequence[Named], found: Diagnosis) -> dict[str, Any]:
    """The hull of a layer as GeoJSON: where it `lies`, and where it `belongs` if what would mend it is known."""
    hull = shapely.convex_hull(shapely.GeometryCollection([one.shape for one in layer]))
    where = {"lies": hull} | ({"belongs": stored_from(hull, found.datum)} if found.kind == "datum" else {})
    features = [
        {"type": "Feature", "properties": {"which": which}, "geometry": shapely.geometry.mapping(shape)}
        for which, shape in where.items()
    ]
    return {"type": "FeatureCollection", "features": features}


def _array(named: Sequence[Named]) -> Shapes:
    return numpy.array([one.shape for one in named[:MOST]], dtype=object)


def _by_words(layer: Sequence[Named], other: Sequence[Named]) -> list[tuple[int, int]]:
    """Numbers of the shapes that share a word; a word borne twice in one layer pairs nothing."""
    known, mine = _bearers(other), _bearers(layer)
    pairs = {mine[word]: known[word] for word in sorted(mine.keys() & known.keys())}
    return sorted(pairs.items())


def _bearers(layer: Sequence[Named]) -> dict[str, int]:
    found: dict[str, int] = {}
    twice = set()
    for number, one in enumerate(layer):
        for word in _keys(one):
            if found.setdefault(word, number) != number:
                twice.add(word)
    return {word: number for word, number in found.items() if word not in twice}


def _keys(one: Named) -> set[str]:
    """The words, and each without the ending that says what kind of area it is."""
    found = {word for word in one.words if word}
    for word in tuple(found):
        ending = next((ending for ending in ENDINGS if word.endswith(ending) and len(word) > len(ending) + 1), "")
        found.add(word.removesuffix(ending))
    return found


def _suppositions(mine: Shapes, theirs: Shapes) -> Iterator[tuple[str, str, Shapes, Shapes]]:
    """(kind, datum, the layer, the other one): both read as supposed."""
    yield "fits", "", mine, theirs
    for datum in SHIFTED:
        yield "datum", datum, stored_from(mine, datum), theirs
        yield "other_datum", datum, mine, stored_from(theirs, datum)


def _of_pairs(mine: Shapes, theirs: Shapes) -> Diagnosis:
    plane = _plane(theirs)
    figures = {}
    for kind, datum, a, b in _suppositions(mine, theirs):
        off = _centres(a, plane) - _centres(b, plane)
        overlap = _overlap(plane.metres(a), plane.metres(b)) if shapely.get_dimensions(a[0]) == 2 else None
        figures[kind, datum] = Figure(kind=kind, datum=datum, off_m=_median(off), overlap=overlap)
    as_it_is = _centres(mine, plane) - _centres(theirs, plane)
    east, north = (float(value) for value in numpy.median(as_it_is, axis=0))
    spread = _median(as_it_is - (east, north))
    found = _best(figures, FITS_M)
    if found.kind == "fits" and found.off_m > FITS_M and CLEARLY * spread < hypot(east, north):
        found = Figure(kind="moved", datum="", off_m=spread, overlap=None)
    return _diagnosis(found, figures, len(mine), (east, north))


def _of_strangers(mine: Shapes, theirs: Shapes) -> Diagnosis:
    if not len(mine) or not len(theirs) or shapely.get_dimensions(mine[0]) != shapely.get_dimensions(theirs[0]):
        return Diagnosis(kind="unknown", pairs=0)
    plane = _plane(theirs)
    figures = {}
    for kind, datum, a, b in _suppositions(mine, theirs):
        corners = shapely.points(shapely.get_coordinates(plane.metres(a))[:MOST_CORNERS])
        _, off = shapely.STRtree(_lines(plane.metres(b))).query_nearest(
            corners, all_matches=False, return_distance=True
        )
        figures[kind, datum] = Figure(kind=kind, datum=datum, off_m=float(numpy.median(off)), overlap=None)
    if figures["fits", ""].off_m > FARTHEST_M:
        return Diagnosis(kind="unknown", pairs=0)
    found = _best(figures, 0.0)
    moved = mine if found.kind != "datum" else stored_from(mine, found.datum)
    back = theirs if found.kind != "other_datum" else stored_from(theirs, found.datum)
    shift = _centres(mine, plane) - _centres(moved, plane) if found.kind == "datum" else None
    shift = _centres(back, plane) - _centres(theirs, plane) if found.kind == "other_datum" else shift
    mean = (0.0, 0.0) if shift is None else tuple(float(value) for value in shift.mean(axis=0))
    return _diagnosis(found, figures, len(mine), (mean[0], mean[1]))


def _best(figures: Mapping[tuple[str, str], Figure], good_enough: float) -> Figure:
    """As it is, unless it is not good enough and something else is clearly better."""
    now = figures["fits", ""]
    best = min(figures.values(), key=lambda figure: figure.off_m)
    return best if now.off_m > good_enough and best.off_m * CLEARLY < now.off_m else now


def _diagnosis(
    found: Figure, figures: Mapping[tuple[str, str], Figure], pairs: int, shift: tuple[float, float]
) -> Diagnosis:
    kind = found.kind
    east, north = (0.0, 0.0) if kind == "fits" else shift
    tried = tuple(figures.values())
    return Diagnosis(kind=kind, pairs=pairs, best=found, tried=tried, datum=found.datum, east_m=east, north_m=north)


def _plane(shapes: Shapes) -> Plane:
    west, south, east, north = shapely.total_bounds(shapes)
    return Plane(float(west + east) / 2, float(south + north) / 2)


def _centres(shapes: Shapes, plane: Plane) -> NDArray[numpy.float64]:
    found: NDArray[numpy.float64] = shapely.get_coordinates(shapely.centroid(plane.metres(shapes)))
    return found


def _lines(shapes: Shapes) -> Shapes:
    """What corners are held against: the lines of areas, else the shapes themselves."""
    found: Shapes = shapely.boundary(shapes) if shapely.get_dimensions(shapes[0]) == 2 else shapes
    return found


def _overlap(mine: Shapes, theirs: Shapes) -> float:
    """Shared part of the ground that two of a pair cover, the median of the pairs: one may be drawn otherwise."""
    mine, theirs = shapely.make_valid(mine), shapely.make_valid(theirs)
    whole = numpy.maximum(shapely.area(shapely.union(mine, theirs)), 1e-9)
    return float(numpy.median(shapely.area(shapely.intersection(mine, theirs)) / whole))


def _median(vectors: NDArray[numpy.float64]) -> float:
    return float(numpy.median(numpy.hypot(vectors[:, 0], vectors[:, 1])))
