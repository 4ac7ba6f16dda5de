"""Map files as surveyors hand them over, written with GDAL: Shapefile in GB18030, GeoPackage, GeoJSON, CSV."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import shapely
from pyogrio.raw import write
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from gis.crs import to_map

DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON"}


def map_file(
    path: Path, rows: Sequence[tuple[Mapping[str, Any], BaseGeometry]], *, crs: str | None = "EPSG:4326", **more: Any
) -> Path:
    """Write rows of text and shape; the ending says the format."""
    names = list(rows[0][0])
    columns = [numpy.array([str(values[name]) for values, _ in rows], dtype=object) for name in names]
    shapes = shapely.to_wkb(numpy.array([shape for _, shape in rows], dtype=object))
    kind = rows[0][1].geom_type
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no projection is named: just what some tests want
        write(path, shapes, columns, names, driver=DRIVERS[path.suffix], geometry_type=kind, crs=crs, **more)
    return path


def in_datum(shape: BaseGeometry, datum: str) -> BaseGeometry:
    """Stored degrees as that datum gives them."""
    return shapely.transform(shape, lambda points: numpy.array([to_map(x, y, datum) for x, y in points]))


def in_zone(shape: BaseGeometry, epsg: int) -> BaseGeometry:
    """Degrees as metres of a projected zone, by a library that the product does not use."""
    zone = Transformer.from_crs("EPSG:4490", f"EPSG:{epsg}", always_xy=True)
    return shapely.transform(shape, lambda points: numpy.column_stack(zone.transform(points[:, 0], points[:, 1])))
