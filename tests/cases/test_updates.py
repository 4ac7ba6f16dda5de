"""What an act costs the tables: an update that changes no index is HOT, and writes to none."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from dispatch.cases.act import Receipt, act
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.db import value, write
from tests.cases.town import Town, look

A = Action
HOT = "SELECT pg_stat_get_xact_tuples_hot_updated('fact'::regclass)"


def hot(town: Town, case: Receipt, action: Action, who: str, **form: Any) -> bool:
    """Whether the action changed the fact without a touch of its indexes."""
    with write() as tx:
        before = value(tx, HOT)  # of this connection, since it last told the others
        act(tx, case.case_id, action, town.people[who], Form(**form), key=uuid4())
        return bool(value(tx, HOT) > before)


def test_an_act_that_moves_no_time_of_the_figures_touches_no_index_of_the_fact(town: Town) -> None:
    case = town.report()
    assert hot(town, case, A.ACCEPT, "acceptor", category="E0405")
    assert hot(town, case, A.FILE, "shift_leader", condition=1)
    case = town.dispatched()
    assert hot(town, case, A.SIGN, "enforcement-a")
    assert not hot(town, case, A.REPLY, "enforcement-a", photos=(town.photo(2),))  # disposed_at is looked for


def test_a_fact_says_since_when_its_case_rests_and_nothing_once_it_is_taken_up_again(town: Town) -> None:
    settled_at = "SELECT settled_at, life, due_at, known_at FROM fact WHERE case_id = %(id)s"
    case = town.checking()
    town.do(case, A.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    assert look(settled_at, id=case.case_id)[0]["settled_at"] is None
    assert look(settled_at, id=case.case_id)[0]["life"] is None
    town.later(hours=1)
    town.do(case, A.CLOSE, "shift_leader")
    row = look(settled_at, id=case.case_id)[0]
    assert row["known_at"] == town.now
    assert row["settled_at"] == row["due_at"] > town.now  # until then a period may end before its deadline
    assert row["life"] is not None
    town.do(case, A.REOPEN, "shift_leader", reason="back_again")
    assert look(settled_at, id=case.case_id)[0]["settled_at"] is None
    assert look(settled_at, id=case.case_id)[0]["life"] is None
