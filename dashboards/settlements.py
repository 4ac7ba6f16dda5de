"""Settlement with collection companies: one sheet a period, its figures, and one hash that both sides sign."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.leader import period_asked
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.books import books
from dispatch.evaluation import contracts
from dispatch.evaluation.contracts import Sheet
from dispatch.evaluation.terms import contracts_on, terms_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, read, write
from gis.problems import NotAllowed, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/settlements", **needs(Permission.SIGNED_IN))
def settlements_page(request: Request, me: Signed) -> Response:
    """The city's sheets; a company sees its own."""
    return _list(request, me)


def _list(request: Request, me: Me, asked: str = "", problem: Problem | None = None) -> Response:
    with read() as tx:
        view = View.of(request, tx, me)
        found = contracts.sheets(tx, units=_reach(me))
        kept = [one for one in contracts_on(tx, view.today) if me.may(Permission.SEE_RANKING) or one.unit in me.units]
    status = problem.status if problem else 200
    return page(view, "settlements.html", status=status, sheets=found, contracts=kept, asked=asked, problem=problem)


def _reach(me: Me) -> list[str] | None:
    """Whose sheets somebody sees: all, or those of his own units."""
    return None if me.may(Permission.SEE_RANKING) else list(me.units)


@router.post("/settlements", **needs(Permission.KEEP_SCORES))
def make(
    request: Request,
    me: Signed,
    unit: Annotated[str, Posted(max_length=80)] = "",
    period: Annotated[str, Posted(max_length=40)] = "",
) -> Response:
    """Count a finished period and write its sheet."""
    try:
        with me.write() as tx:
            span = period_asked(View.of(request, tx, me), period.strip())
            made = contracts.make(tx, books(tx), me.person_id, span, terms_of(tx, span), unit=unit)
    except Problem as problem:
        return _list(request, me, period, problem)
    return go(f"/settlements/{made.id}")


@router.get("/settlements/{id}", **needs(Permission.SIGNED_IN))
def settlement_page(request: Request, me: Signed, id: int) -> Response:
    """One sheet. Raises NotFound for another company's."""
    return _one(request, me, id)


def _one(request: Request, me: Me, id: int, problem: Problem | None = None) -> Response:
    with read() as tx:
        view = View.of(request, tx, me)
        sheet = _seen(tx, me, id)
    more: dict[str, Any] = {"told": sheet.told, "side": _side(me, sheet)}
    return page(
        view, "settlement.html", status=problem.status if problem else 200, sheet=sheet, problem=problem, **more
    )


def _seen(tx: ReadTx, me: Me, id: int) -> Sheet:
    sheet = contracts.sheet_of(tx, id)
    reach = _reach(me)
    if reach is not None and sheet.unit_id not in reach:
        raise NotFound("There is no such sheet", zh="没有这份结算单")
    return sheet


def _side(me: Me, sheet: Sheet) -> str | None:
    """For which side somebody may sign."""
    if me.may(Permission.KEEP_SCORES):
        return "city"
    return "company" if me.unit_id == sheet.unit_id and me.may(Permission.SEE_INBOX) else None


@router.post("/settlements/{id}/signature", **needs(Permission.SIGNED_IN))
def sign(request: Request, me: Signed, id: int, hash: Annotated[str, Posted(max_length=64)] = "") -> Response:
    """Sign the sheet as it was shown, by its hash."""
    try:
        with write() as tx:
            side = _side(me, _seen(tx, me, id))
            if side is None:
                raise NotAllowed("Only the city and the company itself sign", zh="只有城市一方和该公司可以签认")
            contracts.sign(tx, id, me.person_id, side=side, hash=hash)
    except NotFound:
        raise
    except Problem as problem:
        return _one(request, me, id, problem)
    return go(f"/settlements/{id}")
