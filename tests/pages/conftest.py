"""The town behind a real server, and people who log in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.cases.town import MONDAY, OFF_ROAD, Town, settled
from tests.http.serving import served
from tests.pages.seats import CHROMIUM, FLAGS, Seat, Sit
from tests.people.made import PASSWORD


@dataclass
class Office:
    """The town, and where its pages are."""

    town: Town
    address: str


@dataclass
class Person:
    """A browser without scripts: it keeps cookies, and sends back the forms it was given."""

    web: httpx.Client

    def get(self, path: str) -> httpx.Response:
        """A page; redirects are followed."""
        return self.web.get(path, headers={"accept": "text/html"}, follow_redirects=True)

    def send(self, page: str, to: str, **fields: object) -> httpx.Response:
        """Fill in a form of `page` whose action is `to`: its hidden fields go along, as a browser sends them."""
        found = self.get(page).text
        forms = re.findall(rf'<form method="post" action="{re.escape(to)}".*?</form>', found, re.DOTALL)
        wanted = str(fields.get("action", ""))
        form = next(f for f in forms if not wanted or f'value="{wanted}"' in f)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self.post(to, **({name: unescape(said) for name, said in hidden.items()} | fields))

    def post(self, to: str, **fields: object) -> httpx.Response:
        """Send fields; the answer itself, not where it leads."""
        return self.web.post(to, data=fields, headers={"accept": "text/html"})


def good_and_bad(town: Town) -> None:
    """A week with a good unit and a bad one, looked at when it is over."""
    for _ in range(3):
        town.closed()
    for _ in range(2):
        town.handling("enforcement-b")
    town.filed("E0405", 2)
    town.set(MONDAY.replace(day=16))
    town.sweep()


@pytest.fixture(scope="module")
def office(database: Urls) -> Iterator[Office]:
    """The settled town behind a server; everybody's password is PASSWORD."""
    with settled() as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


@pytest.fixture
def person(office: Office) -> Iterator[Callable[[str], Person]]:
    """`person("acceptor")` is logged in; `person("")` is a stranger."""
    opened: list[httpx.Client] = []

    def enter(login: str) -> Person:
        web = httpx.Client(base_url=office.address, timeout=20)
        opened.append(web)
        if login:
            answer = web.post("/login", data={"login": login, "password": PASSWORD, "next": "/"})
            assert answer.status_code == 303, answer.text
        return Person(web)

    yield enter
    for web in opened:
        web.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def sit(browser: Browser, office: Office) -> Iterator[Sit]:
    """`sit("acceptor", DESK)`: logged in before a screen; a stranger with an empty name."""
    seats: list[tuple[Seat, BrowserContext]] = []

    def take(
        login: str, size: tuple[int, int], *, host: str = "", place: bool = False, zone: str | None = None
    ) -> Seat:
        address = office.address.replace("127.0.0.1", host) if host else office.address
        screen = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=screen, locale="zh-CN", timezone_id=zone)
        if place:
            context.grant_permissions(["geolocation"])
            context.set_geolocation({"longitude": OFF_ROAD[0], "latitude": OFF_ROAD[1], "accuracy": 6})
        seat = Seat(context.new_page(), address)
        seat.page.on("console", seat.heard)
        seat.page.on("pageerror", lambda error: seat.faults.append(str(error)))
        own = urlsplit(address).netloc
        context.on("request", lambda r: seat.faults.append(r.url) if urlsplit(r.url).netloc not in (own, "") else None)
        seats.append((seat, context))
        if login:
            seat.go("/login")
            seat.page.get_by_label("账号").fill(login)
            seat.page.get_by_label("密码").fill(PASSWORD)
            seat.page.get_by_role("button", name="登录").click()
        return seat

    yield take
    faults = [fault for seat, _ in seats for fault in seat.faults]
    for _, context in seats:
        context.close()
    assert not faults, "\n".join(faults)
