"""The periods that one is compared with: the one before, and the same a year ago."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from dispatch.evaluation.period import Period, period_of

__all__ = ["before", "year_before"]


def before(period: Period, zone: ZoneInfo) -> Period:
    """The week, month, quarter or year before; of a free range as many days before it."""
    first, after = (instant.astimezone(zone).date() for instant in (period.start, period.end))
    last = first - timedelta(days=1)
    if re.fullmatch(r"\d{4}", period.name):
        name = str(last.year)
    elif "Q" in period.name:
        name = f"{last.year}-Q{(last.month + 2) // 3}"
    elif re.fullmatch(r"\d{4}-\d\d", period.name):
        name = f"{last:%Y-%m}"
    else:
        name = f"{first - (after - first)}..{last}"
    return period_of(name, zone)


def year_before(period: Period, zone: ZoneInfo) -> Period | None:
    """The period of the same name a year ago; None where that year has none (a 53rd week, 29 February)."""
    earlier = re.sub(r"\b\d{4}(?=-|\b)", lambda year: str(int(year[0]) - 1), period.name)
    try:
        return period_of(earlier, zone)
    except ValueError:
        return None
