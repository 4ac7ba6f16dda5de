"""Every numbered transition is done once, by somebody who holds its post."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action, State
from dispatch.lifecycle.table import TRANSITIONS
from tests.cases.town import Town, look

A, S = Action, State
UNIT = "enforcement-a"
Way = Callable[[Town], Receipt]


def verifying(town: Town) -> Receipt:
    case = town.told()
    return town.do(case, A.SEND_VERIFY, "acceptor", inspector=town.people["inspector1"].person_id)


def verified(town: Town) -> Receipt:
    return town.do(verifying(town), A.VERIFY, "inspector1", result="true")


def accepted(town: Town) -> Receipt:
    return town.do(town.report(), A.ACCEPT, "acceptor", category="E0405")


def self_handled(town: Town) -> Receipt:
    return town.report(handled=True)


def merged(town: Town) -> Receipt:
    return town.do(town.report(), A.MERGE, "acceptor", into=town.report().case_id)


def return_asked(town: Town) -> Receipt:
    return town.do(town.handling(), A.ASK_RETURN, UNIT, reason="not-ours")


def returned_once(town: Town) -> Receipt:
    case = town.do(return_asked(town), A.APPROVE_RETURN, "dispatcher")
    return town.do(case, A.DISPATCH, "dispatcher", unit="street-a", reason="agreed")


def ruling_asked(town: Town) -> Receipt:
    return town.do(returned_once(town), A.ASK_RULING, "street-a", reason="no", clause="R-006", whose=UNIT)


def delay_asked(town: Town) -> Receipt:
    return town.do(town.handling(), A.ASK_DELAY, UNIT, reason="material")


def suspend_asked(town: Town) -> Receipt:
    until = town.now + timedelta(days=30)
    return town.do(town.handling(), A.ASK_SUSPEND, UNIT, reason="season", until=until)


def defer_asked(town: Town) -> Receipt:
    return town.do(town.dispatched(), A.ASK_DEFER, UNIT, reason="traffic", until=town.now + timedelta(days=5))


def suspended(town: Town) -> Receipt:
    return town.do(suspend_asked(town), A.APPROVE_SUSPEND, "shift_leader")


def close_asked(town: Town) -> Receipt:
    return town.do(suspended(town), A.ASK_FORCE_CLOSE, "supervisor", reason="void")


def ordered(town: Town) -> Receipt:
    return town.do(town.handling(), A.SUPERVISE, "leader", reason="hurry")


def ordered_early(town: Town) -> Receipt:
    return town.do(town.filed(), A.SUPERVISE, "leader", reason="hurry")


def check_pending(town: Town) -> Receipt:
    return town.do(town.replied(), A.PASS_TO_CHECK, "dispatcher")


def rework(town: Town) -> Receipt:
    return town.do(town.checking(), A.CHECK_FAIL, "inspector1", photos=(town.photo(6),))


def checked_ok(town: Town) -> Receipt:
    return town.do(town.checking(), A.CHECK_PASS, "inspector1", photos=(town.photo(6),))


def appealed(town: Town) -> Receipt:
    return town.do(town.closed(), A.APPEAL, UNIT, reason="wrong")


def unserved(town: Town) -> Receipt:
    return town.do(town.filed("E0104"), A.DISPATCH, "dispatcher", unit="sanitation")


def unserved_signed(town: Town) -> Receipt:
    return town.do(unserved(town), A.SIGN_FOR, "dispatcher", proxy="sheet")


def platform(town: Town) -> Receipt:
    case = town.filed("E0405")
    return town.do(case, A.DISPATCH, "dispatcher", unit="district-a", reason="whole_street")


PHOTO = {"photos": "one"}
INSPECTORS: dict[object, str] = {"one": "inspector1", "two": "inspector2"}
WAYS: tuple[tuple[int, Action, Way, str, dict[str, object], State], ...] = (
    (3, A.CONFIRM_HANDLED, self_handled, "acceptor", {}, S.SELF_CLOSED),
    (3, A.CONTEST_HANDLED, self_handled, "acceptor", {"reason": "not_done"}, S.REPORTED),
    (4, A.UNMERGE, merged, "acceptor", {"reason": "two_things"}, S.REPORTED),
    (5, A.SEND_VERIFY, Town.told, "acceptor", {"inspector": "one"}, S.VERIFYING),
    (5, A.SEND_VERIFY, verifying, "acceptor", {"inspector": "two"}, S.VERIFYING),
    (6, A.VERIFY, verifying, "inspector1", {"result": "false"}, S.VERIFIED),
    (7, A.REFUSE, verified, "acceptor", {"reason": "nothing_there"}, S.REFUSED),
    (8, A.ACCEPT, verified, "acceptor", {"category": "E0401"}, S.ACCEPTED),
    (9, A.FILE, accepted, "shift_leader", {"condition": 1}, S.FILED),
    (10, A.VOID, accepted, "shift_leader", {"reason": "mistake"}, S.VOID),
    (11, A.DISPATCH, Town.filed, "dispatcher", {"unit": UNIT}, S.DISPATCHED),
    (12, A.SUBDISPATCH, platform, "district-a", {"unit": UNIT}, S.DISPATCHED),
    (13, A.SIGN, Town.dispatched, UNIT, {}, S.HANDLING),
    (14, A.ASK_RETURN, Town.handling, UNIT, {"reason": "not-ours"}, S.RETURN_ASKED),
    (15, A.APPROVE_RETURN, return_asked, "dispatcher", {}, S.FILED),
    (16, A.REFUSE_RETURN, return_asked, "dispatcher", {"reason": "yours"}, S.HANDLING),
    (14, A.ASK_RULING, returned_once, "street-a", {"reason": "no", "clause": "R-006", "whose": UNIT}, S.RULING_ASKED),
    (15, A.RULE_OTHER, ruling_asked, "supervisor", {"reason": "by_rule", "unit": "sanitation"}, S.FILED),
    (16, A.RULE_STAY, ruling_asked, "leader", {"reason": "in_area"}, S.HANDLING),
    (17, A.ASK_DELAY, Town.handling, UNIT, {"reason": "material"}, S.DELAY_ASKED),
    (17, A.APPROVE_DELAY, delay_asked, "shift_leader", {}, S.HANDLING),
    (17, A.REFUSE_DELAY, delay_asked, "dispatcher", {"reason": "no"}, S.HANDLING),
    (18, A.APPROVE_SUSPEND, defer_asked, "dispatcher", {}, S.SUSPENDED),
    (18, A.APPROVE_SUSPEND, suspend_asked, "dispatcher", {}, S.SUSPENDED),
    (18, A.REFUSE_SUSPEND, suspend_asked, "dispatcher", {"reason": "no"}, S.HANDLING),
    (19, A.RESUME, suspended, "dispatcher", {}, S.HANDLING),
    (20, A.REPLY, Town.handling, UNIT, PHOTO, S.FEEDBACK),
    (21, A.REJECT_REPLY, Town.replied, "dispatcher", {"reason": "no_photo"}, S.HANDLING),
    (22, A.PASS_TO_CHECK, Town.replied, "dispatcher", {}, S.CHECK_PENDING),
    (23, A.SEND_CHECK, check_pending, "acceptor", {"inspector": "one"}, S.CHECKING),
    (23, A.SEND_CHECK, Town.checking, "acceptor", {"inspector": "two"}, S.CHECKING),
    (24, A.CHECK_PASS, Town.checking, "inspector1", PHOTO, S.CHECKED_OK),
    (25, A.CHECK_FAIL, Town.checking, "inspector1", PHOTO, S.REWORK),
    (25, A.SEND_REWORK, rework, "dispatcher", {}, S.HANDLING),
    (26, A.CLOSE, checked_ok, "shift_leader", {}, S.CLOSED),
    (27, A.SUPERVISE, Town.handling, "leader", {"reason": "hurry"}, S.HANDLING),
    (27, A.ANSWER_SUPERVISION, ordered, UNIT, {"note": "在办"}, S.HANDLING),
    (27, A.ANSWER_SUPERVISION, ordered_early, "dispatcher", {"note": "正在核定"}, S.FILED),
    (28, A.ASK_FORCE_CLOSE, suspended, "supervisor", {"reason": "void"}, S.SUSPENDED),
    (28, A.FORCE_CLOSE, close_asked, "leader", {}, S.CLOSED_FORCED),
    (28, A.REFUSE_FORCE_CLOSE, close_asked, "leader", {"reason": "can_be_done"}, S.SUSPENDED),
    (29, A.APPEAL, Town.closed, UNIT, {"reason": "wrong"}, S.CLOSED),
    (29, A.GRANT_APPEAL, appealed, "evaluator", {"reason": "right"}, S.CLOSED),
    (29, A.REFUSE_APPEAL, appealed, "supervisor", {"reason": "late_is_late"}, S.CLOSED),
    (30, A.AMEND, Town.filed, "dispatcher", {"reason": "class", "category": "E0401", "condition": 1}, S.FILED),
    (31, A.REOPEN, Town.closed, "shift_leader", {"reason": "back"}, S.FILED),
    (32, A.ANSWER_CITIZEN, Town.closed, "acceptor", {"note": "已处理"}, S.CLOSED),
    (32, A.REVISIT, Town.closed, "acceptor", {"satisfied": True}, S.CLOSED),
    (33, A.SIGN_FOR, unserved, "dispatcher", {"proxy": "sheet"}, S.HANDLING),
    (33, A.REPLY_FOR, unserved_signed, "dispatcher", {"proxy": "sheet", **PHOTO}, S.FEEDBACK),
)
BEGUN = {1: A.REPORT, 2: A.REGISTER, 3: A.REPORT_HANDLED, 4: A.MERGE, 18: A.ASK_SUSPEND}


@pytest.mark.parametrize(
    ("no", "action", "way", "who", "form", "to"), WAYS, ids=[f"{w[0]}-{w[1]}-{w[5]}" for w in WAYS]
)
def test_a_transition_is_done(
    town: Town, no: int, action: Action, way: Way, who: str, form: dict[str, object], to: State
) -> None:
    filled = {
        **form,
        **({"photos": (town.photo(11),)} if "photos" in form else {}),
        **({"inspector": town.people[INSPECTORS[form["inspector"]]].person_id} if "inspector" in form else {}),
    }
    case = way(town)
    done = town.do(case, action, who, **filled)
    assert done.state == to
    step = look(
        "SELECT action, to_state FROM step WHERE case_id = %(id)s AND seq = %(seq)s",
        id=case.case_id,
        seq=done.version,
    )
    assert step == [{"action": action, "to_state": to}]
    assert look("SELECT state FROM fact WHERE case_id = %(id)s", id=case.case_id) == [{"state": to}]


def test_a_registered_case_begins_reported(town: Town) -> None:
    case = town.report(None, "citizen", public=True, source="web")
    assert look("SELECT action FROM step WHERE case_id = %(id)s", id=case.case_id) == [{"action": "register"}]


def test_the_ways_above_are_all_there_are() -> None:
    here = {(way[0], way[1]) for way in WAYS} | set(BEGUN.items()) | {(18, A.ASK_DEFER)}
    assert {(row.no, row.action) for row in TRANSITIONS if row.no} == here
