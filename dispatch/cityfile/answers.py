"""Checks of the rules: clauses that are known, and a unit for every case that a rule takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.cityfile.catalogue import OWNER
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.ground import Ground, domain_of
from dispatch.cityfile.rows import AreaRow, CategoryRow, CityFiles, UnitRow
from dispatch.cityfile.time_limits import limit_fault, named_classes
from dispatch.cityfile.trims import counting, trims_by_road
from dispatch.routing.domain import Domain
from dispatch.routing.lint import Finding, lint
from dispatch.routing.reading import gaps_of, rules_of, types_of
from dispatch.routing.rulebook import rulebook_of
from dispatch.routing.table import Table
from dispatch.units.tree import Tree, Unit

__all__ = ["check_answers", "check_rules", "lint_files", "tree_of_files"]

FILE = "rules.toml"


@dataclass(frozen=True, slots=True)
class _Words:
    """What a clause may name."""

    known: Mapping[str, frozenset[str]]
    city: CityFiles
    tree: Tree


def check_rules(city: CityFiles, faults: Faults) -> None:
    """Every fault of every rule, at the line of its `[[rule]]`."""
    rules = city.rules.get("rule")
    if not isinstance(rules, list) or not rules:
        faults.error(FILE, None, "there is no [[rule]]: every case would go to the dispatcher")
        return
    words = _words(city)
    lines: dict[str, int | None] = {}
    for number, rule in enumerate(rules):
        line = city.rule_lines[number] if number < len(city.rule_lines) else None
        if not isinstance(rule, dict):
            faults.error(FILE, line, f"rule number {number + 1} is not a table")
            continue
        name = str(rule.get("no", f"number {number + 1}"))
        if name in lines:
            faults.error(FILE, line, f"rule {name} is given twice")
        for reason in _rule_faults(rule, words):
            faults.error(FILE, line, f"rule {name}: {reason}")
        lines.setdefault(name, line)
    _, unreadable = gaps_of(city.rules)
    for reason in (*unreadable, *types_of(city.rules)[1]):
        faults.error(FILE, None, reason)


def check_answers(city: CityFiles, faults: Faults) -> None:
    """What only shows over all places, in a city that is sound otherwise: gaps, ties, rules that never decide, units
    without the power."""
    if faults.errors:
        return
    lines = dict(zip((rule["no"] for rule in city.rules["rule"]), city.rule_lines, strict=False))
    for found in lint_files(city)[0]:
        line = lines.get(found.rules[0]) if found.rules else None
        tell = faults.error if found.severe else faults.warning
        tell(FILE, line, f"{found.kind}: {found.words_en}{_where(found)}")


def _where(found: Finding) -> str:
    """For which categories, with what beside, and in which areas."""
    parts = [f"{fact} {' or '.join(values)}" for fact, values in found.cell.items()]
    said = [_few("for", found.categories), ", ".join(parts), _few("in", found.areas)]
    return "".join(f"; {part}" for part in said if part)


def _few(word: str, names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{word} {', '.join(names[:most])}{more}" if names else ""


def lint_files(city: CityFiles) -> tuple[list[Finding], Domain]:
    """The findings of a folder's rules over its own ground, and that ground. The folder must be sound otherwise."""
    book = rulebook_of(city.rules)
    domain = domain_of(_ground(city), book.corridors)
    return lint(Table(book, tree_of_files(city)), domain), domain


def _ground(city: CityFiles) -> Ground:
    shapes = {f"{level}:{row.code}": row.geom for level, rows in city.areas.items() for row in rows}
    trims = trims_by_road(city)
    lines = ((row, counting(row.geom, trims.get(row.code, []))) for row in city.roads)
    lon, lat = city.document["centre"]
    return Ground(
        centre=(lon, lat),
        categories=city.categories,
        areas=[(path, row.geom) for path, row in _paths(city)],
        roads=[(row.road_class, row.name, row.geom if left is None else left) for row, left in lines],
        components=[
            (row.category, row.lon, row.lat, row.owner or None, row.maintainer or None, row.supervisor or None)
            for row in city.components
        ],
        road_m=city.document["reach"]["road_m"],
        component_m=city.document["reach"]["component_m"],
        shapes=shapes,
        words={**_words(city).known, "level": frozenset(city.areas)},
    )


def _paths(city: CityFiles) -> Iterable[tuple[tuple[str, ...], AreaRow]]:
    """Each finest area with its `level:code` path from the top."""
    levels = list(city.areas)
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for above, level in zip([None, *levels], levels, strict=False):
        for row in city.areas[level]:
            known[level, row.code] = (*known.get((above or "", row.parent), ()), f"{level}:{row.code}")
    return ((known[levels[-1], row.code], row) for row in city.finest)


def tree_of_files(city: CityFiles) -> Tree:
    """The units of the folder."""
    return Tree({row.id: _unit(row) for row in sorted(city.units, key=lambda row: row.id)})


def _words(city: CityFiles) -> _Words:
    return _Words(
        {
            "kind": frozenset(row.kind for row in city.categories),
            "class": frozenset(f"{row.kind}:{row.class_code}" for row in city.categories),
            "category": frozenset(row.code for row in city.categories),
            "type": frozenset(kind for row in city.categories for kind in row.types),
            "types": frozenset(kind for row in city.categories for kind in row.types),
            "road": frozenset({*city.document["road_classes"], "none"}),
            "road_name": frozenset(row.name for row in city.roads if row.name),
            "area": frozenset(f"{level}:{row.code}" for level, rows in city.areas.items() for row in rows),
            "owner": frozenset(row.id for row in city.units),
        },
        city,
        tree_of_files(city),
    )


def _unit(row: UnitRow) -> Unit:
    return Unit(
        id=row.id,
        name=row.name,
        name_en=row.name_en,
        tier=row.tier,
        parent=row.parent or None,
        types=row.types,
        area=row.area or None,
        terminal=row.terminal,
        platform=row.platform,
        ranking_group=row.group or None,
    )


def _rule_faults(rule: Mapping[str, Any], words: _Words) -> Iterable[str]:
    """What the rulebook itself cannot read; then words nobody knows; then a way to no unit, or to two."""
    _, unreadable = rules_of({"rule": [rule]})
    if unreadable:
        yield from (fault.partition(": ")[2] for fault in unreadable)
        return
    wrong = [*_clause_faults(rule["when"], words), *_limit_faults(rule, words)]
    yield from wrong
    if not wrong:
        for to in (rule["to"], *rule.get("assist", ())):
            yield from _target_faults(str(to), rule["when"], words)


def _clause_faults(when: Mapping[str, Any], words: _Words) -> Iterable[str]:
    for clause, wanted in when.items():
        if clause == "corridor" and wanted["road"] not in words.known["road_name"]:
            yield f"clause corridor: unknown road {wanted['road']}"
        if clause in words.known and not isinstance(wanted, bool):
            for word in _several(wanted):
                if word not in words.known[clause]:
                    yield f"clause {clause}: unknown {word}"


def _limit_faults(rule: Mapping[str, Any], words: _Words) -> Iterable[str]:
    classes = named_classes(words.city.document)
    for name in ("limit", "assist_limit"):
        if name in rule and (fault := limit_fault(rule[name]["value"], rule[name]["time_class"], classes)):
            yield f"{name}: {fault}"


def _several(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _target_faults(to: str, when: Mapping[str, Any], words: _Words) -> Iterable[str]:
    head, _, rest = to.partition(":")
    if head == "unit" and rest not in words.tree.units:
        yield f"goes nowhere: unknown unit {rest}"
    elif head == "type":
        yield from _type_faults(rest, when, words)
    elif head == "territory":
        yield from _territory_faults(rest, when, words)


def _type_faults(kind: str, when: Mapping[str, Any], words: _Words) -> Iterable[str]:
    categories = words.city.categories
    kinds = {kind} if kind != "first" else {first_type(row) for row in categories if takes(when, row)} - {OWNER}
    for wanted in sorted(kinds):
        yield from _not_one(words.tree.of_type(wanted), f"type:{kind}", f"a city-wide unit that answers for {wanted}")


def _territory_faults(rest: str, when: Mapping[str, Any], words: _Words) -> Iterable[str]:
    level, _, kind = rest.partition(":")
    if level not in words.city.areas:
        yield f"goes nowhere: unknown level {level}"
        return
    asked = {word.partition(":")[2] for word in _several(when.get("area", [])) if word.startswith(f"{level}:")}
    for area in words.city.areas[level]:
        if not asked or area.code in asked:
            here = f"{level}:{area.code}"
            what = f"the unit of {here} that answers for {kind}" if kind else f"the platform or office of {here}"
            yield from _not_one(words.tree.in_area(here, kind or None), f"territory:{rest}", what)


def _not_one(found: list[Unit], to: str, what: str) -> Iterable[str]:
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
