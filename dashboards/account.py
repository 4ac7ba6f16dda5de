"""The own account: who I am here, the ways open to me, and how I want to be told."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.config import settings
from dispatch.notify.configured import read_channels
from dispatch.people.preferences import Preference, preference_of, set_preference
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import read, write
from gis.problems import FormIncomplete, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Posted(max_length=8)]


@router.get("/account", **needs(Permission.SIGNED_IN))
def account(request: Request, me: Signed, done: str = "") -> Response:
    """Who I am here, and what I have chosen."""
    return _account(request, me, kept=done == "kept")


def _account(request: Request, me: Me, problem: Problem | None = None, *, kept: bool = False) -> Response:
    with read() as tx:
        view, prefs = View.of(request, tx, me), preference_of(tx, me.person_id)
    status = problem.status if problem else 200
    return page(view, "account.html", status=status, prefs=prefs, channels=_channels(), problem=problem, kept=kept)


@router.post("/account/notices", **needs(Permission.SIGNED_IN))
def keep(
    request: Request, me: Signed, language: Word = "", quiet_from: Word = "", quiet_until: Word = "",
    wanted: Annotated[tuple[str, ...], Posted()] = (),
) -> Response:  # fmt: skip
    """How I want to be told of what is not urgent."""
    try:
        chosen = Preference(
            language=language,
            muted=[name for name in _channels() if name not in wanted],
            quiet_from=_clock(quiet_from),
            quiet_until=_clock(quiet_until),
        )
        with write() as tx:
            set_preference(tx, me.person_id, chosen)
    except Problem as problem:
        return _account(request, me, problem)
    return go("/account?done=kept")


def _channels() -> list[str]:
    return [channel.name for channel in read_channels(settings().data)]


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text) if text else None
    except ValueError as fault:
        raise FormIncomplete("This is no time of day", zh="时刻无效", fields={"quiet_from": "needed"}) from fault
