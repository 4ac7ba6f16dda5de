"""Acceptor, shift leader, dispatcher: their queues by stage, and the form for a report that comes by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.acting import degrees, instant, uuid_of
from dashboards.casefile import POOLS
from dashboards.pictures import BODY, Photos, kept
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.duplicates import Limits, counted
from dispatch.cases.intake import Report, receive
from dispatch.cases.read import PAGE, Cursor, Row, Tally, board, tally, unsafe
from dispatch.cases.reporter import language_to_tell, number_left
from dispatch.cases.waiting import LISTS, listed, waits_for
from dispatch.config import settings
from dispatch.http import cursor, instant_of, place_of
from dispatch.lifecycle.states import HOLDER, Pool, State
from dispatch.live.feed import here
from dispatch.notify.configured import citizens_channel
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from dispatch.terminals.silence import missing
from gis.db import ReadTx
from gis.problems import FormIncomplete, Problem

__all__ = ["SOURCES", "router"]

router = APIRouter(include_in_schema=False)
SOURCES = ("hotline", "12345", "media", "leader")


@router.get("/console", **needs(Permission.SEE_BOARD))
def queues(request: Request, me: Signed, q: str = "", after: str = "") -> Response:
    """The person's queues, one tab a stage, then what waits beside the stages.

    Those of the centre without a queue of their own look at all three.
    """
    pools = [pool for role, pool in POOLS.items() if role in me.roles] or [*POOLS.values(), Pool.REFEREE]
    with me.read() as tx:
        view = View.of(request, tx, me)
        live = here(tx)
        counts = [(pool, tally(tx, pool)) for pool in pools]
        state = State(q) if q in frozenset(State) else None
        asides = waits_for(tx, me.roles)
        aside = q if q in LISTS and LISTS[q].roles & me.roles else None
        rows = listed(tx, aside) if aside else _page(tx, pools, state, after)
        again = _repeated(tx, view, rows)
        hazards, missed = unsafe(tx), missing(tx, view.known)
    more = _next(rows) if len(rows) > PAGE else None
    stages = [(s, _count(counts, s)) for s in State if HOLDER[s] in pools]
    chosen: dict[str, Any] = {"stage": state, "aside": aside, "again": again, "more": more, "after": after}
    beside: dict[str, Any] = {"asides": asides, "hazards": hazards, "missed": missed}
    return page(view, "console.html", live=live, rows=rows[:PAGE], stages=stages, **beside, **chosen)


def _repeated(tx: ReadTx, view: View, rows: list[Row]) -> dict[int, int]:
    """How many open cases may be the same matter, of those that can still be merged."""
    fresh = [row.id for row in rows if row.state in (State.REPORTED, State.VERIFIED)]
    return counted(tx, fresh, Limits.of(view.known), latitude=view.known.city["centre"][1])


def _page(tx: ReadTx, pools: list[Pool], state: State | None, after: str) -> list[Row]:
    """One page and one row more, which tells that there is a next page."""
    place = _cursor(after)
    wanted = [HOLDER[state]] if state is not None and HOLDER[state] in pools else pools
    states = None if state is None else [state]
    found = [row for pool in wanted for row in board(tx, pool, states=states, after=place, limit=PAGE + 1)]
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda row: (row.stage_due_at or far, row.id))[: PAGE + 1]


def _cursor(text: str) -> Cursor | None:
    """Where the page before ended: instant (empty: among those without one) and id."""
    if not text:
        return None
    at, last = place_of(text, str, int)
    return (instant_of(at) if at else None), last


def _next(rows: list[Row]) -> str:
    at, last = rows[PAGE - 1].cursor
    return cursor(at.isoformat() if at else "", last)


def _count(counts: list[tuple[Pool, list[Tally]]], state: State) -> Tally:
    found = (row for _, rows in counts for row in rows if row.state is state)
    return next(found, Tally(state=state, count=0, late=0, hazard=0))


# ── a report by telephone ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Call:
    """What the acceptor typed, as text. `id` was made with the form, so that a second press makes no second case."""

    id: Annotated[str, Posted()] = ""
    source: Annotated[str, Posted()] = "hotline"
    category: Annotated[str, Posted()] = ""
    lon: Annotated[str, Posted()] = ""
    lat: Annotated[str, Posted()] = ""
    address: Annotated[str, Posted(max_length=300)] = ""
    description: Annotated[str, Posted(max_length=4000)] = ""
    contact_name: Annotated[str, Posted(max_length=100)] = ""
    contact_phone: Annotated[str, Posted(max_length=40)] = ""
    notify: Annotated[str, Posted(max_length=1)] = ""
    hand_back: Annotated[str, Posted()] = ""
    photos: Photos = ()
    photo: Annotated[tuple[UploadFile, ...], File()] = ()


@router.get("/console/register", **needs(Permission.REGISTER))
def register_page(request: Request, me: Signed) -> Response:
    """The empty form."""
    return _form(request, me, Call(notify="1"), None)


def _form(request: Request, me: Me, call: Call, problem: Problem | None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
    status = problem.status if problem else 200
    tells = citizens_channel(settings().data)
    return page(view, "register.html", status=status, call=call, sources=SOURCES, problem=problem, tells=tells)


@router.post("/console/register", **needs(Permission.REGISTER, body=BODY))
def register(request: Request, me: Signed, call: Annotated[Call, Depends()]) -> Response:
    """Take the report in and go to its case."""
    try:
        call.photos = kept(me.person_id, call.photo, call.photos)
        with me.write() as tx:
            report = _report(call, View.of(request, tx, me))
            receipt = receive(tx, report, me.actor())
    except Problem as problem:
        return _form(request, me, call, problem)
    return go(f"/cases/{quote(receipt.number)}?done=register")


def _report(call: Call, view: View) -> Report:
    placed = bool(call.lon.strip() and call.lat.strip())
    if not placed and not call.address.strip() and not call.description.strip():
        raise FormIncomplete(
            "Place it on the map, or write where it is", zh="请在地图上定位置，或写明地址", fields={"address": "place"}
        )
    if call.source not in SOURCES:
        raise FormIncomplete("Choose a source", zh="请选择来源", fields={"source": "needed"})
    lon, lat = (degrees("lon", call.lon, 180), degrees("lat", call.lat, 90)) if placed else (None, None)
    return Report(
        id=uuid_of(call.id),
        source=call.source,
        public=call.source in ("hotline", "12345"),
        category=call.category or None,
        lon=lon,
        lat=lat,
        hand_placed=placed,
        photos=call.photos,
        description=call.description.strip() or None,
        contact_name=call.contact_name.strip() or None,
        contact_phone=number_left(call.contact_phone),
        tell_in=language_to_tell(call.contact_phone, view.known.city["languages"][0], wanted=bool(call.notify)),
        address=call.address.strip() or None,
        raw={"crs": "wgs84", "x": call.lon, "y": call.lat} if placed else {},
        hand_back_at=instant("hand_back", call.hand_back, view.known.zone),
    )
