"""A task sent to somebody who cannot do it is sent to somebody else, and nothing is charged to the second."""

from __future__ import annotations

import pytest

from dispatch.cases.waiting import listed
from dispatch.lifecycle.states import Action
from gis.db import execute, read, write
from gis.problems import NotAllowed
from tests.cases.town import Town, look

A = Action


def test_the_second_inspector_has_the_whole_limit_and_the_first_keeps_his_lapse(town: Town) -> None:
    case = town.checking()
    town.later(days=1)  # the first one's two hours are over
    town.sweep()
    second = town.people["inspector2"].person_id
    town.do(case, A.SEND_CHECK, "acceptor", inspector=second)
    row = look("SELECT inspector_id, clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]
    assert row["inspector_id"] == second
    assert row["clocks"]["check"]["fired"] == ""
    epochs = look(
        "SELECT data -> 'clocks' AS marks FROM step WHERE case_id = %(id)s AND action = 'send_check' ORDER BY seq",
        id=case.case_id,
    )
    marks = [mark for step in epochs for mark in step["marks"] if mark[1] == "check"]
    assert [mark[0] for mark in marks] == ["+", "-", "+"]
    assert marks[2][2] > marks[0][2]
    with pytest.raises(NotAllowed):
        town.do(case, A.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(case, A.CHECK_PASS, "inspector2", photos=(town.photo(3),))
    fact = look("SELECT * FROM fact WHERE case_id = %(id)s", id=case.case_id)[0]
    assert (fact["checker_id"], fact["ontime_check"], fact["ontime_send_check"]) == (second, True, True)


def test_a_verification_sent_again_keeps_when_it_was_first_sent(town: Town) -> None:
    case = town.told()
    town.do(case, A.SEND_VERIFY, "acceptor", inspector=town.people["inspector1"].person_id)
    town.later(hours=1)
    town.do(case, A.SEND_VERIFY, "acceptor", inspector=town.people["inspector2"].person_id)
    fact = look("SELECT * FROM fact WHERE case_id = %(id)s", id=case.case_id)[0]
    assert (fact["ontime_send_verify"], fact["verifier_id"]) == (True, town.people["inspector2"].person_id)
    told = look("SELECT kind, person_id FROM outbox WHERE case_id = %(id)s ORDER BY id DESC LIMIT 2", id=case.case_id)
    assert {(one["kind"], one["person_id"]) for one in told} == {
        ("task_taken", town.people["inspector1"].person_id),
        ("send_verify", town.people["inspector2"].person_id),
    }


def test_whoever_has_a_task_is_not_sent_it_again(town: Town) -> None:
    case = town.checking()
    with pytest.raises(NotAllowed):
        town.do(case, A.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)


def test_the_tasks_of_a_disabled_inspector_come_to_the_acceptor(town: Town) -> None:
    case = town.checking()
    third = town.people["inspector3"].person_id
    town.do(case, A.SEND_CHECK, "acceptor", inspector=third)
    with read() as tx:
        assert listed(tx, "unheld") == []
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE id = %(id)s", id=third)
    with read() as tx:
        assert [one.id for one in listed(tx, "unheld")] == [case.case_id]
    town.do(case, A.SEND_CHECK, "acceptor", inspector=town.people["inspector2"].person_id)
    with read() as tx:
        assert listed(tx, "unheld") == []
