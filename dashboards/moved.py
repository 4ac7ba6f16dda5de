"""What moved a unit's score against the period before, and the cases that cost it most: for the centre, and for the
unit itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.leader import Asked, instant_asked, period_asked
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.read import Row, by_ids
from dispatch.evaluation.measures import Cut, measure
from dispatch.evaluation.moved import MOST, Cost, Moved, costs, flaws, moved
from dispatch.evaluation.period import Period, previous
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.terms import terms_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, read
from gis.problems import NotFound

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is told of one unit. `before`: the period it is held against."""

    unit: str
    period: Period
    before: Period
    then: datetime
    scheme: Scheme
    schemes: list[Scheme]
    moved: Moved
    costs: list[Cost]

    @property
    def each(self) -> dict[int, Decimal]:
        """What the dearest cases cost, by id, the dearest first."""
        told = [(id, cost.each) for cost in self.costs for id in cost.flaw.first]
        return dict(told[:MOST])

    @property
    def cases(self) -> int:
        """How many cases cost something."""
        return sum(cost.flaw.cases for cost in self.costs)


@router.get("/ranking/moved", **needs(Permission.SEE_RANKING))
def moved_page(request: Request, me: Signed, asked: Annotated[Asked, Depends()], unit: str = "") -> Response:
    """Any unit of a ranking; without one, the ranking to choose it from."""
    return go("/ranking") if not unit else _page(request, me, asked, unit)


@router.get("/desk/score", **needs(Permission.SEE_INBOX))
def own_page(request: Request, me: Signed, asked: Annotated[Asked, Depends()], unit: str = "") -> Response:
    """One's own unit, or one below it."""
    chosen = unit or me.unit_id or ""
    if chosen not in me.units:
        raise NotFound("There is no such unit of yours", zh="没有这个单位，或不归您管")
    return _page(request, me, asked, chosen)


def _page(request: Request, me: Me, asked: Asked, unit: str) -> Response:
    # The unit's own figures as all see them, also of cases that went to another unit since; those stay closed to it.
    with read(heavy=True) as tx:
        view = View.of(request, tx, me)
        sheet = _sheet(tx, view, asked, unit)
    with me.read() as tx:
        found = {row.id: row for row in by_ids(tx, list(sheet.each), limit=MOST)}
    listed: list[tuple[Row, Decimal]] = [(found[id], each) for id, each in sheet.each.items() if id in found]
    more: dict[str, Any] = {"asked": asked, "rows": listed, "own": request.url.path.startswith("/desk")}
    return page(view, "moved.html", sheet=sheet, **more)


def _sheet(tx: ReadTx, view: View, asked: Asked, unit: str) -> Sheet:
    if unit not in view.known.tree.units:
        raise NotFound("There is no such unit", zh="没有这个单位")
    span, as_of = period_asked(view, asked.period), instant_asked(tx, view, asked.as_of)
    terms = terms_of(tx, span, as_of)
    group = view.known.tree.units[unit].ranking_group
    scheme = terms.scheme(asked.scheme)
    cut = Cut(by="group", group=group) if group else Cut(by="unit")
    before = previous(span, view.known.zone)
    now = _counts(tx, span, cut, unit, as_of)
    return Sheet(
        unit=unit,
        period=span,
        before=before,
        then=min(as_of or span.end, tx.now),
        scheme=scheme,
        schemes=[
            s for s in terms.schemes.values() if s.of == "unit" and (not s.groups or group is None or group in s.groups)
        ],
        moved=moved(scheme, _counts(tx, before, cut, unit, None), now),
        costs=costs(scheme, now, flaws(tx, span, cut, unit, as_of=as_of)),
    )


def _counts(tx: ReadTx, period: Period, cut: Cut, unit: str, as_of: datetime | None) -> Counts:
    """Of a unit that had no case at all nothing is known: not even that it filed few."""
    return next((one.counts for one in measure(tx, period, cut, as_of=as_of) if one.key == unit), Counts())
