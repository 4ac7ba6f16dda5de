"""Boards and inboxes: their order, their pages, and the index they walk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from dispatch.cases.read import BOARD, INBOX, Filters, Row, board, by_ids, inbox, mine, search, tally, tasks
from dispatch.cases.tables import OPEN
from dispatch.cluster import Urls
from dispatch.lifecycle.states import ENDED, Action, Pool, State
from gis.db import read, value
from tests.cases.town import MONDAY, Town, settled


@pytest.fixture(scope="module")
def town(database: object) -> Iterator[Town]:
    """A dozen cases: some due, some without a clock, two closed."""
    with settled() as here:
        for _ in range(5):
            here.replied()  # waits for the dispatcher without a clock of his own
            here.filed()
            here.later(minutes=3)
        here.closed()
        here.closed()
        yield here


def test_a_board_walked_by_small_pages_is_the_whole_board_in_order(town: Town) -> None:
    with read() as tx:
        whole = board(tx, Pool.DISPATCHER, limit=100)
        found: list[Row] = []
        while page := board(tx, Pool.DISPATCHER, after=found[-1].cursor if found else None, limit=2):
            found += page
    assert len(whole) == 10
    assert [row.number for row in found] == [row.number for row in whole]
    due = [row.stage_due_at for row in whole]
    assert due[:5] == sorted(at for at in due if at is not None)
    assert due[5:] == [None] * 5


def test_a_stage_of_a_board_is_only_that_stage(town: Town) -> None:
    with read() as tx:
        assert {row.state for row in board(tx, Pool.DISPATCHER, states=[State.FEEDBACK])} == {State.FEEDBACK}
        counts = {row.state: row.count for row in tally(tx, Pool.DISPATCHER)}
    assert counts == {State.FEEDBACK: 5, State.FILED: 5}


def test_an_inbox_of_several_units_is_one_list_by_time_left(town: Town) -> None:
    here, there = town.handling(), town.handling("enforcement-b", lon=114.0032, lat=22.5010)
    with read() as tx:
        whole = inbox(tx, ["enforcement-a", "enforcement-b"], states=[State.HANDLING])
        found: list[Row] = []
        while page := inbox(tx, ["enforcement-a", "enforcement-b"], after=found[-1].cursor if found else None, limit=3):
            found += page
    assert [row.number for row in whole] == [here.number, there.number]
    assert len(found) == len({row.id for row in found}) == 7


def test_an_inspector_finds_his_tasks_and_his_reports(town: Town) -> None:
    case = town.checking()
    who = town.people["inspector1"].person_id
    assert who is not None
    with read() as tx:
        assert [row.number for row in tasks(tx, who)] == [case.number]
        assert case.number in [row.number for row in mine(tx, who)]


def test_a_list_is_narrowed_by_what_is_asked(town: Town) -> None:
    with read() as tx:
        closed = search(tx, Filters(states=(State.CLOSED,)))
        assert {row.state for row in closed} == {State.CLOSED}
        assert search(tx, Filters(number=closed[0].number)) == [closed[0]]
        assert search(tx, Filters(unit="enforcement-a", category="E0405", since=MONDAY - timedelta(days=1)))
        assert not search(tx, Filters(until=MONDAY - timedelta(days=1)))
        first = search(tx, Filters(), limit=3)
        rest = search(tx, Filters(), after=(first[-1].reported_at, first[-1].id), limit=100)
        everything = search(tx, Filters(), limit=200)
        assert [row.id for row in first + rest] == [row.id for row in everything]
        assert by_ids(tx, [row.id for row in closed]) == closed


def test_what_is_closed_is_on_no_board(town: Town) -> None:
    with read() as tx:
        shown = [row.state for pool in Pool for row in board(tx, pool)]
    assert not ENDED & set(shown)


def test_the_condition_of_the_lists_is_the_condition_of_their_indexes() -> None:
    assert f"c.{OPEN.text}" in BOARD
    assert f"c.{OPEN.text}" in INBOX


def test_a_warned_case_is_first_when_it_is_due_first(town: Town) -> None:
    hazard = town.report("E0501")
    with read() as tx:
        assert board(tx, Pool.ACCEPTOR)[0].number == hazard.number
        assert value(tx, "SELECT hazard FROM cases WHERE number = %(n)s", n=hazard.number) is True
    town.do(hazard, Action.ACCEPT, "acceptor", category="E0501")


# 20,000 closed cases and 2,000 open ones of many units: enough that the planner would rather walk an index.
CROWD = """
    INSERT INTO cases (number, receipt, report_id, version, state, pool, source, public, unit_id, reported_at,
                       stage_due_at, last_at, last_hash)
    SELECT 'X' || n, 'X' || n, gen_random_uuid(), 1, CASE WHEN n %% 11 = 0 THEN 'filed' ELSE 'closed' END,
           CASE WHEN n %% 11 = 0 THEN 'dispatcher' ELSE 'nobody' END, 'inspector', false,
           (SELECT array_agg(id ORDER BY id) FROM unit)[1 + n %% 14], %(at)s + n * interval '1 minute',
           CASE WHEN n %% 3 > 0 THEN %(at)s + n * interval '2 minutes' END, %(at)s, ''
      FROM generate_series(1, 22000) n
"""


def test_board_and_inbox_walk_their_indexes_and_sort_nothing_but_the_page(town: Town, database: Urls) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute(CROWD, {"at": MONDAY})
        owner.execute("VACUUM ANALYZE cases")
    params = {"pool": "dispatcher", "units": ["enforcement-a"], "states": None, "limit": 50}
    params |= {"dated": True, "due": MONDAY - timedelta(days=9), "id": 0, "bare": 0}
    for sql, index, units in ((BOARD, "cases_pool_due", None), (INBOX, "cases_unit_due", ["enforcement-a"])):
        with read(as_units=units) as tx:
            lines = tx.connection.execute(f"EXPLAIN {sql}", params).fetchall()  # type: ignore[arg-type]
        plan = "\n".join(line[0] for line in lines)
        assert plan.count(f"using {index} on cases") == 2, plan
        assert "Seq Scan on cases" not in plan, plan
        assert "hashed SubPlan" not in plan, plan
