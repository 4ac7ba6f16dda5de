"""What an action changes on the case beyond its state: the unit, the limit, what is asked, the clocks.

Each function gets the draft, the form, the instant and the city's books; the table of transitions says which
clocks move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from dispatch.cases.assists import (
    drop_parts,
    give_parts,
    go_on_without,
    report_part,
    rest_parts,
    sign_part,
    wake_parts,
)
from dispatch.cases.classify import accept, after_amend, amend, file
from dispatch.cases.draft import Ruling
from dispatch.cases.moves import Effect, granted_to, keep_clock
from dispatch.cases.precedents import key_of
from dispatch.cases.ruled import ruled_unit, settled
from dispatch.cases.turns import recount
from dispatch.clock.limits import Limit
from dispatch.lifecycle.form import NOBODY_KNOWN
from dispatch.lifecycle.states import Action, ClockKind, State
from gis.problems import FormIncomplete, NotAllowed

WHOLE_DAYS, WHOLE_DAYS_ZH = "This time class counts whole days", "该时限类型按整日计"

# ---------------------------------------------------------------------------------------------- what actions change


def _dispatch(effect: Effect) -> None:
    unit = effect.books.tree.get(effect.form.unit or "")
    if unit is None:
        raise FormIncomplete("No such unit", zh="没有该单位", fields={"unit": "unknown"})
    case = effect.draft.case
    if effect.form.answer is not None:
        case.route = settled(case.route or {}, effect.form.answer, unit.id)
        case.route_unit = unit.id
        effect.data["answered"] = case.route["answered"]
    route = case.route or {}
    follows = case.route_unit == unit.id
    if route.get("limit"):
        case.route = {**route, "followed": follows}
    effect.data.update(
        {"rule": route.get("rule") if follows else None, "edition": route.get("edition"), "follows": follows}
    )
    case.unit_id, case.dispatched_at = unit.id, effect.now
    if ruled_unit(case.asked) is not None:
        effect.data["ruled"], case.asked = True, None
    effect.draft.clocks.pop(ClockKind.DISPOSE, None)
    give_parts(effect)
    effect.draft.tell("dispatched", unit=unit.id)


def _subdispatch(effect: Effect) -> None:
    case = effect.draft.case
    below = effect.books.tree.below(case.unit_id or "")
    if effect.form.unit not in below or effect.form.unit == case.unit_id:
        raise FormIncomplete(
            "Choose one of your own sub-units", zh="请选择本平台的下级单位", fields={"unit": "not below"}
        )
    case.unit_id = effect.form.unit
    effect.draft.tell("dispatched", unit=case.unit_id)


def _ask(effect: Effect) -> None:
    _check_class(effect)
    case = effect.draft.case
    asked = {"action": effect.data["action"], **effect.form.given(), "from": case.state.value}
    case.asked = asked | {"by": effect.person}


def _ask_respite(effect: Effect) -> None:
    """The reason as it was offered stays with the ask, and the edition: the standard's own list is in none."""
    city, action = effect.books, Action(effect.data["action"])
    reason = city.policy.respites[action].reasons[effect.form.reason or ""]
    why = asdict(reason) | {"settings": city.editions["settings"]}
    effect.data["why"] = why
    _ask(effect)
    effect.draft.case.asked = {**(effect.draft.case.asked or {}), "why": why}


def _ask_return(effect: Effect) -> None:
    form, city = effect.form, effect.books
    faults = {}
    if form.clause is not None and form.clause not in city.rulebook.by_no:
        faults["clause"] = "no such rule in force"
    if form.whose != NOBODY_KNOWN and (
        city.tree.get(form.whose or "") is None or form.whose == effect.draft.case.unit_id
    ):
        faults["whose"] = "another unit, or nobody"
    if faults:
        raise FormIncomplete(
            "A return names a rule in force and the unit that is right",
            zh="退单须引用现行规则，并指明应由哪个单位负责",
            fields=faults,
        )
    _ask(effect)


def _return(effect: Effect) -> None:
    case = effect.draft.case
    effect.data["returned_from"] = case.unit_id
    case.returns += 1
    effect.data["nth"] = case.returns
    case.asked, case.unit_id, case.due_at, case.late = None, None, None, False
    effect.data["dispose_due"] = None
    effect.draft.moved = True
    drop_parts(effect)


def _rule_other(effect: Effect) -> None:
    """The referee takes it from the unit and names the one that is right, which the dispatcher then cannot change."""
    case, unit = effect.draft.case, effect.form.unit
    if effect.books.tree.get(unit or "") is None or unit == case.unit_id:
        raise FormIncomplete("Name another unit", zh="请指明另一个单位", fields={"unit": "another unit"})
    _keep_ruling(effect, unit or "", not_unit=case.unit_id)
    _return(effect)
    case.asked = {"action": Action.RULE_OTHER.value, "unit": unit, "reason": effect.form.reason}


def _rule_stay(effect: Effect) -> None:
    if not effect.data.get("default"):
        _keep_ruling(effect, effect.draft.case.unit_id or "", not_unit=None)
    _answered(effect)


def _keep_ruling(effect: Effect, unit: str, *, not_unit: str | None) -> None:
    """A precedent for cases of this category at places like this one. Nothing, where the case was never routed."""
    case, form = effect.draft.case, effect.form
    facts = (case.route or {}).get("facts")
    key = key_of(facts)
    if facts is None or key is None:
        return
    category, area, road = key
    effect.draft.ruling = Ruling(
        seq=case.version + 1,
        unit=unit,
        not_unit=not_unit,
        reason=form.reason,
        clause=form.clause or (case.asked or {}).get("clause"),
        category=category,
        area=area,
        road=road,
        facts=facts,
        by=effect.person,
        at=effect.now,
    )


def _answered(effect: Effect) -> None:
    effect.draft.case.asked = None
    effect.draft.tell(effect.data["action"], unit=effect.draft.case.unit_id)


def _extend(effect: Effect) -> None:
    """One original limit more, unless the asked or the granted one is stated."""
    clock = effect.draft.clocks.get(ClockKind.DISPOSE)
    effect.draft.case.extensions += 1
    if clock is not None:
        more = _more(effect, clock.limit)
        effect.data["extra"] = [str(more.value), str(more.time_class)]
        keep_clock(effect, "x", effect.books.keeper.extend(clock, more, effect.now))
    _answered(effect)


def _more(effect: Effect, limit: Limit) -> Limit:
    """By how much a limit is extended: as granted, as asked, or once again. What nobody answered is never more."""
    asked, form = effect.draft.case.asked or {}, effect.form
    _check_class(effect)
    value = form.limit or Decimal(str(asked.get("limit", limit.value)))
    named = form.time_class or asked.get("time_class")
    wanted = limit.time_class if named is None else effect.books.time_class(str(named))
    if effect.data.get("default") and (wanted != limit.time_class or value > limit.value):
        return limit
    if not wanted.takes(value):
        raise FormIncomplete(WHOLE_DAYS, zh=WHOLE_DAYS_ZH, fields={"limit": "whole days"})
    return Limit(value, *wanted)


def _check_class(effect: Effect) -> None:
    """Raise FormIncomplete for a time class that is none, or does not take the number, before it is kept as asked."""
    name, number = effect.form.time_class, effect.form.limit
    if name is None:
        return
    if name not in effect.books.time_classes:
        raise FormIncomplete("No such time class", zh="没有该时限类型", fields={"time_class": "unknown"})
    if number is not None and not effect.books.time_class(name).takes(number):
        raise FormIncomplete(WHOLE_DAYS, zh=WHOLE_DAYS_ZH, fields={"limit": "whole days"})


def _suspend(effect: Effect) -> None:
    case = effect.draft.case
    until = effect.form.until or datetime.fromisoformat(str((case.asked or {})["until"]))
    effect.data["asked"] = {"action": (case.asked or {}).get("action")}
    if (case.asked or {}).get("action") == Action.ASK_DEFER:
        case.deferrals += 1
    else:
        case.suspensions += 1
    case.suspended_until = until
    effect.data["until"] = until.isoformat()
    rest_parts(effect)
    _answered(effect)


def _wake(effect: Effect) -> None:
    effect.draft.case.suspended_until = None
    wake_parts(effect)
    effect.draft.tell("resumed", unit=effect.draft.case.unit_id)


def _task(effect: Effect) -> None:
    effect.draft.tell("task_taken", person=effect.draft.case.inspector_id)  # sent again: whoever had it is told
    effect.draft.case.inspector_id = effect.form.inspector
    effect.draft.tell(effect.data["action"], person=effect.form.inspector)


def _task_done(effect: Effect) -> None:
    effect.draft.case.inspector_id = None


def _failed(effect: Effect) -> None:
    """The disposal clock rests until the work is sent back: as while suspended, nothing is due."""
    case = effect.draft.case
    case.reworks += 1
    case.inspector_id, case.due_at, case.late = None, None, False
    effect.data["dispose_due"] = None


def _told(effect: Effect) -> None:
    effect.draft.tell(effect.data["action"], unit=effect.draft.case.unit_id)


def _supervise(effect: Effect) -> None:
    """督办: whoever has the case owes an answer by a clock of its own."""
    case = effect.draft.case
    case.supervised = True
    case.supervision = {"reason": effect.form.reason, "by": effect.person, "at": effect.now.isoformat()}
    effect.draft.tell(effect.data["action"], unit=case.unit_id or effect.books.roster.centre)


def _answer_supervision(effect: Effect) -> None:
    case = effect.draft.case
    if case.supervision is None:
        raise NotAllowed(
            "No supervise order waits for an answer here", zh="本案没有待回复的督办", state=case.state.value
        )
    effect.draft.tell(effect.data["action"], person=case.supervision["by"])
    case.supervision = None


def _end(effect: Effect) -> None:
    case = effect.draft.case
    case.ended_at, case.suspended_until, case.inspector_id, case.asked = effect.now, None, None, None
    case.close_asked, case.supervision = None, None
    drop_parts(effect)


def _ask_force_close(effect: Effect) -> None:
    asked = {"reason": effect.form.reason, "by": effect.person, "at": effect.now.isoformat()}
    effect.draft.case.close_asked = asked


def _force_close(effect: Effect) -> None:
    """The reason is the one that was asked with: whoever decides only says yes."""
    effect.data["asked"] = {"reason": (effect.draft.case.close_asked or {}).get("reason")}
    _end(effect)


def _keep_open(effect: Effect) -> None:
    effect.draft.case.close_asked = None


def _merge(effect: Effect) -> None:
    if effect.form.into == effect.draft.case.id:
        raise FormIncomplete("A case cannot be merged into itself", zh="不能合并到自身", fields={"into": "itself"})
    effect.draft.case.merged_into = effect.form.into
    _end(effect)


def _reborn(effect: Effect) -> None:
    case = effect.draft.case
    case.merged_into, case.ended_at = None, None


def _reopen(effect: Effect) -> None:
    case = effect.draft.case
    effect.data["returned_from"] = case.unit_id
    case.ended_at, case.due_at, case.late, case.unit_id = None, None, False, None
    drop_parts(effect)
    effect.data["dispose_due"] = None
    effect.draft.moved = True


def _appeal(effect: Effect) -> None:
    effect.draft.case.appealed = True
    _ask(effect)


def _ruled(effect: Effect) -> None:
    effect.draft.case.asked = None
    _told(effect)


def after(effect: Effect, action: Action, to: State) -> State:
    """The state after the action: the table's, but for an amended or an imported case, which its content decides."""
    if action is Action.AMEND:
        return after_amend(effect)
    if action is Action.IMPORT and effect.form.result == "open":
        return State.FILED if effect.draft.case.unit_id is None else State.HANDLING
    return to


def _import(effect: Effect) -> None:
    """The unit and the limit come with the draft; an open case that has both goes on with its disposal clock."""
    case = effect.draft.case
    if effect.form.result != "open":
        case.ended_at = effect.now
        return
    begun = case.dispatched_at
    granted = None if begun is None else granted_to(effect, ClockKind.DISPOSE, begun)
    if begun is not None and granted is not None:
        limit, by = granted
        keep_clock(effect, "+", effect.books.keeper.start(ClockKind.DISPOSE, limit, begun, by=by))


EFFECTS: dict[Action, Callable[[Effect], None]] = {
    Action.IMPORT: _import,
    Action.ACCEPT: accept,
    Action.FILE: file,
    Action.DISPATCH: _dispatch,
    Action.SUBDISPATCH: _subdispatch,
    Action.ASK_RETURN: _ask_return,
    Action.APPROVE_RETURN: _return,
    Action.REFUSE_RETURN: _answered,
    Action.ASK_RULING: _ask_return,
    Action.RULE_OTHER: _rule_other,
    Action.RULE_STAY: _rule_stay,
    Action.ASK_DELAY: _ask_respite,
    Action.APPROVE_DELAY: _extend,
    Action.REFUSE_DELAY: _answered,
    Action.ASK_DEFER: _ask_respite,
    Action.ASK_SUSPEND: _ask_respite,
    Action.APPROVE_SUSPEND: _suspend,
    Action.REFUSE_SUSPEND: _answered,
    Action.RESUME: _wake,
    Action.SEND_VERIFY: _task,
    Action.VERIFY: _task_done,
    Action.SEND_CHECK: _task,
    Action.CHECK_PASS: _task_done,
    Action.CHECK_FAIL: _failed,
    Action.REPLY: go_on_without,
    Action.REPLY_FOR: go_on_without,
    Action.ASSIST_SIGN: sign_part,
    Action.ASSIST_REPORT: report_part,
    Action.REJECT_REPLY: _told,
    Action.SEND_REWORK: _told,
    Action.SUPERVISE: _supervise,
    Action.ANSWER_SUPERVISION: _answer_supervision,
    Action.CLOSE: _end,
    Action.ASK_FORCE_CLOSE: _ask_force_close,
    Action.FORCE_CLOSE: _force_close,
    Action.REFUSE_FORCE_CLOSE: _keep_open,
    Action.REFUSE: _end,
    Action.VOID: _end,
    Action.CONFIRM_HANDLED: _end,
    Action.MERGE: _merge,
    Action.UNMERGE: _reborn,
    Action.REOPEN: _reopen,
    Action.APPEAL: _appeal,
    Action.GRANT_APPEAL: _ruled,
    Action.REFUSE_APPEAL: _ruled,
    Action.AMEND: amend,
    Action.RECOUNT: recount,
}
