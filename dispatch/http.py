"""What every answer has: problems as RFC 9457, bounds on bodies, headers, pages of lists."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

import orjson
import psycopg
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.audit.trail import Kind, record
from dispatch.people.who import BODY, CERTIFICATE, check_rights, is_in
from gis.db import write
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound, Problem, TooLarge, TooMany, Unavailable

T = TypeVar("T")
log = logging.getLogger("wangge.http")

ORDINARY_BODY = 64 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(self), microphone=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
BOUNDS = ("min_length", "max_length", "gt", "ge", "lt", "le", "decimal_places", "max_digits")
HtmlProblem = Callable[[Request, Problem], Response]


class MethodNotAllowed(Problem):
    """The path is there, the method is not."""

    status, kind = 405, "method-not-allowed"


class BadRequest(Problem):
    """The request cannot be read at all."""

    status, kind = 400, "bad-request"


# ── problems ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def problem_answer(problem: Problem) -> Response:
    """The problem as `application/problem+json`, with both languages and the fields a program may read."""
    body = {
        **problem.extra,
        "type": f"/problems/{problem.kind}",
        "title": problem.title,
        "title_zh": problem.zh,
        "status": problem.status,
    }
    content = orjson.dumps(body, default=str)
    return Response(content, problem.status, _problem_headers(problem), "application/problem+json")


def _problem_headers(problem: Problem) -> dict[str, str]:
    if isinstance(problem, TooMany):
        return {"retry-after": str(problem.extra.get("retry_after", 60))}
    return {"retry-after": "5"} if isinstance(problem, Unavailable) else {}


def wants_html(request: HTTPConnection) -> bool:
    """Whether a person's browser asks for a page (and not a program for data)."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _answer(request: Request, problem: Problem) -> Response:
    hook: HtmlProblem | None = getattr(request.app.state, "html_problem", None)
    return hook(request, problem) if hook is not None and wants_html(request) else problem_answer(problem)


# These are `def`: the framework calls them in a thread, so that they may write to the trail.
def _on_problem(request: Request, error: Exception) -> Response:
    problem = error if isinstance(error, Problem) else Problem(str(error))
    if isinstance(problem, Forbidden | NotFound):
        _note_refusal(request, problem)
    return _answer(request, problem)


def _note_refusal(request: Request, problem: Problem) -> None:
    """Refusals to people logged in leave a trace; strangers' are the access log's, or they could fill the disk."""
    me = getattr(request.state, "me", None)
    if me is None:
        return
    try:
        with write() as tx:
            detail: dict[str, object] = {"method": request.method, "status": problem.status, "kind": problem.kind}
            place = request.url.path
            record(tx, Kind.REFUSED, person_id=me.person_id, whence=whence(request), object=place, detail=detail)
    except Unavailable:
        log.error("a refusal could not be recorded: the database cannot be reached")


def _on_validation(request: Request, error: Exception) -> Response:
    """Names each field and why, in `codes` by a word and its bounds for whoever says it otherwise; never repeats what
    was sent."""
    faults = error.errors()[:50] if isinstance(error, RequestValidationError) else []
    named = {".".join(str(part) for part in fault["loc"]): fault for fault in faults}
    fields = {name: str(fault["msg"]) for name, fault in named.items()}
    codes = {name: {"type": fault["type"], **_bounds(fault.get("ctx", {}))} for name, fault in named.items()}
    wrong = FormIncomplete("Something is missing or wrong", zh="提交的内容不完整或有误", fields=fields, codes=codes)
    return _answer(request, wrong)


def _bounds(context: Mapping[str, object]) -> dict[str, str]:
    """What a value has to keep to. What else a validator says is in English."""
    return {name: str(context[name]) for name in BOUNDS if name in context}


def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: dict[int, Problem] = {
        404: NotFound("There is nothing here", zh="未找到"),
        405: MethodNotAllowed("This method is not served here", zh="不支持该请求方法"),
        413: TooLarge("The request is too large", zh="请求内容过大"),
    }
    answer = _answer(request, known.get(status) or BadRequest("The request cannot be read", zh="请求无法识别"))
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


def _on_bad_value(request: Request, error: Exception) -> Response:
    """A value no column can hold (a NUL in a text, a number out of range): logged, in case the fault is ours."""
    log.warning("a value was refused by the database: %s", type(error).__name__)
    return _answer(request, FormIncomplete("A value cannot be stored", zh="内容包含无法保存的值", fields={}))


def _on_taken(request: Request, error: Exception) -> Response:
    """Two at once, or an act and a report, under one key: the second is told. Any other clash is a fault of ours."""
    if not isinstance(error, psycopg.Error) or error.diag.constraint_name != "uq_step_key":
        return _on_anything(request, error)
    return _answer(request, Conflict("This key was used for something else", zh="该请求标识已用于其他操作"))


def _on_anything(request: Request, error: Exception) -> Response:
    """Nothing of the cause goes out; the id finds it in the log."""
    number = secrets.token_hex(6)
    log.error("unexpected, id %s: %s %s", number, request.method, request.url.path, exc_info=error)
    problem = Problem("Something went wrong here; the fault was logged", zh="系统内部错误，已记录日志", log_id=number)
    answer = _answer(request, problem)
    answer.headers.update(HEADERS)
    return answer


# ── where a request comes from ────────────────────────────────────────────────────────────────────────────────────────


def whence(connection: HTTPConnection) -> str:
    """The network address asking. A proxy's word counts only if `WANGGE_TRUSTED_PROXY` names it."""
    return connection.client.host if connection.client else ""


def _trusted() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """`WANGGE_TRUSTED_PROXY`: addresses or networks, by comma."""
    words = os.environ.get("WANGGE_TRUSTED_PROXY", "").replace(",", " ").split()
    return [ipaddress.ip_network(word, strict=False) for word in words]


def behind_proxy(scope: Scope, trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> None:
    """Replace client, scheme and certificate by what a trusted proxy says: the last address in its list that is no such
    proxy, and the certificate that was shown to it."""
    client = scope.get("client")
    if not trusted or not client or not is_in(client[0], trusted):
        return
    headers = Headers(scope=scope)
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    far = next((hop for hop in reversed(hops) if not is_in(hop, trusted)), None)
    if far is not None and len(far) <= 45:
        scope["client"] = (far, 0)
    scope["state"] = {**scope.get("state", {}), CERTIFICATE: _certificate(headers.get("x-ssl-client-cert", ""))}
    if headers.get("x-forwarded-proto") in ("http", "https"):
        secure = headers["x-forwarded-proto"] == "https"
        scope["scheme"] = (
            {True: "https", False: "http"}[secure] if scope["type"] == "http" else ("wss" if secure else "ws")
        )


def _certificate(escaped: str) -> str | None:
    """SHA-256 of a certificate as PEM, escaped as in an address; None if it is none, or cannot be read."""
    try:
        return load_pem_x509_certificate(unquote(escaped).encode()).fingerprint(SHA256()).hex() if escaped else None
    except (ValueError, InvalidVersion):  # the second is no ValueError
        return None


# ── bounds and headers: around the whole application, before anything is parsed ───────────────────────────────────────


class Door:
    """ASGI: bounds the body by its length and by what really comes, adds the headers, checks the rights at start-up."""

    def __init__(self, app: ASGIApp, host: FastAPI) -> None:
        self.app, self.host = app, host
        self.trusted = _trusted()
        self.larger: list[tuple[re.Pattern[str], int]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
            return
        behind_proxy(scope, self.trusted)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self._http(scope, receive, send)

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_rights(self.host.routes)
        except RuntimeError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit, got, started = self.limit(scope["path"]), 0, False

        async def bounded() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > limit:
                raise HTTPException(413)
            return message

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                dress(scope, message)
            await send(message)

        declared = Headers(scope=scope).get("content-length", "0")
        if not (declared.isascii() and declared.isdigit()) or int(declared) > limit:
            await problem_answer(_too_large(limit))(scope, receive, dressed)
            return
        try:
            await self.app(scope, bounded, dressed)
        except HTTPException as error:
            if started or error.status_code != 413:
                raise
            await problem_answer(_too_large(limit))(scope, receive, dressed)

    def limit(self, path: str) -> int:
        """Bytes the body may have: the ordinary bound, or what a route with this path declares."""
        if self.larger is None:
            declared = [(c.path_regex, (c.openapi_extra or {}).get(BODY)) for c in _api_routes(self.host)]
            self.larger = [(pattern, bound) for pattern, bound in declared if bound]
        return next((bound for pattern, bound in self.larger if pattern.match(path)), ORDINARY_BODY)


def _api_routes(host: FastAPI) -> list[Any]:
    return [c for c in iter_route_contexts(host.routes) if hasattr(c.original_route, "openapi_extra")]


def _too_large(limit: int) -> TooLarge:
    return TooLarge("The request is too large", zh="请求内容过大", limit=limit)


def dress(scope: Scope, message: Message) -> None:
    """Add the headers every answer has. No cache keeps what is not a static file, unless its handler says so."""
    headers = MutableHeaders(scope=message)
    for name, content in HEADERS.items():
        headers.setdefault(name, content)
    if not scope["path"].startswith("/static/"):
        headers.setdefault("cache-control", "no-store")
    if message["status"] == TooLarge.status:
        headers["connection"] = "close"  # or the server would go on reading what it throws away


def install(app: FastAPI, *, html_problem: HtmlProblem | None = None) -> None:
    """Give an application all of this. `html_problem` renders a problem for a person's browser (see `wants_html`)."""
    app.state.html_problem = html_problem
    app.router.redirect_slashes = False  # one address for one thing: a redirect would lose a POST's body
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(psycopg.DataError, _on_bad_value)
    app.add_exception_handler(psycopg.errors.UniqueViolation, _on_taken)
    app.add_exception_handler(Exception, _on_anything)
    app.add_middleware(Door, host=app)


# ── lists by pages ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, and the cursor that continues it; None at the end."""

    items: Sequence[T]
    next: str | None = None


def cursor(*place: str | int) -> str:
    """Where the next page begins: the sort values of this one's last row."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place_of(text: str, *types: type[str] | type[int]) -> tuple[Any, ...]:
    """Read a cursor back; its values are as many and of the types asked for. Raises FormIncomplete."""
    try:
        place = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    if not isinstance(place, list) or [type(part) for part in place] != list(types):
        raise _bad_cursor()
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in place):
        raise _bad_cursor()
    return tuple(place)


def instant_of(place: str | int) -> datetime:
    """The instant in a cursor: ISO text with its zone, or microseconds since 1970. Raises FormIncomplete."""
    try:
        at = datetime.fromisoformat(place) if isinstance(place, str) else EPOCH + timedelta(microseconds=place)
    except (ValueError, OverflowError) as error:
        raise _bad_cursor() from error
    if at.tzinfo is None:
        raise _bad_cursor()
    return at


def _bad_cursor() -> FormIncomplete:
    return FormIncomplete("This is no cursor of ours", zh="分页游标无效", fields={"after": "not a cursor"})
