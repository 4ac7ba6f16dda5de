"""From streets to unit grids: blocks between the streets, slivers merged, large blocks cut, all tiling the outline.

The road space itself is shared out to the nearest block, so that the two carriageways of one avenue give one
boundary along its middle and no sliver between them. All lengths in metres, all areas in square metres.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, MultiPoint, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

__all__ = ["Cell", "Street", "blocks", "shared_lengths", "tile"]

Corner = npt.NDArray[np.float64]
HALF_WIDTH = {1: 15.0, 2: 12.0, 3: 8.0, 4: 5.0}  # by rank of road; only decides what counts as road space
NARROWEST = 5.0
SMALLEST_BLOCK = 1_200.0
SMALLEST_GRID = 2_000.0
CHUNK = 90_000.0  # a piece of a block that is not torn apart between two streets or communities
NODE = 0.1
SAMPLE, STIR = 4.0, 0.001
SMOOTH = 6.0


class Street(Protocol):
    """A street's line in metres and its rank: 1 the greatest."""

    @property
    def line(self) -> LineString: ...

    @property
    def rank(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One unit grid before it has a code. `block` and `chunk` number the street block and the piece of it."""

    shape: Polygon
    block: int
    chunk: int


def blocks(outline: Polygon, streets: Sequence[Street], dividers: Sequence[LineString]) -> list[Polygon]:
    """The street blocks that tile `outline`, smoothed, none under 2,000 m²."""
    space = shapely.union_all(
        [street.line.buffer(HALF_WIDTH.get(street.rank, NARROWEST)) for street in streets]
        + [line.buffer(2.0) for line in dividers]
    )
    space = space.buffer(7).buffer(-7)
    kernels = [part for part in _polygons(outline.difference(space).buffer(-3).buffer(3)) if part.area > SMALLEST_BLOCK]
    if not kernels:
        return [outline]
    regions = _grown(kernels, outline)
    lines = [region.boundary for region in regions] + [outline.boundary]
    faces = [face for face in _faces(lines) if outline.contains(face.representative_point())]
    merged = _without_small(faces, smallest=SMALLEST_GRID)
    smooth = shapely.coverage_simplify(np.array(merged), SMOOTH, simplify_boundary=False)
    return _without_small(_faces([face.boundary for face in smooth]), smallest=SMALLEST_GRID)


def tile(whole: Sequence[Polygon], target_of: Callable[[Polygon], float]) -> list[Cell]:
    """Unit grids: every block cut into pieces of about the target area, the pieces noded into one exact tiling."""
    chunks = [(number, chunk) for number, block in enumerate(whole) for chunk in _cut(block, CHUNK)]
    pieces = [piece for number, chunk in chunks for piece in _cut(chunk, target_of(whole[number]))]
    faces = _without_small(_faces([piece.boundary for piece in pieces]), smallest=SMALLEST_GRID)
    tree = STRtree([chunk for _, chunk in chunks])
    cells = []
    for face in sorted(faces, key=lambda face: face.centroid.coords[0]):
        chunk = int(tree.nearest(face.representative_point()))
        cells.append(Cell(shape=face, block=chunks[chunk][0], chunk=chunk))
    return cells


def shared_lengths(shapes: Sequence[Polygon]) -> dict[tuple[int, int], float]:
    """Length of the common boundary of every two neighbours (lower number first) in an exact tiling."""
    seen: dict[tuple[tuple[float, float], tuple[float, float]], int] = {}
    lengths: dict[tuple[int, int], float] = {}
    for number, shape in enumerate(shapes):
        for ring in (shape.exterior, *shape.interiors):
            for a, b in pairwise(ring.coords):
                edge = (min(a, b), max(a, b))
                other = seen.setdefault(edge, number)
                if other != number:
                    pair = (other, number)
                    lengths[pair] = lengths.get(pair, 0.0) + Point(a).distance(Point(b))
    return lengths


def _polygons(geometry: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]


def _faces(lines: Sequence[BaseGeometry]) -> list[Polygon]:
    """The faces of the linework, noded on a 0.1 m lattice, in a fixed order."""
    noded = shapely.union_all(list(lines), grid_size=NODE)
    faces = _polygons(shapely.polygonize([*shapely.get_parts(noded)]))
    return sorted(faces, key=lambda face: face.centroid.coords[0])


def _grown(kernels: Sequence[Polygon], outline: Polygon) -> list[BaseGeometry]:
    """Each kernel with the ground that is nearer to it than to any other (Voronoi cells of its sampled edge)."""
    owner_of: dict[tuple[float, float], int] = {}
    for number, kernel in enumerate(kernels):
        for x, y in shapely.get_coordinates(shapely.segmentize(kernel, SAMPLE)):
            owner_of.setdefault((round(x, 2), round(y, 2)), number)
    points, owner = np.array(list(owner_of)), np.array(list(owner_of.values()))
    try:
        regions = _regions(points, owner)
        if _tiles(regions, outline):
            return regions
    except shapely.GEOSException:
        pass
    # Points of one circle or lattice give cells that do not meet corner to corner: stirred by a millimetre they do.
    stirred = points + np.random.default_rng(len(points)).uniform(-STIR, STIR, points.shape)
    return _regions(stirred, owner)


def _regions(points: Corner, owner: npt.NDArray[np.int_]) -> list[BaseGeometry]:
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(points), ordered=True))
    return [shapely.coverage_union_all(cells[owner == number]) for number in range(owner.max() + 1)]


def _tiles(regions: Sequence[BaseGeometry], outline: Polygon) -> bool:
    """Whether the regions share the outline's ground out without rest or overlap."""
    ground = float(sum(region.intersection(outline).area for region in regions if region.is_valid))
    return bool(abs(ground - outline.area) < 1.0)


def _without_small(faces: Sequence[Polygon], *, smallest: float) -> list[Polygon]:
    """Merge the smallest face into the neighbour with the longest common boundary until none is too small."""
    shapes = {number: face for number, face in enumerate(faces)}
    neighbours: dict[int, dict[int, float]] = {number: {} for number in shapes}
    for (a, b), length in shared_lengths(faces).items():
        neighbours[a][b] = neighbours[b][a] = length
    while True:
        area, number = min((shape.area, number) for number, shape in shapes.items())
        if area >= smallest or len(shapes) == 1:
            return list(shapes.values())
        around = neighbours.pop(number)
        into = max(around, key=lambda other: (around[other], -other))
        shapes[into] = _united(shapes[into], shapes.pop(number))
        for other, length in around.items():
            del neighbours[other][number]
            if other != into:
                neighbours[into][other] = neighbours[other][into] = neighbours[into].get(other, 0.0) + length


def _united(a: Polygon, b: Polygon) -> Polygon:
    union = shapely.coverage_union(a, b)
    parts = _polygons(union)
    if len(parts) != 1:
        raise ValueError("two neighbours without a common edge")
    return parts[0]


def _cut(shape: Polygon, target: float) -> list[Polygon]:
    """The shape in pieces of about `target`, each cut straight across the longer side of what is left."""
    count = round(shape.area / target)
    if count < 2 or shape.area <= target * 1.5:
        return [shape]
    parts = _halves(shape, share=(count // 2) / count)
    return [piece for part in parts for piece in _cut(part, target)]


def _halves(shape: Polygon, *, share: float) -> list[Polygon]:
    """The shape cut across its longer axis so that about `share` of the area lies on the first side."""
    corners = np.array(shape.minimum_rotated_rectangle.exterior.coords)[:4]
    sides = [(corners[(i + 1) % 4] - corners[i], corners[i], corners[(i + 3) % 4] - corners[i]) for i in (0, 1)]
    along, start, across = max(sides, key=lambda side: float(np.hypot(*side[0])))
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        first = shape.intersection(_slab(start, along, across, share=middle))
        low, high = (middle, high) if first.area < share * shape.area else (low, middle)
    slab = _slab(start, along, across, share=low)
    return _polygons(shape.intersection(slab)) + _polygons(shape.difference(slab))


def _slab(start: Corner, along: Corner, across: Corner, *, share: float) -> Polygon:
    """The rectangle up to a share of its length, spread a little over its other three sides."""
    left = start - 0.5 * across
    back, front = left - 0.01 * along, left + share * along
    return Polygon([back, front, front + 2 * across, back + 2 * across])
