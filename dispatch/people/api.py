"""HTTP: log in, log out, who am I, a new password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from dispatch.people import entry
from dispatch.people.roles import Permission
from dispatch.people.sessions import COOKIE
from dispatch.people.who import Me, Signed, Visitor, clear_cookie, needs, set_cookie

router = APIRouter(prefix="/api/v1", tags=["people"])

Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class LogInBody(BaseModel):
    """A log-in."""

    model_config = ConfigDict(extra="forbid")
    login: Word
    password: Word


class PasswordBody(BaseModel):
    """A new password."""

    model_config = ConfigDict(extra="forbid")
    old: Word
    new: Word


class SessionOut(BaseModel):
    """What a program needs after a log-in: send `csrf` as header `X-CSRF` with everything that changes something."""

    person_id: int
    csrf: str
    must_change: bool


class MeOut(BaseModel):
    """The person logged in."""

    person_id: int
    login: str
    name: str
    roles: list[str]
    unit_id: str | None
    csrf: str
    must_change: bool

    @classmethod
    def of(cls, me: Me) -> MeOut:
        """As told to the person."""
        return cls(
            person_id=me.person_id,
            login=me.login,
            name=me.name,
            roles=sorted(me.roles),
            unit_id=me.unit_id,
            csrf=me.csrf,
            must_change=me.must_change,
        )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _opened(entered: entry.Entered, request: Request, response: Response) -> SessionOut:
    set_cookie(response, request, entered.token)
    return SessionOut(person_id=entered.person_id, csrf=entered.csrf, must_change=entered.must_change)


@router.post("/session", status_code=201, **needs(Permission.PUBLIC))
def post_session(body: LogInBody, request: Request, response: Response) -> SessionOut:
    """Log in; the cookie `wangge` comes with the answer, and a session already open ends."""
    old = request.cookies.get(COOKIE)
    return _opened(entry.enter(body.login, body.password, whence=_address(request), old_token=old), request, response)


@router.delete("/session", status_code=204, **needs(Permission.PUBLIC))
def delete_session(request: Request, response: Response, me: Visitor) -> None:
    """Log out; also well if nobody is logged in."""
    token = request.cookies.get(COOKIE)
    if token and me is not None:
        entry.leave(token, person_id=me.person_id, whence=_address(request))
    clear_cookie(response)


@router.get("/me", **needs(Permission.SIGNED_IN, while_must_change=True))
def get_me(me: Signed) -> MeOut:
    """Who is logged in, with which posts."""
    return MeOut.of(me)


@router.put("/password", **needs(Permission.SIGNED_IN, while_must_change=True))
def put_password(body: PasswordBody, request: Request, response: Response, me: Signed) -> SessionOut:
    """Replace the own password; all sessions end and a new one begins."""
    entered = entry.change_password(me.person_id, old=body.old, new=body.new, whence=_address(request))
    return _opened(entered, request, response)
