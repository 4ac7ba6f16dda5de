"""The rules in force are looked over once a night, and what is severe and new is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.cases.books import Books, books
from dispatch.cluster import Urls
from dispatch.drafts import nightly
from dispatch.drafts.nightly import check_tonight, last_check
from dispatch.routing.lint import Finding
from gis.db import PATIENCE, ReadTx, execute, read, value, write
from tests.cases.town import MONDAY, Town, look, settled

WRITERS = {"dispatcher", "shift_leader", "supervisor", "leader"}
TOLD = "SELECT p.login FROM outbox o JOIN person p ON p.id = o.person_id WHERE o.kind = 'rules_unsound'"


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def lose_a_clause() -> None:
    """The rule for street order no longer holds in the west: nobody loads such a city, but a map may change so."""
    with write() as tx:
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               SELECT kind, 'spoilt', in_force, source, '',
                      jsonb_set(content, '{rule,4,when,area}', '["district:440001"]')
                 FROM edition WHERE kind = 'rules'""",
        )
        execute(tx, "UPDATE city SET version = version + 1")


def told() -> list[str]:
    return sorted(row["login"] for row in look(TOLD))


def test_a_night_is_checked_once_and_not_before_two(town: Town) -> None:
    town.set(MONDAY.replace(hour=1))
    assert not check_tonight()
    town.set(MONDAY.replace(hour=2))
    assert check_tonight()
    assert not check_tonight()
    with read() as tx:
        kept = last_check(tx)
        assert kept is not None
        assert (kept.found, kept.fresh, kept.day) == ([], 0, MONDAY.date())
        assert kept.holds(books(tx), MONDAY.date())
        assert not kept.holds(books(tx), MONDAY.date() + timedelta(days=1))
    assert told() == []


def test_what_is_severe_and_new_is_told_to_who_may_write_rules_and_not_again(town: Town) -> None:
    assert check_tonight()
    lose_a_clause()
    town.later(days=1)
    assert check_tonight()
    with read() as tx:
        kept = last_check(tx)
    assert kept is not None
    assert (kept.found[0].kind, kept.found[0].areas, kept.fresh) == ("gap", ("district:440002", "district:440099"), 1)
    first = told()
    assert {*first} >= WRITERS
    assert "acceptor" not in first
    assert len(first) == len({*first})
    town.later(days=1)
    assert check_tonight()
    assert told() == first


def test_one_worker_checks_at_a_time_and_the_others_do_not_even_begin(town: Town) -> None:
    with read() as other:
        assert value(other, nightly.ALONE)
        assert not check_tonight()
    assert check_tonight()


def test_a_check_may_take_longer_than_an_open_transaction_may_be_silent(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: list[str] = []

    def ponder(tx: ReadTx, city: Books) -> tuple[list[Finding], None]:
        patience.append(value(tx, "SHOW idle_in_transaction_session_timeout"))
        return [], None

    monkeypatch.setattr(nightly, "findings_of", ponder)
    assert check_tonight()
    assert patience == ["5min"]
    with read() as tx:  # and nobody else's
        assert value(tx, "SHOW idle_in_transaction_session_timeout") == f"{PATIENCE}s"


def test_where_no_city_is_loaded_nothing_is_checked(fresh_database: Urls) -> None:
    assert not check_tonight()
