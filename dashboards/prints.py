"""Sheets for paper: the dispatch sheet (派遣单) for a unit without a terminal, and the whole case; each on record."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.deadlines import disposal_limit
from dashboards.shell import page
from dashboards.view import View
from dispatch.audit.trail import Kind, record
from dispatch.cases.dossier import full
from dispatch.cases.texts import OPEN_KINDS, texts
from dispatch.http import whence
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import write
from gis.problems import Conflict

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
PHOTOS = 4  # on one sheet
# What nobody would look for on paper.
UNTOLD = frozenset({"warn"})


@router.get("/cases/{number}/dispatch-sheet", **needs(Permission.SEE_CASES))
def dispatch_sheet(request: Request, me: Signed, number: str) -> Response:
    """What the responsible unit is told, by when it has to be done, by which rule; with room to sign."""
    return _sheet(request, me, number, "dispatch")


@router.get("/cases/{number}/case-sheet", **needs(Permission.SEE_CASES))
def case_sheet(request: Request, me: Signed, number: str) -> Response:
    """The case with its whole history."""
    return _sheet(request, me, number, "case")


def _sheet(request: Request, me: Signed, number: str, kind: str) -> Response:
    """Raises NotFound, and Conflict for a dispatch sheet of a case that no unit has."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        file = full(tx, number)
        words = texts(tx, file.case.id, OPEN_KINDS)
    case = file.case
    if kind == "dispatch" and case.unit_id is None:
        raise Conflict(
            "No unit has this case yet: dispatch it first", zh="本案尚未派遣，没有派遣单", state=case.state.value
        )
    detail: dict[str, Any] = {"sheet": kind, "version": case.version, "unit": case.unit_id}
    with write() as tx:
        record(tx, Kind.PRINT, person_id=me.person_id, whence=whence(request), object=f"case:{case.id}", detail=detail)
    steps = [step for step in file.steps if step.action not in UNTOLD] if kind == "case" else []
    shown: dict[str, Any] = {"case": case, "steps": steps, "words": words, "photos": file.photos[:PHOTOS], "kind": kind}
    shown["limit"] = disposal_limit(view, file)
    return page(view, "sheet.html", **shown)
