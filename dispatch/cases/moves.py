"""What an action does to the clocks, by the marks of the table of transitions; each change goes into the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dispatch.cases.books import Books
from dispatch.cases.clocks import Clock
from dispatch.cases.draft import Draft
from dispatch.cases.granted import Granted, cited, granted
from dispatch.clock.limits import Limit
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, ClockKind

Data = dict[str, Any]
START = "start"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an effect may look at."""

    draft: Draft
    form: Form
    now: datetime
    books: Books
    data: Data
    person: int | None = None


def move_clocks(effect: Effect, marks: str) -> None:
    """Apply the table's clock column, e.g. `-dispatch +dispose`; what was stopped is judged into `data["ontime"]`."""
    for mark in marks.split():
        if mark == "-*":
            for key in list(effect.draft.clocks):
                stop_clock(effect, key)
        else:
            MARKS[mark[0]](effect, ClockKind(mark[1:]))


def _judge(effect: Effect, clock: Clock) -> None:
    """A clock that stops or rests while it runs was on time, or was not."""
    if clock.due is not None:
        effect.data.setdefault("ontime", {})[clock.key] = effect.now <= clock.due
        effect.data.setdefault("due", {})[clock.key] = clock.due.isoformat()


def stop_clock(effect: Effect, key: str) -> None:
    """Take the clock off the case, judged, if it is there."""
    clock = effect.draft.clocks.pop(key, None)
    if clock is not None:
        _judge(effect, clock)
        _mark(effect, "-", clock)


def _start(effect: Effect, kind: ClockKind) -> None:
    begin_clock(effect, kind, granted_to(effect, kind))


def begin_clock(effect: Effect, kind: ClockKind, granted: Granted | None, *, unit: str = "") -> None:
    """Start a clock in a new epoch; none where there is no limit."""
    if granted is None:
        return
    # Epochs run through the whole case, so that a reopened stage never repeats one.
    epoch = effect.draft.case.version + 1  # the step's own number: none later is smaller, whatever was settled first
    limit, by = granted
    keep_clock(effect, "+", effect.books.keeper.start(kind, limit, effect.now, epoch=epoch, unit=unit, by=by))


def pause_clock(effect: Effect, key: str) -> None:
    """Let it rest, judged, if it is there."""
    clock = effect.draft.clocks.get(key)
    if clock is not None:
        _judge(effect, clock)
        keep_clock(effect, "~", effect.books.keeper.pause(clock, effect.now))


def resume_clock(effect: Effect, key: str) -> None:
    """Let it run on, if it is there."""
    clock = effect.draft.clocks.get(key)
    if clock is None:
        return
    anew = _rework_limit(effect) if effect.data["action"] == Action.SEND_REWORK.value else None
    if anew is not None:
        effect.draft.silence(clock.key)
        begin_clock(effect, clock.kind, anew)
    else:
        keep_clock(effect, "^", effect.books.keeper.resume(clock, effect.now))


def _rework_limit(effect: Effect) -> Granted | None:
    """The limit that rework has to itself; None: the rest of the first one, so that a false reply wins no time."""
    policy, books = effect.books.policy, effect.books
    if policy.rework_clock == "fixed":
        limit = Limit(Decimal(str(policy.rework_limit)), *books.time_class(policy.rework_time_class))
        return Granted(limit, cited("settings", books.names["settings"], "rework_limit"))
    return granted_to(effect, ClockKind.DISPOSE) if policy.rework_clock == "full" else None


Move = Callable[[Effect, ClockKind], None]
MARKS: dict[str, Move] = {"+": _start, "-": stop_clock, "~": pause_clock, "^": resume_clock}


def keep_clock(effect: Effect, mark: str, clock: Clock) -> None:
    effect.draft.clocks[clock.key] = clock
    _mark(effect, mark, clock)


def _mark(effect: Effect, mark: str, clock: Clock) -> None:
    """Write the clock's change into the step, whole enough to be counted again."""
    change: list[Any] = [mark, clock.key, clock.epoch]
    if mark != "-" and effect.books.editions["calendar"] != effect.draft.case.editions.get("calendar"):
        effect.data["calendar"] = effect.books.editions["calendar"]  # not the one the case began with
    if mark in "+=":
        change += [str(clock.limit.value), str(clock.limit.time_class), clock.by]
    effect.data.setdefault("clocks", []).append(change)
    _ring(effect, mark, clock)
    if clock.kind is ClockKind.DISPOSE and mark != "-":
        _disposal_due(effect, clock)


def _ring(effect: Effect, mark: str, clock: Clock) -> None:
    """Alarms are of one epoch. A new clock begins the ladder of its start; one that goes on late, that of its lapse."""
    draft, ladders = effect.draft, effect.books.ladders
    if not ladders.all:
        return
    if mark != "+":
        draft.silence(clock.key)
    event = START if mark == "+" else clock.fired
    ladder = ladders.on(clock.kind, event, hazard=draft.case.hazard) if mark != "-" and not clock.resting else None
    if ladder is not None:
        draft.alarm(ladder, clock, event, effect.now)


def _disposal_due(effect: Effect, clock: Clock) -> None:
    """The disposal deadline stays on record while the reply is looked at; a suspension takes it away."""
    if clock.due is not None or effect.data["action"] == Action.APPROVE_SUSPEND.value:
        effect.draft.case.due_at = clock.due
        effect.data["dispose_due"] = clock.due and clock.due.isoformat()
        effect.draft.case.late = clock.due is not None and clock.due < effect.now


def granted_to(effect: Effect, kind: ClockKind, at: datetime | None = None) -> Granted | None:
    """The limit of a clock of the case that begins `at` (now), and what gives it."""
    return granted(effect.draft.case, kind, at or effect.now, effect.books)
