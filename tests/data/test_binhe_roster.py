"""Binhe's roster, counted hour by hour from its rows alone: every unit, day and night, also in the week of the National
Day."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.data.binhe_files import CITY, table

OFF = {row["day"]: row["kind"] == "off" for row in table(CITY / "calendar.csv")}


def begins(row: dict[str, str], rows: list[dict[str, str]], day: datetime) -> bool:
    """Whether a shift of the row begins that day; another plan of the place takes its ordinary rows out."""
    date = f"{day:%Y-%m-%d}"
    if not row["from"] <= date <= (row["until"] or "9999"):
        return False
    planned = any(r["plan"] and r["from"] <= date <= r["until"] for r in rows)
    if planned != bool(row["plan"]):
        return False
    off = OFF.get(date, day.isoweekday() > 5)
    return row["days"] == "all" or (row["days"] == "off") == off


def people_at(rows: list[dict[str, str]], hour: datetime) -> list[str]:
    found = []
    for row in rows:
        first, last = (int(clock[:2]) for clock in row["hours"].split("-"))
        for day in (hour - timedelta(days=1), hour):
            start = day.replace(hour=first)
            end = start + timedelta(hours=(last - first) % 24 or 24)
            if start <= hour < end and begins(row, rows, day.replace(hour=0)):
                people = row["people"].split(";")
                since = datetime.fromisoformat(row["from"])
                found.append(people[(day.replace(hour=0) - since).days // int(row["turn"]) % len(people)])
    return found


def test_every_unit_has_exactly_one_person_on_duty_and_one_head_at_every_hour_around_the_national_day() -> None:
    places: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in table(CITY / "roster.csv"):
        places.setdefault((row["unit"], row["post"]), []).append(row)
    units = {row["id"] for row in table(CITY / "units.csv")}
    assert len(units) >= 36
    assert {unit for unit, post in places if post == "duty"} == units
    homes = {row["login"]: row["unit"] for row in table(CITY / "people.csv")}
    hours = [datetime(2026, 9, 28) + timedelta(hours=n) for n in range(14 * 24)]  # noqa: DTZ001  (wall time)
    for (unit, _), rows in places.items():
        for hour in hours:
            (person,) = people_at(rows, hour)
            assert homes[person] == unit
