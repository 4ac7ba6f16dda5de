"""The open page of a department is its terminal's sign of life; the board says who is there; a network binds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.people.passwords import hash_password
from dispatch.people.sessions import begin, keep, token_hash
from dispatch.terminals.silence import watch
from gis.db import execute, write
from tests.cases.town import look, settled
from tests.http.serving import served
from tests.notify.receivers import until
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]
UNIT = "enforcement-a"


@pytest.fixture(scope="module")
def office(database: Urls) -> Iterator[Office]:
    """The town, with the hub that listens."""
    with settled() as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


def spans(unit: str) -> int:
    sql = "SELECT count(*) AS n FROM presence JOIN terminal t ON t.id = terminal_id WHERE unit_id = %(u)s"
    return int(look(sql, u=unit)[0]["n"])


@pytest.mark.parametrize("path", ["/desk", "/account"])
def test_any_open_page_of_a_department_is_a_sign_of_life(
    office: Office, sit: Sit, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.live.hub.EVERY", 0.2)
    unit = {"/desk": UNIT, "/account": "water"}[path]
    assert spans(unit) == 0
    seat = sit(unit, DESK)
    seat.go(path)
    assert until(lambda: spans(unit) > 0, 25)
    assert look("SELECT count(*) AS n FROM uptime")[0]["n"] > 0


def test_the_board_and_the_record_fit_and_a_department_reads_its_own(office: Office, sit: Sit, person: Enter) -> None:
    case = office.town.dispatched()
    department = person(UNIT)
    answer = department.send(f"/cases/{case.number}", f"/cases/{case.number}", action=Action.SIGN.value)
    assert answer.status_code == 303, answer.text
    with write() as tx:
        execute(tx, "INSERT INTO silence (unit_id, noticed_at) VALUES ('water', %(n)s)", n=office.town.now)
    office.town.set(office.town.now + timedelta(minutes=1))
    for size in (PHONE, DESK):
        seat = sit("dispatcher", size)
        seat.go("/terminals")
        expect(seat.page.get_by_text("失联 1")).to_be_visible()
        expect(seat.page.get_by_text("派遣员王敏")).to_be_visible()
        seat.go(f"/terminals/{UNIT}?lang=en")
        expect(seat.page.get_by_role("cell", name=case.number)).to_be_visible()
        expect(seat.page.get_by_role("cell", name="127.0.0.1")).to_be_visible()
    assert "失联 1" in person("shift_leader").get("/console").text
    assert department.get(f"/terminals/{UNIT}").status_code == 200
    assert department.get("/terminals/water").status_code == 404
    assert department.get("/terminals").status_code == 403
    assert person("dispatcher").get("/terminals/nobody").status_code == 404
    printed = look("SELECT object FROM audit_event WHERE kind = 'print' AND detail ->> 'sheet' = 'terminal'")
    assert {row["object"] for row in printed} == {f"unit:{UNIT}"}


def test_a_bound_terminal_is_refused_elsewhere_with_a_clear_word(office: Office, person: Enter) -> None:
    with write() as tx:
        execute(tx, "INSERT INTO connection VALUES ('street-a', ARRAY['10.20.0.0/16'], NULL, '')")
    away = person("street-a")
    refused = away.get("/desk")
    assert refused.status_code == 403
    assert "限在规定网段内使用" in refused.text
    assert "127.0.0.1" in refused.text
    assert away.web.get("/api/v1/me").status_code == 200  # who I am, and the way out, stay open
    with write() as tx:
        execute(tx, "DELETE FROM connection WHERE unit_id = 'street-a'")
        execute(tx, "INSERT INTO connection VALUES ('street-a', ARRAY['10.20.0.0/16', '127.0.0.0/8'], NULL, '')")
    assert away.get("/desk").status_code == 200


def test_behind_our_proxy_a_terminal_is_bound_to_where_the_proxy_saw_it_and_not_to_what_its_browser_says(
    office: Office, database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    with write() as tx:
        execute(tx, "INSERT INTO connection VALUES ('landscaping', ARRAY['10.20.0.0/16'], NULL, '')")
    monkeypatch.setenv("WANGGE_TRUSTED_PROXY", "127.0.0.1/32")
    with served(create_app(database.app)) as address, httpx.Client(base_url=address) as web:
        web.post("/login", data={"login": "landscaping", "password": PASSWORD, "next": "/"})
        for seen, status, code in (
            ("10.20.0.7, 192.0.2.9", 403, 4403),  # the first is the browser's own word, the last what the proxy saw
            ("10.20.0.7, 127.0.0.1, 192.0.2.9", 403, 4403),
            ("10.20.0.7, nonsense", 403, 4403),
            ("192.0.2.9, 10.20.0.7", 200, None),
        ):
            said = {"x-forwarded-for": seen}
            assert web.get("/desk", headers=said).status_code == status, seen
            session = "; ".join(f"{name}={value}" for name, value in web.cookies.items())
            with connect(
                f"{address.replace('http', 'ws')}/live", additional_headers=said | {"cookie": session}
            ) as line:
                with nullcontext() if code is None else pytest.raises(ConnectionClosed):
                    line.recv(5)
                assert line.protocol.close_code in ((None,) if code is None else (code,)), seen
    with write() as tx:
        execute(tx, "DELETE FROM connection WHERE unit_id = 'landscaping'")


def test_an_open_terminal_keeps_its_session_and_nobody_elses(office: Office) -> None:
    old = "UPDATE session SET seen_at = clock_timestamp() - interval '29 minutes' WHERE token_hash = ANY(%(h)s)"
    with write() as tx:
        tokens = [begin(tx, office.town.people[login].person_id or 0, "10.0.0.9").token for login in (UNIT, "leader")]
        hashes = [token_hash(token) for token in tokens]
        execute(tx, old, h=hashes)
        keep(tx, hashes)
    fresh = "SELECT seen_at > clock_timestamp() - interval '1 minute' AS kept FROM session WHERE token_hash = %(h)s"
    assert [look(fresh, h=one)[0]["kept"] for one in hashes] == [True, False]


def test_the_worker_watches(office: Office) -> None:
    assert watch() == 0  # the town's clock stands at nine: nobody could have been silent for a quarter of an hour yet


def test_the_address_that_counts_is_the_one_the_request_comes_from(office: Office) -> None:
    login = {"login": UNIT, "password": PASSWORD, "next": "/"}
    web = httpx.Client(base_url=office.address)
    web.post("/login", data=login, headers={"x-forwarded-for": "10.9.9.9"})  # of no trusted proxy
    web.close()
    assert {row["a"] for row in look("SELECT host(address) AS a FROM terminal")} >= {"127.0.0.1"}
    assert "10.9.9.9" not in {row["a"] for row in look("SELECT host(address) AS a FROM terminal")}
