"""A calendar changes: open deadlines are counted anew, the old ones never fire, and what moved is on record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from dispatch.backlog import backlog
from dispatch.calendars.change import Asked, decide, propose
from dispatch.calendars.turn import moves, recount_some, turn_of
from dispatch.cases.act import Receipt
from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.verify.finding import Finding
from dispatch.verify.history import check_history
from gis.db import column, execute, read, value, write
from tests.cases.town import MONDAY, Town, look, settled
from tests.worker.test_worker import until

TUESDAY = (MONDAY + timedelta(days=1)).date()


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        town.later(hours=7)  # what is to be done by tomorrow
        yield town


def decree(town: Town, *off: date, since: date) -> int:
    """A calendar in which these days are days off, published now."""
    with write() as tx:
        kept = value(tx, "SELECT content FROM edition WHERE kind = 'calendar' ORDER BY in_force DESC, id DESC LIMIT 1")
        exceptions = kept["exceptions"] | {day.isoformat(): False for day in off}
        edition: int = value(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content, published_at)
               VALUES ('calendar', gen_random_uuid()::text, %(since)s, 'decree', '', %(content)s, %(now)s)
               RETURNING id""",
            since=since,
            content=Jsonb({**kept, "exceptions": exceptions}),
            now=town.now,
        )
        execute(tx, "UPDATE city SET version = version + 1")
    return edition


def dispose(case: Receipt) -> dict[str, Any]:
    found: dict[str, Any] = look("SELECT clocks FROM cases WHERE id = %(id)s", id=case.case_id)[0]["clocks"]["dispose"]
    return found


def recounts(case: Receipt) -> list[dict[str, Any]]:
    return look("SELECT at, data FROM step WHERE case_id = %(id)s AND action = 'recount'", id=case.case_id)


def sweep_all() -> None:
    while recount_some():
        pass


def faults() -> list[str]:
    found = {no: Finding(no=no, says="") for no in ("I4", "I6", "I7", "I8", "I11")}
    with read() as tx:
        check_history(tx, found)
    return [f"{finding.no} {finding.first}" for finding in found.values() if finding.count]


def test_an_open_deadline_moves_with_the_calendar_and_the_old_one_never_fires(town: Town) -> None:
    case = town.handling()
    before = dispose(case)
    old = datetime.fromisoformat(before["due"])
    edition = decree(town, old.astimezone(MONDAY.tzinfo).date(), since=town.now.date() + timedelta(days=1))
    town.later(days=1)
    sweep_all()

    after = dispose(case)
    new = datetime.fromisoformat(after["due"])
    assert new > old
    assert after["epoch"] > before["epoch"]
    (step,) = recounts(case)
    assert step["at"] == datetime.combine(town.now.date(), datetime.min.time(), MONDAY.tzinfo)  # when the day began
    assert step["data"]["moved"]["dispose"] == [old.isoformat(), new.isoformat()]
    with read() as tx:
        listed = [move for move in moves(tx, edition, MONDAY) if move.clock == "dispose"]
        turn = turn_of(tx, edition)
    assert [(move.case, move.from_due, move.to_due) for move in listed] == [(case.number, old, new)]
    assert turn is not None
    assert (turn.cases, turn.moved, turn.done_at) == (1, 1, town.now)
    town.set(old + timedelta(minutes=1))
    town.sweep()
    lapsed = "SELECT epoch, event, at FROM fired WHERE case_id = %(id)s AND kind = 'dispose' AND event = 'lapse'"
    assert not look(lapsed, id=case.case_id)
    town.set(new + timedelta(minutes=1))
    town.sweep()
    assert look(lapsed, id=case.case_id) == [{"epoch": after["epoch"], "event": "lapse", "at": new}]
    assert faults() == []


def test_who_acts_before_the_sweep_leaves_the_same_history(town: Town) -> None:
    case, other = town.handling(), town.handling()
    due = datetime.fromisoformat(dispose(case)["due"]).astimezone(MONDAY.tzinfo)
    decree(town, due.date(), since=town.now.date() + timedelta(days=1))
    town.later(days=1)
    town.do(case, Action.REPLY, "enforcement-a", note="done", photos=(town.photo(),))
    sweep_all()

    (acted,), (swept,) = recounts(case), recounts(other)
    assert acted["at"] == swept["at"]
    assert acted["data"]["moved"]["dispose"] == swept["data"]["moved"]["dispose"]
    assert faults() == []


def test_a_deadline_that_does_not_move_is_left_alone(town: Town) -> None:
    case = town.handling()
    before = dispose(case)
    decree(town, date(2027, 1, 4), since=TUESDAY)
    town.later(days=1)
    sweep_all()

    assert recounts(case) == []
    assert dispose(case)["due"] == before["due"]
    assert faults() == []


def test_other_hours_from_tomorrow_leave_what_was_worked_until_then(town: Town) -> None:
    """Two of four hours are used on Monday afternoon; from Tuesday on the day begins at ten."""
    case = town.handling()  # at four in the afternoon
    assert datetime.fromisoformat(dispose(case)["due"]) == MONDAY + timedelta(days=1, hours=1)  # 10:00
    author, other = (town.people[who].person_id or 0 for who in ("dispatcher", "leader"))
    asked = Asked(notice="", seasons="01-01 12-31 10:00-15:00", year=2026, in_force=TUESDAY)
    with write() as tx:
        made = propose(tx, books(tx), author, asked, name="late-hours", reason="decree")
        decide(tx, books(tx), made.id, other, publish=True, decision="")
    town.later(days=1)
    sweep_all()

    assert datetime.fromisoformat(dispose(case)["due"]) == MONDAY + timedelta(days=1, hours=3)  # 12:00
    assert faults() == []


def test_a_clock_that_rests_is_counted_by_the_calendar_in_force_when_it_wakes(town: Town) -> None:
    case = town.replied()
    decree(town, TUESDAY, TUESDAY + timedelta(days=1), since=TUESDAY)
    town.later(days=3)
    sweep_all()
    town.do(case, Action.REJECT_REPLY, "dispatcher", reason="incomplete")

    with read() as tx:
        assert dispose(case)["calendar"] == books(tx).editions["calendar"]
    assert faults() == []


def test_a_second_sweep_and_a_second_worker_find_nothing_to_do(town: Town) -> None:
    town.handling()
    decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    sweep_all()
    steps = look("SELECT count(*) AS n FROM step")

    assert not recount_some()
    assert look("SELECT count(*) AS n FROM step") == steps


def test_workers_share_a_turn_and_it_is_done_when_every_lane_is(town: Town) -> None:
    cases = [town.handling() for _ in range(8)]
    edition = decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    assert recount_some()  # the lanes, for all to see
    with read() as tx:
        begun = turn_of(tx, edition)
    assert begun is not None
    assert (begun.cases, begun.done_at) == (0, None)
    assert recount_some()  # one lane: two of them
    with write() as other:
        assert column(other, "SELECT lane FROM calendar_turn WHERE done_at IS NULL LIMIT 1 FOR UPDATE")
        sweep_all()
        with read() as tx:
            turn = turn_of(tx, edition)
        assert turn is not None
        assert (turn.cases, turn.done_at) == (6, None)
    sweep_all()
    with read() as tx:
        turn = turn_of(tx, edition)
    assert turn is not None
    assert (turn.cases, turn.moved, turn.done_at) == (8, 8, town.now)
    assert [len(recounts(case)) for case in cases] == [1] * 8


def test_a_lane_goes_no_further_than_a_case_in_somebodys_hand_until_it_is_counted(town: Town) -> None:
    """Whoever dies now leaves it to the next one: it is not passed over."""
    cases = [town.handling() for _ in range(8)]
    edition = decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    with ThreadPoolExecutor(1) as thread:
        with write() as mine:
            execute(mine, "SELECT FROM cases WHERE id = %(id)s FOR UPDATE", id=cases[1].case_id)
            counting = thread.submit(sweep_all)
            lane = "SELECT reached, cases, done_at FROM calendar_turn WHERE lane = 1"
            stopped = [{"reached": cases[0].case_id, "cases": 1, "done_at": None}]
            assert until(lambda: look(lane) == stopped)
            time.sleep(0.3)
            assert look(lane) == stopped
        counting.result(20)
    with read() as tx:
        turn = turn_of(tx, edition)
    assert turn is not None
    assert (turn.cases, turn.done_at) == (8, town.now)
    assert [len(recounts(case)) for case in cases] == [1] * 8


def test_a_turn_that_another_calendar_overtakes_owes_nothing(town: Town) -> None:
    town.handling()
    decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    assert recount_some()  # the lanes
    assert recount_some()  # one of the four
    with read() as tx:
        assert backlog(tx).calendar_turns_open == 1
    decree(town, TUESDAY + timedelta(days=1), since=TUESDAY)
    sweep_all()
    with read() as tx:
        assert backlog(tx).calendar_turns_open == 0
    assert look("SELECT count(*) AS n FROM calendar_turn WHERE done_at IS NULL") == [{"n": 3}]
