"""Reports over HTTP: inspectors, the centre's telephone, citizens. One body, one door (`cases.intake.receive`)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.cases.act import Receipt
from dispatch.cases.actor import CITIZEN, Actor
from dispatch.cases.intake import Report, receive
from dispatch.evidence.photos import MOST
from dispatch.failpoints import failpoint
from dispatch.http import whence
from dispatch.people.roles import Permission
from dispatch.people.straight import straight
from dispatch.people.throttle import REPORTS, take
from dispatch.people.who import Signed, Visitor, needs
from gis.crs import to_store
from gis.db import Tx, write
from gis.problems import TooMany

router = APIRouter(prefix="/api/v1", tags=["reports"])
# What the database can hold and every reader read back.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Position(BaseModel):
    """Degrees as the device gives them, with the datum they are in; metres of accuracy."""

    model_config = ConfigDict(extra="forbid")
    x: Annotated[float, Field(ge=-180, le=180, description="longitude")]
    y: Annotated[float, Field(ge=-90, le=90, description="latitude")]
    crs: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None
    hand_placed: bool = False


class ReportIn(BaseModel):
    """A report. `id` is the reporter's own: sending it again changes nothing and is answered with the same case.

    `contact_name`, `contact_phone`: of whoever asked for it, on the street or by telephone; kept apart and encrypted.
    `tell_in`: the language in which they want to be told.
    """

    model_config = ConfigDict(extra="forbid")
    id: UUID
    position: Position
    category: Annotated[str, Field(max_length=40)] | None = None
    component: Annotated[str, Field(max_length=40)] | None = None
    street_name: Annotated[str, Field(max_length=100, description="the road it is on, as it is called")] | None = None
    captured_at: Instant | None = None
    photos: Annotated[list[Hash], Field(max_length=MOST)] = []
    description: Annotated[str, Field(max_length=2000)] | None = None
    contact_name: Annotated[str, Field(max_length=80)] | None = None
    contact_phone: Annotated[str, Field(max_length=40)] | None = None
    tell_in: Literal["zh", "en"] | None = None
    handled: bool = False


class RegistrationIn(ReportIn):
    """A call, a letter, another hotline's case: as the acceptor writes it down."""

    position: Position | None = None  # type: ignore[assignment]  # a caller may not know where he is
    source: Literal["hotline", "leader", "media", "12345", "web", "letter"] = "hotline"
    address: Annotated[str, Field(max_length=300)] | None = None
    hand_back_at: Instant | None = None


class PublicReportIn(ReportIn):
    """A citizen's report, without an account."""

    handled: Literal[False] = False


class ReportOut(BaseModel):
    """The case that a report became."""

    case_id: int
    number: str
    receipt: str | None
    state: str
    version: int
    unit_id: str | None = None
    due_at: datetime | None = None
    repeated: bool


def _out(receipt: Receipt) -> Response:
    failpoint("before-answer")
    body = {name: getattr(receipt, name) for name in ReportOut.model_fields}
    return Response(orjson.dumps(body), 200 if receipt.repeated else 201, media_type="application/json")


def report_of(body: ReportIn, *, source: str, public: bool) -> Report:
    """The body as the door takes it: the position in the store's datum, the raw one kept."""
    spot = body.position
    lon, lat = (None, None) if spot is None else to_store(spot.x, spot.y, spot.crs)
    more = {name: getattr(body, name, None) for name in ("address", "hand_back_at")}
    return Report(
        id=body.id,
        source=source,
        public=public,
        category=body.category,
        lon=lon,
        lat=lat,
        accuracy_m=None if spot is None else spot.accuracy_m,
        hand_placed=spot is not None and spot.hand_placed,
        component=body.component,
        street_name=body.street_name,
        captured_at=body.captured_at,
        photos=tuple(body.photos),
        description=body.description,
        contact_name=body.contact_name,
        contact_phone=body.contact_phone,
        tell_in=body.tell_in,
        handled=body.handled,
        raw={} if spot is None else {"crs": spot.crs, "x": spot.x, "y": spot.y},
        **more,
    )


def _take(report: Report, by: Actor, opened: AbstractContextManager[Tx]) -> Response:
    with opened as tx:
        receipt = receive(tx, report, by)
    failpoint("after-commit")
    return _out(receipt)


# The answers are written as they are: validated by the framework they would cost another thread and half a millisecond.
@straight(router, "/reports", status_code=201, response_model=ReportOut, **needs(Permission.REPORT))
def post_report(body: ReportIn, me: Signed) -> Response:
    """An inspector's find. 201 with the case, 200 if this report was received before."""
    return _take(report_of(body, source="inspector", public=False), me.actor(), me.write(as_centre=True))


@straight(router, "/registrations", status_code=201, response_model=ReportOut, **needs(Permission.REGISTER))
def post_registration(body: RegistrationIn, me: Signed) -> Response:
    """A case that the centre's acceptor registers for somebody else."""
    return _take(report_of(body, source=body.source, public=True), me.actor(), me.write(as_centre=True))


@router.post("/public/reports", status_code=201, response_model=ReportOut, **needs(Permission.PUBLIC))
def post_public_report(body: PublicReportIn, me: Visitor, request: Request) -> Response:
    """A citizen's report; at most 60 an hour from one address."""
    with write() as tx:
        wait = take(tx, f"report:{whence(request)}", REPORTS)
    if wait:
        raise TooMany("Too many reports from here; try again later", zh="上报过于频繁，请稍后再试", retry_after=wait)
    return _take(report_of(body, source="web", public=True), CITIZEN, write(together=True))


__all__ = ["Position", "ReportIn", "report_of", "router"]
