"""Who is on duty, by the roster in force on the day on which a shift begins, with who stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import LiteralString

from dispatch.cases.books import Books, books_on
from dispatch.duty.roster import Post, Shift, with_stand_ins
from dispatch.duty.stand_ins import agreed
from gis.db import ReadTx, column
from gis.problems import NotFound

__all__ = ["days_between", "people_on_duty", "shifts_between"]

DAY = timedelta(days=1)
AT_ONCE = timedelta(microseconds=1)
BY_LOGIN: LiteralString = "SELECT id FROM person WHERE login = ANY (%(logins)s) AND NOT disabled ORDER BY id"


def shifts_between(tx: ReadTx, since: datetime, until: datetime, units: Collection[str] | None = None) -> list[Shift]:
    """The shifts that touch a part of the period, by the roster in force on the day on which each begins, with who
    stands in; of these units, or of all."""
    planned = [
        shift
        for day, city in days_between(tx, since, until)
        for place in city.roster.by_place
        if units is None or place[0] in units
        for shift in city.roster.shifts(place, day, city.calendar)
        if shift.since < until and shift.until > since
    ]
    standing = with_stand_ins(planned, agreed(tx, since, until, units))
    return [shift for shift in standing if shift.since < until and shift.until > since]


def people_on_duty(tx: ReadTx, unit: str, post: Post, at: datetime) -> list[int]:
    """Whoever fills a post of the unit at an instant: open accounts only."""
    there = {shift.person for shift in shifts_between(tx, at, at + AT_ONCE, {unit}) if shift.post is post}
    return column(tx, BY_LOGIN, logins=sorted(there))


def days_between(tx: ReadTx, since: datetime, until: datetime) -> Iterator[tuple[date, Books]]:
    """The days on which shifts of the period may begin, each with its books; none before the first books."""
    zone = books_on(tx, tx.now.date()).zone
    day, last = since.astimezone(zone).date() - DAY, until.astimezone(zone).date()
    while day <= last:
        with suppress(NotFound):
            yield day, books_on(tx, day)
        day += DAY
