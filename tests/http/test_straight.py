"""A route that goes straight to its handler asks for the same right, the same token and the same body as any other."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

from dispatch.cluster import Urls
from dispatch.http import install
from dispatch.people.roles import Permission, Role
from dispatch.people.straight import straight
from dispatch.people.who import Signed, needs
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person

router = APIRouter(prefix="/x")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str
    number: int = 0


@straight(router, "/{place}/said", status_code=201, **needs(Permission.SEE_RANKING))
def said(place: str, body: Body, me: Signed) -> Response:
    """Say it again."""
    return Response(f"{me.login} {place} {body.word} {body.number}", 201)


@pytest.fixture(scope="module")
def address(database: Urls) -> Iterator[str]:
    import dispatch.people.api

    make_person("li", Role.LEADER)
    make_person("wu", Role.INSPECTOR)
    app = FastAPI(openapi_url=None)
    install(app)
    app.include_router(router)
    app.include_router(dispatch.people.api.router)
    with served(app) as there:
        yield there


def sent(address: str, login: str | None, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """What the route answers to this login, or to nobody."""
    with httpx.Client(base_url=address) as client:
        if login is not None:
            entered = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            client.headers["x-csrf"] = entered.json()["csrf"]
        kind = {"content-type": "application/json"}
        return client.post("/x/here/said", content=body, headers=kind | (headers or {}))


def test_it_answers_who_may_ask(address: str):
    answer = sent(address, "li", '{"word": "井盖", "number": 2}'.encode())
    assert (answer.status_code, answer.text) == (201, "li here 井盖 2")


@pytest.mark.parametrize(
    ("login", "headers", "status", "kind"),
    [
        (None, {}, 401, "log-in-needed"),
        ("wu", {}, 403, "forbidden"),
        ("li", {"x-csrf": "another"}, 403, "forbidden"),
        ("li", {"origin": "http://elsewhere.example"}, 403, "forbidden"),
        ("li", {"content-type": "text/plain"}, 422, "form-incomplete"),
    ],
)
def test_it_refuses_as_every_other_route_does(
    address: str, login: str | None, headers: dict[str, str], status: int, kind: str
):
    answer = sent(address, login, b'{"word": "w"}', headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"number": 1}', "body.word"),
        (b'{"word": "w", "number": "many"}', "body.number"),
        (b'{"word": "w", "more": 1}', "body.more"),
        (b"{", "body"),
        (b"", "body"),
        (b'"word"', "body"),
    ],
)
def test_a_body_that_is_wrong_is_named_by_its_field_and_not_repeated(address: str, body: bytes, field: str):
    answer = sent(address, "li", body)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert "many" not in answer.text


def test_a_handler_of_another_shape_is_refused_when_it_is_declared():
    def bare(request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match="straight"):
        straight(APIRouter(), "/bare", **needs(Permission.PUBLIC))(bare)
