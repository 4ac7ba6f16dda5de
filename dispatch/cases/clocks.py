"""The clocks of one case: start, stop, pause, resume, extend; and the next event that the scheduler owes.

Pure: an instant and the city's calendar come in, a new clock goes out. Every change of a limit is a new epoch, so that
an event of an old epoch can never fire.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.limits import Limit, Pause, due_at, fraction_at, time_class_of
from dispatch.lifecycle.states import ClockKind, State

# Of several the first that runs: a unit's own clock is that of signing until it has signed, then that of disposal.
HOLDERS_CLOCKS: dict[State, tuple[ClockKind, ...]] = {
    State.REPORTED: (ClockKind.ACCEPT,),
    State.SELF_HANDLED: (ClockKind.ACCEPT,),
    State.VERIFYING: (ClockKind.VERIFY,),
    State.VERIFIED: (ClockKind.ACCEPT,),
    State.ACCEPTED: (ClockKind.FILE,),
    State.FILED: (ClockKind.DISPATCH,),
    State.DISPATCHED: (ClockKind.SIGN, ClockKind.DISPOSE),
    State.HANDLING: (ClockKind.DISPOSE,),
    State.RETURN_ASKED: (ClockKind.APPROVE,),
    State.RULING_ASKED: (ClockKind.APPROVE,),
    State.DELAY_ASKED: (ClockKind.APPROVE,),
    State.SUSPEND_ASKED: (ClockKind.APPROVE,),
    State.CHECK_PENDING: (ClockKind.SEND_CHECK,),
    State.CHECKING: (ClockKind.CHECK,),
    State.REWORK: (ClockKind.DISPATCH,),
    State.CHECKED_OK: (ClockKind.CLOSE,),
    State.CLOSED: (ClockKind.REPLY_CITIZEN,),
    State.CLOSED_FORCED: (ClockKind.REPLY_CITIZEN,),
    State.REFUSED: (ClockKind.REPLY_CITIZEN,),
}


def holders_clock(state: State, clocks: Container[str]) -> ClockKind | None:
    """Which of the case's clocks its present holder is on; None if none of them is there."""
    for kind in HOLDERS_CLOCKS.get(state, ()):
        if kind in clocks:
            return kind
    return None


def waits_for_cordon(unit: str | None, clocks: Container[str]) -> bool:
    """Whether a dangerous open case is not made safe yet: nobody has it, or its cordon is waited for."""
    return unit is None or ClockKind.CORDON in clocks


WARNED, LAPSED = "warn", "lapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock that runs or rests. `due` and `warn` are empty while it rests; `fired` is the last event told.

    `calendar`: id of the calendar edition it was last counted by; None where older records do not say.
    `unit`: of a unit that assists, whose clock it is; empty for the case's own clocks. `by`: the row of data that gave
    the limit (`cases.granted`); empty where older records do not say.
    """

    kind: ClockKind
    unit: str = ""
    epoch: int
    limit: Limit
    start: datetime
    pauses: tuple[Pause, ...] = ()
    extra: tuple[Limit, ...] = ()
    due: datetime | None = None
    warn: datetime | None = None
    fired: str = ""
    calendar: int | None = None
    by: str = ""

    @property
    def key(self) -> str:
        """What it is called on the case and in its steps: `dispose`, `assist:water`."""
        return f"{self.kind.value}:{self.unit}" if self.unit else self.kind.value

    @property
    def event(self) -> tuple[datetime, str] | None:
        """The next event not yet told, with its true instant."""
        if self.warn is not None and self.fired == "":
            return self.warn, WARNED
        if self.due is not None and self.fired != LAPSED:
            return self.due, LAPSED
        return None

    @property
    def resting(self) -> bool:
        """Whether a pause is open."""
        return bool(self.pauses) and self.pauses[-1].end is None

    def document(self) -> dict[str, Any]:
        """As the case row keeps it."""
        return {
            "epoch": self.epoch,
            "limit": str(self.limit.value),
            "rule": str(self.limit.time_class),
            "start": self.start.isoformat(),
            "pauses": [[p.start.isoformat(), p.end and p.end.isoformat()] for p in self.pauses],
            "extra": [[str(x.value), str(x.time_class)] for x in self.extra],
            "due": self.due and self.due.isoformat(),
            "warn": self.warn and self.warn.isoformat(),
            "fired": self.fired,
            "calendar": self.calendar,
            "by": self.by,
        }


def clock_of(key: str, document: Mapping[str, Any]) -> Clock:
    """Read back what `Clock.document` wrote."""
    kind, _, unit = key.partition(":")
    return Clock(
        kind=ClockKind(kind),
        unit=unit,
        epoch=document["epoch"],
        limit=_limit(document["limit"], document["rule"]),
        start=datetime.fromisoformat(document["start"]),
        pauses=tuple(Pause(datetime.fromisoformat(a), b and datetime.fromisoformat(b)) for a, b in document["pauses"]),
        extra=tuple(_limit(*extra) for extra in document["extra"]),
        due=_instant(document["due"]),
        warn=_instant(document["warn"]),
        fired=document["fired"],
        calendar=document.get("calendar"),
        by=document.get("by", ""),
    )


def _limit(value: str, time_class: str) -> Limit:
    return Limit(Decimal(value), *time_class_of(time_class))


def running(clocks: Mapping[str, Any]) -> dict[str, Clock]:
    """The typed clocks of `cases.clocks`, by their keys."""
    return {key: clock_of(key, document) for key, document in clocks.items()}


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Sets clocks by one city's calendar. `warn_at`: part of a limit after which its holder is warned (0–1).

    `edition`: the calendar's id.
    """

    calendar: WorkCalendar
    warn_at: Decimal
    edition: int | None = None

    def start(
        self, kind: ClockKind, limit: Limit, at: datetime, *, epoch: int = 1, unit: str = "", by: str = ""
    ) -> Clock:
        """A clock that begins at `at`."""
        return self._set(Clock(kind=kind, unit=unit, epoch=epoch, limit=limit, start=at, by=by), at)

    def pause(self, clock: Clock, at: datetime) -> Clock:
        """Rest from `at` on; a clock that rests already stays as it is."""
        return clock if clock.resting else self._set(replace(clock, pauses=(*clock.pauses, Pause(at, None))), at)

    def resume(self, clock: Clock, at: datetime) -> Clock:
        """Run on with the rest of the limit: a new epoch."""
        if not clock.resting:
            return clock
        pauses = (*clock.pauses[:-1], Pause(clock.pauses[-1].start, at))
        return self._set(replace(clock, pauses=pauses, epoch=clock.epoch + 1), at)

    def extend(self, clock: Clock, more: Limit, at: datetime) -> Clock:
        """A later due time: a new epoch."""
        return self._set(replace(clock, extra=(*clock.extra, more), epoch=clock.epoch + 1), at)

    def change(self, clock: Clock, limit: Limit, at: datetime, *, by: str = "") -> Clock:
        """Another limit from the same beginning, with the same pauses and extensions: a new epoch."""
        return self._set(replace(clock, limit=limit, epoch=clock.epoch + 1, by=by), at)

    def stale(self, clock: Clock, first: int | None) -> bool:
        """Whether a clock that still owes something was counted by another calendar. `first`: where it does not say."""
        counted_by = first if clock.calendar is None else clock.calendar
        return clock.event is not None and counted_by != self.edition

    def moves(self, clock: Clock) -> bool:
        """Whether an event of the clock is at another instant by this calendar."""
        due = due_at(clock.start, clock.limit, self.calendar, clock.pauses, clock.extra)
        return due != clock.due or self._warning(clock) != clock.warn

    def recount(self, clock: Clock, at: datetime, *, epoch: int) -> Clock:
        """The clock by this calendar: the same epoch where no event moves, else a new one."""
        counted = self._set(clock, at)
        moved = (counted.due, counted.warn) != (clock.due, clock.warn)
        return replace(counted, epoch=epoch) if moved else replace(clock, calendar=self.edition)

    def _set(self, clock: Clock, at: datetime) -> Clock:
        if clock.resting:
            # The due time is kept from the run before in the steps; a resting clock owes no event.
            return replace(clock, due=None, warn=None)
        due = due_at(clock.start, clock.limit, self.calendar, clock.pauses, clock.extra)
        warn = self._warning(clock)
        return replace(clock, due=due, warn=warn, fired=_already(clock.fired, due, warn, at), calendar=self.edition)

    def _warning(self, clock: Clock) -> datetime | None:
        return fraction_at(clock.start, clock.limit, self.calendar, self.warn_at, clock.pauses, clock.extra)


def _already(fired: str, due: datetime | None, warn: datetime | None, at: datetime) -> str:
    """What a new epoch need not tell again: an event told before whose instant has not moved past now."""
    if fired == LAPSED and due is not None and due <= at:
        return LAPSED
    return WARNED if fired and warn is not None and warn <= at else ""
