"""强制结案 takes two persons and never stops the work meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.actor import Actor
from dispatch.cases.waiting import listed, waits_for
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from gis.db import read
from gis.problems import NotAllowed
from tests.cases.town import MONDAY, Town, look

pytestmark = pytest.mark.usefixtures("monday")

A = Action


def asked(town: Town, who: str = "shift_leader") -> Receipt:
    return town.do(town.handling(), A.ASK_FORCE_CLOSE, who, reason="cannot")


def row(case: Receipt) -> dict[str, Any]:
    return look("SELECT * FROM cases WHERE id = %(id)s", id=case.case_id)[0]


def test_whoever_asked_does_not_decide_whatever_posts_he_holds(town: Town) -> None:
    case = asked(town, "leader")
    town.people["both"] = Actor(
        person_id=town.people["leader"].person_id, roles=frozenset({Role.LEADER, Role.SUPERVISOR})
    )
    for who, action, form in (("leader", A.FORCE_CLOSE, {}), ("both", A.REFUSE_FORCE_CLOSE, {"reason": "other"})):
        with pytest.raises(NotAllowed):
            town.do(case, action, who, **form)
    assert town.do(case, A.FORCE_CLOSE, "supervisor").state == "closed_forced"
    step = look("SELECT data FROM step WHERE case_id = %(id)s ORDER BY seq DESC LIMIT 1", id=case.case_id)[0]
    assert step["data"]["asked"] == {"reason": "cannot"}
    assert row(case)["close_asked"] is None


def test_the_work_goes_on_while_it_waits(town: Town) -> None:
    case = asked(town)
    with read() as tx:
        assert case.case_id in [one.id for one in listed(tx, "close_asked")]
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="material")
    town.do(case, A.APPROVE_DELAY, "shift_leader")
    town.do(case, A.REPLY, "enforcement-a", photos=(town.photo(2),))
    assert town.do(case, A.REFUSE_FORCE_CLOSE, "leader", reason="can_be_done").state == "feedback"
    with read() as tx:
        assert case.case_id not in [one.id for one in listed(tx, "close_asked")]


def test_in_its_list_it_is_late_by_its_own_clock_and_not_by_the_cases_stage(town: Town) -> None:
    case = town.report()
    town.set(MONDAY + timedelta(days=1))  # nobody has accepted it for a day
    town.do(case, A.ASK_FORCE_CLOSE, "shift_leader", reason="cannot")
    assert row(case)["stage_due_at"] < MONDAY + timedelta(days=1)
    for later, late in ((timedelta(), 0), (timedelta(days=1), 1)):
        town.set(MONDAY + timedelta(days=1) + later)
        with read() as tx:
            found = next(one for one in waits_for(tx, frozenset({Role.LEADER})) if one.key == "close_asked")
        assert (found.count, found.late) == (1, late)


@pytest.mark.parametrize(("default", "state"), [("refuse", "handling"), ("grant", "closed_forced")])
def test_unanswered_it_is_decided_by_default_at_its_instant(town: Town, default: str, state: str) -> None:
    case = asked(town)  # the city sets no limit of its own for it: the four working hours of an approval
    town.set(MONDAY + timedelta(hours=7))
    with town.policy(unanswered_force_close=default):
        town.sweep()
    assert row(case)["state"] == state
    step = look(
        """SELECT action, at, role, data FROM step
            WHERE case_id = %(id)s AND action IN ('force_close', 'refuse_force_close')""",
        id=case.case_id,
    )[0]
    assert (step["at"], step["role"], step["data"]["default"]) == (MONDAY + timedelta(hours=6), "system", True)


def test_it_waits_on_while_the_case_is_sent_to_another_unit(town: Town) -> None:
    case = asked(town)
    town.do(case, A.AMEND, "dispatcher", reason="wrong_class", category="E0201", condition=1)
    assert set(row(case)["clocks"]) == {"dispatch", "force_close"}
    assert town.do(case, A.FORCE_CLOSE, "leader").state == "closed_forced"
    assert row(case)["clocks"] == {}


def test_an_ordinary_end_takes_the_question_away(town: Town) -> None:
    case = town.do(town.filed(), A.ASK_FORCE_CLOSE, "dispatcher", reason="cannot")
    town.do(case, A.VOID, "shift_leader", reason="gone")
    assert (row(case)["close_asked"], row(case)["clocks"]) == (None, {})
