"""One row that always fails: the others of its kind go on, it stands aside with its reason, and goes on once mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.alarms.ring import ring_due
from dispatch.calendars.turn import recount_some, turn_of
from dispatch.cards.give import give
from dispatch.cases.act import Receipt
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.notify.deliver import MOST, resend, send_by
from dispatch.notify.outbox import send_due
from dispatch.parked import Kind, Parked, each, forgive, park, parked, tidy, try_again
from dispatch.people.sessions import begin
from dispatch.terminals.presence import beat
from dispatch.terminals.silence import watch
from dispatch.ticker import Job
from dispatch.worker import noted
from gis.db import execute, gone, read, write
from gis.problems import Unavailable
from tests.cases.test_calendar_turn import TUESDAY, decree, recounts, sweep_all
from tests.cases.town import MONDAY, Town, look, settled
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, on_duty
from tests.notify.receivers import http_receiver
from tests.notify.test_reporter import by_day, real, reported, sms

A = Action


@dataclass
class Poison:
    """A trigger that refuses some rows of a table."""

    url: str

    def refuse(self, table: str, which: str, when: str = "INSERT", state: str = "P0001") -> None:
        body = f"BEGIN IF {which} THEN RAISE EXCEPTION 'poison' USING ERRCODE = '{state}'; END IF; RETURN NEW; END"
        self._tell(f"CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        self._tell(f"CREATE TRIGGER poison BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION poison()")

    def mend(self) -> None:
        self._tell("DROP FUNCTION poison CASCADE")

    def _tell(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(cast(Any, sql))


@pytest.fixture
def poison(fresh_database: Urls) -> Poison:
    return Poison(fresh_database.owner)


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def aside() -> list[Parked]:
    with read() as tx:
        return parked(tx)


def again() -> None:
    """Somebody has it tried again."""
    for one in aside():
        with write() as tx:
            try_again(tx, Kind(one.kind), one.key)


def stands(kind: Kind, key: object, fault: str) -> None:
    (one,) = aside()
    assert (one.kind, one.key, one.times) == (kind, str(key), 1)
    assert one.fault.startswith(fault)
    assert one.again_at - one.last_at == timedelta(seconds=10)


def test_an_alarm(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town:
        spoilt, other = town.dispatched(), town.dispatched()
        of = "SELECT id, rungs FROM alarm WHERE case_id = %(c)s"
        (alarm,) = look(of, c=spoilt.case_id)
        _rungs(fresh_database, alarm["id"], [{"call": "nobody"}])
        town.later(minutes=15)
        assert ring_due() == 1
        rung = "SELECT case_id FROM alarm_call k JOIN alarm a ON a.id = alarm_id"
        assert look(rung) == [{"case_id": other.case_id}]
        stands(Kind.ALARM, alarm["id"], "")
        (one,) = aside()
        assert (one.case, one.due_at) == (spoilt.number, town.now)
        _rungs(fresh_database, alarm["id"], alarm["rungs"])
        assert ring_due() == 0  # not before its time
        again()
        assert ring_due() == 1
        assert aside() == []


def _rungs(urls: Urls, alarm: int, rungs: object) -> None:
    with psycopg.connect(urls.owner) as owner:
        owner.execute("UPDATE alarm SET rungs = %s WHERE id = %s", [Jsonb(rungs), alarm])


def test_an_alarm_that_was_silenced_while_it_stood_aside_is_forgotten(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town:
        case, other = town.dispatched(), town.dispatched()
        for one in look("SELECT id FROM alarm ORDER BY id"):
            park(Kind.ALARM, {one["id"]: ValueError("broken")})
        town.do(case, A.SIGN, "enforcement-a")
        with write() as tx:
            tidy(tx)
        assert [one.case for one in aside()] == [other.number]


def test_a_job_that_there_is_no_more_is_forgotten_after_a_day(fresh_database: Urls) -> None:
    park(Kind.JOB, {"channel gone": ValueError("broken"), "cards": ValueError("broken")})
    with write() as tx:
        execute(tx, "UPDATE parked SET again_at = again_at - interval '25 hours' WHERE key = 'channel gone'")
        tidy(tx)
    assert [one.key for one in aside()] == ["cards"]


OF_A_ROW = {
    "P0001": "RaiseException",
    "57014": "QueryCanceled",
    "55P03": "LockNotAvailable",
    "40P01": "DeadlockDetected",
    "54000": "ProgramLimitExceeded",
    "53200": "OutOfMemory",
}
AWAY = ("57P01", "57P03", "08006", "53100")


@pytest.mark.parametrize("state", [*OF_A_ROW, *AWAY])
def test_a_limit_or_a_deadlock_is_a_rows_own_and_a_database_that_is_away_is_nobodys(town: Town, state: str) -> None:
    with pytest.raises(Exception, match=r"poison|cannot be reached") as told, write() as tx:
        tx.connection.execute(cast(Any, f"DO $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '{state}'; END $$"))
    assert gone(told.value) == (state in AWAY)


def test_what_was_found_out_before_the_database_went_away_is_kept(town: Town) -> None:
    def work(key: int) -> int:
        if key == 1:
            raise ValueError("poison")
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        each(Kind.MESSAGE, [1, 2], work)
    stands(Kind.MESSAGE, 1, "ValueError: poison")


@pytest.mark.parametrize("state", ["P0001", "57014"])
def test_a_message(town: Town, poison: Poison, state: str) -> None:
    for _ in range(3):
        town.dispatched()
    waiting = "SELECT array_agg(id ORDER BY id) AS ids FROM outbox WHERE sent_at IS NULL"
    (first, *others) = look(waiting)[0]["ids"]
    poison.refuse("outbox", f"NEW.id = {first}", "UPDATE", state)
    assert send_due() == len(others)
    assert look(waiting)[0]["ids"] == [first]
    stands(Kind.MESSAGE, first, f"{OF_A_ROW[state]}: poison")
    assert send_due() == 0
    poison.mend()
    again()
    assert send_due() == 1
    assert aside() == []


def test_a_notice_to_whoever_reported_is_a_dead_letter_in_the_end(town: Town, poison: Poison) -> None:
    with http_receiver() as receiver:
        by_day()
        spoilt = reported(town)
        reported(town)
        real()
        send_due([sms(receiver)])
        poison.refuse("audit_event", f"NEW.object = 'case:{spoilt.case_id}'")
        for _ in range(MOST):
            send_by(sms(receiver))
            with write() as tx:
                execute(tx, "UPDATE delivery SET next_at = clock_timestamp() WHERE next_at IS NOT NULL")
        assert len(receiver.posts) == 1
        dead = """SELECT o.case_id, outcome, masked FROM delivery d JOIN outbox o ON o.id = outbox_id
                   WHERE dead_at IS NOT NULL"""
        assert look(dead) == [{"case_id": spoilt.case_id, "outcome": "RaiseException", "masked": ""}]
        poison.mend()
        with write() as tx:
            resend(tx, None)
        send_by(sms(receiver))
        assert len(receiver.posts) == 2


def both_late(town: Town) -> None:
    """A lapse of each of two units, and a rule by which it is worth a card."""
    with write() as tx:
        rules = {"days": 30, "late_work": {"yellow": 1, "red": 3}}
        execute(tx, "UPDATE city SET document = document || %(r)s", r=Jsonb({"cards": rules}))
    town.handling()
    town.handling("landscaping")
    town.later(days=5)
    town.sweep()


@pytest.mark.parametrize("state", ["P0001", "57014"])
def test_the_cards_of_a_unit(town: Town, poison: Poison, state: str) -> None:
    both_late(town)
    poison.refuse("card", "NEW.unit_id = 'landscaping'", state=state)
    given = "SELECT array_agg(unit_id ORDER BY unit_id) AS units FROM card"
    assert give() == 1
    assert look(given)[0]["units"] == ["enforcement-a"]
    stands(Kind.CARDS, "landscaping", f"{OF_A_ROW[state]}: poison")
    town.later(days=20)  # far beyond what is looked back on each time
    assert give() == 0
    poison.mend()
    again()
    assert give() == 1
    assert look(given)[0]["units"] == ["enforcement-a", "landscaping"]
    assert aside() == []


def test_a_unit_whose_time_comes_while_the_others_are_looked_at_still_stands_aside(town: Town, poison: Poison) -> None:
    both_late(town)
    park(Kind.CARDS, {"landscaping": ValueError("broken")})
    with write() as tx:
        execute(tx, "UPDATE parked SET again_at = clock_timestamp() + interval '0.5 seconds'")
    poison.refuse("card", "pg_sleep(1) IS NULL")  # refuses none, but takes its time
    assert give() == 1
    assert [one.key for one in aside()] == ["landscaping"]
    assert give() == 1
    assert aside() == []


def test_the_terminal_of_a_unit(town: Town, poison: Poison) -> None:
    units = ("enforcement-a", "landscaping")
    with write() as tx:
        for unit in units:
            begin(tx, town.people[unit].person_id or 0, "10.0.0.5")
    for second in range(0, 60 * 18, 20):
        town.set(MONDAY + timedelta(seconds=second))
        with write() as tx:
            beat(tx, [row["id"] for row in look("SELECT id FROM terminal")] if second < 60 else [])
    poison.refuse("silence", "NEW.unit_id = 'landscaping'")
    watch()
    silent = "SELECT unit_id FROM silence WHERE unit_id = ANY (%(u)s) ORDER BY 1"
    assert look(silent, u=list(units)) == [{"unit_id": "enforcement-a"}]
    stands(Kind.TERMINAL, "landscaping", "RaiseException: poison")
    poison.mend()
    assert watch() == 0
    again()
    assert watch() == 1
    assert len(look(silent, u=list(units))) == 2
    assert aside() == []


def suspended(town: Town) -> Receipt:
    case = town.handling()
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=1))
    return town.do(case, A.APPROVE_SUSPEND, "dispatcher")


def asked(town: Town) -> Receipt:
    return town.do(town.handling(), A.ASK_DELAY, "enforcement-a", reason="weather")


def ordered(town: Town) -> Receipt:
    return town.do(town.handling(), A.SUPERVISE, "leader", reason="citizen")


@pytest.mark.parametrize(
    ("begun", "happened"),
    [
        (suspended, "SELECT case_id FROM step WHERE action = 'resume'"),
        (asked, "SELECT case_id FROM step WHERE action IN ('approve_delay', 'refuse_delay')"),
        (ordered, "SELECT case_id FROM fired WHERE kind = 'supervise' AND event = 'lapse'"),
    ],
    ids=["that wakes", "answered by default", "with an order nobody answers"],
)
def test_a_case(town: Town, begun: Callable[[Town], Receipt], happened: str) -> None:
    spoilt, other = begun(town), begun(town)
    state = look("SELECT state FROM cases WHERE id = %(c)s", c=spoilt.case_id)[0]["state"]
    change = "UPDATE cases SET state = %(s)s WHERE id = %(c)s"
    with write() as tx:
        execute(tx, change, s="void", c=spoilt.case_id)
    town.later(days=4)
    town.sweep()
    assert look(happened) == [{"case_id": other.case_id}]
    stands(Kind.CASE, spoilt.case_id, "NotAllowed: ")
    with write() as tx:
        execute(tx, change, s=state, c=spoilt.case_id)
    again()
    town.sweep()
    assert len(look(happened)) == 2
    assert aside() == []


@pytest.mark.parametrize("state", ["P0001", "57014"])
def test_a_case_that_the_database_refuses(town: Town, poison: Poison, state: str) -> None:
    spoilt, other = town.handling(), town.handling()
    town.later(days=5)
    poison.refuse("cases", f"NEW.id = {spoilt.case_id}", "UPDATE", state)
    town.sweep()
    assert look("SELECT DISTINCT case_id FROM fired") == [{"case_id": other.case_id}]
    stands(Kind.CASE, spoilt.case_id, f"{OF_A_ROW[state]}: poison")


def unreadable(town: Town, poison: Poison, case: int) -> None:
    with write() as tx:
        execute(tx, "UPDATE cases SET clocks = %(c)s WHERE id = %(id)s", c=Jsonb({"dispose": 1}), id=case)


def refused(town: Town, poison: Poison, case: int) -> None:
    poison.refuse("cases", f"NEW.id = {case}", "UPDATE")


def never_ready(town: Town, poison: Poison, case: int) -> None:
    poison.refuse("cases", f"NEW.id = {case}", "UPDATE", "57014")


@pytest.mark.parametrize("spoil", [unreadable, refused, never_ready])
def test_a_case_in_a_turn_of_the_calendar(
    town: Town, poison: Poison, spoil: Callable[[Town, Poison, int], None]
) -> None:
    town.later(hours=7)  # what is to be done by tomorrow
    cases = [town.handling() for _ in range(12)]
    edition = decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    spoilt = cases[1]  # in the middle of the first lane
    spoil(town, poison, spoilt.case_id)
    sweep_all()
    assert [len(recounts(case)) for case in cases if case != spoilt] == [1] * 11
    (one,) = aside()
    assert (one.kind, one.key, one.times) == (Kind.CASE, str(spoilt.case_id), 1)
    with read() as tx:
        turn = turn_of(tx, edition)
    assert turn is not None
    assert (turn.cases, turn.moved, turn.done_at) == (12, 11, town.now)


def test_a_lane_of_a_turn_that_always_fails_does_not_draw_every_hand_to_it(town: Town, poison: Poison) -> None:
    for _ in range(8):
        town.handling()
    decree(town, TUESDAY, since=TUESDAY)
    town.later(days=1)
    poison.refuse("calendar_turn", "NEW.lane = 1", "UPDATE")
    for _ in range(60):
        with suppress(psycopg.Error):
            recount_some()
    done = "SELECT lane FROM calendar_turn WHERE done_at IS NOT NULL ORDER BY lane"
    assert [row["lane"] for row in look(done)] == [2, 3, 4]


def test_a_job_as_a_whole_until_it_goes_well(town: Town) -> None:
    fault: list[Exception] = [ValueError("all of it")]

    def work() -> None:
        if fault:
            raise fault[0]

    job = noted(Job("partitions", 1.0, work))
    for _ in range(2):
        with pytest.raises(ValueError, match="all of it"):
            job.run()
    (one,) = aside()
    assert (one.kind, one.key, one.times, one.fault) == (Kind.JOB, "partitions", 2, "ValueError: all of it")
    fault.clear()
    job.run()
    assert aside() == []


def test_what_another_worker_put_down_of_a_job_is_forgotten_once_it_goes_well(town: Town) -> None:
    park(Kind.JOB, {"rules": ValueError("before")})
    noted(Job("rules", 1.0, lambda: None)).run()
    assert aside() == []
    with write() as tx:
        forgive(tx, Kind.JOB, ["never"])
