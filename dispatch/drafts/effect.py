"""A draft of schemes: read whole, and what it would have made of the last month's scores and places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dispatch.cases.books import Books
from dispatch.drafts.draft import Draft, Kind
from dispatch.evaluation.period import Period, name_of, period_of, previous
from dispatch.evaluation.ranking import taking_part
from dispatch.evaluation.scheme import Scheme, SchemeFault, contracts_of, scheme_document, schemes_of, standard_schemes
from dispatch.evaluation.terms import Terms, schemes_on, terms_of
from gis.db import ReadTx
from gis.problems import Conflict, FormIncomplete

__all__ = ["SCHEMES", "document_of", "effect", "last_month", "proposed"]


def proposed(draft: Draft) -> dict[str, Scheme]:
    """The schemes as the draft would have them. Raises FormIncomplete with every reason."""
    document = {**draft.document, "edition": draft.name, "in_force": draft.in_force}
    try:
        schemes = schemes_of(document, standard_schemes())
        contracts_of(document, schemes)
    except SchemeFault as fault:
        raise FormIncomplete(
            f"A scheme does not hold; the draft is kept as it is: {fault}",
            zh=f"评价方案不成立，草案已保留：{fault.zh}",
        ) from fault
    return schemes


def document_of(scheme: Scheme) -> dict[str, Any]:
    """A scheme as a row of the draft's document: of the draft's own edition and day."""
    return {name: said for name, said in scheme_document(scheme).items() if name not in ("edition", "in_force")}


def _check_groups(tx: ReadTx, city: Books, draft: Draft) -> None:
    """Raises Conflict for a group or a unit that is a stranger."""
    groups = {str(row["key"]) for row in city.city.get("ranking", {}).get("groups", ())}
    for scheme in proposed(draft).values():
        strangers = [group for group in scheme.groups if group not in groups]
        strangers += [one.unit for one in scheme.leave_out if one.unit not in city.tree.units]
        if strangers:
            names = ", ".join(strangers)
            raise Conflict(
                f"Scheme {scheme.key} names strangers: {names}. The draft is kept",
                zh=f"方案 {scheme.key} 中有未知的分组或单位：{names}；草案已保留",
                state=draft.state,
            )


SCHEMES = Kind(key="schemes", array="scheme", number="key", read=proposed, check=_check_groups)


def last_month(now: datetime, city: Books) -> Period:
    """The last month that is over."""
    return previous(period_of(name_of("month", now.astimezone(city.zone).date()), city.zone), city.zone)


def effect(tx: ReadTx, city: Books, draft: Draft) -> dict[str, Any]:
    """What the draft's schemes would have made of the last month, for those that it changes or adds. JSON.

    `schemes`: key, name, name_en, and rows of unit, group, score and place before and after; text, or nothing. `moved`:
    how many places would be other ones, `cases`: how many rows there are.
    """
    period = last_month(tx.now, city)
    terms = terms_of(tx, period)
    present, ours = schemes_on(tx, tx.now.astimezone(city.zone).date()), proposed(draft)
    found: list[dict[str, Any]] = [
        {"key": key, "name": new.name, "name_en": new.name_en, "rows": _rows(tx, period, terms, present.get(key), new)}
        for key, new in ours.items()
        if new.of != "company" and not _same(present.get(key), new)
    ]
    rows = [row for one in found for row in one["rows"]]
    moved = sum(row["place_before"] != row["place_after"] for row in rows)
    return {"period": period.name, "schemes": found, "moved": moved, "cases": len(rows)}


def _same(old: Scheme | None, new: Scheme) -> bool:
    return old is not None and document_of(old) == document_of(new)


def _rows(tx: ReadTx, period: Period, terms: Terms, old: Scheme | None, new: Scheme) -> list[dict[str, Any]]:
    found = {
        one.name: (group, one.measure.counts)
        for group in terms.groups_of(new)
        for one in taking_part(tx, period, new, group=group)
    }
    before = {row.unit: row for row in terms.ranked(found, old)} if old is not None else {}
    return [
        {
            "unit": row.unit,
            "group": row.group,
            **_told(before.get(row.unit), "before"),
            **_told(row, "after"),
        }
        for row in terms.ranked(found, new)
    ]


def _told(row: Any, when: str) -> Mapping[str, Any]:
    total = None if row is None else row.total
    return {f"score_{when}": None if total is None else str(total), f"place_{when}": None if row is None else row.place}
