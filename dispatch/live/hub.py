"""One listener for each web process, and many who are told: reads the feed once, hands it to all who may see it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from dispatch.live.feed import CHANNEL, FeedRow, Token, here, since
from dispatch.people.sessions import Standing, keep, standing
from dispatch.terminals.presence import EVERY, beat
from dispatch.told import TOLD, Told
from gis.db import read, write
from gis.problems import Problem

log = logging.getLogger("wangge.live")

BUFFER = 2_000  # rows a reader may be behind before it is cut
BATCH = 500
POLL = 0.9  # seconds between looks when no bell rings, and between looks at the sessions: revoked is cut within one


@dataclass(eq=False)
class Subscriber:
    """One open connection. `units` None: sees everything. `cut` tells why it must end.

    `terminal`: whose page it is, of a reader who answers for a unit: it counts as there while the connection is open.
    `person`, `unit`: to whom messages are; `told`: there is a new one.
    """

    standing: Standing
    units: frozenset[str] | None
    terminal: int | None = None
    person: int = 0
    unit: str | None = None
    told: bool = False
    waiting: deque[FeedRow] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    cut: str = ""

    def may_see(self, row: FeedRow) -> bool:
        """Whether the row is for this reader."""
        return self.units is None or row.unit_id in self.units

    def offer(self, rows: Sequence[FeedRow]) -> None:
        """Hand over what it may see; a reader too far behind is cut, and reads on from its token when it comes back."""
        if self.cut:
            return
        mine = [row for row in rows if self.may_see(row)]
        if len(self.waiting) + len(mine) > BUFFER:
            self.end("slow")
        elif mine:
            self.waiting.extend(mine)
            self.news.set()

    def tell(self, whom: Told) -> None:
        """There are messages: to this reader too?"""
        if whom.everybody or self.person in whom.people or self.unit in whom.units:
            self.told = True
            self.news.set()

    def end(self, reason: str) -> None:
        """Have the connection closed."""
        self.cut = reason
        self.waiting.clear()
        self.news.set()

    async def take(self, seconds: float) -> list[FeedRow]:
        """What has come, after `seconds` at most; empty if nothing has, or if it is cut."""
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
        except TimeoutError:
            return []
        self.news.clear()
        taken = list(self.waiting)
        self.waiting.clear()
        return taken


class Hub:
    """Starts and stops with the web process: `async with Hub(url) as hub`. `url`: libpq, as for `gis.db.configure`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.place = Token(0, 0)
        self.subscribers: set[Subscriber] = set()
        self._ready = asyncio.Event()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Hub:
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._deliver()),
            asyncio.create_task(self._live()),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for subscriber in tuple(self.subscribers):
            subscriber.end("closing")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def subscribe(self, subscriber: Subscriber) -> None:
        """Begin to collect for a reader what comes after the hub's place; what comes before, it reads by itself.

        Raises TimeoutError while the hub has not yet seen the database.
        """
        await asyncio.wait_for(self._ready.wait(), 5)
        self.subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Stop collecting."""
        self.subscribers.discard(subscriber)

    async def _listen(self) -> None:
        """Turn NOTIFY into a wake-up. Nothing is executed on this connection while it listens: that would hang it."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await connection.execute(f"LISTEN {TOLD}")
                    self._tell(Told(everybody=True))  # who was told something before is not known
                    async for rung in connection.notifies():
                        if rung.channel == CHANNEL:
                            self._wake.set()
                            continue
                        self._tell(Told.read(rung.payload))
            except psycopg.Error:
                log.warning("the listener lost the database; polling meanwhile")
            await asyncio.sleep(1)

    def _tell(self, whom: Told) -> None:
        for subscriber in tuple(self.subscribers):
            subscriber.tell(whom)

    async def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL)
            self._wake.clear()
            try:
                await self._read_on()
                if loop.time() - checked >= POLL * 0.8:
                    checked = loop.time()
                    await self._check()
            except Problem as error:
                log.warning("the feed cannot be read now: %s", error.title)

    async def _live(self) -> None:
        """Signs of life of this server and of the units whose pages are open here."""
        while True:
            there = [one for one in self.subscribers if one.terminal is not None and not one.cut]
            try:
                await asyncio.to_thread(_beat, there)
            except Problem as error:
                log.warning("no sign of life could be kept: %s", error.title)
            await asyncio.sleep(EVERY)

    async def _read_on(self) -> None:
        if not self._ready.is_set():
            self.place = await asyncio.to_thread(_here)
            self._ready.set()
        while True:
            rows = await asyncio.to_thread(_since, self.place)
            if rows:
                self.place = rows[-1].token
                for subscriber in tuple(self.subscribers):
                    subscriber.offer(rows)
            if len(rows) < BATCH:
                return

    async def _check(self) -> None:
        """Cut whoever has logged out, was disabled, or holds other posts than when the connection began."""
        if self.subscribers:
            asked = tuple(self.subscribers)
            valid = await asyncio.to_thread(_standing, [subscriber.standing.token_hash for subscriber in asked])
            for subscriber in asked:
                if valid.get(subscriber.standing.token_hash) != subscriber.standing:
                    subscriber.end("revoked")


def _beat(there: Sequence[Subscriber]) -> None:
    with write() as tx:
        beat(tx, [one.terminal for one in there if one.terminal is not None])
        if there:
            keep(tx, [one.standing.token_hash for one in there])


def _here() -> Token:
    with read() as tx:
        return here(tx)


def _since(place: Token) -> list[FeedRow]:
    with read() as tx:
        return since(tx, place, limit=BATCH)


def _standing(hashes: list[bytes]) -> dict[bytes, Standing]:
    with read() as tx:
        return standing(tx, hashes)
