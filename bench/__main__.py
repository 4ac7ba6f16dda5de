"""`./run bench`: every figure in one run, on this machine, over loopback."""

from __future__ import annotations

import argparse
import sys

from bench.boards import measure_boards
from bench.filing import measure_filing
from bench.ground import CITIES, ground
from bench.show import say

PARTS = ("filing", "boards")


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure against the budgets.")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement (default: %(default)s)")
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--city", default="binhe", help="of data/cities (default: %(default)s)")
    parser.add_argument("--plans", action="store_true", help="print the plans of the lists")
    chosen = parser.parse_args()
    say("starting a database of its own and loading the city")
    with ground(CITIES / chosen.city) as here:
        if chosen.only in (None, "boards"):  # first: the copy is made while nobody is connected
            measure_boards(here, chosen.few, chosen.many, plans=chosen.plans)
        if chosen.only in (None, "filing"):
            here.serve(workers=2)
            measure_filing(here, chosen.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
