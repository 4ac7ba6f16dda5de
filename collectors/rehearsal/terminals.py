"""Where the simulated departments sat, and when their pages were open: most of the day, with gaps of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from dispatch.cases.books import books
from dispatch.clock.calendar import WorkCalendar
from dispatch.people.sessions import RECEIVE, TERMINAL
from dispatch.terminals.presence import LONGEST
from dispatch.terminals.silence import expected
from gis.db import ReadTx, Tx, dicts, execute_many, value

__all__ = ["sit_down", "terminals_of"]

ONE_OF = """
    SELECT DISTINCT ON (p.unit_id) p.unit_id AS unit, p.id AS person
      FROM person p JOIN person_role r ON r.person_id = p.id
     WHERE p.unit_id = ANY(%(units)s) AND r.role = ANY(%(posts)s) ORDER BY p.unit_id, p.login
"""
SAT = """
    INSERT INTO presence (terminal_id, since, until) VALUES (%(terminal)s, %(since)s, %(until)s) ON CONFLICT DO NOTHING
"""
UP = "INSERT INTO uptime (since, until) VALUES (%(since)s, %(until)s) ON CONFLICT DO NOTHING"
CARELESS = 0.15  # of the units leave their page closed for hours now and then
SERVICE = (10, 14, 25)  # day of the month, hour and minutes for which our own server is down
Span = tuple[datetime, datetime]


def terminals_of(tx: ReadTx) -> dict[str, int]:
    """The first terminal of each unit."""
    found = tx.connection.execute("SELECT unit_id, min(id) FROM terminal GROUP BY unit_id")
    return dict(found.fetchall())


def sit_down(tx: Tx, seed: int, since: datetime, until: datetime) -> None:
    """Terminals and their presence from `since` to `until`; what is there already is not made again."""
    city = books(tx)
    people = dicts(tx, ONE_OF, units=expected(tx, city), posts=RECEIVE)
    for place, row in enumerate(people):
        address = f"10.20.{place // 200}.{place % 200 + 10}"
        given = {"person": row["person"], "address": address, "now": since, "posts": RECEIVE}
        row["terminal"] = value(tx, TERMINAL, **given)
    days = _days(city.calendar, since, until)
    execute_many(tx, UP, [_row(span) for day in days for span in _up(city.calendar, day, since, until)])
    sat = [
        {"terminal": row["terminal"], **_row(span)}
        for row in people
        for day in days
        for span in _there(city.calendar, day, Random(f"{seed}:terminal:{row['unit']}:{day}"), row["unit"])
        if span[0] < until and span[0] >= since
    ]
    execute_many(tx, SAT, [{**row, "until": min(row["until"], until)} for row in sat])


def _days(calendar: WorkCalendar, since: datetime, until: datetime) -> list[date]:
    first, last = since.astimezone(calendar.zone).date(), until.astimezone(calendar.zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _row(span: Span) -> dict[str, datetime]:
    return {"since": span[0], "until": span[1]}


def _up(calendar: WorkCalendar, day: date, since: datetime, until: datetime) -> Iterator[Span]:
    """The whole day, but for the hour of service."""
    start = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
    spans = [(start, start + LONGEST)]
    if day.day == SERVICE[0]:
        down = start.replace(hour=SERVICE[1])
        spans = [(start, down), (down + timedelta(minutes=SERVICE[2]), start + LONGEST)]
    for begin, end in spans:
        if max(begin, since) < min(end, until):
            yield max(begin, since), min(end, until)


def _there(calendar: WorkCalendar, day: date, rng: Random, unit: str) -> Iterator[Span]:
    """Each opening of the day, from some minutes before; a careless unit is late, or does not come at all."""
    careless = Random(f"careless:{unit}").random() < CARELESS
    for start, end in calendar.spans(day):
        if careless and rng.random() < 0.12:
            continue
        late = rng.expovariate(1 / 25) if careless else rng.uniform(-8, 3)
        early = rng.uniform(-10, 20) if careless else rng.uniform(-15, 2)
        begin, over = start + timedelta(minutes=min(late, 150)), end - timedelta(minutes=early)
        if begin < over:
            yield begin.replace(microsecond=0), over.replace(microsecond=0)
