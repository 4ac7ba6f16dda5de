"""The inspector's pages, for one thumb on a telephone: report, my reports, verify and check tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi import Form as Posted
from starlette.responses import Response

from collectors.tracks import LONGEST, begin, end, present
from dashboards.acting import SHOWS, Fields, chosen, degrees, form_of, uuid_of, version_of
from dashboards.pictures import BODY, Photos, kept
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.act import act
from dispatch.cases.dossier import Full, full
from dispatch.cases.intake import Report, receive
from dispatch.cases.read import mine, tasks, unsafe
from dispatch.cases.reporter import language_to_tell, number_left
from dispatch.cases.texts import OPEN_KINDS, texts
from dispatch.config import settings
from dispatch.lifecycle.states import Action, State
from dispatch.live.feed import here
from dispatch.notify.configured import citizens_channel
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, write
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["Sent", "report_of", "router"]

router = APIRouter(include_in_schema=False)
ANSWERS = frozenset({Action.VERIFY, Action.CHECK_PASS, Action.CHECK_FAIL})


@dataclass
class Sent:
    """What a reporter typed, as text. `id` was made with the form: the same form sent twice is one case."""

    id: Annotated[str, Posted()] = ""
    category: Annotated[str, Posted()] = ""
    lon: Annotated[str, Posted()] = ""
    lat: Annotated[str, Posted()] = ""
    accuracy: Annotated[str, Posted()] = ""
    hand_placed: Annotated[str, Posted()] = ""
    component: Annotated[str, Posted(max_length=40)] = ""
    description: Annotated[str, Posted(max_length=4000)] = ""
    address: Annotated[str, Posted(max_length=300)] = ""
    contact_name: Annotated[str, Posted(max_length=80)] = ""
    contact_phone: Annotated[str, Posted(max_length=40)] = ""
    notify: Annotated[str, Posted(max_length=1)] = ""
    handled: Annotated[str, Posted()] = ""
    photos: Photos = ()
    photo: Annotated[tuple[UploadFile, ...], File()] = ()


def report_of(sent: Sent, *, source: str, public: bool, language: str = "") -> Report:
    """What was typed, as a report. `language`: of whoever left a number. Raises FormIncomplete."""
    placed = bool(sent.lon.strip() and sent.lat.strip())
    accuracy = degrees("accuracy", sent.accuracy, 1_000_000) if sent.accuracy.strip() else None
    return Report(
        id=uuid_of(sent.id),
        source=source,
        public=public,
        category=sent.category.strip() or None,
        lon=degrees("lon", sent.lon, 180) if placed else None,
        lat=degrees("lat", sent.lat, 90) if placed else None,
        accuracy_m=accuracy,
        hand_placed=placed and bool(sent.hand_placed),
        component=sent.component.strip() or None,
        photos=sent.photos,
        description=sent.description.strip() or None,
        address=sent.address.strip() or None,
        contact_name=sent.contact_name.strip() or None,
        contact_phone=number_left(sent.contact_phone),
        tell_in=language_to_tell(sent.contact_phone, language, wanted=bool(sent.notify)),
        handled=bool(sent.handled),
        raw={"crs": "wgs84", "x": sent.lon, "y": sent.lat} if placed else {},
    )


@router.get("/field", **needs(Permission.SEE_TASKS))
def start(request: Request, me: Signed, reported: str = "", joined: str = "") -> Response:
    """Tasks first, then the way to report, then the last reports."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        live = here(tx)
        waiting, sent = tasks(tx, me.person_id), mine(tx, me.person_id, limit=5)
        hazards = unsafe(tx, inspector=me.person_id)
        shift = present(tx, me.person_id, tx.now)
    until = shift and (shift.started_at + LONGEST).timestamp() * 1000
    more: dict[str, Any] = {"reported": reported, "joined": joined, "shift": shift, "shift_until": until}
    return page(view, "field.html", live=live, tasks=waiting, mine=sent, hazards=hazards, **more)


@router.post("/field/duty", **needs(Permission.REPORT))
def duty(me: Signed, on: Annotated[str, Posted()] = "") -> Response:
    """Go on duty, or off; pressed twice, or on two telephones, it is the same shift."""
    with write() as tx:
        if on:
            begin(tx, me.person_id, at=tx.now)
        elif present(tx, me.person_id, tx.now) is not None:
            end(tx, me.person_id, at=tx.now)
    return go("/field")


@router.get("/field/mine", **needs(Permission.SEE_TASKS))
def my_reports(request: Request, me: Signed) -> Response:
    """The last hundred reports, newest first."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        sent = mine(tx, me.person_id, limit=100)
        hazards = unsafe(tx, inspector=me.person_id)
    return page(view, "mine.html", mine=sent, hazards=hazards)


@router.get("/field/report", **needs(Permission.REPORT))
def report_page(request: Request, me: Signed) -> Response:
    """The empty form."""
    return _form(request, me, Sent(notify="1"), None)


def _form(request: Request, me: Me, sent: Sent, problem: Problem | None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
    status, tells = problem.status if problem else 200, citizens_channel(settings().data)
    return page(view, "field_report.html", status=status, sent=sent, problem=problem, tells=tells)


@router.post("/field/report", **needs(Permission.REPORT, body=BODY))
def report(request: Request, me: Signed, sent: Annotated[Sent, Depends()]) -> Response:
    """Take the report in; anything wrong shows the form again with all that was typed."""
    try:
        sent.photos = kept(me.person_id, sent.photo, sent.photos)
        with me.write() as tx:
            language = View.of(request, tx, me).known.city["languages"][0]
            receipt = receive(tx, _whole(sent, language), me.actor())
    except Problem as problem:
        return _form(request, me, sent, problem)
    return go(f"/field?reported={quote(receipt.number)}")


def _whole(sent: Sent, language: str) -> Report:
    """An inspector stands in front of it: category, place and photo are never missing. `language`: of a caller."""
    given = {"category": sent.category, "lon": sent.lon and sent.lat, "photos": sent.photos}  # one place, asked once
    lacking = {name: "needed" for name, value in given.items() if not value}
    if lacking:
        raise FormIncomplete("The report is not complete yet", zh="上报内容还不完整", fields=lacking)
    return report_of(sent, source="inspector", public=False, language=language)


# ── one case, as far as it is the inspector's ─────────────────────────────────────────────────────────────────────────


@router.get("/field/cases/{number}", **needs(Permission.SEE_TASKS))
def one(request: Request, me: Signed, number: str) -> Response:
    """A task with its answer form, or a report of one's own."""
    return _one(request, me, number, Fields(), None)


def _one(request: Request, me: Me, number: str, fields: Fields, problem: Problem | None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        file = _own(tx, me, number)
        said = texts(tx, file.case.id, OPEN_KINDS) if _holds(file, me) else []
    status = problem.status if problem else 200
    more = {"file": file, "said": said, "fields": fields, "problem": problem, "task": _task(file, me)}
    return page(view, "field_case.html", status=status, **more)


def _own(tx: ReadTx, me: Me, number: str) -> Full:
    """Raises NotFound for a case that is neither this inspector's task nor report."""
    file = full(tx, number)
    if me.person_id not in (file.case.inspector_id, file.case.reporter_id) and not me.may(Permission.SEE_CASES):
        raise NotFound("This task is no longer yours", zh="这个任务已经不在您手上")
    return file


def _holds(file: Full, me: Me) -> bool:
    return file.case.inspector_id == me.person_id


def _task(file: Full, me: Me) -> str:
    """verify, check, or empty where it is only to be looked at."""
    if not _holds(file, me):
        return ""
    return {State.VERIFYING: "verify", State.CHECKING: "check"}.get(file.case.state, "")


@router.post("/field/cases/{number}", **needs(Permission.ACT, body=BODY))
def answer(request: Request, me: Signed, number: str, fields: Annotated[Fields, Depends()]) -> Response:
    """The finding of a verify or check task."""
    try:
        action = chosen(fields)
        if action not in ANSWERS:
            raise FormIncomplete("Choose a finding", zh="请选择结果", fields={"result": "needed"})
        fields.photos = kept(me.person_id, fields.photo, fields.photos)
        with me.write() as tx:
            case = _own(tx, me, number).case
            view = View.of(request, tx, me)
            form = form_of(tx, fields, SHOWS[action], zone=view.known.zone, photos=fields.photos)
            act(tx, case.id, action, me.actor(), form, key=uuid_of(fields.key), version=version_of(fields.version))
    except NotFound:
        raise
    except Problem as problem:
        return _one(request, me, number, fields, problem)
    return go(f"/field?reported={quote(number)}&joined={action.value}")
