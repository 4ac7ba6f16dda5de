"""One action on a draft: decide, change the case and its clocks, add the step that says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.cases.actor import Actor
from dispatch.cases.assists import parts_of
from dispatch.cases.books import Books
from dispatch.cases.danger import ring_danger
from dispatch.cases.draft import Draft, Text
from dispatch.cases.effects import EFFECTS, after
from dispatch.cases.facts import fold
from dispatch.cases.moves import Effect, move_clocks
from dispatch.cases.persons import check_person, check_task_holder
from dispatch.cases.reporter import tell_reporter
from dispatch.cases.returns import RETURNS, budget_of, rules_say
from dispatch.cases.ruled import ruled_unit
from dispatch.cases.steps import Step
from dispatch.cases.whose import route_anew
from dispatch.lifecycle.decide import Change, Standing, decide
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.respites import RESPITES
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.secrets import salted_hash
from gis.db import Tx, value

__all__ = ["apply"]

# By these a unit says that it has it: the step keeps where.
RECEIPTS = frozenset({Action.SIGN, Action.SUBDISPATCH, Action.ASSIST_SIGN, Action.ASK_DEFER})
EVIDENCE = frozenset({*RESPITES, Action.ASK_RETURN, Action.ASK_RULING, Action.APPEAL})
AFTER = frozenset({Action.REPLY, Action.REPLY_FOR, Action.REPORT_HANDLED, Action.ASSIST_REPORT})

TAKEN_FROM = """
    SELECT data ->> 'returned_from' FROM step
     WHERE case_id = %(id)s AND data ? 'returned_from' ORDER BY seq DESC LIMIT 1
"""


def apply(
    tx: Tx,
    draft: Draft,
    city: Books,
    *,
    action: Action,
    by: Actor,
    form: Form,
    key: UUID,
    given: bytes,
    at: datetime,
    known: datetime,
    extra: dict[str, Any] | None = None,
) -> None:
    """Decide and change the draft: one step more."""
    case = draft.case
    check_task_holder(case, action, by)
    change = decide(_standing(tx, draft, city, action, at), action, form, by.roles, at, city.policy)
    check_person(case, action, change.role, by, form)
    before, stage_due = case.state, draft.stage_due_at
    data: dict[str, Any] = {"action": action.value, "form": form.given(), **(extra or {})}
    if action in RECEIPTS and by.terminal is not None:
        data["terminal"] = by.terminal
    effect = Effect(draft, form, at, city, data, by.person_id)
    _effects(tx, effect, action, change)
    tell_reporter(draft, action, before)
    if (before, stage_due) != (case.state, draft.stage_due_at):
        data["stage_due"] = draft.stage_due_at and draft.stage_due_at.isoformat()
    del data["action"]
    _add_step(draft, change, before=before, by=by, key=key, given=given, at=at, known=known, data=data, form=form)


def _effects(tx: Tx, effect: Effect, action: Action, change: Change) -> None:
    draft, safe = effect.draft, not effect.draft.case.hazard
    if action is Action.DISPATCH and draft.case.dispatched_at is not None:
        effect.data["unit_before"] = _taken_from(tx, draft)
    if action in EFFECTS:
        EFFECTS[action](effect)
    if action in RETURNS:
        says = rules_say(tx, draft.case, effect.books, effect.form)
        effect.data["rules_say"] = says
        draft.case.asked = {**(draft.case.asked or {}), "rules_say": says}
    move_clocks(effect, change.transition.clock)
    if draft.moved:
        route_anew(tx, draft, effect.books, effect.data)
        draft.moved = False
    draft.case.state = after(effect, action, change.to)
    if safe and draft.case.hazard:
        ring_danger(tx, effect)


def _taken_from(tx: Tx, draft: Draft) -> str | None:
    """The unit that a case to be dispatched anew was taken from last."""
    here = [step.data["returned_from"] for step in draft.steps if "returned_from" in step.data]
    unit: str | None = here[-1] if here else value(tx, TAKEN_FROM, id=draft.case.id)
    return unit


def _standing(tx: Tx, draft: Draft, city: Books, action: Action, at: datetime) -> Standing:
    case = draft.case
    unit = city.tree.get(case.unit_id or "")
    return Standing(
        state=case.state,
        category=case.category,
        unit=case.unit_id,
        route_unit=case.route_unit,
        inspector=case.inspector_id,
        public=case.public,
        late=case.due_at is not None and case.due_at < at,
        returns=case.returns,
        extensions=case.extensions,
        deferrals=case.deferrals,
        suspensions=case.suspensions,
        appealed=case.appealed,
        close_asked=case.close_asked is not None,
        terminal=unit is None or unit.terminal,
        dispatched_at=case.dispatched_at,
        return_open=action not in RETURNS or city.return_open(case.dispatched_at, at),
        ruled=ruled_unit(case.asked),
        unsafe=ClockKind.CORDON in draft.clocks,
        parts=parts_of(case.assists),
        budget_left=action not in RETURNS or budget_of(tx, city.policy, case.unit_id, at).left,
        ended_at=case.ended_at,
        asked=case.asked or {},
    )


def _add_step(
    draft: Draft,
    change: Change,
    *,
    before: State | None,
    by: Actor,
    key: UUID,
    given: bytes,
    at: datetime,
    known: datetime,
    data: dict[str, Any],
    form: Form,
) -> None:
    case = draft.case
    seq = case.version + 1
    step = Step(
        seq=seq,
        key=key,
        form_hash=given,
        action=change.transition.action.value,
        from_state=before and before.value,
        to_state=case.state.value,
        at=at,
        recorded_at=known,
        actor_id=by.person_id,
        role=change.role.value,
        unit_id=case.unit_id,
        data=data,
        note_hash=_conceal(draft, seq, form, data),
        previous=case.last_hash,
    )
    draft.steps.append(step)
    draft.photos += [(seq, sha256, _photo_kind(change.transition.action)) for sha256 in form.photos]
    draft.documents += [(seq, sha256, by.person_id) for sha256 in dict.fromkeys(form.documents)]
    case.version, case.last_at, case.last_hash = seq, at, step.hash
    fold(step, draft.set, draft.add)


def _conceal(draft: Draft, seq: int, form: Form, data: dict[str, Any]) -> bytes | None:
    """Put people's words aside; the step keeps salted hashes: the note's as a column, others' in `data["texts"]`."""
    if draft.key is None:
        return None
    words = form.texts()
    draft.texts += [Text(seq, kind, text) for kind, text in words.items()]
    hashes = {kind: salted_hash(draft.key, text) for kind, text in words.items()}
    note = hashes.pop("note", None)
    if hashes:
        data["texts"] = {kind: salted.hex() for kind, salted in hashes.items()}
    return note


def _photo_kind(action: Action) -> str:
    if action in (Action.CHECK_PASS, Action.CHECK_FAIL):
        return "check"
    if action in (Action.VERIFY, Action.CORDON):
        return action.value
    return "after" if action in AFTER else "evidence" if action in EVIDENCE else "before"
