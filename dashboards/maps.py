"""The map: vector tiles of the ground, and the cases in view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, LiteralString
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from dashboards.acting import may_order
from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.books import books
from dispatch.cases.read import Filters, Row, search
from dispatch.lifecycle.states import Action, ClockKind, Pool, State
from dispatch.live.feed import seen as feed_seen
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, Visitor, needs
from gis.db import dicts, read
from gis.problems import NotFound, Unauthorised
from gis.tiles import edition_of, tag, tile

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Longitude = Annotated[float, Query(ge=-180, le=180)]
Latitude = Annotated[float, Query(ge=-90, le=90)]


@dataclass(frozen=True, slots=True)
class TilePlace:
    """Zoom, column and row of a tile, from the address."""

    z: int
    x: int
    y: int

    @property
    def key(self) -> tuple[int, int, int]:
        """As `gis.tiles` takes it."""
        return self.z, self.x, self.y


GROUND = frozenset({"road", "area"})  # what a citizen's report form draws under its cross
HERE: LiteralString = """
    SELECT code, name, name_en FROM area
     WHERE ST_Covers(geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490))
       AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s) ORDER BY depth
"""
# A case by its whole number (row security lets its own be found), areas by code or name, roads by name; these small
# tables are walked. The zoom is the one at which the thing is seen as a whole.
FIND: LiteralString = """
    (SELECT 'case' AS kind, number AS name, number AS name_en, number, 18 AS zoom, ST_X(geom) AS lon, ST_Y(geom) AS lat
       FROM cases WHERE number = %(q)s AND geom IS NOT NULL)
    UNION ALL
    (SELECT level, name || ' ' || code, coalesce(nullif(name_en, ''), name) || ' ' || code, NULL,
            least(17, 10 + 2 * depth), ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom))
       FROM area
      WHERE valid_to IS NULL AND (starts_with(code, %(q)s) OR strpos(lower(name || ' ' || name_en), lower(%(q)s)) > 0)
      ORDER BY depth DESC, code LIMIT 12)
    UNION ALL
    (SELECT 'road', name, coalesce(nullif(name_en, ''), name), NULL, 16, ST_X(middle), ST_Y(middle)
       FROM (SELECT DISTINCT ON (name) name, name_en, ST_LineInterpolatePoint(geom, 0.5) AS middle
               FROM road WHERE valid_to IS NULL AND name <> ''
                AND strpos(lower(name || ' ' || name_en), lower(%(q)s)) > 0
              ORDER BY name, ST_Length(geom) DESC) named
      LIMIT 12)
"""
LEGEND = (State.REPORTED, State.VERIFYING, State.ACCEPTED, State.FILED, State.HANDLING, State.RETURN_ASKED)


@router.get("/map", **needs(Permission.SEE_MAP))
def map_page(request: Request, me: Signed) -> Response:
    """The whole city, open cases on top. The view and the layers stand in the address, after the #."""
    with me.read() as tx:
        view = View.of(request, tx, me)
    return page(view, "map.html", legend=LEGEND, classes=_classes(view))


def _classes(view: View) -> list[tuple[str, str]]:
    """The classes of components with their names, in the catalogue's order."""
    found = {
        c.class_code: c.class_name if view.zh else c.class_name_en or c.class_name
        for c in view.known.catalogue.categories.values()
        if c.kind == "component"
    }
    return sorted(found.items())


@router.get("/tiles/{layer}/{z}/{x}/{y}", **needs(Permission.PUBLIC))
def ground(
    request: Request, me: Visitor, layer: str, place: Annotated[TilePlace, Depends()], on: date | None = None
) -> Response:
    """One vector tile; roads and areas for everybody, the rest for people logged in. `on`: the ground of another day.

    A tile that the browser has already costs three look-ups and no drawing.
    """
    if layer not in GROUND and (me is None or not me.may(Permission.SEE_MAP)):
        raise Unauthorised("Please log in", zh="请先登录")
    with (
        read() as tx
    ):  # before the tile: drawn from what came since, it is asked for once more, and never kept too long
        day = on or tx.now.astimezone(books(tx).zone).date()
        seen: tuple[object, ...] = (edition_of(tx), day)
        if layer == "case":
            seen = (feed_seen(tx), "all" if me is None or not me.is_department_only else me.units)
    mark = tag(layer, place.key, *seen)
    headers = {"etag": mark, "cache-control": "private, no-cache", "vary": "cookie"}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    with me.read(heavy=True) if me else read(heavy=True) as tx:
        drawn = tile(tx, layer, place.key, on=day)
    return Response(drawn, media_type="application/vnd.mapbox-vector-tile", headers=headers)


@router.get("/map/cases/{number}", **needs(Permission.SEE_MAP))
def pin(request: Request, me: Signed, number: str) -> Response:
    """A case in the page's words, for the box that opens when its pin is chosen."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = next(iter(search(tx, Filters(number=number), limit=1)), None)
    if found is None:
        raise NotFound("There is no such case, or it is not yours", zh="没有这个案件，或者不归您办理")
    said = {
        "number": found.number,
        "category": view.category(found.category),
        "state": view.state(found.state),
        "place": view.place(found),
        "unit": view.unit(found.unit_id),
        "late": view.t("board.late") if found.late else "",
        "danger": _danger(view, found),
        "order": _order(view, me, found),
    }
    return Response(orjson.dumps(said), media_type="application/json")


def _order(view: View, me: Me, case: Row) -> dict[str, str]:
    """The form by which one click orders an answer (督办) of whoever has the case: its button and hidden fields; empty
    where the reader may not, or an order waits already."""
    if not may_order(me) or case.pool is Pool.NOBODY or ClockKind.SUPERVISE.value in case.clocks:
        return {}
    sent = {"action": Action.SUPERVISE.value, "reason": "leader", "key": str(uuid4()), "version": str(case.version)}
    return {"word": view.t("case.supervise_now"), "csrf": me.csrf, **sent}


def _danger(view: View, case: Row) -> str:
    """That it is dangerous and nobody has made it safe, and what is left for the cordon; else empty."""
    left = view.left(case, ClockKind.CORDON.value)
    words = [view.t("hazards.title"), *([view.t("hazards.cordon_left", left=left.words)] if left else [])]
    return view.t("dot").join(words) if case.unsafe else ""


@router.get("/map/here", **needs(Permission.SEE_MAP))
def ground_here(
    request: Request,
    me: Signed,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    on: date | None = None,
) -> Response:
    """The areas a point lies in, from the top level down to its unit grid. `on`: as they were that day."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        areas = dicts(tx, HERE, lon=lon, lat=lat, day=on or view.today)
    named = [{"code": a["code"], "name": (view.zh and a["name"]) or a["name_en"] or a["name"]} for a in areas]
    return Response(orjson.dumps({"areas": named, "empty": view.t("map.nowhere")}), media_type="application/json")


@router.get("/map/find", **needs(Permission.SEE_MAP))
def find(request: Request, me: Signed, q: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Where a case, an area or a road is, by number, code or name."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        rows = dicts(tx, FIND, q=q.strip()) if q.strip() else []
    words = {
        level["key"]: level["name"] if view.zh else level.get("name_en") or level["name"] for level in view.known.levels
    }
    words |= {"case": view.t("case.title"), "road": view.t("case.road")}
    found = [{**row, "kind": words[row["kind"]], "name": row["name"] if view.zh else row["name_en"]} for row in rows]
    return Response(orjson.dumps({"found": found, "empty": view.t("map.not_found")}), media_type="application/json")
