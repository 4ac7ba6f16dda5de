"""The cases of a bulletin, each with the figures in which it counts or why it is left out: for the staff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from dispatch.bulletins.content import Fact, Rules, fact_lines, parsed
from dispatch.bulletins.freeze import Bulletin
from dispatch.bulletins.recount import FIGURES as ALL
from dispatch.bulletins.recount import Key, cell_of, excluded, figures, units_below
from gis.db import ReadTx
from gis.problems import NotFound

__all__ = ["EXCLUDED", "FIGURES", "Listed", "behind", "case_rows", "listed"]

# Numerators and denominators of the rates that units are scored by.
FIGURES = (
    *("filed", "should_dispose", "disposed", "ontime_disposed", "late_disposed", "overdue_open"),
    *("should_close", "closed", "ontime_closed", "rework", "extended", "shirk"),
)
EXCLUDED = "excluded"
AT_ONCE = 5_000
# The unit is a line's first cell, the district its second (`content.COLUMNS`). Index: the table's key.
LINES: LiteralString = """
    SELECT f.no, f.line, c.number FROM bulletin_fact f JOIN cases c ON c.id = f.case_id
     WHERE f.bulletin_id = %(id)s AND f.no > %(after)s
       AND (%(units)s::text[] IS NULL OR split_part(f.line, ',', 1) = ANY(%(units)s))
       AND (%(district)s::text IS NULL OR split_part(f.line, ',', 2) = %(district)s)
     ORDER BY f.no LIMIT %(n)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One case. `cell`: of those to be disposed of; `excluded`: why it is in no figure of disposal or closing."""

    number: str
    fact: Fact
    told: frozenset[str]
    cell: str | None
    excluded: str | None


def listed(tx: ReadTx, made: Bulletin, of: Key = ("city", "", "")) -> Iterator[Listed]:
    """The cases behind a line of the scores, in the order they were frozen; fetched along. Raises NotFound."""
    rules = Rules.read(made.rules)
    asked = {
        "id": made.id,
        "n": AT_ONCE,
        "units": _units(rules, of),
        "district": of[2] if of[0] == "district" else None,
    }
    after = 0
    while found := tx.connection.execute(LINES, {**asked, "after": after}).fetchall():
        facts = parsed(fact_lines((no, line) for no, line, _ in found))
        yield from (_listed(rules, fact, number) for fact, (_, _, number) in zip(facts, found, strict=True))
        after = found[-1][0]


def _units(rules: Rules, of: Key) -> list[str] | None:
    if of[0] in ("city", "district"):
        return None
    units = units_below(rules, of)
    if not units:
        raise NotFound("The bulletin tells nothing of that unit", zh="通报中没有该单位")
    return units


def _listed(rules: Rules, fact: Fact, number: str) -> Listed:
    told = figures(fact, rules.since, rules.until)
    cell = cell_of(fact, rules.since, rules.until)
    why = excluded(fact, rules.until) if cell is None and "closed" not in told else None
    return Listed(number=number, fact=fact, told=told, cell=cell, excluded=why)


def behind(tx: ReadTx, made: Bulletin, of: Key, figure: str) -> Iterator[Listed]:
    """The cases of one figure, as many as it says; of EXCLUDED those that are left out. Raises NotFound."""
    if figure not in (*ALL, EXCLUDED):
        raise NotFound("There is no such figure", zh="没有这个数字")
    for one in listed(tx, made, of):
        if figure in one.told or (figure == EXCLUDED and one.excluded):
            yield one


def case_rows(cases: Iterator[Listed]) -> Iterator[tuple[str | int | None, ...]]:
    """Number, unit, district, cell, why left out, late report, and 1 for each of FIGURES in which it counts: their sums
    are the figures of those listed."""
    for one in cases:
        marks = (1 if name in one.told else None for name in FIGURES)
        late = 1 if one.fact["late_report"] == "1" else None
        yield (one.number, one.fact["unit"], one.fact["district"], one.cell, one.excluded, late, *marks)
