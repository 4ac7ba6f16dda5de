"""The one door: lock, settle what has lapsed, decide, write. The only way a case changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from psycopg.rows import dict_row

from dispatch.cases.actor import SYSTEM, Actor
from dispatch.cases.books import Books, books
from dispatch.cases.clocks import LAPSED, WARNED, Clock, running
from dispatch.cases.draft import CaseRow, Draft, Text
from dispatch.cases.effects import EFFECTS, after, ruled_unit
from dispatch.cases.facts import fold
from dispatch.cases.moves import Effect, move_clocks
from dispatch.cases.persons import check_person, check_task_holder
from dispatch.cases.references import check_references
from dispatch.cases.returns import RETURNS, budget_of, rules_say
from dispatch.cases.save import save
from dispatch.cases.secrets import new_key, salted_hash
from dispatch.cases.steps import Step, form_hash, step_hash
from dispatch.cases.whose import route_anew
from dispatch.failpoints import failpoint
from dispatch.lifecycle.decide import Change, Standing, decide
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.people.roles import Role
from gis.db import Tx, value
from gis.problems import Conflict, NotFound

# Everything that hangs on the case's version stands in its own row: of other tables this statement's snapshot is
# older than
# the lock it may have waited for.
LOCK = """
    SELECT c.id, c.number, c.report_id, c.receipt, c.version, c.state, c.source, c.public, c.category,
    c.condition_no, c.hazard,
           c.limit_value, c.time_class, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, c.accuracy_m, c.area_id, c.area_path,
           c.duty_grid, c.road_class, c.component_code, c.unit_id, c.route, c.route_unit, c.reporter_id, c.inspector_id,
           c.merged_into, c.supervised, c.reworks, c.returns, c.extensions, c.suspensions, c.appealed, c.asked,
           c.close_asked,
           c.editions,
           c.reported_at, c.suspended_until, c.dispatched_at, c.ended_at, c.due_at, c.late, c.last_at, c.last_hash,
           c.clocks, coalesce(city.simulated_now, clock_timestamp()) AS now, city.version AS city_version,
           city.rulings
      FROM cases c, city
     WHERE c.id = %(case)s
       FOR UPDATE OF c
"""
LOCK_NUMBER = LOCK.replace("c.id = %(case)s", "c.number = %(case)s")
# A statement of its own: its snapshot sees whatever the lock before it waited for.
ANSWERED = """
    SELECT s.case_id, s.seq, s.form_hash, s.to_state, s.unit_id,
           (SELECT (d.data ->> 'dispose_due')::timestamptz FROM step d
             WHERE d.case_id = s.case_id AND d.seq <= s.seq AND d.data ? 'dispose_due' ORDER BY d.seq DESC LIMIT 1)
      FROM step s WHERE s.key = %(key)s
"""
# What the centre owes: it stands in a list of its own (`cases.waiting`), and is nothing to tell a unit of.
OF_THE_CENTRE = frozenset({ClockKind.REPLY_CITIZEN, ClockKind.FORCE_CLOSE})
KEY = "SELECT key FROM case_key WHERE case_id = %(id)s"
TAKEN_FROM = """
    SELECT data ->> 'returned_from' FROM step
     WHERE case_id = %(id)s AND data ? 'returned_from' ORDER BY seq DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an act or a report is answered with; the same key is answered the same for ever."""

    case_id: int
    number: str
    state: str
    version: int
    unit_id: str | None = None
    due_at: datetime | None = None
    receipt: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A case under lock: its draft, the instant, the city's version; `answered`: the step under the asked key."""

    draft: Draft
    now: datetime
    city_version: int
    answered: tuple[Any, ...] | None


def act(
    tx: Tx,
    case: int | str,
    action: Action,
    by: Actor,
    form: Form = Form(),  # noqa: B008  (frozen: one empty form serves all)
    *,
    key: UUID,
    version: int | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Do one action on one case, named by its id or its number.

    `key`: the caller's idempotency key; a repeat returns the first answer. `version`: what the caller last saw, if he
    wants to be told of a change in between. `now`: only for a rehearsal's clock and past records.
    Raises NotFound, NotAllowed (carries what is allowed), Conflict (stale version, key used otherwise), FormIncomplete.
    """
    with locked(tx, case, key) as held:
        draft = held.draft
        given = _form_hash(tx, draft, action, by, form)
        if held.answered is not None:
            return _answered(held.answered, given, draft.case)
        if version is not None and version != draft.case.version:
            raise Conflict(
                "Somebody acted on this case meanwhile; look again",
                zh="本案已被他人处理,请查看最新状态",
                state=draft.case.state.value,
                version=draft.case.version,
            )
        moment = max(held.now if now is None else now, draft.case.last_at)
        city = books(tx, held.city_version, moment)
        _sees(draft.case, by)
        check_references(tx, form, by.person_id)
        settle(tx, draft, city, moment)
        apply(tx, draft, city, action=action, by=by, form=form, key=key, given=given, at=moment, known=moment)
        failpoint("before-commit")
        save(tx, draft)
    return receipt_of(draft)


def _form_hash(tx: Tx, draft: Draft, action: Action, by: Actor, form: Form) -> bytes:
    """The form's hash; people's words enter it under the case's key only, so that it says nothing once that is gone."""
    words = form.texts()
    if words:
        draft.key = value(tx, KEY, id=draft.case.id)
        if draft.key is None:
            draft.key, draft.new_key = new_key(), True
    hashes = {kind: salted_hash(draft.key, text) for kind, text in words.items()} if draft.key else {}
    return form_hash(draft.case.id, action.value, by.person_id, form.given(), hashes)


def receipt_of(draft: Draft) -> Receipt:
    """The answer after the draft's last step."""
    case = draft.case
    return Receipt(
        case_id=case.id,
        number=case.number,
        state=case.state.value,
        version=case.version,
        unit_id=case.unit_id,
        due_at=case.due_at,
        receipt=case.receipt,
    )


@contextmanager
def locked(tx: Tx, case: int | str, key: UUID | None = None) -> Iterator[Held]:
    """The case, locked under the caller's own rights; what is then recorded is recorded as the centre.

    What a step under `key` was answered with is asked for at the same time, before it is known whether there is a case.
    """
    with tx.connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(LOCK if isinstance(case, int) else LOCK_NUMBER, {"case": case})
        with tx.as_centre():
            asked = None if key is None else tx.connection.execute(ANSWERED, {"key": key})
            row = cursor.fetchone()
            if row is None:
                raise NotFound("There is no such case, or it is not yours", zh="没有这个案件,或者不归您办理")
            now, city_version, rulings = row.pop("now"), row.pop("city_version"), row.pop("rulings")
            clocks = running(row.pop("clocks"))
            row["state"] = State(row["state"])
            answered = None if asked is None else asked.fetchone()
            yield Held(Draft(CaseRow(**row), clocks, rulings=rulings), now, city_version, answered)


def _answered(step: tuple[Any, ...], given: bytes, case: CaseRow) -> Receipt:
    """The first answer again. Raises Conflict if the key stands for something else."""
    case_id, seq, first, state, unit, due = step
    if case_id != case.id or first != given:
        raise Conflict("This key was used for something else", zh="该请求标识已用于其他操作", state=case.state.value)
    return Receipt(
        case_id=case.id,
        number=case.number,
        state=state,
        version=seq,
        unit_id=unit,
        due_at=due,
        receipt=case.receipt,
        repeated=True,
    )


def _sees(case: CaseRow, by: Actor) -> None:
    """A department acts on its own cases only; row security has refused others already. The two are not told apart."""
    outside = Role.DEPARTMENT in by.roles or Role.PLATFORM in by.roles
    if outside and not by.roles - {Role.DEPARTMENT, Role.PLATFORM} and case.unit_id not in by.units:
        raise NotFound("There is no such case, or it is not yours", zh="没有这个案件,或者不归您办理")


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
    check_person(case, action, change.role, by)
    before, stage_due = case.state, draft.stage_due_at
    data: dict[str, Any] = {"action": action.value, "form": form.given(), **(extra or {})}
    effect = Effect(draft, form, at, city, data, by.person_id)
    _effects(tx, effect, action, change)
    if (before, stage_due) != (case.state, draft.stage_due_at):
        data["stage_due"] = draft.stage_due_at and draft.stage_due_at.isoformat()
    del data["action"]
    _add_step(draft, change, before=before, by=by, key=key, given=given, at=at, known=known, data=data, form=form)


def _effects(tx: Tx, effect: Effect, action: Action, change: Change) -> None:
    draft = effect.draft
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
        suspensions=case.suspensions,
        appealed=case.appealed,
        close_asked=case.close_asked is not None,
        terminal=unit is None or unit.terminal,
        dispatched_at=case.dispatched_at,
        return_open=city.return_open(case.dispatched_at, at),
        ruled=ruled_unit(case.asked),
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
    step = replace(step, hash=step_hash(step))
    draft.steps.append(step)
    draft.photos += [(seq, sha256, _photo_kind(change.transition.action)) for sha256 in form.photos]
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
    if action is Action.VERIFY:
        return "verify"
    return "after" if action in (Action.REPLY, Action.REPLY_FOR, Action.REPORT_HANDLED) else "before"


# ------------------------------------------------------------------------------------------------ what time does
# by itself


def settle(tx: Tx, draft: Draft, city: Books, now: datetime) -> int:
    """Let everything happen that was due before `now`: warnings, lapses, the end of a suspension, unanswered approvals.

    Each takes effect at its true instant, whoever notices it; returns how many there were.
    """
    count = 0
    while (at := draft.next_at) is not None and at <= now:
        count += 1
        if draft.case.suspended_until is not None and draft.case.suspended_until <= at:
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


def _wake(tx: Tx, draft: Draft, city: Books, at: datetime, known: datetime) -> None:
    epoch = draft.case.version
    if draft.case.state is State.SUSPENDED:
        _own(tx, draft, city, Action.RESUME, at, known, {"by_date": True})
    draft.case.suspended_until = None
    draft.fired.append(("suspension", epoch, "wake", draft.case.version, at))


def _fire(tx: Tx, draft: Draft, city: Books, at: datetime, known: datetime) -> None:
    clock = min((c for c in draft.clocks.values() if c.event), key=lambda c: c.event or (known, ""))
    event = clock.event[1] if clock.event else LAPSED
    draft.clocks[clock.kind] = replace(clock, fired=event)
    if event == LAPSED and clock.kind is ClockKind.DISPOSE:
        draft.case.late = True
    action = Action.WARN if event == WARNED else Action.LAPSE
    if clock.kind not in OF_THE_CENTRE:
        draft.tell(f"{event}:{clock.kind.value}", unit=draft.case.unit_id, person=draft.case.inspector_id)
    _own(
        tx, draft, city, action, at, known, {"clock": clock.kind.value, "epoch": clock.epoch, "instant": at.isoformat()}
    )
    draft.fired.append((clock.kind.value, clock.epoch, event, draft.case.version, at))
    if event == LAPSED and clock.kind in (ClockKind.APPROVE, ClockKind.FORCE_CLOSE):
        _answer_by_default(tx, draft, city, clock, at, known)


def _answer_by_default(tx: Tx, draft: Draft, city: Books, clock: Clock, at: datetime, known: datetime) -> None:
    """限时办结,超期默认: an approval nobody gave in time is granted or refused as the city's policy says."""
    action = _force_by_default(city) if clock.kind is ClockKind.FORCE_CLOSE else _approve_by_default(draft, city)
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


def _force_by_default(city: Books) -> Action:
    return Action.FORCE_CLOSE if city.policy.unanswered_force_close == "grant" else Action.REFUSE_FORCE_CLOSE
