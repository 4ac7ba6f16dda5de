"""What happens next to a case while the centre or an inspector holds it, and after its end. Medians are minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from collectors.rehearsal.disposal import DISPOSAL, other_units
from collectors.rehearsal.turn import Plan, Turn
from dispatch.cases.actor import Actor
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.people.roles import Role

Next = Callable[[Turn], Plan | None]
Moment = tuple[timedelta, tuple[Role, Action, dict[str, Any]]]

REFUSED, VERIFIED, NOT_SO = 0.10, 0.30, 0.25  # of the public's reports; not so: of those verified
VOIDED, REJECTED, CONTESTED, REOPENED = 0.008, 0.025, 0.05, 0.004
UNANSWERED, GRANTED = 0.12, 0.6
AMENDED = 0.03  # of what is accepted was put into a wrong class
UNMERGED = 0.2  # of what was merged was another matter after all
ANSWERED, REVISITED, SATISFIED = 0.93, 0.25, 0.85  # of the public's closed cases
TAKEN_APART = 2  # steps of a report that was merged, before it is taken apart
REFUSE = ("not_ours", "no_such", "unclear", "private")
CHOOSE = ("owner_known", "agreed", "precedent")
ANSWERS = {
    State.RETURN_ASKED: (Action.APPROVE_RETURN, Action.REFUSE_RETURN, ("is_owner", "in_area", "no_evidence")),
    State.DELAY_ASKED: (Action.APPROVE_DELAY, Action.REFUSE_DELAY, ("not_founded", "urgent", "no_evidence")),
    State.SUSPEND_ASKED: (Action.APPROVE_SUSPEND, Action.REFUSE_SUSPEND, ("not_founded", "urgent")),
}


def next_of(turn: Turn) -> Plan | None:
    """The next step of this life; None if nobody will do anything any more, or only time will."""
    step = LIFE.get(State(turn.case.state))
    return None if step is None else step(turn)


# ------------------------------------------------------------------------------------------------ before dispatch


def _reported(turn: Turn) -> Plan:
    at = turn.later(turn.since(ClockKind.ACCEPT), (1.6 if turn.case.hazard else 3.6) * turn.night)
    if turn.leader is not None and not _taken_apart(turn):
        return turn.centre(Role.ACCEPTOR, at, Action.MERGE, into=turn.leader)
    if turn.case.public and turn.fate("refused") < REFUSED:
        return turn.centre(Role.ACCEPTOR, at, Action.REFUSE, reason=turn.reason(REFUSE))
    if turn.case.public and turn.fate("verified") < VERIFIED:
        inspector = turn.scene.inspector(turn.case.duty_grid, at, turn.rng)
        return turn.centre(Role.ACCEPTOR, at, Action.SEND_VERIFY, inspector=inspector.person_id)
    return turn.centre(Role.ACCEPTOR, at, Action.ACCEPT, category=turn.category.code)


def _merged(turn: Turn) -> Plan | None:
    """Some of what was merged is taken apart again, once."""
    if turn.fate("unmerged") >= UNMERGED:
        return None
    return turn.centre(Role.ACCEPTOR, turn.later(turn.case.last_at, 50), Action.UNMERGE, reason="not_same")


def _taken_apart(turn: Turn) -> bool:
    return turn.fate("unmerged") < UNMERGED and turn.case.version > TAKEN_APART


def _self_handled(turn: Turn) -> Plan:
    at = turn.later(turn.since(ClockKind.ACCEPT), 4.5 * turn.night)
    if turn.chance(CONTESTED):
        return turn.centre(Role.ACCEPTOR, at, Action.CONTEST_HANDLED, reason=turn.reason(("not_done", "no_photo")))
    return turn.centre(Role.ACCEPTOR, at, Action.CONFIRM_HANDLED)


def _verifying(turn: Turn) -> Plan:
    at = _there(turn, turn.since(ClockKind.VERIFY), 12 if turn.case.hazard else 35)
    return Plan(at, Action.VERIFY, _task_holder(turn, at), Form(result=_result(turn), photos=turn.pictures()))


def _verified(turn: Turn) -> Plan:
    at = turn.later(turn.since(ClockKind.ACCEPT), 3.0 * turn.night)
    if _result(turn) == "false":
        return turn.centre(Role.ACCEPTOR, at, Action.REFUSE, reason="no_such")
    return turn.centre(Role.ACCEPTOR, at, Action.ACCEPT, category=turn.category.code)


def _result(turn: Turn) -> str:
    """What the inspector finds: settled for the whole life, for the case's row does not keep it."""
    return "false" if turn.fate("result") < NOT_SO else "true"


def _accepted(turn: Turn) -> Plan | None:
    at = turn.later(turn.since(ClockKind.FILE), (3.0 if turn.case.hazard else 8.0) * turn.night)
    if (right := _right_class(turn)) != turn.case.category:
        return turn.centre(Role.SHIFT_LEADER, at, Action.AMEND, category=right, reason="wrong_category")
    conditions = turn.scene.books.catalogue.conditions_of(turn.case.category or "")
    if turn.chance(VOIDED) or not conditions:
        return turn.centre(Role.SHIFT_LEADER, at, Action.VOID, reason=turn.reason(("not_ours", "no_condition", "gone")))
    return turn.centre(Role.SHIFT_LEADER, at, Action.FILE, condition=turn.rng.choice(conditions).no)


def _right_class(turn: Turn) -> str | None:
    """The class it should be in: settled for the whole life, so that it is put right once."""
    if turn.fate("amended") >= AMENDED:
        return turn.case.category
    return turn.scene.calls.draw(turn.scene.rng(turn.case.report_id, "right class")).code


def _filed(turn: Turn) -> Plan | None:
    at = turn.later(turn.since(ClockKind.DISPATCH), (2.5 if turn.case.hazard else 4.5) * turn.night)
    case = turn.case
    if case.ruled is not None:
        return turn.centre(Role.DISPATCHER, at, Action.DISPATCH, unit=case.ruled, reason="precedent")
    if case.route_unit is not None and case.returns == 0:
        return turn.centre(Role.DISPATCHER, at, Action.DISPATCH, unit=case.route_unit)
    chosen = turn.rng.choice(other_units(turn) or [case.route_unit])
    if chosen is None:
        return turn.centre(Role.SHIFT_LEADER, at, Action.VOID, reason="not_ours")
    return turn.centre(Role.DISPATCHER, at, Action.DISPATCH, unit=chosen, reason=turn.reason(CHOOSE))


# ----------------------------------------------------------------------------------------- asked, replied, checked


def _asked(turn: Turn) -> Plan | None:
    """The dispatcher grants, refuses, or lets the time for it run out."""
    if turn.chance(UNANSWERED):
        return None
    at = turn.later(turn.since(ClockKind.APPROVE), 35, 0.6)
    grant, refuse, reasons = ANSWERS[State(turn.case.state)]
    if turn.chance(GRANTED):
        return turn.centre(Role.DISPATCHER, at, grant)
    return turn.centre(Role.DISPATCHER, at, refuse, reason=turn.reason(reasons))


def _ruling(turn: Turn) -> Plan | None:
    """A referee rules that it stays, or names another unit; or nobody does in time, and it stays."""
    post = next((role for role in (Role.SUPERVISOR, Role.LEADER) if turn.scene.posts[role]), None)
    others = [unit for unit in other_units(turn) if unit != turn.case.unit_id]
    if post is None or turn.chance(UNANSWERED):
        return None
    at = turn.later(turn.since(ClockKind.APPROVE), 55, 0.5)
    if others and turn.chance(GRANTED):
        return turn.centre(post, at, Action.RULE_OTHER, unit=turn.rng.choice(others), reason="by_rule")
    return turn.centre(post, at, Action.RULE_STAY, reason=turn.reason(("in_area", "fix_first")))


def _feedback(turn: Turn) -> Plan:
    at = turn.later(turn.since(ClockKind.DISPOSE), 12 * turn.night)
    # Without a limit no pause of a clock tells one reply from the next: it would be sent back for ever.
    if turn.chance(REJECTED) and ClockKind.DISPOSE.value in turn.case.clocks:
        return turn.centre(Role.DISPATCHER, at, Action.REJECT_REPLY, reason=turn.reason(("photo_unclear", "not_done")))
    return turn.centre(Role.DISPATCHER, at, Action.PASS_TO_CHECK)


def _check_pending(turn: Turn) -> Plan:
    at = turn.later(turn.since(ClockKind.SEND_CHECK), (4 if turn.case.hazard else 14) * turn.night)
    inspector = turn.crony or turn.scene.inspector(turn.case.duty_grid, at, turn.rng)
    return turn.centre(Role.ACCEPTOR, at, Action.SEND_CHECK, inspector=inspector.person_id)


def _checking(turn: Turn) -> Plan:
    at = _there(turn, turn.since(ClockKind.CHECK), 20 if turn.case.hazard else 40)
    failed = turn.chance(turn.temper.poor / (1 + turn.case.reworks)) and turn.crony is None
    action = Action.CHECK_FAIL if failed else Action.CHECK_PASS
    return Plan(at, action, _task_holder(turn, at), Form(photos=turn.pictures()))


def _rework(turn: Turn) -> Plan:
    return turn.centre(Role.DISPATCHER, turn.later(turn.since(ClockKind.DISPATCH), 5), Action.SEND_REWORK)


def _checked_ok(turn: Turn) -> Plan:
    return turn.centre(Role.SHIFT_LEADER, turn.later(turn.since(ClockKind.CLOSE), 16 * turn.night), Action.CLOSE)


def _there(turn: Turn, since: datetime, median: float) -> datetime:
    return turn.after(turn.walking(turn.later(since, median, 0.5)))


def _task_holder(turn: Turn, at: datetime) -> Actor:
    held = turn.scene.inspectors.get(turn.case.inspector_id or 0)
    return held or turn.scene.inspector(turn.case.duty_grid, at, turn.rng)


# ------------------------------------------------------------------------------------------------- after its end


def _ended(turn: Turn) -> Plan | None:
    """Answering, revisiting, appealing, reopening: each at an instant settled by the end, so that none comes twice."""
    ended = turn.case.ended_at
    if ended is None:
        return None
    moments = [((ended + wait).replace(microsecond=0), what) for wait, what in _afterwards(turn)]
    coming = [moment for moment in moments if moment[0] > turn.case.last_at]
    if not coming:
        return None
    at, (role, action, form) = min(coming, key=lambda moment: moment[0])
    if action is Action.APPEAL:
        return turn.unit(at, action, **form)
    return turn.centre(role, at, action, **form) if turn.scene.posts[role] else None


def _afterwards(turn: Turn) -> list[Moment]:
    case = turn.case
    found: list[Moment] = []
    hours = turn.scene.rng(case.report_id, "after", case.ended_at).uniform
    closed = case.state != State.REFUSED
    if case.public and turn.fate("answered") < ANSWERED:
        note = "您反映的问题已处理完毕，感谢您的关心。" if closed else "您反映的问题经核实不予受理，详情请咨询中心。"
        found.append((timedelta(hours=hours(0.2, 3)), (Role.ACCEPTOR, Action.ANSWER_CITIZEN, {"note": note})))
    if case.public and closed and turn.fate("revisited") < REVISITED:
        content = {"satisfied": turn.fate("satisfied") < SATISFIED}
        found.append((timedelta(hours=hours(20, 50)), (Role.ACCEPTOR, Action.REVISIT, content)))
    if closed and not case.contested and turn.fate(f"reopened {case.ended_at}") < REOPENED:
        found.append((timedelta(hours=hours(24, 150)), (Role.SHIFT_LEADER, Action.REOPEN, {"reason": "back_again"})))
    if closed:
        found += _appealed(turn, hours(15, 60), hours(61, 140))
    return found


def _appealed(turn: Turn, appeal: float, ruling: float) -> list[Moment]:
    case = turn.case
    if case.appealed:
        grant = turn.fate("appeal granted") < 0.4
        action, reason = (Action.GRANT_APPEAL, "founded") if grant else (Action.REFUSE_APPEAL, "not_founded")
        return [(timedelta(hours=ruling), (Role.EVALUATOR, action, {"reason": reason}))]
    if case.due_at is None or turn.fate("appeal") >= turn.temper.appeals * (0.5 if case.reworks else 0.05):
        return []
    return [(timedelta(hours=appeal), (Role.DEPARTMENT, Action.APPEAL, {"reason": "late_dispatch"}))]


LIFE: dict[State, Next] = {
    State.REPORTED: _reported,
    State.SELF_HANDLED: _self_handled,
    State.VERIFYING: _verifying,
    State.VERIFIED: _verified,
    State.ACCEPTED: _accepted,
    State.FILED: _filed,
    State.RETURN_ASKED: _asked,
    State.RULING_ASKED: _ruling,
    State.DELAY_ASKED: _asked,
    State.SUSPEND_ASKED: _asked,
    State.FEEDBACK: _feedback,
    State.CHECK_PENDING: _check_pending,
    State.CHECKING: _checking,
    State.REWORK: _rework,
    State.CHECKED_OK: _checked_ok,
    State.CLOSED: _ended,
    State.CLOSED_FORCED: _ended,
    State.REFUSED: _ended,
    State.MERGED: _merged,
    **DISPOSAL,
}
