"""Rules, cells and doubts in words, Chinese and English from the same row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from dispatch.clock.season import Season
from dispatch.routing.facts import NO_ROAD, CategoryLike, Corridor, Facts
from dispatch.routing.rule import Hours, LimitOverride, Rule, Selector
from dispatch.units.tree import Tree

if TYPE_CHECKING:
    from dispatch.routing.decide import Routing

__all__ = ["NO_NAMES", "PARTY_WORDS", "Names", "Words", "names_of", "sentence", "so_many", "trace"]

Words = tuple[str, str]  # Chinese, English
PARTY_WORDS: dict[str, Words] = {
    "owner": ("权属单位", "owner"),
    "maintainer": ("养护单位", "maintainer"),
    "supervisor": ("主管单位", "supervisor"),
}
KINDS: dict[str, Words] = {"component": ("部件", "components"), "event": ("事件", "events")}
OFF_ROAD: Words = ("无路处", "off every road")
PLURAL = re.compile(r"\b(minute|hour|day|week)s\b")


@dataclass(frozen=True)
class Names:
    """The names behind the data's words: "unit:gas", "road:main", "type:…", "area:district:01", "class:event:06" …

    A word without a name stands for itself.
    """

    of: Mapping[str, Words] = field(default_factory=dict)

    def __call__(self, kind: str, word: str) -> Words:
        if kind == "road" and word == NO_ROAD:
            return OFF_ROAD
        found = self.of.get(f"{kind}:{word}") or (KINDS.get(word) if kind == "kind" else None)
        return (found[0], found[1] or found[0]) if found else (word, word)

    def several(self, kind: str, words: Iterable[str]) -> Words:
        """All of them, in the data's order of words."""
        found = [self(kind, word) for word in sorted(words)]
        return "、".join(zh for zh, _ in found), " or ".join(en for _, en in found)


NO_NAMES = Names()


class Named(CategoryLike, Protocol):
    """What a sentence reads of a category of the catalogue, beside what routing does."""

    @property
    def class_name(self) -> str: ...
    @property
    def class_name_en(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def names_of(
    city: Mapping[str, Any],
    *,
    tree: Tree,
    categories: Iterable[Named],
    areas: Iterable[tuple[str, str, str]],
    types: Mapping[str, Words],
) -> Names:
    """The names in a city's books. `city`: its document; `areas`: `level:code`, name, English name; `types`: of the
    rulebook."""
    found: dict[str, Words] = {f"type:{word}": said for word, said in types.items()}
    for kind, table in (("road", "road_classes"), ("time_class", "time_classes")):
        found |= {f"{kind}:{word}": (row["name"], row["name_en"]) for word, row in city.get(table, {}).items()}
    found |= {f"level:{row['key']}": (row["name"], row["name_en"]) for row in city.get("levels", ())}
    found |= {f"unit:{unit.id}": (unit.name, unit.name_en) for unit in tree.units.values()}
    found |= {f"area:{word}": (name, name_en) for word, name, name_en in areas}
    for row in categories:
        found[f"category:{row.code}"] = (row.name, row.name_en)
        found[f"class:{row.kind}:{row.class_code}"] = (row.class_name, row.class_name_en)
    return Names(found)


def sentence(rule: Rule, names: Names = NO_NAMES) -> Words:
    """The rule as one sentence: its rank, what and where and when it holds, whom it names, and by what limit."""
    said = [CLAUSE_WORDS[one.clause](one.wanted, names) for one in rule.assertions]
    zh = "，".join(part for part, _ in said) or "任何事项"
    en = ", ".join(part for _, part in said) or "anything"
    lead, lead_en = _whom(rule.to, names)
    help_, help_en = _assisting(rule, names)
    limit, limit_en = _limit(rule.limit, names)
    title, title_en = (f"“{rule.name}”", f' "{rule.name_en}"') if rule.name else ("", "")
    return (
        f"{rule.no}{title}（第 {rule.rank} 级）：{zh}，由{lead}负责{help_}{limit}。",
        f"{rule.no}{title_en} (rank {rule.rank}): {en}: {lead_en} answers{help_en}{limit_en}.",
    )


def _assisting(rule: Rule, names: Names) -> Words:
    if not rule.assist:
        return "", ""
    found = [_whom(selector, names) for selector in rule.assist]
    by, by_en = "、".join(zh for zh, _ in found), " and ".join(en for _, en in found)
    limit, limit_en = _limit(rule.assist_limit, names)
    return f"，{by}协办{limit}", f", assisted by {by_en}{limit_en}"


def _limit(limit: LimitOverride | None, names: Names) -> Words:
    if limit is None:
        return "", ""
    zh, en = names("time_class", limit.time_class)
    return f"，限时 {limit.value} {zh}", f", within {limit.value} {so_many(limit.value, en)}"


def so_many(number: Decimal, name: str) -> str:
    """What a city calls a time class, for that number: of "working days" one is a "working day"."""
    return PLURAL.sub(r"\1", name, count=1) if number == 1 else name


def _whom(to: Selector, names: Names) -> Words:
    if to.kind in PARTY_WORDS:
        zh, en = PARTY_WORDS[to.kind]
        return f"部件的{zh}", f"the component's {en}"
    if to.kind == "unit":
        zh, en = names("unit", to.unit)
        return zh, en
    if to.kind == "type" and to.type == "first":
        return "首个责任类型的市级单位", "the city's unit of the first responsible type"
    zh, en = names("type", to.type) if to.type else ("", "")
    if to.kind == "type":
        return f"市级{zh}单位", f"the city's unit for {en}"
    level, level_en = names("level", to.level)
    if not to.type:
        return f"所在{level}", f"the {level_en.lower()} of the place"
    return f"所在{level}的{zh}单位", f"the unit for {en} of the place's {level_en.lower()}"


def _named(kind: str, zh: str, en: str) -> Callable[[Any, Names], Words]:
    def say(wanted: Iterable[str], names: Names) -> Words:
        here, here_en = names.several(kind, wanted)
        return zh.format(here), en.format(here_en)

    return say


def _corridor(wanted: Corridor, _: Names) -> Words:
    return f"{wanted.road}两侧 {wanted.metres:g} 米内", f"within {wanted.metres:g} m of {wanted.road}"


def _owner(wanted: Any, names: Names) -> Words:
    if wanted is True:
        return "权属单位明确", "with a known owner"
    if wanted is False:
        return "权属单位不明", "without a known owner"
    zh, en = names.several("unit", wanted)
    return f"权属{zh}", f"owned by {en}"


def _hours(wanted: Hours, _: Names) -> Words:
    spans = [f"{start}–{end}" for start, end in wanted.spans]
    return "、".join(spans), "between " + " or ".join(spans)


def _season(wanted: Season, _: Names) -> Words:
    return f"{wanted.start} 至 {wanted.end}", f"from {wanted.start} until {wanted.end}"


CLAUSE_WORDS: dict[str, Callable[[Any, Names], Words]] = {
    "kind": _named("kind", "{}", "{}"),
    "class": _named("class", "{}类", "class {}"),
    "category": _named("category", "{}", "{}"),
    "type": _named("type", "责任类型为{}", "for {}"),
    "types": _named("type", "责任类型含{}", "also for {}"),
    "road": _named("road", "位于{}", "on {}"),
    "road_name": _named("road_name", "位于{}", "on {}"),
    "corridor": _corridor,
    "area": _named("area", "在{}", "in {}"),
    "owner": _owner,
    "hours": _hours,
    "season": _season,
}
CLAUSE_NAMES: dict[str, Words] = {
    "road": ("道路等级不符", "another road class"),
    "road_name": ("道路不符", "another road"),
    "corridor": ("不在沿线范围内", "outside the corridor"),
    "area": ("不在该区域", "another area"),
    "owner": ("权属不符", "another owner"),
    "hours": ("不在该时段", "another hour"),
    "season": ("不在该时期", "another season"),
}


def here(facts: Facts, names: Names = NO_NAMES) -> Words:
    """What of the place, the component and the time the facts hold."""
    parts = []
    if facts.areas:
        zh, en = names("area", facts.areas[-2] if len(facts.areas) > 1 else facts.areas[0])
        parts.append((zh, en))
    zh, en = names("road", facts.road)
    parts.append((f"{facts.road_name}（{zh}）", f"{facts.road_name} ({en})") if facts.road_name else (zh, en))
    if facts.owner is not None:
        zh, en = names("unit", facts.owner)
        parts.append((f"权属{zh}", f"owned by {en}"))
    if facts.hour:
        parts.append((f"{facts.day} {facts.hour}", f"{facts.day} {facts.hour}"))
    return "，".join(zh for zh, _ in parts), ", ".join(en for _, en in parts)


def trace(routing: Routing, names: Names = NO_NAMES) -> Words:
    """A Routing as one sentence: what it saw, which rule decided and why, and which rules did not hold before."""
    facts = routing.facts
    what, what_en = names("category", facts.category)
    where, where_en = here(facts, names)
    if routing.unit is not None:
        unit, unit_en = names("unit", routing.unit)
        by, by_en = f"按 {routing.rule} 由{unit}负责", f"{unit_en} answers by {routing.rule}"
    else:
        by, by_en = "由派遣员决定", "the dispatcher decides"
    tried = [one for one in routing.tried if one.clause in CLAUSE_NAMES]
    not_, not_en = "", ""
    if tried:
        not_ = "；此前不适用：" + "、".join(f"{one.rule}（{CLAUSE_NAMES[one.clause][0]}）" for one in tried)
        not_en = "; before it did not hold: " + ", ".join(
            f"{one.rule} ({CLAUSE_NAMES[one.clause][1]})" for one in tried
        )
    return (
        f"{what}，{where}：{by}，{routing.reason}{not_}。",
        f"{what_en}, {where_en}: {by_en}, {routing.reason_en}{not_en}.",
    )
