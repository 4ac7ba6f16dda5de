"""Spare parts: a ledger to which is only added, drawn down by replies in their own transaction, corrected by two."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from dispatch.cases.act import act
from dispatch.cases.spares import tell_low
from dispatch.cluster import Urls
from dispatch.emergency.store import answer_count, ask_count, counts, receive, shelves
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import execute, read, write
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound, Problem
from tests.cases.town import Town, look, settled
from tests.duty.town import at
from tests.emergency.town import handling, stocked


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    """Nine on a Monday morning; at water the login `water` is on duty."""
    with settled(stocked(tmp_path)) as town:
        town.set(at("2026-06-08T09:00"))
        yield town


def stock() -> dict[str, int]:
    with read() as tx:
        return {shelf.id: shelf.stock for shelf in shelves(tx)}


def used() -> list[tuple[str, int, int]]:
    sql = "SELECT spare_id, quantity, seq FROM stock_movement WHERE kind = 'used' ORDER BY id"
    return [(row["spare_id"], row["quantity"], row["seq"]) for row in look(sql)]


def told() -> list[str]:
    sql = """SELECT coalesce(p.login, o.unit_id) AS who FROM outbox o LEFT JOIN person p ON p.id = o.person_id
              WHERE o.kind = 'stock_low' ORDER BY o.id"""
    return [str(row["who"]) for row in look(sql)]


def broken() -> list[str]:
    return [breach.words for one in verify() if one.no in ("I4", "I25") for breach in one.first]


def reply(town: Town, case: object, *spares: tuple[str, int], key: object = None) -> None:
    town.do(case, Action.REPLY, "water", photos=(town.photo(2),), spares=spares, key=key)  # type: ignore[arg-type]


def test_a_reply_takes_parts_once_however_often_it_is_sent(town: Town) -> None:
    case, key = handling(town), uuid4()
    for _ in range(3):
        reply(town, case, ("cover", 1), ("ring", 2), key=key)
    (step,) = look(f"SELECT seq, data -> 'form' -> 'spares' AS said FROM step WHERE case_id = {case.case_id} AND "
                   "action = 'reply'")  # fmt: skip
    assert step["said"] == [["cover", 1], ["ring", 2]]
    assert used() == [("cover", -1, step["seq"]), ("ring", -2, step["seq"])]
    assert stock() == {"cover": 4, "ring": 7, "tree": 7}
    assert broken() == []


def test_more_than_there_are_is_refused_and_nothing_happens(town: Town) -> None:
    case = handling(town)
    with pytest.raises(FormIncomplete, match="Only 5 of Cover"):
        reply(town, case, ("ring", 1), ("cover", 6))
    assert look(f"SELECT state FROM cases WHERE id = {case.case_id}") == [{"state": "handling"}]
    assert stock() == {"cover": 5, "ring": 9, "tree": 7}


@pytest.mark.parametrize("spares", [(("tree", 1),), (("none", 1),), (("cover", 0),), (("cover", 1), ("cover", 1))])
def test_a_part_of_another_subclass_or_store_none_or_one_named_twice_is_refused(
    town: Town, spares: tuple[tuple[str, int], ...]
) -> None:
    case = handling(town)
    with pytest.raises(FormIncomplete, match="no part that this reply can use"):
        reply(town, case, *spares)
    with pytest.raises(FormIncomplete):
        town.do(case, Action.ASK_DELAY, "water", reason="weather", spares=(("cover", 1),))
    assert used() == []


def test_rework_and_a_reopened_case_take_nothing_that_their_own_reply_does_not_name(town: Town) -> None:
    case = handling(town)
    reply(town, case, ("cover", 1))
    town.do(case, Action.REJECT_REPLY, "dispatcher", reason="not_done")
    reply(town, case)
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_FAIL, "inspector1", photos=(town.photo(3),))
    town.do(case, Action.SEND_REWORK, "dispatcher")
    assert stock()["cover"] == 4
    reply(town, case, ("cover", 1))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(4),))
    town.do(case, Action.CLOSE, "shift_leader")
    town.do(case, Action.REOPEN, "shift_leader", reason="back_again")
    assert stock()["cover"] == 3
    assert broken() == []


def test_whoever_is_on_duty_is_told_once_each_time_enough_becomes_few(town: Town) -> None:
    by = town.people["water"].person_id
    reply(town, handling(town), ("cover", 1))
    assert told() == [], "four is not fewer than four"
    reply(town, handling(town), ("cover", 1))
    reply(town, handling(town), ("cover", 1))
    assert told() == ["water"]
    with write() as tx:
        receive(tx, "cover", 8, by=by, key=uuid4(), at=tx.now)
    town.set(at("2026-06-08T23:00"))
    reply(town, handling(town), ("cover", 7))
    assert told() == ["water", "wc"], "at night another one is on duty: 158 days on, 158 % 3 = 2"


def test_new_ones_are_received_once_and_only_some(town: Town) -> None:
    by, key = town.people["water"].person_id, uuid4()
    for _ in range(2):
        with write() as tx:
            receive(tx, "cover", 3, by=by, key=key, at=tx.now)
    assert stock()["cover"] == 8
    for quantity in (0, -1, 100_001):
        with pytest.raises(FormIncomplete), write() as tx:
            receive(tx, "cover", quantity, by=by, key=uuid4(), at=tx.now)


def count_of(town: Town, counted: int, reason: str = "三个破损") -> int:
    with write() as tx:
        ask_count(tx, "cover", counted, reason=reason, by=town.people["water"].person_id or 0)
        return counts(tx)[-1].id


def test_a_count_holds_once_another_person_agrees_and_low_stock_is_told(town: Town) -> None:
    me, other = town.people["water"].person_id or 0, town.people["shift_leader"].person_id or 0
    id = count_of(town, 2)
    assert stock()["cover"] == 5
    with pytest.raises(Conflict), write() as tx:
        ask_count(tx, "cover", 3, reason="又数了一次", by=me)
    with pytest.raises(Forbidden), write() as tx:
        answer_count(tx, id, "agreed", by=me, units=None)
    with pytest.raises(NotFound), write() as tx:
        answer_count(tx, id, "agreed", by=other, units=["landscaping"])
    with write() as tx:
        fallen = answer_count(tx, id, "agreed", by=other, units=None)
        assert fallen is not None
        tell_low(tx, fallen)
    assert stock()["cover"] == 2
    assert told() == ["water"]
    with pytest.raises(Conflict), write() as tx:
        answer_count(tx, id, "refused", by=other, units=None)
    assert broken() == []


def test_a_count_that_says_nothing_new_gives_no_reason_or_takes_too_much_is_refused(town: Town) -> None:
    other = town.people["shift_leader"].person_id or 0
    for counted, reason in ((5, "相同"), (3, "  "), (-1, "负数")):
        with pytest.raises(FormIncomplete):
            count_of(town, counted, reason)
    id = count_of(town, 1)
    reply(town, handling(town), ("cover", 3))
    with pytest.raises(Conflict, match="count again"), write() as tx:
        answer_count(tx, id, "agreed", by=other, units=None)
    with write() as tx:
        answer_count(tx, id, "refused", by=other, units=None)
    assert stock()["cover"] == 2


def test_a_count_of_a_part_that_is_kept_no_more_corrects_nothing_and_can_be_refused(town: Town) -> None:
    other = town.people["shift_leader"].person_id or 0
    id = count_of(town, 2)
    with write() as tx:
        execute(tx, "UPDATE spare SET listed = false WHERE id = 'cover'")
    with pytest.raises(Conflict, match="kept no more"), write() as tx:
        answer_count(tx, id, "agreed", by=other, units=None)
    with write() as tx:
        assert answer_count(tx, id, "refused", by=other, units=None) is None
        assert counts(tx) == []


def test_a_reply_waits_for_another_that_takes_of_the_store_and_is_refused_what_that_one_took(town: Town) -> None:
    first, second = handling(town), handling(town)
    water, photo = town.people["water"], town.photo(2)
    faults: list[Problem] = []

    def take() -> None:
        try:
            reply(town, second, ("cover", 3))
        except Problem as problem:
            faults.append(problem)

    other = threading.Thread(target=take)
    with write(as_units=sorted(water.units)) as tx:
        act(tx, first.case_id, Action.REPLY, water, Form(photos=(photo,), spares=(("cover", 3),)), key=uuid4())
        other.start()
        while other.is_alive() and not look("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            pass
    other.join()
    assert [type(fault) for fault in faults] == [FormIncomplete]
    assert stock()["cover"] == 2


@pytest.mark.parametrize(
    "change", ["UPDATE stock_movement SET quantity = 99", "DELETE FROM stock_movement", "DELETE FROM stock_count"]
)
def test_the_application_cannot_change_what_was_put_down(town: Town, change: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
        execute(tx, change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM stock_movement WHERE kind = 'used'", "and no movement says so"),
        ("UPDATE stock_movement SET quantity = -2 WHERE kind = 'used'", "says otherwise"),
        ("UPDATE stock_movement SET seq = 1 WHERE kind = 'used'", "says otherwise"),
        (
            "UPDATE stock_movement SET quantity = 1 WHERE kind = 'received' AND spare_id = 'cover'",
            "there are -3 of cover",
        ),
        ("UPDATE stock_movement SET quantity = -1 WHERE kind = 'corrected'", "what was not agreed to so"),
        ("DELETE FROM stock_movement WHERE kind = 'corrected'", "corrects nothing"),
    ],
)
def test_verify_finds_what_is_not_so(town: Town, change: str, words: str, fresh_database: Urls) -> None:
    other = town.people["shift_leader"].person_id or 0
    id = count_of(town, 2)
    with write() as tx:
        answer_count(tx, id, "agreed", by=other, units=None)
    reply(town, handling(town), ("cover", 1))
    assert broken() == []
    with psycopg.connect(fresh_database.super) as owner:
        owner.execute(change)
    assert [one for one in broken() if words in one]
