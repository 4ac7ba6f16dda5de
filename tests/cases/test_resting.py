"""What rests is listed for all: counted by unit and age, the longest first, until it goes on by itself on its day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.resting import resting, stock
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import MONDAY, Town, look, settled

A = Action


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def suspended(town: Town, days: int) -> Receipt:
    case = town.handling()
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=days))
    return town.do(case, A.APPROVE_SUSPEND, "dispatcher")


def test_nothing_rests_in_a_new_town(town: Town) -> None:
    with read() as tx:
        assert (stock(tx, tx.now).cases, resting(tx, tx.now)) == (0, [])


def test_what_rests_ages_through_the_bands_and_wakes_on_its_day(town: Town) -> None:
    old = suspended(town, 100)
    town.set(MONDAY + timedelta(days=10))
    deferred = town.dispatched()
    until = town.now + timedelta(days=5)
    town.do(deferred, A.ASK_DEFER, "enforcement-a", reason="other", note="等待集中施工", until=until)
    town.do(deferred, A.APPROVE_SUSPEND, "shift_leader")
    with read() as tx:
        counted, rows = stock(tx, tx.now), resting(tx, tx.now)
        young = resting(tx, tx.now, band=0)
        aged = resting(tx, tx.now, band=1, unit="enforcement-a")
        others = resting(tx, tx.now, unit="enforcement-b")
    assert counted.units == {"enforcement-a": (1, 1, 0, 0)}
    assert (counted.oldest, counted.next) == (MONDAY, until)
    assert [(row.number, row.kind, row.reason) for row in rows] == [
        (old.number, "ask_suspend", "season"),
        (deferred.number, "ask_defer", "other"),
    ]
    assert rows[1].why is not None
    assert rows[1].why["name_en"] == "Other (write a note)"
    assert ([row.id for row in young], [row.id for row in aged]) == ([deferred.case_id], [old.case_id])
    assert others == []
    town.set(until + timedelta(minutes=1))
    town.sweep()
    states = look("SELECT id, state, deferrals, suspensions FROM cases ORDER BY id")
    assert [(row["state"], row["deferrals"], row["suspensions"]) for row in states] == [
        ("suspended", 0, 1),
        ("handling", 1, 0),
    ]
    with read() as tx:
        assert [row.id for row in resting(tx, tx.now)] == [old.case_id]


def test_pages_follow_each_other_without_a_gap(town: Town) -> None:
    cases = [suspended(town, 50).case_id for _ in range(3)]
    with read() as tx:
        first = resting(tx, tx.now, limit=2)
        rest = resting(tx, tx.now, limit=2, last=(first[-1].since, first[-1].id))
    assert [row.id for row in (*first, *rest)] == cases


def test_asking_to_defer_counts_as_signing_and_stops_that_clock(town: Town) -> None:
    case = town.dispatched()
    town.later(minutes=5)
    town.do(case, A.ASK_DEFER, "enforcement-a", reason="traffic", until=town.now + timedelta(days=2))
    fact = look("SELECT signed_at, ontime_sign FROM fact WHERE case_id = %(id)s", id=case.case_id)
    assert fact == [{"signed_at": town.now, "ontime_sign": True}]
    town.do(case, A.REFUSE_SUSPEND, "dispatcher", reason="urgent")
    [after] = look("SELECT state, clocks ? 'sign' AS signs, deferrals FROM cases WHERE id = %(id)s", id=case.case_id)
    assert after == {"state": "handling", "signs": False, "deferrals": 0}
