"""The closed loop, walked both ways: every pair of the table works, every other is refused with what is allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dispatch.cases.read import DRESS
from dispatch.lifecycle.decide import Policy, Standing, allowed, decide
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import ENDED, HOLDER, Action, Pool, State
from dispatch.lifecycle.table import BY_ACTION, TAKES_ON, TRANSITIONS
from dispatch.people.roles import Role
from gis.problems import FormIncomplete, NotAllowed

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
POLICY = Policy()
FULL = Form(
    unit="roads",
    inspector=7,
    reason="other",
    condition=1,
    category="C0101",
    lon=114.0,
    lat=22.5,
    until=NOW + timedelta(days=30),
    limit=Decimal(1),
    time_class="work_day",
    result="true",
    into=9,
    satisfied=True,
    clause="R-005",
    whose="nobody",
    proxy="printed sheet 12",
    photos=("a" * 64,),
    note="words",
)
PAIRS = [(state, row) for row in TRANSITIONS for state in (row.frm or {None})]
STATES: list[State | None] = [None, *State]


def standing(state: State | None, action: Action) -> Standing:
    """A case on which nothing but the table can stand in the way of `action`."""
    appealed = action in (Action.GRANT_APPEAL, Action.REFUSE_APPEAL)
    proxy = action in (Action.SIGN_FOR, Action.REPLY_FOR)
    asked = {"action": "appeal"} if appealed else {}
    part = {Action.ASSIST_SIGN: "sent", Action.ASSIST_REPORT: "signed"}.get(action)
    forced = action in (Action.FORCE_CLOSE, Action.REFUSE_FORCE_CLOSE)
    return Standing(
        close_asked=forced,
        unsafe=action is Action.CORDON,
        parts={"roads": part} if part else {},
        returns=int(action is Action.ASK_RULING),
        state=state,
        appealed=appealed,
        asked=asked,
        public=True,
        terminal=not proxy,
        dispatched_at=NOW,
        ended_at=NOW,
    )


@pytest.mark.parametrize(("state", "row"), PAIRS, ids=lambda v: getattr(v, "action", v))
def test_every_pair_in_the_table_works_for_every_post_named(state: State | None, row: object) -> None:
    for role in row.by:  # type: ignore[attr-defined]
        form = replace(FULL, limit=None, time_class=None) if row.action is Action.APPROVE_DELAY else FULL  # type: ignore[attr-defined]
        change = decide(standing(state, row.action), row.action, form, frozenset({role}), NOW, POLICY)  # type: ignore[attr-defined]
        assert change.to == (row.to or state)  # type: ignore[attr-defined]
        assert change.role == role


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", list(Action))
def test_every_pair_outside_the_table_is_refused_with_what_is_allowed(state: State | None, action: Action) -> None:
    if (state, action) in BY_ACTION:
        return
    roles = frozenset(Role)
    with pytest.raises(NotAllowed) as refusal:
        decide(standing(state, action), action, FULL, roles, NOW, POLICY)
    assert refusal.value.extra["allowed"] == [a.value for a in allowed(state, roles)]


@pytest.mark.parametrize(("state", "row"), PAIRS, ids=lambda v: getattr(v, "action", v))
def test_a_post_not_named_in_the_row_is_refused(state: State | None, row: object) -> None:
    others = frozenset(Role) - row.by  # type: ignore[attr-defined]
    with pytest.raises(NotAllowed):
        decide(standing(state, row.action), row.action, FULL, others, NOW, POLICY)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("state", "row"), [p for p in PAIRS if p[1].needs], ids=lambda v: getattr(v, "action", v))
def test_an_empty_form_is_told_every_field_it_lacks(state: State | None, row: object) -> None:
    with pytest.raises(FormIncomplete) as refusal:
        decide(standing(state, row.action), row.action, Form(), row.by, NOW, POLICY)  # type: ignore[attr-defined]
    assert set(refusal.value.extra["fields"]) == row.needs  # type: ignore[attr-defined, arg-type]


def test_all_33_transitions_of_the_closed_loop_stand_in_the_table() -> None:
    assert {row.no for row in TRANSITIONS} - {0} == set(range(1, 34))


def test_no_pair_of_state_and_action_stands_twice() -> None:
    assert len(BY_ACTION) == len(PAIRS)


def test_each_state_has_exactly_one_holder_and_only_ended_ones_have_none() -> None:
    assert set(HOLDER) == set(State)
    assert {state for state, pool in HOLDER.items() if pool is Pool.NOBODY} == ENDED


def test_every_state_can_be_reached_and_every_open_state_can_be_left() -> None:
    reached = {row.to for row in TRANSITIONS if row.to}
    assert reached == set(State)
    for state in set(State) - ENDED:
        assert any(row.to not in (None, state) and state in row.frm for row in TRANSITIONS), state


def test_acceptor_shift_leader_and_dispatcher_are_separate_posts() -> None:
    own = {
        Role.ACCEPTOR: Action.ACCEPT,
        Role.SHIFT_LEADER: Action.FILE,
        Role.DISPATCHER: Action.DISPATCH,
    }
    for role, action in own.items():
        for row in TRANSITIONS:
            if row.action is action:
                assert not row.by & (set(own) - {role})


PROCEDURE = [
    ("a return comes too late", Action.ASK_RETURN, State.HANDLING, {"return_open": False}),
    ("the second return is the referee's", Action.ASK_RETURN, State.HANDLING, {"returns": 1}),
    ("the first return is the dispatcher's", Action.ASK_RULING, State.HANDLING, {}),
    ("a ruling would be one return too many", Action.ASK_RULING, State.HANDLING, {"returns": 2}),
    ("the referee ruled otherwise", Action.DISPATCH, State.FILED, {"ruled": "water"}),
    ("a case was returned too often", Action.ASK_RETURN, State.HANDLING, {"returns": 2}),
    ("the unit has used up its returns", Action.ASK_RETURN, State.HANDLING, {"budget_left": False}),
    ("an extension is asked after the deadline", Action.ASK_DELAY, State.HANDLING, {"late": True}),
    ("a third extension is asked", Action.ASK_DELAY, State.HANDLING, {"extensions": 2}),
    ("a second deferral is asked", Action.ASK_DEFER, State.DISPATCHED, {"deferrals": 1}),
    ("a second suspension is asked", Action.ASK_SUSPEND, State.HANDLING, {"suspensions": 1}),
    ("nobody asked for a forced close", Action.FORCE_CLOSE, State.HANDLING, {}),
    ("a forced close is asked twice", Action.ASK_FORCE_CLOSE, State.HANDLING, {"close_asked": True}),
    ("a case is appealed twice", Action.APPEAL, State.CLOSED, {"appealed": True}),
    ("nobody appealed", Action.GRANT_APPEAL, State.CLOSED, {"appealed": False}),
    ("it was closed too long ago", Action.REOPEN, State.CLOSED, {"ended_at": NOW - timedelta(days=31)}),
    ("the unit does not assist here", Action.ASSIST_SIGN, State.HANDLING, {}),
    ("the part was signed before", Action.ASSIST_SIGN, State.HANDLING, {"parts": {"roads": "signed"}}),
    ("the part is reported before it is signed", Action.ASSIST_REPORT, State.HANDLING, {"parts": {"roads": "sent"}}),
    ("the part was reported before", Action.ASSIST_REPORT, State.HANDLING, {"parts": {"roads": "done"}}),
    ("the unit has its own terminal", Action.SIGN_FOR, State.DISPATCHED, {"terminal": True}),
]


@pytest.mark.parametrize(("why", "action", "state", "given"), PROCEDURE, ids=[p[0] for p in PROCEDURE])
def test_the_rules_of_procedure_refuse_if(why: str, action: Action, state: State, given: dict[str, object]) -> None:
    with pytest.raises(NotAllowed):
        decide(Standing(state=state, **given), action, FULL, frozenset(Role), NOW, POLICY)  # type: ignore[arg-type]


def test_a_return_rests_on_a_rule_or_on_words_of_its_own() -> None:
    case, by = Standing(state=State.HANDLING), frozenset({Role.DEPARTMENT})
    with pytest.raises(FormIncomplete) as refusal:
        decide(case, Action.ASK_RETURN, Form(reason="not_owner", whose="nobody"), by, NOW, POLICY)
    assert refusal.value.extra["fields"] == {"clause": "needed"}
    for given in ({"clause": "R-005"}, {"note": "产权证显示属物业公司"}):
        form = Form(reason="not_owner", whose="nobody", **given)
        assert decide(case, Action.ASK_RETURN, form, by, NOW, POLICY).to is State.RETURN_ASKED


def test_the_lead_replies_when_those_who_assist_have_reported_or_says_why_not() -> None:
    by, photos = frozenset({Role.DEPARTMENT}), ("a" * 64,)
    for part in ("sent", "signed"):
        case = Standing(state=State.HANDLING, parts={"police": part, "gas": "done"})
        with pytest.raises(FormIncomplete) as refusal:
            decide(case, Action.REPLY, Form(photos=photos), by, NOW, POLICY)
        assert refusal.value.extra["units"] == ["police"]
        assert decide(case, Action.REPLY, Form(photos=photos, reason="not_needed"), by, NOW, POLICY)
    done = Standing(state=State.HANDLING, parts={"police": "done", "gas": "dropped"})
    assert decide(done, Action.REPLY, Form(photos=photos), by, NOW, POLICY).to is State.FEEDBACK


def test_who_assists_reports_in_words_or_by_a_photo() -> None:
    case, by = Standing(state=State.HANDLING, parts={"police": "signed"}), frozenset({Role.DEPARTMENT})
    with pytest.raises(FormIncomplete):
        decide(case, Action.ASSIST_REPORT, Form(unit="police"), by, NOW, POLICY)
    for given in ({"note": "现场已疏导"}, {"photos": ("a" * 64,)}):
        assert decide(case, Action.ASSIST_REPORT, Form(unit="police", **given), by, NOW, POLICY).to is State.HANDLING  # type: ignore[arg-type]


EXTENSIONS = [
    ({}, {}, True),  # the first, one original limit
    ({"extensions": 1}, {}, False),
    ({"asked": {"limit": "3"}}, {}, False),
    ({"asked": {"time_class": "work_day"}}, {}, False),
    ({}, {"limit": Decimal(1)}, False),  # the approver's own estimate is one too
]


@pytest.mark.parametrize(("given", "form", "first"), EXTENSIONS)
def test_only_a_first_preset_extension_is_granted_below_the_leader(
    given: dict[str, object], form: dict[str, object], first: bool
) -> None:
    case = Standing(state=State.DELAY_ASKED, **given)  # type: ignore[arg-type]
    for role in (Role.DISPATCHER, Role.SHIFT_LEADER, Role.LEADER, Role.SUPERVISOR, Role.SYSTEM):
        roles, asked = frozenset({role}), Form(**form)  # type: ignore[arg-type]
        if first or role not in (Role.DISPATCHER, Role.SHIFT_LEADER):
            assert decide(case, Action.APPROVE_DELAY, asked, roles, NOW, POLICY).role is role
        else:
            with pytest.raises(NotAllowed) as refusal:
                decide(case, Action.APPROVE_DELAY, asked, roles, NOW, POLICY)
            assert refusal.value.extra["posts"] == ["leader", "supervisor"]


def test_who_may_extend_is_the_citys_to_say() -> None:
    policy = Policy(extend_first=["dispatcher"], extend_more=["shift_leader"])
    again = Standing(state=State.DELAY_ASKED, extensions=1)
    assert decide(again, Action.APPROVE_DELAY, Form(), frozenset({Role.SHIFT_LEADER}), NOW, policy)
    with pytest.raises(NotAllowed):
        decide(again, Action.APPROVE_DELAY, Form(), frozenset({Role.LEADER}), NOW, policy)


def test_another_unit_than_the_rule_names_needs_a_reason() -> None:
    case = Standing(state=State.FILED, route_unit="water")
    with pytest.raises(FormIncomplete):
        decide(case, Action.DISPATCH, Form(unit="roads"), frozenset({Role.DISPATCHER}), NOW, POLICY)
    given = Form(unit="roads", reason="owner_known")
    assert decide(case, Action.DISPATCH, given, frozenset({Role.DISPATCHER}), NOW, POLICY).to is State.DISPATCHED


@pytest.mark.parametrize("reason", ["张三 13800138000", "two words", "a\0", "<b>", "x" * 41])
def test_a_reason_is_a_code_word_since_a_step_is_for_ever(reason: str) -> None:
    with pytest.raises(FormIncomplete):
        decide(Standing(state=State.REPORTED), Action.REFUSE, Form(reason=reason), frozenset(Role), NOW, POLICY)


def test_an_inspectors_own_find_is_not_sent_to_be_verified() -> None:
    with pytest.raises(NotAllowed):
        form = Form(inspector=1)
        decide(Standing(state=State.REPORTED), Action.SEND_VERIFY, form, frozenset({Role.ACCEPTOR}), NOW, POLICY)


def test_a_suspension_ends_ahead_and_within_a_year() -> None:
    for until in (NOW, NOW + timedelta(days=366)):
        with pytest.raises(FormIncomplete):
            form = Form(reason="season", until=until)
            decide(Standing(state=State.HANDLING), Action.ASK_SUSPEND, form, frozenset({Role.DEPARTMENT}), NOW, POLICY)


def test_lists_name_the_holder_by_the_actions_that_take_a_matter_on() -> None:
    """The statement spells them out, as it may not be put together; the words are these and no others."""
    said = re.search(r"s\.action IN \((.*?)\)", DRESS, re.DOTALL)
    assert said is not None
    assert {Action(word) for word in re.findall(r"'(\w+)'", said[1])} == TAKES_ON
