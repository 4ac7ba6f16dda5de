"""The map: vector tiles of the ground, and the cases in view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import LiteralString

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.lifecycle.states import State
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, Visitor, needs
from gis.db import read, rows
from gis.problems import FormIncomplete, NotFound, Unauthorised
from gis.tiles import LAYERS, tile

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
GROUND = frozenset({"road", "area"})  # what a citizen's report form draws under its cross
MOST = 800
DEEPEST = 22
CASES: LiteralString = """
    SELECT c.number, c.state, c.category, c.place_words, c.late, c.hazard, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat
      FROM cases c
     WHERE c.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4490)
       AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
     LIMIT %(limit)s
"""


@router.get("/map", **needs(Permission.SEE_MAP))
def map_page(request: Request, me: Signed) -> Response:
    """The whole city, open cases on top. The view and the layers stand in the address, after the #."""
    with me.read() as tx:
        view = View.of(request, tx, me)
    return page(view, "map.html", legend=LEGEND)


LEGEND = (State.REPORTED, State.VERIFYING, State.ACCEPTED, State.FILED, State.HANDLING, State.RETURN_ASKED)


@router.get("/tiles/{layer}/{z}/{x}/{y}", **needs(Permission.PUBLIC))
def ground(me: Visitor, layer: str, z: int, x: int, y: int) -> Response:
    """One vector tile; roads and areas for everybody, the rest for people logged in."""
    if layer not in LAYERS or not 0 <= z <= DEEPEST or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("There is no such tile", zh="没有这块地图")
    if layer not in GROUND and (me is None or not me.may(Permission.SEE_MAP)):
        raise Unauthorised("Please log in", zh="请先登录")
    with read() as tx:
        data = tile(tx, layer, z, x, y)
    age = {"cache-control": "private, max-age=3600"}
    return Response(data, media_type="application/vnd.mapbox-vector-tile", headers=age)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One open case on the map."""

    number: str
    state: str
    category: str | None
    place_words: str
    late: bool
    hazard: bool
    lon: float
    lat: float


@router.get("/map/cases", **needs(Permission.SEE_MAP))
def pins(request: Request, me: Signed, box: str) -> Response:
    """The open cases in a box (west,south,east,north in degrees), in words; `more` if the box holds too many."""
    west, south, east, north = _box(box)
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = rows(tx, Pin, CASES, west=west, south=south, east=east, north=north, limit=MOST + 1)
    cases = [asdict(pin) | _words(view, pin) for pin in found[:MOST]]
    return Response(orjson.dumps({"cases": cases, "more": len(found) > MOST}), media_type="application/json")


def _words(view: View, pin: Pin) -> dict[str, str]:
    icon, colour = view.shape(pin.state)
    return {"category": view.category(pin.category), "word": view.state(pin.state), "icon": icon, "colour": colour}


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise FormIncomplete("box is west,south,east,north", zh="范围写法不对", fields={"box": "wrong"}) from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise FormIncomplete("box is west,south,east,north", zh="范围写法不对", fields={"box": "wrong"})
    return west, south, east, north
