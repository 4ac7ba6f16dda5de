"""The two clocks beside the stages: until the unit has signed, and until the citizen has an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.cases.waiting import TO_ANSWER, listed, waits_for
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from gis.db import read
from tests.cases.town import MONDAY, Town, look

pytestmark = pytest.mark.usefixtures("monday")

A = Action
ACCEPTOR = frozenset({Role.ACCEPTOR})


def row(case_id: int) -> dict[str, Any]:
    return look("SELECT * FROM cases WHERE id = %(id)s", id=case_id)[0]


def fact(case_id: int) -> dict[str, Any]:
    return look("SELECT * FROM fact WHERE case_id = %(id)s", id=case_id)[0]


def at(hours: int, minutes: int = 0, days: int = 0) -> datetime:
    return MONDAY.replace(hour=hours, minute=minutes) + timedelta(days=days)


def events(case_id: int, kind: str) -> list[tuple[str, datetime]]:
    asked = "SELECT event, at FROM fired WHERE case_id = %(id)s AND kind = %(kind)s ORDER BY at"
    found = look(asked, id=case_id, kind=kind)
    return [(one["event"], one["at"]) for one in found]


def test_two_clocks_run_for_a_unit_that_has_not_signed(town: Town) -> None:
    case = town.dispatched()
    assert set(row(case.case_id)["clocks"]) == {"dispose", "sign"}
    assert row(case.case_id)["stage_due_at"] == at(11)  # two working hours to sign
    assert row(case.case_id)["due_at"] == at(15)
    town.later(minutes=40)
    town.do(case, A.SIGN, "enforcement-a")
    assert set(row(case.case_id)["clocks"]) == {"dispose"}
    assert row(case.case_id)["stage_due_at"] == at(15)
    signed = fact(case.case_id)
    assert signed["signed_at"] - signed["dispatched_at"] == timedelta(minutes=40)
    assert signed["ontime_sign"] is True


def test_an_unsigned_case_warns_and_lapses_and_the_disposal_clock_is_untouched(town: Town) -> None:
    case = town.dispatched()
    town.set(at(11, 30))
    town.sweep()
    assert events(case.case_id, "sign") == [("warn", at(10, 36)), ("lapse", at(11))]
    assert row(case.case_id)["late"] is False
    assert row(case.case_id)["due_at"] == at(15)
    town.do(case, A.SIGN, "enforcement-a")
    assert fact(case.case_id)["ontime_sign"] is False


def test_a_unit_passed_on_to_has_its_own_time_to_sign_and_one_limit_for_the_work(town: Town) -> None:
    case = town.dispatched("district-a")
    due = row(case.case_id)["due_at"]
    town.later(minutes=30)
    town.do(case, A.SUBDISPATCH, "district-a", unit="enforcement-a")
    assert row(case.case_id)["stage_due_at"] == at(11, 30)
    assert row(case.case_id)["due_at"] == due


def test_who_asks_to_give_it_back_has_looked_at_it(town: Town) -> None:
    case = town.dispatched()
    town.do(case, A.ASK_RETURN, "enforcement-a", reason="not-ours")
    assert set(row(case.case_id)["clocks"]) == {"dispose", "approve"}


def told(town: Town) -> int:
    """A citizen's case that was closed at nine."""
    case = town.told()
    town.do(case, A.ACCEPT, "acceptor", category="E0405")
    town.do(case, A.FILE, "shift_leader", condition=1)
    town.do(case, A.DISPATCH, "dispatcher", unit="enforcement-a")
    town.do(case, A.SIGN, "enforcement-a")
    town.do(case, A.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.do(case, A.PASS_TO_CHECK, "dispatcher")
    town.do(case, A.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, A.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    return town.do(case, A.CLOSE, "shift_leader").case_id


def test_a_citizens_closed_case_stands_in_the_acceptors_list_until_it_is_answered(town: Town) -> None:
    case = told(town)
    assert row(case)["stage_due_at"] == at(9, days=1)  # one working day
    with read() as tx:
        assert case in [one.id for one in listed(tx, "to_answer")]
        counted = {one.key: one.count for one in waits_for(tx, ACCEPTOR)}
        assert counted["to_answer"] >= 1
        assert waits_for(tx, frozenset({Role.DISPATCHER})) == []
    town.later(hours=2)
    town.do(case, A.ANSWER_CITIZEN, "acceptor", note="已处理完毕")
    assert (row(case)["clocks"], row(case)["next_at"]) == ({}, None)
    assert (fact(case)["answered_at"], fact(case)["ontime_answer"]) == (town.now, True)
    with read() as tx:
        assert case not in [one.id for one in listed(tx, "to_answer")]


def test_an_answer_nobody_gave_lapses_at_its_instant_on_an_ended_case(town: Town) -> None:
    case = told(town)
    town.set(at(10, days=2))
    town.sweep()
    assert events(case, "reply_citizen") == [("warn", at(17, 24)), ("lapse", at(9, days=1))]
    assert row(case)["state"] == "closed"
    town.do(case, A.ANSWER_CITIZEN, "acceptor", note="抱歉来迟")
    town.do(case, A.ANSWER_CITIZEN, "acceptor", note="补充说明")
    assert (fact(case)["answered_at"], fact(case)["ontime_answer"]) == (town.now, False)


def test_a_refused_call_is_answered_too_and_an_inspectors_own_find_is_not(town: Town) -> None:
    refused = town.do(town.told(), A.REFUSE, "acceptor", reason="not-ours")
    assert set(row(refused.case_id)["clocks"]) == {"reply_citizen"}
    own = town.do(town.report(), A.REFUSE, "acceptor", reason="not-ours")
    assert row(own.case_id)["clocks"] == {}


def test_a_case_opened_again_owes_its_answer_again(town: Town) -> None:
    case = told(town)
    town.do(case, A.ANSWER_CITIZEN, "acceptor", note="已处理完毕")
    town.do(case, A.REOPEN, "shift_leader", reason="back_again")
    assert set(row(case)["clocks"]) == {"dispatch"}
    unanswered = told(town)
    town.do(unanswered, A.REOPEN, "shift_leader", reason="back_again")
    assert set(row(unanswered)["clocks"]) == {"dispatch"}


def test_the_list_of_those_who_wait_is_read_along_its_index(town: Town) -> None:
    asked = "EXPLAIN SELECT c.id FROM " + TO_ANSWER + " ORDER BY c.stage_due_at, c.id LIMIT 50"
    with read() as tx:
        tx.connection.execute("SET LOCAL enable_seqscan = off")
        plan = " ".join(line for (line,) in tx.connection.execute(asked).fetchall())
    assert "cases_to_answer" in plan
