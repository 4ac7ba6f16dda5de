"""A route that goes straight to its handler asks for the same right, the same token and the same body as any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, LiteralString
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.cluster import Urls
from dispatch.http import install
from dispatch.people.roles import Permission, Role
from dispatch.people.straight import straight
from dispatch.people.who import Signed, needs
from gis.db import execute, read, value, write
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person, make_unit

router = APIRouter(prefix="/x")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str
    number: Annotated[int, Field(le=99)] = 0


@straight(router, "/{place}/said", status_code=201, **needs(Permission.SEE_RANKING))
def said(place: str, body: Body, me: Signed) -> Response:
    """Say it again, and keep it."""
    with me.write(as_centre=True) as tx:
        execute(tx, "INSERT INTO throttle VALUES (%(key)s, 1, now())", key=f"{body.word}-{uuid4()}")
        units = value(tx, "SELECT %(units)s::text", units=" ".join(me.units))
    return Response(f"{me.login} {place} {body.word} {body.number} {units}".strip(), 201)


@straight(router, "/clash", status_code=201, **needs(Permission.SEE_RANKING))
def clash(body: Body, me: Signed) -> Response:
    """The database refuses it in the first packet: before the answer about who asks was looked at."""
    with me.write(as_centre=True) as tx:
        execute(tx, "INSERT INTO throttle VALUES (%(key)s, 1, now()), (%(key)s, 1, now())", key=body.word)
    return Response("done", 201)


@straight(router, "/untold", **needs(Permission.SEE_RANKING))
def untold(body: Body, me: Signed) -> Response:
    """Wrongly: it proves nothing of who asks."""
    return Response("done")


@pytest.fixture(scope="module")
def address(database: Urls) -> Iterator[str]:
    import dispatch.people.api

    make_person("li", Role.LEADER)
    make_person("wu", Role.INSPECTOR)
    with write() as tx:
        execute(
            tx, "INSERT INTO city (name, folder, document, version) VALUES ('t', 't', '{\"time_zone\": \"UTC\"}', 1)"
        )
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


def test_a_bound_that_a_body_breaks_is_named_in_its_code_as_by_every_other_route(address: str):
    answer = sent(address, "li", b'{"word": "w", "number": 100}')
    assert answer.json()["codes"] == {"body.number": {"type": "less_than_equal", "le": "99"}}


@pytest.fixture
def known(address: str) -> Iterator[httpx.Client]:
    """Somebody whom the server remembers: he has asked before."""
    with entered(address, "li") as client:
        assert say(client, "first").status_code == 201
        yield client


@contextmanager
def entered(address: str, login: str) -> Iterator[httpx.Client]:
    """Somebody logged in."""
    with httpx.Client(base_url=address) as client:
        answer = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        client.headers["x-csrf"] = answer.json()["csrf"]
        yield client


def say(client: httpx.Client, word: str, **more: str) -> httpx.Response:
    return client.post("/x/here/said", json={"word": word}, headers=more)


def kept(word: str) -> int:
    with read() as tx:
        return int(value(tx, "SELECT count(*) FROM throttle WHERE key LIKE %(like)s", like=f"{word}-%"))


def change(sql: LiteralString) -> None:
    with write() as tx:
        assert execute(tx, sql) >= 1


LI = "(SELECT id FROM person WHERE login = 'li')"
TAKEN_AWAY: dict[str, tuple[LiteralString, LiteralString, int]] = {
    "the session": (f"UPDATE session SET expires_at = now() WHERE person_id = {LI}", "", 401),
    "the account": (
        "UPDATE person SET disabled = true WHERE login = 'li'",
        "UPDATE person SET disabled = false WHERE login = 'li'",
        401,
    ),
    "the post": (
        f"DELETE FROM person_role WHERE person_id = {LI}",
        f"INSERT INTO person_role VALUES ({LI}, 'leader')",
        403,
    ),
    "the password": (
        "UPDATE person SET must_change = true WHERE login = 'li'",
        "UPDATE person SET must_change = false WHERE login = 'li'",
        403,
    ),
}


@pytest.mark.parametrize("what", list(TAKEN_AWAY))
def test_whoever_is_remembered_may_nothing_from_the_moment_it_is_taken_away(known: httpx.Client, what: str):
    taken, given_back, status = TAKEN_AWAY[what]
    assert say(known, "still").status_code == 201
    before = kept("after")
    change(taken)
    try:
        refused = say(known, "after")
        assert (refused.status_code, kept("after")) == (status, before)
        bad = known.post("/x/here/said", content=b"{", headers={"content-type": "application/json"})
        assert bad.status_code == status  # not what is wrong with the body: that is no longer his to learn
    finally:
        if given_back:
            change(given_back)


def test_what_the_database_refuses_is_told_to_those_only_who_are_proved(known: httpx.Client):
    assert known.post("/x/clash", json={"word": "twice"}).status_code == 500
    assert known.post("/x/clash", json={"word": "w\0"}).status_code == 422
    change(f"UPDATE session SET expires_at = now() WHERE person_id = {LI}")
    assert known.post("/x/clash", json={"word": "twice"}).status_code == 401
    assert known.post("/x/clash", json={"word": "w\0"}).status_code == 401


def test_whoever_is_remembered_is_refused_as_anybody_else(known: httpx.Client):
    assert say(known, "no", **{"x-csrf": "another"}).status_code == 403
    assert say(known, "no", origin="http://elsewhere.example").status_code == 403
    assert known.post("/x/here/said", json={"number": 1}).status_code == 422
    assert kept("no") == 0


def test_a_post_that_is_given_counts_with_the_next_request(address: str):
    with entered(address, "wu") as client:
        assert say(client, "early").status_code == 403
        change("INSERT INTO person_role SELECT id, 'leader' FROM person WHERE login = 'wu'")
        assert say(client, "later").status_code == 201
        change(
            "DELETE FROM person_role WHERE role = 'leader' AND person_id IN (SELECT id FROM person WHERE login = 'wu')"
        )
        assert say(client, "late").status_code == 403


def test_the_units_are_those_of_the_citys_version_and_day(address: str):
    make_unit("bureau")
    make_person("ma", Role.LEADER, unit="bureau")
    with entered(address, "ma") as client:
        assert say(client, "w").text.endswith("0 bureau")
        assert say(client, "w").text.endswith("0 bureau")
        make_unit("crew", parent="bureau")  # a new directory comes with a new version of the city
        make_unit("depot", parent="bureau", since="2099-06-01")
        change("UPDATE city SET version = version + 1")
        assert say(client, "w").text.endswith("0 bureau crew")
        change("UPDATE city SET simulated_now = '2099-06-02T00:00:00Z', rehearsal = 1")
        assert say(client, "w").text.endswith("0 bureau crew depot")


def test_a_straight_route_that_proves_nobody_does_not_go_unnoticed(known: httpx.Client):
    assert known.post("/x/untold", json={"word": "w"}).status_code == 500


def test_a_handler_of_another_shape_is_refused_when_it_is_declared():
    def bare(request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match="straight"):
        straight(APIRouter(), "/bare", **needs(Permission.PUBLIC))(bare)
