"""Who is asking, and whether the route lets them: every route declares its permission, and none is served without."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from secrets import compare_digest
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute

from dispatch.people.may import UNIT
from dispatch.people.me import Me as Me
from dispatch.people.me import person_of, remembered
from dispatch.people.roles import Permission
from dispatch.people.sessions import COOKIE
from gis.problems import Forbidden, Unauthorised

PERMISSION, CHANGING, BODY = "x-permission", "x-while-password-must-change", "x-body-limit"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CERTIFICATE = "certificate"  # in the state of a connection: SHA-256 of the certificate that its other end showed


class PasswordChangeNeeded(Forbidden):
    """The first password was generated: until it is replaced only the page for that is served."""

    kind = "password-change-needed"


async def csrf_sent(request: Request) -> AsyncIterator[str]:
    """The token that came with the request: header `X-CSRF`, or the form's field `csrf`.

    Async because a form is read from the stream; the handler's own parameters then find it already read.
    """
    sent = request.headers.get("x-csrf", "")
    kind = request.headers.get("content-type", "")
    if sent or request.method in SAFE or not kind.startswith(("application/x-www-form", "multipart/form")):
        yield sent
        return
    try:
        field = (await request.form(max_fields=200, max_files=8)).get("csrf", "")
        yield field if isinstance(field, str) else ""
    finally:
        await request.close()


def who(request: Request, csrf: Annotated[str, Depends(csrf_sent)]) -> Me | None:
    """The person asking, if the route's permission, the request's origin and its token allow it.

    Raises Unauthorised, Forbidden, PasswordChangeNeeded. None only on routes for the public.
    """
    return _asking(request, csrf, person_of)


def likely(request: Request, csrf: str) -> Me | None:
    """As `who`, by what is remembered of the session: None if nothing is, or that would not be let in.

    The transaction of whoever it is proves it, or raises Changed.
    """
    with suppress(Unauthorised, Forbidden):
        return _asking(request, csrf, remembered)
    return None


def _asking(request: Request, csrf: str, find: Callable[[str], Me | None]) -> Me | None:
    declared = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    if PERMISSION not in declared:
        raise Forbidden("This route declares no permission", zh="该接口未声明权限")
    if request.method not in SAFE:
        refuse_foreign(request)
    permission, token = Permission(declared[PERMISSION]), request.cookies.get(COOKIE)
    me = find(token) if token else None
    request.state.me = me
    if me is None:
        if permission is Permission.PUBLIC:
            return None
        raise Unauthorised("Please log in", zh="请先登录")
    _admit(request, me, csrf, permission, freely=bool(declared.get(CHANGING)))
    return me


def _admit(request: Request, me: Me, csrf: str, permission: Permission, *, freely: bool) -> None:
    """Raise Forbidden, PasswordChangeNeeded. `freely`: served also with a first password, and from anywhere."""
    if request.method not in SAFE and not compare_digest(csrf.encode(), me.csrf.encode()):
        raise Forbidden(
            "The page is out of date; load it again and repeat what you did",
            zh="页面已过期，请刷新后重试",
            reason="csrf",
        )
    if me.must_change and permission is not Permission.PUBLIC and not freely:
        raise PasswordChangeNeeded("Please replace your first password", zh="请先修改初始密码")
    if permission is not Permission.PUBLIC and not freely:
        refuse_elsewhere(request, me)
    if not me.may(permission):
        raise Forbidden("Your post does not permit this", zh="您的岗位没有此权限", permission=permission.value)


Signed = Annotated[Me, Depends(who)]
Visitor = Annotated[Me | None, Depends(who)]


def needs(permission: Permission, *, body: int | None = None, while_must_change: bool = False) -> dict[str, Any]:
    """What a route is declared with: `@router.get("/x", **needs(Permission.SEE_BOARD))`.

    `body`: bytes its request may have, where the ordinary bound is too small. `while_must_change`: served also to those
    who must replace their first password.
    """
    extra: dict[str, Any] = {PERMISSION: permission.value}
    if body is not None:
        extra[BODY] = body
    if while_must_change:
        extra[CHANGING] = True
    return {"dependencies": [Depends(who)], "openapi_extra": extra}


def refuse_elsewhere(connection: HTTPConnection, me: Me) -> None:
    """Raise Forbidden if the person's unit is bound to networks or certificates and the request comes from another."""
    if not me.roles & UNIT:
        return
    shown = connection.scope.get("state", {}).get(CERTIFICATE)
    if me.certificates and shown not in me.certificates:
        raise Forbidden(
            "Your unit's terminal is bound to its certificate, and this browser showed "
            f"{'another one' if shown else 'none that can be read'}. Nothing was done. Use the terminal in your office",
            zh=f"本单位终端须出示规定证书，此浏览器{'出示的证书不符' if shown else '未出示可识读的证书'}。"
            "未作任何操作。请在单位终端上办理",
            reason="certificate",
        )
    here = connection.client.host if connection.client else ""
    if me.networks and not is_in(here, [ip_network(word) for word in me.networks]):
        raise Forbidden(
            f"Your unit's terminal is bound to its own network, and you came from {here or 'nowhere known'}. "
            "Nothing was done. Use the terminal in your office, or have the centre change the unit's networks",
            zh=f"本单位终端限在规定网段内使用，您的来源地址是 {here or '未知'}。未作任何操作。"
            "请在单位终端上办理，或联系监督中心调整网段",
            reason="network",
        )


def is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of these; what is none lies nowhere."""
    try:
        here = ip_address(address)
    except ValueError:
        return False
    return any(here in network for network in networks)


def refuse_foreign(connection: HTTPConnection) -> None:
    """Raise Forbidden if the browser says that another site's page made it ask."""
    origin = connection.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()
    if not same or connection.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("The request comes from another site's page", zh="请求来自其他网站", reason="origin")


def set_cookie(response: Response, request: HTTPConnection, token: str) -> None:
    """Give the browser its session; it ends with the browser or by the server's rules."""
    secure = request.url.scheme in ("https", "wss")
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")


def clear_cookie(response: Response) -> None:
    """Take it back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRight:
    """One way in: `permission` None means that it was forgotten."""

    path: str
    method: str
    permission: Permission | None
    body_limit: int | None = None


def rights(routes: list[BaseRoute]) -> Iterator[RouteRight]:
    """Every way in of an application: routes, WebSockets, mounted folders."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        extra = getattr(context, "openapi_extra", None) or {}
        # A WebSocket's endpoint and a mounted application carry the permission as an attribute (`serves`).
        carrier = getattr(route, "app", None) if context.endpoint is None else context.endpoint
        declared = extra.get(PERMISSION) or getattr(carrier, "permission", None)
        methods = context.methods or {"MOUNT" if context.endpoint is None else "WEBSOCKET"}
        for method in sorted(methods):
            yield RouteRight(
                path=context.path or "",
                method=method,
                permission=Permission(declared) if declared else None,
                body_limit=extra.get(BODY),
            )


def check_rights(routes: list[BaseRoute]) -> None:
    """Raise RuntimeError naming every route without a permission: a server with one does not start."""
    bare = [f"{right.method} {right.path}" for right in rights(routes) if right.permission is None]
    if bare:
        raise RuntimeError("Routes without a permission: " + ", ".join(bare))


def serves(permission: Permission, target: Any) -> Any:
    """Mark a WebSocket endpoint or a mounted application with its permission; it checks it itself."""
    target.permission = permission
    return target
