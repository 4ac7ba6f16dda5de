"""The board of receiving terminals: who is there, who fell silent, how fast units sign; a record to print of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.leader import Asked, period_asked
from dashboards.shell import page
from dashboards.view import View
from dispatch.audit.trail import Kind, record
from dispatch.http import whence
from dispatch.lifecycle.states import State
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from dispatch.terminals.record import board, receipts, silences, wanting
from dispatch.terminals.silence import patience
from gis.db import read, write
from gis.problems import NotFound

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
FEW = 6  # of what is in order, so many are shown without being unfolded


@router.get("/terminals", **needs(Permission.SEE_BOARD))
def terminals(request: Request, me: Signed, asked: Annotated[Asked, Depends()]) -> Response:
    """Every unit with a terminal, over a period; then those that have none yet."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        period = period_asked(view, asked.period)
        lines = board(tx, view.known, period.start, min(period.end, tx.now))
        others = wanting(tx, view.known)
    overdue = [one for one in others if one.amiss(view.today)]
    return page(
        view,
        "terminals.html",
        lines=lines,
        others=others,
        overdue=overdue,
        in_time=[one for one in others if one not in overdue],
        period=period,
        minutes=int(patience(view.known).total_seconds() // 60),
        waiting=State.DISPATCHED.value,
        few=FEW,
    )


@router.get("/terminals/{unit}", **needs(Permission.SEE_CASES))
def inspection(request: Request, me: Signed, unit: str, asked: Annotated[Asked, Depends()]) -> Response:
    """The inspection record (巡检记录) of one unit, for paper; on record. A department reads its own."""
    _refuse_others(me, unit)
    with read(heavy=True) as tx:  # presence is the centre's: no department's role may ask for it
        view = View.of(request, tx, me)
        period = period_asked(view, asked.period)
        until = min(period.end, tx.now)
        line = next((one for one in board(tx, view.known, period.start, until) if one.unit == unit), None)
        if line is None:
            raise NotFound("This unit has no terminal", zh="该单位没有接收终端")
        missed = silences(tx, period.start, until, unit)
        signed = receipts(tx, unit, period.start, until)
    with write() as tx:
        detail: dict[str, object] = {"sheet": "terminal", "period": period.name}
        record(tx, Kind.PRINT, person_id=me.person_id, whence=whence(request), object=f"unit:{unit}", detail=detail)
    return page(view, "terminal.html", line=line, missed=missed, signed=signed, period=period, until=until)


def _refuse_others(me: Me, unit: str) -> None:
    if me.is_department_only and unit not in me.units:
        raise NotFound("There is no such unit, or it is not yours", zh="没有该单位，或不归您管理")
