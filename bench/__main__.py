"""`./run bench`: every figure in one run, on this machine, over loopback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from math import isqrt

from bench.boards import measure_boards
from bench.clocks import measure_clocks
from bench.deadlines import measure_firing, measure_recount
from bench.filing import measure_filing
from bench.ground import CITIES, Ground, ground
from bench.history import measure_replay
from bench.places import measure_places
from bench.show import as_json, say
from bench.tiles import measure_tiles
from bench.years import measure_years

Part = Callable[[Ground, argparse.Namespace], None]


def _deadlines(here: Ground, chosen: argparse.Namespace) -> None:
    measure_recount(here, max(1, chosen.many // 10))
    measure_firing(here, chosen.many)


def _filing(here: Ground, chosen: argparse.Namespace) -> None:
    here.serve(workers=2)
    measure_filing(here, chosen.seconds, chosen.rounds)


# In this order: copies of the city are made while nobody is connected to it.
PARTS: dict[str, Part] = {
    "boards": lambda here, chosen: measure_boards(here, chosen.few, chosen.many, plans=chosen.plans),
    "tiles": lambda here, chosen: measure_tiles(here, chosen.components, max(1, chosen.components // 10)),
    "replay": lambda here, chosen: measure_replay(here, chosen.many),
    "places": lambda here, chosen: measure_places(
        here, CITIES / chosen.city, max(10, isqrt(chosen.components // 100)), chosen.many
    ),
    "clocks": lambda here, chosen: measure_clocks(CITIES / chosen.city, chosen.many),
    "deadlines": _deadlines,
    "years": lambda here, chosen: measure_years(here, chosen.many, 10 * chosen.many),
    "filing": _filing,
}
LONG = frozenset({"years"})  # only when asked for: filling takes half an hour


def main() -> int:
    """Run the parts asked for."""
    chosen = _arguments()
    before = os.getloadavg()[0]
    say(f"load before: {before:.2f}; {os.cpu_count()} cores. Starting a database of its own and loading the city …")
    with ground(CITIES / chosen.city) as here:
        for name, part in PARTS.items():
            if chosen.only == name or (chosen.only is None and name not in LONG):
                part(here, chosen)
    after = os.getloadavg()[0]
    say(f"load after: {after:.2f}")
    if chosen.json:
        sys.stdout.write(as_json({"cores": os.cpu_count(), "load_before": before, "load_after": after}) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description="Measure against the budgets (docs/bench.md).")
    parser.add_argument("--quick", action="store_true", help="smaller: 100,000 cases, one round of two seconds each")
    parser.add_argument("--plans", action="store_true", help="print the database's plan of each query")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--seconds", type=float, help="of each measurement (default: 4)")
    parser.add_argument("--rounds", type=int, help="of which the median counts (default: 3)")
    parser.add_argument("--few", type=int, default=10_000, help="cases in the small table (default: %(default)s)")
    parser.add_argument("--many", type=int, help="cases in the large table (default: 1000000)")
    parser.add_argument("--components", type=int, help="on the map of tiles (default: 1000000)")
    parser.add_argument("--city", default="binhe", help="of data/cities (default: %(default)s)")
    chosen = parser.parse_args()
    seconds, rounds, many = (2.0, 1, 100_000) if chosen.quick else (4.0, 3, 1_000_000)
    chosen.seconds, chosen.rounds = chosen.seconds or seconds, chosen.rounds or rounds
    chosen.many = chosen.many or many
    chosen.components = chosen.components or many
    return chosen


if __name__ == "__main__":
    sys.exit(main())
