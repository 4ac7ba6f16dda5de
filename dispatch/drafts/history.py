"""The past as a replay wants it: cells of cases with the facts that a rule may look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from dispatch.cases.books import Books
from dispatch.drafts.replay import Achieved, Cell
from dispatch.evaluation.period import Period
from dispatch.routing.facts import Facts
from dispatch.routing.rule import PARTIES
from dispatch.routing.rulebook import Rulebook
from dispatch.standard.catalogue import Category
from gis.crs import metres_per_degree
from gis.db import ReadTx, rows

__all__ = ["achieved", "cells_of"]

HISTORY: LiteralString = (Path(__file__).parent / "history.sql").read_text(encoding="utf-8")
# index: fact_reported for a short period, the whole table for a long one
ACHIEVED: LiteralString = """
    SELECT unit_id AS unit, class_code AS class_, count(*)::int AS judged, count(*) FILTER (WHERE ontime)::int AS ontime
      FROM fact
     WHERE reported_at >= %(since)s AND reported_at < %(until)s AND ontime IS NOT NULL AND class_code IS NOT NULL
     GROUP BY unit_id, class_code
"""


@dataclass(frozen=True, slots=True)
class _Row:
    category: str
    road: str
    road_name: str | None
    areas: list[str] | None
    corridors: list[str] | None
    owner: str | None
    maintainer: str | None
    supervisor: str | None
    day: str | None
    hour: str | None
    cases: int
    judged: int
    ontime: int
    sample: str
    grids: list[int] | None


def cells_of(tx: ReadTx, city: Books, period: Period, rulebooks: Sequence[Rulebook]) -> list[Cell]:
    """The placed cases reported in the period, told apart by what the rulebooks look at.

    A category is what today's catalogue says of its code; cases of one that is no more are left out. What a fix's
    accuracy left open is not asked again: a case lies where it lies.
    """
    corridors = {corridor.key: corridor for book in rulebooks for corridor in book.corridors}
    asked = _facts_asked(rulebooks)
    kx, ky = metres_per_degree(city.city["centre"][1])
    found = rows(
        tx,
        _Row,
        HISTORY,
        since=period.start,
        until=period.end,
        zone=city.zone.key,
        named=sorted({name for book in rulebooks for rule in book.rules for name in rule.named}),
        road_name="road_name" in asked,
        parties=not asked.isdisjoint(PARTIES),
        day="day" in asked,
        hour="hour" in asked,
        keys=list(corridors),
        roads=[corridor.road for corridor in corridors.values()],
        metres=[corridor.metres for corridor in corridors.values()],
        kx=kx,
        ky=ky,
    )
    return list(_cells(found, city))


def achieved(tx: ReadTx, period: Period) -> list[Achieved]:
    """What each unit did of each class in time, of the cases reported in the period."""
    return rows(tx, Achieved, ACHIEVED, since=period.start, until=period.end)


def _facts_asked(rulebooks: Sequence[Rulebook]) -> frozenset[str]:
    """The facts that a clause or a selector of these rulebooks looks at."""
    rules = [rule for book in rulebooks for rule in book.rules]
    asked = {one.about for rule in rules for one in rule.assertions}
    return frozenset(asked | {selector.kind for rule in rules for selector in rule.selectors})


def _cells(found: Sequence[_Row], city: Books) -> Iterator[Cell]:
    for row in found:
        category = city.catalogue.categories.get(row.category)
        if category is not None:
            yield Cell(
                facts=_facts(row, category),
                cases=row.cases,
                judged=row.judged,
                ontime=row.ontime,
                sample=row.sample,
                grids=row.grids or (),
            )


def _facts(row: _Row, category: Category) -> Facts:
    return Facts(
        category=category.code,
        kind=category.kind,
        category_class=f"{category.kind}:{category.class_code}",
        types=category.types,
        road=row.road,
        road_name=row.road_name or "",
        corridors=tuple(row.corridors or ()),
        areas=tuple(row.areas or ()),
        owner=row.owner,
        maintainer=row.maintainer,
        supervisor=row.supervisor,
        day=row.day or "",
        hour=row.hour or "",
    )
