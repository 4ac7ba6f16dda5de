"""What happens to many cases in one transaction is what would happen to each by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.overdue import settle_case, sweep
from dispatch.cases.settle_many import PORTION, settle_many
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.parked import Kind, park, parked, try_again
from gis.db import execute, read, value, write
from gis.problems import Unavailable
from tests.cases.town import Town, look, settled

OWN = {"id", "number", "receipt", "report_id", "last_hash", "case_id", "message_id", "known_at", "recorded_at", "tx"}
OWN |= {"key", "form_hash", "previous", "hash", "created_at", "n"}
TABLES = {
    "cases": "SELECT to_jsonb(c) AS row FROM cases c WHERE id = %(case)s",
    "fact": "SELECT to_jsonb(f) AS row FROM fact f WHERE case_id = %(case)s",
    "step": "SELECT to_jsonb(s) AS row FROM step s WHERE case_id = %(case)s ORDER BY seq",
    "feed": "SELECT to_jsonb(f) - 'at' AS row FROM feed f WHERE case_id = %(case)s ORDER BY seq",
    "fired": "SELECT to_jsonb(f) AS row FROM fired f WHERE case_id = %(case)s ORDER BY kind, event",
    "outbox": "SELECT to_jsonb(o) AS row FROM outbox o WHERE case_id = %(case)s ORDER BY id",
}


ASSISTED = {"assist": ["unit:landscaping", "unit:water"], "assist_limit": {"value": 1, "time_class": "urgent_hour"}}


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        with psycopg.connect(fresh_database.owner) as owner:  # on main roads two units assist
            owner.execute(
                """UPDATE edition SET content = jsonb_set(content, '{rule,0}', content #> '{rule,0}' || %s::jsonb)
                    WHERE kind = 'rules'""",
                (json.dumps(ASSISTED),),
            )
            owner.execute("UPDATE city SET version = version + 1")
        yield town


def alike(case: Receipt) -> dict[str, list[dict[str, Any]]]:
    """Everything the tables say of a case, but for what is each one's own."""
    return {
        table: [{k: v for k, v in one["row"].items() if k not in OWN} for one in look(sql, case=case.case_id)]
        for table, sql in TABLES.items()
    }


def settle_by_itself(town: Town, case: Receipt) -> None:
    with write() as tx:
        settle_case(tx, case.case_id, now=town.now)


@pytest.mark.parametrize("stage", ["reported", "handling", "assisted", "suspended", "asked for a delay"])
def test_a_case_settled_among_many_stands_as_one_settled_by_itself(town: Town, stage: str) -> None:
    alone, *many = [_at(town, stage) for _ in range(4)]
    town.later(days=40)
    settle_by_itself(town, alone)
    before = alike(alone)
    sweep()
    assert [alike(case) for case in many] == [before] * len(many)
    assert len(before["step"]) > 1


def _at(town: Town, stage: str) -> Receipt:
    if stage == "reported":
        return town.report()
    if stage == "assisted":
        return town.handling("utilities", category="C0135", lon=114.0015, lat=22.5001)
    case = town.handling()
    if stage == "suspended":
        town.do(case, Action.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=20))
        town.do(case, Action.APPROVE_SUSPEND, "dispatcher")
    if stage == "asked for a delay":
        town.do(case, Action.ASK_DELAY, "enforcement-a", reason="weather")
    return case


def test_more_cases_than_one_portion_are_all_written(town: Town) -> None:
    cases = [town.report() for _ in range(PORTION + 3)]
    town.later(hours=1)
    with write() as tx:
        found = settle_many(tx, [case.case_id for case in cases])
    assert found.events == 2 * len(cases)
    assert look("SELECT count(*) AS n FROM fired")[0]["n"] == 2 * len(cases)


def test_a_case_in_somebodys_hand_is_left_to_him_and_named_by_its_absence(town: Town) -> None:
    held, free = town.report(), town.report()
    town.later(hours=1)
    with write() as mine:
        execute(mine, "SELECT FROM cases WHERE id = %(id)s FOR UPDATE", id=held.case_id)
        with write() as tx:
            found = settle_many(tx, [held.case_id, free.case_id])
    assert found.looked_at == {free.case_id}


def test_a_case_whose_data_cannot_be_settled_stops_none_of_the_others(town: Town) -> None:
    spoilt, other = town.report(), town.report()
    town.later(hours=1)
    with write() as tx:
        execute(
            tx,
            "UPDATE cases SET state = 'void' WHERE id = %(id)s",  # a state in which nothing can lapse
            id=spoilt.case_id,
        )
    sweep()
    with read() as tx:
        assert value(tx, "SELECT array_agg(DISTINCT case_id) FROM fired") == [other.case_id]
        (aside,) = parked(tx)
    assert (aside.case, aside.times) == (spoilt.number, 1)
    assert aside.fault.startswith("NotAllowed: ")
    assert aside.again_at - aside.last_at == timedelta(seconds=10)


def test_a_case_that_the_database_refuses_stops_none_of_the_others(town: Town) -> None:
    refused, other = town.report(), town.report()
    town.later(hours=1)
    with write() as tx:  # as if its lapse had been told already: the second row is refused
        execute(
            tx,
            "INSERT INTO fired (case_id, kind, epoch, event, seq, at) VALUES (%(id)s, 'accept', 1, 'warn', 1, now())",
            id=refused.case_id,
        )
    sweep()
    with read() as tx:
        (aside,) = parked(tx)
    assert aside.case == refused.number
    assert aside.fault.startswith("UniqueViolation: ")
    assert str(refused.case_id) not in aside.fault  # the row itself is not quoted
    told = look("SELECT event FROM fired WHERE case_id = %(id)s ORDER BY event", id=other.case_id)
    assert told == [{"event": "lapse"}, {"event": "warn"}]


def test_a_case_put_aside_by_a_clock_that_was_ahead_waits_for_no_such_time(town: Town) -> None:
    case = town.report()
    town.later(hours=1)
    park(Kind.CASE, {case.case_id: ValueError("at the wrong time")})
    assert sweep() == 0
    ahead = "UPDATE parked SET last_at = last_at + interval '400 days', again_at = again_at + interval '400 days'"
    with write() as tx:
        execute(tx, ahead)
    assert sweep() == 2


def test_a_case_put_aside_is_left_alone_until_its_time_and_forgotten_once_it_went_well(town: Town) -> None:
    case = town.report()
    town.later(hours=1)
    spoil = "UPDATE cases SET state = %(state)s WHERE id = %(id)s"
    with write() as tx:
        execute(tx, spoil, state="void", id=case.case_id)
    sweep()
    with write() as tx:
        execute(tx, spoil, state="reported", id=case.case_id)
    assert sweep() == 0  # not before its time
    with write() as tx:
        try_again(tx, Kind.CASE, str(case.case_id))
    assert sweep() == 2
    assert look("SELECT count(*) AS n FROM parked")[0]["n"] == 0


def test_each_further_failure_makes_the_next_attempt_wait_twice_as_long(town: Town) -> None:
    case = town.report()
    for _ in range(3):
        park(Kind.CASE, {case.case_id: ValueError("again")})
    with read() as tx:
        (aside,) = parked(tx)
    assert (aside.times, aside.again_at - aside.last_at) == (3, timedelta(seconds=40))


def test_a_worker_that_slept_on_its_transaction_is_told_so_and_has_lost_what_it_held(town: Town) -> None:
    case = town.report()
    lock = "SELECT id FROM cases WHERE id = %(id)s FOR UPDATE"
    with pytest.raises(Unavailable), write(patience=1) as frozen:
        value(frozen, lock, id=case.case_id)
        time.sleep(2)
        with write() as tx:
            assert value(tx, lock + " NOWAIT", id=case.case_id) == case.case_id
        value(frozen, "SELECT 1")
