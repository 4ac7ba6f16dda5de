"""Facts and rules give one unit with its rule, or no unit with the reason; never a guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from dispatch.routing.decide import Routing, decide
from dispatch.routing.facts import Facts
from tests.routing.books import ANY_BOOK, ANY_FACTS
from tests.routing.town import RULES, TREE, WEST, book, facts, rule

BOOK = book()

ANSWERS: list[tuple[dict[str, Any], str | None, str | None, str | None]] = [
    # facts that differ from a cover in the east on a main road; unit, rule, doubt
    ({}, "utilities", "R-3", None),
    ({"road": "secondary"}, "utilities", "R-3", None),
    ({"road": "alley"}, "east", "R-4", None),
    ({"road": "alley", "areas": WEST}, "west", "R-4", None),
    ({"road": "none"}, "east", "R-4", None),
    ({"owner": "gas"}, "gas", "R-2", None),
    ({"owner": "gas", "kind": "event"}, "utilities", "R-3", None),
    ({"owner": "dissolved"}, None, "R-2", "nobody"),
    ({"category": "E0505", "types": ("asset_owner",)}, "water", "R-1", None),
    ({"types": ("asset_owner", "municipal")}, "utilities", "R-3", None),
    ({"types": ("order",)}, "east-order", "R-5", None),
    ({"types": ("order",), "areas": WEST}, None, "R-5", "nobody"),
    ({"types": ("x",), "category_class": "event:06"}, "street-01", "R-6", None),
    ({"types": ("x",), "category_class": "event:06", "areas": WEST}, None, "R-6", "nobody"),
    ({"types": ("x", "lamps")}, None, None, "tie"),
    ({"types": ("x",), "kind": "event", "areas": WEST}, "gas", "R-8", None),
    ({"types": ("x",), "kind": "event"}, None, None, "no-rule"),
    ({"areas": ()}, None, None, "place"),
]


@pytest.mark.parametrize(("more", "unit", "number", "doubt"), ANSWERS)
def test_the_lowest_rank_that_holds_decides(
    more: dict[str, Any], unit: str | None, number: str | None, doubt: str | None
) -> None:
    found = decide(facts(**more), BOOK, TREE)
    assert (found.unit, found.rule, found.doubtful) == (unit, number, doubt)
    assert found.edition == "town-1"
    assert found.reason
    assert found.reason_en


def test_an_answer_cites_its_rule() -> None:
    found = decide(facts(), BOOK, TREE)
    assert (found.reason, found.reason_en, found.source) == ("R-3的理由", "reason of R-3", "article R-3")


def test_the_rules_tried_before_say_which_clause_did_not_hold() -> None:
    found = decide(facts(road="alley"), BOOK, TREE)
    assert [(tried.rule, tried.clause) for tried in found.tried] == [
        ("R-1", "category"),
        ("R-2", "owner"),
        ("R-3", "road"),
    ]


def test_two_rules_of_one_rank_with_different_units_are_a_tie_with_both_named() -> None:
    found = decide(facts(), book(rule("A", 10, "unit:water", road="main"), rule("B", 10, "unit:gas")), TREE)
    assert (found.unit, found.doubtful, found.between) == (None, "tie", ("water", "gas"))
    assert "供水公司（A）" in found.reason
    assert "燃气公司（B）" in found.reason
    assert "Water (A), Gas (B)" in found.reason_en


def test_two_rules_of_one_rank_with_the_same_unit_are_no_tie() -> None:
    found = decide(facts(), book(rule("A", 10, "unit:water", road="main"), rule("B", 10, "type:water_supply")), TREE)
    assert (found.unit, found.rule) == ("water", "A")


def test_a_rank_that_names_nobody_does_not_fall_through_to_the_next() -> None:
    found = decide(facts(owner="dissolved"), book(rule("A", 10, "owner"), rule("B", 20, "unit:gas")), TREE)
    assert (found.unit, found.doubtful, found.rule) == (None, "nobody", "A")
    assert "dissolved" in found.reason
    unknown = decide(facts(), book(rule("A", 10, "maintainer")), TREE)
    assert "none is on record" in unknown.reason_en


@pytest.mark.parametrize("to", ["owner", "maintainer", "supervisor"])
def test_a_component_is_answered_for_by_the_party_the_rule_names(to: str) -> None:
    parties = {"owner": "gas", "maintainer": "water", "supervisor": "utilities"}
    assert decide(facts(**parties), book(rule("A", 10, to)), TREE).unit == parties[to]


def test_type_first_is_the_categorys_own_first_trade() -> None:
    assert decide(facts(types=("asset_owner", "gas")), book(rule("A", 10, "type:first")), TREE).unit == "gas"
    assert decide(facts(types=("asset_owner",)), book(rule("A", 10, "type:first")), TREE).doubtful == "nobody"


@pytest.mark.parametrize(("wanted", "owner", "holds"), [
    (True, "gas", True), (True, None, False), (False, None, True), (False, "gas", False),
    (["gas"], "gas", True), (["gas"], "water", False), (["gas"], None, False),
])  # fmt: skip
def test_the_owner_clause_asks_for_any_for_none_or_for_these(wanted: Any, owner: str | None, holds: bool) -> None:
    found = decide(facts(owner=owner), book(rule("A", 10, "unit:water", owner=wanted)), TREE)
    assert (found.unit == "water") is holds


@pytest.mark.parametrize(("when", "more", "holds"), [
    ({"road_name": "人民路"}, {"road_name": "人民路"}, True),
    ({"road_name": ["人民路", "新华路"]}, {"road_name": "红荔巷"}, False),
    ({"corridor": {"road": "人民路", "metres": 60}}, {"corridors": ("人民路:60",)}, True),
    ({"corridor": {"road": "人民路", "metres": 60}}, {"corridors": ("人民路:30",)}, False),
    ({"hours": "22:00-06:00"}, {"hour": "22:00"}, True),
    ({"hours": "22:00-06:00"}, {"hour": "05:59"}, True),
    ({"hours": "22:00-06:00"}, {"hour": "06:00"}, False),
    ({"hours": ["08:00-12:00", "14:00-24:00"]}, {"hour": "23:59"}, True),
    ({"hours": "22:00-06:00"}, {}, False),
    ({"season": ("11-15", "03-15")}, {"day": "2026-03-15"}, True),
    ({"season": ("11-15", "03-15")}, {"day": "2026-03-16"}, False),
    ({"season": ("06-01", "08-31")}, {"day": "2026-08-31"}, True),
    ({"season": ("2026-05-01", "2026-05-05")}, {"day": "2026-05-01"}, True),
    ({"season": ("2026-05-01", "2026-05-05")}, {"day": "2027-05-01"}, False),
    ({"season": ("06-01", "08-31")}, {}, False),
])  # fmt: skip
def test_a_rule_may_ask_for_the_road_by_name_a_corridor_the_hour_and_the_season(
    when: dict[str, Any], more: dict[str, Any], holds: bool
) -> None:
    found = decide(facts(**more), book(rule("A", 10, "unit:water", **when)), TREE)
    assert (found.unit == "water") is holds


def test_a_rule_names_who_assists_and_may_set_a_limit_of_its_own() -> None:
    row = rule("A", 10, "unit:water") | {
        "assist": ["territory:district", "unit:water", "unit:gas", "owner"],
        "limit": {"value": 2, "time_class": "work_hour"},
    }
    found = decide(facts(), book(row), TREE)
    assert (found.unit, found.assist, found.limit) == ("water", ("east", "gas"), ("2", "work_hour"))
    assert Routing.of(json.loads(json.dumps(found.document()))) == found


@given(asked=ANY_FACTS, rules=ANY_BOOK)
def test_every_facts_give_a_unit_or_a_reason_and_always_the_same(asked: Facts, rules: Any) -> None:
    found = decide(asked, rules, TREE)
    assert (found.unit is None) is (found.doubtful is not None)
    assert found.unit is None or TREE.get(found.unit) is not None
    assert found.doubtful in (None, "no-rule", "tie", "nobody", "place")
    assert found.reason
    assert found == decide(asked, rules, TREE)
    assert found == decide(Facts.of(json.loads(json.dumps(asked.document()))), rules, TREE)


@given(asked=ANY_FACTS, rules=ANY_BOOK)
def test_the_answer_is_that_of_a_reader_who_goes_through_the_rules_one_by_one(asked: Facts, rules: Any) -> None:
    holding = [r for r in rules.rules if r.fails_for(asked) is None and r.fails_at(asked) is None]
    first = [r for r in holding if r.rank == min(h.rank for h in holding)]
    found = decide(asked, rules, TREE)
    if not asked.areas:
        assert found.doubtful == "place"
    elif not first:
        assert found.doubtful == "no-rule"
        assert len(found.tried) == len(rules.rules)
    elif found.unit is not None:
        alone = [decide(asked, book(_row(r)), TREE).unit for r in first]
        assert set(alone) == {found.unit}
        assert found.rule == first[0].no
    elif found.doubtful == "tie":
        assert len(found.between) > 1


def _row(one: Any) -> dict[str, Any]:
    to = ":".join(part for part in (one.to.kind, one.to.unit, one.to.level, one.to.type) if part)
    return rule(one.no, one.rank, to)


@given(asked=ANY_FACTS, rules=ANY_BOOK)
def test_a_stored_routing_reads_back_as_it_was(asked: Facts, rules: Any) -> None:
    document = decide(asked, rules, TREE).document()
    again = json.loads(json.dumps(document, ensure_ascii=False))
    assert Routing.of(again).document() == document == again


def test_a_stored_routing_keeps_every_rule_that_was_tried() -> None:
    document = decide(facts(road="alley"), BOOK, TREE).document()
    assert [row[:2] for row in document["tried"]] == [["R-2", "owner"], ["R-3", "road"]]
    assert document["passed"] == [["category", "R-1"]]
    assert document["facts"]["road"] == "alley"
    assert len(RULES) == 8
