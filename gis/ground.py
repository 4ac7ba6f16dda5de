"""The ground on one day, for many points at once: the answers of `gis.locate.place_of`, by the thousand.

What `place.sql` says holds here as well: the finest area by interior, else within 0.1 m; on a line (1 mm) the lowest
code; roads by the millimetre, then by code. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
import shapely
from numpy.typing import NDArray

from gis.atlas import Atlas, Cell, Hands, Way, in_force, things_in_force
from gis.locate import NO_ROAD, SLIVER_M, TIE_M, Component, Place, Road, road_named
from gis.segments import Ints, Points, Segments, Touch, first_of

__all__ = ["Ground", "Located", "Reaches"]

MOST_THINGS = 16  # as place.sql


class Located(NamedTuple):
    """What lies at each of n points. `cell`: position in `Ground.cells`, or -1 outside the city.

    `touch`: nearest road of each class and name within reach (or `look_m`), by point, distance and code; those of
    point i stand from `begin[i]` to `begin[i + 1]`.
    """

    cell: Ints
    touch: Touch
    begin: Ints


class Reaches(NamedTuple):
    """How far is looked, metres: as the arguments of `gis.locate.place_of`."""

    reach_m: float = 40
    component_m: float = 20
    tie_m: float = TIE_M
    look_m: float = 0


class Ground:
    """Made for one day (`date.toordinal()`) of an atlas."""

    def __init__(self, atlas: Atlas, day: int, reaches: Reaches) -> None:
        self.reaches = reaches
        self.cells: Sequence[Cell] = in_force(atlas.cells, day)
        self.ways: Sequence[Way] = in_force(atlas.ways, day)
        self._shapes = numpy.array([cell.shape for cell in self.cells], dtype=object)
        shapely.prepare(self._shapes)
        self._boxes = shapely.STRtree(shapely.box(*shapely.bounds(self._shapes).T) if len(self.cells) else [])
        self._edges = Segments([shapely.boundary(shape) for shape in self._shapes], SLIVER_M)
        self._lines = Segments([way.line for way in self.ways], max(reaches.reach_m, reaches.look_m))
        streets: dict[tuple[str, str], int] = {}
        kinds = [streets.setdefault((way.road_class, way.name), len(streets)) for way in self.ways]
        self.street: Ints = numpy.array(kinds, dtype=numpy.intp)
        self._things = _Shelf(atlas, day)

    def locate(self, points: Points) -> Located:
        """Area and roads of every point."""
        found = self._lines.near(points)
        found = first_of(found, self.street[found.line], found.mm, found.line)
        order = numpy.lexsort((found.line, found.mm, found.point))
        touch = found.take(order)
        begin = numpy.searchsorted(touch.point, numpy.arange(len(points.lon) + 1))
        return Located(self._cell(points), touch, begin)

    def _cell(self, points: Points) -> Ints:
        """The area of each point; areas stand in the order of their codes, so that the lowest position wins."""
        point, cell = self._boxes.query(shapely.points(points.lon, points.lat))
        inside = shapely.intersects_xy(self._shapes[cell], points.lon[point], points.lat[point])
        edge = self._edges.near(points)
        point = numpy.concatenate([point[inside], edge.point])
        cell = numpy.concatenate([cell[inside], edge.line])
        mm = numpy.concatenate([numpy.ones(int(inside.sum()), dtype=numpy.int64), numpy.maximum(edge.mm, 1)])
        order = numpy.lexsort((cell, mm, point))
        first, position = numpy.unique(point[order], return_index=True)
        result = numpy.full(len(points.lon), -1, dtype=numpy.intp)
        result[first] = cell[order][position]
        return result

    def roads(self, located: Located, i: int) -> tuple[Road, ...]:
        """The roads near point i, as a place has them."""
        touch = located.touch
        return tuple(self._road(touch, j) for j in range(int(located.begin[i]), int(located.begin[i + 1])))

    def _road(self, touch: Touch, j: int) -> Road:
        way = self.ways[touch.line[j]]
        return Road(
            id=way.id,
            code=way.code,
            road_class=way.road_class,
            name=way.name,
            name_en=way.name_en,
            metres=int(touch.mm[j]) / 1000,
            dx=float(touch.dx[j]),
            dy=float(touch.dy[j]),
        )

    def components(
        self, category: str, points: Points, which: NDArray[numpy.intp], within_m: float | None = None
    ) -> dict[int, tuple[Component, ...]]:
        """For each of the points `which`: the components of a category within reach, the nearest first, 16 at most."""
        return self._things.near(category, points, which, self.reaches.component_m if within_m is None else within_m)

    def place(self, points: Points, located: Located, i: int, *, street: str, things: Sequence[Component]) -> Place:
        """Point i as `place_of` gives it, without an accuracy."""
        cell = self.cells[located.cell[i]] if located.cell[i] >= 0 else None
        roads = self.roads(located, i)
        named = road_named(street, roads, self.reaches.reach_m) if street else None
        road = named or (roads[0] if roads and roads[0].metres <= self.reaches.reach_m else None)
        return Place(
            lon=float(points.lon[i]),
            lat=float(points.lat[i]),
            accuracy_m=None,
            area_id=cell.id if cell else None,
            area_path=cell.path if cell else (),
            area_codes=cell.codes if cell else (),
            area_names=cell.names if cell else (),
            area_names_en=cell.names_en if cell else (),
            area_class=cell.area_class if cell else None,
            duty_grid=None,
            road_id=road.id if road else None,
            road_class=road.road_class if road else NO_ROAD,
            road_name=road.name if road else "",
            road_name_en=(road.name_en or road.name) if road else "",
            road_m=road.metres if road else None,
            by_name=named is not None,
            near_roads=roads,
            near_paths=(),
            component=things[0] if things else None,
            near_components=tuple(things[1:]),
            reach_m=self.reaches.reach_m,
            component_m=self.reaches.component_m,
            tie_m=self.reaches.tie_m,
        )


class _Shelf:
    """The components of one day by category, each category's index made when first asked for."""

    def __init__(self, atlas: Atlas, day: int) -> None:
        self._all = atlas.things
        self._hands: list[Hands] = list(atlas.things.hands)
        self._valid = things_in_force(atlas.things, day)
        self._kind = numpy.array(atlas.things.kind, dtype=numpy.intp)[self._valid]
        self._made: dict[str, tuple[Any, NDArray[Any], Ints]] = {}

    def _of(self, category: str) -> tuple[Any, NDArray[Any], Ints]:
        """Index, positions in degrees, and places in the atlas, of one category."""
        if category not in self._made:
            kind = self._all.kinds.get(category, -1)
            ours = self._valid[self._kind == kind]
            at = numpy.array([(self._all.lon[i], self._all.lat[i]) for i in ours]).reshape(-1, 2)
            self._made[category] = (shapely.STRtree(shapely.points(at)), at, ours)
        return self._made[category]

    def near(self, category: str, points: Points, which: Ints, within_m: float) -> dict[int, tuple[Component, ...]]:
        index, at, ours = self._of(category)
        if not len(ours) or not len(which):
            return {}
        lon, lat, kx, ky = (column[which] for column in points)
        by = 1.001 * (within_m + 0.001)
        boxes = shapely.box(lon - by / kx, lat - by / ky, lon + by / kx, lat + by / ky)
        point, thing = index.query(boxes)
        dx, dy = (at[thing, 0] - lon[point]) * kx[point], (at[thing, 1] - lat[point]) * ky[point]
        mm = numpy.rint(numpy.hypot(dx, dy) * 1000).astype(numpy.int64)
        order = numpy.lexsort((thing, mm, point))
        found: dict[int, list[Component]] = {}
        for j in order[mm[order] <= round(within_m * 1000)]:
            near = found.setdefault(int(which[point[j]]), [])
            if len(near) < MOST_THINGS:
                near.append(self._component(category, int(ours[thing[j]]), int(mm[j]), (float(dx[j]), float(dy[j]))))
        return {i: tuple(near) for i, near in found.items()}

    def _component(self, category: str, position: int, mm: int, by: tuple[float, float]) -> Component:
        owner, maintainer, supervisor = self._hands[self._all.hand[position]]
        return Component(
            code=self._all.codes[position],
            category=category,
            owner=owner,
            maintainer=maintainer,
            supervisor=supervisor,
            metres=mm / 1000,
            dx=by[0],
            dy=by[1],
        )
