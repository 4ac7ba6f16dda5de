"""Cases over HTTP: look, list, act. The same door as the pages'."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.cases.act import Receipt, act
from dispatch.cases.books import books
from dispatch.cases.dossier import full
from dispatch.cases.read import Filters, Row, search
from dispatch.cases.returns import routed_as
from dispatch.emergency.store import MOST
from dispatch.evidence.documents import MOST as MOST_DOCUMENTS
from dispatch.evidence.photos import MOST as MOST_PHOTOS
from dispatch.failpoints import failpoint
from dispatch.http import cursor, instant_of, place_of
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, State
from dispatch.people.roles import Permission
from dispatch.people.straight import straight
from dispatch.people.who import Signed, needs
from dispatch.who import ask, then
from gis.problems import NotFound

router = APIRouter(prefix="/api/v1", tags=["cases"])
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Word = Annotated[str, Field(max_length=80)]
Number = Annotated[int, Field(ge=0, lt=2**63)]
LONGEST_PAGE = 200


class FormIn(BaseModel):
    """What an action may need; `GET /api/v1/actions` says which fields which action asks for."""

    model_config = ConfigDict(extra="forbid")
    unit: Word | None = None
    answer: Word | None = None
    inspector: Number | None = None
    reason: Word | None = None
    condition: Number | None = None
    category: Word | None = None
    component: Word | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    until: AwareDatetime | None = None
    limit: Annotated[Decimal, Field(gt=0, le=3650)] | None = None
    time_class: Word | None = None
    result: Word | None = None
    into: Number | None = None
    satisfied: bool | None = None
    clause: Word | None = None
    whose: Word | None = None
    proxy: Word | None = None
    photos: Annotated[tuple[Hash, ...], Field(max_length=MOST_PHOTOS)] = ()
    documents: Annotated[tuple[Hash, ...], Field(max_length=MOST_DOCUMENTS)] = ()
    spares: Annotated[tuple[tuple[Word, Annotated[int, Field(ge=1, le=MOST)]], ...], Field(max_length=20)] = ()
    note: Annotated[str, Field(max_length=4000)] | None = None


class ActionIn(BaseModel):
    """One action. `key`: yours, a repeat is answered the same; `version`: what you last saw, to be told of a
    change since."""

    model_config = ConfigDict(extra="forbid")
    action: Action
    key: UUID
    version: int | None = None
    form: FormIn = FormIn()


class ActionOut(BaseModel):
    """Where the case stands after it."""

    case_id: int
    number: str
    state: str
    version: int
    unit_id: str | None
    due_at: datetime | None
    repeated: bool


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content, default=str), media_type="application/json")


def _out(receipt: Receipt) -> Response:
    failpoint("before-answer")
    return _json({name: getattr(receipt, name) for name in ActionOut.model_fields})


@straight(router, "/cases/{number}/actions", response_model=ActionOut, **needs(Permission.ACT))
def post_action(number: str, body: ActionIn, me: Signed) -> Response:
    """Do one action. 409 tells the present state and what is allowed, 422 the fields that are missing."""
    with me.write() as tx:
        form = Form(**body.form.model_dump())
        receipt = act(tx, number, body.action, me.actor(), form, key=body.key, version=body.version)
    failpoint("after-commit")
    return _out(receipt)


@router.get("/cases/{number}", **needs(Permission.SEE_CASES))
def get_case(number: str, me: Signed) -> Response:
    """The case file: the case, its steps with who did them, photos and documents; no words of the people concerned."""
    with me.read() as tx:
        found = full(tx, number)
    return _json(asdict(found))


@router.get("/cases/{number}/whose", **needs(Permission.SEE_CASES))
def get_whose(
    number: str,
    me: Signed,
    category: Word | None = None,
    component: Word | None = None,
    lon: Annotated[float, Query(ge=-180, le=180)] | None = None,
    lat: Annotated[float, Query(ge=-90, le=90)] | None = None,
) -> Response:
    """Whose this case would be, were its category, component or position another. Nothing is changed."""
    with me.read() as tx:
        city, case = books(tx), full(tx, number).case
        found = routed_as(tx, case, city, Form(category=category, component=component, lon=lon, lat=lat))
        if found is None:
            raise NotFound("Without category and position no unit can be named", zh="缺少类别或位置，无法判断责任单位")
        unit = city.tree.get(found.unit or "")
    named = {"unit_name": unit and unit.name, "unit_name_en": unit and (unit.name_en or unit.name)}
    return _json({**found.document(), **named, "same": found.unit == case.unit_id})


@router.get("/cases", **needs(Permission.SEE_CASES))
def get_cases(
    me: Signed,
    state: Annotated[list[State] | None, Query()] = None,
    unit: Word | None = None,
    category: Word | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    late: bool = False,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 50,
) -> Response:
    """A list, newest first; `next` continues it."""
    filters = Filters(
        states=tuple(state) if state else None, unit=unit, category=category, since=since, until=until, late=late
    )
    with me.read() as tx:
        found = search(tx, filters, after=_after(after), limit=limit)
    return _json({"items": [asdict(row) for row in found], "next": _next(found, limit)})


def _after(text: str | None) -> tuple[datetime, int] | None:
    if text is None:
        return None
    microseconds, last = place_of(text, int, int)
    return instant_of(microseconds), last


def _next(found: list[Row], limit: int) -> str | None:
    if len(found) < limit:
        return None
    last = found[-1]
    return cursor(round(last.reported_at.timestamp() * 1_000_000), last.id)


@router.get("/who", **needs(Permission.SEE_MAP))
def get_who(
    me: Signed,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    category: Word,
    street: Annotated[str, Query(max_length=300)] | None = None,
    accuracy: Annotated[float, Query(ge=0, le=10_000)] | None = None,
    component: Word | None = None,
    at: Annotated[str, Query(max_length=40)] | None = None,
) -> Response:
    """Who answers here for this category, by which rule, and which rules were tried before? No case is made.

    `at`: a day, a wall time or an instant; the city answers as it was then.
    """
    with me.read() as tx:
        city, moment = then(tx, at)
        found = ask(tx, city, (lon, lat), category, at=moment, accuracy_m=accuracy, component=component, street=street)
    return _json(found.document())


@router.get("/openapi.json", include_in_schema=False, **needs(Permission.SIGNED_IN))
def get_openapi(me: Signed, request: Request) -> Response:
    """This interface, described."""
    return _json(request.app.openapi())
