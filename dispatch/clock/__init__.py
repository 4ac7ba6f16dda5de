"""The clock of a case: work calendars, limits, due times. Pure: no database, and no `now` of its own."""

from dispatch.clock.calendar import Slots, WorkCalendar
from dispatch.clock.limits import Limit, Pause, Rule, TimeClass, due_at, fraction_at, left, used
from dispatch.clock.why import why

__all__ = [
    "Limit",
    "Pause",
    "Rule",
    "Slots",
    "TimeClass",
    "WorkCalendar",
    "due_at",
    "fraction_at",
    "left",
    "used",
    "why",
]
