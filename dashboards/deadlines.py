"""The clocks of one case as its page explains them: whose they are, what is used and left, and why they end then."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.grounds import ground, leads_to
from dashboards.holders import held_by
from dashboards.times import Left
from dashboards.view import View
from dispatch.cases.books import calendar_edition
from dispatch.cases.clocks import Clock, holders_clock, running
from dispatch.cases.dossier import Case, Full
from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.why import amount, why
from dispatch.lifecycle.states import ClockKind, Pool
from gis.db import ReadTx

__all__ = ["Deadline", "deadlines", "disposal_limit"]

# Whose these are, whatever the state of the case.
OWNERS = {ClockKind.REPLY_CITIZEN: Pool.ACCEPTOR, ClockKind.FORCE_CLOSE: Pool.REFEREE, ClockKind.APPEAL: Pool.REFEREE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One clock. `why`: its derivation in words; `ground`: what gave its limit, `row`: where that stands;
    `present`: the holder's own."""

    key: str
    name: str
    holder: str
    left: Left
    why: str
    ground: str
    row: str
    present: bool


def deadlines(tx: ReadTx, view: View, case: Case) -> list[Deadline]:
    """The clocks that run or rest, the holder's own first, then by what is due next."""
    present = holders_clock(case.state, case.clocks)
    clocks = running(case.clocks).values()
    ordered = sorted(clocks, key=lambda clock: (clock.kind != present, clock.due is None, clock.due or clock.start))
    return [_deadline(tx, view, case, clock, present=clock.key == present) for clock in ordered]


def disposal_limit(view: View, file: Full) -> str:
    """How long the unit's work may take: as it was set at the dispatch; before that, by the filing condition."""
    limit, case = file.disposal, file.case
    return view.limit(case.limit_value, case.time_class) if limit is None else amount(limit, view.language)


def _deadline(tx: ReadTx, view: View, case: Case, clock: Clock, *, present: bool) -> Deadline:
    calendar = _counted_by(tx, view, case, clock)
    said = why(clock.start, clock.limit, calendar, clock.pauses, extra=clock.extra, language=view.language)
    left = view.left(case, clock.key) or Left(urgency="none", words="")
    return Deadline(
        key=clock.key, name=view.clock(clock.key), holder=_holder(view, case, clock, present), left=left, why=said,
        ground=ground(tx, view, clock), row=leads_to(clock.by), present=present,
    )  # fmt: skip


def _holder(view: View, case: Case, clock: Clock, present: bool) -> str:
    """Who has to be done by then: a unit by its name, else a post."""
    if clock.unit:
        return view.unit(clock.unit)
    if clock.kind in OWNERS:
        return view.pool(OWNERS[clock.kind])
    if present:
        return held_by(view, case)
    return view.unit(case.unit_id) if case.unit_id else view.pool(Pool.UNIT)


def _counted_by(tx: ReadTx, view: View, case: Case, clock: Clock) -> WorkCalendar:
    """The calendar that its due time was counted by: one that has lapsed is not counted anew."""
    edition = clock.calendar or case.editions.get("calendar")
    if edition is None or edition == view.known.editions["calendar"]:
        return view.known.calendar
    return calendar_edition(tx, edition)
