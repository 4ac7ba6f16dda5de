"""The city's limits: every row in force, and which of them would hold for a clock, why, and until when."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.limit_question import LEVELS, Question, tell
from dashboards.limit_rows import COLUMNS, STAGES, Wanted, edition_of, filed_limits, stages_of
from dashboards.shell import page
from dashboards.view import View
from dispatch.cityfile.time_limits import UNKNOWN_AT
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.problems import Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/limits", **needs(Permission.SIGNED_IN))
def limits(
    request: Request, me: Signed, wanted: Annotated[Wanted, Depends()], asked: Annotated[Question, Depends()]
) -> Response:
    """The rows of an edition, and the answer to the question if one was asked; what cannot be read leaves the rows of
    today."""
    problem, told = None, None
    if not me.may(Permission.SEE_MAP):  # what lies at a point, and whose it is, is not asked for by this way either
        asked = replace(asked, address="", lon="", lat="")
    with me.read() as tx:
        view = View.of(request, tx, me)
        try:
            told = tell(tx, view, asked) if asked.stage else None
        except Problem as fault:
            problem = fault
        day = told.at.astimezone(view.known.zone).date() if told else view.today
        try:
            edition = edition_of(tx, wanted, day)
        except Problem as fault:
            problem, edition = problem or fault, edition_of(tx, Wanted(), view.today)
    shown = replace(view, books=edition.books)
    return page(
        view, "limits.html", status=problem.status if problem else 200, problem=problem, told=told, asked=asked,
        wanted=wanted, edition=edition, groups=stages_of(shown, edition, wanted), filed=filed_limits(edition, wanted),
        shown=shown, stages=STAGES, levels=LEVELS, columns=COLUMNS, early=UNKNOWN_AT,
    )  # fmt: skip
