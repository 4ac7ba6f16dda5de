"""Who gets in at which door, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form, WebSocket
from starlette.staticfiles import StaticFiles

from dispatch.cluster import Urls
from dispatch.http import install
from dispatch.people import api
from dispatch.people.roles import Permission, Role
from dispatch.people.who import Signed, Visitor, check_rights, needs, rights, serves
from gis.db import execute, read, value, write
from gis.problems import NotFound
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person, make_unit

OPENED: list[httpx.Client] = []


def application() -> FastAPI:
    app = FastAPI(openapi_url=None)
    router = APIRouter()

    @router.get("/board", **needs(Permission.SEE_BOARD))
    def board(me: Signed) -> str:
        return me.name

    @router.get("/anybody", **needs(Permission.PUBLIC))
    def anybody(me: Visitor) -> str:
        return me.name if me else "stranger"

    @router.post("/form", **needs(Permission.SIGNED_IN))
    def form(me: Signed, word: Annotated[str, Form()] = "") -> str:
        return f"{me.name} {word}"

    @router.post("/button", **needs(Permission.SIGNED_IN))
    def button(me: Signed) -> str:
        return me.name

    @router.get("/none/{number}", **needs(Permission.SIGNED_IN))
    def none(number: int) -> str:
        raise NotFound("There is none", zh="没有")

    @router.get("/units", **needs(Permission.SEE_INBOX))
    def units(me: Signed) -> list[str]:
        with me.read() as tx:
            return [str(value(tx, "SELECT current_user")), str(value(tx, "SELECT current_setting('wangge.units')"))]

    app.include_router(api.router)
    app.include_router(router, prefix="/x")
    install(app)
    return app


@pytest.fixture
def address(fresh_database: Urls) -> Iterator[str]:
    with served(application()) as address:
        yield address
    while OPENED:
        OPENED.pop().close()


def logged_in(address: str, login: str) -> httpx.Client:
    client = httpx.Client(base_url=address)
    OPENED.append(client)
    answer = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    client.headers["x-csrf"] = answer.json()["csrf"]
    return client


def test_a_stranger_is_told_to_log_in_and_a_post_without_the_permission_is_refused(address: str) -> None:
    make_person("li", Role.LEADER)
    make_person("chen", Role.INSPECTOR)
    assert httpx.get(f"{address}/x/board").status_code == 401
    assert logged_in(address, "li").get("/x/board").json() == "li"
    refused = logged_in(address, "chen").get("/x/board")
    assert refused.status_code == 403
    assert refused.json()["permission"] == "see_board"
    assert refused.headers["content-type"] == "application/problem+json"
    assert httpx.get(f"{address}/x/anybody").json() == "stranger"


def test_the_cookie_is_for_the_server_only(address: str) -> None:
    make_person("li", Role.LEADER)
    answer = httpx.post(f"{address}/api/v1/session", json={"login": "li", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain http
    assert answer.headers["cache-control"] == "no-store"


def test_a_trusted_proxys_word_counts_and_a_strangers_does_not(
    fresh_database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person("li", Role.LEADER)
    said = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.66, 203.0.113.4"}
    body = {"login": "li", "password": PASSWORD}
    with served(application()) as address:
        assert (
            "secure"
            not in httpx.post(f"{address}/api/v1/session", json=body, headers=said).headers["set-cookie"].lower()
        )
    monkeypatch.setenv("WANGGE_TRUSTED_PROXY", "127.0.0.0/8")
    with served(application()) as address:
        assert (
            "secure" in httpx.post(f"{address}/api/v1/session", json=body, headers=said).headers["set-cookie"].lower()
        )
    with read() as tx:
        seen = value(tx, "SELECT array_agg(whence ORDER BY id) FROM audit_event WHERE kind = 'log_in'")
    assert seen == ["127.0.0.1", "203.0.113.4"]


@pytest.mark.parametrize("path", ["/x/form", "/x/button"])
def test_a_change_needs_the_sessions_token_in_header_or_form(address: str, path: str) -> None:
    make_person("li", Role.LEADER)
    client = logged_in(address, "li")
    token = client.headers.pop("x-csrf")
    assert client.post(path, data={"word": "w"}).status_code == 403
    assert client.post(path, data={"word": "w", "csrf": "guessed"}).json()["reason"] == "csrf"
    assert client.post(path, data={"word": "w", "csrf": token}).status_code == 200
    assert client.post(path, data={"word": "w"}, headers={"x-csrf": token}).status_code == 200


def test_a_multipart_form_finds_its_token_too(address: str) -> None:
    make_person("li", Role.LEADER)
    client = logged_in(address, "li")
    token = client.headers.pop("x-csrf")
    files = {"photo": ("a.jpg", b"x", "image/jpeg")}
    assert client.post("/x/form", data={"word": "w"}, files=files).status_code == 403
    assert client.post("/x/form", data={"word": "w", "csrf": token}, files=files).json() == "li w"


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_another_sites_page_changes_nothing_and_logs_nobody_in(address: str, headers: dict[str, str]) -> None:
    make_person("li", Role.LEADER)
    client = logged_in(address, "li")
    assert client.post("/x/button", headers=headers).json()["reason"] == "origin"
    body = {"login": "li", "password": PASSWORD}
    assert httpx.post(f"{address}/api/v1/session", json=body, headers=headers).status_code == 403
    assert client.post("/x/button", headers={"origin": address}).status_code == 200


def test_with_a_generated_password_only_its_change_is_served(address: str) -> None:
    make_person("li", Role.LEADER, must_change=True)
    client = logged_in(address, "li")
    assert client.get("/x/board").json()["type"] == "/problems/password-change-needed"
    assert client.get("/api/v1/me").json()["must_change"]
    changed = client.put("/api/v1/password", json={"old": PASSWORD, "new": "another-word-31"})
    assert changed.status_code == 200
    assert client.get("/x/board").status_code == 200


def test_a_right_taken_away_is_gone_at_the_next_request(address: str) -> None:
    person = make_person("li", Role.LEADER)
    client = logged_in(address, "li")
    assert client.get("/x/board").status_code == 200
    with write() as tx:
        execute(tx, "DELETE FROM person_role WHERE person_id = %(id)s", id=person)
    assert client.get("/x/board").status_code == 403


def test_logging_out_ends_it(address: str) -> None:
    make_person("li", Role.LEADER)
    client = logged_in(address, "li")
    kept = dict(client.cookies)
    assert client.delete("/api/v1/session").status_code == 204
    assert httpx.get(f"{address}/x/board", cookies=kept).status_code == 401


def test_a_department_reads_under_row_security_for_its_units(address: str) -> None:
    make_unit("bureau")
    make_unit("crew", parent="bureau")
    make_person("wang", Role.DEPARTMENT, unit="bureau")
    assert logged_in(address, "wang").get("/x/units").json() == ["wangge_department", "{bureau,crew}"]


def test_refusals_of_people_logged_in_are_recorded(address: str) -> None:
    make_person("chen", Role.INSPECTOR)
    client = logged_in(address, "chen")
    client.get("/x/board")
    client.get("/x/none/7")
    httpx.get(f"{address}/x/board")
    with read() as tx:
        seen = value(
            tx,
            """SELECT array_agg(object || ' ' || (detail->>'status') ORDER BY id) FROM audit_event
                WHERE kind = 'refused'""",
        )
    assert seen == ["/x/board 403", "/x/none/7 404"]


def test_every_way_in_is_listed_and_one_without_a_permission_stops_the_start(tmp_path: Path) -> None:
    app = application()
    app.mount("/static", serves(Permission.PUBLIC, StaticFiles(directory=tmp_path)))

    async def live(socket: WebSocket) -> None: ...

    app.add_api_websocket_route("/live", serves(Permission.SIGNED_IN, live))
    listed = {(right.method, right.path): right.permission for right in rights(app.routes)}
    assert listed[("GET", "/x/board")] is Permission.SEE_BOARD
    assert listed[("WEBSOCKET", "/live")] is Permission.SIGNED_IN
    assert listed[("MOUNT", "/static")] is Permission.PUBLIC
    check_rights(app.routes)


@pytest.mark.parametrize("kind", ["route", "socket", "mount", "docs"])
def test_a_forgotten_permission_stops_the_start(kind: str, tmp_path: Path) -> None:
    app = application() if kind != "docs" else FastAPI()

    async def anything(socket: WebSocket) -> None: ...

    def plain() -> None: ...

    if kind == "route":
        app.add_api_route("/bare", plain)
    elif kind == "socket":
        app.add_api_websocket_route("/bare", anything)
    elif kind == "mount":
        app.mount("/bare", StaticFiles(directory=tmp_path))
    else:
        install(app)
    with pytest.raises(RuntimeError, match=r"permission|did not start"), served(app):
        pass
    with pytest.raises(RuntimeError, match=r"/bare|/docs"):
        check_rights(app.routes)
