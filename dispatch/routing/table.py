"""The rulebook as one decision table: places that no rule tells apart share a cell, and each is decided once. Pure.

table = Table(rulebook, tree)      # cells are decided when first asked
table.lookup(facts)                # the same Routing as decide(facts, rulebook, tree), by a dictionary
compile_table(rulebook, tree, domain).document()        # every cell that exists, as JSON
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from threading import Lock
from typing import Any

from dispatch.routing.decide import Routing, decide
from dispatch.routing.domain import Domain
from dispatch.routing.facts import Facts
from dispatch.routing.rule import BY_PLACE, PARTIES, Assertion, Rule
from dispatch.routing.rulebook import CategoryKey, Plan, Rulebook
from dispatch.units.tree import Tree

__all__ = ["Axis", "Sheet", "Table", "compile_table"]

Cell = tuple[int, ...]
_sorting = Lock()  # two threads that meet new values at once must not number two classes alike
_category_key = attrgetter("category", "kind", "category_class", "types")


@dataclass(slots=True)
class Axis:
    """One of the facts that a plan's rules look at, and its values sorted into classes that no rule tells apart.

    `members`: the values met so far, by class; of areas only what the rules name.
    """

    about: str
    assertions: tuple[Assertion, ...]
    named: frozenset[str] = frozenset()
    selected: bool = False
    classes: dict[Any, int] = field(default_factory=dict)
    members: list[list[Any]] = field(default_factory=list)
    _signatures: dict[Any, int] = field(default_factory=dict)

    def of(self, value: Any, facts: Facts) -> int:
        """The class of a value: the known one, or worked out from these facts, which have it."""
        found = self.classes.get(value)
        return self._sort(value, facts) if found is None else found

    def _sort(self, value: Any, facts: Facts) -> int:
        with _sorting:
            signature = (tuple(one.holds(facts) for one in self.assertions), self._seen(value))
            found = self.classes[value] = self._signatures.setdefault(signature, len(self._signatures))
            if found == len(self.members):
                self.members.append([])
            shown = self._shown(value)
            if shown not in self.members[found]:
                self.members[found].append(shown)
            return found

    def _seen(self, value: Any) -> Any:
        """What a selector sees of the value beside the clauses; and whether a place lies in the city at all."""
        if self.about == "areas":
            return (bool(value), self._shown(value))
        return value if self.selected else None

    def _shown(self, value: Any) -> Any:
        if self.about != "areas":
            return value
        return tuple(area for area in value if area in self.named or area.partition(":")[0] in self.named)


@dataclass(slots=True)
class Sheet:
    """The part of the table for categories that the same rules may take: axes, and the decided cells."""

    plan: Plan
    axes: tuple[Axis, ...]
    values: Callable[[Facts], tuple[Any, ...]]
    categories: set[str] = field(default_factory=set)
    cells: dict[Cell, Routing] = field(default_factory=dict)

    def cell(self, facts: Facts) -> Cell:
        """Which cell the facts lie in."""
        return tuple([axis.of(value, facts) for axis, value in zip(self.axes, self.values(facts), strict=True)])


@dataclass(frozen=True, slots=True)
class Table:
    """The rulebook with the units it names, as cells. Safe between threads: a cell decided twice is the same."""

    rulebook: Rulebook
    tree: Tree
    _sheets: dict[CategoryKey, Sheet] = field(default_factory=dict, repr=False, compare=False)
    _alike: dict[Any, Sheet] = field(default_factory=dict, repr=False, compare=False)

    def lookup(self, facts: Facts) -> Routing:
        """The answer for facts taken as certain; equal to `decide`, at the price of a few dictionaries."""
        sheet = self._sheets.get(_category_key(facts)) or self.sheet(facts)
        cell = sheet.cell(facts)
        found = sheet.cells.get(cell)
        if found is None:
            found = sheet.cells[cell] = decide(facts, self.rulebook, self.tree)
        return _with_facts(found, facts)

    def sheet(self, facts: Facts) -> Sheet:
        """The sheet of the facts' category; made at the first question."""
        key = _category_key(facts)
        found = self._sheets.get(key)
        if found is None:
            plan = self.rulebook.plan(facts)
            # The lines say which rules are live and by which clause the others fail; "type:first" adds the type.
            alike = (tuple((rule.no, fails) for rule, fails in plan.lines), facts.type)
            found = self._alike.setdefault(alike, _sheet(plan))
            found.categories.add(facts.category)
            self._sheets[key] = found
        return found

    @property
    def sheets(self) -> list[Sheet]:
        """All sheets made so far."""
        return list(self._alike.values())

    def document(self) -> dict[str, Any]:
        """The cells decided so far as JSON, for a reader without the rules: docs/city.md, "The decision table"."""
        outcomes: dict[tuple[Any, ...], int] = {}
        sheets = [
            {
                "categories": sorted(sheet.categories),
                "axes": [{"fact": axis.about, "classes": axis.members} for axis in sheet.axes],
                "tree": _merged(sheet.cells, len(sheet.axes), outcomes),
            }
            for sheet in self.sheets
        ]
        return {
            "edition": self.rulebook.edition,
            "sheets": sheets,
            "outcomes": [dict(zip(OUTCOME, outcome, strict=True)) for outcome in outcomes],
        }


OUTCOME = ("unit", "rule", "reason", "reason_en", "doubtful", "between", "assist", "limit", "assist_limit")
_outcome: Callable[[Routing], tuple[Any, ...]] = attrgetter(*OUTCOME)
_new: Callable[[type[Routing]], Routing] = object.__new__


def _with_facts(found: Routing, facts: Facts) -> Routing:
    """The cell's answer with the facts that were asked: a copy of the dict, several times as fast as `replace`."""
    copy = _new(Routing)
    copy.__dict__.update(found.__dict__)
    copy.__dict__["facts"] = facts
    return copy


def _sheet(plan: Plan) -> Sheet:
    axes = tuple(_axes(plan.live, plan.named))
    names = [axis.about for axis in axes]
    if len(names) == 1:
        alone = attrgetter(names[0])
        return Sheet(plan, axes, lambda facts: (alone(facts),))
    return Sheet(plan, axes, attrgetter(*names))


def _axes(live: Sequence[Rule], named: frozenset[str]) -> Iterable[Axis]:
    """The facts that the live rules look at; the areas always, for a place outside the city has no answer."""
    asked: dict[str, dict[Assertion, None]] = {"areas": {}}
    for rule in live:
        for one in rule.assertions:
            if one.clause in BY_PLACE:
                asked.setdefault(one.about, {})[one] = None
    selected = {selector.kind for rule in live for selector in rule.selectors} & set(PARTIES)
    for party in sorted(selected):
        asked.setdefault(party, {})
    for about, assertions in asked.items():
        yield Axis(about, tuple(assertions), named if about == "areas" else frozenset(), about in selected)


def _merged(cells: dict[Cell, Routing], depth: int, outcomes: dict[tuple[Any, ...], int]) -> Any:
    """Cells as a tree, one axis a storey: class → branch; where all classes lead to the same, that alone is kept."""
    if depth == 0:
        return outcomes.setdefault(_outcome(next(iter(cells.values()))), len(outcomes))
    parts: dict[int, dict[Cell, Routing]] = {}
    for cell, found in cells.items():
        parts.setdefault(cell[0], {})[cell[1:]] = found
    branches = {str(number): _merged(part, depth - 1, outcomes) for number, part in sorted(parts.items())}
    first = next(iter(branches.values()))
    return {"*": first} if all(branch == first for branch in branches.values()) else branches


def compile_table(rulebook: Rulebook, tree: Tree, domain: Domain) -> Table:
    """The table with every cell decided that exists in the domain."""
    table = Table(rulebook, tree)
    for category in domain.categories:
        sheet = table.sheet(domain.blank(category))
        for facts, _ in domain.classes(category, sheet.plan):
            table.lookup(facts)
    return table
