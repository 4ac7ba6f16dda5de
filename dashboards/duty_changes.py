"""Changes of the roster on the page: asked for by whoever is on duty, ordered by a head, answered, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.duty import LONGEST, Fields, Question, is_head, shown, unit_of
from dashboards.shell import go
from dispatch.alarms.command import instant
from dispatch.cases.books import books
from dispatch.cases.on_duty import shifts_between
from dispatch.duty.roster import Post
from dispatch.duty.stand_ins import Kind, Wish, answer, ask, order, undo
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import Tx, write
from gis.problems import FormIncomplete, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
FURTHEST = timedelta(days=62)  # between the two spans of a swap
NEEDED = {
    Kind.STAND_IN: ("person", "stand_in"),
    Kind.SWAP: ("person", "back"),
    Kind.AWAY: ("person",),
    Kind.ADD: ("stand_in",),
    Kind.TAKE_OUT: ("person",),
}


def wish_of(fields: Fields, unit: str, zone: ZoneInfo) -> Wish:
    """What the form asks for. Raises FormIncomplete."""
    if fields.kind not in set(Kind) or fields.post not in set(Post):
        raise FormIncomplete("There is no such change or post", zh="没有这种变更或岗位", fields={"post": "needed"})
    kind = Kind(fields.kind)
    for name in (*NEEDED[kind], "since", "until"):
        if not getattr(fields, name):
            raise FormIncomplete("Say who it is about, and when", zh="请填写人员与时段", fields={name: "needed"})
    other, back_since, back_until = _back(fields.back) if kind is Kind.SWAP else (fields.stand_in, "", "")
    return Wish(
        unit=unit,
        post=None if kind is Kind.AWAY else Post(fields.post),
        person=None if kind is Kind.ADD else fields.person,
        stand_in=None if kind in (Kind.AWAY, Kind.TAKE_OUT) else other,
        since=instant(fields.since, zone),
        until=instant(fields.until, zone),
        back_since=instant(back_since, zone) if back_since else None,
        back_until=instant(back_until, zone) if back_until else None,
        reason=fields.reason,
    )


def _back(chosen: str) -> tuple[str, str, str]:
    """Login and span of the other shift."""
    parts = chosen.split(" ")
    if len(parts) != 3:
        raise FormIncomplete("Choose the other shift", zh="请选择对方的班次", fields={"back": "needed"})
    return parts[0], parts[1], parts[2]


@router.post("/duty/stand-ins", **needs(Permission.SEE_DUTY))
def change(request: Request, me: Signed, fields: Annotated[Fields, Depends()]) -> Response:
    """Of a head an order, which holds at once; of others a request. A refusal keeps all that was typed."""
    try:
        with write() as tx:
            _change(tx, me, fields)
    except Problem as problem:
        return shown(request, me, Question(unit=fields.unit), fields=fields, problem=problem)
    return go(f"/duty?unit={fields.unit}#stand-ins")


def _change(tx: Tx, me: Me, fields: Fields) -> None:
    city = books(tx)
    unit = unit_of(me, city, fields.unit, "")
    wish, head = wish_of(fields, unit, city.zone), is_head(me, city, unit)
    since, until = min(span[0] for span in wish.spans), max(span[1] for span in wish.spans)
    if until - since > FURTHEST:
        raise FormIncomplete("The two spans are too far apart", zh="两个时段相隔过远", fields={"until": "far"})
    everywhere = shifts_between(tx, since, until)
    about: dict[str, Any] = {
        "there": [one for one in everywhere if (one.unit, one.post) == (unit, wish.post)],
        "theirs": (one for one in everywhere if one.person == wish.stand_in),
        "units": city.tree.kin(unit),
    }
    if head:
        order(tx, wish, me.person_id, **about)
    else:
        ask(tx, wish, me.person_id, head=False, **about)


@router.post("/duty/stand-ins/{id}", **needs(Permission.SEE_DUTY))
def answer_stand_in(
    request: Request, me: Signed, id: int, unit: Annotated[str, Posted(max_length=LONGEST)] = "",
    what: Annotated[str, Posted(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Agree, refuse, or take one's own request back."""
    return _done(request, me, unit, lambda tx: answer(tx, id, what, me.person_id, head=_heads(tx, me)))


@router.post("/duty/stand-ins/{id}/undo", **needs(Permission.SEE_DUTY))
def undo_change(
    request: Request, me: Signed, id: int, unit: Annotated[str, Posted(max_length=LONGEST)] = "",
    reason: Annotated[str, Posted(max_length=200)] = "",
) -> Response:  # fmt: skip
    """From now on as the roster has it."""
    return _done(request, me, unit, lambda tx: undo(tx, id, reason, me.person_id, head=_heads(tx, me)))


def _heads(tx: Tx, me: Me) -> Callable[[str], bool]:
    return lambda unit: is_head(me, books(tx), unit)


def _done(request: Request, me: Me, unit: str, act: Callable[[Tx], None]) -> Response:
    try:
        with write() as tx:
            act(tx)
    except Problem as problem:
        return shown(request, me, Question(unit=unit), problem=problem)
    return go(f"/duty?unit={unit}#stand-ins")
