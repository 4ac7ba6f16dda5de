"""Components of Binhe, placed along its roads and in its blocks by the plan in component_plan.csv."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from areas import Grid
from shapely import Point, Polygon, STRtree
from shapes import Road, to_degrees
from units import DISTRICT_KEYS

__all__ = ["component_rows"]

KERB = {1: 7.0, 2: 6.0, 3: 4.5, 4: 2.5}  # metres from the drawn line to the kerb, by rank of road
FROM_KERB = {"carriage": -2.0, "kerb": -0.3, "footway": 0.8, "verge": 1.6}
TRADES = {
    "utilities",
    "landscape",
    "sanitation",
    "enforcement",
}  # city bureau on great roads, district service elsewhere
CREWS = {
    "co-water": "crew-water",
    "co-drainage": "crew-drain",
    "co-power": "crew-power",
    "co-gas": "crew-gas",
    "city-landscape": "crew-trees",
}
SUPERVISORS = {
    "co-water": "city-water-authority",
    "co-drainage": "city-water-authority",
    "co-power": "city-emergency",
    "co-telecom": "city-data",
    "co-gas": "city-housing",
    "co-pipeline": "city-emergency",
    "co-transit": "city-transport",
    "co-post": "city-culture",
    "unknown": "city-enforcement",
}
OWNER_NOT_FOUND = 0.02  # share of components whose owner the survey did not find
STATES = ("intact", "damaged", "disused")
STATE_SHARES = (0.965, 0.03, 0.005)
EARLIEST, DAYS = date(2012, 1, 1), 4_300


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One row of the plan: so many metres apart along roads of some classes, and so many a grid in some land uses."""

    category: str
    along: frozenset[str]
    spacing: float
    offset: str
    uses: frozenset[str]
    rate: float
    trade: str
    accuracy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One thing placed: where (metres), by which plan, at which road (None inside a block)."""

    point: Point
    plan: Plan
    road: Road | None


def component_rows(
    plan: Path, roads: Sequence[Road], grids: Sequence[Grid], names: Mapping[str, str], *, rng: random.Random
) -> Iterator[list[str]]:
    """Rows of components.csv in the order of their codes. `names`: Chinese name of each category."""
    spots = [spot for row in _read(plan) for spot in (*_along(row, roads, rng), *_inside(row, grids, rng))]
    by_subclass: dict[tuple[str, str], list[tuple[Grid, Point, Spot]]] = defaultdict(list)
    for grid, point, spot in _located(spots, grids):
        by_subclass[(grid.district[0], spot.plan.category)].append((grid, point, spot))
    for (district, category), members in sorted(by_subclass.items(), key=lambda item: item[0]):
        members.sort(key=lambda member: (member[0].code, member[1].x, member[1].y))
        for sequence, (grid, point, spot) in enumerate(members, 1):
            place = (spot.road.name if spot.road else "") or grid.community[1]
            yield [
                f"{district}{category[1:]}{sequence:06d}",
                category,
                f"{place}{names[category].split('（')[0]}{sequence}号",
                f"{point.x:.7f}",
                f"{point.y:.7f}",
                grid.code,
                *_units(spot, district, rng),
                rng.choices(STATES, STATE_SHARES)[0],
                spot.plan.accuracy,
                (EARLIEST + timedelta(days=rng.randrange(DAYS))).isoformat(),
            ]


def _read(path: Path) -> Iterator[Plan]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Plan(
                category=row["category"],
                along=frozenset(row["along"].split()),
                spacing=float(row["spacing"] or 0),
                offset=row["offset"],
                uses=frozenset(row["blocks"].split()),
                rate=float(row["rate"] or 0),
                trade=row["trade"],
                accuracy=row["accuracy"],
            )


def _along(plan: Plan, roads: Sequence[Road], rng: random.Random) -> Iterator[Spot]:
    """Spots at even distances, carried on from one segment to the next. Great roads have their kerb on the right."""
    ahead = rng.uniform(0, plan.spacing)
    for road in roads:
        if road.road_class not in plan.along:
            continue
        while ahead < road.line.length:
            side = 1 if road.rank <= 2 or rng.random() < 0.5 else -1
            yield Spot(
                point=_beside(road, ahead, side * (KERB[road.rank] + FROM_KERB[plan.offset])), plan=plan, road=road
            )
            ahead += plan.spacing * rng.uniform(0.85, 1.15)
        ahead -= road.line.length


def _beside(road: Road, along: float, right: float) -> Point:
    """The point `right` metres to the right of the line, `along` metres from its start."""
    here = road.line.interpolate(along)
    before, after = road.line.interpolate(max(along - 1, 0)), road.line.interpolate(min(along + 1, road.line.length))
    east, north = after.x - before.x, after.y - before.y
    length = max(float(np.hypot(east, north)), 1e-9)
    return Point(here.x + right * north / length, here.y - right * east / length)


def _inside(plan: Plan, grids: Sequence[Grid], rng: random.Random) -> Iterator[Spot]:
    for grid in grids:
        if grid.land_use in plan.uses:
            for _ in range(int(plan.rate + rng.random())):
                yield Spot(point=_anywhere(grid.shape, rng), plan=plan, road=None)


def _anywhere(shape: Polygon, rng: random.Random) -> Point:
    west, south, east, north = shape.bounds
    inner = shape.buffer(-8)
    for _ in range(50):
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if inner.contains(point):
            return point
    return shape.representative_point()


def _located(spots: Sequence[Spot], grids: Sequence[Grid]) -> Iterator[tuple[Grid, Point, Spot]]:
    """Each spot in the city with its grid, judged on the degrees as written; on a border the lower code."""
    points = [to_degrees(spot.point) for spot in spots]
    tree = STRtree([to_degrees(grid.shape) for grid in grids])
    found: dict[int, Grid] = {}
    for spot, number in tree.query(points, predicate="intersects").T.tolist():
        if spot not in found or grids[number].code < found[spot].code:
            found[spot] = grids[number]
    counts = Counter((points[number].x, points[number].y) for number in found)
    for number in sorted(found):
        if counts[(points[number].x, points[number].y)] == 1:
            yield found[number], points[number], spots[number]


def _units(spot: Spot, district: str, rng: random.Random) -> tuple[str, str, str]:
    """Supervising, owning and maintaining unit. Without a known owner the district looks after the thing."""
    trade, service = spot.plan.trade, f"{DISTRICT_KEYS[district]}-"
    if trade == "unknown" or rng.random() < OWNER_NOT_FOUND:
        return SUPERVISORS.get(trade, f"city-{trade}" if trade in TRADES else trade), "", f"{service}utilities"
    if trade not in TRADES:
        return SUPERVISORS.get(trade, trade), trade, CREWS.get(trade, trade)
    if spot.road is None or spot.road.rank > 2 or trade == "enforcement":
        return f"city-{trade}", service + trade, service + trade
    return f"city-{trade}", f"city-{trade}", _crew_of(spot, rng)


def _crew_of(spot: Spot, rng: random.Random) -> str:
    owner = f"city-{spot.plan.trade}"
    if owner == "city-utilities":
        return (
            "crew-lamp"
            if spot.plan.category in {"C0106", "C0136", "C0137"}
            else rng.choice(("crew-road-1", "crew-road-2"))
        )
    return CREWS.get(owner, owner)
