"""One line a figure, with its aim."""

from __future__ import annotations

import sys

__all__ = ["line", "say"]


def line(
    name: str, value: float, *, at_least: float | None = None, at_most: float | None = None, note: str = ""
) -> bool:
    """Print a figure; whether it meets its aim."""
    aim, well = "", True
    if at_least is not None:
        aim, well = f"aim ≥ {at_least:g}", value >= at_least
    if at_most is not None:
        aim, well = f"aim ≤ {at_most:g}", value <= at_most
    verdict = ("" if well else "MISSED") if aim else ""
    sys.stdout.write(f"{name:<52} {value:>10.3f}  {aim:<12} {verdict:<7} {note}".rstrip() + "\n")
    sys.stdout.flush()
    return well


def say(words: str) -> None:
    """Progress."""
    sys.stderr.write(f"· {words}\n")
    sys.stderr.flush()
