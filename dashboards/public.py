"""What everybody may see and do without an account: report, follow a report by its receipt."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from dashboards.field import Sent, report_of
from dashboards.pictures import BODY, kept
from dashboards.shell import go, page, remember, start_of
from dashboards.view import View
from dispatch.cases.actor import CITIZEN
from dispatch.cases.dossier import public_case, public_steps
from dispatch.cases.intake import receive
from dispatch.cases.reporter import stop_telling
from dispatch.config import settings
from dispatch.geocode import gazetteer
from dispatch.http import whence
from dispatch.lifecycle.states import HOLDER, Pool, State
from dispatch.notify.configured import citizens_channel
from dispatch.people.roles import Permission
from dispatch.people.throttle import LOOK_UPS, REPORTS, take
from dispatch.people.who import Visitor, needs
from gis.db import read, write
from gis.geocode import find as find_place
from gis.problems import FormIncomplete, NotFound, Problem, TooMany

__all__ = ["plain", "router"]

router = APIRouter(include_in_schema=False)
# What a state means to somebody who does not know our stages.
PLAIN: dict[State, str] = {
    State.FEEDBACK: "checking",
    State.CHECK_PENDING: "checking",
    State.CHECKING: "checking",
    State.CHECKED_OK: "checking",
    State.SUSPENDED: "suspended",
    State.CLOSED: "closed",
    State.CLOSED_FORCED: "closed_forced",
    State.SELF_CLOSED: "self_closed",
    State.REFUSED: "refused",
    State.VOID: "void",
}
WORKING = frozenset({Pool.UNIT})
MOST_PLACES = 5


def plain(state: State) -> str:
    """The key of the sentence for a state."""
    with_unit = HOLDER[state] in WORKING or state in (
        State.RETURN_ASKED,
        State.RULING_ASKED,
        State.DELAY_ASKED,
        State.SUSPEND_ASKED,
    )
    return PLAIN.get(state, "working" if with_unit or state is State.REWORK else "reported")


@router.get("/", **needs(Permission.PUBLIC))
def home(request: Request, me: Visitor) -> Response:
    """People logged in begin where their work is; everybody else at the public page."""
    return remember(request, go(start_of(me))) if me else public_home(request, me)


@router.get("/public", **needs(Permission.PUBLIC))
def public_home(request: Request, me: Visitor) -> Response:
    """Report or follow."""
    with read() as tx:
        view = View.of(request, tx, me)
    return page(view, "public.html", problem=None, receipt="")


@router.get("/report", **needs(Permission.PUBLIC))
def report_page(request: Request, me: Visitor) -> Response:
    """The empty form."""
    return _form(request, Sent(notify="1"), None)


def _form(request: Request, sent: Sent, problem: Problem | None) -> Response:
    with read() as tx:
        view = View.of(request, tx, getattr(request.state, "me", None))
    status, tells = problem.status if problem else 200, citizens_channel(settings().data)
    return page(view, "public_report.html", status=status, sent=sent, problem=problem, tells=tells)


@router.get("/report/places", **needs(Permission.PUBLIC))
def places(request: Request, text: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What an address may mean: names of areas, roads, doors and places with where they lie, and nothing else."""
    with write() as tx:
        wait = take(tx, f"places:{whence(request)}", LOOK_UPS)
    if wait:
        raise TooMany("Too many look-ups from this address", zh="该地址查询过多，请稍后再试", retry_after=wait)
    with read() as tx:
        found = find_place(gazetteer(tx), text, limit=MOST_PLACES)
    items = [{name: getattr(one, name) for name in ("kind", "name", "name_en", "lon", "lat")} for one in found]
    return Response(orjson.dumps({"items": items}), media_type="application/json")


@router.post("/report", **needs(Permission.PUBLIC, body=BODY))
def report(request: Request, sent: Annotated[Sent, Depends()]) -> Response:
    """Take a citizen's report in; the answer is a receipt that nobody can guess."""
    try:
        _whole(sent)
        with write() as tx:
            wait = take(tx, f"report:{whence(request)}", REPORTS)
        if wait:
            raise TooMany("Too many reports from this address", zh="该地址上报过多，请稍后再试", retry_after=wait)
        sent.photos = kept(None, sent.photo, sent.photos)
        sent.handled = ""
        with write() as tx:
            language = View.of(request, tx, None).t.language
            receipt = receive(tx, report_of(sent, source="web", public=True, language=language), CITIZEN)
    except Problem as problem:
        return _form(request, sent, problem)
    return go(f"/r/{quote(receipt.receipt or '')}?new=1")


def _whole(sent: Sent) -> None:
    """A place, on the map or in words, and something to go by: a category or a description."""
    fields = {}
    if not (sent.lon.strip() and sent.lat.strip()) and not sent.address.strip():
        fields["address"] = "place"
    if not sent.category.strip() and not sent.description.strip():
        fields["description"] = "what"
    if fields:
        raise FormIncomplete("Something is still missing", zh="还缺少内容", fields=fields)


@router.get("/r", **needs(Permission.PUBLIC))
def find(receipt: str = "") -> Response:
    """From the form to the address that may be kept."""
    code = "".join(c for c in receipt.upper() if c.isalnum())
    return go(f"/r/{quote(code)}" if code else "/public")


@router.get("/r/{receipt}", **needs(Permission.PUBLIC))
def follow(request: Request, me: Visitor, receipt: str, new: int = 0, done: str = "") -> Response:
    """The public state of one case, or of the one it was joined to: no reporter, no free text, no photo."""
    with read() as tx:
        view = View.of(request, tx, me)
        try:
            case = public_case(tx, receipt)
        except NotFound as problem:
            return page(view, "public.html", status=404, problem=problem, receipt=receipt)
        steps = public_steps(tx, case)
    shown: dict[str, Any] = {"case": case, "steps": steps, "receipt": receipt, "plain": plain(case.state)}
    tells = citizens_channel(settings().data) if case.told else None
    return page(view, "receipt.html", **shown, new=new, done=done, tells=tells)


@router.post("/r/{receipt}", **needs(Permission.PUBLIC))
def stop(receipt: str) -> Response:
    """No more messages about this report."""
    with write() as tx:
        stop_telling(tx, receipt)
    return go(f"/r/{quote(receipt)}?done=stop")
