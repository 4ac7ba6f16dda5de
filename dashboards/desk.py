"""A department's inbox: four lanes by time left, for its own unit and those below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.clocks import clock_of
from dispatch.cases.read import Row, assisted, inbox, tally_units, unsafe
from dispatch.evaluation.terms import contracts_on
from dispatch.lifecycle.states import OPEN, ClockKind, State
from dispatch.live.feed import here
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs

__all__ = ["Lane", "lanes", "router"]

router = APIRouter(include_in_schema=False)
MINE = (State.DISPATCHED, State.HANDLING)
OTHERS = tuple(sorted(OPEN - set(MINE)))
UNITS_CLOCKS = (ClockKind.SIGN, ClockKind.DISPOSE, ClockKind.SUPERVISE)
MOST = 200  # of one's own work; what is more is told as a number


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: its key among the words, its cases, and how many more there are. `about`: which clock put one here."""

    key: str
    rows: list[Row]
    more: int = 0
    about: Mapping[int, ClockKind] = field(default_factory=dict)


@router.get("/desk", **needs(Permission.SEE_INBOX))
def desk(request: Request, me: Signed) -> Response:
    """The inbox."""
    with me.read() as tx:
        view = View.of(request, tx, me)
        live = here(tx)
        own = inbox(tx, me.units, states=MINE, limit=MOST)
        others = inbox(tx, me.units, states=OTHERS, limit=50)
        helps = assisted(tx, me.units, limit=MOST)
        hazards = unsafe(tx, units=me.units)
        counts = {row.state: row for row in tally_units(tx, me.units)}
        settles = any(one.unit in me.units for one in contracts_on(tx, view.today))
    total = sum(counts[s].count for s in MINE if s in counts)
    waiting = sum(row.count for state, row in counts.items() if state not in MINE)
    end = _tonight(view.now or own[0].last_at, view) if own else None
    parts = lanes(own, view.now, end)
    helped = [Lane("assist", helps)] if helps else []
    parts[-1] = replace(parts[-1], more=total - len(own))
    parts += [*helped, Lane("waiting", others, waiting - len(others))]
    shown: dict[str, Any] = {
        "live": live,
        "lanes": parts,
        "total": total + len(helps),
        "hazards": hazards,
        "settles": settles,
    }
    return page(view, "inbox.html", **shown)


def _tonight(now: datetime, view: View) -> datetime:
    """Midnight in the city."""
    here = now.astimezone(view.known.zone)
    return (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def lanes(rows: list[Row], now: datetime | None, end: datetime | None) -> list[Lane]:
    """One's own work in three lanes: warned or late, to be signed, done or answered before `end`, later or without
    limit. Of several clocks that put a case there, disposal is what it is about."""
    found: dict[str, list[Row]] = {"soon": [], "today": [], "later": []}
    about: dict[int, ClockKind] = {}
    for row in rows:
        running = [clock_of(kind, row.clocks[kind]) for kind in UNITS_CLOCKS if kind in row.clocks]
        ends = [(clock.due, clock.warn or clock.due, clock.kind) for clock in running if clock.due]
        if not ends or now is None or end is None:
            found["later"].append(row)
            continue
        warned = [one for one in ends if now >= one[1]]
        due, _, about[row.id] = min(warned or [one for one in ends if one[0] < end] or ends, key=_disposal_first)
        found["soon" if row.hazard or warned else "today" if due < end else "later"].append(row)
    return [Lane(key, some, about=about) for key, some in found.items()]


def _disposal_first(one: tuple[datetime, datetime, ClockKind]) -> tuple[bool, datetime]:
    return one[2] is not ClockKind.DISPOSE, one[0]
