"""What is wrong with the rules, on a map: the polygons of the findings of a draft, or of the rules in force."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from dispatch.cases.books import books
from dispatch.drafts.draft import draft_of, rulebook
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from dispatch.rules import findings_of, outline

__all__ = ["SHOWN", "router"]

router = APIRouter(include_in_schema=False)
SHOWN = 20  # findings a page lists, the severe ones first


@router.get("/rules/lint", **needs(Permission.SEE_RULES))
def lint_shapes(me: Signed, draft: int | None = None) -> Response:
    """GeoJSON, one feature for each listed finding that has a place; `finding` counts from 0 as the page does."""
    with me.read(heavy=True) as tx:
        book = None if draft is None else rulebook(draft_of(tx, draft))
        found, shapes = findings_of(tx, books(tx), book)
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"finding": n, "kind": one.kind, "severe": one.severe}, "geometry": drawn}
        for n, one in enumerate(found[:SHOWN])
        if (drawn := outline(one, shapes)) is not None
    ]
    document = orjson.dumps({"type": "FeatureCollection", "features": features})
    return Response(document, media_type="application/geo+json")
