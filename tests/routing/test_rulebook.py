"""A rule that cannot be read is refused with its number; one that can never decide is found."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.routing.reading import RulebookFault, rules_of
from dispatch.routing.rulebook import rulebook_of
from dispatch.units.tree import Tree, Unit, tree_of
from tests.routing.town import TREE, book, facts, rule

GOOD = rule("R-1", 10, "unit:gas", kind="event")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"no": ""}, "rule 1: no `no`"),
        ({"reason": None}, "R-1: no `reason`"),
        ({"source": ""}, "R-1: no `source`"),
        ({"rank": "low"}, "R-1: `rank` wants a whole number"),
        ({"rank": True}, "R-1: `rank` wants a whole number"),
        ({"to": "somebody"}, "R-1: `to` names nobody: 'somebody'"),
        ({"to": "unit:"}, "R-1: `to` names nobody"),
        ({"to": "territory:a:b:c"}, "R-1: `to` names nobody"),
        ({"to": None}, "R-1: `to` names nobody"),
        ({"when": None}, "R-1: `when` wants a table"),
        ({"when": {"weather": "rain"}}, "R-1: `when` has no clause 'weather'"),
        ({"when": {"road": True}}, "R-1: clause `road` wants a word or a list"),
        ({"when": {"road": []}}, "R-1: clause `road` wants a word or a list"),
        ({"when": {"corridor": "人民路"}}, "R-1: clause `corridor` wants { road = "),
        ({"when": {"corridor": {"road": "人民路", "metres": 501}}}, "R-1: clause `corridor` wants { road = "),
        ({"when": {"hours": "22-6"}}, "R-1: clause `hours` wants spans"),
        ({"when": {"hours": ["08:00-08:00"]}}, "R-1: clause `hours` wants spans"),
        ({"when": {"from": "06-01"}}, "R-1: clause `season` wants `from` and `until`"),
        ({"when": {"from": "06-01", "until": "2026-07-01"}}, "R-1: clause `season` wants `from` and `until`"),
        ({"when": {"from": "2026-07-01", "until": "2026-06-01"}}, "R-1: clause `season` wants `from` and `until`"),
        ({"assist": ["somebody"]}, "R-1: `assist` names nobody: 'somebody'"),
        ({"assist": "unit:gas"}, "R-1: `assist` wants a list of units"),
        ({"limit": {"value": 0, "time_class": "work_hour"}}, "R-1: `limit` wants { value = "),
        ({"limit": {"value": 1}}, "R-1: `limit` wants { value = "),
        ({"when": {"owner": [1]}}, "R-1: clause `owner` wants a word or a list of words, true or false"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_number(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RulebookFault) as refused:
        rulebook_of({"edition": "e", "rule": [{**GOOD, **change}]})
    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].startswith(words)


def test_all_faults_are_told_at_once_and_the_good_rules_read() -> None:
    rules, faults = rules_of({"rule": [GOOD, {**GOOD, "no": "R-2", "rank": None, "to": "x"}, "no table", GOOD]})
    assert [rule.no for rule in rules] == ["R-1", "R-1"]
    assert [fault.partition(":")[0] for fault in faults] == ["R-2", "R-2", "rule 3"]
    assert rules_of({"rule": "none"})[1]


def test_a_book_is_read_by_rank_and_then_in_the_order_of_its_file() -> None:
    found = book(rule("c", 20, "owner"), rule("a", 10, "owner"), rule("b", 20, "owner"))
    assert [one.no for one in found.rules] == ["a", "c", "b"]


def test_a_plan_looks_only_at_what_its_categorys_rules_ask() -> None:
    water = book().plan(facts(category="E0505", kind="event", types=("water_supply",), category_class="event:05"))
    assert water.looks_at == {"area"}
    assert water.named == {"street:02001"}
    cover = book().plan(facts())
    assert cover.looks_at == {"road", "area", "owner"}
    assert cover.named == {"district"}


def test_the_units_below_are_all_of_them_and_the_unit_itself() -> None:
    assert TREE.below("east") == {"east", "east-order", "street-01"}
    assert TREE.below("gas") == {"gas"}
    circle = Tree(
        {
            "a": Unit(id="a", name="a", name_en="a", tier=1, parent="b"),
            "b": Unit(id="b", name="b", name_en="b", tier=1, parent="a"),
        }
    )
    assert circle.below("a") == {"a", "b"}


def test_a_territory_is_answered_for_by_its_platform_else_by_its_office() -> None:
    assert [unit.id for unit in TREE.in_area("district:01")] == ["east"]
    assert [unit.id for unit in TREE.in_area("street:01001")] == ["street-01"]
    assert [unit.id for unit in TREE.in_area("district:01", "order")] == ["east-order"]
    assert TREE.in_area("district:09") == []


def test_a_tree_is_read_from_rows() -> None:
    rows = [{"id": "a", "name": "甲", "name_en": "A", "tier": 1, "types": ["gas"]}]
    assert [unit.id for unit in tree_of(rows).of_type("gas")] == ["a"]
