"""What shows that the clock is right: `python -m bench.proof clock` and `… mutants` (docs/proofs.md)."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter

from bench.histories import Tally, histories

__all__ = ["clock", "main"]

IN_ONE_TOWN = 250  # histories by one calendar
SHOWN = 10  # histories that differ, named
ROOT = Path(__file__).resolve().parents[1]
MUTMUT = Path(sys.executable).with_name("mutmut")  # what it mutates and by which tests: pyproject.toml
STATS = ROOT / "mutants" / "mutmut-cicd-stats.json"


def clock(count: int, seed: int, *, processes: int = 1, tell: Callable[[Tally], None] = lambda _: None) -> Tally:
    """So many histories, in as many towns as it takes; the same for the same seed. `tell` hears of every town."""
    towns = -(-count // IN_ONE_TOWN)
    numbers = range(seed * 1_000_000, seed * 1_000_000 + towns)
    tally = Tally()
    counts = [min(IN_ONE_TOWN, count - IN_ONE_TOWN * n) for n in range(towns)]
    with ProcessPoolExecutor(processes) as pool:
        for one in (map if processes == 1 else pool.map)(histories, numbers, counts):
            tally.add(one)
            tell(tally)
    return tally


def mutants(chosen: argparse.Namespace) -> int:
    """Change one thing of the clock at a time, and count the changes that a test notices; what lives is named."""
    subprocess.run([MUTMUT, "run", "--max-children", str(chosen.processes), *chosen.names], cwd=ROOT, check=False)
    subprocess.run([MUTMUT, "results"], cwd=ROOT, check=True)
    subprocess.run([MUTMUT, "export-cicd-stats"], cwd=ROOT, check=True)
    stats = json.loads(STATS.read_text(encoding="utf-8"))
    noticed, tried = killed_of(stats)
    sys.stdout.write(f"mutation score {100 * noticed / max(1, tried):.1f} %: {noticed} of {tried} mutants killed\n")
    return 0


def killed_of(stats: Mapping[str, int]) -> tuple[int, int]:
    """How many mutants were noticed, of how many that were tried. One that no test reaches was not noticed."""
    noticed = sum(stats.get(name, 0) for name in ("killed", "timeout", "segfault", "suspicious"))
    return noticed, noticed + stats.get("survived", 0) + stats.get("no_tests", 0)


def main(arguments: list[str] | None = None) -> int:
    """Runs what was asked for."""
    chosen = _arguments(arguments)
    return {"clock": _histories, "mutants": mutants}[chosen.what](chosen)


def _histories(chosen: argparse.Namespace) -> int:
    """0 if nothing differs, 1 if something does."""
    begun = perf_counter()
    tally = clock(chosen.histories, chosen.seed, processes=chosen.processes, tell=_progress)
    seconds = perf_counter() - begun
    for line in tally.differs[:SHOWN]:
        sys.stdout.write(f"differs: {line}\n")
    met = ", ".join(f"{what} {count}" for what, count in sorted(tally.met.items()))
    sys.stdout.write(
        f"{tally.histories} histories (seed {chosen.seed}), {tally.compared} figures compared in {seconds:.0f} s: "
        f"{len(tally.differs)} differ, by {tally.worst:g} s at most\n{met}\n"
    )
    return 1 if tally.differs else 0


def _progress(tally: Tally) -> None:
    """So far, on standard error: it takes an hour or so."""
    sys.stderr.write(f"\r  {tally.histories} histories, {tally.compared} figures, {len(tally.differs)} differ ")
    sys.stderr.flush()


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    of = parser.add_subparsers(dest="what", required=True)
    of_clock = of.add_parser("clock", help="the clock against the minute counter")
    of_clock.add_argument("--histories", type=int, default=100_000, help="how many (default: %(default)s)")
    of_clock.add_argument("--seed", type=int, default=1, help="which (default: %(default)s)")
    of_mutants = of.add_parser("mutants", help="what of the clock can be changed without a test noticing")
    of_mutants.add_argument("names", nargs="*", help="of mutants, with wildcards (default: all)")
    for parser_of in (of_clock, of_mutants):
        parser_of.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: %(default)s")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
