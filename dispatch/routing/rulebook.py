"""The rules of `rules.toml` as values, indexed by category; what they say is documented in docs/city.md."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.routing.facts import Facts

BY_CATEGORY = ("kind", "class", "category", "type", "types")
BY_PLACE = ("road", "area", "owner")
CLAUSES = BY_CATEGORY + BY_PLACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sentence: when all clauses hold, the case goes `to` a unit."""

    no: str
    rank: int
    to: str
    reason: str
    reason_en: str = ""
    source: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)

    def failing(self, facts: Facts, clauses: Collection[str] = CLAUSES) -> str | None:
        """The first of `clauses` that does not hold, or None."""
        return next((c for c in clauses if c in self.when and not HOLDS[c](self.when[c], facts)), None)


def _listed(given: Any) -> Collection[Any]:
    return given if isinstance(given, list | tuple) else (given,)


def _owner(given: Any, facts: Facts) -> bool:
    if isinstance(given, bool):
        return given == (facts.owner is not None)
    return facts.owner in _listed(given)


HOLDS = {
    "kind": lambda given, facts: facts.kind in _listed(given),
    "class": lambda given, facts: facts.category_class in _listed(given),
    "category": lambda given, facts: facts.category in _listed(given),
    "type": lambda given, facts: facts.type in _listed(given),
    "types": lambda given, facts: any(t in _listed(given) for t in facts.types),
    "road": lambda given, facts: facts.road in _listed(given),
    "area": lambda given, facts: any(a in _listed(given) for a in facts.areas),
    "owner": _owner,
}


@dataclass(frozen=True)
class Rulebook:
    """One edition, in order of rank. A rule that cannot hold for a category is never tried for it."""

    edition: str
    rules: tuple[Rule, ...]
    _by_category: dict[tuple[str, ...], tuple[Rule, ...]] = field(default_factory=dict)

    def rules_for(self, facts: Facts) -> tuple[Rule, ...]:
        """The rules whose clauses about the category hold."""
        key = (facts.category, facts.kind, facts.category_class, *facts.types)
        found = self._by_category.get(key)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.failing(facts, BY_CATEGORY) is None)
            self._by_category[key] = found
        return found


def rulebook_of(document: Mapping[str, Any]) -> Rulebook:
    """From a parsed `rules.toml`. Raises ValueError for a clause nobody knows: a rule is never skipped in silence."""
    rules = [Rule(**rule) for rule in document.get("rule", ())]
    for rule in rules:
        unknown = set(rule.when) - set(CLAUSES)
        if unknown:
            raise ValueError(f"rule {rule.no}: unknown clause {', '.join(sorted(unknown))}")
    return Rulebook(str(document["edition"]), tuple(sorted(rules, key=lambda rule: rule.rank)))
