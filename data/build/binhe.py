"""Build the files of the demo city: `python data/build/binhe.py [FOLDER]`, by default into data/cities/binhe.

The grids are drawn by the product's own code: the project's root has to be on PYTHONPATH.
City.toml and rules.toml there are written by hand and only read. The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from areas import Area, Grid, duty_grids, levels, name_cells
from calendar_cn import calendar_rows
from components import component_rows
from emergency import SPARE_COLUMNS, TEAM_COLUMNS, spare_rows, team_rows
from limits import LIMIT_COLUMNS, limit_rows
from names import DIVIDERS, OUTLINE
from people import duty_rows, people_rows
from roster import ROSTER_COLUMNS, roster_rows
from shapely import LineString, Polygon
from shapely.geometry import mapping
from shapes import Road, read_roads, to_degrees, to_metres
from units import connections, units

from gis.drawing.blocks import blocks, tile
from gis.drawing.outline import GRID_M2, target_of

SEED = 20240101
HERE = Path(__file__).parent
CITY = HERE.parent / "cities" / "binhe"
CATALOGUE = HERE.parent / "standard" / "yuncheng-2020" / "categories.csv"
LICENCE = "derived from OpenStreetMap: © OpenStreetMap contributors, ODbL 1.0"
ROAD_SPARE_M = 30  # a road this close outside the outline is still the city's

COMPONENT_COLUMNS = "code category name lon lat grid supervisor owner maintainer state accuracy since"
UNIT_COLUMNS = "id name name_en tier parent types area group terminal platform"


def main(to: Path) -> None:
    """Write every built file of the city into the folder `to`."""
    outline = to_metres(Polygon(OUTLINE))
    roads = _roads(outline)
    grids = _grids(outline, roads)
    areas = levels(grids)
    duties = duty_grids(grids)
    city_units = units(areas["district"], areas["street"])
    (to / "areas").mkdir(parents=True, exist_ok=True)
    for level, members in areas.items():
        _write_geojson(to / "areas" / f"{level}.geojson.gz", [_area_feature(area) for area in members])
    _write_geojson(to / "roads.geojson.gz", _road_features(roads))
    components = component_rows(HERE / "component_plan.csv", roads, grids, _names(), rng=random.Random(SEED + 2))
    _write_csv(to / "components.csv.gz", COMPONENT_COLUMNS, components)
    _write_csv(to / "units.csv", UNIT_COLUMNS, [unit.row() for unit in city_units])
    _write_csv(to / "terminals.csv", "unit networks connect_by proxy", connections())
    _write_csv(to / "teams.csv", TEAM_COLUMNS, team_rows())
    _write_csv(to / "spares.csv", SPARE_COLUMNS, spare_rows())
    people = people_rows(city_units, len(duties), random.Random(SEED + 3))
    _write_csv(to / "people.csv", "login name unit roles", people)
    _write_csv(to / "duty_grids.csv", "duty_grid name grid inspectors", duty_rows(duties))
    _write_csv(to / "roster.csv", ROSTER_COLUMNS, roster_rows(city_units))
    _write_csv(to / "calendar.csv", "day kind name name_en source", calendar_rows())
    _write_csv(to / "limits.csv", LIMIT_COLUMNS, limit_rows())


def _roads(outline: Polygon) -> list[Road]:
    """The city's roads by name, then from west to east, so that their codes do not depend on the source's order."""
    with (CITY / "city.toml").open("rb") as file:
        classes = tomllib.load(file)["road_classes"]
    city = outline.buffer(ROAD_SPARE_M)
    roads = [road for road in read_roads(HERE / "futian_roads.geojson.gz", classes) if _mostly_in(city, road.line)]
    return sorted(roads, key=lambda road: (road.rank, road.name, list(road.line.coords)))


def _mostly_in(city: Polygon, line: LineString) -> bool:
    return bool(city.contains(line.interpolate(0.5, normalized=True)))


def _grids(outline: Polygon, roads: Sequence[Road]) -> list[Grid]:
    dividers = [to_metres(LineString(line)) for line in DIVIDERS]
    cells = tile(blocks(outline, roads, dividers), target_of(GRID_M2))
    return name_cells(cells, roads, random.Random(SEED + 1))


def _names() -> dict[str, str]:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _area_feature(area: Area) -> dict[str, Any]:
    properties = {
        "code": area.code,
        "name": area.name,
        "name_en": area.name_en,
        "parent": area.parent,
        "area_class": area.area_class,
        "land_use": area.land_use,
        "is_local": area.is_local,
    }
    return {"type": "Feature", "properties": properties, "geometry": mapping(to_degrees(area.shape))}


def _road_features(roads: Sequence[Road]) -> list[dict[str, Any]]:
    english = _english()
    return [
        {
            "type": "Feature",
            "properties": {
                "code": f"BH{number:05d}",
                "name": road.name,
                "name_en": english.get(road.name, ""),
                "class": road.road_class,
                "source_class": road.source_class,
            },
            "geometry": mapping(to_degrees(road.line)),
        }
        for number, road in enumerate(roads, 1)
    ]


def _english() -> dict[str, str]:
    with (HERE / "road_names.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["name_en"] for row in csv.DictReader(file)}


def _write_geojson(path: Path, features: Sequence[dict[str, Any]]) -> None:
    head = {"type": "FeatureCollection", "name": path.name.split(".")[0], "licence": LICENCE}
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    _write(path, f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [\n{lines}\n]}}\n')


def _write_csv(path: Path, columns: str, rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.split())
    writer.writerows(rows)
    _write(path, text.getvalue())


def _write(path: Path, text: str) -> None:
    """Write UTF-8; a name in .gz is packed without a time stamp, so that equal text gives equal bytes."""
    data = text.encode("utf-8")
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0) if path.suffix == ".gz" else data)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CITY)
