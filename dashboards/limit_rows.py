"""The rows of an edition of the city's limits, stage by stage, as its page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboards.grounds import anchor, asked_for
from dashboards.view import View
from dispatch.cases.books import Books, books_on, limits_edition
from dispatch.clock.keyed import LimitRow, limit_table_of, number_of
from dispatch.clock.why import amount
from dispatch.lifecycle.states import ClockKind
from dispatch.standard.catalogue import Condition
from gis.db import ReadTx, dicts
from gis.problems import NotFound, wrong

__all__ = ["COLUMNS", "STAGES", "Edition", "Shown", "Wanted", "edition_of", "filed_limits", "stages_of"]

STAGES = tuple(kind for kind in ClockKind if kind is not ClockKind.ASSIST)  # who assists has the lead's
# Column of the table → the keys of a row that it tells.
COLUMNS: dict[str, tuple[str, ...]] = {
    "danger": ("urgent",),
    "what": ("category", "condition", "class"),
    "area": ("area_class",),
    "level": ("tier",),
    "season": ("from",),
    "catalogue": ("catalogue",),
}
EDITION = """
    SELECT name, in_force, source FROM edition
     WHERE kind = 'stages' AND (name = %(name)s OR id = %(id)s) ORDER BY name = %(name)s DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are shown: of an edition by its name, or of that in force on a day; those that may hold for a class,
    an area class and a level."""

    edition: str = ""
    day: str = ""
    kind: str = ""
    zone: str = ""
    post: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether rows are left out."""
        return bool(self.kind or self.zone or self.post)

    def may_hold(self, row: LimitRow, books: Books) -> bool:
        """Whether the row may hold for all that is asked for."""
        category = books.catalogue.categories.get(row.category or "")
        own = f"{category.kind}:{category.class_code}" if category else row.class_code
        told = ((self.kind, own), (self.zone, row.area_class), (self.post, row.tier))
        return all(not asked or key is None or str(key) == asked for asked, key in told)


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of the limits: from which day it holds, what it rests on, its rows as they are kept."""

    name: str
    in_force: date
    source: str
    rows: Sequence[Mapping[str, Any]]
    books: Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row in words; `cells`: by column, empty where it asks for nothing."""

    no: str
    anchor: str
    numbered: bool
    limit: str
    cells: Mapping[str, str]
    source: str


def edition_of(tx: ReadTx, wanted: Wanted, day: date) -> Edition:
    """The edition asked for by its name, by its day, or that of `day`. Raises FormIncomplete, NotFound."""
    books = books_on(tx, _day(wanted.day) or day)
    found = dicts(tx, EDITION, name=wanted.edition[:200], id=books.editions["stages"])[0]
    if wanted.edition and found["name"] != wanted.edition:
        raise NotFound("There is no such edition of the limits", zh="没有这个版本的时限")
    return Edition(**found, rows=limits_edition(tx, found["name"]), books=books)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as fault:
        raise wrong("day", "This is no day", "这不是日期") from fault


def stages_of(view: View, edition: Edition, wanted: Wanted) -> list[tuple[ClockKind, list[Shown]]]:
    """The rows that may hold, by stage in the order of a case's life; of a stage the most specific first."""
    raw = {number_of(row): row for row in edition.rows}
    table = limit_table_of(edition.rows, edition.books.time_classes)
    kept = [row for row in table.rows if wanted.may_hold(row, edition.books)]
    of_stage = {stage: [_shown(view, row, raw[row.no]) for row in kept if row.stage == stage] for stage in STAGES}
    return [(stage, rows) for stage, rows in of_stage.items() if rows]


def _shown(view: View, row: LimitRow, raw: Mapping[str, Any]) -> Shown:
    cells = {column: asked_for(view, raw, keys, nothing="") for column, keys in COLUMNS.items()}
    return Shown(
        no=row.no, anchor=anchor(row.no), numbered="no" in raw, limit=amount(row.limit, view.language), cells=cells,
        source=row.source,
    )  # fmt: skip


def filed_limits(edition: Edition, wanted: Wanted) -> list[Condition]:
    """The filing conditions of the class asked for, whose limits hold where no row of the city's does."""
    catalogue = edition.books.catalogue
    of_class = {c.code for c in catalogue.categories.values() if f"{c.kind}:{c.class_code}" == wanted.kind}
    return [condition for condition in catalogue.conditions.values() if condition.category in of_class]
