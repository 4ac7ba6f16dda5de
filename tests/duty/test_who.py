"""Who would be called at a moment, and what a period's lint finds, by the loaded city."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.alarms.command import command
from dispatch.alarms.who import lint, unit_for, who
from dispatch.cases.books import books
from dispatch.cases.on_duty import shifts_between
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.duty.lint import Finding
from dispatch.duty.roster import Post
from dispatch.duty.stand_ins import Wish, answer, ask
from dispatch.people.reach import set_reach
from gis.db import execute, read, value, write
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound
from tests.city.spoilt_town import spoil
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, at, on_duty, rostered

WITHOUT = [line for line in LINES if "all,18:00" not in line]


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Path]:
    with on_duty(tmp_path, "2026-09-28T09:00"):
        yield tmp_path


def called(moment: str, unit: str = "water") -> list[str | None]:
    with read() as tx:
        return [one.shift and one.shift.person for one in who(tx, books(tx), unit, at(moment))]


def found(since: str, until: str, reaches: tuple[str, ...] = ()) -> list[tuple[str, str, str, str, str, str]]:
    with read() as tx:
        return [_said(one) for one in lint(tx, at(since), at(until), reaches)]


def _said(one: Finding) -> tuple[str, str, str, str, str, str]:
    zone = at("2026-01-01").tzinfo
    ends = [f"{moment.astimezone(zone):%m-%d %H:%M}" for moment in (one.since, one.until)]
    return (one.kind.value, one.unit, one.post.value, one.person, ends[0], ends[1])


def ids(login: str) -> int:
    with read() as tx:
        return int(value(tx, "SELECT id FROM person WHERE login = %(l)s", l=login))


@pytest.mark.parametrize(
    ("moment", "people"),
    [
        ("2026-09-30T17:59", ["water", "wh1", "dispatcher", "leader"]),
        ("2026-09-30T18:00", ["wc", "wh1", "dispatcher", "leader"]),
        ("2026-10-01T07:59", ["wc", "wh1", "dispatcher", "leader"]),  # of the night before the plan
        ("2026-10-01T08:00", ["wa", "wh2", "dispatcher", "leader"]),  # Thursday, 273 = 39 * 7: the other head's week
        ("2026-10-03T02:00", ["wb", "wh2", "dispatcher", "leader"]),  # of the plan's last night
    ],
)
def test_who_would_be_called(town: Path, moment: str, people: list[str]) -> None:
    assert called(moment) == people


def test_an_empty_rung_is_named_and_a_class_leads_to_its_unit(town: Path) -> None:
    assert called("2026-09-30T17:00", "landscaping") == [None, None, "dispatcher", "leader"]
    assert called("2026-09-30T17:00", "hall") == ["dispatcher", "shift_leader", "leader"]
    with read() as tx:
        city = books(tx)
        assert (
            unit_for(city, next(c.code for c in city.catalogue.categories.values() if "landscaping" in c.types))
            == "landscaping"
        )
        with pytest.raises(NotFound):
            unit_for(city, "E9999")
        with pytest.raises(NotFound):
            who(tx, city, "nowhere", at("2026-10-01T08:00"))


def test_lint_finds_no_hole_where_the_roster_is_whole_and_names_units_without_duty(town: Path) -> None:
    kinds = found("2026-09-28T00:00", "2026-10-08T00:00")
    assert {row[1] for row in kinds} >= {"landscaping", "district-a"}
    assert {row[0] for row in kinds} == {"empty_rung"}
    assert not [row for row in kinds if row[1] in ("water", "hall")]


def test_lint_names_the_units_whose_head_a_ladder_would_ring_in_vain(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-09-28T09:00", (*LINES, *ENFORCEMENT), LADDERS):
        empty = {row[1:3] for row in found("2026-09-28T00:00", "2026-10-08T00:00") if row[0] == "empty_rung"}
    assert {("landscaping", "duty"), ("landscaping", "head"), ("enforcement-b", "head")} <= empty
    assert not [unit for unit, _ in empty if unit in ("water", "enforcement-a", "hall")]


@pytest.mark.parametrize("post", ["duty", "head"])
def test_lint_names_a_centre_that_has_nobody_for_a_rung(fresh_database: Urls, tmp_path: Path, post: str) -> None:
    lines = [line for line in (*LINES, *ENFORCEMENT) if not line.startswith(f"hall,{post},")]
    with on_duty(tmp_path, "2026-09-28T09:00", lines, LADDERS):
        kinds = found("2026-09-28T00:00", "2026-10-08T00:00")
    assert [row[:3] for row in kinds if row[1] == "hall"] == [("empty_rung", "hall", post)]


def test_lint_is_exact_to_the_minute_where_nights_are_missing(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-09-28T09:00", WITHOUT):
        holes = [
            row[4:] for row in found("2026-09-29T00:00", "2026-10-04T00:00") if row[:3] == ("hole", "water", "duty")
        ]
    assert holes == [
        ("09-29 00:00", "09-29 08:00"),
        ("09-29 18:00", "09-30 08:00"),
        ("09-30 18:00", "10-01 08:00"),
        ("10-03 18:00", "10-04 00:00"),  # the plan fills both nights of the holiday, the second until eight
    ]


def test_a_person_without_a_channel_and_one_whose_account_is_closed_are_found(town: Path) -> None:
    with write() as tx:
        for login in ("water", "wa", "wb", "dispatcher", "shift_leader", "leader", "wh1", "wh2"):
            set_reach(tx, login, "phone", "13800005678")
    unreachable = [row for row in found("2026-09-29T00:00", "2026-10-03T00:00", ("phone",)) if row[0] == "unreachable"]
    assert unreachable == [("unreachable", "water", "duty", "wc", "09-30 18:00", "10-01 08:00")]
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE login = 'wc'")
    assert [row[3] for row in found("2026-09-29T00:00", "2026-10-03T00:00", ("phone",)) if row[0] == "stranger"] == [
        "wc"
    ]
    assert not [row for row in found("2026-09-29T00:00", "2026-09-30T18:00", ("phone",)) if row[0] == "stranger"]


def test_another_roster_takes_over_on_its_day_and_keeps_the_night_before(town: Path) -> None:
    folder = town / "tiny"
    spoil(folder, "roster.csv", "all,18:00-08:00,,wa;wb;wc", "all,18:00-08:00,,wc")
    spoil(folder, "city.toml", "[editions]", '[editions]\nroster = { id = "tiny-roster-2", in_force = 2026-10-03 }')
    assert load(folder).changes == {"roster": 1}
    assert called("2026-09-29T20:00") == called("2026-09-29T20:00")
    assert called("2026-10-03T03:00")[0] == "wb"
    assert [called(f"2026-10-0{day}T20:00")[0] for day in (3, 4, 5, 6)] == ["wc"] * 4


def test_a_city_without_a_roster_says_so(fresh_database: Urls, tmp_path: Path) -> None:
    town = rostered(tmp_path)
    (town / "roster.csv").unlink()
    load(town)
    with read() as tx, pytest.raises(NotFound, match="no duty roster"):
        lint(tx, at("2026-10-01T00:00"), at("2026-10-02T00:00"), ())


# ── stand-ins ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def wish(person: str | None = "wc", stand_in: str = "wa", **more: str) -> Wish:
    spans = {"since": "2026-09-30T18:00", "until": "2026-10-01T08:00"} | more
    return Wish(unit="water", post=Post.DUTY, person=person, stand_in=stand_in, **{k: at(v) for k, v in spans.items()})


def asked(one: Wish, by: str, *, head: bool = False) -> int:
    with write() as tx:
        everywhere = shifts_between(tx, at("2026-09-25T00:00"), at("2026-10-20T00:00"), {"water"})
        there = [s for s in everywhere if s.post is one.post]
        return ask(tx, one, ids(by), head=head, there=there, theirs=everywhere, units={"water"})


def answered(id: int, what: str, by: str, *, head: bool = False) -> None:
    with write() as tx:
        answer(tx, id, what, ids(by), head=lambda unit: head)


def test_a_stand_in_counts_once_the_other_has_agreed(town: Path) -> None:
    id = asked(wish(), "wc")
    assert called("2026-09-30T20:00")[0] == "wc"
    with pytest.raises(Forbidden):
        answered(id, "agreed", "wc")
    with pytest.raises(Forbidden):
        answered(id, "agreed", "wb")
    answered(id, "agreed", "wa")
    assert called("2026-09-30T20:00")[0] == "wa"
    assert called("2026-09-30T17:00")[0] == "water"
    with pytest.raises(Conflict):
        answered(id, "refused", "wh1", head=True)
    with read() as tx:
        assert value(tx, "SELECT count(*) FROM outbox WHERE kind IN ('stand_in_asked', 'stand_in_agreed')") == 2


def test_a_swap_goes_both_ways_and_a_head_may_agree(town: Path) -> None:
    swap = wish(stand_in="wb", back_since="2026-10-05T18:00", back_until="2026-10-06T08:00")
    # 5 October is 277 days on, 277 % 3 = 1: wb at night.
    answered(asked(swap, "wc"), "agreed", "wh1", head=True)
    assert (called("2026-10-01T03:00")[0], called("2026-10-06T03:00")[0]) == ("wb", "wc")


def test_what_is_refused_or_withdrawn_changes_nothing(town: Path) -> None:
    answered(asked(wish(), "wc"), "refused", "wa")
    answered(asked(wish(), "wc"), "withdrawn", "wc")
    assert called("2026-09-30T20:00")[0] == "wc"


REFUSED = [
    (wish(person="wa", stand_in="wb"), "wa", "not on duty then"),
    (wish(stand_in="landscaping"), "wc", "no open account"),
    (wish(stand_in="wc"), "wc", "another person"),
    (wish(until="2026-12-01T08:00"), "wc", "31 days"),
    (wish(until="2026-09-30T18:00"), "wc", "31 days"),
    (wish(person=None), "wh1", "Somebody is on duty"),
    (wish(stand_in="water", since="2026-09-30T10:00"), "wc", "anyhow"),
    (wish(stand_in="wh1"), "wc", "on duty elsewhere"),  # head on call that week
    (
        wish(stand_in="wb", back_since="2026-10-06T18:00", back_until="2026-10-07T08:00"),
        "wc",
        "not on duty then, or you are",
    ),
]


@pytest.mark.parametrize(("one", "by", "words"), REFUSED)
def test_a_request_that_cannot_be_is_refused(town: Path, one: Wish, by: str, words: str) -> None:
    with pytest.raises(FormIncomplete, match=words):
        asked(one, by, head=True)


def test_nobody_gives_away_anothers_duty_but_a_head(town: Path) -> None:
    with pytest.raises(Forbidden):
        asked(wish(), "wb")
    id = asked(wish(), "wh1", head=True)
    answered(id, "agreed", "wa")
    assert called("2026-09-30T20:00")[0] == "wa"


def test_a_hole_is_filled_by_who_agrees_to_it(fresh_database: Urls, tmp_path: Path) -> None:
    with on_duty(tmp_path, "2026-09-28T09:00", WITHOUT):
        answered(asked(wish(person=None, until="2026-10-01T08:00"), "wh1", head=True), "agreed", "wa")
        assert called("2026-10-01T03:00")[0] == "wa"
        assert ("hole", "water", "duty", "", "09-30 18:00", "10-01 08:00") not in found(
            "2026-09-28T00:00", "2026-10-02T00:00"
        )


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────────


def run(*words: str) -> int:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_the_command_tells_and_counts(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("who", "--at", "2026-10-03T02:00", "--unit", "water") == 0
    assert "wb" in capsys.readouterr().out
    assert run("who", "--at", "2026-10-03T02:00", "--unit", "landscaping") == 1
    assert run("lint", "--from", "2026-10-01", "--days", "2") == 1
    assert "2026-10-01 and 2 days:" in capsys.readouterr().err
    with pytest.raises(FormIncomplete, match="is no instant"):
        run("who", "--at", "tomorrow", "--unit", "water")
    with pytest.raises(FormIncomplete, match="--unit or a --class"):
        run("who")
