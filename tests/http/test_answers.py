"""Problems, bounds, headers, cursors: over a real socket."""

from __future__ import annotations

import http.client
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel

from dashboards.serve import command
from dispatch.cluster import Urls
from dispatch.http import CSP, ORDINARY_BODY, cursor, install, place_of, problem_answer
from dispatch.people.roles import Permission
from dispatch.people.who import needs
from gis.db import read, value
from gis.problems import Conflict, FormIncomplete, NotAllowed, Problem, TooMany
from tests.http.serving import served

SECRET = "SELECT password FROM /etc/secret"
PUBLIC = needs(Permission.PUBLIC)


class Body(BaseModel):
    word: str
    number: int = 0


def page(request: Request, problem: Problem) -> Response:
    return Response(f"<h1>{problem.zh}</h1>", problem.status, media_type="text/html")


def application() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/not-allowed", **PUBLIC)
    def not_allowed() -> None:
        raise NotAllowed("This case cannot be closed yet", zh="案件尚不能结案", state="sent", allowed=["sign"])

    @app.get("/too-many", **PUBLIC)
    def too_many() -> None:
        raise TooMany("Later", retry_after=17)

    @app.get("/broken", **PUBLIC)
    def broken() -> None:
        raise RuntimeError(SECRET)

    @app.get("/wrong-sql", **PUBLIC)
    def wrong_sql(word: Annotated[str, Query()]) -> str:
        with read() as tx:
            return str(value(tx, "SELECT %(word)s::text", word=word))

    @app.get("/big-number", **PUBLIC)
    def big_number(number: int) -> str:
        with read() as tx:
            return str(value(tx, "SELECT %(n)s::bigint", n=number))

    @app.post("/body", **PUBLIC)
    def body(body: Body) -> int:
        return len(body.word)

    @app.post("/large", **needs(Permission.PUBLIC, body=1_000_000))
    def large(body: Body) -> int:
        return len(body.word)

    install(app, html_problem=page)
    return app


@pytest.fixture(scope="module")
def address(database: Urls) -> Iterator[str]:
    with served(application()) as address:
        yield address


def test_a_refusal_says_in_both_languages_what_would_work(address: str) -> None:
    answer = httpx.get(f"{address}/not-allowed")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/not-allowed",
        "title": "This case cannot be closed yet",
        "title_zh": "案件尚不能结案",
        "status": 409,
        "state": "sent",
        "allowed": ["sign"],
    }


def test_a_field_cannot_take_the_place_of_the_status() -> None:
    answer = problem_answer(Conflict("x", status=200, type="y"))
    assert answer.status_code == 409
    assert b'"status":409' in answer.body
    assert b'"type":"/problems/conflict"' in answer.body


def test_a_persons_browser_gets_a_page_and_a_program_does_not(address: str) -> None:
    accept = {"accept": "text/html,application/xhtml+xml,*/*"}
    assert "案件尚不能结案" in httpx.get(f"{address}/not-allowed", headers=accept).text
    assert httpx.get(f"{address}/api/v1/nothing", headers=accept).headers["content-type"] == "application/problem+json"


def test_who_has_to_wait_is_told_how_long(address: str) -> None:
    answer = httpx.get(f"{address}/too-many")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")


def test_nothing_of_a_fault_here_goes_out(address: str) -> None:
    answer = httpx.get(f"{address}/broken")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert re.fullmatch(r"[0-9a-f]{12}", answer.json()["log_id"])
    assert answer.headers["content-security-policy"] == CSP


@pytest.mark.parametrize("path", ["/wrong-sql?word=a%00b", f"/big-number?number={2**70}", "/big-number?number=x"])
def test_what_no_column_can_hold_is_the_senders_fault(address: str, path: str) -> None:
    answer = httpx.get(address + path)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/form-incomplete"


@pytest.mark.parametrize("sent", [b'{"word": 1', b"[]", b'{"number": "canary-17"}', b"\xff", b"[" * 30_000])
def test_a_body_that_cannot_be_read_is_refused_and_not_repeated(address: str, sent: bytes) -> None:
    answer = httpx.post(f"{address}/body", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert "canary" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/body", 405)])
def test_wrong_addresses_and_methods_are_problems_too(address: str, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, address + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/not-allowed/", "/NOT-ALLOWED", "//not-allowed"])
def test_a_thing_has_one_address(address: str, path: str) -> None:
    assert httpx.get(address + path).status_code == 404


@pytest.mark.parametrize("path", ["/not-allowed", "/broken", "/nothing", "/body"])
def test_every_answer_has_the_headers(address: str, path: str) -> None:
    headers = httpx.get(address + path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "'unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_only_static_files_may_be_kept(address: str) -> None:
    assert httpx.get(f"{address}/not-allowed").headers["cache-control"] == "no-store"
    assert "cache-control" not in httpx.get(f"{address}/static/nothing").headers


def body_of(length: int) -> bytes:
    return b'{"word":"' + b"a" * (length - 11) + b'"}'


@pytest.mark.parametrize(("path", "limit"), [("/body", ORDINARY_BODY), ("/large", 1_000_000)])
def test_a_body_may_have_as_much_as_its_route_declares_and_no_byte_more(address: str, path: str, limit: int) -> None:
    json = {"content-type": "application/json"}
    assert httpx.post(address + path, content=body_of(limit), headers=json).json() == limit - 11
    refused = httpx.post(address + path, content=body_of(limit + 1), headers=json)
    assert refused.status_code == 413
    assert refused.json()["type"] == "/problems/too-large"


def test_a_body_without_end_is_cut_where_the_bound_is(address: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100_000_000:
            sent += 8192
            yield b"a" * 8192

    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", "/body", body=endless(), headers={"content-type": "application/json"})
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # cut while still sending
    finally:
        connection.close()
    assert sent < 20_000_000


@pytest.mark.parametrize("length", ["1_0", "-1", "１"])
def test_a_length_that_is_none_is_not_believed(address: str, length: str) -> None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", "/body")
    connection.putheader("content-length", length.encode())
    connection.endheaders()
    assert connection.getresponse().status in (400, 413)
    connection.close()


def test_a_cursor_comes_back_as_it_went() -> None:
    assert place_of(cursor("2026-01-01T00:00:00+00:00", 17), str, int) == ("2026-01-01T00:00:00+00:00", 17)


@pytest.mark.parametrize(
    "text", ["", "!", "e30", cursor(1), cursor("a", "b"), cursor("a", 2**63), "WyJhIiwgdHJ1ZV0", "é"]
)
def test_a_cursor_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(FormIncomplete):
        place_of(text, str, int)


def test_the_server_itself_believes_no_forwarding_header(monkeypatch: pytest.MonkeyPatch):
    told: dict[str, object] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: told.update(options))
    parser = ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([]))
    assert told["proxy_headers"] is False
