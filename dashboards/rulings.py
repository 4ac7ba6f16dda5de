"""What referees ruled, newest first, each with the draft of the rule that it could become."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.precedents import as_rule, precedents
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SHOWN = 200


@router.get("/rulings", **needs(Permission.SEE_RULES))
def rulings(request: Request, me: Signed) -> Response:
    """The precedents, and the TOML of a rule for each."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = precedents(tx, limit=SHOWN)
    return page(view, "rulings.html", rulings=[(one, as_rule(one, view.known.rulebook)) for one in found])
