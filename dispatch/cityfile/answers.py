"""Checks of the rules: clauses that are known, and a unit for every case that a rule takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.cityfile.catalogue import OWNER
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CategoryRow, CityFiles, UnitRow

__all__ = ["check_rules"]

FILE = "rules.toml"
COMPONENT = ("owner", "maintainer", "supervisor")
KEYS = {"no", "rank", "when", "to", "reason", "reason_en", "source"}


@dataclass(frozen=True, slots=True)
class _Words:
    """What a clause may name."""

    known: Mapping[str, frozenset[str]]
    city: CityFiles


def check_rules(city: CityFiles, faults: Faults) -> None:
    """Every fault of every rule, at the line of its `[[rule]]`."""
    rules = city.rules.get("rule")
    if not isinstance(rules, list) or not rules:
        faults.error(FILE, None, "there is no [[rule]]: every case would go to the dispatcher")
        return
    words = _words(city)
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        line = city.rule_lines[number] if number < len(city.rule_lines) else None
        name = str(rule.get("no", f"number {number + 1}"))
        if name in seen:
            faults.error(FILE, line, f"rule {name} is given twice")
        seen.add(name)
        for reason in _rule_faults(rule, words):
            faults.error(FILE, line, f"rule {name}: {reason}")


def _words(city: CityFiles) -> _Words:
    return _Words(
        {
            "kind": frozenset(row.kind for row in city.categories),
            "class": frozenset(f"{row.kind}:{row.class_code}" for row in city.categories),
            "category": frozenset(row.code for row in city.categories),
            "type": frozenset(kind for row in city.categories for kind in row.types),
            "types": frozenset(kind for row in city.categories for kind in row.types),
            "road": frozenset({*city.document["road_classes"], "none"}),
            "area": frozenset(f"{level}:{row.code}" for level, rows in city.areas.items() for row in rows),
            "owner": frozenset(row.id for row in city.units),
        },
        city,
    )


def _rule_faults(rule: Mapping[str, Any], words: _Words) -> Iterable[str]:
    for key in sorted(KEYS - {"when", "reason_en"} - rule.keys()):
        yield f"{key} is missing"
    for key in sorted(rule.keys() - KEYS):
        yield f"unknown key {key}"
    if not isinstance(rule.get("rank", 0), int):
        yield f"rank {rule['rank']} is not a whole number"
    when = rule.get("when", {})
    if not isinstance(when, dict):
        yield "when is not a table of clauses"
        return
    wrong = list(_clause_faults(when, words))
    yield from wrong
    if not wrong and "to" in rule:
        yield from _target_faults(str(rule["to"]), when, words.city)


def _clause_faults(when: Mapping[str, Any], words: _Words) -> Iterable[str]:
    for clause, wanted in when.items():
        if clause not in words.known:
            yield f"unknown clause {clause}: a rule may ask {', '.join(words.known)}"
        elif not (clause == "owner" and isinstance(wanted, bool)):
            for word in _several(wanted):
                if word not in words.known[clause]:
                    yield f"clause {clause}: unknown {word}"


def _several(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _target_faults(to: str, when: Mapping[str, Any], city: CityFiles) -> Iterable[str]:
    head, _, rest = to.partition(":")
    if to in COMPONENT:
        return
    if head == "unit" and rest:
        if rest not in {row.id for row in city.units}:
            yield f"goes nowhere: unknown unit {rest}"
    elif head == "type" and rest:
        yield from _type_faults(rest, when, city)
    elif head == "territory" and rest:
        yield from _territory_faults(rest, when, city)
    else:
        yield f"goes nowhere: {to} is no unit:…, type:…, territory:…, {', '.join(COMPONENT)}"


def _type_faults(kind: str, when: Mapping[str, Any], city: CityFiles) -> Iterable[str]:
    kinds = {kind} if kind != "first" else {first_type(row) for row in city.categories if takes(when, row)} - {OWNER}
    for wanted in sorted(kinds):
        found = [unit for unit in city.units if wanted in unit.types and not unit.area]
        yield from _not_one(found, f"type:{kind}", f"a city-wide unit that answers for {wanted}")


def _territory_faults(rest: str, when: Mapping[str, Any], city: CityFiles) -> Iterable[str]:
    level, _, kind = rest.partition(":")
    if level not in city.areas:
        yield f"goes nowhere: unknown level {level}"
        return
    asked = {word.partition(":")[2] for word in _several(when.get("area", [])) if word.startswith(f"{level}:")}
    for area in city.areas[level]:
        if not asked or area.code in asked:
            here = [unit for unit in city.units if unit.area == f"{level}:{area.code}"]
            what = (
                f"the unit of {level} {area.code} that answers for {kind}"
                if kind
                else f"the office of {level} {area.code}"
            )
            yield from _not_one(_of_kind(here, kind), f"territory:{rest}", what)


def _of_kind(units: list[UnitRow], kind: str) -> list[UnitRow]:
    """The units of the type; without a type the platforms, and where there is none the third-tier offices."""
    if kind:
        return [unit for unit in units if kind in unit.types]
    return [unit for unit in units if unit.platform] or [unit for unit in units if unit.tier == 3]


def _not_one(found: list[UnitRow], to: str, what: str) -> Iterable[str]:
    if not found:
        yield f"goes nowhere: {to} finds none, {what}"
    if len(found) > 1:
        yield f"{to} finds {len(found)} ({', '.join(unit.id for unit in found)}), it wants one: {what}"


def first_type(row: CategoryRow) -> str:
    """The first responsible type that names a unit; `asset_owner` if there is no other."""
    return next((kind for kind in row.types if kind != OWNER), OWNER)


def takes(when: Mapping[str, Any], row: CategoryRow) -> bool:
    """Whether the clauses about the category hold; those about the place may or may not."""
    said = {
        "kind": {row.kind},
        "class": {f"{row.kind}:{row.class_code}"},
        "category": {row.code},
        "type": {first_type(row)},
        "types": set(row.types),
    }
    return all(said[clause] & set(_several(wanted)) for clause, wanted in when.items() if clause in said)
