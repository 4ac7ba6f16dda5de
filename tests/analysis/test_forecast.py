"""Four weeks ahead, with figures one can check by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dispatch.analysis.beside import before, year_before
from dispatch.analysis.forecast import forecast
from dispatch.evaluation.period import period_of

FIRST = date(2025, 1, 6)  # a Monday
ZONE = ZoneInfo("Asia/Shanghai")


def weeks(*totals: int) -> dict[date, int]:
    """All of a week's reports on its Wednesday, and a lone zero on the first Monday."""
    return {FIRST: 0} | {FIRST + timedelta(days=7 * n + 2): total for n, total in enumerate(totals)}


def after(number: int) -> date:
    """A Thursday with so many whole weeks behind it."""
    return FIRST + timedelta(days=7 * number + 3)


def test_with_fewer_than_eight_weeks_there_is_no_forecast() -> None:
    assert forecast(weeks(*[10] * 7), after(7)) is None
    assert forecast({}, after(7)) is None


def test_eight_weeks_give_a_guess_and_no_interval() -> None:
    told = forecast(weeks(10, 20, 30, 40, 50, 60, 70, 84), after(8))
    assert told is not None
    assert [one.expected for one in told.weeks] == [46] * 4  # 364 / 8 = 45.5, half up
    assert [(one.low, one.high) for one in told.weeks] == [(None, None)] * 4
    assert (told.error, told.trials) == (None, 0)
    assert told.weeks[0].monday == FIRST + timedelta(weeks=8)


def test_the_week_under_way_is_no_part_of_it() -> None:
    told = forecast(weeks(*[10] * 8, 900), after(8))
    assert told is not None
    assert told.weeks[0].expected == 10


def test_the_error_is_that_of_the_guesses_that_were_possible() -> None:
    """Nine weeks of 10 and one of 15: as of week eight 10 and 15 came, as of week nine 15; guesses of 10."""
    told = forecast(weeks(*[10] * 9, 15), after(10))
    assert told is not None
    assert told.error == Decimal("33.3")  # errors of 0, 50 and 50 per cent


def test_an_even_past_has_a_narrow_interval_that_holds() -> None:
    told = forecast(weeks(*[100, 110] * 10), after(20))
    assert told is not None
    assert told.weeks[0].expected == 105
    assert (told.weeks[0].low, told.weeks[0].high) == (100, 110)
    assert told.covered == told.trials > 0


def test_a_season_of_last_year_is_seen_coming() -> None:
    """A year of 100 a week but for one of 300, 52 weeks before the second to come."""
    year = [100] * 60
    year[60 - 52 + 1] = 300
    told = forecast(weeks(*year), after(60))
    assert told is not None
    assert [one.expected for one in told.weeks] == [100, 300, 100, 100]


@pytest.mark.parametrize(
    ("name", "one_before", "a_year_ago"),
    [
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026", "2025", "2025"),
        ("2026-02-11..2026-02-20", "2026-02-01..2026-02-10", "2025-02-11..2025-02-20"),
        ("2026-W02", "2025-12-29..2026-01-04", "2025-W02"),
        ("2020-W53", "2020-12-21..2020-12-27", None),
    ],
)
def test_what_a_period_is_compared_with(name: str, one_before: str, a_year_ago: str | None) -> None:
    period = period_of(name, ZONE)
    assert before(period, ZONE).name == one_before
    assert before(period, ZONE).end == period.start
    earlier = year_before(period, ZONE)
    assert (earlier.name if earlier else None) == a_year_ago
