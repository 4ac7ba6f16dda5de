"""Rows with shapes → a map file, in any datum: Shapefile, GeoPackage, GeoJSON, CSV. `gis.sheet` reads it back."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from pyogrio.raw import write as write_raw

from gis.crs import SHIFTED, to_map
from gis.problems import FormIncomplete

__all__ = ["FORMATS", "write_map"]

FORMATS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".csv": "CSV"}
PROJECTIONS = {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}  # the shifted datums have none
EXACT = {".geojson": {"COORDINATE_PRECISION": "12", "RFC7946": "NO"}, ".shp": {"ENCODING": "UTF-8"}}
Shapes = NDArray[Any]


def write_map(path: Path, columns: Mapping[str, Sequence[str]], shapes: Sequence[Any], *, datum: str) -> None:
    """Write a file that is not there yet, every cell as text. `shapes`: degrees as stored, of one dimension.

    Raises FormIncomplete for an ending that names no format, a file that is there, or one that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise _refused(path, f"a layer is written as one of {', '.join(FORMATS)}", "须为 .shp .gpkg .geojson .csv")
    if path.exists():
        raise _refused(path, "it is there already, and is left as it is", "文件已存在，未覆盖")
    moved = _in_datum(numpy.array(shapes, dtype=object), datum)
    try:
        if suffix == ".csv":
            _write_csv(path, columns, moved)
        else:
            _write_gdal(path, columns, moved, crs=PROJECTIONS.get(datum))
    except (OSError, DataSourceError) as error:
        raise _refused(path, str(error), "无法写入") from error


def _in_datum(shapes: Shapes, datum: str) -> Shapes:
    if datum not in SHIFTED:
        return shapes
    moved: Shapes = shapely.transform(shapes, lambda points: numpy.array([to_map(x, y, datum) for x, y in points]))
    return moved


def _write_gdal(path: Path, columns: Mapping[str, Sequence[str]], shapes: Shapes, *, crs: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no projection: of a shifted datum there is none
        write_raw(
            path,
            shapely.to_wkb(shapes),
            [numpy.array(cells, dtype=object) for cells in columns.values()],
            list(columns),
            driver=FORMATS[path.suffix.lower()],
            geometry_type=_kind(shapes),
            crs=crs,
            layer_options=EXACT.get(path.suffix.lower()),
        )


def _kind(shapes: Shapes) -> str:
    """The one type that holds them all."""
    kinds = {shape.geom_type for shape in shapes}
    return kinds.pop() if len(kinds) == 1 else "MultiPolygon" if "MultiPolygon" in kinds else "Unknown"


def _write_csv(path: Path, columns: Mapping[str, Sequence[str]], shapes: Shapes) -> None:
    """Points as lon and lat, else wkt; every figure with all that it has."""
    points = shapely.get_type_id(shapes) == 0
    if points.all():
        where = {"lon": map(repr, shapely.get_x(shapes).tolist()), "lat": map(repr, shapely.get_y(shapes).tolist())}
    else:
        where = {"wkt": iter(shapely.to_wkt(shapes, rounding_precision=15).tolist())}
    with path.open("x", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*columns, *where])
        rows.writerows(zip(*columns.values(), *where.values(), strict=True))


def _refused(path: Path, reason: str, zh: str) -> FormIncomplete:
    return FormIncomplete(f"{path} was not written: {reason}", zh=f"{path} 未写入：{zh}", fields={"file": reason})
