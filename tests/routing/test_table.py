"""The decision table answers as the rules do, for every class of place; and so does a reader of its JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

from hypothesis import given

from dispatch.routing.decide import decide
from dispatch.routing.domain import Domain, Parties, Spot
from dispatch.routing.facts import Facts, facts_of
from dispatch.routing.table import Table, compile_table
from tests.routing.books import ANY_BOOK, ANY_FACTS
from tests.routing.town import COVER, EAST, SNOW, TREE, WEST, book, facts, rule

DOMAIN = Domain(
    categories=(COVER, SNOW),
    spots=(Spot(EAST, "main", "人民路"), Spot(EAST, "alley", "红荔巷"), Spot(WEST, "none", "")),
    parties={"C0101": (Parties(EAST, "gas", "water", None), Parties(WEST, None, "water", None))},
    corridors={
        "人民路:60": (frozenset([EAST]), frozenset()),
        "红荔巷:20": (frozenset([EAST, WEST]), frozenset([EAST])),
    },
)


@given(asked=ANY_FACTS, other=ANY_FACTS, rules=ANY_BOOK)
def test_the_table_answers_as_the_rules_do(asked: Facts, other: Facts, rules: Any) -> None:
    table = Table(rules, TREE)
    beside = [replace(asked, **{fact.name: getattr(other, fact.name)}) for fact in fields(Facts)]  # in one fact alone
    for one in (asked, *beside, other, asked):
        assert table.lookup(one) == decide(one, rules, TREE)


@given(rules=ANY_BOOK)
def test_every_class_of_place_that_exists_is_in_the_compiled_table_and_in_its_json(rules: Any) -> None:
    table = compile_table(rules, TREE, DOMAIN)
    document = json.loads(json.dumps(table.document(), ensure_ascii=False))
    for category in DOMAIN.categories:
        sheet = table.sheet(facts_of(category, None))
        for one, _ in DOMAIN.classes(category, sheet.plan):
            assert sheet.cell(one) in sheet.cells
            found, read = decide(one, rules, TREE), read_off(document, one)
            assert (read["unit"], read["rule"], read["doubtful"]) == (found.unit, found.rule, found.doubtful)


def read_off(document: dict[str, Any], asked: Facts) -> dict[str, Any]:
    """The answer of one who has nothing but the JSON: down the tree, one fact at each storey."""
    sheet = next(sheet for sheet in document["sheets"] if asked.category in sheet["categories"])
    given, branch = asked.document(), sheet["tree"]
    for axis in sheet["axes"]:
        names = {word for group in axis["classes"] for member in group for word in member or ()}
        blank: Any = [] if axis["fact"] == "corridors" else None if axis["fact"] in PARTIES else ""
        value = given.get(axis["fact"], blank)
        if axis["fact"] == "areas":
            value = [area for area in value if area in names]
        number = next(number for number, group in enumerate(axis["classes"]) if value in group)
        branch = branch["*"] if "*" in branch else branch[str(number)]
    found: dict[str, Any] = document["outcomes"][branch]
    return found


PARTIES = ("owner", "maintainer", "supervisor")


def test_places_that_no_rule_tells_apart_share_a_cell() -> None:
    table = Table(book(), TREE)
    sheet = table.sheet(facts())
    for grid in range(100):
        for road in ("main", "secondary", "branch", "alley", "none"):
            table.lookup(facts(road=road, areas=(*EAST[:2], f"grid:{grid}")))
    assert len(sheet.cells) == 2


def test_categories_that_the_same_rules_take_share_a_sheet() -> None:
    table = Table(book(rule("A", 10, "unit:gas")), TREE)
    assert table.sheet(facts()) is table.sheet(facts(category="C0102"))
    first = Table(book(rule("A", 10, "type:first")), TREE)
    assert first.sheet(facts()) is not first.sheet(facts(category="C0102", types=("gas",)))


def test_where_the_road_makes_no_difference_the_json_does_not_ask_for_it() -> None:
    rules = book(rule("A", 10, "unit:gas", road="main"), rule("B", 20, "unit:gas"))
    (sheet,) = compile_table(rules, TREE, Domain((COVER,), DOMAIN.spots)).document()["sheets"]
    assert sheet["axes"][1]["fact"] == "road"
    assert set(sheet["tree"]["*"]) == {"0", "1"}  # another rule, so another reason
    same = book(rule("A", 10, "unit:gas"), rule("B", 20, "unit:water", road="main"))
    (sheet,) = compile_table(same, TREE, Domain((COVER,), DOMAIN.spots)).document()["sheets"]
    assert set(sheet["tree"]["*"]) == {"*"}
