"""Where areas overlap, leave gaps, stray out of their parent or run to slivers: pure, on a plane in metres.

Three widths tell faults apart. A part nowhere wider than `rounding` comes of rounded corners and is none; one nowhere
wider than SLIVER_M comes of two drawings of one line and is called a sliver; what is wider is a gap or an overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gis.plane import Plane

__all__ = ["ROUNDING_M", "SLIVER_M", "Fault", "Piece", "beyond", "coverage_faults", "left_out", "overlaps", "wide"]

ROUNDING_M = 0.5
SLIVER_M = 3.0
CRUMB_M2 = 1.0  # pieces of a part that is wide elsewhere: what it drags along at its corners
WORDS = {
    "overlap": ("{0} and {1} overlap by {m2} m²", "{0} 与 {1} 重叠 {m2} 平方米"),
    "gap": ("areas leave a gap of {m2} m² in {0}", "{0} 内有 {m2} 平方米未被覆盖"),
    "across": ("{0} lies outside its parent {1} by {m2} m²", "{0} 越出上级 {1} 的范围 {m2} 平方米"),
    "thin": ("{0} is nowhere wider than a few metres ({m2} m²)", "{0} 为狭长碎片（{m2} 平方米）"),
    "invalid": ("{0} is not a valid polygon", "{0} 的图形无效（自相交等）"),
    "empty": ("{0} is not divided yet: no area of the next level lies in it", "{0} 尚未划分下级区域"),
    "orphan": ("{0} lies under {1}, which would be no more: give it another parent first", "{0} 的上级 {1} 将被停用"),
    "parent": ("{0} names the parent {1}, and there is none", "{0} 的上级 {1} 不存在"),
    "prefix": ("the code {0} does not begin with its parent's, {1}", "代码 {0} 不以上级代码 {1} 开头"),
    "layout": ("the code {0} breaks the layout {1}", "代码 {0} 不符合编码规则 {1}"),
    "used": ("the code {0} was used before: a code is never used again", "代码 {0} 已用过：编码不得重复使用"),
    "unwatched": ("unit grid {0} would be on no duty grid", "单元网格 {0} 将不属于任何责任网格"),
    "shared": ("unit grid {0} would be on two duty grids: {1}, {2}", "单元网格 {0} 将同属两个责任网格：{1}、{2}"),
    "no_such_grid": ("duty grid {0} has the unit grid {1}, and there is none", "责任网格 {0} 的单元网格 {1} 不存在"),
    "apart": ("duty grid {0} lies in pieces that do not touch: {1}", "责任网格 {0} 分为互不相连的 {1} 块"),
    "unwalked": ("nobody walks duty grid {0}", "责任网格 {0} 没有监督员"),
    "no_grid": ("component {0} stands on no unit grid", "部件 {0} 不在任何单元网格内"),
    "two_grids": ("component {0} stands on several unit grids: {1}", "部件 {0} 落在多个单元网格内：{1}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One area as the check sees it. `shape` in degrees as stored; `parent` empty at the top."""

    code: str
    parent: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault with the place to look at. `shape` in degrees; `m2` rounded; a warning keeps nothing out.

    `kind`: a key of WORDS; `sliver`: wider than rounding, nowhere wider than SLIVER_M.
    """

    kind: str
    level: str
    codes: tuple[str, ...]
    shape: BaseGeometry
    m2: int = 0
    sliver: bool = False
    warning: bool = False

    @property
    def words(self) -> str:
        """The fault as an English sentence."""
        return self._sentence(0, "sliver: ")

    @property
    def words_zh(self) -> str:
        """The same in Chinese."""
        return self._sentence(1, "碎片：")

    def feature(self) -> dict[str, Any]:
        """A GeoJSON feature, degrees of the stored datum."""
        named = {"kind": self.kind, "sliver": self.sliver, "level": self.level, "codes": list(self.codes)}
        told = {"m2": self.m2, "warning": self.warning, "words": self.words, "words_zh": self.words_zh}
        return {"type": "Feature", "properties": named | told, "geometry": mapping(self.shape)}

    def _sentence(self, language: int, sliver: str) -> str:
        return (sliver if self.sliver else "") + WORDS[self.kind][language].format(*self.codes, m2=self.m2)


def wide(part: BaseGeometry, metres: float) -> bool:
    """Whether a part is anywhere wider than so many metres."""
    return not part.buffer(-metres / 2, quad_segs=1).is_empty


def overlaps(shapes: Sequence[BaseGeometry], rounding: float) -> Iterator[tuple[int, int, BaseGeometry]]:
    """Every two valid shapes (metres) that share more than rounding, the lower number first, with what they share."""
    ground = numpy.array(shapes, dtype=object)
    left, right = shapely.STRtree(ground).query(ground, predicate="intersects")
    pairs = left < right
    left, right = left[pairs], right[pairs]
    for i, j, part in zip(left, right, shapely.intersection(ground[left], ground[right]), strict=True):
        if part.area > 0 and wide(part, rounding):
            yield int(i), int(j), part


def beyond(shape: BaseGeometry, parent: BaseGeometry, rounding: float) -> BaseGeometry | None:
    """What of a shape lies outside its parent (metres); None if it is rounding only."""
    part = shape.difference(parent)
    return part if part.area > 0 and wide(part, rounding) else None


def left_out(parent: BaseGeometry, children: Sequence[BaseGeometry], rounding: float) -> BaseGeometry | None:
    """What of a parent its children leave uncovered (metres); None if it is rounding only."""
    part = parent.difference(shapely.union_all(list(children)))
    return part if part.area > 0 and wide(part, rounding) else None


def coverage_faults(
    level: str,
    pieces: Sequence[Piece],
    parents: Mapping[str, BaseGeometry],
    plane: Plane,
    *,
    rounding: float = ROUNDING_M,
) -> list[Fault]:
    """Every fault among the areas of one level, and between them and their parents (code → shape in degrees).

    A parent without any child is a warning: it is not divided yet. Invalid polygons are named and left out of the rest.
    """
    found = _Found(level, plane)
    sound = found.sound(pieces)
    for i, j, part in overlaps([shape for _, shape in sound], rounding):
        found.add("overlap", sorted((sound[i][0].code, sound[j][0].code)), part)
    children: dict[str, list[BaseGeometry]] = {code: [] for code in parents}
    flat = {code: plane.metres(shape) for code, shape in parents.items()}
    for piece, shape in sound:
        if piece.parent in flat:
            children[piece.parent].append(shape)
            found.add("across", [piece.code, piece.parent], beyond(shape, flat[piece.parent], rounding))
    for code, inside in children.items():
        if inside:
            found.add("gap", [code], left_out(flat[code], inside, rounding))
        else:
            found.name("empty", code, parents[code], warning=True)
    return found.faults


class _Found:
    """Gathers faults; gaps and overlaps are told one by one, not as the many parts of one shape."""

    def __init__(self, level: str, plane: Plane) -> None:
        self.level, self.plane = level, plane
        self.faults: list[Fault] = []

    def sound(self, pieces: Sequence[Piece]) -> list[tuple[Piece, BaseGeometry]]:
        """The valid pieces with their shape in metres; the others are named, and so is what is a sliver itself."""
        found = []
        for piece in pieces:
            if not piece.shape.is_valid or piece.shape.is_empty:
                self.name("invalid", piece.code, piece.shape)
                continue
            shape = self.plane.metres(piece.shape)
            found.append((piece, shape))
            if not wide(shape, SLIVER_M):
                self.name("thin", piece.code, piece.shape, m2=round(shape.area))
        return found

    def name(self, kind: str, code: str, shape: BaseGeometry, *, m2: int = 0, warning: bool = False) -> None:
        """One fault of one area as a whole."""
        self.faults.append(Fault(kind=kind, level=self.level, codes=(code,), shape=shape, m2=m2, warning=warning))

    def add(self, kind: str, codes: Sequence[str], part: BaseGeometry | None) -> None:
        """Faults of a part in metres, one for each of its pieces."""
        for one in shapely.get_parts(part) if part is not None else ():
            if one.area < CRUMB_M2:
                continue
            self.faults.append(
                Fault(
                    kind=kind,
                    level=self.level,
                    codes=tuple(codes),
                    shape=self.plane.degrees(one),
                    m2=round(one.area),
                    sliver=not wide(one, SLIVER_M),
                )
            )
