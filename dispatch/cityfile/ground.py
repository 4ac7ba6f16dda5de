"""The ground of a city → the classes of place that exist on it: areas × roads within reach × owners of components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dispatch.routing.domain import Areas, Domain, Parties, Spot
from dispatch.routing.facts import NO_ROAD, CategoryLike, Corridor
from gis.plane import Plane

__all__ = ["Ground", "domain_of"]

ROUNDING_M = 0.1  # what no road reaches, but is nowhere wider than this, is a matter of drawing circles with corners
CORNERS = 16  # of a quarter circle: within 0.05 m of one of 40 m
Shapes = NDArray[Any]
Component = tuple[str, float, float, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What lies where, in degrees of one datum. `areas`: the finest, each with its path of `level:code` from the top;
    `roads`: class, name and line; `components`: category, longitude, latitude, owner, maintainer and supervisor.

    `shapes`: areas of all levels by `level:code`; `words` and `moved` as in Domain.
    """

    centre: tuple[float, float]
    categories: Sequence[CategoryLike]
    areas: Sequence[tuple[Areas, BaseGeometry]]
    roads: Sequence[tuple[str, str, BaseGeometry]]
    components: Sequence[Component]
    road_m: float
    component_m: float
    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()


def domain_of(ground: Ground, corridors: Iterable[Corridor] = ()) -> Domain:
    """The classes of place of the ground, with those of the corridors that a rulebook asks for."""
    flat = Plane(*ground.centre)
    paths = [path for path, _ in ground.areas]
    shapes = _flat(flat, [shape for _, shape in ground.areas])
    lines = _flat(flat, [line for _, _, line in ground.roads])
    return Domain(
        categories=tuple(ground.categories),
        spots=tuple(_spots(ground, paths, shapes, lines)),
        parties=_parties(ground, flat, paths, shapes),
        corridors={one.key: _corridor(ground, one, paths, shapes=shapes, lines=lines) for one in corridors},
        shapes=ground.shapes,
        words=ground.words,
        moved=ground.moved,
    )


def _flat(flat: Plane, shapes: Sequence[BaseGeometry]) -> Shapes:
    found: Shapes = numpy.empty(len(shapes), dtype=object)
    found[:] = shapes
    metres: Shapes = flat.metres(found) if len(shapes) else found
    return metres


def _near(shapes: Shapes, things: Shapes, metres: float) -> list[tuple[int, int]]:
    """(shape, thing) wherever a thing comes within so many metres of a shape."""
    if not len(shapes) or not len(things):
        return []
    thing, shape = shapely.STRtree(shapes).query(things, predicate="dwithin", distance=metres)
    return list(zip(shape.tolist(), thing.tolist(), strict=True))


def _spots(ground: Ground, paths: Sequence[Areas], shapes: Shapes, lines: Shapes) -> Iterable[Spot]:
    """Each area with every road within reach of it, and without one where a part of it is beyond their reach."""
    reached = shapely.buffer(lines, ground.road_m, quad_segs=CORNERS)
    near: dict[int, list[int]] = {}
    for shape, line in _near(shapes, lines, ground.road_m):
        near.setdefault(shape, []).append(line)
    for number, path in enumerate(paths):
        here = near.get(number, [])
        yield from dict.fromkeys(Spot(path, *ground.roads[line][:2]) for line in sorted(here))
        if not _covered(shapes[number], [reached[line] for line in here]):
            yield Spot(path, NO_ROAD, "")


def _covered(shape: BaseGeometry, by: Iterable[BaseGeometry]) -> bool:
    """Whether the shapes leave nothing of it: cut away one by one, and done as soon as nothing is left."""
    left = shape
    for other in by:
        left = left.difference(other)
        if left.is_empty:
            return True
    return bool(left.buffer(-ROUNDING_M, quad_segs=1).is_empty)


def _parties(ground: Ground, flat: Plane, paths: Sequence[Areas], shapes: Shapes) -> dict[str, list[Parties]]:
    """By category, who has components within reach of a report in each area."""
    if not ground.components:
        return {}
    points: Shapes = shapely.points([(lon, lat) for _, lon, lat, *_ in ground.components])
    found: dict[str, dict[Parties, None]] = {}
    for shape, thing in _near(shapes, flat.metres(points), ground.component_m):
        category, _, _, *owners = ground.components[thing]
        found.setdefault(category, {})[Parties(paths[shape], *owners)] = None
    return {category: list(parties) for category, parties in found.items()}


def _corridor(
    ground: Ground, corridor: Corridor, paths: Sequence[Areas], *, shapes: Shapes, lines: Shapes
) -> tuple[frozenset[Areas], frozenset[Areas]]:
    """The areas that a corridor touches, and those that it covers whole."""
    named = numpy.array([name == corridor.road for _, name, _ in ground.roads], dtype=bool)
    along = lines[named] if len(lines) else lines
    touched = sorted({shape for shape, _ in _near(shapes, along, corridor.metres)})
    wide = shapely.buffer(along, corridor.metres, quad_segs=CORNERS)
    whole = [shape for shape in touched if _covered(shapes[shape], wide)]
    return frozenset(paths[shape] for shape in touched), frozenset(paths[shape] for shape in whole)
