"""Clocks under attack: no epoch twice, none that runs on after the end, no limit that nobody granted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from dispatch.lifecycle.states import ENDED, Action
from gis.problems import FormIncomplete
from tests.cases.town import Town, look

A = Action


def epochs(case_id: int, kind: str) -> list[int]:
    """The epochs in which a clock was started, in order."""
    steps = look("SELECT data FROM step WHERE case_id = %(id)s ORDER BY seq", id=case_id)
    marks = [mark for step in steps for mark in step["data"].get("clocks", ())]
    return [mark[2] for mark in marks if mark[0] == "+" and mark[1] == kind]


def test_an_approval_asked_again_after_much_time_has_passed_begins_another_epoch(town: Town) -> None:
    case = town.handling()
    limit = look("SELECT clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]["clocks"]["dispose"]
    assert limit["due"] < town.later(days=1).isoformat()  # a warning and a lapse wait to be settled by the next act
    for _ in range(3):
        town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=9))
        town.do(case, A.REFUSE_SUSPEND, "dispatcher", reason="other")
    started = epochs(case.case_id, "approve")
    assert started == sorted(set(started))


def test_no_case_that_has_ended_keeps_a_clock_or_waits_for_the_sweep(town: Town) -> None:
    reported, verified, accepted = town.report(), town.told(), town.report()
    inspector = town.people["inspector1"].person_id
    town.do(verified, A.SEND_VERIFY, "acceptor", inspector=inspector)
    town.do(verified, A.VERIFY, "inspector1", result="false")
    town.do(verified, A.MERGE, "acceptor", into=accepted.case_id)
    town.do(reported, A.REFUSE, "acceptor", reason="other")
    town.do(accepted, A.ACCEPT, "acceptor", category="E0405")
    town.do(accepted, A.VOID, "shift_leader", reason="other")
    suspended = town.handling()
    town.do(suspended, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=9))
    town.do(suspended, A.APPROVE_SUSPEND, "dispatcher")
    asked = town.handling()
    town.do(asked, A.ASK_DELAY, "enforcement-a", reason="weather")
    for case in (suspended, asked, town.checking(), town.filed(), town.dispatched(), town.replied()):
        town.forced(case)
    town.closed()
    town.later(days=60)
    town.sweep()
    ended = look("SELECT * FROM cases WHERE state = ANY(%(ended)s)", ended=[s.value for s in ENDED])
    assert len(ended) >= 10
    for row in ended:
        assert (row["next_at"], row["clocks"], row["stage_due_at"], row["asked"]) == (None, {}, None, None)
        assert row["suspended_until"] is None
        assert row["inspector_id"] is None
        assert row["ended_at"] is not None


@pytest.mark.parametrize("asked", [{"time_class": "bogus", "limit": Decimal(1)}, {"time_class": "bogus"}])
def test_an_extension_in_a_time_class_that_is_none_is_refused_before_it_can_stop_the_sweep(
    town: Town, asked: dict[str, Any]
) -> None:
    case = town.handling()
    with pytest.raises(FormIncomplete):
        town.do(case, A.ASK_DELAY, "enforcement-a", reason="weather", **asked)
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="weather")
    with pytest.raises(FormIncomplete):
        town.do(case, A.APPROVE_DELAY, "leader", **asked)


def test_an_extension_that_nobody_answered_is_one_original_limit_whatever_was_asked(town: Town) -> None:
    greedy, modest = town.handling(), town.handling()
    town.do(greedy, A.ASK_DELAY, "enforcement-a", reason="weather", limit=Decimal(3650), time_class="work_day")
    town.do(modest, A.ASK_DELAY, "enforcement-a", reason="weather")
    town.later(days=3)
    town.sweep()
    told = look("SELECT state, due_at FROM cases WHERE id IN (%(a)s, %(b)s)", a=greedy.case_id, b=modest.case_id)
    assert [row["state"] for row in told] == ["handling", "handling"]
    assert told[0]["due_at"] == told[1]["due_at"]


@pytest.mark.parametrize("days", [-1, 400])
def test_a_suspension_is_not_granted_into_the_past_nor_for_ever(town: Town, days: int) -> None:
    case = town.handling()
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=9))
    with pytest.raises(FormIncomplete):
        town.do(case, A.APPROVE_SUSPEND, "dispatcher", until=town.now + timedelta(days=days))


@pytest.mark.parametrize("action", [A.ASK_SUSPEND, A.ASK_DEFER])
@pytest.mark.parametrize("days", [-400, -1, 0])
def test_more_time_is_not_asked_for_until_a_date_before_the_case(town: Town, action: Action, days: int) -> None:
    case, reason = (town.handling(), "season") if action is A.ASK_SUSPEND else (town.dispatched(), "traffic")
    with pytest.raises(FormIncomplete, match="the end must lie ahead") as refused:
        town.do(case, action, "enforcement-a", reason=reason, until=town.now + timedelta(days=days))
    assert refused.value.extra["fields"] == {"until": "past"}


@pytest.mark.parametrize("hours", [-8760, 0])
def test_a_call_is_not_due_back_before_it_was_registered(town: Town, hours: int) -> None:
    with pytest.raises(FormIncomplete, match="due back before it was registered") as refused:
        town.told(hand_back_at=town.now + timedelta(hours=hours))
    assert refused.value.extra["fields"] == {"hand_back": "past"}
    again = {"id": uuid4(), "hand_back_at": town.now + timedelta(hours=1)}
    first = town.told(**again)
    town.later(days=1)
    assert town.told(**again).case_id == first.case_id  # what was taken once is answered again, whenever


def test_a_case_amended_to_a_dangerous_condition_is_dangerous(town: Town) -> None:
    rows = look(
        """SELECT g.category, min(g.no) FILTER (WHERE g.time_class LIKE 'work%%') AS calm,
                  min(g.no) FILTER (WHERE g.time_class LIKE 'urgent%%') AS urgent
             FROM filing_condition g JOIN category c ON c.code = g.category AND c.hazard GROUP BY 1"""
    )
    row = next(row for row in rows if row["calm"] and row["urgent"])
    case = town.filed(row["category"], row["calm"])
    town.do(case, A.AMEND, "dispatcher", reason="other", condition=row["urgent"], category=row["category"])
    assert look("SELECT hazard FROM cases WHERE id = %(id)s", id=case.case_id)[0]["hazard"]
    case = town.filed(row["category"], row["calm"])
    town.do(case, A.AMEND, "dispatcher", reason="other", condition=row["urgent"], component="x")
    assert look("SELECT hazard FROM cases WHERE id = %(id)s", id=case.case_id)[0]["hazard"]
