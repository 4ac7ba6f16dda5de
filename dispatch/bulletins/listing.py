"""The cases of a bulletin, by number, with the figures in which each counts: for the staff, never published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from dispatch.bulletins.content import Rules, fact_lines, parsed
from dispatch.bulletins.freeze import Bulletin
from dispatch.bulletins.recount import cell_of, excluded, figures
from gis.db import ReadTx

__all__ = ["FIGURES", "case_rows"]

# Numerators and denominators of the rates that units are scored by.
FIGURES = (
    *("filed", "should_dispose", "disposed", "ontime_disposed", "late_disposed", "overdue_open"),
    *("should_close", "closed", "ontime_closed", "rework", "extended", "shirk"),
)
LINES: LiteralString = """
    SELECT f.no, f.line, c.number FROM bulletin_fact f JOIN cases c ON c.id = f.case_id
     WHERE f.bulletin_id = %(id)s ORDER BY f.no
"""


def case_rows(tx: ReadTx, made: Bulletin) -> Iterator[tuple[str | int | None, ...]]:
    """Number, unit, district, cell, why left out (of a case in no figure of disposal), late report, and 1 for each of
    FIGURES in which it counts: their sums are the city's figures."""
    rules = Rules.read(made.rules)
    numbered = tx.connection.execute(LINES, {"id": made.id}).fetchall()
    facts = parsed(fact_lines((no, line) for no, line, _ in numbered))
    for fact, (_, _, number) in zip(facts, numbered, strict=True):
        told = figures(fact, rules.since, rules.until)
        cell = cell_of(fact, rules.since, rules.until)
        why = excluded(fact, rules.until) if cell is None and "closed" not in told else None
        marks = (int(name in told) for name in FIGURES)
        yield (number, fact["unit"], fact["district"], cell, why, int(fact["late_report"]), *marks)
