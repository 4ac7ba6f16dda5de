"""Ownership learnt: where those who did the work are not those the rules name, with the cases that show it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboards.rule_wanted import of_work
from dashboards.shell import page
from dashboards.view import View
from dispatch.evaluation.owners import FEW, beside_the_rules, learnt
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SPANS = (30, 90, 180, 365)
MOST = 200


@router.get("/owners", **needs(Permission.SEE_RULES))
def owners(request: Request, me: Signed, days: Annotated[int, Query(ge=1, le=365)] = 90) -> Response:
    """The disagreements, the most cases first, and how much was looked at."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        found = learnt(tx, tx.now - timedelta(days=days), tx.now)
    against = beside_the_rules(found, view.known)
    return page(
        view,
        "owners.html",
        against=[(one, of_work(one, view.known.rulebook)) for one in against[:MOST]],
        more=max(0, len(against) - MOST),
        cases=sum(one.cases for one in found),
        rulings=sum(one.rulings for one in found),
        few=FEW,
        days=days,
        spans=SPANS,
    )
