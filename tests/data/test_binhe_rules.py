"""Every category at every place of Binhe has exactly one answer, by an evaluator of the rules made for this test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from tests.data.binhe_files import CATALOGUE, CITY, areas, table, toml

ROADS = ("main", "secondary", "branch", "alley", "none")
UNITS = {row["id"]: row for row in table(CITY / "units.csv")}
RULES = toml("rules.toml")["rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may ask. `owner` None: no known component or none known for it."""

    category: dict[str, str]
    road: str
    street: str
    owner: str | None

    @property
    def types(self) -> list[str]:
        return self.category["types"].split(";")

    @property
    def first(self) -> str | None:
        return next((kind for kind in self.types if kind != "asset_owner"), None)


def words(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(clause: str, value: Any, facts: Facts) -> bool:
    if clause == "owner":
        return (facts.owner is not None) == value if isinstance(value, bool) else facts.owner in value
    if clause == "types":
        return any(kind in value for kind in facts.types)
    found = {
        "kind": facts.category["kind"],
        "category": facts.category["code"],
        "type": facts.first,
        "road": facts.road,
    }
    return found[clause] in words(value)


def answers(to: str, facts: Facts) -> list[str]:
    """All units a rule's `to` may mean; a sound rule has one."""
    if to == "owner":
        return [facts.owner] if facts.owner else []
    word, _, rest = to.partition(":")
    if word == "unit":
        return [rest] if rest in UNITS else []
    if word == "type":
        return [key for key, unit in UNITS.items() if not unit["area"] and rest in unit["types"].split(";")]
    level, _, kind = rest.partition(":")
    place = f"{level}:{facts.street[: 6 if level == 'district' else 9]}"
    here = [unit for unit in UNITS.values() if unit["area"] == place]
    if kind:
        return [unit["id"] for unit in here if kind in unit["types"].split(";")]
    return [unit["id"] for unit in here if unit["platform"] == "yes" or unit["tier"] == "3"]


def decide(facts: Facts) -> tuple[set[str], list[str]]:
    """The units of all rules of the lowest rank that match, and the numbers of those rules."""
    matching = [rule for rule in RULES if all(holds(clause, value, facts) for clause, value in rule["when"].items())]
    lowest = min((rule["rank"] for rule in matching), default=None)
    deciding = [rule for rule in matching if rule["rank"] == lowest]
    return {unit for rule in deciding for unit in answers(rule["to"], facts)}, [rule["no"] for rule in deciding]


def everything() -> Iterator[Facts]:
    owners: dict[tuple[str, str], set[str]] = {}
    for row in table(CITY / "components.csv.gz"):
        if row["owner"]:
            owners.setdefault((row["category"], row["grid"][:6]), set()).add(row["owner"])
    for category, road, street in product(table(CATALOGUE / "categories.csv"), ROADS, areas("street")):
        for owner in (None, *sorted(owners.get((category["code"], street[:6]), ()))):
            yield Facts(category=category, road=road, street=street, owner=owner)


def facts_of(code: str, *, road: str, street: str = "449902001", owner: str | None = None) -> Facts:
    category = next(row for row in table(CATALOGUE / "categories.csv") if row["code"] == code)
    return Facts(category=category, road=road, street=street, owner=owner)


def test_every_category_at_every_place_has_exactly_one_responsible_unit_by_one_rule() -> None:
    used: Counter[str] = Counter()
    for facts in everything():
        found, by = decide(facts)
        assert len(found) == 1, (facts, found, by)
        assert len(by) == 1, (facts, by)
        assert by != ["R-900"] or facts.first is None, (facts, "left to the fall-back")
        used.update(by)
    assert used.keys() == {rule["no"] for rule in RULES}, "a rule that never decides"


def test_every_rule_has_its_number_reason_in_two_languages_and_source() -> None:
    assert len({rule["no"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["reason"]
        assert rule["reason_en"]
        assert rule["source"]
        assert isinstance(rule["rank"], int)


@pytest.mark.parametrize(
    ("code", "road", "owner", "unit", "rule"),
    [
        ("C0137", "main", None, "city-utilities", "R-201"),
        ("C0137", "secondary", None, "city-utilities", "R-201"),
        ("C0137", "branch", None, "xs-platform", "R-202"),
        ("C0137", "alley", None, "xs-platform", "R-202"),
        ("C0137", "none", None, "xs-platform", "R-202"),
        ("C0137", "main", "city-utilities", "city-utilities", "R-011"),
        ("C0137", "alley", "xs-utilities", "xs-platform", "R-010"),
        ("C0101", "alley", "co-water", "co-water", "R-011"),
        ("C0101", "alley", None, "co-water", "R-101"),
        ("C0155", "alley", None, "xs-platform", "R-900"),
        ("E0406", "main", None, "xs-platform", "R-301"),
        ("E0406", "alley", None, "street-902001", "R-302"),
        ("E0112", "secondary", None, "city-sanitation", "R-205"),
        ("E0112", "branch", None, "xs-platform", "R-206"),
        ("E0407", "branch", None, "city-traffic-police", "R-109"),
        ("E0505", "alley", None, "city-utilities", "R-001"),
    ],
)
def test_the_main_road_rule_and_the_order_of_rules(
    code: str, road: str, *, owner: str | None, unit: str, rule: str
) -> None:
    assert decide(facts_of(code, road=road, owner=owner)) == ({unit}, [rule])
