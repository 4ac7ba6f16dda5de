"""督办 owes an answer by a clock of its own: it stands on the leader's list and at the unit until it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.waiting import listed, waits_for
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import NotAllowed, NotFound
from tests.cases.town import MONDAY, Town, look, settled
from tests.duty.town import on_duty

A = Action
UNIT = "enforcement-a"


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def ordered(town: Town) -> Receipt:
    return town.do(town.handling(), A.SUPERVISE, "leader", reason="citizen")


def row(case: Receipt) -> dict[str, Any]:
    return look("SELECT * FROM cases WHERE id = %(id)s", id=case.case_id)[0]


def lists(who: Role) -> dict[str, tuple[int, int]]:
    with read() as tx:
        return {one.key: (one.count, one.late) for one in waits_for(tx, frozenset({who}))}


def told(case: Receipt, kind: str) -> set[str | None]:
    sql = """SELECT coalesce(o.unit_id, p.login) AS whom FROM outbox o LEFT JOIN person p ON p.id = o.person_id
              WHERE o.case_id = %(c)s AND o.kind = %(k)s"""
    return {found["whom"] for found in look(sql, c=case.case_id, k=kind)}


def broken() -> list[str]:
    return [
        f"{one.no} {breach.words}" for one in verify() for breach in one.first if one.no in ("I4", "I6", "I7", "I22")
    ]


def test_an_order_stands_until_it_is_answered_and_whoever_gave_it_is_told(town: Town) -> None:
    case = ordered(town)
    order = row(case)["supervision"]
    assert (order["reason"], order["by"]) == ("citizen", town.people["leader"].person_id)
    assert "supervise" in row(case)["clocks"]
    assert told(case, "supervise") == {UNIT}
    assert lists(Role.LEADER)["supervised"] == lists(Role.SHIFT_LEADER)["supervised"] == (1, 0)
    assert "supervised" not in lists(Role.DISPATCHER)
    with read() as tx:
        assert [found.number for found in listed(tx, "supervised")] == [case.number]
    town.later(minutes=5)
    town.do(case, A.ANSWER_SUPERVISION, UNIT, note="已派人", photos=(town.photo(5),))
    assert row(case)["supervision"] is None
    assert "supervise" not in row(case)["clocks"]
    assert row(case)["supervised"]
    assert told(case, "answer_supervision") == {"leader"}
    step = look("SELECT data FROM step WHERE case_id = %(c)s ORDER BY seq DESC LIMIT 1", c=case.case_id)[0]["data"]
    assert step["ontime"]["supervise"] is True
    assert broken() == []


def test_an_order_nobody_answers_goes_up_and_is_late(town: Town) -> None:
    case = ordered(town)
    due = MONDAY + timedelta(days=3)
    town.set(due)
    town.sweep()
    assert told(case, "lapse:supervise") == {UNIT, "leader"}
    assert lists(Role.LEADER)["supervised"] == (1, 1)
    assert broken() == []
    town.do(case, A.ANSWER_SUPERVISION, UNIT, note="迟复")
    step = look("SELECT data FROM step WHERE case_id = %(c)s ORDER BY seq DESC LIMIT 1", c=case.case_id)[0]["data"]
    assert step["ontime"]["supervise"] is False


def test_a_second_order_begins_the_time_anew_and_the_end_of_the_case_ends_it(town: Town) -> None:
    case = ordered(town)
    first = row(case)["clocks"]["supervise"]["due"]
    town.later(minutes=30)
    town.do(case, A.SUPERVISE, "shift_leader", reason="danger")
    assert row(case)["clocks"]["supervise"]["due"] > first
    assert row(case)["supervision"]["reason"] == "danger"
    town.forced(case)
    assert row(case)["supervision"] is None
    assert lists(Role.LEADER)["supervised"] == (0, 0)
    assert broken() == []


def test_another_unit_does_not_answer_nor_one_that_assists_and_nobody_twice(town: Town) -> None:
    case = ordered(town)
    for other in ("water", "landscaping", "dispatcher", "leader"):
        with pytest.raises((NotFound, NotAllowed)):
            town.do(case, A.ANSWER_SUPERVISION, other, note="替人回复")
    assert row(case)["supervision"] is not None
    town.do(case, A.ANSWER_SUPERVISION, UNIT, note="已派人")
    with pytest.raises(NotAllowed, match="No supervise order"):
        town.do(case, A.ANSWER_SUPERVISION, UNIT, note="再回复一次")
    assert told(case, "answer_supervision") == {"leader"}
    assert broken() == []


def test_before_it_is_with_a_unit_the_centre_answers_and_never_whoever_ordered(town: Town) -> None:
    case = town.do(town.told(), A.SUPERVISE, "leader", reason="citizen")
    with pytest.raises((NotFound, NotAllowed)):
        town.do(case, A.ANSWER_SUPERVISION, UNIT, note="不是我的")
    town.do(case, A.ANSWER_SUPERVISION, "acceptor", note="正在核实")
    assert told(case, "answer_supervision") == {"leader"}
    town.do(case, A.SUPERVISE, "shift_leader", reason="danger")
    with pytest.raises(NotAllowed, match="somebody else"):
        town.do(case, A.ANSWER_SUPERVISION, "shift_leader", note="我自己")
    town.do(case, A.ANSWER_SUPERVISION, "dispatcher", note="在办")
    assert row(case)["supervision"] is None
    assert broken() == []


def test_an_order_on_what_is_still_with_the_centre_is_told_to_the_centre(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-09-28T10:00") as town:
        case = town.do(town.told(), A.SUPERVISE, "leader", reason="citizen")
        assert told(case, "supervise") == {"hall"}


def test_verify_finds_an_order_that_was_wiped_away(town: Town) -> None:
    case = ordered(town)
    with write() as tx:
        execute(tx, "UPDATE cases SET supervision = NULL WHERE id = %(id)s", id=case.case_id)
    assert any("I22" in words for words in broken())
