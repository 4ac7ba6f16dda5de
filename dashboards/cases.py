"""The list of cases: search by number, stage, unit, category, area and period; and where a figure's link leads."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, LiteralString
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.acting import may_order
from dashboards.shell import go, page
from dashboards.view import View
from dispatch.cases.dossier import id_of
from dispatch.cases.read import Filters, search, unsafe
from dispatch.http import cursor, instant_of, place_of
from dispatch.lifecycle.states import State
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, Visitor, needs
from dispatch.standard.catalogue import Category
from gis.db import dicts, read

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SHOWN = ("code", "kind", "name", "name_en", "class_name", "class_name_en")
LENGTH = 100
# The areas of the two topmost levels, each street under its district.
AREAS: LiteralString = """
    SELECT id, name, name_en, depth FROM area
     WHERE depth <= 2 AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s) ORDER BY path
"""
DAYS = 60


class Asked:
    """The filters of the address, as text and as the reader takes them."""

    def __init__(
        self, number: str = "", state: str = "", unit: str = "", category: str = "", area: str = "", late: str = "",
        since: str = "", until: str = "",
    ) -> None:  # fmt: skip
        self.number, self.state, self.unit, self.category = number.strip(), state, unit, category
        self.area, self.late, self.since, self.until = area, late, since, until

    def filters(self, view: View, now: datetime) -> Filters:
        """Without a period, the last 60 days: a list without bounds would grow with the city's age."""
        zone = view.known.zone
        since = _day(self.since) or (None if _day(self.until) else now.astimezone(zone).date() - timedelta(days=DAYS))
        until = _day(self.until)
        return Filters(
            states=(State(self.state),) if self.state in frozenset(State) else None,
            unit=self.unit or None,
            category=self.category or None,
            area=int(self.area) if self.area.isdecimal() and len(self.area) < 18 else None,
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
            late=self.late == "1",
        )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 2200 else None


@router.get("/cases", **needs(Permission.SEE_CASES))
def found(request: Request, me: Signed, asked: Annotated[Asked, Depends()], after: str = "") -> Response:
    """Cases that match, newest first. A whole number goes straight to its case."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        if asked.number and id_of(tx, asked.number) is not None:
            return go(f"/cases/{quote(asked.number)}")
        place = _place(after)
        rows = [] if asked.number else search(tx, asked.filters(view, tx.now), after=place, limit=LENGTH + 1)
        hazards = unsafe(tx, units=me.units if me.is_department_only else None)
        areas = dicts(tx, AREAS, day=view.today)
    more = cursor(rows[LENGTH - 1].reported_at.isoformat(), rows[LENGTH - 1].id) if len(rows) > LENGTH else None
    units = [u for u in view.known.tree.units.values() if not me.is_department_only or u.id in me.units]
    lists: dict[str, Any] = {
        "rows": rows[:LENGTH],
        "areas": areas,
        "units": units,
        "more": more,
        "after": after,
        "hazards": hazards,
    }
    return page(view, "cases.html", asked=asked, states=list(State), may_order=may_order(me), **lists)


@router.get("/api/v1/categories", **needs(Permission.PUBLIC))
def categories(request: Request, me: Visitor, q: str = "", limit: int = 20) -> Response:
    """The catalogue's categories whose name, class or code holds `q`; those that begin with it first. At most 300."""
    with read() as tx:
        view = View.of(request, tx, me)
    words = q.strip().lower()
    rows = [c for c in view.known.catalogue.categories.values() if words in _told(c)]
    rows.sort(key=lambda c: not (c.name.lower().startswith(words) or c.code.lower().startswith(words)))
    shown = [{f: getattr(c, f) for f in SHOWN} for c in rows[: max(1, min(limit, 300))]]
    return Response(orjson.dumps({"items": shown}), media_type="application/json")


def _told(category: Category) -> str:
    """Everything a category may be looked for by."""
    return " ".join(str(getattr(category, f)) for f in SHOWN).lower()


def _place(after: str) -> tuple[datetime, int] | None:
    if not after:
        return None
    at, last = place_of(after, str, int)
    return instant_of(at), last
