"""Who really did what where, learnt from closed cases, beside the rules."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.cases.books import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.evaluation.owners import Beside, Learnt, beside_the_rules, learnt
from dispatch.evaluation.owners_command import command
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import MONDAY, Town, settled
from tests.city.spoilt_town import copy_of_tiny, spoil

HERE = ("E0405", "community:440001001001", "alley", None)


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def found(town: Town) -> list[Learnt]:
    with read() as tx:
        return learnt(tx, MONDAY - timedelta(days=1), town.now + timedelta(days=100))


def against(town: Town, at_least: int = 2) -> list[Beside]:
    with read() as tx:
        return beside_the_rules(found(town), books(tx), at_least=at_least)


def test_what_was_done_as_the_rules_say_is_learnt_and_no_disagreement(town: Town) -> None:
    for _ in range(3):
        town.closed()
    (one,) = found(town)
    assert (one.where, one.unit, one.cases) == (HERE, "enforcement-a", 3)
    assert len(one.numbers) == 3
    assert against(town) == []


def test_another_unit_that_does_it_is_listed_with_its_cases_and_the_rule_that_says_otherwise(town: Town) -> None:
    cases = [town.closed("street-b") for _ in range(2)]
    town.closed()
    (one,) = against(town)
    assert (one.learnt.unit, one.learnt.cases, one.of, one.share) == ("street-b", 2, 3, 66)
    assert {*one.learnt.numbers} == {case.number for case in cases}
    assert (one.rules.unit, one.rules.rule) == ("enforcement-a", "R-005")
    assert against(town, at_least=3) == []


def test_a_unit_below_the_one_named_did_it_for_that_one(town: Town) -> None:
    case = town.dispatched("district-a", category="C0135")
    town.do(case, Action.SUBDISPATCH, "district-a", unit="enforcement-a")
    town.do(case, Action.SIGN, "enforcement-a")
    town.do(case, Action.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(case, Action.CLOSE, "shift_leader")
    assert [one.unit for one in found(town)] == ["enforcement-a"]
    assert against(town, at_least=1) == []


def test_what_is_not_closed_or_did_not_pass_its_check_teaches_nothing(town: Town) -> None:
    town.replied("street-b")
    town.forced(town.handling("street-b"))
    assert found(town) == []


def test_a_ruling_counts_however_few_and_its_case_once_when_it_is_closed(town: Town) -> None:
    case = town.handling("enforcement-a")
    town.do(case, Action.ASK_RETURN, "enforcement-a", reason="not_owner", whose="street-a")
    town.do(case, Action.APPROVE_RETURN, "dispatcher")
    town.do(case, Action.DISPATCH, "dispatcher", unit="street-a", reason="agreed")
    town.do(case, Action.SIGN, "street-a")
    town.do(case, Action.ASK_RULING, "street-a", reason="not_owner", clause="R-006", whose="enforcement-a")
    town.do(case, Action.RULE_OTHER, "supervisor", unit="sanitation", reason="by_rule")
    (one,) = against(town, at_least=3)
    assert (one.learnt.unit, one.learnt.cases, one.learnt.rulings, one.share) == ("sanitation", 0, 1, 0)
    assert one.learnt.numbers == [case.number]
    town.do(case, Action.DISPATCH, "dispatcher", unit="sanitation", reason="ruled")
    town.do(case, Action.SIGN, "sanitation")
    town.do(case, Action.REPLY, "sanitation", photos=(town.photo(2),))
    town.do(case, Action.PASS_TO_CHECK, "dispatcher")
    town.do(case, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
    town.do(case, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
    town.do(case, Action.CLOSE, "shift_leader")
    (one,) = against(town, at_least=3)
    assert (one.learnt.cases, one.learnt.rulings, one.learnt.numbers) == (1, 1, [case.number])


def test_neither_a_grid_cut_anew_nor_a_unit_renamed_is_another_one(town: Town, tmp_path: Path) -> None:
    town.closed("street-b")
    folder = copy_of_tiny(tmp_path)
    spoil(folder, "units.csv", "西街街道办事处", "西城街道办事处")
    spoil(folder, "areas/community.geojson", "东街社区", "东门社区")
    for kind in ("units", "areas"):
        old = f'{kind} = {{ id = "tiny-{kind}-1", in_force = 2024-01-01'
        spoil(folder, "city.toml", old, f'{kind} = {{ id = "tiny-{kind}-2", in_force = 2026-06-10')
    load(folder, data=tmp_path / "data")
    town.later(days=7)
    town.closed("street-b")
    (one,) = found(town)
    assert (one.where, one.unit, one.cases) == (HERE, "street-b", 2)


def test_the_command_prints_the_disagreements_and_the_whole_table(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    case = town.closed("street-b")

    def said(*words: str) -> list[dict[str, object]]:
        parser = ArgumentParser()
        command.add_arguments(parser)
        assert command.run(parser.parse_args([*words, "--json", "--at-least", "1"])) == 0
        return list(json.loads(capsys.readouterr().out))

    town.later(minutes=1)
    (row,) = said()
    assert (row["unit"], row["rules_say"], row["numbers"]) == ("street-b", "enforcement-a", case.number)
    (row,) = said("--all")
    assert (row["category"], row["cases"]) == ("E0405", 1)
