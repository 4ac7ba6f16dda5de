"""A category at a place → whose it is, by the table; where the fix leaves a doubt, the one question about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from dispatch.routing.decide import PLACE, Answer, Routing, unknown
from dispatch.routing.facts import NO_ROAD, CategoryLike, Facts, facts_of, variants
from dispatch.routing.table import Table
from dispatch.routing.words import NO_NAMES, Names, Words
from dispatch.units.tree import Tree
from gis.locate import Place

__all__ = ["route"]

TIMES = frozenset({"hours", "season"})


def route(
    category: CategoryLike,
    place: Place | None,
    table: Table,
    *,
    at: datetime | None = None,
    names: Names = NO_NAMES,
) -> Routing:
    """Who answers for this category at this place, the fix's accuracy considered; nobody, if it is not known where.

    `at`: when it was reported, in the city's wall time; `names`: for the words of a question.
    """
    blank = facts_of(category, None)
    if place is None:
        return unknown(blank, table.rulebook, table.tree)
    plan = table.sheet(blank).plan
    # The time is among the facts only where a rule asks: cases with equal facts are one cell of history.
    facts = facts_of(category, place, corridors=plan.corridors, at=at if plan.looks_at & TIMES else None)
    here = table.lookup(facts)
    if here.unit is None:
        return here
    others = variants(facts, place, looks_at=plan.looks_at, named=plan.named, corridors=plan.corridors)
    there = [found for other in others if (found := table.lookup(other)).unit != here.unit]
    return _doubtful(here, there, table.tree, names) if there else here


def _doubtful(here: Routing, there: Sequence[Routing], tree: Tree, names: Names) -> Routing:
    """No unit, and the question what the place has, with each unit named once."""
    others: dict[str | None, Routing] = {}
    for found in there:
        others.setdefault(found.unit, found)
    answers = [_answer(here, others.values(), names)]
    answers += [_answer(other, [here], names) for other in others.values()]
    said = [_said(here, tree)]
    said += [_if(answer, _said(other, tree)) for answer, other in zip(answers[1:], others.values(), strict=True)]
    question, question_en = _question(answers)
    return replace(
        here,
        unit=None,
        rule=None,
        source="",
        assist=(),
        limit=None,
        assist_limit=None,
        doubtful=PLACE,
        between=tuple(dict.fromkeys(found.unit for found in (here, *others.values()) if found.unit is not None)),
        reason="定位误差范围内结果不同：" + "；".join(zh for zh, _ in said),
        reason_en="Within the fix's accuracy the answer differs: " + "; ".join(en for _, en in said),
        question=question,
        question_en=question_en,
        answers=tuple(answers),
    )


def _said(routing: Routing, tree: Tree) -> Words:
    unit = tree.get(routing.unit) if routing.unit is not None else None
    if unit is None:
        return f"无法确定（{routing.reason}）", f"undecided ({routing.reason_en})"
    return f"{unit.name}（{routing.rule}）", f"{unit.name_en or unit.name} ({routing.rule})"


def _if(answer: Answer, said: Words) -> Words:
    return f"若 {answer.key}：{said[0]}", f"with {answer.key}: {said[1]}"


def _answer(routing: Routing, beside: Iterable[Routing], names: Names) -> Answer:
    """What the place has that it has not in the other answers, in the data's words and in people's."""
    found: dict[str, Words] = {}
    for other in beside:
        found |= _differences(routing.facts, other.facts, names)
    zh, en = "、".join(words for words, _ in found.values()), " and ".join(words for _, words in found.values())
    return Answer(
        ", ".join(found), zh, en, routing.unit, routing.rule, routing.assist, routing.limit, routing.assist_limit
    )


def _differences(here: Facts, there: Facts, names: Names) -> dict[str, Words]:
    """Key → words of each fact in which `here` is not as `there`."""
    found: dict[str, Words] = {}
    if (here.road, here.road_name) != (there.road, there.road_name):
        found |= _road(here, there, names)
    for area in [area for area in here.areas if area not in there.areas][:1]:
        zh, en = names("area", area)
        found[area] = f"在{zh}", f"in {en}"
    for corridor in here.corridors:
        if corridor not in there.corridors:
            road, _, metres = corridor.rpartition(":")
            found[f"corridor={corridor}"] = f"在{road}两侧 {metres} 米内", f"within {metres} m of {road}"
    for corridor in there.corridors:
        if corridor not in here.corridors:
            road, _, metres = corridor.rpartition(":")
            found[f"corridor!={corridor}"] = f"距{road}超过 {metres} 米", f"more than {metres} m from {road}"
    if here.component != there.component:
        found[f"component={here.component}"] = _component(here, names)
    return found


def _road(here: Facts, there: Facts, names: Names) -> dict[str, Words]:
    if here.road == NO_ROAD:
        return {f"road={NO_ROAD}": ("不在路上", "off every road")}
    key = f"road={here.road}" if here.road != there.road else f"road_name={here.road_name}"
    zh, en = names("road", here.road)
    if here.road_name:
        return {key: (f"在{here.road_name}（{zh}）", f"on {here.road_name} ({en.lower()})")}
    return {key: (f"在{zh}上", f"on a road of the class {en.lower()}")}


def _component(here: Facts, names: Names) -> Words:
    if here.component is None:
        return "不是登记的部件", "none on record"
    if here.owner is None:
        return f"部件 {here.component}（权属不明）", f"component {here.component} (owner not known)"
    zh, en = names("unit", here.owner)
    return f"部件 {here.component}（权属{zh}）", f"component {here.component} (owned by {en})"


def _question(answers: Sequence[Answer]) -> Words:
    """Which of the answers is so? One question, however many ways the facts differ."""
    kinds = {part.partition("=")[0].partition("!")[0] for answer in answers for part in answer.key.split(", ")}
    asked, asked_en = ASKED.get(min(kinds), ASKED_ELSE) if len(kinds) == 1 else ASKED_ELSE
    zh, en = "还是".join(answer.words for answer in answers), " or ".join(answer.words_en for answer in answers)
    return f"{asked}：{zh}？", f"{asked_en}: {en}?"


ASKED: dict[str, Words] = {
    "road": ("在路缘的哪一侧", "Which side of the kerb"),
    "road_name": ("在哪条路上", "On which road"),
    "corridor": ("在沿线范围之内吗", "Inside the corridor"),
    "component": ("是哪一件部件", "Which component"),
}
ASKED_ELSE: Words = ("在哪一边", "On which side")
