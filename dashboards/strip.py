"""The clock strip of a case: one segment a stage, from its steps; done ones grey, the present one in colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from dashboards.times import span
from dashboards.view import View
from dispatch.cases.clocks import HOLDERS_CLOCKS
from dispatch.cases.dossier import Full, Step
from dispatch.lifecycle.states import ENDED, State

__all__ = ["Segment", "strip"]

MOST = 8
LEAST = 7.0  # per cent of the strip's width that a segment has at least, so that its word can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """`x`, `width`: per cent of the strip; `shape`: the kit's class; `part`: how full the present one is, 0–1."""

    word: str
    time: str
    due: str
    shape: str
    x: float
    width: float
    part: float
    now: bool


@dataclass(slots=True)
class _Stage:
    clock: str  # key of its word
    begin: datetime
    end: datetime | None
    state: State


def strip(view: View, file: Full) -> list[Segment]:
    """Stages one after another as they were; equal neighbours are one. Empty without steps."""
    stages = _stages(file.steps, view.now or file.case.last_at)
    if not stages:
        return []
    lengths = [max(((s.end or view.now or s.begin) - s.begin).total_seconds(), 60.0) ** 0.35 for s in stages]
    total = sum(lengths)
    widths = [max(100 * length / total, LEAST) for length in lengths]
    scale = 100 / sum(widths)
    found, x = [], 0.0
    for stage, width in zip(stages, widths, strict=True):
        found.append(_segment(view, file, stage, x, width * scale))
        x += width * scale
    return found


def _stages(steps: tuple[Step, ...], now: datetime) -> list[_Stage]:
    moves = [step for step in steps if step.from_state != step.to_state]
    stages: list[_Stage] = []
    for step, after in zip_longest(moves, moves[1:]):
        state = State(step.to_state)
        if state in ENDED:
            continue
        kinds = HOLDERS_CLOCKS.get(state)
        word = f"clock.{kinds[0].value}" if kinds else f"state.{state.value}"
        end = after.at if after else None
        if stages and stages[-1].clock == word:
            stages[-1].end, stages[-1].state = end, state
        else:
            stages.append(_Stage(word, step.at, end, state))
    return stages[-MOST:]


def _segment(view: View, file: Full, stage: _Stage, x: float, width: float) -> Segment:
    now = stage.end is None
    left = view.left(file.case) if now else None
    shape = "ck-done"
    if now:
        late = left is not None and left.urgency == "late"
        shape = "ck-late" if late else "ck-work" if stage.clock in ("clock.sign", "clock.dispose") else "ck-now"
    return Segment(
        word=view.t(stage.clock),
        time=span((stage.end or view.now or stage.begin) - stage.begin, view.t),
        due=left.due if left else "",
        shape=shape,
        x=round(x, 2),
        width=round(width - 0.5, 2),
        part=min(max(left.part, 0.02), 1.0) if left and left.urgency != "none" else 1.0,
        now=now,
    )
