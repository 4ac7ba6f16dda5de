"""One rule as data: its clauses about the category, the place and the time, and whom it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dispatch.routing.facts import Facts

__all__ = [
    "BY_PLACE",
    "CLAUSES",
    "PARTIES",
    "Assertion",
    "Hours",
    "LimitOverride",
    "Rule",
    "Selector",
    "assertion",
]

Words = frozenset[str]
BY_CATEGORY = ("kind", "class", "category", "type", "types")
BY_PLACE = ("road", "road_name", "corridor", "area", "owner", "hours", "season")
CLAUSES = (*BY_CATEGORY, *BY_PLACE)
PARTIES = ("owner", "maintainer", "supervisor")


@dataclass(frozen=True, slots=True)
class Selector:
    """Whom a rule names. `kind`: unit, owner, maintainer, supervisor, type or territory; `type` may be "first"."""

    kind: str
    unit: str = ""
    level: str = ""
    type: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.kind, self.unit, self.level, self.type) if part)


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of wall time, "HH:MM" each; the end is outside, and a span may run over midnight."""

    spans: tuple[tuple[str, str], ...]

    def holds(self, hour: str) -> bool:
        """Whether it is then; never if the time is not known."""
        return bool(hour) and any(_within(hour, *span) for span in self.spans)


def _within(hour: str, start: str, end: str) -> bool:
    return start <= hour < end if start < end else hour >= start or hour < end


@dataclass(frozen=True, slots=True)
class LimitOverride:
    """The limit of disposal that a rule sets in the place of the filing condition's."""

    value: Decimal
    time_class: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """One clause as something that holds or does not; equal clauses of different rules are one assertion.

    `holds` looks at one of the facts only: `about` says which ("road", "areas", "owner" …).
    """

    clause: str
    about: str
    wanted: Any

    def holds(self, facts: Facts) -> bool:
        return HOLDS[self.clause](self.wanted, getattr(facts, self.about))


def _owner(wanted: bool | Words, owner: str | None) -> bool:
    return (owner is not None) is wanted if isinstance(wanted, bool) else owner in wanted


# clause → whether what it wants holds of the fact it is about
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "kind": lambda wanted, fact: fact in wanted,
    "class": lambda wanted, fact: fact in wanted,
    "category": lambda wanted, fact: fact in wanted,
    "type": lambda wanted, fact: fact in wanted,
    "types": lambda wanted, fact: not wanted.isdisjoint(fact),
    "road": lambda wanted, fact: fact in wanted,
    "road_name": lambda wanted, fact: fact in wanted,
    "corridor": lambda wanted, fact: wanted.key in fact,
    "area": lambda wanted, fact: not wanted.isdisjoint(fact),
    "owner": _owner,
    "hours": lambda wanted, fact: wanted.holds(fact),
    "season": lambda wanted, fact: wanted.holds(fact),
}
ABOUT = {
    "class": "category_class",
    "corridor": "corridors",
    "area": "areas",
    "hours": "hour",
    "season": "day",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: all of its assertions hold → the case goes `to` a unit, `assist` beside it, by `limit` if it sets one.

    `assist_limit`: of those who assist; without it they have the lead's.

    `assertions` in the order of CLAUSES; `name`: what people call the rule, if it has a name of its own.
    """

    no: str
    rank: int
    to: Selector
    reason: str
    reason_en: str
    source: str
    assertions: tuple[Assertion, ...] = ()
    assist: tuple[Selector, ...] = ()
    limit: LimitOverride | None = None
    assist_limit: LimitOverride | None = None
    name: str = ""
    name_en: str = ""

    def fails_for(self, facts: Facts) -> str | None:
        """The first clause about the category that does not hold, or None."""
        return _first_failing(self.assertions, BY_CATEGORY, facts)

    def fails_at(self, facts: Facts) -> str | None:
        """The first clause about the place, the component or the time that does not hold, or None."""
        return _first_failing(self.assertions, BY_PLACE, facts)

    def wants(self, clause: str) -> Any:
        """What the clause wants; None if the rule does not have it."""
        return next((one.wanted for one in self.assertions if one.clause == clause), None)

    @property
    def clauses(self) -> tuple[object, ...]:
        """What each of CLAUSES wants, None where it does not ask."""
        return tuple(self.wants(clause) for clause in CLAUSES)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Whom it names: the one responsible first, then who assists."""
        return (self.to, *self.assist)

    @property
    def looks_at(self) -> frozenset[str]:
        """Of BY_PLACE: what its clauses or its selectors depend on; a component's parties count as "owner"."""
        found = {one.clause for one in self.assertions if one.clause in BY_PLACE}
        kinds = {selector.kind for selector in self.selectors}
        if "territory" in kinds:
            found.add("area")
        if kinds & set(PARTIES):
            found.add("owner")
        return frozenset(found)

    @property
    def named(self) -> frozenset[str]:
        """The levels and `level:code` whose change may change its answer."""
        levels = {selector.level for selector in self.selectors if selector.kind == "territory"}
        return frozenset(levels) | (self.wants("area") or frozenset())


def assertion(clause: str, wanted: Any) -> Assertion:
    """The clause as an assertion about its fact."""
    return Assertion(clause, ABOUT.get(clause, clause), wanted)


def _first_failing(assertions: Sequence[Assertion], clauses: Sequence[str], facts: Facts) -> str | None:
    for one in assertions:
        if one.clause in clauses and not one.holds(facts):
            return one.clause
    return None
