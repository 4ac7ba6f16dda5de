"""Periods of evaluation: week, month, quarter, year and free range, in the city's own days."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["FORMS", "INSTANTS", "KINDS", "Period", "as_of_of", "kind_of", "name_of", "period_of", "previous"]

INSTANTS = "2026-11-20, 2026-11-20T08:00 or now"
KINDS = ("week", "month", "quarter", "year")
FORMS = "2026, 2026-Q3, 2026-10, 2026-W41 or 2026-10-01..2026-10-15"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start`, to before `end`; aware instants."""

    name: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period wants instants with a zone")
        if self.end <= self.start:
            raise ValueError(f"the period {self.name} ends before it begins")


def period_of(text: str, zone: ZoneInfo) -> Period:
    """A period by its name; a free range includes both its days. Raises ValueError with the forms that work."""
    try:
        first, after = _days(text)
        if not 1970 <= first.year <= after.year <= 2200:
            raise ValueError("too far off")
    except (ValueError, OverflowError) as fault:
        raise ValueError(f"{text} is not a period: {FORMS}") from fault
    midnight = [datetime.combine(day, time(0), zone).astimezone(UTC) for day in (first, after)]
    return Period(text, midnight[0], midnight[1])


def name_of(kind: str, day: date) -> str:
    """The week, month, quarter or year in which a day lies."""
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "year": str(day.year)}[kind]


def kind_of(period: Period, zone: ZoneInfo) -> str | None:
    """Of which kind a period is by its name; None for a day or a free range."""
    first = period.start.astimezone(zone).date()
    return next((kind for kind in KINDS if name_of(kind, first) == period.name), None)


def previous(period: Period, zone: ZoneInfo) -> Period:
    """The week, month, quarter or year before; before a free range, as many days."""
    first, after = period.start.astimezone(zone).date(), period.end.astimezone(zone).date()
    day, kind = first - timedelta(days=1), kind_of(period, zone)
    return period_of(name_of(kind, day) if kind else f"{first - (after - first)}..{day}", zone)


def as_of_of(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant that figures are to be as of: `2026-11-20T08:00`, a day (to its end), or `now`; empty is None.

    Wall time is the city's. Raises ValueError; nothing is known yet of an instant ahead.
    """
    if not text:
        return None
    if text == "now":
        return now
    try:
        then = datetime.fromisoformat(text)
        then = then if then.tzinfo else then.replace(tzinfo=zone)
        then = min(then + timedelta(days=1), max(then, now)) if len(text) == len("2026-11-20") else then
        then = then.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise ValueError(f"{text} is not an instant: {INSTANTS}") from fault
    if then > now:
        raise ValueError(f"{text} lies ahead: nothing is known of it yet")
    return then


def _days(text: str) -> tuple[date, date]:
    if ".." in text:
        first, last = text.split("..")
        return date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
    if found := re.fullmatch(r"(\d{4})-W(\d\d)", text):
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return monday, monday + timedelta(days=7)
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        return _months(int(found[1]), 3 * int(found[2]) - 2, 3)
    if found := re.fullmatch(r"(\d{4})-(\d\d)", text):
        return _months(int(found[1]), int(found[2]), 1)
    if re.fullmatch(r"\d{4}", text):
        return _months(int(text), 1, 12)
    day = date.fromisoformat(text)
    return day, day + timedelta(days=1)


def _months(year: int, month: int, number: int) -> tuple[date, date]:
    ahead = year * 12 + month - 1 + number
    return date(year, month, 1), date(ahead // 12, ahead % 12 + 1, 1)
