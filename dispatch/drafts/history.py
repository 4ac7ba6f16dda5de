"""The past as a replay wants it: cells of cases with the facts their routing saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from dispatch.drafts.replay import Cell
from dispatch.evaluation.period import Period
from dispatch.routing.facts import Facts
from gis.db import ReadTx, rows

__all__ = ["cells_of"]

HISTORY: LiteralString = (Path(__file__).parent / "history.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Row:
    facts: dict[str, Any]
    unit: str | None
    cases: int
    judged: int
    ontime: int
    sample: str


def cells_of(tx: ReadTx, period: Period) -> list[Cell]:
    """The routed cases reported in the period. What a fix's accuracy left open is not asked again: the facts are those
    of the place itself."""
    return [
        Cell(facts=Facts.of(row.facts), unit=row.unit, cases=row.cases, judged=row.judged, ontime=row.ontime,
             sample=row.sample)
        for row in rows(tx, _Row, HISTORY, since=period.start, until=period.end)
    ]  # fmt: skip
