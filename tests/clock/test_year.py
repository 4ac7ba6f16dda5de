"""A year of deadlines in a second: each hour of 2026 by each rule, as a second counter finds it, and as it fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy
import pytest

from dispatch.cases.clocks import LAPSED, WARNED, Keeper
from dispatch.clock import Limit, Rule
from dispatch.clock.load import calendar_of
from dispatch.clock.many import due_times
from dispatch.lifecycle.states import ClockKind
from dispatch.verify.hours import Hours

BINHE = Path(__file__).resolve().parents[2] / "data" / "cities" / "binhe"
SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGIN = int(datetime(2026, 1, 1, tzinfo=SHANGHAI).timestamp())
STARTS = numpy.arange(BEGIN + 59, BEGIN + 365 * 86_400, 3600, dtype=numpy.int64)
LIMITS = [
    Limit(Decimal(4), Rule.WORK_HOUR),
    Limit(Decimal(3), Rule.WORK_DAY),
    Limit(Decimal(2), Rule.WORK_DAY_CLOCK),
    Limit(Decimal(1), Rule.WORK_DAY_AT, time(12)),
    Limit(Decimal(2), Rule.DAY_AT, time(12)),
    Limit(Decimal(15), Rule.URGENT_MINUTE),
    Limit(Decimal(2), Rule.URGENT_HOUR),
    Limit(Decimal(1), Rule.URGENT_DAY),
]


def document() -> dict[str, object]:
    """The demo city's calendar as the other counter reads it."""
    calendar = calendar_of(BINHE)
    days = [date(2025, 12, 1) + timedelta(days=n) for n in range(500)]
    return {
        "zone": "Asia/Shanghai",
        "week": [],
        "exceptions": {day.isoformat(): calendar.is_working(day) for day in days},
        "slots": [{"from": "01-01", "to": "12-31", "hours": ["08:00-12:00", "14:00-18:00"]}],
    }


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.rule.value)
def test_each_hour_of_the_year_has_the_due_time_that_a_second_counter_finds(limit: Limit) -> None:
    found = due_times(STARTS, limit, calendar_of(BINHE))

    hours, said = Hours(document()), [(str(limit.value), str(limit.time_class))]
    assert len(found) == 8760
    assert found.tolist() == [hours.due(int(at), said, []) for at in STARTS]


def test_a_year_of_clocks_warns_and_lapses_in_order_each_once() -> None:
    """One begins each hour; what falls due is fired at its own instant, as time goes by, until none owes anything."""
    keeper = Keeper(calendar_of(BINHE), Decimal("0.8"), 1)
    clocks = [
        keeper.start(ClockKind.DISPOSE, LIMITS[n % len(LIMITS)], datetime.fromtimestamp(int(at), UTC))
        for n, at in enumerate(STARTS)
    ]
    told: list[list[str]] = [[] for _ in clocks]
    owed = [(clock.event[0], number) for number, clock in enumerate(clocks) if clock.event]
    heapify(owed)
    last = clocks[0].start
    while owed:
        now, number = heappop(owed)
        event = clocks[number].event
        assert event is not None
        assert last <= now == event[0]
        told[number].append(event[1])
        clocks[number] = replace(clocks[number], fired=event[1])
        if following := clocks[number].event:
            heappush(owed, (following[0], number))
        last = now
    assert len(told) == 8760
    assert [number for number, events in enumerate(told) if events != [WARNED, LAPSED]] == []
