"""The shell around every page: templates, language and theme, log in and out, the first password, problems as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from dashboards.holders import held_by
from dashboards.language import language_of
from dashboards.view import View
from dashboards.words import LANGUAGES, words
from dispatch.evidence.photos import MOST
from dispatch.http import whence
from dispatch.people.entry import change_password, enter, leave
from dispatch.people.may import may
from dispatch.people.roles import Permission
from dispatch.people.sessions import COOKIE
from dispatch.people.who import Me, PasswordChangeNeeded, Signed, Visitor, clear_cookie, needs, set_cookie
from gis.db import read
from gis.problems import FormIncomplete, NotFound, Problem, Unauthorised

__all__ = ["STATIC", "Static", "go", "html_problem", "page", "remember", "router", "start_of"]

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
YEAR = 365 * 24 * 3600
CHOICES = {"lang": LANGUAGES, "theme": ("light", "dark"), "size": ("large", "normal")}
STARTS: tuple[tuple[Permission, str], ...] = (
    (Permission.SEE_INBOX, "/desk"),
    (Permission.SEE_TASKS, "/field"),
    (Permission.REGISTER, "/console"),
    (Permission.SEE_BOARD, "/console"),
    (Permission.SEE_RANKING, "/ranking"),
    (Permission.SEE_SYSTEM, "/notices"),
    (Permission.MANAGE_PEOPLE, "/people"),
    (Permission.SEE_AUDIT, "/audit"),
)

router = APIRouter(include_in_schema=False)
templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals["new_id"] = lambda: str(uuid4())
templates.globals["held_by"] = held_by
templates.globals["most_photos"] = MOST


class Static(StaticFiles):
    """Static files that a browser asks after each time: a new version shows at once, an old one costs a 304."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The file, with its tag."""
        answer = super().file_response(*args, **more)
        answer.headers["cache-control"] = "no-cache"
        return answer


def page(view: View, name: str, *, status: int = 200, **values: Any) -> Response:
    """Draw a template. A language, theme or size chosen in the address is remembered."""
    text = templates.get_template(name).render(view=view, t=view.t, me=view.me, **values)
    return remember(view.request, HTMLResponse(text, status))


def remember(request: Request, answer: Response) -> Response:
    """The answer, with what the address chooses kept for the next page."""
    for choice, allowed in CHOICES.items():
        asked = request.query_params.get(choice)
        if asked in allowed:
            answer.set_cookie(choice, asked, max_age=YEAR, samesite="lax", path="/")
    return answer


def go(path: str) -> Response:
    """After a form was taken: on to a page that may be loaded again without sending it again."""
    return RedirectResponse(path, 303)


def start_of(me: Me) -> str:
    """The page a person's day begins on. Those of the centre begin at the ranking if they register nothing."""
    if may(me.roles, Permission.SEE_RANKING) and not me.roles & {"acceptor", "shift_leader", "dispatcher"}:
        return "/ranking"
    return next((path for needed, path in STARTS if may(me.roles, needed)), "/account")


def html_problem(request: Request, problem: Problem) -> Response:
    """A problem as a page: what happened, what is safe, what to do. Never asks the database."""
    if isinstance(problem, Unauthorised):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return go(f"/login?next={quote(back, safe='')}" if request.method == "GET" else "/login")
    if isinstance(problem, PasswordChangeNeeded):
        return go("/password")
    me: Me | None = getattr(request.state, "me", None)
    view = View(request, words(language_of(request, me)), me)
    return page(view, "problem.html", status=problem.status, problem=problem, missing=isinstance(problem, NotFound))


# ── in and out ────────────────────────────────────────────────────────────────────────────────────────────────────────


def local(path: str) -> str:
    """A path of ours to go on to; anything that might lead to another host becomes the start."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path
    return path if plain else "/"


@router.get("/login", **needs(Permission.PUBLIC))
def login_page(request: Request, me: Visitor, next: str = "/") -> Response:
    """The form; people logged in go on."""
    return go(local(next)) if me else _login(request, next)


def _login(request: Request, next: str, *, login: str = "", problem: Problem | None = None) -> Response:
    with read() as tx:
        view = View.of(request, tx, None)
    status = problem.status if problem else 200
    return page(view, "login.html", status=status, next=local(next), login=login, problem=problem)


@router.post("/login", **needs(Permission.PUBLIC))
def log_in(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Come in; a failure shows the form again with the name still in it."""
    try:
        entered = enter(login, password, whence=whence(request), old_token=request.cookies.get(COOKIE))
    except Problem as problem:
        return _login(request, next, login=login, problem=problem)
    answer = go("/password" if entered.must_change else local(next))
    set_cookie(answer, request, entered.token)
    return answer


@router.post("/logout", **needs(Permission.SIGNED_IN, while_must_change=True))
def log_out(request: Request, me: Signed) -> Response:
    """Go out."""
    leave(request.cookies.get(COOKIE, ""), person_id=me.person_id, whence=whence(request))
    answer = go("/")
    clear_cookie(answer)
    return answer


@router.get("/password", **needs(Permission.SIGNED_IN, while_must_change=True))
def password_page(request: Request, me: Signed) -> Response:
    """The form for a new password."""
    return _password(request, me)


def _password(request: Request, me: Me, problem: Problem | None = None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
    return page(view, "password.html", status=problem.status if problem else 200, problem=problem)


@router.post("/password", **needs(Permission.SIGNED_IN, while_must_change=True))
def new_password(
    request: Request,
    me: Signed,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Replace the own password; all other sessions end."""
    try:
        if new != again:
            zh, en = words("zh")("login.differ"), words("en")("login.differ")
            raise FormIncomplete(en, zh=zh, fields={"again": en})
        entered = change_password(me.person_id, old=old, new=new, whence=whence(request))
    except Problem as problem:
        return _password(request, me, problem)
    answer = go(start_of(me))
    set_cookie(answer, request, entered.token)
    return answer
