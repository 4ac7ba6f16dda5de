"""The same thing sent again is done once; of two at once, one is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

import gis.db
from dispatch.cases.act import Receipt, act
from dispatch.cases.intake import Report, receive
from dispatch.cases.overdue import sweep
from dispatch.cluster import Urls
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.db import write
from gis.problems import Conflict, NotAllowed, NotFound, Problem
from tests.cases.town import Town, look, settled


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    gis.db.configure(database.app, size=32)
    with settled() as town:
        yield town


def at_once(runs: list[Callable[[], object]]) -> list[object]:
    """Start all together; each answer, or the problem it ended in."""
    gate = threading.Barrier(len(runs))

    def run(one: Callable[[], object]) -> object:
        gate.wait(20)
        try:
            return one()
        except Problem as problem:
            return problem

    with ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(run, runs))


def test_sixty_four_copies_of_a_report_are_one_case(town: Town) -> None:
    report = Report(id=uuid4(), source="inspector", category="E0405", lon=114.0005, lat=22.501)

    def send() -> object:
        with write() as tx:
            return receive(tx, report, town.people["inspector1"])

    answers = at_once([send] * 64)
    assert all(isinstance(answer, Receipt) for answer in answers), answers
    assert len({answer.number for answer in answers if isinstance(answer, Receipt)}) == 1
    assert sum(not answer.repeated for answer in answers if isinstance(answer, Receipt)) == 1
    assert look("SELECT count(*) AS n FROM cases WHERE report_id = %(id)s", id=report.id)[0]["n"] == 1
    assert look("SELECT count(*) AS n FROM step WHERE key = %(id)s", id=report.id)[0]["n"] == 1


def test_a_report_with_the_same_id_and_other_content_is_refused(town: Town) -> None:
    report = uuid4()
    town.report(id=report)
    with pytest.raises(Conflict):
        town.report("E0401", id=report)
    assert look("SELECT category FROM cases WHERE report_id = %(id)s", id=report)[0]["category"] == "E0405"


def test_an_act_with_the_same_key_gets_the_first_answer(town: Town) -> None:
    case, key = town.report(), uuid4()
    first = town.do(case, Action.ACCEPT, "acceptor", key=key, category="E0405")
    town.do(case, Action.FILE, "shift_leader", condition=1)
    again = town.do(case, Action.ACCEPT, "acceptor", key=key, category="E0405")
    assert (again.repeated, again.state, again.version) == (True, first.state, first.version)


def test_a_key_used_for_another_form_or_case_is_refused(town: Town) -> None:
    case, key = town.report(), uuid4()
    town.do(case, Action.ACCEPT, "acceptor", key=key, category="E0405")
    with pytest.raises(Conflict):
        town.do(case, Action.ACCEPT, "acceptor", key=key, category="E0401")
    with pytest.raises(Conflict):
        town.do(town.report(), Action.ACCEPT, "acceptor", key=key, category="E0405")


def test_a_stale_version_is_told_the_present_state(town: Town) -> None:
    case = town.report()
    town.do(case, Action.ACCEPT, "acceptor", category="E0405", version=1)
    with pytest.raises(Conflict) as refused:
        town.do(case, Action.FILE, "shift_leader", condition=1, version=1)
    assert refused.value.extra["state"] == "accepted"
    assert refused.value.extra["version"] == 2


def test_of_many_who_accept_one_case_one_wins(town: Town) -> None:
    case = town.report()

    def accept() -> object:
        with write() as tx:
            form = Form(category="E0405")
            return act(tx, case.case_id, Action.ACCEPT, town.people["acceptor"], form, key=uuid4(), version=1)

    answers = at_once([accept] * 8)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict | NotAllowed) for answer in answers) == 7
    assert look("SELECT count(*) AS n FROM step WHERE case_id = %(id)s", id=case.case_id)[0]["n"] == 2


def test_five_sweeps_at_once_fire_each_event_once(town: Town) -> None:
    cases = [town.report() for _ in range(12)]
    town.later(hours=1)
    total = sum(n for n in at_once([sweep] * 5) if isinstance(n, int))
    ids = [case.case_id for case in cases]
    fired = look("SELECT event, count(*) AS n FROM fired WHERE case_id = ANY(%(ids)s) GROUP BY event", ids=ids)
    assert {row["event"]: row["n"] for row in fired} == {"warn": 12, "lapse": 12}
    assert total >= 24


def test_a_department_neither_sees_nor_acts_on_anothers_case(town: Town) -> None:
    case = town.dispatched()
    with pytest.raises(NotFound):
        town.do(case, Action.SIGN, "street-b")
    with pytest.raises(NotFound), write() as tx:  # nor without row security
        act(tx, case.case_id, Action.SIGN, town.people["street-b"], key=uuid4())
    with gis.db.read(as_units=["street-b"]) as tx:
        for table in ("cases WHERE id", "step WHERE case_id", "fact WHERE case_id", "feed WHERE case_id"):
            assert gis.db.value(tx, f"SELECT count(*) FROM {table} = %(id)s", id=case.case_id) == 0
    with gis.db.read(as_units=["enforcement-a"]) as tx:
        assert gis.db.value(tx, "SELECT count(*) FROM step WHERE case_id = %(id)s", id=case.case_id) == 4
