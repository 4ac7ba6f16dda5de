"""Who could come now, and what is in stock: teams, in service or out; parts, what is short first; their ledgers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.acting import uuid_of
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.books import books
from dispatch.cases.on_duty import people_on_duty
from dispatch.cases.spares import tell_low
from dispatch.duty.roster import Post
from dispatch.duty.stand_ins import CENTRE_HEADS
from dispatch.emergency.service import changes, drill, put_back, put_out
from dispatch.emergency.store import answer_count, ask_count, counts, movements, receive, shelves
from dispatch.emergency.teams import Team, teams
from dispatch.people.may import UNIT
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, Tx, column, read, write
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
DONE = ("out", "back", "drilled", "received", "asked", "agreed", "refused", "withdrawn")  # what a form has just done
NAMES = "SELECT name FROM person WHERE id = ANY (%(ids)s) ORDER BY name"


@dataclass
class Entry:
    """What the forms of the store send; shown again unchanged when it cannot be taken."""

    spare: Annotated[str, Posted(max_length=80)] = ""
    quantity: Annotated[str, Posted(max_length=9)] = ""
    counted: Annotated[str, Posted(max_length=9)] = ""
    reason: Annotated[str, Posted(max_length=200)] = ""
    key: Annotated[str, Posted(max_length=36)] = ""
    team: str = ""
    why: Annotated[str, Posted(max_length=200)] = ""
    until: Annotated[str, Posted(max_length=30)] = ""
    day: Annotated[str, Posted(max_length=10)] = ""
    words: Annotated[str, Posted(max_length=200)] = ""


@router.get("/emergency", **needs(Permission.SEE_DUTY))
def emergency(request: Request, me: Signed, done: str = "", of: str = "") -> Response:
    """A department's own, to the centre all. `done`, `of`: what a form has just done, and to which team."""
    return _page(request, me, done=done if done in DONE else "", of=of)


def _page(
    request: Request,
    me: Me,
    problem: Problem | None = None,
    entry: Entry | None = None,
    *,
    done: str = "",
    of: str = "",
) -> Response:
    seen = me.units if me.is_department_only else None
    with read() as tx:  # the store is the centre's: a department's is chosen for it here
        view = View.of(request, tx, me)
        found = teams(tx, seen)
        ready = {team.id: team.ready_until(tx.now, view.known.calendar) for team in found}
        stock, ledger, waiting = shelves(tx, units=seen), movements(tx, seen), counts(tx, seen)
        called = {unit: _on_duty(tx, unit) for unit in {team.unit for team in found}}
        served = changes(tx, seen)
    shown: dict[str, Any] = {
        "teams": sorted(found, key=lambda team: ready[team.id] is None),
        "ready": sum(until is not None for until in ready.values()),
        "called": called,
        "kept": {team.id for team in found if _keeps(me, team.unit)},
        "served": served,
        "shelves": sorted(stock, key=lambda shelf: not shelf.short),
        "mine": [shelf for shelf in stock if _keeps(me, shelf.unit)],
        "movements": ledger,
        "counts": [(one, _keeps(me, one.unit)) for one in waiting],
        "may": _stores(me) != (),
        "done": done,
        "about": next((team for team in found if team.id == of and _true(done, team)), None),
    }
    status = problem.status if problem else 200
    return page(view, "emergency.html", status=status, problem=problem, entry=entry or Entry(), **shown)


def _true(done: str, team: Team) -> bool:
    """Whether what is said to have been done to a team is so: an address may be kept, and opened later."""
    return team.drilled_on is not None if done == "drilled" else (done == "out") == (team.out_until is not None)


def _on_duty(tx: ReadTx, unit: str) -> list[str]:
    return column(tx, NAMES, ids=people_on_duty(tx, unit, Post.DUTY, tx.now))


def _keeps(me: Me, unit: str) -> bool:
    """Whether the person keeps the store of a unit: as one of its people, or as a head at the centre."""
    whose = _stores(me)
    return whose is None or unit in whose


def _stores(me: Me) -> Collection[str] | None:
    """The units whose store the person keeps; None: all."""
    return None if me.roles & CENTRE_HEADS else me.units if me.roles & UNIT else ()


@router.post("/emergency/received", **needs(Permission.SEE_DUTY))
def received(request: Request, me: Signed, entry: Annotated[Entry, Depends()]) -> Response:
    """New ones are put on a shelf."""
    try:
        with write() as tx:
            _own(tx, me, entry.spare)
            receive(
                tx, entry.spare, _whole("quantity", entry.quantity), by=me.person_id, key=uuid_of(entry.key), at=tx.now
            )
    except Problem as problem:
        return _page(request, me, problem, entry)
    return go("/emergency?done=received")


@router.post("/emergency/counts", **needs(Permission.SEE_DUTY))
def counted(request: Request, me: Signed, entry: Annotated[Entry, Depends()]) -> Response:
    """A count that differs is put down; another person agrees to it."""
    try:
        with write() as tx:
            _own(tx, me, entry.spare)
            ask_count(tx, entry.spare, _whole("counted", entry.counted), reason=entry.reason, by=me.person_id)
    except Problem as problem:
        return _page(request, me, problem, entry)
    return go("/emergency?done=asked")


@router.post("/emergency/counts/{id}", **needs(Permission.SEE_DUTY))
def answered(request: Request, me: Signed, id: int, what: Annotated[str, Posted(max_length=20)] = "") -> Response:
    """The second person agrees or refuses; who asked withdraws."""
    try:
        with write() as tx:
            fallen = answer_count(tx, id, what, by=me.person_id, units=_stores(me))
            if fallen is not None:
                tell_low(tx, fallen)
    except Problem as problem:
        return _page(request, me, problem)
    return go(f"/emergency?done={what}")


@router.post("/emergency/teams/{team}/out", **needs(Permission.SEE_DUTY))
def out(request: Request, me: Signed, team: str, entry: Annotated[Entry, Depends()]) -> Response:
    """A team is out of service for a while: no case offers it."""
    entry.team = team
    try:
        with write() as tx:
            _own_team(tx, me, team)
            put_out(tx, team, reason=entry.why, until=_instant(tx, entry.until), by=me.person_id)
    except Problem as problem:
        return _page(request, me, problem, entry)
    return go(f"/emergency?done=out&of={quote(team)}")


@router.post("/emergency/teams/{team}/back", **needs(Permission.SEE_DUTY))
def back(request: Request, me: Signed, team: str) -> Response:
    """It is in service again."""
    try:
        with write() as tx:
            _own_team(tx, me, team)
            put_back(tx, team, by=me.person_id)
    except Problem as problem:
        return _page(request, me, problem)
    return go(f"/emergency?done=back&of={quote(team)}")


@router.post("/emergency/teams/{team}/drill", **needs(Permission.SEE_DUTY))
def drilled(request: Request, me: Signed, team: str, entry: Annotated[Entry, Depends()]) -> Response:
    """It drilled: what, and on which day."""
    entry.team = team
    try:
        with write() as tx:
            _own_team(tx, me, team)
            today = tx.now.astimezone(books(tx).zone).date()
            drill(tx, team, _day(entry.day), today=today, words=entry.words, by=me.person_id)
    except Problem as problem:
        return _page(request, me, problem, entry)
    return go(f"/emergency?done=drilled&of={quote(team)}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _own_team(tx: Tx, me: Me, id: str) -> None:
    """Raise NotFound for a team that this person does not keep."""
    if not any(team.id == id and _keeps(me, team.unit) for team in teams(tx)):
        raise NotFound("There is no such team, or it is not yours to manage", zh="没有这支队伍，或不归您管理")


def _instant(tx: ReadTx, text: str) -> datetime:
    """Wall time of the city. Raises FormIncomplete."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=books(tx).zone)
    except ValueError as fault:
        raise FormIncomplete("Say until when", zh="请填写停用到什么时候", fields={"until": "needed"}) from fault


def _own(tx: Tx, me: Me, spare: str) -> None:
    """Raise NotFound for a part of a store that this person does not keep."""
    if not any(_keeps(me, shelf.unit) for shelf in shelves(tx, ids=[spare])):
        raise NotFound("There is no such part, or it is not yours to keep", zh="没有这种备件，或不归您管理")


def _whole(name: str, text: str) -> int:
    """Raises FormIncomplete for anything but a whole number."""
    if not (text.isascii() and text.isdigit()):
        raise FormIncomplete("This is not a whole number", zh="请填写整数", fields={name: "a whole number"})
    return int(text)
