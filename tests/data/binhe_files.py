"""The files of Binhe as written, read without any code of the product."""

from __future__ import annotations

import csv
import gzip
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from shapely import Polygon
from shapely.geometry import shape

DATA = Path(__file__).parents[2] / "data"
CITY = DATA / "cities" / "binhe"
CATALOGUE = DATA / "standard" / "yuncheng-2020"
LEVELS = ("district", "street", "community", "grid")


@cache
def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, packed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def layer(name: str) -> list[tuple[dict[str, Any], Any]]:
    """Properties and shape (degrees) of every feature of a layer of the city."""
    with gzip.open(CITY / f"{name}.geojson.gz", "rt", encoding="utf-8") as file:
        return [(feature["properties"], shape(feature["geometry"])) for feature in json.load(file)["features"]]


def areas(level: str) -> dict[str, Polygon]:
    return {properties["code"]: polygon for properties, polygon in layer(f"areas/{level}")}


@cache
def toml(name: str) -> dict[str, Any]:
    with (CITY / name).open("rb") as file:
        return tomllib.load(file)
