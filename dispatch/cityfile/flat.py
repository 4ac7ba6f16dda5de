"""Degrees → metres on a plane through the city: good to a few parts in ten thousand across 100 km."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.crs import metres_per_degree

__all__ = ["plane_at"]


def plane_at(lon: float, lat: float) -> Callable[[Any], Any]:
    """A function that takes geometries (one or an array) in degrees near the given point to metres."""
    origin, scale = numpy.array([lon, lat]), numpy.array(metres_per_degree(lat))

    def metres(coordinates: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        moved: NDArray[numpy.float64] = (coordinates - origin) * scale
        return moved

    def flat(geometries: BaseGeometry | NDArray[Any]) -> Any:
        return shapely.transform(geometries, metres)

    return flat
