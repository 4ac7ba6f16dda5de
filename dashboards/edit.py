"""Drawing on the map: rows to draw on, strokes tried and put in force, sets waiting for a second person or undone."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi import Form as Posted
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dashboards.maps import Latitude, Longitude
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.http import whence
from dispatch.layers.duty import walkers_of
from dispatch.layers.publish import Author, Checked, city_of, look, put_in_force, undo, withdraw
from dispatch.layers.strokes import Outcome, Stroke, carry_out, rows_in, suggestion
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.changes.layer import layer_of
from gis.changes.sets import Op, State, sets
from gis.db import write
from gis.problems import Problem
from gis.topology import Fault

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
BODY = 2 * 1024 * 1024  # a district's outline has tens of thousands of corners
SHOWN = 20
Word = Annotated[str, Field(max_length=500)]
Key = Annotated[str, Query(max_length=40)]
Verb = Literal["publish", "undo", "withdraw"]


class StrokeIn(BaseModel):
    """One row that is added, altered or ended."""

    model_config = ConfigDict(extra="forbid")
    op: Op
    code: Annotated[str, Field(max_length=40)]
    said: Annotated[dict[str, str | int | bool | list[Any] | None], Field(max_length=12)] = {}
    geometry: dict[str, Any] | None = None


class SetIn(BaseModel):
    """The strokes on one layer."""

    model_config = ConfigDict(extra="forbid")
    layer: Annotated[str, Field(max_length=40)]
    changes: Annotated[list[StrokeIn], Field(min_length=1, max_length=2000)]


class StrokesIn(BaseModel):
    """What was drawn, from the top level down. `trial`: only say what would come of it."""

    model_config = ConfigDict(extra="forbid")
    reason: Word
    source: Word = ""
    in_force: date | None = None
    trial: bool
    sets: Annotated[list[SetIn], Field(min_length=1, max_length=8)]


class _Trial(Exception):
    """Ends a transaction in which something was only tried."""


@router.get("/map/edit", **needs(Permission.EDIT_LAYERS))
def edit_page(request: Request, me: Signed) -> Response:
    """The map to draw on, and the latest sets."""
    return _page(request, me, None)


def _page(request: Request, me: Me, problem: Problem | None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        latest = sets(tx)[:SHOWN]
        held = {one.id: look(tx, one.id) for one in latest if one.state is State.HELD}
        walkers = walkers_of(tx)
    today = view.now.astimezone(view.known.zone).date() if view.now else None
    status = problem.status if problem else 200
    return page(view, "edit.html", status=status, sets=latest, held=held, walkers=walkers, today=today, problem=problem)


@router.get("/map/edit/rows", **needs(Permission.EDIT_LAYERS))
def rows(me: Signed, layer: Key, west: Longitude, south: Latitude, east: Longitude, north: Latitude) -> Response:
    """A layer's rows in a window, as GeoJSON."""
    with me.read(heavy=True) as tx:
        return _json(rows_in(tx, layer_of(city_of(tx), layer), (west, south, east, north)))


@router.get("/map/edit/code", **needs(Permission.EDIT_LAYERS))
def code(me: Signed, layer: Key, lon: Longitude, lat: Latitude) -> Response:
    """What an area drawn around a place lies in, and the next code there."""
    with me.read() as tx:
        found = suggestion(tx, layer_of(city_of(tx), layer), lon, lat)
    return _json({"parent": found.parent, "parent_name": found.parent_name, "code": found.code})


@router.post("/map/edit/strokes", **needs(Permission.EDIT_LAYERS, body=BODY))
def strokes(request: Request, me: Signed, body: StrokesIn) -> Response:
    """Try what was drawn, or put it in force. 200 with the faults; nothing changed where one is no mere warning."""
    drawn = [(one.layer, [Stroke(**stroke.model_dump()) for stroke in one.changes]) for one in body.sets]
    by = _author(request, me)
    found = Outcome()
    with (
        suppress(_Trial),
        write() as tx,
    ):  # not `me.write`: a set's rows are copied in, and its keepers are the centre's
        zh = View.of(request, tx, me).zh
        found = carry_out(tx, drawn, by=by, reason=body.reason, source=body.source, in_force=body.in_force)
        if body.trial or not found.sound:
            raise _Trial
    return _json(_told(found, zh=zh, trial=body.trial))


def _told(found: Outcome, *, zh: bool, trial: bool) -> dict[str, Any]:
    return {
        "sound": found.sound,
        "done": found.sound and not trial,
        "faults": {"type": "FeatureCollection", "features": [_fault(fault, zh=zh) for fault in found.faults]},
        "sets": [_set(one, zh=zh) for one in found.checked],
    }


def _fault(fault: Fault, *, zh: bool) -> dict[str, Any]:
    feature = fault.feature()
    feature["properties"] |= {"said": fault.words_zh if zh else fault.words}
    return feature


def _set(one: Checked, *, zh: bool) -> dict[str, Any]:
    held = [reason.get("words_zh" if zh else "words", reason["words"]) for reason in one.held_for]
    return {"id": one.set.id, "layer": one.set.layer, "state": one.set.state.value, "counts": one.counts, "held": held}


@router.post("/map/edit/sets/{number}/{verb}", **needs(Permission.EDIT_LAYERS))
def decide(
    request: Request, me: Signed, number: int, verb: Verb, reason: Annotated[str, Posted(max_length=500)] = ""
) -> Response:
    """Put a held set in force as its second person, take one in force back, or give one up."""
    by = _author(request, me)
    try:
        with write() as tx:
            if verb == "publish":
                put_in_force(tx, number, by=by)
            elif verb == "undo":
                undo(tx, number, by=by, reason=reason)
            else:
                withdraw(tx, number, by=by)
    except Problem as problem:
        return _page(request, me, problem)
    return go("/map/edit#sets")


def _author(request: Request, me: Me) -> Author:
    return Author(me.login, person_id=me.person_id, whence=whence(request))


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers={"cache-control": "no-store"})
