"""Before a report is sent: what is already reported there, to follow it instead. Fetched while one types."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboards.maps import Latitude, Longitude
from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.duplicates import Candidate, Limits, Matter, candidates
from dispatch.cases.whose import place_case
from dispatch.people.roles import Permission
from dispatch.people.who import Visitor, needs
from gis.db import ReadTx, read

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Query(max_length=80)]
MOST = 3


@router.get("/near", **needs(Permission.PUBLIC))
def near(
    request: Request, me: Visitor, category: Word, lon: Longitude, lat: Latitude, component: Word = ""
) -> Response:
    """Cases that may be what somebody is about to report; nothing of who reported them, no photo, no words.

    A citizen may follow one by its receipt, which shows what the receipt's page shows everybody.
    """
    with me.read() if me else read() as tx:
        view = View.of(request, tx, me)
        found = _near(tx, view, category, (lon, lat), component)
    return page(view, "near.html", near=found, staff=me is not None)


def _near(tx: ReadTx, view: View, category: str, at: tuple[float, float], component: str) -> list[Candidate]:
    lon, lat = at
    if category not in view.known.catalogue.categories:
        return []
    place = place_case(tx, view.known, lon, lat, None, category=category, component=component or None)
    standing = place.component.code if place and place.component else None
    matter = Matter(
        category=category,
        lon=lon,
        lat=lat,
        at=tx.now,
        component=component or standing,
        road_id=place.road_id if place else None,
    )
    return candidates(tx, matter, Limits.of(view.known), most=MOST)
