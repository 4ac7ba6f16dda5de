"""What I was told: the messages to me and to my unit, each with its case; and how many of them are new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.notify.inbox import MOST, Message, look, messages, unread
from dispatch.notify.words import text_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import column, read, write

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
# Where that is seen to which is about no case, or which its case's page does not show.
WAYS = {
    "card_ruled": "/cards",
    "card_yellow": "/cards",
    "card_red": "/cards",
    "silent": "/terminals",
    "stock_low": "/emergency",
    "duty_unsound": "/duty",
    "duty_drill": "/duty",
    "duty_changed": "/duty",
    "stand_in_asked": "/duty",
    "stand_in_agreed": "/duty",
    "stand_in_refused": "/duty",
    "alarm": "/duty",
    "rules_unsound": "/rules/lint",
}
STILL: LiteralString = """
    SELECT number FROM cases
     WHERE number = ANY (%(numbers)s) AND (%(every)s OR %(person)s IN (inspector_id, reporter_id))
"""


@router.get("/messages", **needs(Permission.SIGNED_IN))
def told(request: Request, me: Signed) -> Response:
    """The newest of them; they are new no longer once they were shown."""
    with read() as tx:  # to whom a message is, is chosen here: some are about no case
        view = View.of(request, tx, me)
        found = messages(tx, me.person_id, me.unit_id)
    if any(one.new for one in found):
        with write() as tx:
            look(tx, me.person_id, max(one.at for one in found))
    own, language = view.known.city.get("notices"), view.t.language
    said = [(one, text_of(one.kind, case=one.case, language=language, own=own), _way(view, one.kind)) for one in found]
    cases = "/cases" if me.may(Permission.SEE_CASES) else "/field/cases"
    return page(view, "messages.html", messages=said, cases=cases, still=_still(me, found), most=MOST)


def _still(me: Me, found: Sequence[Message]) -> set[str]:
    """The cases of these that the person may still open: a task may have gone to another, a case to another unit."""
    numbers, every = [one.case for one in found if one.case], me.may(Permission.SEE_CASES)
    with me.read() as tx:
        return set(column(tx, STILL, numbers=numbers, every=every, person=me.person_id))


def _way(view: View, kind: str) -> str:
    """A page that stands in this person's own ways; none otherwise."""
    way = WAYS.get(kind.partition(":")[0], "")
    return way if any(way.startswith(item.path) for group in view.nav for item in group.ways) else ""


@router.get("/messages/unread", **needs(Permission.SIGNED_IN))
def new(me: Signed) -> Response:
    """For the bell above every page."""
    with read() as tx:
        count = unread(tx, me.person_id, me.unit_id)
    return Response(orjson.dumps({"unread": count, "most": MOST}), media_type="application/json")
