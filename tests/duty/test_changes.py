"""A head changes the roster on the page: at once, with who, when and why; undone if need be, and by no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dispatch.alarms.nightly import look_ahead, looked
from dispatch.alarms.who import lint, who
from dispatch.cases.books import books
from dispatch.cases.on_duty import shifts_between
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.duty.roster import Post
from dispatch.duty.stand_ins import Asked, Kind, Wish, answer, ask, asked_in, order, undo
from gis.db import execute, read, value, write
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound
from tests.cases.town import look
from tests.city.spoilt_town import spoil
from tests.duty.town import at, on_duty

NIGHT = {"since": "2026-09-30T18:00", "until": "2026-10-01T08:00"}  # wc's


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Path]:
    with on_duty(tmp_path, "2026-09-28T09:00"):
        yield tmp_path


def ids(login: str) -> int:
    return int(look("SELECT id FROM person WHERE login = %(l)s", l=login)[0]["id"])


def ordered(
    person: str | None, stand_in: str | None, *, post: Post | None = Post.DUTY, why: str = "病假", **spans: str
) -> int:
    given = {name: at(word) for name, word in (NIGHT | spans).items()}
    wish = Wish(unit="water", post=post, person=person, stand_in=stand_in, reason=why, **given)
    with write() as tx:
        everywhere = shifts_between(tx, at("2026-09-25T00:00"), at("2026-10-20T00:00"))
        there = [one for one in everywhere if (one.unit, one.post) == ("water", post)]
        return order(tx, wish, ids("wh1"), there=there, theirs=everywhere, units={"water"})


def undone(id: int, why: str = "写错了", *, head: bool = True) -> None:
    with write() as tx:
        undo(tx, id, why, ids("wh1"), head=lambda unit: head)


def on(moment: str, post: Post = Post.DUTY) -> set[str | None]:
    with read() as tx:
        called = who(tx, books(tx), "water", at(moment))
    return {one.shift and one.shift.person for one in called if (one.unit, one.post) == ("water", post)}


def holes() -> list[tuple[str, str]]:
    with read() as tx:
        found = lint(tx, at("2026-09-28T09:00"), at("2026-10-05T09:00"), (), {"water"})
    zone = at("2026-01-01").tzinfo
    return [(f"{one.since.astimezone(zone):%d %H:%M}", f"{one.until.astimezone(zone):%d %H:%M}") for one in found]


def entries() -> list[Asked]:
    with read() as tx:
        return asked_in(tx, tx.now, {"water"})


def test_a_stand_in_holds_at_once_and_says_who_when_and_why(town: Path) -> None:
    ordered("wc", "wa")
    assert on("2026-09-30T20:00") == {"wa"}
    (one,) = entries()
    assert (one.kind, one.asked_by_name, one.reason, one.answer) == (Kind.STAND_IN, "wh1", "病假", "ordered")
    assert one.asked_at == at("2026-09-28T09:00")
    told = look("SELECT p.login FROM outbox o JOIN person p ON p.id = o.person_id WHERE kind = 'duty_changed'")
    assert sorted(row["login"] for row in told) == ["wa", "wc"]


def test_two_shifts_are_swapped(town: Path) -> None:
    # 5 October is 277 days after the first of January, 277 % 3 = 1: wb at night.
    ordered("wc", "wb", back_since="2026-10-05T18:00", back_until="2026-10-06T08:00")
    assert (on("2026-10-01T03:00"), on("2026-10-06T03:00")) == ({"wb"}, {"wc"})
    assert entries()[0].kind is Kind.SWAP


def test_a_holiday_leaves_holes_that_lint_finds_at_once_and_somebody_fills(town: Path) -> None:
    assert holes() == []
    ordered("wb", None, post=None, since="2026-10-02T12:00", until="2026-10-04T00:00")
    # The plan's second night is wb's until 3 October 08:00, and that Saturday's day 2026-10-03 is wc's or wa's.
    turn = ["wb", "wc", "wa"][(at("2026-10-03").date() - at("2026-01-01").date()).days % 3]
    assert turn != "wb"
    assert holes() == [("02 20:00", "03 08:00")]
    ordered(None, "wc", since="2026-10-02T20:00", until="2026-10-03T08:00")
    assert holes() == []
    assert on("2026-10-03T02:00") == {"wc"}
    assert [one.kind for one in entries()] == [Kind.ADD, Kind.AWAY] or [one.kind for one in entries()] == [
        Kind.AWAY,
        Kind.ADD,
    ]


def test_a_shift_more_stands_beside_and_a_shift_less_leaves_a_hole(town: Path) -> None:
    ordered(None, "wa")
    assert on("2026-09-30T20:00") == {"wa", "wc"}
    ordered("wc", None)
    assert on("2026-09-30T20:00") == {"wa"}
    ordered("wa", None, since="2026-09-30T22:00")
    assert on("2026-09-30T21:59") == {"wa"}
    assert on("2026-09-30T22:00") == {None}
    assert holes() == [("30 22:00", "01 08:00")]


def test_an_order_rewrites_nothing_of_who_was_on_duty_before_it(town: Path) -> None:
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(now)s", now=at("2026-09-30T23:00"))
    ordered("wc", "wa")
    assert on("2026-09-30T22:59") == {"wc"}
    assert on("2026-09-30T23:00") == {"wa"}


def test_what_is_undone_held_until_then_and_no_longer(town: Path) -> None:
    id = ordered("wc", "wa")
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(now)s", now=at("2026-09-30T23:00"))
    undone(id)
    assert on("2026-09-30T22:59") == {"wa"}
    assert on("2026-09-30T23:01") == {"wc"}
    (one,) = entries()
    assert (one.undone_by_name, one.undone_reason, one.holds) == ("wh1", "写错了", False)
    with pytest.raises(Conflict):
        undone(id)


def test_who_may_undo_and_when(town: Path) -> None:
    id = ordered("wc", "wa")
    with pytest.raises(Forbidden):
        undone(id, head=False)
    with pytest.raises(FormIncomplete, match="why"):
        undone(id, " ")
    with pytest.raises(NotFound):
        undone(id + 1)
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(now)s", now=at("2026-10-01T08:00"))
    with pytest.raises(Conflict):
        undone(id)


REFUSED = [
    (("wc", "landscaping"), {}, "landscaping has no open account"),
    (("wc", "nobody"), {}, "no open account"),
    (("wc", "dispatcher"), {}, "dispatcher has no open account"),  # who is on duty elsewhere, which is not told
    ((None, "wc"), {}, "anyhow"),  # beside himself
    (("wc", "wa"), {"until": "2026-09-30T17:00"}, "span to come"),
    (("wc", "wa"), {"since": "2026-09-30T18:00", "until": "2026-09-30T18:00"}, "span to come"),
    (("wc", "wa"), {"since": "2026-08-01T18:00", "until": "2026-08-02T08:00"}, "span to come"),
    (("wa", "wb"), {}, "not on duty then"),
    (("wa", None), {}, "not on duty then"),
    (("wc", "wh1"), {}, "on duty elsewhere"),  # head on call that week
    (("wc", "wa"), {"why": "  "}, "why"),
    ((None, "wa"), {"back_since": "2026-10-05T18:00", "back_until": "2026-10-06T08:00"}, "two persons"),
    ((None, None), {"post": None}, "."),
    (("landscaping", None), {"post": None}, "landscaping has no open account"),
]


@pytest.mark.parametrize(("people", "more", "words"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(
    town: Path, people: tuple[str | None, str | None], more: dict[str, str], words: str
) -> None:
    with pytest.raises(FormIncomplete, match=words):
        ordered(*people, **more)  # type: ignore[arg-type]
    assert entries() == []


def leave(person: str, since: str, until: str) -> int:
    return ordered(person, None, post=None, since=since, until=until)


@pytest.mark.parametrize("person", ["wc", None], ids=["stand_in", "shift_more"])
def test_whoever_is_away_is_on_duty_for_nobody(town: Path, person: str | None) -> None:
    id = leave("wa", "2026-09-30T12:00", "2026-10-01T07:00")
    with pytest.raises(FormIncomplete, match="wa is away then"):
        ordered(person, "wa")
    assert on("2026-09-30T20:00") == {"wc"}
    undone(id)
    ordered(person, "wa")
    assert "wa" in on("2026-09-30T20:00")


def test_nor_does_anybody_take_a_shift_in_return_while_away(town: Path) -> None:
    leave("wc", "2026-10-05T18:00", "2026-10-06T08:00")  # 277 % 3 = 1: wb's night
    with pytest.raises(FormIncomplete, match="wc is away then"):
        ordered("wc", "wb", back_since="2026-10-05T18:00", back_until="2026-10-06T08:00")
    assert on("2026-09-30T20:00") == {"wc"}


def test_whoever_was_asked_and_is_away_by_now_cannot_be_agreed_to(town: Path) -> None:
    wish = Wish(
        unit="water", post=Post.DUTY, person="wc", stand_in="wa", since=at(NIGHT["since"]), until=at(NIGHT["until"])
    )
    with write() as tx:
        there = [one for one in shifts_between(tx, wish.since, wish.until, {"water"}) if one.post is Post.DUTY]
        id = ask(tx, wish, ids("wc"), head=False, there=there, theirs=(), units={"water"})
    leave("wa", "2026-09-30T12:00", "2026-10-01T07:00")
    with pytest.raises(FormIncomplete, match="wa is away then"), write() as tx:
        answer(tx, id, "agreed", ids("wa"), head=lambda unit: False)
    assert on("2026-09-30T20:00") == {"wc"}
    with write() as tx:
        answer(tx, id, "refused", ids("wa"), head=lambda unit: False)


def test_whoever_goes_away_after_agreeing_leaves_a_hole_that_lint_finds_and_nobody_is_rung_in(town: Path) -> None:
    ordered("wc", "wa")
    leave("wa", "2026-09-30T20:00", "2026-10-01T07:00")
    assert (on("2026-09-30T19:00"), on("2026-09-30T21:00")) == ({"wa"}, {None})
    assert holes() == [("30 20:00", "01 07:00")]


def test_a_city_file_loaded_again_is_the_base_and_takes_nothing_back(town: Path) -> None:
    ordered("wc", "wa")
    ordered(None, "wb", since="2026-10-05T10:00", until="2026-10-05T12:00")
    folder = town / "tiny"
    load(folder)
    assert on("2026-09-30T20:00") == {"wa"}
    spoil(folder, "roster.csv", "all,18:00-08:00,,wa;wb;wc", "all,18:00-08:00,,wc")
    spoil(folder, "city.toml", "[editions]", '[editions]\nroster = { id = "tiny-roster-2", in_force = 2026-09-29 }')
    assert load(folder).changes == {"roster": 1}
    assert on("2026-09-30T20:00") == {"wa"}  # still in wc's place
    assert on("2026-10-01T20:00") == {"wb"}  # the plan
    assert on("2026-10-05T11:00") == {"wc", "wb"}  # a day off, 277 days on: wc by day


def test_the_drill_of_the_night_pages_whoever_stands_in(town: Path) -> None:
    ordered("wc", "wa")
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(now)s", now=at("2026-10-01T02:30"))
    assert look_ahead()
    paged = look(
        """SELECT p.login FROM drill_call d JOIN person p ON p.id = d.person_id
            WHERE d.unit_id = 'water' AND d.post = 'duty'"""
    )
    assert [row["login"] for row in paged] == ["wa"]
    with read() as tx:
        everywhere, here = looked(tx), looked(tx, {"water"})
    assert everywhere is not None
    assert here is not None
    assert (here.findings, here.at) == (0, at("2026-10-01T02:30"))
    assert everywhere.findings > 0


def test_an_entry_is_never_changed(town: Path) -> None:
    undone(ordered("wc", "wa"))
    for table in ("stand_in", "stand_in_answer", "stand_in_undo"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET stand_in_id = 1"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn)), write() as tx:
                execute(tx, statement)  # type: ignore[arg-type]
    with read() as tx:
        assert value(tx, "SELECT count(*) FROM stand_in_undo") == 1
