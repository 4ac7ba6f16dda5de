"""Tiles of a city with a million components and a hundred thousand open cases: how long one takes to draw, by layer."""

from __future__ import annotations

import time
from contextlib import closing
from math import asinh, floor, pi, radians, tan
from pathlib import Path
from statistics import quantiles
from typing import Any, cast

import psycopg

from bench.ground import Ground
from bench.show import line, say
from dispatch.cluster import DATABASE
from gis.db import ReadTx
from gis.tiles import LAYERS, edition_of, tag, tile

__all__ = ["measure_tiles"]

FILL = (Path(__file__).parent / "components.sql").read_text()
CASES = (Path(__file__).parent / "fill.sql").read_text()
OPEN_TOO = "UPDATE cases SET state = 'handling', ended_at = NULL"
ZOOMS = {"area": range(10, 18), "duty": range(13, 18), "road": range(10, 18), "component": range(10, 18),
         "case": range(10, 18)}  # fmt: skip
SAMPLE = 25  # tiles of a zoom, spread over the city
AIM = 30.0
Place = tuple[int, int, int]


def measure_tiles(here: Ground, components: int, cases: int) -> None:
    """Fill a database of its own and draw what maps ask for. Raises nothing: the lines say what was missed."""
    urls = here.cluster.create_database("wangge_tiles", template=DATABASE)
    _fill(here.cluster.urls("wangge_tiles").super or "", components, cases)
    with closing(psycopg.connect(urls.app)) as connection:
        box = _box(connection)
        for layer in LAYERS:
            _draw(connection, layer, box)
        _unchanged(connection, box)


def _fill(url: str, components: int, cases: int) -> None:
    """Components by SQL, the triggers counting them; cases as on the boards, all of them open."""
    begin = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET work_mem = '256MB'")
        for first in range(1, components + 1, 100_000):
            last = min(components, first + 99_999)
            connection.execute(cast(Any, FILL), {"first": first, "last": last})
        connection.execute("SET session_replication_role = replica")
        connection.execute(cast(Any, CASES), {"now": "2026-11-23T08:00:00Z", "first": 1, "last": cases})
        connection.execute(OPEN_TOO)
        connection.execute("VACUUM ANALYZE")
    say(f"{components:,} components and {cases:,} open cases in {time.monotonic() - begin:.0f} s")


def _box(connection: psycopg.Connection[Any]) -> tuple[float, float, float, float]:
    """Degrees: west, south, east, north of the city."""
    row = connection.execute(
        "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom) AS e FROM area) x"
    ).fetchone()
    return cast(tuple[float, float, float, float], row)


def _places(box: tuple[float, float, float, float], z: int) -> list[Place]:
    """So many tiles of a zoom, evenly spread over the box."""
    west, south, east, north = box
    steps = max(1, round(SAMPLE**0.5))
    found = {
        _place(west + (east - west) * (i + 0.5) / steps, south + (north - south) * (j + 0.5) / steps, z)
        for i in range(steps)
        for j in range(steps)
    }
    return sorted(found)


def _place(lon: float, lat: float, z: int) -> Place:
    y = (1 - asinh(tan(radians(lat))) / pi) / 2
    return z, floor((lon + 180) / 360 * 2**z), floor(y * 2**z)


def _draw(connection: psycopg.Connection[Any], layer: str, box: tuple[float, float, float, float]) -> None:
    """The tiles of each zoom; the statement is prepared, as in a server that runs."""
    spent: dict[int, list[float]] = {}
    sizes = []
    for z in ZOOMS[layer]:
        places = _places(box, z)
        for place in places[:6] * 2:
            _timed(connection, layer, place)
        for place in places * (1 + SAMPLE // len(places)):
            took, size = _timed(connection, layer, place)
            spent.setdefault(z, []).append(took)
            sizes.append(size)
    by_zoom = {z: quantiles(times, n=20)[-1] for z, times in spent.items()}
    slowest = max(by_zoom, key=lambda z: by_zoom[z])
    note = f"zoom by zoom {', '.join(f'{z}: {p:.0f}' for z, p in by_zoom.items())}; largest {max(sizes) / 1024:.0f} KiB"
    line(
        f"tile of layer {layer}, worst zoom ({slowest}), 95 of 100 below, ms", by_zoom[slowest], at_most=AIM, note=note
    )


def _timed(connection: psycopg.Connection[Any], layer: str, place: Place) -> tuple[float, int]:
    """Milliseconds and bytes."""
    with connection.transaction():
        tx = ReadTx(connection)
        today = tx.now.date()
        start = time.perf_counter()
        drawn = tile(tx, layer, place, on=today)
        return (time.perf_counter() - start) * 1000, len(drawn)


def _unchanged(connection: psycopg.Connection[Any], box: tuple[float, float, float, float]) -> None:
    """What a browser that has the tile already costs."""
    times = []
    for place in _places(box, 12) * 50:
        start = time.perf_counter()
        with connection.transaction():
            tag("component", place, edition_of(ReadTx(connection)))
        times.append((time.perf_counter() - start) * 1000)
    line("tile unchanged, 95 of 100 below, ms", quantiles(times, n=20)[-1], at_most=5)
