"""A city's own targets: 1,049 real cases whose limit is n working days at the same clock time."""

import csv
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest

from dispatch.clock import Limit, Rule, Slots, WorkCalendar, due_at

NEW_YORK = ZoneInfo("America/New_York")
HOURS = (Slots((1, 1), (12, 31), ((time(8, 30), time(17)),)),)
NEAR = timedelta(minutes=2)


def boston(*without_holidays: int) -> WorkCalendar:
    days = holidays.country_holidays("US", subdiv="MA", years=range(2014, 2023))
    exceptions = {day: False for day in days if day.year not in without_holidays}
    return WorkCalendar(NEW_YORK, frozenset({1, 2, 3, 4, 5}), HOURS, exceptions, frozenset())


def repaired(stamp: str) -> datetime:
    """Wall time = stored − UTC offset: of the two offsets the one that holds at the wall time it gives."""
    stored = datetime.fromisoformat(stamp)
    walls = [(stored + timedelta(hours=hours)).replace(tzinfo=NEW_YORK) for hours in (4, 5)]
    return next((wall for wall in walls if stored - wall.replace(tzinfo=None) == wall.utcoffset()), walls[1])


def targets() -> Iterator[tuple[datetime, datetime, Limit]]:
    with (Path(__file__).parent / "boston_targets.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            limit = Limit(Decimal(row["days"]), Rule.WORK_DAY_CLOCK)
            yield repaired(row["open_dt"]), repaired(row["target_dt"]), limit


@pytest.mark.parametrize(("without", "at_least", "hits"), [((), 95.8, 1005), ((2018,), 98.0, 1030)])
def test_the_citys_own_targets_come_out_within_two_minutes(
    without: tuple[int, ...], at_least: float, hits: int
) -> None:
    """In 2018 the city's targets ignore its holidays; with an edition that does so too, they agree the better."""
    calendar = boston(*without)
    near = []
    for start, target, limit in targets():
        due = due_at(start, limit, calendar)
        assert due is not None
        near.append(abs(due - target) <= NEAR)

    assert len(near) == 1049
    assert sum(near) == hits
    assert 100 * sum(near) / len(near) >= at_least
