"""A unit is there while a page of it is open; our own gaps are not its; silence is told once; receipts say where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from dispatch.cases.act import act
from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.sessions import begin
from dispatch.terminals.presence import SHARES, beat, opened, shares, up_since
from dispatch.terminals.record import board, receipts, wanting
from dispatch.terminals.silence import missing, watch
from dispatch.verify import verify
from gis.db import execute, read, write
from tests.cases.town import MONDAY, Town, look, settled

UNIT = "enforcement-a"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def terminal(town: Town, unit: str = UNIT, address: str = "10.0.0.5") -> int:
    """Where somebody of the unit has logged in."""
    with write() as tx:
        begin(tx, town.people[unit].person_id or 0, address)
    return int(look("SELECT max(id) AS id FROM terminal WHERE unit_id = %(u)s", u=unit)[0]["id"])


def stay(town: Town, since: datetime, until: datetime, *terminals: int) -> None:
    """Signs of life every twenty seconds, of our server and of these."""
    at = since
    while at <= until:
        town.set(at)
        with write() as tx:
            beat(tx, terminals)
        at += timedelta(seconds=20)


def share_of(since: datetime, until: datetime, unit: str = UNIT) -> tuple[Decimal, Decimal]:
    with read() as tx:
        found = shares(tx, books(tx).calendar, since, until)[unit]
    return found.there, found.counted


def broken() -> list[str]:
    return [breach.words for finding in verify() if finding.no in ("I12", "I21") for breach in finding.first]


def test_somebody_who_answers_for_a_unit_sits_at_a_terminal_known_by_unit_and_address(town: Town) -> None:
    assert terminal(town) == terminal(town)
    assert terminal(town) != terminal(town, address="10.0.0.6")
    with write() as tx:
        begin(tx, town.people["dispatcher"].person_id or 0, "10.0.0.5")
    assert look("SELECT terminal_id IS NULL AS none FROM session s JOIN person p ON p.id = person_id"
                " WHERE login = 'dispatcher'") == [{"none": True}]  # fmt: skip


def test_the_share_is_of_opening_hours_in_which_our_server_was_up(town: Town) -> None:
    here = terminal(town)  # MONDAY is a working day's 09:00
    stay(town, MONDAY, MONDAY + 10 * MINUTE, here)
    stay(town, MONDAY + 10 * MINUTE, MONDAY + 20 * MINUTE)  # the page is closed, our server goes on
    # Our server is down for a quarter of an hour, and with it every page.
    stay(town, MONDAY + 35 * MINUTE, MONDAY + 45 * MINUTE, here)
    assert share_of(MONDAY, MONDAY + 60 * MINUTE) == (20 * 60, 30 * 60)
    assert broken() == []


def test_two_pages_at_once_are_one_presence_and_a_loaded_page_was_not_away(town: Town) -> None:
    one, other = terminal(town), terminal(town, address="10.0.0.6")
    stay(town, MONDAY, MONDAY + 4 * MINUTE, one, other)
    stay(town, MONDAY + 4 * MINUTE + timedelta(seconds=50), MONDAY + 8 * MINUTE, one)
    there, counted = share_of(MONDAY, MONDAY + 8 * MINUTE)
    assert there == counted > 400


def test_a_night_counts_for_nothing_and_no_unit_is_measured_before_it_was_first_seen(town: Town) -> None:
    night = MONDAY.replace(hour=1)
    stay(town, night, night + 5 * MINUTE)
    late = MONDAY + 5 * MINUTE
    stay(town, MONDAY, late)
    here = terminal(town)
    stay(town, late, late + 5 * MINUTE, here)
    assert share_of(night, late + 5 * MINUTE) == (300, 300)


def test_a_silent_terminal_is_told_of_once_and_again_only_after_it_was_back(town: Town) -> None:
    here = terminal(town)
    stay(town, MONDAY, MONDAY + 3 * MINUTE, here)
    stay(town, MONDAY + 3 * MINUTE, MONDAY + 17 * MINUTE)
    watch()
    assert UNIT not in silent_units()
    stay(town, MONDAY + 17 * MINUTE, MONDAY + 19 * MINUTE)
    watch()
    assert UNIT in silent_units()
    assert watch() == 0
    told = look(
        "SELECT p.login FROM outbox o JOIN person p ON p.id = o.person_id WHERE kind = %(k)s", k=f"silent:{UNIT}"
    )
    assert {row["login"] for row in told} == {"dispatcher", "shift_leader"}
    stay(town, MONDAY + 19 * MINUTE, MONDAY + 21 * MINUTE, here)
    watch()
    assert UNIT not in silent_units()
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE login = 'dispatcher'")
    stay(town, MONDAY + 21 * MINUTE, MONDAY + 37 * MINUTE)
    assert watch() == 1
    told = look(
        "SELECT p.login FROM outbox o JOIN person p ON p.id = o.person_id WHERE kind = %(k)s", k=f"silent:{UNIT}"
    )
    assert sorted(row["login"] for row in told) == ["dispatcher", "shift_leader", "shift_leader"]
    assert broken() == []


def test_a_unit_that_nobody_receives_for_any_more_is_not_missed(town: Town) -> None:
    here = terminal(town)
    stay(town, MONDAY, MONDAY + 3 * MINUTE, here)
    stay(town, MONDAY + 3 * MINUTE, MONDAY + 19 * MINUTE)
    watch()
    before = missed()
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE login = %(u)s", u=UNIT)
    assert before - missed() == 1


def missed() -> int:
    with read() as tx:
        return missing(tx, books(tx))


def silent_units() -> set[str]:
    return {row["unit_id"] for row in look("SELECT unit_id FROM silence WHERE ended_at IS NULL")}


def test_nobody_is_silent_while_our_server_was_down_or_the_city_sleeps(town: Town) -> None:
    here = terminal(town)
    stay(town, MONDAY, MONDAY + MINUTE, here)
    stay(town, MONDAY + 30 * MINUTE, MONDAY + 40 * MINUTE)  # up again for ten minutes only
    assert watch() == 0
    night = MONDAY.replace(hour=23)
    stay(town, night, night + 20 * MINUTE)
    assert watch() == 0


def test_our_server_is_up_since_its_last_gap(town: Town) -> None:
    stay(town, MONDAY, MONDAY + MINUTE)
    stay(town, MONDAY + 10 * MINUTE, MONDAY + 12 * MINUTE)
    with read() as tx:
        assert up_since(tx) == MONDAY + 10 * MINUTE
    town.set(MONDAY + 20 * MINUTE)
    with read() as tx:
        assert up_since(tx) is None


def test_a_signature_says_who_when_and_on_which_terminal(town: Town) -> None:
    case = town.dispatched()
    by = replace(town.people[UNIT], terminal=terminal(town))
    with write(as_units=sorted(by.units)) as tx:
        act(tx, case.case_id, Action.SIGN, by, Form(), key=uuid4())
    with read() as tx:
        (found,) = receipts(tx, UNIT, MONDAY - timedelta(days=1), MONDAY + timedelta(days=1))
        period = (MONDAY - timedelta(days=1), MONDAY + timedelta(days=1))
        line = next(one for one in board(tx, books(tx), *period) if one.unit == UNIT)
    assert (found.number, found.address, found.role) == (case.number, "10.0.0.5", "department")
    assert found.at == found.dispatched_at == MONDAY
    assert line.signed is not None
    assert (line.signed.signed, line.signed.median) == (1, timedelta(0))
    assert broken() == []


def test_units_without_a_terminal_have_a_day_and_a_proxy(town: Town) -> None:
    with read() as tx:
        assert [(one.unit, str(one.connect_by), one.proxy) for one in wanting(tx, books(tx))] == [
            ("sanitation", "2026-09-01", "派遣员王敏")
        ]


def test_verify_finds_a_silence_that_was_none_and_a_receipt_from_nowhere(town: Town) -> None:
    here = terminal(town)
    stay(town, MONDAY, MONDAY + 5 * MINUTE, here)
    case = town.handling()
    with write() as tx:
        execute(tx, "INSERT INTO silence (unit_id, since, noticed_at) VALUES (%(u)s, %(s)s, %(n)s)",
                u=UNIT, s=MONDAY + MINUTE, n=MONDAY + 4 * MINUTE)  # fmt: skip
        execute(tx, "INSERT INTO silence (unit_id, since, noticed_at) VALUES ('water', NULL, %(n)s)",
                n=MONDAY + timedelta(hours=3))  # fmt: skip
    found = " ".join(broken())
    assert f"{UNIT} is told of as silent" in found
    assert "water was called silent" in found
    assert case.number not in found


def test_the_shares_walk_the_index(town: Town) -> None:
    with write() as tx:
        execute(tx, "SET LOCAL enable_seqscan = off")
        given = {"open": opened(books(tx).calendar, MONDAY, MONDAY + MINUTE), "since": MONDAY, "until": MONDAY + MINUTE}
        more = {"longest": timedelta(days=1), "unit": None}
        plan = "\n".join(line for (line,) in tx.connection.execute("EXPLAIN " + SHARES, given | more))
    assert "presence_since" in plan
