"""Danger that is seen only after the report: whoever is on duty is rung as at a report of danger, once for the case."""

from __future__ import annotations

from typing import LiteralString

from dispatch.cases.clocks import Clock, holders_clock
from dispatch.cases.draft import Draft
from dispatch.cases.moves import Effect
from dispatch.duty.ladder import DANGER
from dispatch.lifecycle.states import ClockKind
from gis.db import ReadTx, value

__all__ = ["ring_danger"]

RANG: LiteralString = "SELECT EXISTS (SELECT FROM alarm WHERE case_id = %(id)s AND ladder = ANY (%(ladders)s))"


def ring_danger(tx: ReadTx, effect: Effect) -> None:
    """Ring for a case that this action has found to be dangerous, on the clock that runs now.

    Not where a ladder for danger begins with the action anyway, nor where one has begun before.
    """
    draft, ladders = effect.draft, effect.books.ladders
    clock = _clock_of(draft)
    ladder = None if clock is None else ladders.of_danger(clock.kind)
    if clock is None or ladder is None or any(one.ladder.hazard and not one.over for one in draft.alarms):
        return
    keys = [one.key for one in ladders.all if one.hazard]
    if not value(tx, RANG, id=draft.case.id, ladders=keys):
        draft.alarm(ladder, clock, DANGER, effect.now)


def _clock_of(draft: Draft) -> Clock | None:
    """The clock of the cordon, else the holder's; none where neither runs."""
    kind = ClockKind.CORDON if ClockKind.CORDON in draft.clocks else holders_clock(draft.case.state, draft.clocks)
    clock = None if kind is None else draft.clocks[kind]
    return None if clock is None or clock.resting else clock
