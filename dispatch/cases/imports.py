"""A case of another system, taken in with the times that are known of it, as one IMPORT step through the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dispatch.cases.act import Receipt, receipt_of
from dispatch.cases.actor import SYSTEM
from dispatch.cases.apply import apply
from dispatch.cases.books import Books, books
from dispatch.cases.draft import Draft, Text
from dispatch.cases.intake import Report, described, draft_of, insert, known, open_case
from dispatch.cases.steps import form_hash
from dispatch.cases.whose import place_case
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.secrets import new_key, salted_hash
from gis.db import Tx
from gis.problems import FormIncomplete

TIMES = ("accepted_at", "filed_at", "dispatched_at", "signed_at", "disposed_at", "closed_at", "due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One foreign case. `id` is made from its own number, so that a second import adds nothing.

    Times are aware; what is not known is None and stays unknown. `due_at` None: no limit, in no denominator.
    `limit_value`, `time_class`: what an open case is to go on with. `closed`: it has ended.
    """

    id: UUID
    source: str
    reported_at: datetime
    closed: bool
    category: str | None = None
    lon: float | None = None
    lat: float | None = None
    unit: str | None = None
    public: bool = True
    accepted_at: datetime | None = None
    filed_at: datetime | None = None
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    disposed_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    limit_value: Decimal | None = None
    time_class: str | None = None
    description: str | None = None

    def times(self) -> dict[str, str]:
        """The times known beyond the report's, as a step keeps them."""
        return {name: at.isoformat() for name in TIMES if (at := getattr(self, name)) is not None}


def receive_import(tx: Tx, imported: Imported, *, now: datetime | None = None) -> Receipt:
    """Take one foreign case in; the same again gives the same receipt (`repeated`).

    Raises FormIncomplete (no such unit or category, times that lie ahead), Conflict (the same id with other content).
    """
    report = _report(imported)
    opening = open_case(tx, report.id)
    if opening["known"] is not None:
        return known(tx, report)
    city = books(tx, opening["version"])
    recorded = now or opening["now"]
    _check(imported, city, recorded)
    place = place_case(tx, city, imported.lon, imported.lat, None, category=imported.category, component=None)
    draft = draft_of(report, SYSTEM, city, place, at=imported.reported_at, opening=opening)
    data = described(report, city, place, draft) | _known_data(imported)
    _conceal(draft, report, data)
    _hand_over(draft, imported)
    form = Form(result=None if imported.closed else "open", unit=imported.unit, lon=imported.lon, lat=imported.lat)
    given = form_hash(report.id, Action.IMPORT.value, None, form.given())
    at = max([imported.reported_at, *(t for n in TIMES[:-1] if (t := getattr(imported, n)) is not None)])
    apply(
        tx, draft, city, action=Action.IMPORT, by=SYSTEM, form=form, key=report.id, given=given, at=at, known=recorded,
        extra=data,
    )  # fmt: skip
    insert(tx, draft, report, place, data, imported=True)
    return receipt_of(draft)


def _report(imported: Imported) -> Report:
    """The whole import is the report's body: a later file that says otherwise of the same case is a conflict,
    not an update."""
    said = {
        "times": imported.times(),
        "closed": imported.closed,
        "unit": imported.unit,
        "at": imported.reported_at.isoformat(),
    }
    return Report(
        id=imported.id,
        source=imported.source,
        public=imported.public,
        category=imported.category,
        lon=imported.lon,
        lat=imported.lat,
        captured_at=imported.reported_at,
        description=imported.description,
        raw=said,
    )


def _check(imported: Imported, city: Books, now: datetime) -> None:
    if imported.unit is not None and city.tree.get(imported.unit) is None:
        raise FormIncomplete(
            f"No such unit: {imported.unit}", zh=f"没有该单位：{imported.unit}", fields={"unit": "unknown"}
        )
    times = {name: at for name in TIMES[:-1] if (at := getattr(imported, name)) is not None}
    ahead = [name for name, at in {"reported_at": imported.reported_at, **times}.items() if at > now]
    if ahead:
        raise FormIncomplete(
            f"{', '.join(ahead)} lies ahead of now",
            zh=f"时间晚于现在：{'、'.join(ahead)}",
            fields=dict.fromkeys(ahead, "ahead"),
        )


def _known_data(imported: Imported) -> dict[str, Any]:
    ended = imported.disposed_at or imported.closed_at
    met = None if ended is None or imported.due_at is None else ended <= imported.due_at
    return {"known": imported.times(), "met": met, "category": imported.category}


def _hand_over(draft: Draft, imported: Imported) -> None:
    case = draft.case
    case.unit_id, case.due_at, case.dispatched_at = imported.unit, imported.due_at, imported.dispatched_at
    case.limit_value, case.time_class = imported.limit_value, imported.time_class


def _conceal(draft: Draft, report: Report, data: dict[str, Any]) -> None:
    if report.texts():
        draft.key, draft.new_key = new_key(), True
        draft.texts = [Text(1, kind, words) for kind, words in report.texts()]
        data["texts"] = {kind: salted_hash(draft.key, words).hex() for kind, words in report.texts()}
