"""`wangge duty`: who would be called at a moment, and what is wrong with a period's duty."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.alarms.nightly import drill_of
from dispatch.alarms.who import lint, unit_for, who
from dispatch.cases.books import books, books_on
from dispatch.command import Command, print_table, sentence
from dispatch.config import settings
from dispatch.notify.configured import read_channels
from gis.db import read
from gis.problems import FormIncomplete

__all__ = ["command", "day_of", "instant"]

CALLED = ("unit", "post", "person", "name", "since", "until", "instead_of")
FOUND = ("kind", "unit", "post", "person", "since", "until")
PAGED = ("unit", "post", "person", "outcome", "at")
MOST_DAYS = 366
FIRST_YEAR, LAST_YEAR = 1970, 2200


def add_arguments(parser: ArgumentParser) -> None:
    """`wangge duty …`"""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    called = _action(actions, "who", "who would be called, rung by rung; an empty rung is skipped at once")
    called.add_argument("--at", help="wall time of the city, as 2026-10-03T02:00, or with an offset; default: now")
    called.add_argument("--unit", help="the unit that holds the case")
    called.add_argument("--class", dest="category", help="a category instead: the unit that answers for it city-wide")
    linted = _action(actions, "lint", "hours without a person, people without a channel, empty rungs, strangers")
    linted.add_argument("--from", dest="since", metavar="DAY", help="first day, as 2026-10-01; default: today")
    linted.add_argument("--days", type=int, default=7, help="how many days (7)")
    _action(actions, "drill", "the last night's test page: who would not have been reached")


def _action(actions: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words, description=sentence(words))
    parser.add_argument("--json", action="store_true", help="an array of objects")
    return parser


def run(asked: Namespace) -> int:
    """1 if a rung is empty, there is a finding, or one was not reached; Problems are told by the caller."""
    return {"who": _who, "lint": _lint, "drill": _drill}[asked.action](asked)


def _who(asked: Namespace) -> int:
    with read() as tx:
        zone = books(tx).zone
        at = instant(asked.at, zone) if asked.at else tx.now
        city = books_on(tx, at.astimezone(zone).date())
        if asked.unit is None and asked.category is None:
            raise FormIncomplete("Name a --unit or a --class", zh="请用 --unit 或 --class 指明单位或小类")
        unit = asked.unit or unit_for(city, asked.category)
        called = who(tx, city, unit, at)
    rows = [
        {
            "unit": one.unit,
            "post": one.post.value,
            "person": one.shift and one.shift.person,
            "name": one.person and one.person.name,
            "since": one.shift and one.shift.since.astimezone(zone),
            "until": one.shift and one.shift.until.astimezone(zone),
            "instead_of": one.shift and one.shift.instead_of,
        }
        for one in called
    ]
    print_table(rows, CALLED, json=asked.json)
    return 1 if any(one.shift is None for one in called) else 0


def _lint(asked: Namespace) -> int:
    reaches = {channel.reach for channel in read_channels(settings().data) if not channel.inside}
    if not 1 <= asked.days <= MOST_DAYS:
        raise FormIncomplete(f"--days is from 1 to {MOST_DAYS}", zh=f"--days 须在 1 至 {MOST_DAYS} 之间")
    with read() as tx:
        zone = books(tx).zone
        first = day_of(asked.since) if asked.since else tx.now.astimezone(zone).date()
        since, until = (datetime.combine(day, time(), zone) for day in (first, first + timedelta(days=asked.days)))
        found = lint(tx, since.astimezone(UTC), until.astimezone(UTC), reaches)
    rows = [{name: getattr(one, name) for name in FOUND} for one in found]
    for row in rows:
        row |= {"since": row["since"].astimezone(zone), "until": row["until"].astimezone(zone)}
    print_table(rows, FOUND, json=asked.json)
    if not reaches:
        sys.stderr.write("no channel outside is configured (notices.toml): people are told in the product only\n")
    sys.stderr.write(f"{first} and {asked.days} days: {len(found)} findings\n")
    return 1 if found else 0


def _drill(asked: Namespace) -> int:
    with read() as tx:
        paged = drill_of(tx)
    missed = [one for one in paged if one.outcome != "reached"]
    print_table([{name: getattr(one, name) for name in PAGED} for one in missed], PAGED, json=asked.json)
    sys.stderr.write(f"{paged[0].day if paged else 'no drill yet'}: {len(paged)} paged, {len(missed)} not reached\n")
    return 1 if missed else 0


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Wall time of the city, or an instant with its offset, as UTC. Raises FormIncomplete."""
    try:
        at = datetime.fromisoformat(text)
        _near(at.date())
    except ValueError as fault:
        raise FormIncomplete(
            f"{text} is no instant: 2026-10-03T02:00", zh=f"{text} 不是时刻", fields={"at": "form"}
        ) from fault
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def day_of(text: str) -> date:
    """A day of the city. Raises FormIncomplete."""
    try:
        return _near(date.fromisoformat(text))
    except ValueError as fault:
        raise FormIncomplete(f"{text} is no day: 2026-10-01", zh=f"{text} 不是日期", fields={"from": "form"}) from fault


def _near(day: date) -> date:
    """The day. Raises ValueError where a week more, or another zone, would lead out of the calendar."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{day} is too far off")
    return day


command = Command(
    name="duty",
    help="the duty roster: who would be called at a moment, and what is wrong with it",
    add_arguments=add_arguments,
    run=run,
)
