"""A department's inbox: four lanes by time left, for its own unit and those below it."""

from __future__ import annotations

from dataclasses import dataclass
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
UNITS_CLOCKS = (ClockKind.SIGN, ClockKind.DISPOSE)
MOST = 200  # of one's own work; what is more is told as a number


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: its key among the words, its cases, and how many more there are."""

    key: str
    rows: list[Row]
    more: int = 0


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
    parts[-1] = Lane("later", parts[-1].rows, total - len(own))
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
    """One's own work in three lanes: warned or late, to be signed or done before `end`, later or without limit."""
    soon: list[Row] = []
    today: list[Row] = []
    later: list[Row] = []
    for row in rows:
        running = [clock_of(kind, row.clocks[kind]) for kind in UNITS_CLOCKS if kind in row.clocks]
        due = min((clock.due for clock in running if clock.due), default=None)
        if due is None or now is None or end is None:
            later.append(row)
        elif row.hazard or any(now >= told for clock in running if (told := clock.warn or clock.due)):
            soon.append(row)
        else:
            (today if due < end else later).append(row)
    return [Lane("soon", soon), Lane("today", today), Lane("later", later)]
