"""Notices outside the product: what was given up and why, and the button that sends it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.config import settings
from dispatch.http import whence
from dispatch.notify.configured import read_channels
from dispatch.notify.deliver import resend
from dispatch.notify.letters import letters
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST = 200


@router.get("/notices", **needs(Permission.SEE_SYSTEM))
def notices(request: Request, me: Signed, done: str = "") -> Response:
    """Dead letters, then what waits for its next attempt."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = letters(tx, most=MOST)
    dead = [one for one in found if one.dead_at is not None]
    waiting = [one for one in found if one.dead_at is None]
    channels = read_channels(settings().data)
    return page(view, "notices.html", dead=dead, waiting=waiting, channels=channels, most=MOST, done=done == "resent")


@router.post("/notices", **needs(Permission.SEE_SYSTEM))
def send_again(request: Request, me: Signed, letter: Annotated[int, Posted(ge=1, lt=2**63)]) -> Response:
    """Begin a dead letter's attempts again; one that somebody sent meanwhile is left as it is. The worker sends it."""
    with me.write() as tx:
        again = resend(tx, letter, by=me.person_id, whence=whence(request))
    return go("/notices?done=resent" if again else "/notices")
