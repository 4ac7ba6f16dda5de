"""What a revision says otherwise than the bulletin it revises: which cases, which figures."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from dispatch.bulletins.content import COLUMNS
from dispatch.bulletins.freeze import Bulletin
from gis.db import ReadTx, dicts

__all__ = ["ChangedCase", "ChangedFigure", "changed_cases", "changed_figures", "score_rows"]

CASES: LiteralString = """
    SELECT c.number, o.line AS before, n.line AS after, count(*) OVER ()::int AS all_of_them
      FROM (SELECT case_id, line FROM bulletin_fact WHERE bulletin_id = %(before)s) o
      FULL JOIN (SELECT case_id, line FROM bulletin_fact WHERE bulletin_id = %(after)s) n USING (case_id)
      JOIN cases c ON c.id = case_id
     WHERE o.line IS DISTINCT FROM n.line ORDER BY c.number LIMIT %(most)s
"""
SHOWN = ("place", "cases", "score", "band")


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A case that came, went, or of which other things are known. `what`: column → before, after."""

    number: str
    kind: str  # came, went, changed
    what: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure of a unit, a district or the city; empty text is "no data"."""

    of: str
    group: str
    key: str
    figure: str
    before: str
    after: str


def score_rows(scores: str) -> list[dict[str, str]]:
    """The lines of scores.csv."""
    return list(csv.DictReader(scores.splitlines()))


def changed_cases(tx: ReadTx, before: int, after: int, *, most: int = 300) -> tuple[list[ChangedCase], int]:
    """The first of them by number, and how many there are."""
    rows = dicts(tx, CASES, before=before, after=after, most=most)
    return [_case(row["number"], row["before"], row["after"]) for row in rows], rows[0]["all_of_them"] if rows else 0


def _case(number: str, before: str | None, after: str | None) -> ChangedCase:
    if before is None or after is None:
        return ChangedCase(number, "came" if before is None else "went", {})
    both = zip(COLUMNS, before.split(","), after.split(","), strict=True)
    return ChangedCase(number, "changed", {name: (old, new) for name, old, new in both if old != new})


def changed_figures(before: Bulletin, after: Bulletin) -> list[ChangedFigure]:
    """Place, score and whole counts that differ, in the order of the scores; rates and points follow from them."""
    return list(_figures(before, after))


def _figures(before: Bulletin, after: Bulletin) -> Iterator[ChangedFigure]:
    old = {(row["of"], row["group"], row["key"]): row for row in score_rows(before.scores)}
    for row in score_rows(after.scores):
        key = row["of"], row["group"], row["key"]
        was = old.get(key, {})
        for name, now in row.items():
            counted = name in SHOWN or not (
                name in ("of", "group", "key", "apart") or "rate" in name or "points_" in name
            )
            if counted and was.get(name, "") != now:
                yield ChangedFigure(*key, name, was.get(name, ""), now)
