"""An appeal waits for its ruling no longer than its limit; then it is ruled on by default, at that instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.cases.waiting import listed, waits_for
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import NotAllowed
from tests.cases.town import MONDAY, Town, look, settled

pytestmark = pytest.mark.usefixtures("monday")

A = Action
STAGE = """
    INSERT INTO edition (kind, name, in_force, source, content_hash, content)
    SELECT kind, 'with appeals', in_force, source, content_hash, content || %(more)s::jsonb
      FROM edition WHERE kind = 'stages' ORDER BY in_force DESC, id DESC LIMIT 1
"""


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    """A town that gives its referees eight working hours."""
    with settled() as town:
        with write() as tx:
            more = '[{"stage": "appeal", "limit": 8, "time_class": "work_hour", "urgent": false}]'
            execute(tx, STAGE, more=more)
            execute(tx, "UPDATE city SET version = version + 1")
        yield town


@pytest.mark.parametrize(("default", "action"), [("refuse", "refuse_appeal"), ("grant", "grant_appeal")])
def test_unanswered_it_is_ruled_on_by_default_at_its_instant(town: Town, default: str, action: str) -> None:
    case = town.closed()
    town.do(case, A.APPEAL, "enforcement-a", reason="data_error")
    with read() as tx:
        assert case.case_id in [one.id for one in listed(tx, "appealed")]
        assert [one.count for one in waits_for(tx, frozenset({Role.EVALUATOR}))] == [1]
    town.set(MONDAY + timedelta(days=2))
    with town.policy(unanswered_appeal=default):
        town.sweep()
    [step] = look(
        "SELECT action, at, role, data FROM step WHERE case_id = %(id)s AND action LIKE '%%_appeal'", id=case.case_id
    )
    assert (step["action"], step["at"], step["role"]) == (action, MONDAY + timedelta(days=1), "system")
    assert step["data"]["default"] is True
    [fact] = look("SELECT exempt FROM fact WHERE case_id = %(id)s", id=case.case_id)
    assert fact["exempt"] == (default == "grant")
    with read() as tx:
        assert listed(tx, "appealed") == []
    assert "I28" not in {finding.no for finding in verify() if not finding.holds}, (
        "the system ruled: nobody's own appeal"
    )


def test_a_ruling_in_time_stops_the_clock_and_nothing_lapses(town: Town) -> None:
    case = town.closed()
    town.do(case, A.APPEAL, "enforcement-a", reason="data_error")
    town.do(case, A.REFUSE_APPEAL, "supervisor", reason="not_founded")
    town.set(MONDAY + timedelta(days=9))
    town.sweep()
    assert look("SELECT 1 FROM fired WHERE case_id = %(id)s AND kind = 'appeal'", id=case.case_id) == []


def test_a_case_is_not_reopened_over_an_appeal_that_waits(town: Town) -> None:
    case = town.closed()
    town.do(case, A.APPEAL, "enforcement-a", reason="data_error")
    with pytest.raises(NotAllowed, match="rule on it first"):
        town.do(case, A.REOPEN, "shift_leader", reason="not_fixed")
    with read() as tx:
        assert case.case_id in [one.id for one in listed(tx, "appealed")]
    town.do(case, A.REFUSE_APPEAL, "supervisor", reason="not_founded")
    town.do(case, A.REOPEN, "shift_leader", reason="not_fixed")
    [row] = look("SELECT state, asked, clocks ? 'appeal' AS waits FROM cases WHERE id = %(id)s", id=case.case_id)
    assert row == {"state": "filed", "asked": None, "waits": False}
