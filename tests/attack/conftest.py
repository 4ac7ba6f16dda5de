"""The town behind a real server, and clients of the interface who are logged in: what attackers would use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.cases.town import Town, settled
from tests.http.serving import served
from tests.people.made import PASSWORD

Enter = Callable[[str], httpx.Client]


@dataclass
class Office:
    """The town, and where its server is."""

    town: Town
    address: str


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    """The settled town, without a server."""
    with settled() as town:
        yield town


@pytest.fixture(scope="module")
def office(database: Urls, town: Town) -> Iterator[Office]:
    """The town behind a server; everybody's password is PASSWORD."""
    with write() as tx:
        execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
    with served(create_app(database.app)) as address:
        yield Office(town, address)


@pytest.fixture
def enter(office: Office) -> Iterator[Enter]:
    """`enter("acceptor")` is a client logged in with its token; `enter("")` a stranger."""
    opened: list[httpx.Client] = []

    def begin(login: str) -> httpx.Client:
        web = httpx.Client(base_url=office.address, timeout=30)
        opened.append(web)
        if login:
            answer = web.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            web.headers["x-csrf"] = answer.json()["csrf"]
        return web

    yield begin
    for web in opened:
        web.close()
