"""Whether this very person may, beyond the post: a task has one holder, a unit's work its own people, and who asked
does not answer, nor whoever works in the unit that asked."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.cases.actor import Actor
from dispatch.cases.assists import OF_AN_ASSISTANT
from dispatch.cases.draft import CaseRow
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.may import UNIT
from dispatch.people.roles import Role
from gis.problems import NotAllowed

__all__ = ["answers_own", "check_person", "check_task_holder"]

TASKS = frozenset({Action.VERIFY, Action.CHECK_PASS, Action.CHECK_FAIL})
ANSWERS = frozenset(
    {
        Action.APPROVE_RETURN,
        Action.REFUSE_RETURN,
        Action.RULE_OTHER,
        Action.RULE_STAY,
        Action.APPROVE_DELAY,
        Action.REFUSE_DELAY,
        Action.APPROVE_SUSPEND,
        Action.REFUSE_SUSPEND,
        Action.GRANT_APPEAL,
        Action.REFUSE_APPEAL,
    }
)

# Nobody makes his own report disappear, or his own handling good.
OF_A_REPORT = frozenset({Action.CONFIRM_HANDLED, Action.VOID})


def check_task_holder(case: CaseRow, action: Action, by: Actor) -> None:
    """Verify and check belong to the inspector they were sent to."""
    if action in TASKS and Role.SYSTEM not in by.roles and case.inspector_id not in (None, by.person_id):
        raise NotAllowed("This task was sent to another inspector", zh="该任务已派给其他监督员", state=case.state.value)


def check_person(case: CaseRow, action: Action, role: Role, by: Actor, form: Form) -> None:
    """One person may hold several posts, in a unit and in the centre: each counts only where it belongs."""
    acting = form.unit if action in OF_AN_ASSISTANT else case.unit_id
    if role in UNIT and acting not in by.units:
        raise NotAllowed("This case is another unit's", zh="本案由其他单位承办", state=case.state.value)
    first = by.person_id is not None and by.person_id == _first_person(case, action)
    if first or answers_own(action, case.asked, case.unit_id, by):
        raise NotAllowed(
            "You or your unit asked for this, or you reported it yourself; somebody else has to answer",
            zh="不能审批本人、本单位提出的申请或本人上报的案件，请由他人办理",
            state=case.state.value,
        )


def answers_own(action: Action, asked: Mapping[str, object] | None, unit: str | None, by: Actor) -> bool:
    """Whether the action answers what the person asked, or somebody of the unit whose post the person holds too."""
    if action not in ANSWERS or by.person_id is None:
        return False
    return by.person_id == (asked or {}).get("by") or (bool(by.roles & UNIT) and unit in by.units)


def _first_person(case: CaseRow, action: Action) -> int | None:
    """Who asked for a forced close, or reported what would vanish; None if the action does neither."""
    if action in (Action.FORCE_CLOSE, Action.REFUSE_FORCE_CLOSE):
        return (case.close_asked or {}).get("by")
    if action is Action.ANSWER_SUPERVISION:
        return (case.supervision or {}).get("by")
    return case.reporter_id if action in OF_A_REPORT else None
