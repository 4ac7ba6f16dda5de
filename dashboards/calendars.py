"""The working calendar, day by day: what each day is and why; a notice pasted, looked at, and published by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.calendars import change as changing
from dispatch.calendars.change import Asked
from dispatch.calendars.turn import moves, turns
from dispatch.calendars.year import YEARS, changed_days, hours_of, name_of, year_of
from dispatch.cases.books import books
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOVED = 200  # deadlines shown at once that a calendar moved
LONGEST = 9  # digits of a number in an address


@dataclass
class Fields:
    """What the form of a change sends. `what`: preview or submit."""

    notice: Annotated[str, Posted(max_length=20_000)] = ""
    seasons: Annotated[str, Posted(max_length=4_000)] = ""
    year: Annotated[str, Posted(max_length=4)] = ""
    in_force: Annotated[str, Posted(max_length=10)] = ""
    official: Annotated[str, Posted(max_length=2)] = ""
    name: Annotated[str, Posted(max_length=80)] = ""
    reason: Annotated[str, Posted(max_length=400)] = ""
    what: Annotated[str, Posted(max_length=10)] = "preview"

    def asked(self) -> Asked:
        """Raises FormIncomplete."""
        try:
            day = date.fromisoformat(self.in_force)
        except ValueError as fault:
            raise FormIncomplete("Say from which day", zh="请填写生效日期", fields={"in_force": "needed"}) from fault
        if not (self.year.isascii() and self.year.isdecimal()):
            raise FormIncomplete("Say of which year", zh="请填写年份", fields={"year": "needed"})
        return Asked(
            notice=self.notice, year=int(self.year), in_force=day, official=bool(self.official), seasons=self.seasons
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """Which year is shown, and of which edition, from which place on, the deadlines that it moved."""

    year: str = ""
    edition: str = ""
    after: str = ""


@router.get("/calendar", **needs(Permission.SIGNED_IN))
def calendar_page(request: Request, me: Signed, shown: Annotated[Shown, Depends()]) -> Response:
    """A year of the calendar that was published last, its seasons, changes that wait, and what an edition moved."""
    return _year(request, me, shown)


def _year(
    request: Request, me: Me, asked: Shown, *, fields: Fields | None = None, problem: Problem | None = None,
    after: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    with me.read() as tx:
        view = View.of(request, tx, me)
        last = changing.latest(tx)
        found = None if me.is_department_only else changing.changes(tx)  # not granted to units
        more = _moved(tx, view, asked) if me.may(Permission.SEE_BOARD) else {"turn": None, "moves": []}
    shown = last.content if after is None else after
    year = _number(asked.year if fields is None else fields.year)
    chosen = year if year in YEARS else view.today.year
    return page(
        view, "calendar.html", status=problem.status if problem else 200, problem=problem, fields=fields or Fields(),
        year=chosen, months=year_of(shown, chosen, last.content, language=view.language), document=shown,
        hours=hours_of(shown, chosen), last=last, changes=found, name_of=name_of,
        preview=None if after is None else changed_days(last.content, after), change=None, **more,
    )  # fmt: skip


def _moved(tx: ReadTx, view: View, asked: Shown) -> dict[str, Any]:
    listed, skip = turns(tx), _number(asked.after)
    wanted = _number(asked.edition) or view.known.editions["calendar"]
    turn = next((one for one in listed if one.edition == wanted), None)
    if turn is None:
        return {"turn": None, "turns": listed, "moves": []}
    since = datetime.combine(turn.in_force, time(0), view.known.zone)
    found = moves(tx, turn.edition, since, limit=MOVED + 1, skip=skip)
    return {
        "turn": turn, "turns": listed, "moves": found[:MOVED],
        "earlier": max(0, skip - MOVED) if skip else None, "later": skip + MOVED if len(found) > MOVED else None,
    }  # fmt: skip


def _number(text: str) -> int:
    """Digits of an address or a form as a number; nothing for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else 0


@router.post("/calendar/changes", **needs(Permission.WRITE_RULES))
def ask(request: Request, me: Signed, fields: Annotated[Fields, Depends()]) -> Response:
    """Show what a notice would change, or hand it to a second person; a refusal keeps all that was typed."""
    try:
        asked = fields.asked()
        if fields.what != "submit":
            with me.read() as tx:
                last, today = changing.latest(tx), tx.now.astimezone(books(tx).zone).date()
            after = changing.proposal(last.content, asked, today=today, earliest=last.in_force)
            return _year(request, me, Shown(), fields=fields, after=after)
        with me.write() as tx:
            made = changing.propose(tx, books(tx), me.person_id, asked, name=fields.name, reason=fields.reason)
    except Problem as problem:
        return _year(request, me, Shown(), fields=fields, problem=problem)
    return go(f"/calendar/changes/{made.id}")


@router.get("/calendar/changes/{id}", **needs(Permission.SIGNED_IN))
def change_page(request: Request, me: Signed, id: int) -> Response:
    """A change as a year of days, with those that differ marked."""
    return _change(request, me, id)


def _change(request: Request, me: Me, id: int, problem: Problem | None = None) -> Response:
    if me.is_department_only:
        raise NotFound("There is no such change of the calendar", zh="没有这份日历变更")
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = changing.change_of(tx, id)
    return page(
        view, "calendar.html", status=problem.status if problem else 200, problem=problem, year=found.year,
        months=year_of(found.document, found.year, found.before, language=view.language), document=found.document,
        hours=hours_of(found.document, found.year), change=found, name_of=name_of,
        preview=changed_days(found.before, found.document), mine=found.author_id == me.person_id,
    )  # fmt: skip


@dataclass
class Said:
    """What the buttons below a change send."""

    what: Annotated[str, Posted(max_length=12)] = ""
    words: Annotated[str, Posted(max_length=1000)] = ""


@router.post("/calendar/changes/{id}/decision", **needs(Permission.PUBLISH_RULES))
def decide(request: Request, me: Signed, id: int, said: Annotated[Said, Depends()]) -> Response:
    """Publish a change, or send it back with a word why."""
    try:
        with me.write() as tx:
            if said.what not in ("publish", "refuse"):
                raise NotFound("There is no such action", zh="没有这个操作")
            changing.decide(tx, books(tx), id, me.person_id, publish=said.what == "publish", decision=said.words)
    except Problem as problem:
        return _change(request, me, id, problem)
    return go(f"/calendar/changes/{id}")


@router.post("/calendar/changes/{id}/withdrawal", **needs(Permission.WRITE_RULES))
def give_up(request: Request, me: Signed, id: int) -> Response:
    """Its author takes it back."""
    try:
        with me.write() as tx:
            changing.withdraw(tx, id, me.person_id)
    except Problem as problem:
        return _change(request, me, id, problem)
    return go(f"/calendar/changes/{id}")
