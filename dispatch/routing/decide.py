"""Facts → the one unit responsible, with rule, edition and reason; or no unit, and why. Pure; never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from dispatch.routing.facts import CategoryLike, Facts, facts_of, variants
from dispatch.routing.rulebook import BY_PLACE, PARTIES, Rule, Rulebook, Selector
from dispatch.units.tree import Tree, Unit
from gis.locate import Place

__all__ = ["Routing", "Tried", "decide", "decide_place", "route"]

NO_RULE, TIE, NOBODY, PLACE = "no-rule", "tie", "nobody", "place"
Words = tuple[str, str]  # Chinese, English
PARTY_WORDS: dict[str, Words] = {
    "owner": ("权属单位", "owner"),
    "maintainer": ("养护单位", "maintainer"),
    "supervisor": ("主管单位", "supervisor"),
}
OUTSIDE: Words = ("地点在城市各区域之外", "The place lies outside every area of the city")
UNKNOWN: Words = ("地点未知", "The place is not known")
NO_RULE_HOLDS: Words = ("没有适用的规则", "No rule holds")


class Tried(NamedTuple):
    """A rule looked at before, and the first of its clauses that did not hold."""

    rule: str
    clause: str
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who has to dispose of it, and why.

    `doubtful` is None, or why there is no unit: "no-rule"; "tie" (rules of one rank, or one rule, name several units);
    "nobody" (the rule names no unit here); "place" (unknown, outside the city, or the accuracy reaches another answer).
    `between`: the units in question.
    """

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
        """As a case and its step keep it.

        `tried`: [rule, clause, reason, reason_en] of rules for the category that fail here; `passed`: rules that are
        for other categories, [clause, rule, rule …].
        """
        passed = [tried for tried in self.tried if tried.clause not in BY_PLACE]
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
            "tried": [list(tried) for tried in self.tried if tried.clause in BY_PLACE],
            "passed": [[clause, *(t.rule for t in same)] for clause, same in groupby(passed, lambda t: t.clause)],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Routing:
        """The routing that `document` stored; of rules for other categories only number and clause are kept."""
        kept = {name: given for name, given in document.items() if name != "passed"}
        passed = [Tried(rule, clause, "", "") for clause, *rules in document.get("passed", ()) for rule in rules]
        kept["between"] = tuple(document["between"])
        kept["facts"] = Facts.of(document["facts"])
        kept["tried"] = (*passed, *(Tried(*tried) for tried in document["tried"]))
        return cls(**kept)


class _Asked(NamedTuple):
    """One question on its way to the answer."""

    facts: Facts
    rulebook: Rulebook
    tree: Tree
    tried: list[Tried]


def route(category: CategoryLike, place: Place | None, rulebook: Rulebook, tree: Tree) -> Routing:
    """Who answers for this category at this place, the fix's accuracy considered; nobody, if it is not known where."""
    facts = facts_of(category, place)
    if place is None:
        return _nobody(_Asked(facts, rulebook, tree, []), PLACE, UNKNOWN)
    plan = rulebook.plan(facts)
    return decide_place(facts, variants(facts, place, looks_at=plan.looks_at, named=plan.named), rulebook, tree)


def decide_place(facts: Facts, others: Iterable[Facts], rulebook: Rulebook, tree: Tree) -> Routing:
    """As `decide`, unless the fix's accuracy leaves other facts possible that have another answer."""
    here = decide(facts, rulebook, tree)
    if here.unit is None:
        return here
    there = [found for other in others if (found := decide(other, rulebook, tree)).unit != here.unit]
    return _doubtful_place(here, there, tree) if there else here


def decide(facts: Facts, rulebook: Rulebook, tree: Tree) -> Routing:
    """The answer of the lowest rank that holds, for facts taken as certain."""
    asked = _Asked(facts, rulebook, tree, [])
    if not facts.areas:
        return _nobody(asked, PLACE, OUTSIDE)
    holding: list[Rule] = []
    for rule, fails in rulebook.plan(facts).lines:
        if holding and rule.rank != holding[0].rank:
            break
        fails = fails or rule.fails_at(facts)
        if fails is None:
            holding.append(rule)
        else:
            asked.tried.append(Tried(rule.no, fails, rule.reason, rule.reason_en))
    return _among(holding, asked) if holding else _nobody(asked, NO_RULE, NO_RULE_HOLDS)


def _among(holding: Sequence[Rule], asked: _Asked) -> Routing:
    """The one unit that the rules of equal rank name; nobody if one of them names no unit, or they name several."""
    named: dict[str, tuple[Rule, Unit]] = {}
    for rule in holding:
        found = _select(rule.to, asked.facts, asked.tree)
        if not found:
            return _nobody(asked, NOBODY, _nobody_words(rule, asked.facts), rule)
        for unit in found:
            named.setdefault(unit.id, (rule, unit))
    if len(named) > 1:
        return replace(_nobody(asked, TIE, _tie_words(named.values())), between=tuple(named))
    rule, unit = next(iter(named.values()))
    return Routing(
        facts=asked.facts,
        edition=asked.rulebook.edition,
        unit=unit.id,
        rule=rule.no,
        reason=rule.reason,
        reason_en=rule.reason_en,
        source=rule.source,
        tried=tuple(asked.tried),
    )


def _select(to: Selector, facts: Facts, tree: Tree) -> list[Unit]:
    if to.kind == "type":
        return tree.of_type(facts.type if to.type == "first" else to.type)
    if to.kind == "territory":
        here = (area for area in facts.areas if area.startswith(f"{to.level}:"))
        return [unit for area in here for unit in tree.in_area(area, to.type or None)]
    unit = tree.get(to.unit if to.kind == "unit" else getattr(facts, to.kind) or "")
    return [] if unit is None else [unit]


def _nobody(asked: _Asked, doubtful: str, words: Words, rule: Rule | None = None) -> Routing:
    return Routing(
        facts=asked.facts,
        edition=asked.rulebook.edition,
        rule=rule.no if rule else None,
        reason=words[0],
        reason_en=words[1],
        source=rule.source if rule else "",
        doubtful=doubtful,
        tried=tuple(asked.tried),
    )


def _nobody_words(rule: Rule, facts: Facts) -> Words:
    if rule.to.kind not in PARTIES:
        return f"规则 {rule.no} 在此处没有对应的单位", f"Rule {rule.no} names no unit here"
    party, party_en = PARTY_WORDS[rule.to.kind]
    recorded = getattr(facts, rule.to.kind)
    if recorded is None:
        return (
            f"规则 {rule.no} 指向部件的{party},但没有登记",
            f"Rule {rule.no} names the component's {party_en}; none is on record",
        )
    return (
        f"规则 {rule.no} 指向部件的{party} {recorded},但名录中没有该单位",
        f"Rule {rule.no} names the component's {party_en}, {recorded}, which is not among the units",
    )


def _tie_words(named: Iterable[tuple[Rule, Unit]]) -> Words:
    pairs = [(rule.no, unit) for rule, unit in named]
    return (
        "指向不同单位:" + "、".join(f"{unit.name}({no})" for no, unit in pairs),
        "Different units are named: " + ", ".join(f"{unit.name_en or unit.name} ({no})" for no, unit in pairs),
    )


def _doubtful_place(here: Routing, there: Sequence[Routing], tree: Tree) -> Routing:
    """None of them, with each unit named once and what in the place it differs by."""
    answers = [_answer_words(here, tree)]
    others: dict[str | None, Routing] = {}
    for found in there:
        others.setdefault(found.unit, found)
    for other in others.values():
        differs = ", ".join(_difference(here.facts, other.facts))
        words, words_en = _answer_words(other, tree)
        answers.append((f"若 {differs}:{words}", f"with {differs}: {words_en}"))
    return replace(
        here,
        unit=None,
        rule=None,
        source="",
        doubtful=PLACE,
        between=tuple(dict.fromkeys(found.unit for found in (here, *there) if found.unit is not None)),
        reason="定位误差范围内结果不同:" + ";".join(zh for zh, _ in answers),
        reason_en="Within the fix's accuracy the answer differs: " + "; ".join(en for _, en in answers),
    )


def _answer_words(routing: Routing, tree: Tree) -> Words:
    unit = tree.get(routing.unit) if routing.unit is not None else None
    if unit is None:
        return f"无法确定({routing.reason})", f"undecided ({routing.reason_en})"
    return f"{unit.name}({routing.rule})", f"{unit.name_en or unit.name} ({routing.rule})"


def _difference(here: Facts, there: Facts) -> list[str]:
    """What the other place has, in the data's own words: `road=alley`, `district:440302`, `component=…`."""
    found = [f"road={there.road}"] if there.road != here.road else []
    found += [area for area in there.areas if area not in here.areas][:1]
    return found + ([f"component={there.component}"] if there.component != here.component else [])
