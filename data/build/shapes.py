"""The streets of the source file, cleaned, in metres; and the two ways between degrees and metres.

Metres are CGCS2000 / 3-degree Gauss-Krueger, central meridian 114 E (EPSG:4547); degrees are WGS-84.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely
from pyproj import Transformer
from shapely import LineString
from shapely.geometry.base import BaseGeometry

__all__ = ["DEGREE_DECIMALS", "Road", "clean_name", "read_roads", "to_degrees", "to_metres", "words_of"]

G = TypeVar("G", bound=BaseGeometry)
DEGREE_DECIMALS = 7  # about 1 cm
_TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True)
_TO_DEGREES = Transformer.from_crs("EPSG:4547", "EPSG:4326", always_xy=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One street segment. `line` in metres, `road_class` a key of `[road_classes]`, rank 1 the greatest."""

    name: str
    road_class: str
    rank: int
    source_class: str
    line: LineString


def to_metres(geometry: G) -> G:
    """Degrees to metres."""
    return _moved(geometry, _TO_METRES, decimals=3)


def to_degrees(geometry: G) -> G:
    """Metres to degrees, rounded to 7 decimals, so that equal corners stay equal."""
    return _moved(geometry, _TO_DEGREES, decimals=DEGREE_DECIMALS)


def _moved(geometry: G, transformer: Transformer, *, decimals: int) -> G:
    def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.round(np.column_stack(transformer.transform(points[:, 0], points[:, 1])), decimals)

    moved: G = shapely.transform(geometry, move)
    return moved


def words_of(value: object) -> list[str]:
    """A value that may be a word, a list, or a list written as text ("['a', 'b']"), as a list of words."""
    if value is None:
        return []
    if isinstance(value, str) and value.startswith("["):
        value = ast.literal_eval(value)
    return [str(word) for word in value] if isinstance(value, list) else [str(value)]


def clean_name(value: object) -> str:
    """One street name out of what the source gives: the first that is a street, not an interchange or a bridge."""
    names = words_of(value)
    streets = [name for name in names if not name.endswith(("立交", "立交桥", "桥"))]
    return (streets or names or [""])[0]


def read_roads(path: Path, road_classes: Mapping[str, Mapping[str, Any]]) -> list[Road]:
    """The segments whose source class stands in the city's table; a segment of two classes takes the greater."""
    by_source = {osm: (entry["rank"], key) for key, entry in road_classes.items() for osm in entry["osm"]}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    return [road for feature in features if (road := _road(feature, by_source)) is not None]


def _road(feature: Mapping[str, Any], by_source: Mapping[str, tuple[int, str]]) -> Road | None:
    properties = feature["properties"]
    sources = words_of(properties["highway"])
    known = [by_source[source] for source in sources if source in by_source]
    if not known:
        return None
    rank, road_class = min(known)
    return Road(
        name=clean_name(properties["name"]),
        road_class=road_class,
        rank=rank,
        source_class=_greatest(sources, by_source),
        line=to_metres(LineString(feature["geometry"]["coordinates"])),
    )


def _greatest(sources: Sequence[str], by_source: Mapping[str, tuple[int, str]]) -> str:
    return min((source for source in sources if source in by_source), key=lambda source: by_source[source])
