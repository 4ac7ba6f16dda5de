"""Who is on duty, who would be called, what is wrong with the roster, and the form that changes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.alarms.answer import calls_to
from dispatch.alarms.command import day_of, instant
from dispatch.alarms.nightly import drill_of, looked
from dispatch.alarms.who import Called, lint, unit_for, who
from dispatch.cases.books import Books, books, books_on
from dispatch.cases.on_duty import shifts_between
from dispatch.config import settings
from dispatch.duty.roster import Post, Shift
from dispatch.duty.stand_ins import CENTRE_HEADS, Kind, asked_in
from dispatch.notify.configured import read_channels
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, dicts, read
from gis.problems import NotFound, Problem

__all__ = ["LONGEST", "Fields", "Question", "is_head", "router", "shown", "unit_of"]

router = APIRouter(include_in_schema=False)
DAYS = 7
LONGEST = 64
# A unit's people, and of these alone who may be asked to stand in.
OF_UNITS = "SELECT login, name FROM person WHERE unit_id = ANY (%(units)s) AND NOT disabled ORDER BY login LIMIT 500"
NAMES = "SELECT login, name FROM person WHERE login = ANY (%(logins)s)"


@dataclass(frozen=True, slots=True)
class Question:
    """Which unit, or which category, at which moment; `since`: the first day of the week shown. `lint`: what is wrong
    in all units, not in this one. `change`, `post`, `person`, `begin`, `end`: what the form begins with."""

    unit: str = ""
    category: str = ""
    at: str = ""
    since: str = ""
    lint: str = ""
    change: str = ""
    post: str = ""
    person: str = ""
    begin: str = ""
    end: str = ""

    def fields(self, me: Me) -> Fields:
        """The form as it begins."""
        kind = self.change if self.change in set(Kind) else Kind.STAND_IN
        whose = self.person[:LONGEST] or (me.login if kind in (Kind.STAND_IN, Kind.SWAP) else "")
        spans = {"since": self.begin[:LONGEST], "until": self.end[:LONGEST]}
        return Fields(unit="", kind=kind, post=self.post[:LONGEST] or Post.DUTY, person=whose, **spans)


@dataclass
class Fields:
    """What the form for a change of the roster sends. `back`: the other shift of a swap, `LOGIN SINCE UNTIL`."""

    unit: Annotated[str, Posted(max_length=LONGEST)]
    kind: Annotated[str, Posted(max_length=LONGEST)] = Kind.STAND_IN
    post: Annotated[str, Posted(max_length=LONGEST)] = Post.DUTY
    person: Annotated[str, Posted(max_length=LONGEST)] = ""
    stand_in: Annotated[str, Posted(max_length=LONGEST)] = ""
    since: Annotated[str, Posted(max_length=LONGEST)] = ""
    until: Annotated[str, Posted(max_length=LONGEST)] = ""
    back: Annotated[str, Posted(max_length=200)] = ""
    reason: Annotated[str, Posted(max_length=200)] = ""


@router.get("/api/v1/duty", **needs(Permission.SEE_DUTY))
def get_duty(me: Signed, unit: str = "", category: str = "", at: str = "") -> list[dict[str, Any]]:
    """The rungs at a moment, from the unit's person on duty to the leader; `person` null: nobody, skipped at once."""
    with read() as tx:
        then, city = _then(tx, at)
        called = who(tx, city, unit_of(me, city, unit, category), then)
    return [
        {
            "unit": one.unit,
            "post": one.post.value,
            "person": one.shift and one.shift.person,
            "name": one.person and one.person.name,
            "since": one.shift and one.shift.since.isoformat(),
            "until": one.shift and one.shift.until.isoformat(),
            "instead_of": one.shift and one.shift.instead_of,
        }
        for one in called
    ]


@router.get("/duty", **needs(Permission.SEE_DUTY))
def duty_page(request: Request, me: Signed, asked: Annotated[Question, Depends()]) -> Response:
    """Who would be called, the week of a unit, its stand-ins, and what is wrong in the seven days to come."""
    return shown(request, me, asked)


def shown(
    request: Request, me: Me, asked: Question, *, fields: Fields | None = None, problem: Problem | None = None
) -> Response:
    """The page; after a refusal with what was typed."""
    typed = fields or asked.fields(me)
    typed.kind = typed.kind if typed.kind in set(Kind) else Kind.STAND_IN
    with read() as tx:
        view = View.of(request, tx, me)
        if not view.known.roster.lines:
            return page(view, "duty.html", unit="", asked=asked)
        try:
            then, city = _then(tx, asked.at)
            unit = unit_of(me, city, asked.unit, asked.category)
            called = who(tx, city, unit, then)
            first = day_of(asked.since) if asked.since else then.astimezone(city.zone).date()
        except Problem as refused:
            unit, first, then = _default(me, view.known), view.today, tx.now
            called, problem = [], problem or refused
        about = _about(tx, view, me, unit=unit, first=first, called=called, everywhere=bool(asked.lint))
    return page(
        view, "duty.html", status=problem.status if problem else 200, problem=problem, asked=asked, unit=unit,
        then=then, called=called, first=first, fields=typed, kinds=list(Kind), **about,
    )  # fmt: skip


def _about(
    tx: ReadTx, view: View, me: Me, *, unit: str, first: date, called: Sequence[Called], everywhere: bool
) -> dict[str, Any]:
    """What the page says of the unit's week and of its people; of other units only what is asked for."""
    seen = _seen(me, view.known)
    begin, end = (_midnight(view, first + timedelta(days=n)) for n in (0, DAYS))
    reaches = {channel.reach for channel in read_channels(settings().data) if not channel.inside}
    now = view.now or tx.now
    found = lint(tx, now, now + timedelta(days=DAYS), reaches, seen if everywhere else {unit})
    shifts = shifts_between(tx, begin, end, {unit})
    standing = [*shifts, *(one.shift for one in called if one.shift)]
    logins = {login for shift in standing for login in (shift.person, shift.instead_of) if login}
    logins |= {one.person for one in found if one.person}
    return {
        "week": _week(view, shifts, first),
        "one_week": timedelta(days=DAYS),
        "drill": [one for one in drill_of(tx) if seen is None or one.unit in seen],
        "findings": found,
        "night": looked(tx, seen),
        "channels": bool(reaches),
        "stand_ins": asked_in(tx, tx.now, seen),
        "people": dicts(tx, OF_UNITS, units=sorted(view.known.tree.kin(unit))),
        "names": {row["login"]: row["name"] for row in dicts(tx, NAMES, logins=sorted(logins))},
        "heads": {of for of in {unit, *(one.unit for one in found)} if is_head(me, view.known, of)},
        "units": sorted(of for of in view.known.tree.units if seen is None or of in seen),
        "calls": calls_to(tx, me.person_id),
    }


def _week(view: View, shifts: Sequence[Shift], first: date) -> list[tuple[date, list[Shift]]]:
    """Each day with the shifts that begin on it, or, on the first, run on into it."""
    days: dict[date, list[Shift]] = {first + timedelta(days=n): [] for n in range(DAYS)}
    for shift in sorted(shifts, key=lambda one: (one.since, one.post)):
        begins = max(shift.since.astimezone(view.known.zone).date(), first)
        if begins in days:
            days[begins].append(shift)
    return list(days.items())


def _then(tx: ReadTx, at: str) -> tuple[datetime, Books]:
    """The instant asked about, and the books of its day."""
    zone = books(tx).zone
    then = instant(at, zone) if at else tx.now
    return then, books_on(tx, then.astimezone(zone).date())


def unit_of(me: Me, city: Books, unit: str, category: str) -> str:
    """The unit asked about. Raises NotFound: of another unit a department is told no more than of none."""
    chosen = unit[:LONGEST] or (unit_for(city, category[:LONGEST]) if category else _default(me, city))
    seen = _seen(me, city)
    if city.tree.get(chosen) is None or (seen is not None and chosen not in seen):
        raise NotFound("There is no such unit, or it is not yours", zh="没有这个单位，或者不归您管")
    return chosen


def _default(me: Me, city: Books) -> str:
    first = next((unit for unit, _ in city.roster.by_place), "")
    return (me.unit_id if me.unit_id in city.tree.units else None) or city.roster.centre or first


def _seen(me: Me, city: Books) -> Collection[str] | None:
    """The units whose duty the person may see; None: all."""
    return me.units if me.is_department_only else None


def is_head(me: Me, city: Books, unit: str) -> bool:
    """Whether the person leads the duty of a unit: by the roster, or as one of the centre's heads."""
    lines = city.roster.by_place.get((unit, Post.HEAD), ())
    return bool(me.roles & CENTRE_HEADS) or any(me.login in line.people for line in lines)


def _midnight(view: View, day: date) -> datetime:
    return datetime.combine(day, time(), view.known.zone).astimezone(UTC)
