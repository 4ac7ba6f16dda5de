"""Lint finds every gap, tie, idle rule and powerless unit there is, at the places where they are, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from dispatch.routing.decide import decide, holding
from dispatch.routing.domain import Domain, Parties, Spot, hours_of, seasons_of
from dispatch.routing.facts import Facts
from dispatch.routing.lint import Finding, lint
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.routing.table import Table
from tests.routing.books import ANY_BOOK
from tests.routing.town import COVER, EAST, SNOW, TREE, WEST, rule

NEXT = (*EAST[:2], "grid:01001002")
DOMAIN = Domain(
    categories=(COVER, SNOW),
    spots=(
        Spot(EAST, "main", "人民路"),
        Spot(EAST, "alley", "红荔巷"),
        Spot(NEXT, "alley", "红荔巷"),
        Spot(WEST, "none", ""),
    ),
    parties={"C0101": (Parties(EAST, "gas", "water", None), Parties(WEST, None, "water", None))},
    corridors={"人民路:60": (frozenset([EAST]), frozenset([EAST])), "红荔巷:20": (frozenset([EAST]), frozenset())},
    words={
        "area": frozenset({*EAST, *NEXT, *WEST}),
        "road_name": frozenset(["人民路"]),
        "owner": frozenset(TREE.units),
    },
)
PATHS = (EAST, NEXT, WEST)
OFF_ALLEYS = (
    rule("A", 10, "unit:utilities", kind="component", road=["main", "none"]),
    rule("B", 20, "unit:water", kind="event"),
)


def found(
    *rows: dict[str, Any], domain: Domain = DOMAIN, accepted: list[dict[str, Any]] | None = None
) -> list[Finding]:
    document = {"edition": "town-1", "rule": list(rows), "accepted_gap": accepted or []}
    return lint(Table(rulebook_of(document), TREE), domain)


def test_a_gap_is_named_with_category_cell_and_areas() -> None:
    (gap,) = found(
        rule("A", 10, "unit:utilities", kind="component", road=["main", "none"]),
        rule("B", 20, "unit:water", kind="event"),
    )
    assert (gap.kind, gap.rules, gap.categories, gap.areas) == ("gap", (), ("C0101",), ("district:01",))
    assert gap.cell == {"road": ("alley",)}


def test_a_rule_that_names_nobody_somewhere_is_a_gap_there() -> None:
    gap, *_ = found(rule("A", 10, "territory:street"))
    assert (gap.kind, gap.rules, gap.categories) == ("gap", ("A",), ("C0101", "E0505"))
    assert gap.areas == ("district:02",)


def test_a_gap_that_is_accepted_is_none_and_an_accepted_one_that_is_none_is_told() -> None:
    rows = [
        rule("A", 10, "unit:utilities", kind="component", road=["main", "none"]),
        rule("B", 20, "unit:water", kind="event"),
    ]
    accept = {"when": {"area": ["grid:01001002"]}, "reason": "to be surveyed"}
    (gap,) = found(*OFF_ALLEYS, accepted=[accept])
    assert gap.areas == ("grid:01001001",)
    assert found(*OFF_ALLEYS, accepted=[{"when": {"road": "alley"}, "reason": "to be surveyed"}]) == []
    needless = found(
        *rows, accepted=[{"when": {"road": "alley"}, "reason": "x"}, {"when": {"road": "main"}, "reason": "y"}]
    )
    assert [(one.kind, one.words_en) for one in needless] == [("needless", "Accepted gap 2 is none: y")]


def test_a_tie_is_named_with_both_rules_and_where_it_is() -> None:
    (tie,) = found(
        rule("A", 10, "unit:utilities", area=["district:01"], kind="component"),
        rule("B", 10, "territory:district", kind="component"),
        rule("C", 20, "unit:water"),
    )
    assert (tie.kind, tie.rules, tie.categories, tie.areas) == ("overlap", ("A", "B"), ("C0101",), ("district:01",))


def test_a_rule_that_is_never_reached_is_named_with_those_before_it_and_its_places() -> None:
    shadowed, dead = found(
        rule("A", 10, "unit:utilities", kind="component", area=["district:01"]),
        rule("B", 20, "territory:district"),
        rule("C", 30, "territory:district", area=["district:02", "grid:01001002"]),
        rule("D", 5, "unit:gas", road="secondary", kind="component"),
    )
    assert (shadowed.kind, shadowed.rules, shadowed.areas) == (
        "shadowed",
        ("C", "A", "B"),
        ("grid:01001002", "district:02"),
    )
    assert (dead.kind, dead.rules) == ("dead", ("D",))


def test_a_unit_without_the_power_for_the_category_is_named() -> None:
    (powerless,) = found(rule("A", 10, "unit:gas", kind="component"), rule("B", 20, "unit:water"))
    assert (powerless.kind, powerless.rules, powerless.categories) == ("powerless", ("A",), ("C0101",))
    assert "燃气公司" in powerless.words
    assert found(rule("A", 10, "owner", owner=True), rule("B", 20, "territory:district")) == []
    assert found(rule("A", 10, "type:first")) == []


def test_a_rule_over_what_is_not_there_or_has_moved_is_named() -> None:
    domain = replace(DOMAIN, moved=frozenset(["district:02"]))
    kinds = {one.kind: one for one in found(
        rule("A", 10, "territory:district", area=["district:09", "district:02"]),
        rule("B", 20, "unit:utilities", corridor={"road": "古巷", "metres": 30}),
        rule("C", 30, "territory:district"),
        domain=domain,
    )}  # fmt: skip
    stale = [one for one in found(
        rule("A", 10, "territory:district", area=["district:09", "district:02"]),
        rule("B", 20, "territory:district", corridor={"road": "古巷", "metres": 30}),
        rule("C", 30, "territory:district"),
    ) if one.kind == "stale"]  # fmt: skip
    assert [(one.rules, one.words_en) for one in stale] == [
        (("A",), "Rule A names area district:09, which is not there"),
        (("B",), "Rule B names road_name 古巷, which is not there"),
    ]
    assert kinds["moved"].areas == ("district:02",)


def test_a_gap_of_some_hours_is_a_gap() -> None:
    (gap,) = found(rule("A", 10, "territory:district", hours=["06:00-22:00"]))
    assert gap.cell["hour"] == ("22:00-06:00",)
    assert found(rule("A", 10, "territory:district", hours=["06:00-22:00", "22:00-06:00"])) == []
    (winter,) = found(rule("A", 10, "territory:district", season=("03-16", "11-14")))
    assert winter.cell["day"] == ("11-15..03-15",)
    (before,) = found(rule("A", 10, "territory:district", season=("2026-03-01", "2026-12-31")))
    assert "2024-01-01" in before.cell["day"]  # no one stretch with two ends


@pytest.mark.parametrize(
    ("moments", "spans"),
    [
        ({"06:00"}, ("06:00-08:00",)),
        ({"06:00", "08:00"}, ("06:00-22:00",)),
        ({"00:00", "22:00", "08:00"}, ("08:00-06:00",)),
        ({"00:00", "08:00"}, ("00:00-06:00", "08:00-22:00")),
        ({"00:00", "06:00", "08:00", "22:00"}, ("00:00-24:00",)),
    ],
)
def test_moments_at_which_classes_begin_are_told_as_spans(moments: set[str], spans: tuple[str, ...]) -> None:
    assert hours_of(moments, {"00:00", "06:00", "08:00", "22:00"}) == spans


@pytest.mark.parametrize(
    ("days", "stretches"),
    [
        ({"2024-03-01", "2025-03-01"}, ("03-01..11-14",)),  # the day after the 31st of a month is written as a 32nd
        ({"2024-11-15", "2025-11-15", "2024-01-01"}, ("11-15..02-28",)),
        ({"2025-06-01"}, ("2025-06-01..2025-11-14",)),
    ],
)
def test_days_on_which_classes_begin_are_told_as_seasons(days: set[str], stretches: tuple[str, ...]) -> None:
    every = {"2024-01-01", "2024-03-01", "2025-03-01", "2024-11-15", "2025-11-15"}
    assert seasons_of(days, every | days) == stretches
    assert seasons_of(
        {"2024-03-01", "2025-03-01"}, {"2024-01-01", "2024-03-01", "2025-03-01", "2024-08-32", "2025-08-32"}
    ) == ("03-01..08-31",)


def every_place(rules: Rulebook) -> Iterator[tuple[Any, Facts]]:
    """All classes of place of the town, spelt out."""
    corridors = {EAST: [("人民路:60",), ("人民路:60", "红荔巷:20")], NEXT: [()], WEST: [()]}
    parties = {(c, p.areas): p[1:] for c, ps in DOMAIN.parties.items() for p in ps}
    for category in DOMAIN.categories:
        for spot in DOMAIN.spots:
            for within in corridors[spot.areas]:
                for owners in {(None, None, None), parties.get((category.code, spot.areas), (None, None, None))}:
                    for day in ("2024-01-10", "2024-04-01", "2024-07-01", "2024-12-01", "2026-01-10"):
                        for hour in ("00:00", "12:00", "23:00"):
                            yield category, replace(
                                DOMAIN.blank(category), areas=spot.areas, road=spot.road, road_name=spot.road_name,
                                corridors=within, owner=owners[0], maintainer=owners[1], day=day, hour=hour,
                            )  # fmt: skip


@given(rules=ANY_BOOK)
def test_lint_agrees_with_one_who_asks_at_every_place(rules: Rulebook) -> None:
    wrong: dict[str, set[Any]] = {"gap": set(), "overlap": set()}
    decides: set[str] = set()
    holds: set[str] = set()
    for category, facts in every_place(rules):
        answer = decide(facts, rules, TREE)
        if answer.doubtful in ("no-rule", "nobody"):
            wrong["gap"].add((category.code, facts.areas))
        if answer.doubtful == "tie":
            wrong["overlap"].add((category.code, facts.areas))
        decides |= {answer.rule} if answer.rule else {one.no for one in holding(facts, rules)[0]}
        holds |= {one.no for one in rules.rules if (one.fails_for(facts) or one.fails_at(facts)) is None}
    findings = lint(Table(rules, TREE), DOMAIN)
    for kind, places in wrong.items():
        named = {(code, path) for one in findings if one.kind == kind for code in one.categories
                 for path in PATHS if set(path) & set(one.areas)}  # fmt: skip
        assert named == places
    numbers = {one.no for one in rules.rules}
    assert {one.rules[0] for one in findings if one.kind == "dead"} == numbers - holds
    assert {one.rules[0] for one in findings if one.kind == "shadowed"} == holds - decides


@pytest.mark.parametrize("kind", ["gap", "powerless", "stale"])
def test_what_is_severe(kind: str) -> None:
    assert Finding(kind=kind, rules=(), categories=(), cell={}, areas=(), words="", words_en="").severe
