"""The past as a replay wants it: cells of cases with the facts their routing saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, LiteralString

from dispatch.drafts.replay import Cell
from dispatch.evaluation.period import Period
from dispatch.routing.facts import Facts
from dispatch.routing.rule import BY_PLACE, PARTIES
from dispatch.routing.rulebook import Rulebook
from gis.crs import metres_per_degree
from gis.db import ReadTx, rows

__all__ = ["cells_of", "facts_asked"]

HISTORY: LiteralString = (Path(__file__).parent / "history.sql").read_text(encoding="utf-8")
OF_THE_CATEGORY = frozenset({"category", "kind", "category_class", "types"})
EVERY_FACT = frozenset(field.name for field in fields(Facts))


@dataclass(frozen=True, slots=True)
class _Row:
    facts: dict[str, Any]
    unit: str | None
    cases: int
    judged: int
    ontime: int
    sample: str


def cells_of(tx: ReadTx, period: Period, rulebooks: Sequence[Rulebook], centre: Sequence[float]) -> list[Cell]:
    """The routed cases reported in the period, told apart by what the rulebooks look at.

    What a fix's accuracy left open is not asked again: the facts are those of the place itself. `centre`: of the city,
    degrees.
    """
    corridors = {corridor.key: corridor for book in rulebooks for corridor in book.corridors}
    kx, ky = metres_per_degree(centre[1])
    found = rows(
        tx,
        _Row,
        HISTORY,
        since=period.start,
        until=period.end,
        left_out=sorted((EVERY_FACT - facts_asked(rulebooks)) | {"corridors"}),
        keys=list(corridors),
        roads=[corridor.road for corridor in corridors.values()],
        metres=[corridor.metres for corridor in corridors.values()],
        kx=kx,
        ky=ky,
    )
    return [
        Cell(
            facts=Facts.of(row.facts),
            unit=row.unit,
            cases=row.cases,
            judged=row.judged,
            ontime=row.ontime,
            sample=row.sample,
        )
        for row in found
    ]


def facts_asked(rulebooks: Sequence[Rulebook]) -> frozenset[str]:
    """The facts on which an answer of these rulebooks can depend; the areas always, for they say who answers there."""
    rules = [rule for book in rulebooks for rule in book.rules]
    asked = {one.about for rule in rules for one in rule.assertions if one.clause in BY_PLACE}
    parties = {selector.kind for rule in rules for selector in rule.selectors} & set(PARTIES)
    return OF_THE_CATEGORY | {"areas"} | asked | parties
