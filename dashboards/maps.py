"""The map: vector tiles of the ground, and the cases in view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, LiteralString

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.lifecycle.states import State
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, Visitor, needs
from gis.db import dicts, one, read
from gis.problems import NotFound, Unauthorised
from gis.tiles import tile

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Longitude = Annotated[float, Query(ge=-180, le=180)]
Latitude = Annotated[float, Query(ge=-90, le=90)]
GROUND = frozenset({"road", "area"})  # what a citizen's report form draws under its cross
PIN: LiteralString = """
    SELECT number, state, category, place_words, place_words_en, unit_id, late FROM cases WHERE number = %(number)s
"""
HERE: LiteralString = """
    SELECT code, name, name_en FROM area
     WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490)) AND valid_to IS NULL ORDER BY depth
"""
LEGEND = (State.REPORTED, State.VERIFYING, State.ACCEPTED, State.FILED, State.HANDLING, State.RETURN_ASKED)


@router.get("/map", **needs(Permission.SEE_MAP))
def map_page(request: Request, me: Signed) -> Response:
    """The whole city, open cases on top. The view and the layers stand in the address, after the #."""
    with me.read() as tx:
        view = View.of(request, tx, me)
    return page(view, "map.html", legend=LEGEND)


@router.get("/tiles/{layer}/{z}/{x}/{y}", **needs(Permission.PUBLIC))
def ground(me: Visitor, layer: str, z: int, x: int, y: int) -> Response:
    """One vector tile; roads and areas for everybody, the rest for people logged in."""
    if layer in GROUND:
        with read(heavy=True) as tx:
            return _answer(tile(tx, layer, z, x, y), age=3600)
    if me is None or not me.may(Permission.SEE_MAP):
        raise Unauthorised("Please log in", zh="请先登录")
    with me.read(heavy=True) as tx:
        return _answer(tile(tx, layer, z, x, y), age=3600 if layer == "component" else 0)


def _answer(data: bytes, *, age: int) -> Response:
    """`age`: seconds a browser may keep it; cases are asked for each time."""
    kept = {"cache-control": f"private, max-age={age}" if age else "no-store"}
    return Response(data, media_type="application/vnd.mapbox-vector-tile", headers=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One case on the map."""

    number: str
    state: str
    category: str | None
    place_words: str
    place_words_en: str
    unit_id: str | None
    late: bool


@router.get("/map/cases/{number}", **needs(Permission.SEE_MAP))
def pin(request: Request, me: Signed, number: str) -> Response:
    """A case in the page's words, for the box that opens when its pin is chosen."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = one(tx, Pin, PIN, number=number)
    if found is None:
        raise NotFound("There is no such case, or it is not yours", zh="没有这个案件,或者不归您办理")
    said = {
        "number": found.number,
        "category": view.category(found.category),
        "state": view.state(found.state),
        "place": view.place(found),
        "unit": view.unit(found.unit_id),
        "late": view.t("board.late") if found.late else "",
    }
    return Response(orjson.dumps(said), media_type="application/json")


@router.get("/map/here", **needs(Permission.SEE_MAP))
def ground_here(
    request: Request,
    me: Signed,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
) -> Response:
    """The areas a point lies in, from the top level down to its unit grid."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        areas = dicts(tx, HERE, lon=lon, lat=lat)
    named = [{"code": a["code"], "name": (view.zh and a["name"]) or a["name_en"] or a["name"]} for a in areas]
    return Response(orjson.dumps({"areas": named, "empty": view.t("map.nowhere")}), media_type="application/json")
