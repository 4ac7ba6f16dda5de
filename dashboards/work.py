"""What the worker owes and what it has put aside, for the system administrator; and the same figures for a monitor."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.backlog import LATE, MEANING, backlog, exposition
from dispatch.config import settings
from dispatch.parked import Kind, parked, try_again
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, Visitor, needs
from gis.db import read
from gis.problems import Forbidden

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/work", **needs(Permission.SEE_SYSTEM))
def work(request: Request, me: Signed) -> Response:
    """What is owed, how late, and what stands aside."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found, aside, hour_ago = backlog(tx), parked(tx), tx.now - timedelta(hours=1)
    late = [name for name, most in LATE.items() if getattr(found, name) > most]
    return page(view, "work.html", backlog=found, figures=list(MEANING), late=late, aside=aside, hour_ago=hour_ago)


@router.post("/work", **needs(Permission.SEE_SYSTEM))
def again(me: Signed, kind: Annotated[Kind, Posted()], key: Annotated[str, Posted(max_length=100)]) -> Response:
    """Have a row tried with the next sweep."""
    with me.write() as tx:
        try_again(tx, kind, key)
    return go("/work")


@router.get("/metrics", **needs(Permission.PUBLIC))
def metrics(request: Request, me: Visitor) -> Response:
    """For a monitor that knows WANGGE_METRICS_TOKEN, and for the system administrator. Raises Forbidden."""
    token = settings().metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    known = token is not None and hmac.compare_digest(sent.encode(), token.encode())
    if not known and not (me and me.may(Permission.SEE_SYSTEM)):
        raise Forbidden("The metrics want their token, or the system administrator", zh="指标须凭令牌或系统管理员查看")
    with read() as tx:
        return Response(exposition(backlog(tx)), media_type=PROMETHEUS)
