"""Ladders of escalation as data: whom an alarm rings, one rung after the other. Pure.

A rung waits for so many minutes after the one before and is left out if somebody has acknowledged meanwhile; or it
rings at a multiple of the clock's limit, acknowledged or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from dispatch.lifecycle.states import ClockKind

__all__ = [
    "DANGER",
    "EVENTS",
    "Call",
    "Ladder",
    "Ladders",
    "Rung",
    "after_answer",
    "circles",
    "ladders_of",
    "listed",
    "rungs_of",
]

EVENTS = ("start", "warn", "lapse")  # of a clock, on which a ladder begins
DANGER = "danger"  # the case is found to be dangerous while the clock runs: the ladder of a danger's start begins


class Call(StrEnum):
    """Whom a rung rings. The unit is the clock's, else the case's own, else the centre."""

    HOLDER = "holder"  # the unit's people, or the inspector who has the task
    DUTY = "duty"  # the unit's person on duty
    HEAD = "head"  # the unit's head on call
    CENTRE = "centre"  # the centre's person on duty
    LEADER = "leader"  # the leader on call


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Exactly one of `wait` (minutes after the rung before) and `at` (multiple of the limit; 1: when it ends)."""

    call: Call
    wait: int | None = None
    at: Decimal | None = None

    def document(self) -> dict[str, Any]:
        """As an alarm keeps it."""
        return {"call": self.call.value, "wait": self.wait, "at": None if self.at is None else str(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """`hazard` None: for dangerous cases and others. `rungs`: those of the ladders it goes on with included."""

    key: str
    name: str
    name_en: str
    clocks: frozenset[ClockKind]
    event: str
    hazard: bool | None
    rungs: tuple[Rung, ...]


@dataclass(frozen=True)
class Ladders:
    """The ladders of one edition."""

    all: tuple[Ladder, ...] = ()

    def on(self, clock: ClockKind, event: str, *, hazard: bool) -> Ladder | None:
        """The ladder that begins with this event of a clock; one for dangerous cases alone comes first."""
        fit = [one for one in self.all if clock in one.clocks and one.event == event and one.hazard in (None, hazard)]
        return min(fit, key=lambda one: one.hazard is None, default=None)

    def of_danger(self, clock: ClockKind) -> Ladder | None:
        """The ladder for danger alone that begins with this clock's start, else the one of a danger's report."""
        begun = (self.on(kind, "start", hazard=True) for kind in (clock, ClockKind.ACCEPT))
        return next((one for one in begun if one is not None and one.hazard), None)

    @cached_property
    def by_key(self) -> dict[str, Ladder]:
        """Each by its key."""
        return {one.key: one for one in self.all}


def ladders_of(document: Mapping[str, Any] | None) -> Ladders:
    """The ladders of an edition's content that was checked; none where the city has none."""
    rows = {row["key"]: row for row in (document or {}).get("ladder", ())}
    return Ladders(
        tuple(
            Ladder(
                key=key,
                name=row.get("name", key),
                name_en=row.get("name_en", ""),
                clocks=frozenset(ClockKind(kind) for kind in listed(row.get("clock", ()))),
                event=row.get("event", ""),
                hazard=row.get("hazard"),
                rungs=tuple(_rungs(rows, key)),
            )
            for key, row in rows.items()
        )
    )


def listed(given: str | Iterable[str]) -> list[str]:
    """A word or a list of them."""
    return [given] if isinstance(given, str) else list(given)


def _rungs(rows: Mapping[str, Mapping[str, Any]], key: str | None) -> Iterator[Rung]:
    """Its own rungs, then those of the ladder it goes on with."""
    while key is not None:
        yield from rungs_of(rows[key]["rungs"])
        key = rows[key].get("then")


def rungs_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Rung, ...]:
    """Rungs as data has them, or as an alarm kept them."""
    return tuple(
        Rung(
            call=Call(row["call"]), wait=row.get("wait"), at=None if row.get("at") is None else Decimal(str(row["at"]))
        )
        for row in rows
    )


def after_answer(rungs: tuple[Rung, ...], rung: int) -> int | None:
    """The next rung, from `rung` on, that rings though somebody has acknowledged; None if none does."""
    return next((number for number in range(rung, len(rungs)) if rungs[number].at is not None), None)


def circles(then: Mapping[str, str | None]) -> Iterator[str]:
    """The ladders that lead back to themselves."""
    for start in then:
        seen, key = {start}, then[start]
        while key is not None and key not in seen:
            seen.add(key)
            key = then.get(key)
        if key == start:
            yield start
