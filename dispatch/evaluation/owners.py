"""Ownership learnt: who really did what where, beside what the rules in force say. Told; nothing changes by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

from dispatch.cases.books import Books
from dispatch.routing.decide import Routing
from dispatch.routing.facts import Facts
from gis.db import ReadTx, rows

__all__ = ["FEW", "Beside", "Learnt", "beside_the_rules", "learnt"]

OWNERS: LiteralString = (Path(__file__).parent / "owners.sql").read_text(encoding="utf-8")
FEW = 3  # fewer cases are chance, not custom


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One unit that put matters right: of a category, in an area (`level:code`, the finest level but one), on a class
    of road, with a component's owner or None. `returned`: how many had been sent to somebody else before; `rulings`:
    how often a referee ruled that it is this unit's, of these cases and of others that it has not closed (yet)."""

    category: str
    area: str
    road: str
    owner: str | None
    unit: str
    cases: int
    rulings: int
    returned: int
    last: datetime
    numbers: list[str]
    facts: dict[str, Any]

    @property
    def where(self) -> tuple[str, str, str, str | None]:
        """What is asked of the rules: category, area, road class, owner."""
        return self.category, self.area, self.road, self.owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was learnt beside what the rules in force say. `of`: cases of everybody there."""

    learnt: Learnt
    of: int
    rules: Routing

    @property
    def share(self) -> int:
        """Per cent of the cases there that this unit put right."""
        return 100 * self.learnt.cases // self.of if self.of else 0


def learnt(tx: ReadTx, since: datetime, until: datetime) -> list[Learnt]:
    """Everything, the most cases first. Reads the closed cases of the span once."""
    return rows(tx, Learnt, OWNERS, since=since, until=until)


def beside_the_rules(found: Sequence[Learnt], city: Books, *, at_least: int = FEW) -> list[Beside]:
    """Where the rules name another unit than the one that did it, or none; the most cases first.

    A ruling counts however few the cases are: it is no chance. A unit below the one named did it for that one. A unit
    that is no more is nobody the rules could name.
    """
    together: Counter[tuple[str, str, str, str | None]] = Counter()
    for one in found:
        together[one.where] += one.cases
    said = [
        Beside(learnt=one, of=together[one.where], rules=city.table.lookup(Facts.of(one.facts)))
        for one in found
        if (one.cases >= at_least or one.rulings) and city.tree.get(one.unit) is not None
    ]
    return [one for one in said if not _agrees(one, city)]


def _agrees(one: Beside, city: Books) -> bool:
    named = one.rules.unit
    return named is not None and one.learnt.unit in city.tree.below(named)
