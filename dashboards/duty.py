"""Who is on duty, who would be called, what is wrong with the roster; stand-ins asked for and agreed to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.shell import go, page
from dashboards.view import View
from dispatch.alarms.answer import calls_to
from dispatch.alarms.command import day_of, instant
from dispatch.alarms.nightly import drill_of
from dispatch.alarms.who import centre_of, kin, lint, shifts_between, unit_for, who
from dispatch.cases.books import Books, books, books_on
from dispatch.config import settings
from dispatch.duty.roster import Post, Shift
from dispatch.duty.stand_ins import CENTRE_HEADS, Wish, answer, ask, asked_in
from dispatch.notify.configured import read_channels
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, dicts, read, write
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
DAYS = 7
LONGEST = 64
# A unit's people, and of these alone who may be asked to stand in.
OF_UNITS = "SELECT login, name FROM person WHERE unit_id = ANY (%(units)s) AND NOT disabled ORDER BY login LIMIT 500"


@dataclass(frozen=True, slots=True)
class Question:
    """Which unit, or which category, at which moment; `since`: the first day of the week shown."""

    unit: str = ""
    category: str = ""
    at: str = ""
    since: str = ""


@dataclass
class Asked:
    """What the form for a stand-in sends."""

    unit: Annotated[str, Posted(max_length=LONGEST)]
    post: Annotated[str, Posted(max_length=LONGEST)] = Post.DUTY
    person: Annotated[str, Posted(max_length=LONGEST)] = ""
    stand_in: Annotated[str, Posted(max_length=LONGEST)] = ""
    since: Annotated[str, Posted(max_length=LONGEST)] = ""
    until: Annotated[str, Posted(max_length=LONGEST)] = ""
    back_since: Annotated[str, Posted(max_length=LONGEST)] = ""
    back_until: Annotated[str, Posted(max_length=LONGEST)] = ""
    reason: Annotated[str, Posted(max_length=200)] = ""

    def wish(self, city: Books) -> Wish:
        """Raises FormIncomplete."""
        if self.post not in set(Post):
            raise FormIncomplete("There is no such post", zh="没有这个岗位", fields={"post": "needed"})
        for name in ("stand_in", "since", "until"):
            if not getattr(self, name):
                raise FormIncomplete("Say who stands in, and when", zh="请填写代班人与时段", fields={name: "needed"})
        back = [instant(text, city.zone) if text else None for text in (self.back_since, self.back_until)]
        return Wish(
            unit=self.unit,
            post=Post(self.post),
            person=self.person or None,
            stand_in=self.stand_in,
            since=instant(self.since, city.zone),
            until=instant(self.until, city.zone),
            back_since=back[0],
            back_until=back[1],
            reason=self.reason,
        )


@router.get("/api/v1/duty", **needs(Permission.SEE_DUTY))
def get_duty(me: Signed, unit: str = "", category: str = "", at: str = "") -> list[dict[str, Any]]:
    """The rungs at a moment, from the unit's person on duty to the leader; `person` null: nobody, skipped at once."""
    with read() as tx:
        then, city = _then(tx, at)
        called = who(tx, city, _unit_of(me, city, unit, category), then)
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
    return _page(request, me, asked)


def _page(
    request: Request, me: Me, asked: Question, *, fields: Asked | None = None, problem: Problem | None = None
) -> Response:
    with read() as tx:
        view = View.of(request, tx, me)
        if not view.known.roster.lines:
            return page(view, "duty.html", unit="", asked=asked)
        try:
            then, city = _then(tx, asked.at)
            unit = _unit_of(me, city, asked.unit, asked.category)
            called = who(tx, city, unit, then)
            first = day_of(asked.since) if asked.since else then.astimezone(city.zone).date()
        except Problem as refused:
            unit, first, then = _default(me, view.known), view.today, tx.now
            called, problem = [], problem or refused
        seen = _seen(me, view.known)
        values = _about(tx, view, unit, first, seen) | {"calls": calls_to(tx, me.person_id)}
    return page(
        view, "duty.html", status=problem.status if problem else 200, problem=problem, asked=asked, unit=unit,
        then=then, called=called, first=first, fields=fields or Asked(unit=unit), head=_head(me, view.known, unit),
        units=sorted(unit for unit in view.known.tree.units if seen is None or unit in seen), **values,
    )  # fmt: skip


def _about(tx: ReadTx, view: View, unit: str, first: date, seen: Collection[str] | None) -> dict[str, Any]:
    """What the page says of the unit's week, of its people, and of all that the person may see."""
    begin, end = (_midnight(view, first + timedelta(days=n)) for n in (0, DAYS))
    reaches = {channel.reach for channel in read_channels(settings().data)}
    found = lint(tx, view.now or tx.now, (view.now or tx.now) + timedelta(days=DAYS), reaches)
    shifts = shifts_between(tx, begin, end, {unit})
    people = dicts(tx, OF_UNITS, units=sorted(kin(view.known, unit)))
    names = {row["login"]: row["name"] for row in dicts(tx, "SELECT login, name FROM person")}
    return {
        "week": _week(view, shifts, first),
        "one_week": timedelta(days=DAYS),
        "drill": [one for one in drill_of(tx) if seen is None or one.unit in seen],
        "findings": [one for one in found if seen is None or one.unit in seen],
        "channels": bool(reaches),
        "stand_ins": asked_in(tx, tx.now, seen),
        "people": people,
        "names": names,
    }


def _week(view: View, shifts: Sequence[Shift], first: date) -> list[tuple[date, list[Shift]]]:
    """Each day with the shifts that begin on it, or, on the first, run on into it."""
    days: dict[date, list[Shift]] = {first + timedelta(days=n): [] for n in range(DAYS)}
    for shift in sorted(shifts, key=lambda one: (one.since, one.post)):
        begins = max(shift.since.astimezone(view.known.zone).date(), first)
        if begins in days:
            days[begins].append(shift)
    return list(days.items())


@router.post("/duty/stand-ins", **needs(Permission.SEE_DUTY))
def ask_stand_in(request: Request, me: Signed, fields: Annotated[Asked, Depends()]) -> Response:
    """Ask for a stand-in, a swap, or somebody for a hole; a refusal keeps all that was typed."""
    try:
        with write() as tx:
            city = books(tx)
            unit, wish = _unit_of(me, city, fields.unit, ""), fields.wish(city)
            ends = [end for end in (wish.until, wish.back_until) if end is not None]
            starts = [start for start in (wish.since, wish.back_since) if start is not None]
            if max(ends) - min(starts) > timedelta(days=62):
                raise FormIncomplete(
                    "The two spans are too far apart", zh="两个时段相隔过远", fields={"back_since": "far"}
                )
            there = [one for one in shifts_between(tx, min(starts), max(ends), {unit}) if one.post is wish.post]
            head, units = _head(me, city, unit), kin(city, unit)
            ask(tx, wish, me.person_id, head=head, there=there, units=units)
    except Problem as problem:
        return _page(request, me, Question(unit=fields.unit), fields=fields, problem=problem)
    return go(f"/duty?unit={unit}#stand-ins")


@router.post("/duty/stand-ins/{id}", **needs(Permission.SEE_DUTY))
def answer_stand_in(
    request: Request, me: Signed, id: int, unit: Annotated[str, Posted(max_length=LONGEST)] = "",
    what: Annotated[str, Posted(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Agree, refuse, or take one's own request back."""
    try:
        with write() as tx:
            answer(tx, id, what, me.person_id, head=lambda of: _head(me, books(tx), of))
    except Problem as problem:
        return _page(request, me, Question(unit=unit), problem=problem)
    return go(f"/duty?unit={unit}#stand-ins")


def _then(tx: ReadTx, at: str) -> tuple[datetime, Books]:
    """The instant asked about, and the books of its day."""
    zone = books(tx).zone
    then = instant(at, zone) if at else tx.now
    return then, books_on(tx, then.astimezone(zone).date())


def _unit_of(me: Me, city: Books, unit: str, category: str) -> str:
    """The unit asked about. Raises NotFound: of another unit a department is told no more than of none."""
    chosen = unit[:LONGEST] or (unit_for(city, category[:LONGEST]) if category else _default(me, city))
    seen = _seen(me, city)
    if city.tree.get(chosen) is None or (seen is not None and chosen not in seen):
        raise NotFound("There is no such unit, or it is not yours", zh="没有这个单位,或者不归您管")
    return chosen


def _default(me: Me, city: Books) -> str:
    first = next((unit for unit, _ in city.roster.by_place), "")
    return (me.unit_id if me.unit_id in city.tree.units else None) or centre_of(city) or first


def _seen(me: Me, city: Books) -> Collection[str] | None:
    """The units whose duty the person may see; None: all."""
    return me.units if me.is_department_only else None


def _head(me: Me, city: Books, unit: str) -> bool:
    """Whether the person leads the duty of a unit: by the roster, or as one of the centre's heads."""
    lines = city.roster.by_place.get((unit, Post.HEAD), ())
    return bool(me.roles & CENTRE_HEADS) or any(me.login in line.people for line in lines)


def _midnight(view: View, day: date) -> datetime:
    return datetime.combine(day, time(), view.known.zone).astimezone(UTC)
