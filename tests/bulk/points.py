"""Points worth asking about: anywhere, on edges and corners, beside roads and components; the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import shapely

from gis.atlas import Atlas
from gis.crs import metres_per_degree

Point = tuple[float, float]


def anywhere(atlas: Atlas, count: int) -> Iterator[Point]:
    """In the city's box and a little beyond."""
    random = Random(1)
    west, south, east, north = map(float, shapely.total_bounds([cell.shape for cell in atlas.cells]))
    by = 0.0005
    for _ in range(count):
        yield random.uniform(west - by, east + by), random.uniform(south - by, north + by)


def on_edges(atlas: Atlas, count: int) -> Iterator[Point]:
    """Corners of unit grids, and places on the lines between them."""
    random = Random(2)
    for _ in range(count):
        ring = random.choice(atlas.cells).shape.boundary
        line = random.choice(list(shapely.get_parts(ring)))
        x, y = random.choice(line.coords)
        yield x, y
        between = line.interpolate(random.random(), normalized=True)
        yield between.x, between.y


def beside_roads(atlas: Atlas, count: int) -> Iterator[Point]:
    """On roads, at their ends, and up to a little more than the reach beside them."""
    random = Random(3)
    for _ in range(count):
        line = random.choice(atlas.ways).line
        x, y = random.choice(shapely.get_coordinates(line).tolist())
        kx, ky = metres_per_degree(y)
        yield x, y
        yield x + random.uniform(-45, 45) / kx, y + random.uniform(-45, 45) / ky


def beside_components(atlas: Atlas, category: str, count: int) -> Iterator[Point]:
    """Up to a little more than the reach beside components of a category."""
    random = Random(4)
    things = atlas.things
    ours = [i for i, kind in enumerate(things.kind) if kind == things.kinds.get(category)]
    for _ in range(count):
        i = random.choice(ours)
        kx, ky = metres_per_degree(things.lat[i])
        yield things.lon[i] + random.uniform(-23, 23) / kx, things.lat[i] + random.uniform(-23, 23) / ky
