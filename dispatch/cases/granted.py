"""Which limit a clock of a case gets, and what gave it: a rule, a row of the city's limits, a filing condition. Pure.

What gave it is kept with the clock and in the step as text, `kind:edition:number`; editions are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dispatch.cases.books import Books
from dispatch.cases.draft import CaseRow
from dispatch.cases.ruled import limit_ruled
from dispatch.clock.keyed import Beginning
from dispatch.clock.limits import Limit
from dispatch.lifecycle.states import ClockKind

__all__ = ["BY_CONDITION", "BY_ROW", "BY_RULE", "Granted", "beginning", "cite_rule", "cited", "granted"]

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
    """The limit of a clock that begins `at`; None: there is none.

    For the disposal the rule that the dispatch followed comes first, then the city's own rows, then the catalogue.
    """
    if kind is ClockKind.REPLY_CITIZEN and not case.public:
        return None  # an inspector's own find: nobody waits
    if kind is ClockKind.CORDON and not case.hazard:
        return None
    if kind is ClockKind.DISPOSE:
        return _by_rule(case, books) or _by_row(case, kind, at, books) or _by_condition(case, books)
    found = _by_row(case, kind, at, books)
    return found if found or kind not in LIKE_AN_APPROVAL else _by_row(case, ClockKind.APPROVE, at, books)


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


def _by_row(case: CaseRow, kind: ClockKind, at: datetime, books: Books) -> Granted | None:
    row = books.limits.of(beginning(case, kind, at, books))
    return None if row is None else Granted(row.limit, cited(BY_ROW, books.names["stages"], row.no))


def _by_rule(case: CaseRow, books: Books) -> Granted | None:
    ruled = limit_ruled(case.route)
    limit = books.limit(*ruled) if ruled is not None else None
    if limit is None:
        return None
    return Granted(limit, cite_rule(case.route or {}))


def cite_rule(route: Mapping[str, Any]) -> str:
    """The rule that a dispatch followed, as what gave a limit."""
    return cited(BY_RULE, str(route.get("edition", "")), str(route.get("rule", "")))


def _by_condition(case: CaseRow, books: Books) -> Granted | None:
    if case.limit_value is None or case.time_class is None:
        return None
    limit = Limit(case.limit_value, *books.time_class(case.time_class))
    if case.condition_no is None:
        return Granted(limit, "")  # of another system, with no filing condition of ours
    return Granted(limit, cited(BY_CONDITION, _catalogue(case, books), f"{case.category}/{case.condition_no}"))


def _catalogue(case: CaseRow, books: Books) -> str:
    """The name of the edition by which the case was filed."""
    return books.catalogues.get(case.editions.get("catalogue", 0), "")
