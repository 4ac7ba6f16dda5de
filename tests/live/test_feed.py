"""The feed: nothing is missed and nothing comes twice, however transactions commit."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboards.socket import router
from dispatch.cluster import Urls
from dispatch.http import install
from dispatch.live import hub as hub_room
from dispatch.live.feed import CHANNEL, Bell, Token, here, since
from dispatch.live.hub import Hub, Subscriber
from dispatch.people import api
from dispatch.people.roles import Role
from dispatch.people.sessions import Standing
from dispatch.told import say
from gis.db import execute, read, write
from gis.problems import FormIncomplete
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person, make_unit

TELL = """INSERT INTO feed (at, case_id, seq, action, state, unit_id)
          VALUES (clock_timestamp(), %s, %s, 'sign', 'handling', %s)"""
numbers = itertools.count(1)


def tell(url: str, cases: list[int], *, unit: str | None = None, hold: float = 0) -> None:
    """One transaction that writes rows and stays open for a while."""
    with psycopg.connect(url) as connection:
        for case in cases:
            connection.execute(TELL, (case, 1, unit))
        threading.Event().wait(hold)


def test_a_row_with_a_smaller_number_that_commits_later_is_not_missed(fresh_database: Urls) -> None:
    with read() as tx:
        begin = here(tx)
    with psycopg.connect(fresh_database.app) as slow:
        slow.execute(TELL, (1, 1, None))
        tell(fresh_database.app, [2])
        with read() as tx:
            assert since(tx, begin) == []  # 2 is committed, but 1 may still come before it
    with read() as tx:
        rows = since(tx, begin)
    assert [row.case_id for row in rows] == [1, 2]
    with read() as tx:
        assert [row.case_id for row in since(tx, rows[0].token)] == [2]
        assert since(tx, rows[1].token) == []


def test_a_department_reads_its_own_units_rows_only(fresh_database: Urls) -> None:
    with read() as tx:
        begin = here(tx)
    tell(fresh_database.app, [1], unit="mine")
    tell(fresh_database.app, [2], unit="theirs")
    with read() as tx:
        assert [row.case_id for row in since(tx, begin, units=["mine"])] == [1]
    with read(as_units=["mine"]) as tx:  # and row security without the filter
        assert [row.case_id for row in since(tx, begin)] == [1]


@pytest.mark.parametrize("text", ["", "1", "-", "1-", "a-1", "1-1-1", f"{2**63}-1", "１-1", "1 -1", "-1-1"])
def test_a_token_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FormIncomplete):
        Token.read(text)


def test_the_place_is_entered_by_the_index(fresh_database: Urls) -> None:
    with psycopg.connect(fresh_database.app, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO feed (at, case_id, seq, action, state, tx)
               SELECT clock_timestamp(), n, 1, 'sign', 'handling', n::text::xid8 FROM generate_series(1, 20000) n"""
        )
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("ANALYZE feed")
        text = """EXPLAIN SELECT * FROM feed WHERE tx >= '19990'::xid8 AND (tx, id) > ('19990'::xid8, 5)
                     AND tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, id LIMIT 500"""
        plan = "\n".join(line for (line,) in owner.execute(text))
    assert "Index" in plan
    assert "Sort" not in plan


def test_many_rings_are_one_bell(fresh_database: Urls) -> None:
    bell = Bell()
    with psycopg.connect(fresh_database.app, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        for _ in range(2000):
            bell.ring()
        heard = list(connection.notifies(timeout=0.6))
    assert 1 <= len(heard) <= 3


def test_a_slow_reader_is_cut_and_holds_no_more_than_the_buffer() -> None:
    held = Standing(token_hash=b"x", roles=(), unit_id=None)
    subscriber = Subscriber(standing=held, units=None)
    row: Any = object()
    subscriber.offer([row] * hub_room.BUFFER)
    assert len(subscriber.waiting) == hub_room.BUFFER
    subscriber.offer([row])
    assert subscriber.cut == "slow"
    assert not subscriber.waiting
    subscriber.offer([row])
    assert not subscriber.waiting


# ── over a real server ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def address(fresh_database: Urls) -> Iterator[str]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        async with Hub(fresh_database.app) as app.state.hub:
            yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.include_router(api.router)
    app.include_router(router)
    install(app)
    with served(app) as address:
        yield address


def log_in(address: str, login: str) -> str:
    answer = httpx.post(f"{address}/api/v1/session", json={"login": login, "password": PASSWORD})
    return str(answer.cookies["wangge"])


def listen(address: str, cookie: str, after: str = "", **headers: str) -> ClientConnection:
    url = address.replace("http", "ws") + "/live" + (f"?after={after}" if after else "")
    return connect(url, additional_headers={"Cookie": f"wangge={cookie}", **headers}, open_timeout=10)


def code_of(connection: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            connection.recv(timeout=5)
    return closed.value.rcvd.code if closed.value.rcvd else 0


def test_two_hundred_acts_from_many_transactions_arrive_once_each_through_every_break(
    address: str, fresh_database: Urls
) -> None:
    make_person("li", Role.LEADER)
    cookie, chance = log_in(address, "li"), random.Random(7)
    with listen(address, cookie) as first:
        token = json.loads(first.recv(timeout=5))["token"]

    bell = Bell()

    def write_some(worker: int) -> None:
        own = random.Random(worker)
        for turn in range(5):
            cases = [worker * 100 + turn * 10 + n for n in range(5)]
            tell(fresh_database.app, cases, hold=own.random() * 0.3)
            bell.ring()

    workers = [threading.Thread(target=write_some, args=(worker,)) for worker in range(8)]
    for worker in workers:
        worker.start()
    got: list[int] = []
    breaks = 0
    while len(got) < 200 and breaks < 200:
        breaks += 1
        with listen(address, cookie, token) as line:
            for _ in range(chance.randint(1, 2)):
                message = json.loads(line.recv(timeout=5))
                got += [row["case"] for row in message["rows"]]
                token = message["token"]
                if len(got) >= 200:
                    break
    for worker in workers:
        worker.join()
    wanted = [w * 100 + t * 10 + n for w in range(8) for t in range(5) for n in range(5)]
    assert breaks > 3
    assert sorted(got) == sorted(wanted)


def test_news_comes_by_the_bell_at_once_and_without_it_within_a_second(address: str, fresh_database: Urls) -> None:
    make_person("li", Role.LEADER)
    with listen(address, log_in(address, "li")) as line:
        line.recv(timeout=5)
        tell(fresh_database.app, [1])
        assert json.loads(line.recv(timeout=2))["rows"][0]["case"] == 1
        tell(fresh_database.app, [2])
        Bell().ring()
        assert json.loads(line.recv(timeout=0.8))["rows"][0]["case"] == 2


def test_a_department_hears_of_its_own_cases_only(address: str, fresh_database: Urls) -> None:
    make_unit("mine")
    make_unit("theirs")
    make_person("wang", Role.DEPARTMENT, unit="mine")
    cookie = log_in(address, "wang")
    with listen(address, cookie) as line:
        token = json.loads(line.recv(timeout=5))["token"]
        for case, unit in ((1, "theirs"), (2, "mine"), (3, None)):
            tell(fresh_database.app, [case], unit=unit)
        assert [row["case"] for row in json.loads(line.recv(timeout=3))["rows"]] == [2]
        with pytest.raises(TimeoutError):
            line.recv(timeout=1.5)
    with listen(address, cookie, token) as again:
        assert [row["case"] for row in json.loads(again.recv(timeout=3))["rows"]] == [2]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM session",
        "UPDATE person SET disabled = true",
        "DELETE FROM person_role",
        "UPDATE session SET expires_at = clock_timestamp()",
    ],
)
def test_a_right_that_ends_cuts_the_line_within_a_second_and_a_half(address: str, change: str) -> None:
    make_person("li", Role.LEADER)
    with listen(address, log_in(address, "li")) as line:
        line.recv(timeout=5)
        with write() as tx:
            execute(tx, change)
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=1.5)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4401


def test_strangers_other_sites_and_posts_without_cases_are_refused(address: str) -> None:
    make_person("li", Role.LEADER)
    make_person("adm", Role.SYSTEM_ADMIN)
    cookie = log_in(address, "li")
    with listen(address, "guessed") as line:
        assert code_of(line) == 4401
    with listen(address, cookie, Origin="https://evil.example") as line:
        assert code_of(line) == 4403
    with listen(address, log_in(address, "adm")) as line:
        assert code_of(line) == 4403
    with listen(address, cookie, "nonsense") as line:
        assert code_of(line) == 4400


def test_who_missed_too_much_is_told_to_reload(address: str, fresh_database: Urls) -> None:
    make_person("li", Role.LEADER)
    cookie = log_in(address, "li")
    with listen(address, cookie) as line:
        token = json.loads(line.recv(timeout=5))["token"]
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(
            """INSERT INTO feed (at, case_id, seq, action, state)
               SELECT clock_timestamp(), n, 1, 'sign', 'handling' FROM generate_series(1, 6000) n"""
        )
    with listen(address, cookie, token) as line:
        messages = [json.loads(line.recv(timeout=5))]
        while not messages[-1].get("reload"):
            messages.append(json.loads(line.recv(timeout=5)))
        tell(fresh_database.app, [7777])
        assert [row["case"] for row in json.loads(line.recv(timeout=3))["rows"]] == [7777]


def test_the_hub_reads_on_where_it_was_when_its_listener_was_thrown_out(address: str, fresh_database: Urls) -> None:
    make_person("li", Role.LEADER)
    with listen(address, log_in(address, "li")) as line:
        line.recv(timeout=5)
        with psycopg.connect(fresh_database.app, autocommit=True) as connection:
            connection.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"""
            )
        tell(fresh_database.app, [5])
        heard = [json.loads(line.recv(timeout=4))]
        while not any(one.get("told") for one in heard):  # whom a message was to meanwhile, nobody knows: all look
            heard.append(json.loads(line.recv(timeout=4)))
        assert [row["case"] for one in heard for row in one["rows"]] == [5]


def test_who_is_told_something_hears_of_it_on_the_line_and_nobody_else(address: str, fresh_database: Urls) -> None:
    li, _ = (make_person(name, Role.LEADER) for name in ("li", "wang"))
    with listen(address, log_in(address, "li")) as one, listen(address, log_in(address, "wang")) as other:
        for line in (one, other):
            line.recv(timeout=5)
        with write() as tx:
            say(tx, [li], [])
        assert json.loads(one.recv(timeout=3))["told"] is True
        with pytest.raises(TimeoutError):
            other.recv(timeout=1)
        with write() as tx:
            say(tx, range(5000), [])  # too many to be named: everybody looks
        assert all(json.loads(line.recv(timeout=3))["told"] for line in (one, other))
        with psycopg.connect(fresh_database.app) as connection:
            connection.execute("SELECT pg_notify('wangge_told', 'nonsense')")
        assert all(json.loads(line.recv(timeout=3))["told"] for line in (one, other))


def test_a_hub_that_has_no_database_yet_takes_no_reader() -> None:
    async def ask() -> None:
        hub = Hub("postgresql:///nothing?host=/nowhere")
        async with asyncio.timeout(7):
            await hub.subscribe(Subscriber(standing=Standing(token_hash=b"x", roles=(), unit_id=None), units=None))

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
