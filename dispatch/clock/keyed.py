"""Limits keyed by what, where, who and when: the row that holds for a clock is the most specific one.

Rows are data (docs/city.md, `[[stages]]` and `limits.csv`). Of two that hold, the one wins that asks for the first key
of `KEYS` that the other does not ask for; two that ask for the same and may both hold are refused (`rivals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Any

from dispatch.clock.limits import Limit, TimeClass
from dispatch.clock.season import Season, days_told_apart, season_of

__all__ = ["KEYS", "Beginning", "LimitRow", "LimitTable", "limit_table_of", "number_of", "rivals", "told_apart"]

# The first counts most. Danger comes before all else, so that no row written for a place or a season can loosen it;
# then what the matter is, where it lies, who has it, and when.
KEYS = ("urgent", "condition", "category", "class_code", "area_class", "tier", "season", "catalogue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a clock that begins is asked about. Empty or None is not known: no row that asks for it holds.

    `catalogue`: name of the edition the case was filed by; `class_code`: `kind:class`; `tier`: of the unit that has
    the case; `day`: YYYY-MM-DD, the city's, on which the clock begins; `urgent`: the case is dangerous.
    """

    stage: str
    catalogue: str = ""
    class_code: str = ""
    category: str = ""
    condition: int | None = None
    area_class: int | None = None
    tier: int | None = None
    day: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One limit of a stage and what it asks for; a key that is None asks for nothing. `no`: what it is cited by."""

    no: str
    stage: str
    limit: Limit
    catalogue: str | None = None
    class_code: str | None = None
    category: str | None = None
    condition: int | None = None
    area_class: int | None = None
    tier: int | None = None
    season: Season | None = None
    urgent: bool | None = None
    source: str = ""

    @property
    def asks(self) -> tuple[bool, ...]:
        """Which of KEYS it asks for: of two rows that hold, the greater wins."""
        return tuple(getattr(self, key) is not None for key in KEYS)

    def holds(self, begun: Beginning) -> bool:
        """Whether it is a limit of that clock."""
        if begun.stage != self.stage or (self.season is not None and not self.season.holds(begun.day)):
            return False
        return all(getattr(self, key) in (None, getattr(begun, key)) for key in KEYS if key != "season")


class LimitTable:
    """The rows of an edition, the most specific first."""

    def __init__(self, rows: Iterable[LimitRow]) -> None:
        self.rows = tuple(sorted(rows, key=lambda row: row.asks, reverse=True))

    @cached_property
    def by_no(self) -> dict[str, LimitRow]:
        return {row.no: row for row in self.rows}

    @cached_property
    def _of_stage(self) -> dict[str, list[LimitRow]]:
        found: dict[str, list[LimitRow]] = {}
        for row in self.rows:
            found.setdefault(row.stage, []).append(row)
        return found

    def all_for(self, begun: Beginning) -> Iterator[LimitRow]:
        """Every row that holds, the one that wins first."""
        return (row for row in self._of_stage.get(begun.stage, ()) if row.holds(begun))

    def of(self, begun: Beginning) -> LimitRow | None:
        """The row that gives the limit; None: the table sets none."""
        return next(self.all_for(begun), None)


def told_apart(one: LimitRow, other: LimitRow) -> str | None:
    """The key of KEYS by which one of two rows wins: the first that only one of them asks for; None: they ask alike."""
    pairs = zip(KEYS, one.asks, other.asks, strict=True)
    return next((key for key, asked, also in pairs if asked != also), None)


def rivals(rows: Sequence[LimitRow]) -> Iterator[tuple[LimitRow, LimitRow]]:
    """Rows that are equally specific and may hold for one and the same clock."""
    for one, other in combinations(rows, 2):
        if one.asks == other.asks and _may_meet(one, other):
            yield one, other


def _may_meet(one: LimitRow, other: LimitRow) -> bool:
    apart = ("stage", *(key for key in KEYS if key != "season"))
    if any(getattr(one, key) != getattr(other, key) for key in apart):
        return False
    if one.season is None or other.season is None:
        return True
    days = days_told_apart((one.season, other.season))
    return any(one.season.holds(day) and other.season.holds(day) for day in days)


def limit_table_of(document: Sequence[Mapping[str, Any]], classes: Mapping[str, TimeClass]) -> LimitTable:
    """An edition of limits as it is kept: rows of `[[stages]]`, then those of `limits.csv`, each with a `no`."""
    return LimitTable(_row(row, classes) for row in document)


def number_of(row: Mapping[str, Any]) -> str:
    """What a row is cited by; one of `[[stages]]` by its stage."""
    return str(row.get("no") or (f"{row['stage']} urgent" if row.get("urgent") else row["stage"]))


def _row(row: Mapping[str, Any], classes: Mapping[str, TimeClass]) -> LimitRow:
    return LimitRow(
        no=number_of(row),
        stage=row["stage"],
        limit=Limit(Decimal(str(row["limit"])), *classes[row["time_class"]]),
        catalogue=row.get("catalogue"),
        class_code=row.get("class"),
        category=row.get("category"),
        condition=row.get("condition"),
        area_class=row.get("area_class"),
        tier=row.get("tier"),
        season=season_of(row["from"], row["until"]) if "from" in row else None,
        urgent=bool(row.get("urgent")) or None,
        source=row.get("source", ""),
    )
