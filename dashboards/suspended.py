"""What rests (挂账、缓办), of every unit, open to everybody inside: how long, why, until when."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.read import unsafe
from dispatch.cases.resting import BANDS, PAGE, Resting, resting, stock
from dispatch.http import cursor, instant_of, place_of
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import read

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/suspended", **needs(Permission.SEE_CASES))
def suspended(request: Request, me: Signed, unit: str = "", band: str = "", after: str = "") -> Response:
    """The stock, counted by unit and age, and its cases. Of others' cases a department sees these lines and no more."""
    place = place_of(after, str, int) if after else None
    chosen = int(band) if band in map(str, range(len(BANDS) + 1)) else None
    with read() as tx:
        view = View.of(request, tx, me)
        counted = stock(tx, tx.now)
        more: dict[str, Any] = {} if place is None else {"last": (instant_of(place[0]), place[1])}
        hazards = unsafe(tx, units=me.units if me.is_department_only else None)
        rows = resting(tx, tx.now, unit=unit or None, band=chosen, limit=PAGE + 1, **more)
    following = cursor(rows[PAGE - 1].since.isoformat(), rows[PAGE - 1].id) if len(rows) > PAGE else None
    shown: dict[str, Any] = {"stock": counted, "rows": rows[:PAGE], "more": following, "after": after}
    shown |= {"hazards": hazards, "bands": BANDS, "unit": unit, "band": chosen}
    return page(view, "suspended.html", **shown, opens=lambda row: _opens(me, row))


def _opens(me: Signed, row: Resting) -> bool:
    """Whether the reader may look at the case itself."""
    return not me.is_department_only or row.unit_id in me.units
