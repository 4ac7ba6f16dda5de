"""Who answers here? For any point, category and day, with the rule and what was tried before; no case is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from dispatch.routing.rule import BY_PLACE
from dispatch.who import Answer, ask, then
from gis.db import ReadTx
from gis.problems import FormIncomplete, NotFound, Problem

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Question:
    """The fields of the form as they were typed."""

    lon: str = ""
    lat: str = ""
    category: str = ""
    street: str = ""
    at: str = ""

    @property
    def point(self) -> tuple[float, float] | None:
        """Degrees; None if it is no point of the earth."""
        try:
            lon, lat = float(self.lon[:LONGEST]), float(self.lat[:LONGEST])
        except ValueError:
            return None
        return (lon, lat) if isfinite(lon + lat) and abs(lon) <= 180 and abs(lat) < 90 else None


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says. `view`: with the names that things had on the day asked about."""

    view: View
    answer: Answer | None = None
    problem: Problem | None = None


Asked = Annotated[Question, Depends()]


@router.get("/who", **needs(Permission.SEE_MAP))
def who_page(request: Request, me: Signed, asked: Asked) -> Response:
    """The form, and the answer if it was filled in."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        told = _told(tx, view, asked)
    return page(view, "who.html", asked=asked, told=told, by_place=BY_PLACE)


@router.get("/who/answer", **needs(Permission.SEE_MAP))
def who_answer(request: Request, me: Signed, asked: Asked) -> Response:
    """The answer alone, for the box of the map."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        told = _told(tx, view, asked)
    return page(view, "who_answer.html", asked=asked, told=told, by_place=BY_PLACE)


def _told(tx: ReadTx, view: View, asked: Question) -> Told:
    if not asked.category or asked.point is None:
        return Told(view)
    try:
        city, at = then(tx, asked.at[:LONGEST] or None)
        street = asked.street[:LONGEST] or None
        answer = ask(tx, city, asked.point, asked.category[:LONGEST], at=at, street=street)
    except (FormIncomplete, NotFound) as problem:
        return Told(view, problem=problem)
    return Told(replace(view, books=city), answer)
