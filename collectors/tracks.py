"""Shifts and tracks: where an inspector was while on duty. Nothing is kept of the time outside a shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from collectors.patrol import Instant, Position
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.crs import to_store
from gis.db import ReadTx, Tx, execute, one, write
from gis.problems import NotFound

__all__ = ["LONGEST", "Fix", "Shift", "begin", "end", "follow", "present", "router"]

LONGEST = timedelta(hours=16)  # a shift that nobody ends is over then
AHEAD = timedelta(minutes=2)  # how far a phone's clock may be before ours
MOST = 500

BEGIN = """
    INSERT INTO shift (person_id, duty_grid, started_at) VALUES (%(person)s, %(duty_grid)s, %(at)s)
    ON CONFLICT (person_id, started_at) DO NOTHING
"""
PRESENT = """
    SELECT id, duty_grid, started_at, ended_at FROM shift
     WHERE person_id = %(person)s AND started_at <= %(at)s AND started_at > %(at)s - %(longest)s
       AND (ended_at IS NULL OR ended_at > %(at)s)
     ORDER BY started_at DESC LIMIT 1
"""
END = "UPDATE shift SET ended_at = %(at)s WHERE id = %(id)s AND (ended_at IS NULL OR ended_at > %(at)s)"
# A fix that was sent before is the same row: sending again changes nothing.
FOLLOW = """
    INSERT INTO track (person_id, at, accuracy_m, geom)
    SELECT %(person)s, f.at, f.accuracy_m, ST_SetSRID(ST_MakePoint(f.lon, f.lat), 4490)
      FROM unnest(%(ats)s::timestamptz[], %(lons)s::float8[], %(lats)s::float8[], %(accuracies)s::real[])
           AS f (at, lon, lat, accuracy_m)
     WHERE f.at <= %(latest)s
       AND EXISTS (SELECT FROM shift s WHERE s.person_id = %(person)s AND s.started_at <= f.at
                      AND f.at <= coalesce(s.ended_at, s.started_at + %(longest)s))
    ON CONFLICT DO NOTHING
"""
router = APIRouter(prefix="/api/v1", tags=["shifts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Time on duty; `ended_at` empty: still on duty."""

    id: int
    duty_grid: str | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A position at an instant: degrees in the stored datum, metres of accuracy if the device gives them."""

    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None


def present(tx: ReadTx, person: int, at: datetime) -> Shift | None:
    """The shift the person is in at `at`."""
    return one(tx, Shift, PRESENT, person=person, at=at, longest=LONGEST)


def begin(tx: Tx, person: int, *, at: datetime, duty_grid: str | None = None) -> Shift:
    """On duty from `at` on; who is on duty already stays in that shift."""
    running = present(tx, person, at)
    if running is None:
        execute(tx, BEGIN, person=person, duty_grid=duty_grid, at=at)
        running = present(tx, person, at)
    if running is None:  # one that began and ended at this very instant
        raise NotFound("This shift is over already", zh="该班次已结束")
    return running


def end(tx: Tx, person: int, *, at: datetime) -> Shift:
    """Off duty from `at` on. Raises NotFound for somebody who is not on duty."""
    running = present(tx, person, at)
    if running is None:
        raise NotFound("You are not on duty", zh="您当前不在班")
    execute(tx, END, id=running.id, at=at)
    return Shift(id=running.id, duty_grid=running.duty_grid, started_at=running.started_at, ended_at=at)


def follow(tx: Tx, person: int, fixes: Sequence[Fix], *, now: datetime) -> int:
    """Keep where the person was; how many fixes are new. Left out is what lies outside the shifts, or is to come."""
    return execute(
        tx,
        FOLLOW,
        person=person,
        ats=[fix.at for fix in fixes],
        lons=[fix.lon for fix in fixes],
        lats=[fix.lat for fix in fixes],
        accuracies=[fix.accuracy_m for fix in fixes],
        latest=now + AHEAD,
        longest=LONGEST,
    )


# -------------------------------------------------------------------------------------------------------- over HTTP


class TimedPosition(Position):
    """Where a device was, and when."""

    at: Instant


class TrackBody(BaseModel):
    """Fixes of one's own, in any order; a phone without a network keeps them and sends them later."""

    model_config = ConfigDict(extra="forbid")
    fixes: Annotated[list[TimedPosition], Field(min_length=1, max_length=MOST)]


class ShiftOut(BaseModel):
    """One's own shift."""

    id: int
    duty_grid: str | None
    started_at: datetime
    ended_at: datetime | None


class TrackOut(BaseModel):
    """How many fixes were new; the others were known, or lie outside every shift."""

    kept: int


@router.post("/shifts", status_code=201, response_model=ShiftOut, **needs(Permission.REPORT))
def post_shift(me: Signed) -> Response:
    """Go on duty. Somebody on duty gets the shift that is running."""
    with write() as tx:
        shift = begin(tx, me.person_id, at=tx.now)
    return _out(shift, 201)


@router.post("/shifts/end", response_model=ShiftOut, **needs(Permission.REPORT))
def post_shift_end(me: Signed) -> Response:
    """Go off duty: nothing is kept from now on."""
    with write() as tx:
        shift = end(tx, me.person_id, at=tx.now)
    return _out(shift, 200)


@router.post("/track", response_model=TrackOut, **needs(Permission.REPORT))
def post_track(body: TrackBody, me: Signed) -> Response:
    """Where one was while on duty. Sending the same again changes nothing."""
    with write() as tx:
        kept = follow(tx, me.person_id, [_fix(fix) for fix in body.fixes], now=tx.now)
    return Response(orjson.dumps({"kept": kept}), media_type="application/json")


def _fix(given: TimedPosition) -> Fix:
    lon, lat = to_store(given.x, given.y, given.crs)
    return Fix(at=given.at, lon=lon, lat=lat, accuracy_m=given.accuracy_m)


def _out(shift: Shift, status: int) -> Response:
    return Response(orjson.dumps(shift), status, media_type="application/json")
