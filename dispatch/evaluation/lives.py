"""Cases counted by what they have in common.

Most cases of a period began and ended within it. Of these, all that have the same `fact.life` are in the same figures,
whatever the period: one of them is looked at, the others are only counted, in one index. The few that were under way
at either end of the period are looked at one by one. Both by the same definitions (`measures.sql`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, LiteralString, Self

from gis.db import ReadTx, column, dicts, planned, rows

__all__ = [
    "MARKS",
    "MIX",
    "MIX_ASTRIDE",
    "WHOSE",
    "Found",
    "Lived",
    "Sort",
    "astride",
    "everyone",
    "lived",
    "sorts",
    "whole",
]

HERE = Path(__file__).parent
WHOSE: LiteralString = (HERE / "whose.sql").read_text(encoding="utf-8")
CAMPAIGN: LiteralString = (HERE / "campaign.sql").read_text(encoding="utf-8")
MARKS: LiteralString = (
    (HERE / "measures.sql").read_text(encoding="utf-8").replace("{whose}", WHOSE).replace("{campaign}", CAMPAIGN)
)
WHOLE: LiteralString = (HERE / "whole.sql").read_text(encoding="utf-8").replace("{campaign}", CAMPAIGN)
# Whose `t` is, by its `own`: read behind WHOSE.
KEY: LiteralString = """
    CASE %(by)s::text WHEN 'group' THEN seat.at WHEN 'area' THEN home.key WHEN 'city' THEN '' ELSE t.own END
"""
KEYED: LiteralString = """
  LEFT JOIN seat ON %(by)s::text = 'group' AND seat.unit_id = t.own
  LEFT JOIN home ON %(by)s::text = 'area' AND home.area_id = t.own::bigint
 WHERE (%(by)s::text <> 'group' OR seat.at IS NOT NULL)
"""


def whole(sql: LiteralString) -> LiteralString:
    """A statement over the cases that lie whole in the period, with what stands for these four put in."""
    parts: tuple[tuple[LiteralString, LiteralString], ...] = (
        *(("{whose}", WHOSE), ("{whole}", WHOLE), ("{keyed}", KEYED), ("{key}", KEY)),
    )
    for name, part in parts:
        sql = sql.replace(name, part)
    return sql


LIVES: LiteralString = whole((HERE / "lives.sql").read_text(encoding="utf-8"))
ONE: LiteralString = LIVES.replace("{ids}", "ARRAY[min(case_id)]")
ALL: LiteralString = LIVES.replace("{ids}", "array_agg(case_id)")
MIX: LiteralString = whole((HERE / "mix.sql").read_text(encoding="utf-8"))
MIX_ASTRIDE: LiteralString = f"""
    SELECT key, class_code, area_class, season, count(*)::int AS cases,
           count(*) FILTER (WHERE ontime_disposed)::int AS ontime
      FROM ({MARKS}) marks WHERE should_dispose GROUP BY key, class_code, area_class, season
"""
ASTRIDE: LiteralString = (HERE / "astride.sql").read_text(encoding="utf-8")
SORTS: LiteralString = f"SELECT * FROM ({MARKS}) marks"
# A period that every life lies in, with nothing that narrows or splits it.
ALWAYS: Mapping[str, object] = {
    **{"since": datetime(1, 1, 2, tzinfo=UTC), "until": datetime(9999, 1, 1, tzinfo=UTC), "as_of": "infinity"},
    **{"past": "{}", "by": "city", "apart": False, "backlog": False},
    **dict.fromkeys(("group", "units", "class_code", "channel", "campaign", "top_area", "area_class")),
}


@dataclass(frozen=True, slots=True)
class Lived:
    """So many cases of one life that are `key`'s. `ids`: of one of them, or of all."""

    key: str | None
    life: int
    cases: int
    ids: list[int]


@dataclass(frozen=True, slots=True)
class Sort:
    """In which figures all cases of one life count, and the quarter of the year they were due in."""

    figures: frozenset[str]
    season: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """The cases that have a part in a period: those that lie whole in it by their lives, the others by their ids."""

    tx: ReadTx
    params: Mapping[str, Any]
    lived: list[Lived]
    sorts: Mapping[int, Sort]

    @classmethod
    def of(cls, tx: ReadTx, params: dict[str, Any], *, ids: bool = False) -> Self:
        """`ids`: of all that lie whole in it, not only of one of each life."""
        found = lived(tx, params, ids=ids)
        return cls(tx, params | {"cases": astride(tx, params)}, found, sorts(tx, params, found))

    def whole(self) -> Counter[tuple[str | None, frozenset[str]]]:
        """How many of them are whose, by the figures they are in: lives differ in more than that."""
        told: Counter[tuple[str | None, frozenset[str]]] = Counter()
        for one in self.lived:
            told[one.key, self.sorts[one.life].figures] += one.cases
        return told

    def again(self) -> Counter[str | None]:
        """How many of them were filed where the like had been closed, by whose they are: of that no life knows."""
        told: Counter[str | None] = Counter()
        if self.params["recurred"]:
            for one in lived(self.tx, self.params, only=self.params["recurred"]):
                told[one.key] += one.cases if "filed" in self.sorts[one.life].figures else 0
        return told

    def counting(self, figure: str) -> list[int]:
        """The lives that count in a figure."""
        return [life for life in {one.life for one in self.lived} if figure in self.sorts[life].figures]

    def rows(self, sql: LiteralString, **more: object) -> list[dict[str, Any]]:
        """What a statement says that is told the parameters, and the ids of the others as `cases`."""
        with planned(self.tx, "force_custom_plan"):
            return dicts(self.tx, sql, **self.params, **more)


def lived(
    tx: ReadTx, params: Mapping[str, Any], *, ids: bool = False, only: Collection[int] | None = None
) -> list[Lived]:
    """The cases that began and ended in the period. `ids`: of all of them; `only`: none but these."""
    with planned(tx, "force_custom_plan"):
        return rows(tx, Lived, ALL if ids else ONE, **params, only=only)


def astride(tx: ReadTx, params: Mapping[str, Any]) -> list[int]:
    """The ids of all others that may have a part in it."""
    with planned(tx, "force_custom_plan"):
        return column(tx, ASTRIDE, **params)


def everyone(tx: ReadTx, params: Mapping[str, Any], key: str | None) -> list[int]:
    """The ids of all that may have a part in the period for `key`, as far as their facts stand."""
    whole = (one.ids for one in lived(tx, params, ids=True) if one.key == key)
    return [*astride(tx, params), *chain.from_iterable(whole)]


# What each life that was seen counts as: it says all of it, so that what one case of it told holds for ever.
SEEN: dict[int, Sort] = {}


def sorts(tx: ReadTx, params: Mapping[str, Any], found: Iterable[Lived]) -> Mapping[int, Sort]:
    """What each life counts as: asked of one case of it, once in a process."""
    new = {one.life: one.ids[0] for one in found if one.life not in SEEN}
    if new:
        nobody: dict[str, list[int]] = {name: [] for name in ("left_out", "returned", "reopened", "recurred")}
        asked = {**params, **ALWAYS, **nobody, "cases": list(new.values())}
        with planned(tx, "force_custom_plan"):
            told = {row["case_id"]: row for row in dicts(tx, SORTS, **asked)}
        SEEN.update({life: _sort(told[case]) for life, case in new.items()})
    return SEEN


def _sort(row: Mapping[str, Any]) -> Sort:
    return Sort(frozenset(name for name, holds in row.items() if holds is True), row["season"])
