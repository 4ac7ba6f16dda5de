"""The table of transitions as a page for people: `python -m dispatch.lifecycle.document > docs/transitions.md`."""

from __future__ import annotations

import sys

from dispatch.lifecycle.states import OPEN, State
from dispatch.lifecycle.table import TRANSITIONS, Transition

HEAD = """# Transitions
All moves a case can make, as `dispatch/lifecycle/table.py` holds them; this page is printed from it.
`no` is the number of the closed loop in the field (0: the system's own). Clocks: `+kind` starts, `-kind` stops,
`~kind` pauses, `^kind` resumes, `-*` stops all. A clock runs only where the city sets its limit, and `reply_citizen`
only where somebody of the public waits for an answer.

| no | from | action | to | who | needs | clocks |
| --- | --- | --- | --- | --- | --- | --- |
"""


def as_markdown() -> str:
    """The whole page."""
    return HEAD + "".join(f"| {' | '.join(_cells(row))} |\n" for row in TRANSITIONS)


def _cells(row: Transition) -> list[str]:
    return [
        str(row.no),
        _states(row.frm),
        f"`{row.action.value}`",
        "same" if row.to is None else row.to.value,
        ", ".join(sorted(role.value for role in row.by)),
        ", ".join(sorted(row.needs)) or "–",
        f"`{row.clock}`" if row.clock else "–",
    ]


def _states(states: frozenset[State]) -> str:
    if states == OPEN:
        return "any open"
    if states > OPEN:
        return f"any open, {_states(states - OPEN)}"
    return ", ".join(state.value for state in State if state in states) or "–"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
