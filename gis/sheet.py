"""A map file → rows of text with a shape, in degrees as stored: Shapefile, GeoPackage, GeoJSON, CSV, through GDAL.

The file is opened through a GDAL virtual layer, which takes the encoding and the projection in its stride; the shifted
Chinese datums are undone by `gis.crs`, for no map library knows them.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import read as read_raw
from shapely.geometry.base import BaseGeometry

from gis.crs import SHIFTED, to_store
from gis.problems import FormIncomplete

__all__ = ["Sheet", "SheetRow", "read_sheet", "stored_from"]

SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".csv")
MOST_BYTES = 1_000_000_000
ENCODINGS = ("utf-8", "gb18030")
LON, LAT = "lon,lng,longitude,x,经度", "lat,latitude,y,纬度"
DEGREES = {"EPSG:4326": "wgs84", "EPSG:4490": "cgcs2000", "OGC:CRS84": "wgs84"}
Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """`no`: the number of the feature from 1, of a CSV the line of the file; `geom` None where there is none."""

    no: int
    values: Mapping[str, str]
    geom: BaseGeometry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file as read. `datum`: what its positions were taken for; `declared`: by whom: asked, file or nobody."""

    path: Path
    fields: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    datum: str
    declared: str
    encoding: str


def read_sheet(path: Path, *, datum: str | None = None, epsg: int | None = None, encoding: str | None = None) -> Sheet:
    """Read a file. Raises FormIncomplete if it cannot be read, or nobody says where its positions are.

    `datum`: wgs84, cgcs2000, gcj02 or bd09, of positions in degrees; `epsg`: a projection, if the file does not say
    it or says it wrongly; `encoding`: likewise.
    """
    _look_at(path)
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        source, words = _recoded(path, Path(folder), encoding)
        try:
            crs = _crs_of(source, epsg, words)
            projected = crs is not None and crs not in DEGREES
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", RuntimeWarning
                )  # of cells it cannot read: they come empty, and are told
                meta, _, shapes, columns = read_raw(_virtual(source, words, crs if projected else None), force_2d=True)
        except (DataSourceError, DataLayerError, UnicodeDecodeError, ValueError) as error:
            raise _unreadable(path, str(error)) from error
    geoms: Shapes = shapely.from_wkb(shapes, on_invalid="ignore") if shapes is not None else numpy.full(0, None)
    found = "cgcs2000" if projected else datum or DEGREES.get(crs or "", "wgs84")
    declared = "asked" if datum or epsg else "file" if crs else "nobody"
    _refuse_metres(path, geoms)
    names = tuple(str(name) for name in meta["fields"])
    first = 2 if path.suffix.lower() == ".csv" else 1
    rows = _rows(names, columns, stored_from(geoms, found), first)
    return Sheet(path=path, fields=names, rows=rows, datum=found, declared=declared, encoding=words or "utf-8")


def stored_from(geoms: Shapes, datum: str) -> Shapes:
    """Shapes in degrees of a datum → as stored; None stays None."""
    if datum not in SHIFTED:
        return geoms
    moved: Shapes = shapely.transform(geoms, lambda points: _moved(points, datum))
    return moved


def _moved(points: Shapes, datum: str) -> Shapes:
    return numpy.array([to_store(x, y, datum) for x, y in points]).reshape(-1, 2)


def _look_at(path: Path) -> None:
    if not path.is_file():
        raise _unreadable(path, "there is no such file")
    if path.suffix.lower() not in SUFFIXES:
        raise _unreadable(path, f"a layer comes as one of {', '.join(SUFFIXES)}")
    if path.stat().st_size > MOST_BYTES:
        raise _unreadable(path, f"it is larger than {MOST_BYTES // 1_000_000} MB")


def _recoded(path: Path, folder: Path, encoding: str | None) -> tuple[Path, str | None]:
    """What GDAL shall open, and the encoding of a Shapefile's table; a CSV is written anew in UTF-8."""
    suffix = path.suffix.lower()
    if suffix == ".shp":
        return path, encoding or _table_encoding(path)
    if suffix != ".csv":
        return path, None
    raw = path.read_bytes()
    found = encoding or _detected(raw)
    copy = folder / "rows.csv"
    try:
        copy.write_text(raw.decode("utf-8-sig" if found == "utf-8" else found), encoding="utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise _unreadable(path, f"it is not {found}: {error}") from error
    return copy, found


def _table_encoding(path: Path) -> str:
    """What the .cpg says, unless the table cannot be read by it: then what it can be read by."""
    table = path.with_suffix(".dbf")
    raw = _words_of(table.read_bytes()) if table.exists() else b""
    said = path.with_suffix(".cpg")
    claim = said.read_text("ascii", "ignore").strip().lower() if said.exists() else ""
    claim = {"65001": "utf-8", "936": "gbk", "54936": "gb18030"}.get(claim, claim)
    found = _detected(raw)
    return claim if claim and _misread(raw, claim) <= _misread(raw, found) else found


def _words_of(table: bytes) -> bytes:
    """The names of a dBASE table's fields and its rows, without the numbers of its header."""
    start = int.from_bytes(table[8:10], "little")
    names = b" ".join(table[at : at + 11].rstrip(b"\0") for at in range(32, max(start - 1, 32), 32))
    return names + b" " + table[start:]


def _detected(raw: bytes) -> str:
    """UTF-8 or GB18030, by which of them misreads less; UTF-8 where both can."""
    return min(ENCODINGS, key=lambda encoding: _misread(raw, encoding))


def _misread(raw: bytes, encoding: str) -> int:
    try:
        return raw.decode(encoding, "replace").count("�")
    except LookupError:
        return len(raw) + 1


def _crs_of(source: Path, epsg: int | None, encoding: str | None) -> str | None:
    if epsg is not None:
        return f"EPSG:{epsg}"
    # A wrong .cpg must not stop it: told the encoding, GDAL does not ask that file.
    info = pyogrio.read_info(
        source, encoding=encoding.upper() if encoding and source.suffix.lower() == ".shp" else None
    )
    return info["crs"]  # type: ignore[no-any-return]


def _virtual(source: Path, encoding: str | None, projection: str | None) -> str:
    """GDAL's XML for the source, warped to the stored degrees if it is projected."""
    options = {"ENCODING": encoding.upper()} if encoding and source.suffix.lower() == ".shp" else {}
    if source.suffix.lower() == ".csv":
        options = {"X_POSSIBLE_NAMES": LON, "Y_POSSIBLE_NAMES": LAT, "GEOM_POSSIBLE_NAMES": "wkt,geometry"}
    opened = "".join(f"<OOI key={quoteattr(key)}>{escape(value)}</OOI>" for key, value in options.items())
    name = escape(str(pyogrio.list_layers(source)[0][0]))
    inner = (
        f"<OGRVRTLayer name={quoteattr(name)}><SrcDataSource>{escape(str(source.resolve()))}</SrcDataSource>"
        f"<OpenOptions>{opened}</OpenOptions><SrcLayer>{name}</SrcLayer></OGRVRTLayer>"
    )
    if projection is None:
        return f"<OGRVRTDataSource>{inner}</OGRVRTDataSource>"
    warped = f"<SrcSRS>{escape(projection)}</SrcSRS><TargetSRS>EPSG:4490</TargetSRS>"
    return f"<OGRVRTDataSource><OGRVRTWarpedLayer>{inner}{warped}</OGRVRTWarpedLayer></OGRVRTDataSource>"


def _refuse_metres(path: Path, geoms: Shapes) -> None:
    """Numbers beyond degrees are metres of a projection that nobody named."""
    if len(geoms) and numpy.nanmax(numpy.abs(shapely.total_bounds(geoms))) > 360:
        raise _unreadable(
            path, "its positions are metres of an unnamed projection; name it with --crs, such as --crs 4547"
        )


def _rows(names: Sequence[str], columns: Sequence[Shapes], geoms: Shapes, first: int) -> tuple[SheetRow, ...]:
    texts = [[_text(value) for value in column] for column in columns]
    return tuple(
        SheetRow(no=number, values=dict(zip(names, values, strict=True)), geom=geom)
        for number, (geom, *values) in enumerate(zip(geoms, *texts, strict=True), start=first)
    )


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float | numpy.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _unreadable(path: Path, reason: str) -> FormIncomplete:
    return FormIncomplete(f"{path} cannot be read: {reason}", zh=f"无法读取 {path}：{reason}", fields={"file": reason})
