"""The rules of a city in their order, sorted out by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dispatch.routing.facts import Corridor, Facts
from dispatch.routing.reading import RulebookFault, gaps_of, rules_of, types_of
from dispatch.routing.rule import Assertion, Rule

__all__ = ["AcceptedGap", "CategoryKey", "Plan", "Rulebook", "RulebookFault", "rulebook_of"]

Document = Mapping[str, Any]
CategoryKey = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules for one category, by rank: those that can hold, and those that cannot with the clause that fails.

    `looks_at`: of BY_PLACE, what they depend on; `named`: the levels and `level:code` they name; `corridors`: those
    they ask for.
    """

    lines: tuple[tuple[Rule, str | None], ...]
    looks_at: frozenset[str]
    named: frozenset[str]
    corridors: tuple[Corridor, ...] = ()

    @property
    def live(self) -> tuple[Rule, ...]:
        """The rules that can hold."""
        return tuple(rule for rule, fails in self.lines if fails is None)


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """Where it is known and accepted that no rule names a unit."""

    assertions: tuple[Assertion, ...]
    reason: str

    def holds(self, facts: Facts) -> bool:
        return all(one.holds(facts) for one in self.assertions)


@dataclass(frozen=True)
class Rulebook:
    """One edition of the rules, the lowest rank first; equal ranks in the order of the file.

    `types`: names of responsible types, Chinese and English, for the sentences.
    """

    edition: str
    rules: tuple[Rule, ...]
    source: str = ""
    accepted: tuple[AcceptedGap, ...] = ()
    types: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    _plans: dict[CategoryKey, Plan] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def by_no(self) -> dict[str, Rule]:
        """Each rule by its number."""
        return {rule.no: rule for rule in self.rules}

    @cached_property
    def corridors(self) -> tuple[Corridor, ...]:
        """All corridors that a rule asks for."""
        return _corridors(self.rules)

    @property
    def look_m(self) -> float:
        """How far from a point a road may matter, metres: the widest corridor."""
        return max((corridor.metres for corridor in self.corridors), default=0.0)

    def plan(self, facts: Facts) -> Plan:
        """What is left of the rules once the category is known; worked out once for each category."""
        key = (facts.category, facts.kind, facts.category_class, facts.types)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = _plan(self.rules, facts)
        return found


def _corridors(rules: Iterable[Rule]) -> tuple[Corridor, ...]:
    return tuple(dict.fromkeys(wanted for rule in rules if (wanted := rule.wants("corridor")) is not None))


def _plan(rules: Iterable[Rule], facts: Facts) -> Plan:
    lines = tuple((rule, rule.fails_for(facts)) for rule in rules)
    live = [rule for rule, fails in lines if fails is None]
    return Plan(
        lines=lines,
        looks_at=frozenset().union(*(rule.looks_at for rule in live)),
        named=frozenset().union(*(rule.named for rule in live)),
        corridors=_corridors(live),
    )


def rulebook_of(document: Document) -> Rulebook:
    """The rulebook that `rules.toml` or its stored edition describes. Raises RulebookFault if it cannot be read."""
    rules, faults = rules_of(document)
    gaps, more = gaps_of(document)
    types, wrong = types_of(document)
    if faults or more or wrong:
        raise RulebookFault([*faults, *more, *wrong])
    ordered = tuple(sorted(rules, key=lambda rule: rule.rank))
    return Rulebook(
        edition=str(document.get("edition", "")),
        rules=ordered,
        source=str(document.get("source", "")),
        accepted=tuple(AcceptedGap(assertions, reason) for assertions, reason in gaps),
        types=types,
    )
