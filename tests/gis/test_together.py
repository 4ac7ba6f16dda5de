"""A transaction whose statements travel together: fewer round trips, the same promises."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest

from dispatch.cluster import Urls
from gis.db import Tx, execute, execute_many, read, value, write
from gis.problems import Unavailable
from gis.together import Premise

KEEP = "INSERT INTO throttle (key, count, since) VALUES (%(key)s, 1, now())"
COUNT = "SELECT count(*) FROM throttle WHERE key LIKE %(like)s"


def _kept(like: str) -> int:
    with read() as tx:
        return int(value(tx, COUNT, like=like))


def test_nothing_is_sent_before_somebody_waits_for_an_answer(database: Urls):
    with write(together=True) as tx:
        tx.connection.execute(KEEP, {"key": "sent-1"})
        with psycopg.connect(database.super or "", autocommit=True) as other:
            assert not _has_begun(other, tx)
            assert value(tx, COUNT, like="sent-%") == 1
            assert _has_begun(other, tx)
        tx.connection.execute(KEEP, {"key": "sent-2"})
    assert _kept("sent-%") == 2


@dataclass
class Number:
    """What a premise here asks for."""

    number: int


class Untrue(Exception):
    """What a premise here raises."""


def resting_on(truth: int, seen: list[str] | None = None) -> Premise:
    """A transaction may go on if the database says 1."""

    def holds(row: Number) -> None:
        if row.number != 1:
            raise Untrue
        if seen is not None:
            seen.append("premise")

    return Premise(Number, "SELECT %(n)s::int AS number", {"n": truth}, holds)


def test_what_a_transaction_rests_on_is_looked_at_before_any_other_answer(database: Urls):
    seen: list[str] = []
    premise = resting_on(1, seen)
    with write(together=True, premise=premise) as tx:
        tx.connection.execute(KEEP, {"key": "resting"})
        assert not premise.held
        seen.append(str(value(tx, "SELECT 'answer'")))
        seen.append(str(value(tx, "SELECT 'another'")))
    assert (seen, premise.held, _kept("resting")) == (["premise", "answer", "another"], True, 1)


@pytest.mark.parametrize("body", ["asks", "only writes", "does nothing", "fails"])
def test_nothing_is_done_on_a_premise_that_does_not_hold(database: Urls, body: str):
    premise, reached = resting_on(0), []
    with pytest.raises(Untrue), write(as_units=["a"] if body == "asks" else None, together=True, premise=premise) as tx:
        if body == "only writes":
            tx.connection.execute(KEEP, {"key": "untrue"})
        if body == "asks":
            value(tx, "SELECT 1")
            reached.append("an answer")
        if body == "fails":
            raise ZeroDivisionError
    assert (premise.held, reached, _kept("untrue"), _user()) == (False, [], 0, "wangge_app")


def test_a_premise_that_cannot_be_asked_is_no_leave(database: Urls):
    premise = Premise(Number, "SELECT 1 / %(n)s::int AS number", {"n": 0}, lambda _: None)
    with pytest.raises(psycopg.errors.DivisionByZero), write(together=True, premise=premise) as tx:
        tx.connection.execute(KEEP, {"key": "unasked"})
        value(tx, "SELECT 1")
    assert (premise.held, _kept("unasked")) == (False, 0)


def _has_begun(other: psycopg.Connection[tuple[bool]], tx: Tx) -> bool:
    asked = "SELECT xact_start IS NOT NULL FROM pg_stat_activity WHERE pid = %s"
    row = other.execute(asked, [tx.connection.info.backend_pid]).fetchone()
    return row is not None and row[0]


def test_what_the_database_refuses_last_is_raised_by_the_commit_and_nothing_is_kept(database: Urls):
    with pytest.raises(psycopg.errors.UniqueViolation), write(together=True) as tx:
        tx.connection.execute(KEEP, {"key": "twice"})
        tx.connection.execute(KEEP, {"key": "twice"})
        tx.connection.execute(KEEP, {"key": "twice-and-once"})
    assert _kept("twice%") == 0
    with write(together=True) as tx:  # the same connection serves on
        tx.connection.execute(KEEP, {"key": "twice"})
    assert _kept("twice%") == 1


def test_an_exception_in_it_takes_everything_back(database: Urls):
    with pytest.raises(ZeroDivisionError), write(together=True) as tx:
        tx.connection.execute(KEEP, {"key": "taken-back"})
        raise ZeroDivisionError
    assert _kept("taken-back") == 0


def test_a_department_is_itself_from_its_first_statement_and_the_centre_only_within(database: Urls):
    with write(as_units=["a", 'b"}'], together=True) as tx:
        assert value(tx, "SELECT current_user::text") == "wangge_department"
        assert value(tx, "SELECT current_setting('wangge.units')::text[]") == ["a", 'b"}']
        with tx.as_centre():
            assert value(tx, "SELECT current_user::text") == "wangge_app"
        assert value(tx, "SELECT current_user::text") == "wangge_department"
    assert _user() == "wangge_app"


def _user() -> str:
    with read(together=True) as tx:
        return str(value(tx, "SELECT current_user::text"))


def test_a_reader_cannot_write_and_a_count_is_known_at_once(database: Urls):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), read(together=True) as looking:
        looking.connection.execute(KEEP, {"key": "read"})
    key = str(uuid4())
    with write(together=True) as tx:
        tx.connection.execute(KEEP, {"key": key})
        assert execute(tx, "UPDATE throttle SET count = 2 WHERE key = %(key)s", key=key) == 1


@pytest.mark.parametrize("way", ["by itself", "together", "ahead", "at once", "many"])
def test_the_server_gives_a_transaction_up_that_it_hears_nothing_of(database: Urls, way: str):
    """Also after a pipeline: nothing the library sends last may stop the server from counting."""
    with (
        psycopg.connect(database.super or "", autocommit=True) as other,
        pytest.raises(Unavailable),
        write(together=way == "together", patience=1) as tx,
    ):
        assert value(tx, "SELECT 1") == 1
        if way == "ahead":
            with tx.ahead() as end_portion:
                tx.connection.execute(KEEP, {"key": way})
                end_portion()
                tx.connection.execute(KEEP, {"key": f"{way} 2"})
        if way == "at once":
            with tx.at_once():
                tx.connection.execute(KEEP, {"key": way})
        if way == "many":
            execute_many(tx, KEEP, [{"key": f"{way} 1"}, {"key": f"{way} 2"}])
        assert _is_given_up(other, tx)
        value(tx, "SELECT 1")
    assert _kept(f"{way}%") == 0


def _is_given_up(other: psycopg.Connection[tuple[int]], tx: Tx) -> bool:
    """Waits for it: a silent process cannot be told."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    end = time.monotonic() + 20
    while time.monotonic() < end:
        row = other.execute(asked, [tx.connection.info.backend_pid]).fetchone()
        if row == (0,):
            return True
        time.sleep(0.05)
    return False


def test_an_answer_comes_also_after_a_prepared_statement_was_given_up_for_another(database: Urls):
    answers: list[int] = []

    def ask() -> None:
        with write(together=True) as tx:
            tx.connection.prepare_threshold, tx.connection.prepared_max = 0, 1
            try:
                answers.extend(value(tx, f"SELECT {number}") for number in range(4))  # type: ignore[arg-type]
            finally:
                tx.connection.prepare_threshold, tx.connection.prepared_max = 5, 100

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout=20)  # without a sync behind the statement given up, for ever
    assert answers == [0, 1, 2, 3]
