"""One place looked up, in a large city against a small one of the same density; and a file of points."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any, cast

import psycopg
import shapely
from psycopg import sql

from bench.ground import Ground
from bench.show import line, say
from dispatch.bulk.stream import stream
from dispatch.bulk.town import Town, town_of_folder
from dispatch.bulk.whose import Whose
from dispatch.migrate import migrate
from gis.crs import metres_per_degree
from gis.queries import query

__all__ = ["measure_places"]

FILL = (Path(__file__).parent / "places.sql").read_text(encoding="utf-8")
LOOKS, WARM_UP = 400, 12  # prepared at once, a plan for all values after five
TYPES = {"on": "date", "component": "text", "category": "text"}
A_GRID = 100  # components
NAMES = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query("place"))))
Connection = psycopg.Connection[Any]


def measure_places(here: Ground, city: Path, side: int, points: int) -> None:
    """`side`: grids on one side of the large city. Raises nothing: the lines say what was missed."""
    sides = (max(10, side // 10), side)
    with closing(_ground(here, "few", sides[0])) as small, closing(_ground(here, "many", sides[1])) as large:
        few, many = _looks((small, large), sides)
    size = f"{side * side:,} grids, {side * side * A_GRID:,} components"
    note = f"95 of 100 below {quantiles(many, n=20)[-1]:.2f} ms, {size}"
    line("place and roads of a point, database, ms", median(many), at_most=1, note=note)
    note = f"{median(few):.2f} → {median(many):.2f} ms"
    line("a place among many grids to one among few, ratio", median(many) / median(few), at_most=1.2, note=note)
    _bulk(here, town_of_folder(city), points)


def _ground(here: Ground, name: str, side: int) -> Connection:
    """A database with so many grids on a side; the statement is prepared."""
    urls = here.cluster.create_database(f"wangge_places_{name}")
    migrate(urls.owner)
    begin = time.monotonic()
    size = {"columns": side, "rows": side, "components": side * side * A_GRID}
    connection = psycopg.connect(urls.super or "", autocommit=True)
    connection.execute("SET session_replication_role = replica")
    for statement in FILL.split(";\n"):
        if statement.strip():
            connection.execute(cast(Any, statement), size)
    say(f"{size['components']:,} components in {time.monotonic() - begin:.0f} s")
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${NAMES.index(found[1]) + 1}", query("place"))
    kinds = ", ".join(TYPES.get(name, "float8") for name in NAMES)
    connection.execute(f"PREPARE place ({kinds}) AS {text}".encode())
    return connection


def _looks(grounds: Sequence[Connection], sides: Sequence[int]) -> list[list[float]]:
    """Milliseconds that each database itself says each look took, planning included. They take turns, look by look:
    what else the machine does, and what it keeps near the processor, is then the same for all."""
    random = Random(1)  # noqa: S311
    found: list[list[float]] = [[] for _ in grounds]
    for number in range(WARM_UP + LOOKS):
        for connection, side, times in zip(grounds, sides, found, strict=True):
            spent = _look(connection, side, random, number)
            if number >= WARM_UP:
                times.append(spent)
    return found


def _look(connection: Connection, side: int, random: Random, number: int) -> float:
    given = _given(114 + random.random() * side / 1000, 22.5 + random.random() * side / 1000, number)
    values = sql.SQL(", ").join(sql.Literal(given[name]) for name in NAMES)
    asked = sql.SQL("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE place ({})").format(values)
    told = (connection.execute(asked).fetchone() or [[{}]])[0][0]
    return float(told["Planning Time"] + told["Execution Time"])


def _given(lon: float, lat: float, number: int) -> dict[str, object]:
    """As `place_of` asks for a report with an accuracy of 10 m, a road's reach of 40 m and a component's of 20."""
    kx, ky = metres_per_degree(lat)
    far: dict[str, object] = {"near_m": 10.0, "grid_m": 10.0, "road_m": 50.0, "thing_m": 30.0}
    what: dict[str, object] = {"component": None, "category": f"C{number % 40}", "on": date(2025, 1, 1)}
    return {"lon": lon, "lat": lat, "kx": kx, "ky": ky, **far, **what}


def _bulk(here: Ground, town: Town, points: int) -> None:
    """A file of points in the city's box, a third with each of three classes; the city is read before."""
    random = Random(2)  # noqa: S311
    west, south, east, north = map(float, shapely.total_bounds([cell.shape for cell in town.atlas.cells]))
    classes = sorted(town.categories)[:: max(1, len(town.categories) // 3)]
    source = here.folder / "points.csv"
    with source.open("w", encoding="utf-8") as file:
        file.write("id,lon,lat,subclass\n")
        for n in range(points):
            x, y = random.uniform(west, east), random.uniform(south, north)
            file.write(f"{n},{x:.7f},{y:.7f},{classes[n % len(classes)]}\n")
    begin, before = time.monotonic(), os.times()
    stream(str(source), os.devnull, lambda header: Whose(town, header))
    spent, after = time.monotonic() - begin, os.times()
    used = sum(after[:4]) - sum(before[:4])
    note = f"{points:,} points in {spent:.1f} s, {used * 1e6 / points:.0f} µs of processor time each"
    line("points placed and routed from a file, a second", points / spent, at_least=50_000, note=note)
