"""Days in 2010 and 2024 to 2027 that are not what their weekday says, by the State Council's notices.

2010 is there for the worked deadlines of tests/clock/deadline_vectors.json, which `wangge due` can then be asked for.
2027 has no notice yet: only the statutory days stand here, with the days in lieu of a week-end that the
regulation itself gives, and `city.toml` does not list the year as confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

__all__ = ["calendar_rows"]

NOTICES = {
    2010: "国办发明电〔2009〕27号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
    2027: "全国年节及纪念日放假办法（国务院令第795号）；调休安排尚未公布",
}
ENGLISH = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming Festival",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}
# name, first and last day off (month, day), working days made up
HOLIDAYS = {
    2010: (
        ("元旦", (1, 1), (1, 3), ()),
        ("春节", (2, 13), (2, 19), ((2, 20), (2, 21))),
        ("清明节", (4, 3), (4, 5), ()),
        ("劳动节", (5, 1), (5, 3), ()),
        ("端午节", (6, 14), (6, 16), ((6, 12), (6, 13))),
        ("中秋节", (9, 22), (9, 24), ((9, 19), (9, 25))),
        ("国庆节", (10, 1), (10, 7), ((9, 26), (10, 9))),
    ),
    2024: (
        ("元旦", (1, 1), (1, 1), ()),
        ("春节", (2, 10), (2, 17), ((2, 4), (2, 18))),
        ("清明节", (4, 4), (4, 6), ((4, 7),)),
        ("劳动节", (5, 1), (5, 5), ((4, 28), (5, 11))),
        ("端午节", (6, 8), (6, 10), ()),
        ("中秋节", (9, 15), (9, 17), ((9, 14),)),
        ("国庆节", (10, 1), (10, 7), ((9, 29), (10, 12))),
    ),
    2025: (
        ("元旦", (1, 1), (1, 1), ()),
        ("春节", (1, 28), (2, 4), ((1, 26), (2, 8))),
        ("清明节", (4, 4), (4, 6), ()),
        ("劳动节", (5, 1), (5, 5), ((4, 27),)),
        ("端午节", (5, 31), (6, 2), ()),
        ("国庆节、中秋节", (10, 1), (10, 8), ((9, 28), (10, 11))),
    ),
    2026: (
        ("元旦", (1, 1), (1, 3), ((1, 4),)),
        ("春节", (2, 15), (2, 23), ((2, 14), (2, 28))),
        ("清明节", (4, 4), (4, 6), ()),
        ("劳动节", (5, 1), (5, 5), ((5, 9),)),
        ("端午节", (6, 19), (6, 21), ()),
        ("中秋节", (9, 25), (9, 27), ()),
        ("国庆节", (10, 1), (10, 7), ((9, 20), (10, 10))),
    ),
    2027: (
        ("元旦", (1, 1), (1, 1), ()),
        ("春节", (2, 5), (2, 10), ()),
        ("清明节", (4, 5), (4, 5), ()),
        ("劳动节", (5, 1), (5, 4), ()),
        ("端午节", (6, 9), (6, 9), ()),
        ("中秋节", (9, 15), (9, 15), ()),
        ("国庆节", (10, 1), (10, 5), ()),
    ),
}


def calendar_rows() -> list[list[str]]:
    """Rows of calendar.csv in the order of days: week days off, week-end days of work."""
    rows = [row for year in HOLIDAYS for row in _year(year)]
    return sorted(rows)


def _year(year: int) -> Iterator[list[str]]:
    for name, first, last, moved in HOLIDAYS[year]:
        english = " and ".join(ENGLISH[part] for part in name.split("、"))
        for day in _days(date(year, *first), date(year, *last)):
            if day.isoweekday() <= 5:
                yield [day.isoformat(), "off", name, english, NOTICES[year]]
        for month, day_of_month in moved:
            moved_to = date(year, month, day_of_month).isoformat()
            yield [moved_to, "work", f"{name}调休上班", f"worked for {english}", NOTICES[year]]


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
