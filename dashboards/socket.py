"""`/live`: a WebSocket on which the feed comes as it happens, after what was missed.

    ws://…/live?after=<token>      the cookie logs in; without `after` it begins now
    ← {"token": "812-9", "rows": [{"case": 5, "seq": 3, "action": "sign", "state": "handling", "unit": "u", "at": "…"}]}
    ← {"token": "812-9", "rows": []}            a heartbeat, every 20 seconds without news
    ← {"token": "900-0", "reload": true}        too much was missed: load the page's lists anew, then go on from here
    ← {"token": "812-9", "rows": [], "told": true}    the reader, or the reader's unit, has a new message (`/messages`)

Codes on closing: 4401 not (or no more) logged in, 4403 not permitted, 4400 bad token, 1013 too slow: come back with the
last token. The token of a message is kept once its rows are shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from dispatch.live.feed import FeedRow, Token, here, since
from dispatch.live.hub import BATCH, Hub, Subscriber
from dispatch.people.me import Me, person_of
from dispatch.people.roles import Permission
from dispatch.people.sessions import COOKIE, Standing, standing, token_hash
from dispatch.people.who import refuse_elsewhere, refuse_foreign, serves
from gis.db import read
from gis.problems import Forbidden, FormIncomplete, Problem

router = APIRouter()

HEARTBEAT = 20.0  # seconds
PATIENCE = 10.0  # seconds one message may take to go out
FARTHEST = 5_000  # rows one may have missed before a reload is the better way
CODES = {"revoked": 4401, "slow": 1013, "closing": 1001}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who listens, from where on."""

    me: Me
    standing: Standing
    after: Token | None

    @property
    def units(self) -> frozenset[str] | None:
        """The units whose cases the reader sees; None: all."""
        return frozenset(self.me.units) if self.me.is_department_only else None


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


async def live(socket: WebSocket) -> None:
    """One reader, from the handshake to the end."""
    hub: Hub = socket.app.state.hub
    try:
        reader = await asyncio.to_thread(_admit, socket)
    except _Refused as refused:
        await socket.accept()  # so that the page learns the code
        await socket.close(refused.code)
        return
    await socket.accept()
    me = reader.me
    subscriber = Subscriber(
        standing=reader.standing, units=reader.units, terminal=me.terminal, person=me.person_id, unit=me.unit_id
    )
    try:
        await hub.subscribe(subscriber)
    except TimeoutError:
        await socket.close(1013)
        return
    tell = asyncio.create_task(_tell(socket, reader, subscriber, hub))
    hear = asyncio.create_task(_hear(socket))
    try:
        await asyncio.wait({tell, hear}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(subscriber)
        for task in (tell, hear):
            task.cancel()
        await asyncio.gather(tell, hear, return_exceptions=True)


router.add_api_websocket_route("/live", serves(Permission.SIGNED_IN, live))


def _admit(socket: WebSocket) -> Reader:
    """Raises _Refused. Only those who may see cases at all are told of them."""
    token = socket.cookies.get(COOKIE, "")
    after = socket.query_params.get("after")
    try:
        refuse_foreign(socket)
        place = Token.read(after) if after else None
        me = person_of(token)
        held = _standing(token)
    except Forbidden as error:
        raise _Refused(4403) from error
    except FormIncomplete as error:
        raise _Refused(4400) from error
    except Problem as error:
        raise _Refused(1013) from error
    if me is None or held is None:
        raise _Refused(4401)
    try:
        refuse_elsewhere(socket, me)
    except Forbidden as error:
        raise _Refused(4403) from error
    if me.must_change or not me.may(Permission.SEE_CASES):
        raise _Refused(4403)
    return Reader(me, held, place)


def _standing(token: str) -> Standing | None:
    with read() as tx:
        return standing(tx, [token_hash(token)]).get(token_hash(token))


async def _hear(socket: WebSocket) -> None:
    """Nothing is asked on this line; a client that talks is closed."""
    try:
        for _ in range(16):
            await socket.receive_text()
        await socket.close(1008)
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return


async def _tell(socket: WebSocket, reader: Reader, subscriber: Subscriber, hub: Hub) -> None:
    try:
        place = await _catch_up(socket, reader, hub.place)
        while not subscriber.cut:
            taken = await subscriber.take(HEARTBEAT)
            rows = [row for row in taken if row.token > place]
            told, subscriber.told = subscriber.told, False
            if subscriber.cut or (taken and not rows and not told):
                continue
            # Nothing waits: all up to the hub's place was handed over, also what is not this reader's to see.
            place = rows[-1].token if rows else max(place, place if subscriber.waiting else hub.place)
            await _send(socket, place, rows, told=told)
        await socket.close(CODES.get(subscriber.cut, 1011))
    except TimeoutError:
        await asyncio.wait_for(socket.close(1013), 1)
    except (WebSocketDisconnect, RuntimeError):
        return


async def _catch_up(socket: WebSocket, reader: Reader, beginning: Token) -> Token:
    """Send what was missed; the place reached. `beginning`: the place of those who ask for no earlier one.

    The hub has been collecting for this reader since before: what it holds up to the place reached, `_tell` drops.
    """
    if reader.after is None:
        await _send(socket, beginning, [])
        return beginning
    place, sent = reader.after, 0
    while True:
        rows = await asyncio.to_thread(_missed, reader.me, place)
        sent += len(rows)
        if sent > FARTHEST:
            place = await asyncio.to_thread(_here)
            await _send(socket, place, [], reload=True)
            return place
        if rows:
            place = rows[-1].token
            await _send(socket, place, rows)
        if len(rows) < BATCH:
            return place


def _missed(me: Me, place: Token) -> list[FeedRow]:
    """Under the reader's own rights: row security, and the units again."""
    with me.read() as tx:
        return since(tx, place, limit=BATCH, units=me.units if me.is_department_only else None)


def _here() -> Token:
    with read() as tx:
        return here(tx)


async def _send(
    socket: WebSocket, place: Token, rows: Iterable[FeedRow], *, reload: bool = False, told: bool = False
) -> None:
    body: dict[str, object] = {"token": str(place), "rows": [_plain(row) for row in rows]}
    if told:
        body["told"] = True
    if reload:
        body["reload"] = True
    await asyncio.wait_for(socket.send_text(orjson.dumps(body).decode()), PATIENCE)


def _plain(row: FeedRow) -> dict[str, object]:
    return {
        "case": row.case_id,
        "seq": row.seq,
        "action": row.action,
        "state": row.state,
        "unit": row.unit_id,
        "at": row.at,
    }
