"""How often our clock says what the other system's own target says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.clock import Limit, WorkCalendar, due_at
from dispatch.foreign.records import Record

__all__ = ["Agreement", "agreement", "computed_due"]

LimitOf = Callable[[str], Limit | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of `compared` records with a target and a limit of ours, how many agree; `at_least`: the share wanted."""

    name: str
    compared: int
    agree: int
    at_least: float | None = None

    @property
    def falls_short(self) -> bool:
        """Whether the share is smaller than wanted."""
        return self.share is not None and self.at_least is not None and self.share < self.at_least

    @property
    def share(self) -> float | None:
        """None if nothing could be compared."""
        return self.agree / self.compared if self.compared else None


def computed_due(record: Record, limit_of: LimitOf, calendar: WorkCalendar) -> datetime | None:
    """The due time by our clock from the report on; None if the category has no limit."""
    limit = limit_of(record.category)
    return None if limit is None else due_at(record.reported_at, limit, calendar)


def agreement(
    name: str, records: Sequence[Record], limit_of: LimitOf, calendar: WorkCalendar, *, within_seconds: int
) -> Agreement:
    """Compare every record that has a target of its own and a category with a limit."""
    compared = agree = 0
    for record in records:
        due = computed_due(record, limit_of, calendar)
        if due is not None and record.due_at is not None:
            compared += 1
            agree += abs((due - record.due_at).total_seconds()) <= within_seconds
    return Agreement(name=name, compared=compared, agree=agree)
