"""Calls acknowledged: by the link in a message, without a log-in, or by the button of whoever was rung."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.alarms.answer import acknowledge, by_link
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, Visitor, needs
from gis.db import read, write

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$")]


@router.get("/ack/{token}", **needs(Permission.PUBLIC))
def ack_page(request: Request, me: Visitor, token: Token) -> Response:
    """What rang, with a button. To look acknowledges nothing: programs open links before people do."""
    with read() as tx:
        return page(View.of(request, tx, me), "ack.html", rang=by_link(tx, token), token=token)


@router.post("/ack/{token}", **needs(Permission.PUBLIC))
def ack(token: Token) -> Response:
    """Take the call; once, however often it is sent."""
    with write() as tx:
        acknowledge(tx, token=token)
    return go(f"/ack/{token}")


@router.post("/calls/{id}", **needs(Permission.SIGNED_IN))
def take(me: Signed, id: int) -> Response:
    """Take one's own call."""
    with write() as tx:
        acknowledge(tx, id=id, me=me.person_id)
    return go("/duty")
