"""The turn from one calendar to another: clocks that still owe something are counted by the one in force."""

from __future__ import annotations

from dataclasses import replace

from dispatch.cases.assists import date_parts
from dispatch.cases.books import Books
from dispatch.cases.clocks import Clock
from dispatch.cases.draft import Draft
from dispatch.cases.moves import Effect, keep_clock

__all__ = ["moves_any", "recount", "stale_clocks"]


def recount(effect: Effect) -> None:
    """Another calendar has come into force: every clock that still owes something is counted by it.

    A clock whose events move begins a new epoch, so that none of the old one can fire; `data["moved"]` keeps from when
    to when it moved. A clock that has lapsed stays lapsed.
    """
    draft, keeper = effect.draft, effect.books.keeper
    for key, clock in stale_clocks(draft, effect.books).items():
        counted = keeper.recount(clock, effect.now, epoch=draft.case.version + 1)
        if counted.epoch == clock.epoch:
            draft.clocks[key] = counted
            continue
        effect.data.setdefault("moved", {})[key] = [_said(clock), _said(counted)]
        keep_clock(effect, "@", counted)
    date_parts(effect)


def stale_clocks(draft: Draft, books: Books) -> dict[str, Clock]:
    """The clocks that were counted by another calendar than the one in force."""
    first = draft.case.editions.get("calendar")
    return {key: clock for key, clock in draft.clocks.items() if books.keeper.stale(clock, first)}


def moves_any(draft: Draft, books: Books) -> bool:
    """Whether the calendar in force moves any of them; where it moves none, they are marked as counted by it."""
    stale = stale_clocks(draft, books)
    if any(books.keeper.moves(clock) for clock in stale.values()):
        return True
    draft.clocks |= {key: replace(clock, calendar=books.keeper.edition) for key, clock in stale.items()}
    return False


def _said(clock: Clock) -> str | None:
    return None if clock.due is None else clock.due.isoformat()
