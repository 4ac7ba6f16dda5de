"""Pure: facts + rulebook + units → the one unit, the rule, and why no other; or the dispatcher's pool, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from dispatch.routing.facts import Facts
from dispatch.routing.rulebook import Rule, Rulebook
from dispatch.units.tree import Tree, Unit

NO_RULE, TIE, NOBODY, PLACE = "no-rule", "tie", "nobody", "place"


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule looked at before the one that decided: the clause that did not hold (`to`: nobody, or several, answer to it)."""

    rule: str
    clause: str
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """`unit` is empty where a person must decide; `doubtful` then says why and `between` names the units in question."""

    facts: Facts
    edition: str
    unit: str | None = None
    rule: str | None = None
    reason: str = ""
    reason_en: str = ""
    source: str = ""
    doubtful: str | None = None
    between: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()

    def document(self) -> dict[str, Any]:
        """As a case and its step keep it."""
        return {
            "unit": self.unit,
            "rule": self.rule,
            "edition": self.edition,
            "reason": self.reason,
            "reason_en": self.reason_en,
            "source": self.source,
            "doubtful": self.doubtful,
            "between": list(self.between),
            "facts": self.facts.document(),
            "tried": [[t.rule, t.clause, t.reason, t.reason_en] for t in self.tried],
        }


def decide(facts: Facts, rulebook: Rulebook, tree: Tree) -> Routing:
    """The lowest rank that matches decides; two rules of one rank with different units are a tie and decide nothing."""
    tried: list[Tried] = []
    empty = Routing(facts=facts, edition=rulebook.edition)
    for _, rank in groupby(rulebook.rules_for(facts), key=lambda rule: rule.rank):
        found = _try_rank(rank, facts, tree, tried)
        units = tuple(dict.fromkeys(unit.id for _, unit in found))
        if len(units) > 1:
            rules = " / ".join(rule.no for rule, _ in found)
            return replace(empty, rule=rules, doubtful=TIE, between=units, tried=tuple(tried))
        if found:
            rule, unit = found[0]
            why = {"reason": rule.reason, "reason_en": rule.reason_en, "source": rule.source}
            return replace(empty, unit=unit.id, rule=rule.no, tried=tuple(tried), **why)
    nobody = any(t.clause == "to" for t in tried)
    return replace(empty, doubtful=NOBODY if nobody else NO_RULE, tried=tuple(tried))


def decide_place(facts: Facts, others: Iterable[Facts], rulebook: Rulebook, tree: Tree) -> Routing:
    """As `decide`, unless the fix might as well lie where another unit answers (`others`): then a person must look."""
    here = decide(facts, rulebook, tree)
    if here.unit is None:
        return here
    units = {here.unit: None}
    for other in others:
        there = decide(other, rulebook, tree)
        if there.unit is not None:
            units.setdefault(there.unit)
    if len(units) == 1:
        return here
    return replace(here, unit=None, doubtful=PLACE, between=tuple(units))


def _try_rank(rules: Iterable[Rule], facts: Facts, tree: Tree, tried: list[Tried]) -> list[tuple[Rule, Unit]]:
    found = []
    for rule in rules:
        clause = rule.failing(facts)
        units = [] if clause else resolve(rule.to, facts, tree)
        if len(units) == 1:
            found.append((rule, units[0]))
        else:
            tried.append(Tried(rule.no, clause or "to", rule.reason, rule.reason_en))
    return found


def resolve(to: str, facts: Facts, tree: Tree) -> list[Unit]:
    """The units a rule's `to` means here; anything but exactly one means that the rule does not decide."""
    what, _, rest = to.partition(":")
    if what == "unit":
        return _known(tree, rest)
    if what in ("owner", "maintainer", "supervisor"):
        return _known(tree, getattr(facts, what))
    if what == "type":
        return tree.of_type((facts.type or "") if rest == "first" else rest)
    level, _, kind = rest.partition(":")
    area = next((a for a in facts.areas if a.startswith(f"{level}:")), None)
    return [] if area is None else tree.in_area(area, kind or None)


def _known(tree: Tree, unit: str | None) -> list[Unit]:
    found = tree.get(unit) if unit else None
    return [] if found is None else [found]
