"""How many points of a file lie in each area: `wangge who --in` against shapely alone, on real cities."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random

import numpy
import pytest
import shapely
from shapely.geometry import shape

from dashboards.cli import main

CITIES = Path(__file__).resolve().parents[2] / "data" / "cities"
FINEST = {"boston": "neighborhood", "newyork": "community_district", "binhe": "grid"}
MILLIMETRE, TENTH_OF_A_METRE = 1e-8, 9e-7  # degrees
POINTS = 6000


def areas_of(city: str) -> tuple[list[str], list[shapely.Geometry]]:
    """Codes in their order, and polygons, straight from the file."""
    text = gzip.decompress((CITIES / city / "areas" / f"{FINEST[city]}.geojson.gz").read_bytes())
    features = sorted(json.loads(text)["features"], key=lambda feature: str(feature["properties"]["code"]))
    return [str(f["properties"]["code"]) for f in features], [shape(f["geometry"]) for f in features]


def points_in(shapes: list[shapely.Geometry]) -> list[tuple[float, float]]:
    """A third anywhere in the box, a third corners of the areas, a third between two corners."""
    random = Random(5)
    west, south, east, north = map(float, shapely.total_bounds(shapes))
    found = []
    for _ in range(POINTS // 3):
        found.append((random.uniform(west, east), random.uniform(south, north)))
        corners = shapely.get_coordinates(random.choice(shapely.get_parts(random.choice(shapes).boundary)))
        at = random.randrange(len(corners) - 1)
        (x, y), (u, v) = corners[at].tolist(), corners[at + 1].tolist()
        found += [(x, y), ((x + u) / 2, (y + v) / 2)]
    return found


def by_shapely(codes: list[str], shapes: list[shapely.Geometry], points: list[tuple[float, float]]) -> Counter[str]:
    """Of the areas a point touches the one with the lowest code; else the nearest within 0.1 m; empty for none."""
    tree, places = shapely.STRtree(shapes), shapely.points(points)
    lowest: dict[int, int] = {}
    for p, a in zip(*tree.query(places, predicate="dwithin", distance=MILLIMETRE).tolist(), strict=True):
        lowest[p] = min(a, lowest.get(p, a))
    for p, a in zip(*tree.query_nearest(places, max_distance=TENTH_OF_A_METRE).tolist(), strict=True):
        lowest.setdefault(p, a)
    return Counter(codes[lowest[p]] if p in lowest else "" for p in range(len(points)))


def by_wangge(city: str, points: list[tuple[float, float]], folder: Path) -> Counter[str]:
    """The same count by the command, without a database."""
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_text("id,lon,lat\n" + "".join(f"{n},{x!r},{y!r}\n" for n, (x, y) in enumerate(points)))
    assert main(["who", "--city", city, "--in", str(source), "--out", str(target)]) == 0
    with target.open(encoding="utf-8", newline="") as file:
        return Counter(row[FINEST[city]] for row in csv.DictReader(file))


@pytest.mark.parametrize("city", FINEST)
def test_counts_per_area_are_those_of_shapely_alone(city: str, tmp_path: Path) -> None:
    codes, shapes = areas_of(city)
    points = points_in(shapes)
    found = by_wangge(city, points, tmp_path)
    assert found == by_shapely(codes, shapes, points)
    assert found.total() == POINTS
    assert len(found) > len(codes) / 2


def test_each_community_district_of_new_york_holds_its_own_ground(tmp_path: Path) -> None:
    codes, shapes = areas_of("newyork")
    inside = shapely.point_on_surface(numpy.array(shapes, dtype=object))
    assert by_wangge("newyork", [(float(p.x), float(p.y)) for p in inside], tmp_path) == Counter(codes)


def test_rows_that_name_their_board_are_held_against_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the city's records write it: `04 BRONX`. Of every ten one names a neighbour, one nothing there is."""
    codes, shapes = areas_of("newyork")
    boroughs = ("MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND")
    rows, named, agreed = ["id,community_board,lat,lon"], 0, 0
    for n, (code, shape_) in enumerate(zip(codes, shapes, strict=True)):
        point = shape_.point_on_surface()
        said = "0 Unspecified" if n % 10 == 3 else codes[n - 1] if n % 10 == 7 else code
        board = said if said.startswith("0") else f"{said[1:]} {boroughs[int(said[0]) - 1]}"
        rows.append(f"{n},{board},{point.y!r},{point.x!r}")
        names_one = n % 10 != 3 and int(said[1:]) <= 18  # a park or airport is called by its name
        named += names_one
        agreed += names_one and said == code
    source = tmp_path / "in.csv"
    source.write_text("\n".join(rows) + "\n")
    words = ["who", "--city", "newyork", "--in", str(source), "--out", str(tmp_path / "out.csv")]
    assert main([*words, "--expect", "community_district=community_board"]) == 0
    share = f"{100 * agreed / named:.2f}"
    said = f"community_district is what community_board says in {agreed} of {named} rows that name one, {share} %"
    assert said in capsys.readouterr().err
    assert main([*words, "--expect", "street=community_board"]) == 2
    assert "there is no such level of area" in capsys.readouterr().err
