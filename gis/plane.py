"""Degrees and metres on a plane through the city: good to a few parts in ten thousand across 100 km."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray

from gis.crs import metres_per_degree

__all__ = ["Plane"]


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane that touches the earth at a point (degrees). Takes geometries, one or an array of them."""

    lon: float
    lat: float

    def metres(self, geometries: Any) -> Any:
        """Degrees near the point → metres east and north of it."""
        return shapely.transform(geometries, lambda points: (points - self._origin) * self._scale)

    def degrees(self, geometries: Any) -> Any:
        """The way back."""
        return shapely.transform(geometries, lambda points: points / self._scale + self._origin)

    @property
    def _origin(self) -> NDArray[numpy.float64]:
        return numpy.array([self.lon, self.lat])

    @property
    def _scale(self) -> NDArray[numpy.float64]:
        return numpy.array(metres_per_degree(self.lat))
