"""The duty roster of a folder: its lines read, and held against units and people."""

from __future__ import annotations

import re
from datetime import time

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, RosterRow
from dispatch.duty.roster import DAYS, Line, Post

__all__ = ["FILE", "WANTED", "check_roster", "days_of", "hours_of", "read_line"]

FILE = "roster.csv"
WANTED = ("unit", "post", "from", "days", "hours", "people")
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
WEEKDAYS = re.compile(r"[1-7](;[1-7])*")


def read_line(cells: Cells) -> RosterRow | None:
    """One line; None, with its faults, if it cannot be read."""
    unit, post, people = cells.needed("unit"), cells.needed("post"), cells.several("people")
    since, until, days = cells.day("from"), cells.day("until"), days_of(cells)
    starts, ends = hours_of(cells)
    if post and post not in {one.value for one in Post}:
        cells.fault(f"post is {post}: it wants one of {', '.join(one.value for one in Post)}")
    if not people:
        cells.fault("people is empty: a shift of nobody")
    if since is None and cells.good:
        cells.fault("from is empty")
    if since is not None and until is not None and until < since:
        cells.fault(f"it ends on {until}, before it begins")
    turn = cells.whole_or_none("turn", range(1, 367)) or 1
    if not cells.good or since is None:
        return None
    line = Line(
        unit=unit,
        post=Post(post),
        plan=cells.text("plan"),
        since=since,
        until=until,
        days=days,
        starts=starts,
        ends=ends,
        people=people,
        turn=turn,
    )
    return RosterRow(row=cells.row, line=line)


def days_of(cells: Cells) -> str:
    """On which days something begins."""
    days = cells.text("days")
    if days not in DAYS and not WEEKDAYS.fullmatch(days):
        cells.fault(f"days is {days or 'empty'}: it wants {', '.join(DAYS)} or weekdays from 1 to 7 as 1;2;3")
    return days


def hours_of(cells: Cells) -> tuple[time, time]:
    """From when to when, wall time."""
    found = HOURS.fullmatch(cells.text("hours"))
    if found is None:
        cells.fault(f"hours is {cells.text('hours') or 'empty'}: it wants wall time as 18:00-08:00")
        return time(), time()
    begin, minute, end, last = map(int, found.groups())
    return time(begin, minute), time(end, last)


def check_roster(city: CityFiles, faults: Faults) -> None:
    """Every unit there is, everybody of the unit, one above or one below it; a plan that ends."""
    parents = {row.id: row.parent for row in city.units}
    homes = {row.login: row.unit for row in city.people}
    centres = sorted({row.line.unit for row in city.roster if row.line.post is Post.LEADER})
    if len(centres) > 1:
        faults.error(FILE, None, f"leaders are of one unit, the centre: {', '.join(centres)}")
    for row in city.roster:
        line = row.line
        if line.unit not in parents:
            faults.error(FILE, row.row, f"unknown unit {line.unit}")
            continue
        for login in line.people:
            if login not in homes:
                faults.error(FILE, row.row, f"a stranger: nobody has the login {login}")
            elif not _kin(homes[login], line.unit, parents):
                faults.error(
                    FILE, row.row, f"a stranger: {login} is of {homes[login] or 'no unit'}, not of {line.unit}"
                )
        if line.plan and line.until is None:
            faults.error(FILE, row.row, f"the plan {line.plan} has no end: until is empty")


def _kin(home: str, unit: str, parents: dict[str, str]) -> bool:
    return bool(home) and (unit in _above(home, parents) or home in _above(unit, parents))


def _above(unit: str, parents: dict[str, str]) -> set[str]:
    """The unit and all it stands under; ends also where the parents go in a circle."""
    found: set[str] = set()
    while unit and unit not in found:
        found.add(unit)
        unit = parents.get(unit, "")
    return found
