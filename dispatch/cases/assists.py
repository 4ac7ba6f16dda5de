"""Lead and assisting units 主协办: each unit that assists has a part of the case, with a clock and an end of its own.

The lead holds the case; a part moves no state. `cases.assists` keeps every part ever given, in order, `cases.assisting`
the units of the present dispatch, which row security lets look at the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dispatch.cases.draft import Draft
from dispatch.cases.granted import Granted, cite_rule
from dispatch.cases.moves import Effect, begin_clock, granted_to, pause_clock, resume_clock, stop_clock
from dispatch.lifecycle.decide import PART_SENT, PART_SIGNED, PARTS_OPEN
from dispatch.lifecycle.states import Action, ClockKind

__all__ = [
    "OF_AN_ASSISTANT",
    "date_parts",
    "drop_parts",
    "give_parts",
    "go_on_without",
    "lapsed",
    "parts_of",
    "report_part",
    "rest_parts",
    "sign_part",
    "wake_parts",
]

OF_AN_ASSISTANT = frozenset({Action.ASSIST_SIGN, Action.ASSIST_REPORT})
DONE, DROPPED = "done", "dropped"
Part = dict[str, Any]


def parts_of(assists: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """Unit → where its last part stands: sent, signed, done, or dropped."""
    return {part["unit"]: part["state"] for part in assists or ()}


def give_parts(effect: Effect) -> None:
    """At a dispatch that follows its rule: a part for each unit that the rule names beside the one responsible."""
    case, route = effect.draft.case, effect.draft.case.route or {}
    known = [unit for unit in route.get("assist", ()) if effect.books.tree.get(unit) and unit != case.unit_id]
    if not effect.data["follows"] or not known:
        return
    for unit in known:
        begin_clock(effect, ClockKind.ASSIST, _limit(effect), unit=unit)
        given = {"unit": unit, "seq": case.version + 1, "state": PART_SENT, "sent_at": effect.now.isoformat()}
        case.assists = [*(case.assists or ()), given | {"due": _due(effect, unit), "late": False}]
        effect.draft.tell("assist", unit=unit)
    case.assisting = known
    effect.data["assists"] = known


def _limit(effect: Effect) -> Granted | None:
    """The limit that the rule sets for those who assist; without one, the lead's own."""
    route = effect.draft.case.route or {}
    own = route.get("assist_limit")
    limit = effect.books.limit(Decimal(own[0]), own[1]) if own else None
    if limit is not None:
        return Granted(limit, cite_rule(route))
    return granted_to(effect, ClockKind.DISPOSE)


def sign_part(effect: Effect) -> None:
    """The unit has its part in hand; its clock runs on."""
    _change(effect, effect.form.unit or "", state=PART_SIGNED, signed_at=effect.now.isoformat())


def report_part(effect: Effect) -> None:
    """The unit has done its part; the lead is told."""
    unit = effect.form.unit or ""
    stop_clock(effect, _key(unit))
    _change(effect, unit, state=DONE, done_at=effect.now.isoformat())
    effect.draft.tell(Action.ASSIST_REPORT.value, unit=effect.draft.case.unit_id)


def go_on_without(effect: Effect) -> None:
    """The lead has replied, and said why it did not wait: what is still open is dropped."""
    units = [part["unit"] for part in _open(effect.draft)]
    if units:
        effect.data["without"] = units
        _drop(effect, units)


def drop_parts(effect: Effect) -> None:
    """The case was taken from its lead, or it is over: nobody assists any longer."""
    _drop(effect, [part["unit"] for part in _open(effect.draft)])
    if effect.draft.case.ended_at is None:
        effect.draft.case.assisting = None


def rest_parts(effect: Effect) -> None:
    """The case is suspended: so is every part of it that is open."""
    for part in _open(effect.draft):
        pause_clock(effect, _key(part["unit"]))


def wake_parts(effect: Effect) -> None:
    """The case goes on: each part with the rest of its limit."""
    for part in _open(effect.draft):
        resume_clock(effect, _key(part["unit"]))
    date_parts(effect)


def date_parts(effect: Effect) -> None:
    """Clocks have moved: what each open part says of its due time is what its clock says."""
    for part in _open(effect.draft):
        _change(effect, part["unit"], due=_due(effect, part["unit"]))


def lapsed(draft: Draft, unit: str) -> None:
    """The part's clock has run out while it was open."""
    draft.case.assists = [
        {**part, "late": True} if part["unit"] == unit and part["state"] in PARTS_OPEN else part
        for part in draft.case.assists or ()
    ]


def _key(unit: str) -> str:
    return f"{ClockKind.ASSIST.value}:{unit}"


def _due(effect: Effect, unit: str) -> str | None:
    clock = effect.draft.clocks.get(_key(unit))
    return clock.due.isoformat() if clock is not None and clock.due is not None else None


def _open(draft: Draft) -> Iterator[Part]:
    yield from [part for part in draft.case.assists or () if part["state"] in PARTS_OPEN]


def _drop(effect: Effect, units: Sequence[str]) -> None:
    for unit in units:
        stop_clock(effect, _key(unit))
        _change(effect, unit, state=DROPPED, dropped_at=effect.now.isoformat())
        effect.draft.tell("assist_dropped", unit=unit)


def _change(effect: Effect, unit: str, **given: Any) -> None:
    """The unit's open part with other values; a new list, for the row as it was may still be looked at."""
    case = effect.draft.case
    case.assists = [
        {**part, **given} if part["unit"] == unit and part["state"] in PARTS_OPEN else part
        for part in case.assists or ()
    ]
