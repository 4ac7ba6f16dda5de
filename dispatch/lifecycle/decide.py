"""Pure: (case, action, form, who, now) → what changes, or a refusal that says what would work. Nothing is
written here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from dispatch.lifecycle.form import Form
from dispatch.lifecycle.respites import Respites, check_reason, refusal, standard_respites
from dispatch.lifecycle.states import Action, State
from dispatch.lifecycle.table import BY_ACTION, TRANSITIONS, Transition
from dispatch.people.roles import Role
from gis.problems import FormIncomplete, NotAllowed

# Where the part of a unit that assists stands; all others are ended.
PART_SENT, PART_SIGNED = "sent", "signed"
PARTS_OPEN = (PART_SENT, PART_SIGNED)
CODE = re.compile(r"[a-z0-9_:-]{1,40}")  # a step is for ever: it may hold a word of ours, never a person's


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a decision may look at of a case. Times are aware instants. `parts`: assisting unit → where its part
    stands; `unsafe`: a cordon is waited for."""

    state: State | None
    category: str | None = None
    unit: str | None = None
    route_unit: str | None = None
    inspector: int | None = None
    public: bool = False
    late: bool = False
    returns: int = 0
    extensions: int = 0
    deferrals: int = 0
    suspensions: int = 0
    appealed: bool = False
    close_asked: bool = False
    terminal: bool = True
    dispatched_at: datetime | None = None
    return_open: bool = True
    budget_left: bool = True
    ruled: str | None = None
    unsafe: bool = False
    parts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ended_at: datetime | None = None
    asked: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The city's rules of procedure; `docs/city.md` [policy]. Hours are counted by the caller's calendar."""

    rework_clock: str = "rest"
    rework_limit: float = 0
    rework_time_class: str = "work_hour"
    return_within_hours: int = 4
    max_returns: int = 2
    referee_from: int = 2
    return_budget: int = 0
    return_budget_days: int = 30
    max_extensions: int = 2
    extend_first: Sequence[str] = ("dispatcher", "shift_leader")
    extend_more: Sequence[str] = ("leader", "supervisor")
    max_deferrals: int = 1
    max_suspensions: int = 1
    max_suspension_days: int = 365
    reopen_within_days: int = 30
    unanswered: str = "grant"
    unanswered_force_close: str = "refuse"
    unanswered_appeal: str = "refuse"
    self_dispatch: bool = False
    respites: Respites = field(default_factory=standard_respites)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The outcome: the row of the table that applies, and the state after."""

    transition: Transition
    to: State
    role: Role


def allowed(state: State | None, roles: frozenset[Role]) -> tuple[Action, ...]:
    """The actions that a holder of `roles` may try in `state`, in the table's order."""
    return tuple(
        row.action for row in TRANSITIONS if (state in row.frm or (state is None and not row.frm)) and row.by & roles
    )


def decide(case: Standing, action: Action, form: Form, roles: frozenset[Role], now: datetime, policy: Policy) -> Change:
    """Find the row, check post, form and the rules of procedure.

    Raises NotAllowed (wrong state, wrong post, or a rule of procedure; carries `allowed`), FormIncomplete.
    """
    row = BY_ACTION.get((case.state, action))
    if row is None or not row.by & roles:
        raise _not_allowed(case, action, roles, known=row is not None)
    posts = row.by & HIGHER_POSTS[action](case, form, policy) if action in HIGHER_POSTS else row.by
    if not posts & roles:
        raise _higher(case, posts)
    if form.reason is not None and not CODE.fullmatch(form.reason):
        raise FormIncomplete(
            "The reason is a code word from the list; write the rest into the note",
            zh="理由须从列表中选择，其他内容请写在说明里",
            fields={"reason": "not a code word"},
        )
    lacking = form.missing(row.needs)
    if lacking:
        raise FormIncomplete(
            f"This action needs {', '.join(lacking)}",
            zh=f"缺少：{'、'.join(lacking)}",
            fields=dict.fromkeys(lacking, "needed"),
        )
    rule = PROCEDURE.get(action)
    if rule is not None:
        rule(case, form, now, policy)
    return Change(transition=row, to=case.state if row.to is None else row.to, role=_post(posts, roles))  # type: ignore[arg-type]


def _post(posts: frozenset[Role], roles: frozenset[Role]) -> Role:
    """The post the person acts in: the first in the order of `Role`."""
    both = posts & roles
    return next(iter(both)) if len(both) == 1 else next(role for role in Role if role in both)


def _not_allowed(case: Standing, action: Action, roles: frozenset[Role], *, known: bool) -> NotAllowed:
    state = case.state.value if case.state else None
    why = (
        ("Your post may not do this here", "您的岗位不能执行此操作")
        if known
        else ("This cannot be done now", "当前环节不能执行此操作")
    )
    options = [a.value for a in allowed(case.state, roles)]
    return NotAllowed(why[0], zh=why[1], action=action.value, state=state, allowed=options)


def _higher(case: Standing, posts: frozenset[Role]) -> NotAllowed:
    words = ", ".join(sorted(posts - {Role.SYSTEM}))
    return NotAllowed(
        f"This one is for a higher post: {words}",
        zh="此项须由上级岗位审批",
        state=case.state.value if case.state else None,
        posts=sorted(posts - {Role.SYSTEM}),
    )


def _refuse(title: str, zh: str, case: Standing) -> NotAllowed:
    return NotAllowed(title, zh=zh, state=case.state.value if case.state else None)


def _may_return(case: Standing, policy: Policy) -> None:
    if not case.return_open:
        raise _refuse(
            f"A return must be asked within {policy.return_within_hours} working hours of dispatch",
            f"退单须在派遣后 {policy.return_within_hours} 个工作时内提出",
            case,
        )
    if case.returns >= policy.max_returns:
        raise _refuse(
            f"This case was already returned {case.returns} times; it stays where it is",
            f"本案已退单 {case.returns} 次，不得再退",
            case,
        )


def for_referee(returns: int, policy: Policy, *, budget_left: bool) -> bool:
    """Whether the next return is the referee's to decide: there were some before, or the unit has used up its own."""
    return 0 < policy.referee_from <= returns + 1 or not budget_left


def _return(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _may_return(case, policy)
    if for_referee(case.returns, policy, budget_left=case.budget_left):
        raise _refuse(
            "This return is for the referee: ask for a ruling", "本次退单须由裁定人裁定，请改为申请裁定", case
        )
    _cites(form)


def _ask_ruling(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _may_return(case, policy)
    if not for_referee(case.returns, policy, budget_left=case.budget_left):
        raise _refuse("The dispatcher decides on this return first", "本次退单先由派遣员审批", case)
    _cites(form)


def _cites(form: Form) -> None:
    """不是我的 is no reason: a return rests on a rule, or on words of its own."""
    if not form.clause and not form.note:
        raise FormIncomplete(
            "Cite the rule that this rests on, or write down why",
            zh="请引用所依据的规则编号，或写明理由",
            fields={"clause": "needed"},
        )


def _delay(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _respite(Action.ASK_DELAY, case, form, policy)


def _defer(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _respite(Action.ASK_DEFER, case, form, policy)
    _until(form, now, policy)


def _respite(action: Action, case: Standing, form: Form, policy: Policy) -> None:
    words = refusal(action, case, policy)
    if words is not None:
        raise _refuse(*words, case)
    check_reason(policy.respites[action], form)


def extenders(extensions: int, policy: Policy, *, estimate: bool) -> frozenset[Role]:
    """Who may extend a case extended so often before. `estimate`: by another length than one original limit."""
    first = extensions == 0 and not estimate
    return frozenset(map(Role, (*policy.extend_more, *(policy.extend_first if first else ())))) | {Role.SYSTEM}


def _extenders(case: Standing, form: Form, policy: Policy) -> frozenset[Role]:
    estimate = any((form.limit, form.time_class, case.asked.get("limit"), case.asked.get("time_class")))
    return extenders(case.extensions, policy, estimate=estimate)


def _suspend(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _respite(Action.ASK_SUSPEND, case, form, policy)
    _until(form, now, policy)


def _grant_suspension(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if form.until is not None:  # else the day that was asked
        _until(form, now, policy)


def _until(form: Form, now: datetime, policy: Policy) -> None:
    if form.until is None or form.until <= now:
        raise FormIncomplete(
            "Say until when: the end must lie ahead", zh="请填写截止时间，须晚于现在", fields={"until": "past"}
        )
    if form.until > now + timedelta(days=policy.max_suspension_days):
        raise FormIncomplete(
            f"At most {policy.max_suspension_days} days: choose an earlier end",
            zh=f"最长 {policy.max_suspension_days} 天，请填写更早的截止时间",
            fields={"until": "too far"},
        )


def _dispatch(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.ruled is not None and form.unit != case.ruled:
        raise _refuse(f"The referee has ruled: it goes to {case.ruled}", f"裁定已定：应派遣至 {case.ruled}", case)
    if case.route_unit is not None and form.unit != case.route_unit and not form.reason:
        raise FormIncomplete(
            "Another unit than the rule names needs a reason",
            zh="改派规则以外的单位须说明理由",
            fields={"reason": "needed"},
        )


def _reopen(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.asked.get("action") == Action.APPEAL.value:  # the next thing asked for would take its place
        raise _refuse("An appeal of this case waits: rule on it first", "本案申诉尚待裁定，请先裁定", case)
    if case.ended_at is not None and now > case.ended_at + timedelta(days=policy.reopen_within_days):
        raise _refuse(
            f"Closed more than {policy.reopen_within_days} days ago; report it anew",
            f"结案已超过 {policy.reopen_within_days} 天，请重新上报",
            case,
        )


def _appeal(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.appealed:
        raise _refuse("This case was appealed once already", "本案已申诉过一次", case)


def _ruling(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.asked.get("action") != Action.APPEAL.value:
        raise _refuse("No appeal of this case waits for a ruling", "本案没有待裁定的申诉", case)


def _ask_force_close(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.close_asked:
        raise _refuse("A forced close of this case waits for an answer", "本案的非正常结案申请正待审批", case)


def _force_close(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    """强制结案 takes two persons: one asks with a reason, another decides."""
    if not case.close_asked:
        raise _refuse("Nobody has asked for a forced close of this case", "本案没有待审批的非正常结案申请", case)


def _by_proxy(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.terminal:
        raise _refuse("This unit has its own terminal and answers for itself", "该单位已接入终端，应自行办理", case)


def _verify(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if form.result not in ("true", "false", "unknown"):
        raise FormIncomplete(
            "Say true, false or unknown",
            zh="请选择：属实、不属实、无法判断",
            fields={"result": "one of true, false, unknown"},
        )


def _send_verify(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if not case.public:
        raise _refuse("An inspector's own report is not verified before filing", "监督员上报的案件立案前无需核实", case)
    _send_task(case, form, now, policy)


def _send_task(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    """A task may be sent again, to somebody else: whoever has it would only get a second clock."""
    if case.inspector is not None and form.inspector == case.inspector:
        raise _refuse("This inspector has the task already", "该任务已在这名监督员手上", case)


def _assist_sign(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.parts.get(form.unit or "") != PART_SENT:
        raise _refuse("This unit has no part here that waits to be signed", "本单位没有待签收的协办任务", case)


def _assist_report(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if case.parts.get(form.unit or "") != PART_SIGNED:
        raise _refuse("This unit has no signed part here to report on", "本单位没有已签收、待反馈的协办任务", case)
    if not form.note and not form.photos:
        raise FormIncomplete(
            "Say in words or by a photo what was done", zh="请用文字或照片说明协办结果", fields={"note": "needed"}
        )


def _reply(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    """主办 replies when those who assist have reported, or says why it does not wait for them."""
    waiting = sorted(unit for unit, part in case.parts.items() if part in PARTS_OPEN)
    if waiting and not form.reason:
        raise FormIncomplete(
            f"Still to report: {', '.join(waiting)}. Wait for them, or say why not",
            zh="协办单位尚未反馈，请等待反馈，或选择不再等待的理由",
            fields={"reason": "needed"},
            units=waiting,
        )


def _reply_for(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    _by_proxy(case, form, now, policy)
    _reply(case, form, now, policy)


def _cordon(case: Standing, form: Form, now: datetime, policy: Policy) -> None:
    if not case.unsafe:
        raise _refuse("No cordon is waited for here", "本案没有待设置的围护", case)


# Which of the row's posts may, where that hangs on what is asked.
HIGHER_POSTS: dict[Action, Callable[[Standing, Form, Policy], frozenset[Role]]] = {Action.APPROVE_DELAY: _extenders}

PROCEDURE = {
    Action.SEND_VERIFY: _send_verify,
    Action.SEND_CHECK: _send_task,
    Action.ASK_RETURN: _return,
    Action.ASK_RULING: _ask_ruling,
    Action.ASK_DELAY: _delay,
    Action.ASK_DEFER: _defer,
    Action.ASK_SUSPEND: _suspend,
    Action.APPROVE_SUSPEND: _grant_suspension,
    Action.DISPATCH: _dispatch,
    Action.REOPEN: _reopen,
    Action.APPEAL: _appeal,
    Action.GRANT_APPEAL: _ruling,
    Action.REFUSE_APPEAL: _ruling,
    Action.ASK_FORCE_CLOSE: _ask_force_close,
    Action.FORCE_CLOSE: _force_close,
    Action.REFUSE_FORCE_CLOSE: _force_close,
    Action.SIGN_FOR: _by_proxy,
    Action.REPLY: _reply,
    Action.REPLY_FOR: _reply_for,
    Action.ASSIST_SIGN: _assist_sign,
    Action.ASSIST_REPORT: _assist_report,
    Action.VERIFY: _verify,
    Action.CORDON: _cordon,
}
