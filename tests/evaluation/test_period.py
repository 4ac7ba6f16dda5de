"""Periods by their names, in the city's own days."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.evaluation.period import Period, period_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q3", "2026-07-01", "2026-10-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-10-01..2026-10-15", "2026-10-01", "2026-10-16"),
        ("2026-10-05", "2026-10-05", "2026-10-06"),
    ],
)
def test_a_period_is_the_citys_days_from_midnight_to_midnight(name: str, first: str, after: str) -> None:
    found = period_of(name, SHANGHAI)

    assert found.start == datetime.fromisoformat(first).replace(tzinfo=SHANGHAI)
    assert found.end == datetime.fromisoformat(after).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("name", ["", "last month", "2026-13", "2026-W60", "2026-Q5", "2026-10-01..", "99999-01"])
def test_what_is_no_period_is_refused_with_what_is(name: str) -> None:
    with pytest.raises(ValueError, match="is not a period: 2026, 2026-Q3"):
        period_of(name, SHANGHAI)


def test_a_period_runs_forward_and_knows_its_zone() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        period_of("2026-10-15..2026-10-01", SHANGHAI)
    with pytest.raises(ValueError, match="with a zone"):
        Period("x", datetime(2026, 1, 1), datetime(2026, 2, 1))  # noqa: DTZ001 - that is the fault
