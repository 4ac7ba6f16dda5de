"""Facts → the one unit responsible, with rule, edition and reason; or no unit, and why. Pure; never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from dispatch.routing.facts import Facts
from dispatch.routing.rule import BY_PLACE, PARTIES, LimitOverride, Rule, Selector
from dispatch.routing.rulebook import Rulebook
from dispatch.routing.words import PARTY_WORDS, Words
from dispatch.units.tree import Tree, Unit

__all__ = ["NOBODY", "NO_RULE", "PLACE", "TIE", "Answer", "Routing", "Tried", "decide", "holding", "unknown"]

NO_RULE, TIE, NOBODY, PLACE = "no-rule", "tie", "nobody", "place"
OUTSIDE: Words = ("地点在城市各区域之外", "The place lies outside every area of the city")
UNKNOWN: Words = ("地点未知", "The place is not known")
NO_RULE_HOLDS: Words = ("没有适用的规则", "No rule holds")

LIMITS = ("limit", "assist_limit")


class Tried(NamedTuple):
    """A rule looked at before, and the first of its clauses that did not hold."""

    rule: str
    clause: str
    reason: str
    reason_en: str


class Answer(NamedTuple):
    """One possible answer to the question of a doubtful place: in words, and the unit that it leads to by which rule.

    `key` says what the place has then, in the data's own words: `road=alley`. `limit`: as in Routing.
    """

    key: str
    words: str
    words_en: str
    unit: str | None
    rule: str | None
    assist: tuple[str, ...] = ()
    limit: tuple[str, str] | None = None
    assist_limit: tuple[str, str] | None = None


# No slots: the table copies one for each facts that share its cell, and a dict is copied in one stroke.
@dataclass(frozen=True, kw_only=True)
class Routing:
    """Who has to dispose of it, and why.

    `doubtful` is None, or why there is no unit: "no-rule"; "tie" (rules of one rank, or one rule, name several units);
    "nobody" (the rule names no unit here); "place" (unknown, outside the city, or the accuracy reaches another answer).
    `between`: the units in question. `assist`: the units that help the one responsible; `limit`: number and time class
    of the disposal that the rule sets itself, `assist_limit` of their part. `question`: what would settle a doubtful
    place, with its `answers`.
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
    assist: tuple[str, ...] = ()
    limit: tuple[str, str] | None = None
    assist_limit: tuple[str, str] | None = None
    question: str = ""
    question_en: str = ""
    answers: tuple[Answer, ...] = ()

    def document(self) -> dict[str, Any]:
        """As a case and its step keep it; without assistants, limit and question where there are none.

        `tried`: [rule, clause, reason, reason_en] of rules for the category that fail here; `passed`: rules that are
        for other categories, [clause, rule, rule …].
        """
        passed = [tried for tried in self.tried if tried.clause not in BY_PLACE]
        seldom = {
            "assist": list(self.assist),
            "limit": self.limit and list(self.limit),
            "assist_limit": self.assist_limit and list(self.assist_limit),
            "question": self.question,
            "question_en": self.question_en,
            "answers": [answer._asdict() for answer in self.answers],
        }
        return {name: given for name, given in seldom.items() if given} | {
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
        kept = {name: given for name, given in document.items() if name not in ("passed", "precedents")}
        kept["assist"] = tuple(document.get("assist", ()))
        kept |= {name: _limit_of(document.get(name)) for name in LIMITS}
        kept["answers"] = tuple(_answer_of(answer) for answer in document.get("answers", ()))
        passed = [Tried(rule, clause, "", "") for clause, *rules in document.get("passed", ()) for rule in rules]
        kept["between"] = tuple(document["between"])
        kept["facts"] = Facts.of(document["facts"])
        kept["tried"] = (*passed, *(Tried(*tried) for tried in document["tried"]))
        return cls(**kept)


def _limit_of(given: Sequence[str] | None) -> tuple[str, str] | None:
    return (given[0], given[1]) if given else None


def _answer_of(document: Mapping[str, Any]) -> Answer:
    limits = {name: _limit_of(document.get(name)) for name in LIMITS}
    return Answer(**{**document, "assist": tuple(document.get("assist", ())), **limits})


class _Asked(NamedTuple):
    """One question on its way to the answer."""

    facts: Facts
    rulebook: Rulebook
    tree: Tree
    tried: list[Tried]


def unknown(facts: Facts, rulebook: Rulebook, tree: Tree) -> Routing:
    """The answer where it is not known at which place."""
    return _nobody(_Asked(facts, rulebook, tree, []), PLACE, UNKNOWN)


def decide(facts: Facts, rulebook: Rulebook, tree: Tree) -> Routing:
    """The answer of the lowest rank that holds, for facts taken as certain."""
    asked = _Asked(facts, rulebook, tree, [])
    if not facts.areas:
        return _nobody(asked, PLACE, OUTSIDE)
    found, asked.tried[:] = holding(facts, rulebook)
    return _among(found, asked) if found else _nobody(asked, NO_RULE, NO_RULE_HOLDS)


def holding(facts: Facts, rulebook: Rulebook) -> tuple[list[Rule], list[Tried]]:
    """The rules of the lowest rank that hold, and those tried before them with the clause that does not."""
    found: list[Rule] = []
    tried: list[Tried] = []
    for rule, fails in rulebook.plan(facts).lines:
        if found and rule.rank != found[0].rank:
            break
        fails = fails or rule.fails_at(facts)
        if fails is None:
            found.append(rule)
        else:
            tried.append(Tried(rule.no, fails, rule.reason, rule.reason_en))
    return found, tried


def _among(found: Sequence[Rule], asked: _Asked) -> Routing:
    """The one unit that the rules of equal rank name; nobody if one of them names no unit, or they name several."""
    named: dict[str, tuple[Rule, Unit]] = {}
    for rule in found:
        units = _select(rule.to, asked.facts, asked.tree)
        if not units:
            return _nobody(asked, NOBODY, _nobody_words(rule, asked.facts), rule)
        for unit in units:
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
        assist=_assistants(rule, unit, asked),
        limit=_own_limit(rule.limit),
        assist_limit=_own_limit(rule.assist_limit),
    )


def _own_limit(limit: LimitOverride | None) -> tuple[str, str] | None:
    return None if limit is None else (str(limit.value), limit.time_class)


def _assistants(rule: Rule, lead: Unit, asked: _Asked) -> tuple[str, ...]:
    """Whom the rule names beside the one responsible; one that is not there is left out, and lint says so."""
    found = (unit.id for selector in rule.assist for unit in _select(selector, asked.facts, asked.tree))
    return tuple(dict.fromkeys(unit for unit in found if unit != lead.id))


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
            f"规则 {rule.no} 指向部件的{party}，但没有登记",
            f"Rule {rule.no} names the component's {party_en}; none is on record",
        )
    return (
        f"规则 {rule.no} 指向部件的{party} {recorded}，但名录中没有该单位",
        f"Rule {rule.no} names the component's {party_en}, {recorded}, which is not among the units",
    )


def _tie_words(named: Iterable[tuple[Rule, Unit]]) -> Words:
    pairs = [(rule.no, unit) for rule, unit in named]
    return (
        "指向不同单位：" + "、".join(f"{unit.name}（{no}）" for no, unit in pairs),
        "Different units are named: " + ", ".join(f"{unit.name_en or unit.name} ({no})" for no, unit in pairs),
    )
