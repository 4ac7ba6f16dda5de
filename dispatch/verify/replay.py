"""One case's steps, walked from the first to the last: its chain of hashes, and its clocks counted a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import floor
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from dispatch.verify.hours import EVER, Hours

__all__ = ["Case", "Row", "Told", "replay"]

Told = Callable[[str, str], None]  # invariant, words
JUDGED = "-~"


class Row(NamedTuple):
    """A step as the table holds it."""

    case_id: int
    seq: int
    key: UUID
    form_hash: bytes
    action: str
    from_state: str | None
    to_state: str
    at: datetime
    recorded_at: datetime
    actor_id: int | None
    role: str
    unit_id: str | None
    data: dict[str, Any]
    note_hash: bytes | None
    previous: bytes
    hash: bytes


class Case(NamedTuple):
    """What the case's own row says."""

    id: int
    number: str
    report_id: UUID
    last_hash: bytes
    clocks: dict[str, Any]
    calendar: int | None
    fact: dict[str, Any] | None = None


@dataclass(slots=True)
class _Run:
    """A clock between its start and its stop. `due` empty: it rests."""

    epoch: int
    start: int
    limits: list[tuple[str, str]]
    pauses: list[tuple[int, int]] = field(default_factory=list)
    due: int | None = None
    lapsed: bool = False

    @property
    def resting(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] == EVER


def replay(case: Case, steps: Sequence[Row], calendars: Mapping[int, Hours], told: Told) -> None:
    """Tell of everything that does not fit."""
    link = hashlib.sha256(case.report_id.bytes).digest()
    for step in steps:
        if step.previous != link:
            told("I4", f"step {step.seq} is not chained to the one before it")
        if _hash(step) != step.hash:
            told("I4", f"step {step.seq} is not what its hash was made of")
        link = step.hash
    if link != case.last_hash:
        told("I4", "its last hash is not that of its last step")
    _Clocks(case, calendars, told).follow(steps)


def _hash(step: Row) -> bytes:
    note = step.note_hash.hex() if step.note_hash else step.note_hash
    body = [
        step.seq, str(step.key), step.form_hash.hex(), step.action, step.from_state, step.to_state, _utc(step.at),
        _utc(step.recorded_at), step.actor_id, step.role, step.unit_id, step.data, note,
    ]  # fmt: skip
    return hashlib.sha256(step.previous + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class _Clocks:
    """The clocks of one case, set by the marks in its steps and counted anew."""

    def __init__(self, case: Case, calendars: Mapping[int, Hours], told: Told) -> None:
        self.case = case
        self.told = told
        chosen = [case.calendar] if case.calendar in calendars else []
        self.editions = [i for i in dict.fromkeys([*chosen, *sorted(calendars)]) if i is not None]
        self.calendars = calendars
        self.runs: dict[str, _Run] = {}
        self.epochs: dict[str, int] = {}
        self.dispatched = 0

    def follow(self, steps: Sequence[Row]) -> None:
        for step in steps:
            if step.action in ("warn", "lapse"):
                self._event(step)
            for mark in step.data.get("clocks", ()):
                MARKS[mark[0]](self, step, mark)
            if step.action == "dispatch":
                self.dispatched = floor(step.at.timestamp())
            self._recorded(step)
        self._standing()

    # ---------------------------------------------------------------------------------------------- marks

    def start(self, step: Row, mark: Sequence[Any]) -> None:
        kind = mark[1]
        if kind in self.runs and kind != "dispose":
            self.told("I6", f"step {step.seq} starts clock {kind}, which runs")
        at = floor(step.at.timestamp())
        if step.action == "amend" and kind == "dispose":
            at = self.dispatched or at
        elif step.action == "import":
            at = floor(datetime.fromisoformat(step.data["known"]["dispatched_at"]).timestamp())
        self._epoch(step, mark)
        self.runs[kind] = _Run(mark[2], at, [(mark[3], mark[4])])
        self._count(step, kind)

    def stop(self, step: Row, mark: Sequence[Any]) -> None:
        if self._run(step, mark[1]) is not None:
            self._judge(step, mark[1])
            del self.runs[mark[1]]

    def pause(self, step: Row, mark: Sequence[Any]) -> None:
        run = self._run(step, mark[1])
        if run is None:
            return
        if run.resting:
            self.told("I6", f"step {step.seq} pauses clock {mark[1]}, which rests")
            return
        self._judge(step, mark[1])
        run.pauses.append((floor(step.at.timestamp()), EVER))
        run.due = None

    def resume(self, step: Row, mark: Sequence[Any]) -> None:
        run = self._run(step, mark[1])
        if run is None:
            return
        if not run.resting:
            self.told("I6", f"step {step.seq} resumes clock {mark[1]}, which does not rest")
            return
        begin, end = run.pauses[-1][0], floor(step.at.timestamp())
        if end < begin:
            self.told("I6", f"step {step.seq} ends a pause before it began")
        self._epoch(step, mark)
        run.pauses[-1], run.epoch = (begin, max(begin, end)), mark[2]
        self._count(step, mark[1])

    def extend(self, step: Row, mark: Sequence[Any]) -> None:
        run = self._run(step, mark[1])
        if run is None:
            return
        self._epoch(step, mark)
        run.limits.append((step.data["extra"][0], step.data["extra"][1]))
        run.epoch = mark[2]
        self._count(step, mark[1])

    def change(self, step: Row, mark: Sequence[Any]) -> None:
        """Another limit in the place of the first, from the same beginning."""
        run = self._run(step, mark[1])
        if run is None:
            return
        self._epoch(step, mark)
        run.limits[0], run.epoch = (mark[3], mark[4]), mark[2]
        self._count(step, mark[1])

    def recount(self, step: Row, mark: Sequence[Any]) -> None:
        """The same limit by another calendar. What it moved from must be what was counted before."""
        run = self._run(step, mark[1])
        if run is None:
            return
        self._epoch(step, mark)
        before, run.epoch = run.due, mark[2]
        self._count(step, mark[1])
        moved = [_seconds(text) for text in step.data.get("moved", {}).get(mark[1], (None, None))]
        if moved != [before, run.due]:
            self._differs(step, mark[1], moved[1], run.due)

    # ---------------------------------------------------------------------------------------------- what is compared

    def _run(self, step: Row, kind: str) -> _Run | None:
        run = self.runs.get(kind)
        if run is None:
            self.told("I6", f"step {step.seq} moves clock {kind}, which does not run")
        return run

    def _epoch(self, step: Row, mark: Sequence[Any]) -> None:
        if mark[2] <= self.epochs.get(mark[1], 0):
            self.told("I8", f"step {step.seq} repeats epoch {mark[2]} of clock {mark[1]}")
        self.epochs[mark[1]] = mark[2]

    def _count(self, step: Row, kind: str) -> None:
        """The due time by the calendar edition that the step names, else the case's own; by another one only if the
        record says so too."""
        run = self.runs[kind]
        named = step.data.get("calendar")
        order = self.editions if named is None else [named]
        answers = (self.calendars[edition].due(run.start, run.limits, run.pauses) for edition in order)
        run.due = next(answers, None)
        claimed = _seconds(step.data.get("dispose_due")) if kind == "dispose" else None
        if claimed is not None and claimed != run.due:
            run.due = next((due for due in answers if due == claimed), run.due)
        run.lapsed = run.lapsed and run.due is not None and run.due <= step.at.timestamp()

    def _judge(self, step: Row, kind: str) -> None:
        """A clock that stops while it runs: due as recorded, on time as recorded, and lapsed if it is late."""
        run = self.runs[kind]
        if run.due is None:
            return
        recorded = _seconds(step.data.get("due", {}).get(kind))
        if recorded != run.due:
            self._differs(step, kind, recorded, run.due)
        late = step.at.timestamp() > run.due
        if step.data.get("ontime", {}).get(kind) is late:
            self.told("I6", f"step {step.seq} stops clock {kind} {'late' if late else 'in time'} and records otherwise")
        if late and not run.lapsed:
            self.told("I7", f"clock {kind} was stopped late in step {step.seq}, and never lapsed")

    def _recorded(self, step: Row) -> None:
        claimed = _seconds(step.data.get("dispose_due"))
        run = self.runs.get("dispose")
        if claimed is not None and (run is None or run.due != claimed):
            self._differs(step, "dispose", claimed, run.due if run is not None else None)

    def _event(self, step: Row) -> None:
        kind, instant = step.data["clock"], _seconds(step.data["instant"])
        run = self.runs.get(kind)
        if run is None or run.due is None or run.epoch != step.data["epoch"]:
            self.told("I8", f"step {step.seq} tells of epoch {step.data['epoch']} of clock {kind}, which does not run")
            return
        if step.action == "lapse":
            run.lapsed = True
            if instant != run.due:
                self.told("I7", f"clock {kind} lapsed in step {step.seq} at {_shown(instant)}, due {_shown(run.due)}")
        elif instant is None or not run.start <= instant <= run.due:
            self.told("I7", f"step {step.seq} warns of clock {kind} outside its time")

    def _standing(self) -> None:
        """The clocks on the case's row are those that its steps leave running."""
        kept = self.case.clocks
        if set(kept) != set(self.runs):
            ours = ", ".join(sorted(self.runs)) or "none"
            self.told("I6", f"its row keeps clocks {', '.join(sorted(kept)) or 'none'}; by its steps: {ours}")
            return
        for kind, run in self.runs.items():
            if _seconds(kept[kind]["due"]) != run.due:
                self.told("I6", f"clock {kind} is due {_shown(run.due)}; its row says {kept[kind]['due']}")
            if kept[kind]["epoch"] != run.epoch:
                self.told("I6", f"clock {kind} is in epoch {run.epoch}; its row says {kept[kind]['epoch']}")

    def _differs(self, step: Row, kind: str, recorded: int | None, counted: int | None) -> None:
        words = f"step {step.seq} records clock {kind} due {_shown(recorded)}, counted again it is {_shown(counted)}"
        self.told("I6", words)


MARKS = {
    "+": _Clocks.start,
    "-": _Clocks.stop,
    "~": _Clocks.pause,
    "^": _Clocks.resume,
    "x": _Clocks.extend,
    "=": _Clocks.change,
    "@": _Clocks.recount,
}


def _seconds(text: str | None) -> int | None:
    return None if text is None else floor(datetime.fromisoformat(text).timestamp())


def _shown(seconds: int | None) -> str:
    return "nothing" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
