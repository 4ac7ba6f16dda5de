"""The rules of a city as it wrote them (`rules.toml`, docs/city.md): read, ordered, and sorted out by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatch.routing.facts import Facts

__all__ = [
    "BY_PLACE",
    "CLAUSES",
    "PARTIES",
    "Plan",
    "Rule",
    "Rulebook",
    "RulebookFault",
    "Selector",
    "rulebook_of",
    "rules_of",
]

Words = frozenset[str]
Document = Mapping[str, Any]
WORDED = ("kind", "class", "category", "type", "types", "road", "area")
CLAUSES = (*WORDED, "owner")
BY_PLACE = ("road", "area", "owner")
PARTIES = ("owner", "maintainer", "supervisor")


class RulebookFault(ValueError):
    """A rulebook that cannot be followed; `faults`: each with the number of its rule."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Selector:
    """Whom a rule names. `kind`: unit, owner, maintainer, supervisor, type or territory; `type` may be "first"."""

    kind: str
    unit: str = ""
    level: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. A clause that is None is not asked; `owner`: True a known owner, False none, or the ids allowed."""

    no: str
    rank: int
    to: Selector
    reason: str
    reason_en: str
    source: str
    kind: Words | None = None
    class_: Words | None = None
    category: Words | None = None
    type: Words | None = None
    types: Words | None = None
    road: Words | None = None
    area: Words | None = None
    owner: bool | Words | None = None

    def fails_for(self, facts: Facts) -> str | None:
        """The first clause about the category that does not hold, or None."""
        asked = (
            ("kind", self.kind, facts.kind),
            ("class", self.class_, facts.category_class),
            ("category", self.category, facts.category),
            ("type", self.type, facts.type),
        )
        for clause, wanted, fact in asked:
            if wanted is not None and fact not in wanted:
                return clause
        return "types" if self.types is not None and self.types.isdisjoint(facts.types) else None

    def fails_at(self, facts: Facts) -> str | None:
        """The first clause about the place or the component that does not hold, or None."""
        if self.road is not None and facts.road not in self.road:
            return "road"
        if self.area is not None and self.area.isdisjoint(facts.areas):
            return "area"
        if self.owner is None:
            return None
        holds = (facts.owner is not None) is self.owner if isinstance(self.owner, bool) else facts.owner in self.owner
        return None if holds else "owner"

    @property
    def clauses(self) -> tuple[object, ...]:
        """All its clauses in the order of CLAUSES, None where it does not ask."""
        words = (self.kind, self.class_, self.category, self.type, self.types, self.road, self.area)
        return (*words, self.owner)

    @property
    def looks_at(self) -> frozenset[str]:
        """Of "road", "area" and "owner": what its clauses or its selector depend on."""
        found = {clause for clause in BY_PLACE if getattr(self, clause) is not None}
        if self.to.kind == "territory":
            found.add("area")
        if self.to.kind in PARTIES:
            found.add("owner")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules for one category, by rank: those that can hold, and those that cannot with the clause that fails.

    `looks_at`: of "road", "area" and "owner", what they depend on; `named`: the levels and `level:code` they name.
    """

    lines: tuple[tuple[Rule, str | None], ...]
    looks_at: frozenset[str]
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One edition of the rules, the lowest rank first; equal ranks in the order of the file."""

    edition: str
    rules: tuple[Rule, ...]
    source: str = ""
    _plans: dict[tuple[str, str, str, tuple[str, ...]], Plan] = field(default_factory=dict, repr=False, compare=False)

    def plan(self, facts: Facts) -> Plan:
        """What is left of the rules once the category is known; worked out once for each category."""
        key = (facts.category, facts.kind, facts.category_class, facts.types)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = _plan(self.rules, facts)
        return found


def _plan(rules: Iterable[Rule], facts: Facts) -> Plan:
    lines = tuple((rule, rule.fails_for(facts)) for rule in rules)
    live = [rule for rule, fails in lines if fails is None]
    levels = {rule.to.level for rule in live if rule.to.kind == "territory"}
    return Plan(
        lines=lines,
        looks_at=frozenset().union(*(rule.looks_at for rule in live)),
        named=frozenset(levels).union(*(rule.area for rule in live if rule.area is not None)),
    )


def rulebook_of(document: Document) -> Rulebook:
    """The rulebook that `rules.toml` or its stored edition describes. Raises RulebookFault if it cannot be read."""
    rules, faults = rules_of(document)
    if faults:
        raise RulebookFault(faults)
    ordered = tuple(sorted(rules, key=lambda rule: rule.rank))
    return Rulebook(str(document.get("edition", "")), ordered, str(document.get("source", "")))


def rules_of(document: Document) -> tuple[list[Rule], list[str]]:
    """The rules in the order of the file, and what of them cannot be read, each with the rule's number."""
    rules: list[Rule] = []
    faults: list[str] = []
    listed = document.get("rule", [])
    if not isinstance(listed, list):
        return [], ["rule: wants a list, [[rule]]"]
    for position, row in enumerate(listed, start=1):
        if not isinstance(row, Mapping):
            faults.append(f"rule {position}: wants a table, [[rule]]")
            continue
        name = str(row.get("no") or f"rule {position}")
        found = _row_faults(row)
        faults.extend(f"{name}: {fault}" for fault in found)
        if not found:
            rules.append(_rule(row))
    return rules, faults


def _row_faults(row: Document) -> list[str]:
    faults = [f"no `{key}`" for key in ("no", "reason", "source") if not isinstance(row.get(key), str) or not row[key]]
    rank = row.get("rank")
    if not isinstance(rank, int) or isinstance(rank, bool):
        faults.append("`rank` wants a whole number")
    if _selector(row.get("to")) is None:
        faults.append(f"`to` names nobody: {row.get('to')!r}")
    when = row.get("when")
    if not isinstance(when, Mapping):
        return [*faults, "`when` wants a table; {} holds always"]
    return faults + [fault for clause, wanted in when.items() if (fault := _clause_fault(clause, wanted))]


def _clause_fault(clause: str, wanted: object) -> str | None:
    if clause not in CLAUSES:
        return f"`when` has no clause {clause!r}; it has {', '.join(CLAUSES)}"
    if clause == "owner" and isinstance(wanted, bool):
        return None
    words = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        return f"clause `{clause}` wants a word or a list of words" + (", true or false" if clause == "owner" else "")
    return None


def _rule(row: Document) -> Rule:
    to = _selector(row["to"])
    if to is None:  # looked at before; said again for the reader of types
        raise RulebookFault([f"{row['no']}: `to` names nobody"])
    when = {("class_" if clause == "class" else clause): _words(wanted) for clause, wanted in row["when"].items()}
    return Rule(
        no=row["no"],
        rank=row["rank"],
        to=to,
        reason=row["reason"],
        reason_en=str(row.get("reason_en") or row["reason"]),
        source=row["source"],
        **when,  # type: ignore[arg-type]
    )


def _words(wanted: object) -> bool | Words:
    if isinstance(wanted, bool):
        return wanted
    return frozenset([wanted] if isinstance(wanted, str) else wanted)  # type: ignore[call-overload,no-any-return]


def _selector(text: object) -> Selector | None:
    """`unit:<id>`, `owner`, `maintainer`, `supervisor`, `type:<type>`, `territory:<level>[:<type>]`; else None."""
    kind, *names = str(text).split(":")
    if kind in PARTIES and not names:
        return Selector(kind)
    if not names or not all(names):
        return None
    if kind == "unit":
        return Selector(kind, unit=":".join(names))
    if kind == "type" and len(names) == 1:
        return Selector(kind, type=names[0])
    if kind == "territory" and len(names) <= 2:
        return Selector(kind, level=names[0], type=names[1] if len(names) == 2 else "")
    return None
