"""Which limit a clock of a case gets, and what gave it: a rule, a row of the city's limits, a filing condition. Pure.

What gave it is kept with the clock and in the step as text, `kind:edition:number`; editions are never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from dispatch.cases.books import Books
from dispatch.cases.draft import CaseRow
from dispatch.cases.ruled import limit_ruled
from dispatch.clock.keyed import Beginning
from dispatch.clock.limits import Limit
from dispatch.lifecycle.states import ClockKind
from dispatch.standard.catalogue import Condition

__all__ = [
    "BY_CONDITION",
    "BY_ROW",
    "BY_RULE",
    "LIKE_AN_APPROVAL",
    "Granted",
    "beginning",
    "by_condition",
    "cite_rule",
    "cited",
    "granted",
    "in_order",
]

BY_RULE, BY_ROW, BY_CONDITION = "rules", "stages", "catalogue"
LIKE_AN_APPROVAL = (ClockKind.FORCE_CLOSE, ClockKind.SUPERVISE)


class Granted(NamedTuple):
    """A limit and what gave it."""

    limit: Limit
    by: str


def cited(kind: str, edition: str, number: str) -> str:
    """How a row of an edition, by its name, is kept as what gave a limit."""
    return f"{kind}:{edition}:{number}"


def granted(case: CaseRow, kind: ClockKind, at: datetime, books: Books) -> Granted | None:
    """The limit of a clock that begins `at`; None: there is none."""
    if kind is ClockKind.REPLY_CITIZEN and not case.public:
        return None  # an inspector's own find: nobody waits
    ruled, filed = (_by_rule(case, books), _by_condition(case, books)) if kind is ClockKind.DISPOSE else (None, None)
    return next(in_order(beginning(case, kind, at, books), books, ruled=ruled, filed=filed), None)


def in_order(begun: Beginning, books: Books, *, ruled: Granted | None, filed: Granted | None) -> Iterator[Granted]:
    """Every limit that holds for a clock, the one that counts first.

    For the disposal the rule that the dispatch followed (`ruled`) comes first, then the city's own rows, then the
    filing condition of the catalogue (`filed`).
    """
    kind = ClockKind(begun.stage)
    if kind is ClockKind.CORDON and not begun.urgent:
        return
    if ruled is not None:
        yield ruled
    yield from _rows(begun, books)
    if kind in LIKE_AN_APPROVAL:
        yield from _rows(replace(begun, stage=ClockKind.APPROVE.value), books)
    if filed is not None:
        yield filed


def beginning(case: CaseRow, kind: ClockKind, at: datetime, books: Books) -> Beginning:
    """What the city's limits are asked about."""
    category, unit = books.catalogue.categories.get(case.category or ""), books.tree.get(case.unit_id or "")
    return Beginning(
        stage=kind.value,
        catalogue=_catalogue(case, books),
        class_code=f"{category.kind}:{category.class_code}" if category else "",
        category=case.category or "",
        condition=case.condition_no,
        area_class=case.area_class,
        tier=unit.tier if unit else None,
        day=at.astimezone(books.zone).date().isoformat(),
        urgent=case.hazard,
    )


def _rows(begun: Beginning, books: Books) -> Iterator[Granted]:
    edition = books.names["stages"]
    return (Granted(row.limit, cited(BY_ROW, edition, row.no)) for row in books.limits.all_for(begun))


def _by_rule(case: CaseRow, books: Books) -> Granted | None:
    ruled = limit_ruled(case.route)
    limit = books.limit(*ruled) if ruled is not None else None
    if limit is None:
        return None
    return Granted(limit, cite_rule(case.route or {}))


def cite_rule(route: Mapping[str, Any]) -> str:
    """The rule that a dispatch followed, as what gave a limit."""
    return cited(BY_RULE, str(route.get("edition", "")), str(route.get("rule", "")))


def by_condition(condition: Condition, books: Books, catalogue: str) -> Granted | None:
    """The limit of a filing condition of an edition of the catalogue, by its name; None: it has none."""
    if condition.limit_value is None or condition.time_class is None:
        return None
    limit = Limit(condition.limit_value, *books.time_class(condition.time_class))
    return Granted(limit, cited(BY_CONDITION, catalogue, f"{condition.category}/{condition.no}"))


def _by_condition(case: CaseRow, books: Books) -> Granted | None:
    """As the case keeps it since it was filed."""
    if case.limit_value is None or case.time_class is None:
        return None
    limit = Limit(case.limit_value, *books.time_class(case.time_class))
    if case.condition_no is None:
        return Granted(limit, "")  # of another system, with no filing condition of ours
    return Granted(limit, cited(BY_CONDITION, _catalogue(case, books), f"{case.category}/{case.condition_no}"))


def _catalogue(case: CaseRow, books: Books) -> str:
    """The name of the edition by which the case was filed."""
    return books.catalogues.get(case.editions.get("catalogue", 0), "")
