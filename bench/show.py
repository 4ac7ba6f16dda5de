"""One line a figure, with its aim; or all of them as JSON at the end."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field

__all__ = ["Figure", "as_json", "line", "say"]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `aim` empty: for information; `met` None then."""

    name: str
    value: float
    aim: str
    met: bool | None
    note: str


@dataclass
class _Sheet:
    figures: list[Figure] = field(default_factory=list)


SHEET = _Sheet()


def line(
    name: str, value: float, *, at_least: float | None = None, at_most: float | None = None, note: str = ""
) -> Figure:
    """Print a figure and keep it."""
    aim, met = "", None
    if at_least is not None:
        aim, met = f"≥ {at_least:g}", value >= at_least
    if at_most is not None:
        aim, met = f"≤ {at_most:g}", value <= at_most
    figure = Figure(name, round(value, 4), aim, met, note)
    SHEET.figures.append(figure)
    verdict = {True: "met", False: "MISSED", None: ""}[met]
    say(f"{name:<58} {value:>9.3f}  {aim:<7} {verdict:<6} {note}".rstrip())
    return figure


def as_json(about: dict[str, object]) -> str:
    """Everything printed so far."""
    return json.dumps({**about, "figures": [asdict(figure) for figure in SHEET.figures]}, ensure_ascii=False, indent=1)


def say(words: str) -> None:
    """Show at once; on the error channel, so that `--json` leaves standard output to the JSON."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
