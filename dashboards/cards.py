"""Yellow and red cards: given by rule, contested by the unit in one step, ruled on by another; errors open inside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.leader import Asked, period_asked
from dashboards.pictures import BODY, filed, kept
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cards.contest import DAYS, LONGEST, REASONS, RULINGS, cards, contest, rule, tally
from dispatch.people.may import UNIT
from dispatch.people.roles import Permission, Role
from dispatch.people.who import Me, Signed, needs
from gis.db import read, write
from gis.problems import Forbidden, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
RULERS = frozenset({Role.SUPERVISOR, Role.EVALUATOR})


@router.get("/cards", **needs(Permission.SEE_CASES))
def listed(request: Request, me: Signed, asked: Annotated[Asked, Depends()]) -> Response:
    """The cards of a period: a department's own, to the centre all; how many were found wrong, to everybody."""
    return _page(request, me, asked.period)


def _page(request: Request, me: Me, named: str, problem: Problem | None = None, *, card: int = 0) -> Response:
    with read() as tx:  # cards are the centre's: a department's are chosen for it here
        view = View.of(request, tx, me)
        period = period_asked(view, named)
        found = cards(tx, period.start, period.end, me.units if me.is_department_only else None)
        sums = tally(tx, period.start, period.end)
    may_rule = bool(me.roles & RULERS)
    shown = {"cards": found, "sums": sums, "period": period, "may_rule": may_rule, "problem": problem, "failed": card}
    words = {"reasons": REASONS, "rulings": RULINGS, "days": DAYS.days, "longest": LONGEST}
    return page(view, "cards.html", status=problem.status if problem else 200, **shown, **words)


@router.post("/cards/{card}/contest", **needs(Permission.ACT, body=BODY))
def contested(
    request: Request,
    me: Signed,
    card: int,
    reason: Annotated[str, Posted()] = "",
    words: Annotated[str, Posted(max_length=LONGEST)] = "",
    photo: Annotated[tuple[UploadFile, ...], File()] = (),
    document: Annotated[tuple[UploadFile, ...], File()] = (),
) -> Response:
    """The unit says why it is wrong, once, with words, photos or documents."""
    try:
        photos, documents = kept(me.person_id, photo), filed(me.person_id, document)
        with write() as tx:
            units = me.units if me.roles & UNIT else ()
            contest(tx, card, units, by=me.person_id, reason=reason, words=words, photos=photos, documents=documents)
    except Problem as problem:
        return _page(request, me, "", problem, card=card)
    return go("/cards")


@router.post("/cards/{card}/ruling", **needs(Permission.ACT))
def ruled(request: Request, me: Signed, card: int, ruling: Annotated[str, Posted()] = "") -> Response:
    """A supervisor or evaluator lets it stand, or finds it wrong."""
    if not me.roles & RULERS:
        raise Forbidden("Only a supervisor or an evaluator rules on cards", zh="只有督查或考评人员可以裁定")
    try:
        with write() as tx:
            rule(tx, card, by=me.person_id, ruling=ruling)
    except Problem as problem:
        return _page(request, me, "", problem, card=card)
    return go("/cards")
