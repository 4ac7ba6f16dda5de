"""Cases counted by what they have in common.

Most cases of a period began and ended within it. Of these, all that have the same `fact.life` are in the same figures,
whatever the period: one of them is looked at, the others are only counted, in one index. The few that were under way
at either end of the period are looked at one by one. Both by the same definitions (`measures.sql`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, LiteralString

from gis.db import ReadTx, column, dicts, planned, rows

__all__ = ["MARKS", "WHOSE", "Lived", "Sort", "astride", "everyone", "lived", "sorts"]

HERE = Path(__file__).parent
WHOSE: LiteralString = (HERE / "whose.sql").read_text(encoding="utf-8")
CAMPAIGN: LiteralString = (HERE / "campaign.sql").read_text(encoding="utf-8")
MARKS: LiteralString = (
    (HERE / "measures.sql").read_text(encoding="utf-8").replace("{whose}", WHOSE).replace("{campaign}", CAMPAIGN)
)
LIVES: LiteralString = (
    (HERE / "lives.sql").read_text(encoding="utf-8").replace("{whose}", WHOSE).replace("{campaign}", CAMPAIGN)
)
ONE: LiteralString = LIVES.replace("{ids}", "ARRAY[min(case_id)]")
ALL: LiteralString = LIVES.replace("{ids}", "array_agg(case_id)")
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
    """So many cases of one life that are `key`'s; of one class and area class, if these were asked for. `ids`: of one
    of them, or of all."""

    key: str | None
    class_code: str | None
    area_class: int | None
    life: int
    cases: int
    ids: list[int]


@dataclass(frozen=True, slots=True)
class Sort:
    """In which figures all cases of one life count, and the quarter of the year they were due in."""

    figures: frozenset[str]
    season: int | None


def lived(tx: ReadTx, params: Mapping[str, Any], *, kinds: bool = False, ids: bool = False) -> list[Lived]:
    """The cases that began and ended in the period. `kinds`: by class and area class; `ids`: of all of them."""
    with planned(tx, "force_custom_plan"):
        return rows(tx, Lived, ALL if ids else ONE, **params, kinds=kinds)


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
