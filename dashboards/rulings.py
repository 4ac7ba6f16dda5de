"""What referees ruled, newest first, each with the draft of the rule that it could become."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.rule_wanted import query_of
from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.precedents import as_row, as_rule, precedents
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SHOWN = 200


@router.get("/rulings", **needs(Permission.SEE_RULES))
def rulings(request: Request, me: Signed) -> Response:
    """The precedents, with the rule that each could become: into a draft, or as TOML."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = precedents(tx, limit=SHOWN)
    book = view.known.rulebook
    made = [(one, as_rule(one, book), query_of(as_row(one, book))) for one in found]
    return page(view, "rulings.html", rulings=made)
