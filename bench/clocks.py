"""Due times of many cases by the city's calendar."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy

from bench.show import line
from dispatch.clock import Limit, Rule, due_at
from dispatch.clock.load import calendar_of
from dispatch.clock.many import due_times

__all__ = ["measure_clocks"]

LIMITS = (
    Limit(Decimal(4), Rule.WORK_HOUR),
    Limit(Decimal(2), Rule.WORK_DAY),
    Limit(Decimal(3), Rule.WORK_DAY_CLOCK),
    Limit(Decimal(2), Rule.URGENT_HOUR),
)
FIRST = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
YEARS_3 = 3 * 366 * 86_400
AIM = 3.0


def measure_clocks(folder: Path, cases: int) -> None:
    """Starts spread over three years, a quarter of them under each kind of limit; processor time."""
    starts = numpy.random.default_rng(1).integers(FIRST, FIRST + YEARS_3, cases)
    parts = numpy.array_split(starts, len(LIMITS))
    calendar = calendar_of(folder)
    begin = time.process_time()
    for part, limit in zip(parts, LIMITS, strict=True):
        due_times(part, limit, calendar)
    line(f"{cases:,} due times at once, seconds of processor", time.process_time() - begin, at_most=AIM)
    few = starts[: cases // 20]
    begin = time.process_time()
    for number, start in enumerate(few):
        due_at(datetime.fromtimestamp(int(start), UTC), LIMITS[number % len(LIMITS)], calendar)
    line("one due time by itself, µs of processor", (time.process_time() - begin) / len(few) * 1e6)
