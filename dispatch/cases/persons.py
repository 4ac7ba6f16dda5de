"""Whether this very person may, beyond the post: a task has one holder, a unit's work its own people, and who asked
does not answer."""

from __future__ import annotations

from dispatch.cases.actor import Actor
from dispatch.cases.assists import OF_AN_ASSISTANT
from dispatch.cases.draft import CaseRow
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.may import UNIT
from dispatch.people.roles import Role
from gis.problems import NotAllowed

__all__ = ["check_person", "check_task_holder"]

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
    if by.person_id is not None and by.person_id == _first_person(case, action):
        raise NotAllowed(
            "You asked for this or reported it yourself; somebody else has to answer",
            zh="不能审批自己提出的申请或上报的案件，请由他人办理",
            state=case.state.value,
        )


def _first_person(case: CaseRow, action: Action) -> int | None:
    """Who asked for what the action answers, None if nobody did."""
    if action in ANSWERS:
        return (case.asked or {}).get("by")
    if action in (Action.FORCE_CLOSE, Action.REFUSE_FORCE_CLOSE):
        return (case.close_asked or {}).get("by")
    if action is Action.ANSWER_SUPERVISION:
        return (case.supervision or {}).get("by")
    return case.reporter_id if action in OF_A_REPORT else None
