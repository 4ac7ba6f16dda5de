"""What time does to a case by itself: warnings, lapses, the end of a suspension, approvals that nobody gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from dispatch.cases.actor import SYSTEM
from dispatch.cases.apply import apply
from dispatch.cases.assists import lapsed
from dispatch.cases.books import Books
from dispatch.cases.clocks import LAPSED, WARNED, Clock
from dispatch.cases.draft import Draft
from dispatch.cases.steps import form_hash
from dispatch.cases.turns import moves_any, stale_clocks
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, ClockKind, State
from gis.db import Tx

__all__ = ["settle"]

# What the centre owes: it stands in a list of its own (`cases.waiting`), and is nothing to tell a unit of.
OF_THE_CENTRE = frozenset({ClockKind.REPLY_CITIZEN, ClockKind.FORCE_CLOSE, ClockKind.APPEAL})


def settle(tx: Tx, draft: Draft, city: Books, now: datetime, *, acting: bool = False) -> int:
    """Let everything happen that was due until `now`: warnings, lapses, the end of a suspension, unanswered approvals,
    and the turn to another calendar.

    `acting`: somebody acts at `now`, and is in time where a clock ends at that very instant: it ends after the act.
    Each takes effect at its true instant, whoever notices it; returns how many there were.
    """
    count = 0
    while (at := draft.next_at) is not None:
        turn = min(city.calendar_since, now) if stale_clocks(draft, city) else None
        if turn is not None and turn <= at:
            count += _turn(tx, draft, city, turn, now)
            continue
        wakes = draft.case.suspended_until is not None and draft.case.suspended_until <= at
        if at > now or (acting and at == now and not wakes):
            break
        count += 1
        if wakes:
            _wake(tx, draft, city, at, now)
        else:
            _fire(tx, draft, city, at, now)
    return count


def _own(
    tx: Tx, draft: Draft, city: Books, action: Action, at: datetime, known: datetime, data: dict[str, Any]
) -> None:
    """A step of the system. Its key follows from the chain, which nobody outside knows: a key chosen by a stranger can
    never be there before it."""
    case = draft.case
    seq = case.version + 1
    key = uuid5(NAMESPACE_OID, f"{case.last_hash.hex()}:{seq}:{action.value}")
    form = Form(reason=data.get("default") and "default")
    given = form_hash(case.id, action.value, None, form.given())
    moment = max(at, case.last_at)
    apply(
        tx, draft, city, action=action, by=SYSTEM, form=form, key=key, given=given, at=moment, known=known, extra=data
    )


def _turn(tx: Tx, draft: Draft, city: Books, at: datetime, known: datetime) -> int:
    """Count by the calendar that came into force at `at`; a step only where something moves."""
    if not moves_any(draft, city):
        return 0
    _own(tx, draft, city, Action.RECOUNT, at, known, {"calendar": city.editions["calendar"]})
    return 1


def _wake(tx: Tx, draft: Draft, city: Books, at: datetime, known: datetime) -> None:
    epoch = draft.case.version
    _own(tx, draft, city, Action.RESUME, at, known, {"by_date": True})
    draft.fired.append(("suspension", epoch, "wake", draft.case.version, at))


def _fire(tx: Tx, draft: Draft, city: Books, at: datetime, known: datetime) -> None:
    clock = min((c for c in draft.clocks.values() if c.event), key=lambda c: c.event or (known, ""))
    event = clock.event[1] if clock.event else LAPSED
    draft.clocks[clock.key] = replace(clock, fired=event)
    if event == LAPSED and clock.kind is ClockKind.DISPOSE:
        draft.case.late = True
    if event == LAPSED and clock.unit:
        lapsed(draft, clock.unit)
    if event == LAPSED and clock.kind is ClockKind.SUPERVISE and draft.case.supervision is not None:
        draft.tell(f"{event}:{clock.kind.value}", person=draft.case.supervision["by"])  # it goes up
    action = Action.WARN if event == WARNED else Action.LAPSE
    ladder = city.ladders.on(clock.kind, event, hazard=draft.case.hazard)
    if ladder is not None:
        draft.alarm(ladder, clock, event, at)
    elif clock.kind not in OF_THE_CENTRE:
        person = None if clock.unit else draft.case.inspector_id
        draft.tell(f"{event}:{clock.kind.value}", unit=clock.unit or draft.case.unit_id, person=person)
    said = {"clock": clock.key, "epoch": clock.epoch, "instant": at.isoformat()}
    _own(tx, draft, city, action, at, known, said)
    draft.fired.append((clock.key, clock.epoch, event, draft.case.version, at))
    if event == LAPSED and clock.kind in BY_DEFAULT:
        _answer_by_default(tx, draft, city, clock, at, known)


def _answer_by_default(tx: Tx, draft: Draft, city: Books, clock: Clock, at: datetime, known: datetime) -> None:
    """限时办结,超期默认: an approval nobody gave in time is granted or refused as the city's policy says."""
    action = BY_DEFAULT[clock.kind](draft, city)
    if action is not None:
        _own(tx, draft, city, action, at, known, {"default": True})


def _approve_by_default(draft: Draft, city: Books) -> Action | None:
    grant = city.policy.unanswered == "grant"
    return {
        State.RETURN_ASKED: Action.APPROVE_RETURN if grant else Action.REFUSE_RETURN,
        State.DELAY_ASKED: Action.APPROVE_DELAY if grant else Action.REFUSE_DELAY,
        State.SUSPEND_ASKED: Action.APPROVE_SUSPEND if grant else Action.REFUSE_SUSPEND,
        State.RULING_ASKED: Action.RULE_STAY,  # without a referee nothing is passed on
    }.get(draft.case.state)


def _force_by_default(draft: Draft, city: Books) -> Action | None:
    return Action.FORCE_CLOSE if city.policy.unanswered_force_close == "grant" else Action.REFUSE_FORCE_CLOSE


def _rule_by_default(draft: Draft, city: Books) -> Action | None:
    return Action.GRANT_APPEAL if city.policy.unanswered_appeal == "grant" else Action.REFUSE_APPEAL


# Each approval has its clock, and an answer that it gets when that has run out.
BY_DEFAULT: dict[ClockKind, Callable[[Draft, Books], Action | None]] = {
    ClockKind.APPROVE: _approve_by_default,
    ClockKind.FORCE_CLOSE: _force_by_default,
    ClockKind.APPEAL: _rule_by_default,
}
