"""Accounts for the security administrator: who is locked, closed, logged in; and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.http import whence
from dispatch.people.accounts import By, end_session, set_disabled, set_password, unlock
from dispatch.people.may import ADMINISTRATORS
from dispatch.people.roles import Permission
from dispatch.people.standing import account, accounts, locked, sessions
from dispatch.people.who import Me, Signed, needs
from gis.db import Tx, read, write
from gis.problems import NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST = 100
STANDINGS = ("", "locked", "closed", "alive")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to show: by name, login name or unit; locked, closed, or logged in now."""

    q: str = ""
    standing: str = ""


@router.get("/people", **needs(Permission.MANAGE_PEOPLE))
def people(request: Request, me: Signed, wanted: Annotated[Wanted, Depends()]) -> Response:
    """The accounts that are looked for, and who is locked at the moment."""
    with read() as tx:
        view, locks = View.of(request, tx, me), locked(tx)
        found = accounts(
            tx, wanted.q.strip()[:64].replace("\0", ""), limit=MOST + 1, closed=wanted.standing == "closed",
            alive=wanted.standing == "alive", logins=[*locks] if wanted.standing == "locked" else None,
        )  # fmt: skip
    return page(
        view, "people.html", found=found[:MOST], more=len(found) > MOST, locks=locks, wanted=wanted,
        standings=STANDINGS,
    )  # fmt: skip


@router.get("/people/{login:path}", **needs(Permission.MANAGE_PEOPLE))
def person(request: Request, me: Signed, login: str) -> Response:
    """One account: its posts, its locks, its sessions."""
    return _person(request, me, login)


def _person(request: Request, me: Me, login: str, *, problem: Problem | None = None, first: str = "") -> Response:
    with read() as tx:
        view, found = View.of(request, tx, me), account(tx, login)
        if found is None:
            raise NotFound("There is no such account", zh="没有这个账号")
        alive, until = sessions(tx, found.id), locked(tx).get(login)
    return page(
        view, "person.html", status=problem.status if problem else 200, problem=problem, one=found, alive=alive,
        until=until, first=first, apart=not ADMINISTRATORS.isdisjoint(found.roles),
    )  # fmt: skip


@router.post("/people/{login:path}", **needs(Permission.MANAGE_PEOPLE))
def change(
    request: Request, me: Signed, login: str, what: Annotated[str, Posted(max_length=20)] = "",
    session: Annotated[str, Posted(max_length=64)] = "",
) -> Response:  # fmt: skip
    """One of the buttons. A first password is shown in the answer, once, and kept nowhere."""
    by = By(me.person_id, whence(request))
    try:
        with write() as tx:
            first = _change(tx, login, what, session, by)
    except NotFound as problem:
        if what != "end":
            raise
        return _person(request, me, login, problem=problem)
    except Problem as problem:
        return _person(request, me, login, problem=problem)
    return _person(request, me, login, first=first) if first else go(f"/people/{quote(login)}")


def _change(tx: Tx, login: str, what: str, session: str, by: By) -> str:
    """The first password, where one was made. Raises NotFound, Forbidden."""
    if what == "password":
        return set_password(tx, login, by)
    if what == "unlock":
        unlock(tx, login, by)
    elif what in ("close", "open"):
        set_disabled(tx, login, what == "close", by)
    elif what == "end":
        end_session(tx, login, session, by)
    else:
        raise NotFound("There is no such action", zh="没有这个操作")
    return ""
