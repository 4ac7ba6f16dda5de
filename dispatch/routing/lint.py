"""What is wrong with a rulebook over every class of place that exists: exact, not a sample. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dispatch.routing.decide import NO_RULE, NOBODY, TIE, Routing, holding
from dispatch.routing.domain import Areas, Domain, hours_of, seasons_of
from dispatch.routing.facts import CategoryLike, Corridor, Facts
from dispatch.routing.power import has_power
from dispatch.routing.rule import Rule
from dispatch.routing.table import Axis, Cell, Sheet, Table

__all__ = ["ERRORS", "KINDS", "Finding", "lint"]

KINDS = ("gap", "powerless", "stale", "overlap", "shadowed", "dead", "moved", "needless")
ERRORS = frozenset({"gap", "powerless", "stale"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault. `rules`: the rule at fault first, then those it collides with; `categories`: codes, empty if all.

    `cell`: what else the place has, fact → values; `areas`: `level:code`, whole parents where all of one is concerned.
    `kind`: gap (no rule, or one that names nobody), overlap (a tie), shadowed (holds, never decides), dead (never holds
    here), powerless (sends to a unit without the power), stale (names what is not there), moved (names an area whose
    border has changed since), needless (an accepted gap that is none).
    """

    kind: str
    rules: tuple[str, ...]
    categories: tuple[str, ...]
    cell: dict[str, tuple[str, ...]]
    areas: tuple[str, ...]
    words: str
    words_en: str

    @property
    def severe(self) -> bool:
        """Whether a rulebook with it is refused."""
        return self.kind in ERRORS


@dataclass(slots=True)
class _Met:
    """A cell as it was met: its answer, one of its facts, all of them where there is no answer, and where it lies."""

    routing: Routing
    facts: Facts
    areas: set[Areas] = field(default_factory=set)
    all: list[tuple[Facts, list[Areas]]] = field(default_factory=list)


@dataclass(slots=True)
class _Rules:
    """Where each rule holds and where it decides, and which one decides in its stead."""

    holds: dict[str, set[Areas]] = field(default_factory=dict)
    decides: set[str] = field(default_factory=set)
    instead: dict[str, set[str]] = field(default_factory=dict)


Key = tuple[str, tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], frozenset[Areas], tuple[str, str]]


def lint(table: Table, domain: Domain) -> list[Finding]:
    """Every finding, the severe ones first, in the order of KINDS."""
    found: dict[Key, list[str]] = {}
    rules, accepted = _Rules(), set[int]()
    done: dict[int, dict[Cell, _Met]] = {}
    for category in domain.categories:
        sheet = table.sheet(domain.blank(category))
        known = None if "owner" in sheet.plan.looks_at else done.get(id(sheet))
        cells = known or _cells(table, domain, category, sheet)
        if known is None:
            done[id(sheet)] = cells
            _note_rules(table, sheet, cells.values(), rules)
        for key in _faulty(table, category, sheet, cells, accepted):
            found.setdefault(key, []).append(category.code)
    whole = _Whole.of(domain)
    findings = [_finding(key, categories, whole) for key, categories in found.items()]
    findings += _idle(table, rules, whole)
    findings += _stale(table, domain, whole)
    findings += _needless(table, accepted)
    return sorted(findings, key=lambda one: (KINDS.index(one.kind), one.rules, one.categories))


def _cells(table: Table, domain: Domain, category: CategoryLike, sheet: Sheet) -> dict[Cell, _Met]:
    found: dict[Cell, _Met] = {}
    also = [one for gap in table.rulebook.accepted for one in gap.assertions]
    for facts, areas in domain.classes(category, sheet.plan, also):
        cell = sheet.cell(facts)
        met = found.get(cell)
        if met is None:
            met = found[cell] = _Met(table.lookup(facts), facts)
        met.areas.update(areas)
        if met.routing.unit is None:
            met.all.append((facts, areas))
    return found


def _note_rules(table: Table, sheet: Sheet, cells: Iterable[_Met], rules: _Rules) -> None:
    for met in cells:
        first = _deciding(table, met)
        rules.decides |= first
        for rule in sheet.plan.live:
            if rule.fails_at(met.facts) is None:
                rules.holds.setdefault(rule.no, set()).update(met.areas)
                rules.instead.setdefault(rule.no, set()).update(first - {rule.no})


def _deciding(table: Table, met: _Met) -> set[str]:
    """The rule that the cell's answer cites; all of a tie."""
    if met.routing.rule is not None:
        return {met.routing.rule}
    return {rule.no for rule in holding(met.facts, table.rulebook)[0]}


def _faulty(
    table: Table, category: CategoryLike, sheet: Sheet, cells: dict[Cell, _Met], accepted: set[int]
) -> Iterator[Key]:
    """The category's gaps, ties and powerless units; cells that differ by area alone together."""
    together: dict[tuple[str, tuple[str, ...], Cell, tuple[str, str]], tuple[set[Areas], list[_Met]]] = {}
    for cell, met in cells.items():
        for kind, numbers, words in _of_cell(table, category, met):
            areas = met.areas if kind != "gap" else _open(table, category, met, accepted)
            if areas:
                beside = _beside_areas(sheet, cell) if kind == "gap" else ()  # rules are mended whole, gaps by place
                spots, mets = together.setdefault((kind, numbers, beside, words), (set(), []))
                spots |= areas
                mets.append(met)
    for (kind, numbers, _, words), (spots, mets) in together.items():
        yield kind, numbers, _beside(sheet, mets), frozenset(spots), words


def _of_cell(table: Table, category: CategoryLike, met: _Met) -> Iterator[tuple[str, tuple[str, ...], tuple[str, str]]]:
    routing = met.routing
    if routing.doubtful in (NO_RULE, NOBODY):
        yield "gap", (routing.rule,) if routing.rule else (), (routing.reason, routing.reason_en)
    elif routing.doubtful == TIE:
        numbers = tuple(sorted(_deciding(table, met)))
        yield "overlap", numbers, (routing.reason, routing.reason_en)
    elif routing.unit is not None and routing.rule is not None:
        rule, unit = table.rulebook.by_no[routing.rule], table.tree.units[routing.unit]
        if not has_power(unit, rule.to, category.types, table.tree):
            types = ", ".join(category.types)
            words = f"规则 {rule.no} 派往{unit.name}，该单位不承担 {types}"
            words_en = f"Rule {rule.no} sends to {unit.name_en or unit.name}, which does not answer for {types}"
            yield "powerless", (rule.no,), (words, words_en)


def _open(table: Table, category: CategoryLike, met: _Met, accepted: set[int]) -> set[Areas]:
    """Where the cell is a gap that nobody has accepted."""
    found: set[Areas] = set()
    for facts, areas in met.all:
        asked = replace(
            facts,
            category=category.code,
            kind=category.kind,
            category_class=f"{category.kind}:{category.class_code}",
            types=tuple(category.types),
        )
        by = [number for number, gap in enumerate(table.rulebook.accepted) if gap.holds(asked)]
        accepted.update(by)
        if not by:
            found.update(areas)
    return found


def _beside_areas(sheet: Sheet, cell: Cell) -> Cell:
    return tuple(number for axis, number in zip(sheet.axes, cell, strict=True) if axis.about != "areas")


def _beside(sheet: Sheet, mets: Sequence[_Met]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the cells have beside their areas, as values that the data knows."""
    found = []
    for axis in sheet.axes:
        if axis.about != "areas":
            values = {getattr(met.facts, axis.about) for met in mets}
            alike = {axis.of(value, met.facts) for met in mets for value in values if value in axis.classes}
            members = [value for number in sorted(alike) for value in axis.members[number]]
            found.append((axis.about, _told(axis, members)))
    return tuple(found)


def _told(axis: Axis, members: Sequence[Any]) -> tuple[str, ...]:
    """The values as they are written; of hours and days, at which classes begin, the spans."""
    if axis.about not in SPANS or not all(members):
        return tuple(_said(value) for value in members)
    return SPANS[axis.about](members, {value for alike in axis.members for value in alike})


SPANS = {"hour": hours_of, "day": seasons_of}


def _said(value: Any) -> str:
    return "none" if value in (None, "", ()) else ", ".join(value) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class _Whole:
    """All finest areas below each area, to name a parent for all of its children."""

    below: dict[str, frozenset[Areas]]

    @classmethod
    def of(cls, domain: Domain) -> _Whole:
        below: dict[str, set[Areas]] = {}
        for path in domain.finest:
            for area in path:
                below.setdefault(area, set()).add(path)
        return cls({area: frozenset(paths) for area, paths in below.items()})

    def names(self, paths: Iterable[Areas]) -> tuple[str, ...]:
        """The fewest areas that make up just these paths."""
        wanted, found = frozenset(paths), dict[str, None]()
        for path in sorted(wanted):
            found[next(area for area in path if self.below[area] <= wanted)] = None
        return tuple(found)


def _finding(key: Key, categories: Sequence[str], whole: _Whole) -> Finding:
    kind, numbers, cell, areas, (words, words_en) = key
    return Finding(
        kind=kind,
        rules=numbers,
        categories=tuple(categories),
        cell=dict(cell),
        areas=whole.names(areas),
        words=words,
        words_en=words_en,
    )


def _of_rule(kind: str, rule: Rule, *others: str, areas: Iterable[str] = (), words: str, words_en: str) -> Finding:
    return Finding(
        kind=kind,
        rules=(rule.no, *others),
        categories=(),
        cell={},
        areas=tuple(areas),
        words=f"规则 {rule.no} {words}",
        words_en=f"Rule {rule.no} {words_en}",
    )


def _idle(table: Table, rules: _Rules, whole: _Whole) -> Iterator[Finding]:
    """Rules that never decide: others come before them wherever they hold, or they hold nowhere."""
    for rule in table.rulebook.rules:
        if rule.no in rules.decides:
            continue
        if rule.no not in rules.holds:
            yield _of_rule("dead", rule, words="在本市没有任何适用之处", words_en="holds at no place that exists here")
            continue
        before = sorted(rules.instead[rule.no], key=lambda no: (table.rulebook.by_no[no].rank, no))
        yield _of_rule(
            "shadowed",
            rule,
            *before,
            areas=whole.names(rules.holds[rule.no]),
            words=f"永远轮不到：{'、'.join(before)} 在它适用之处都先适用",
            words_en=f"is never reached: {', '.join(before)} comes first wherever it holds",
        )


def _stale(table: Table, domain: Domain, whole: _Whole) -> Iterator[Finding]:
    """Words of rules that nothing bears any more, and areas that are not what they were when the rules came in."""
    for rule in table.rulebook.rules:
        for clause, word in _words(rule):
            if clause in domain.words and word not in domain.words[clause]:
                yield _of_rule(
                    "stale",
                    rule,
                    words=f"引用的 {word} 已不存在",
                    words_en=f"names {clause} {word}, which is not there",
                )
            elif clause == "area" and word in domain.moved:
                yield _of_rule(
                    "moved",
                    rule,
                    areas=[word],
                    words=f"引用的 {word} 边界已变更",
                    words_en=f"names {word}, whose border has changed since the rules came in",
                )


def _words(rule: Rule) -> Iterator[tuple[str, str]]:
    """Every word of the rule's clauses and selectors with what it is a word for."""
    for one in rule.assertions:
        if isinstance(one.wanted, frozenset):
            yield from ((one.clause, word) for word in sorted(one.wanted))
        elif isinstance(one.wanted, Corridor):
            yield "road_name", one.wanted.road
    for selector in rule.selectors:
        if selector.kind == "unit":
            yield "owner", selector.unit
        elif selector.kind == "territory":
            yield "level", selector.level


def _needless(table: Table, accepted: set[int]) -> Iterator[Finding]:
    for number, gap in enumerate(table.rulebook.accepted):
        if number not in accepted:
            yield Finding(
                kind="needless",
                rules=(),
                categories=(),
                cell={},
                areas=(),
                words=f"认可的空白 {number + 1} 并不存在：{gap.reason}",
                words_en=f"Accepted gap {number + 1} is none: {gap.reason}",
            )
