"""Checks of units, people and duty grids."""

from __future__ import annotations

from collections import Counter

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, PersonRow, UnitRow
from dispatch.people.may import conflicting
from dispatch.people.roles import Role

__all__ = ["check_staff"]

UNITS, PEOPLE, DUTY = "units.csv", "people.csv", "duty_grids.csv"
POSTS = frozenset(Role) - {Role.SYSTEM, Role.CITIZEN}
OF_A_UNIT = (Role.DEPARTMENT, Role.PLATFORM)


def check_staff(city: CityFiles, faults: Faults) -> None:
    """Units, then the people in them, then the grids they walk."""
    _check_units(city, faults)
    _check_people(city, faults)
    _check_duty_grids(city, faults)


def _check_units(city: CityFiles, faults: Faults) -> None:
    known = {row.id: row for row in city.units}
    counts = Counter(row.id for row in city.units)
    areas = {f"{level}:{row.code}" for level, rows in city.areas.items() for row in rows}
    groups = {group["key"] for group in city.document["ranking"]["groups"]}
    for row in city.units:
        if counts[row.id] > 1:
            faults.error(UNITS, row.row, f"unit id {row.id} is given twice")
        if row.area and row.area not in areas:
            faults.error(UNITS, row.row, f"unknown area {row.area}: it wants level:code")
        if row.group and row.group not in groups:
            faults.error(UNITS, row.row, f"unknown ranking group {row.group}")
        _check_parent(row, known, faults)


def _check_parent(row: UnitRow, known: dict[str, UnitRow], faults: Faults) -> None:
    if not row.parent:
        return
    if row.parent not in known:
        faults.error(UNITS, row.row, f"unknown unit {row.parent} as parent")
        return
    if known[row.parent].tier > row.tier:
        faults.error(UNITS, row.row, f"parent {row.parent} is of a lower tier than {row.id}")
    above, seen = row.parent, {row.id}
    while above in known and above not in seen:
        seen.add(above)
        above = known[above].parent
    if above == row.id:
        faults.error(UNITS, row.row, f"unit {row.id} is its own parent, through {row.parent}")


def _check_people(city: CityFiles, faults: Faults) -> None:
    units = {row.id for row in city.units}
    counts = Counter(row.login for row in city.people)
    for row in city.people:
        if counts[row.login] > 1:
            faults.error(PEOPLE, row.row, f"login {row.login} is given twice")
        if row.unit and row.unit not in units:
            faults.error(PEOPLE, row.row, f"unknown unit {row.unit}")
        _check_roles(row, faults)
    held = {role for row in city.people for role in row.roles}
    for role in sorted(POSTS - held):
        faults.warning(PEOPLE, None, f"nobody holds the post {role}")


def _check_roles(row: PersonRow, faults: Faults) -> None:
    if not row.roles:
        faults.error(PEOPLE, row.row, f"{row.login} has no role")
    for role in row.roles:
        if role not in POSTS:
            faults.error(PEOPLE, row.row, f"unknown role {role}")
        elif role in OF_A_UNIT and not row.unit:
            faults.error(PEOPLE, row.row, f"role {role} wants a unit")
    if both := conflicting(Role(role) for role in row.roles if role in POSTS):
        faults.error(PEOPLE, row.row, f"{row.login} may not hold together: {', '.join(sorted(both))}")


def _check_duty_grids(city: CityFiles, faults: Faults) -> None:
    grids = {row.code for row in city.finest}
    people = {row.login: row for row in city.people}
    covered: dict[str, str] = {}
    for row in city.duty_grids:
        if row.grid not in grids:
            faults.error(DUTY, row.row, f"unknown unit grid {row.grid}")
        elif row.grid in covered:
            faults.error(DUTY, row.row, f"unit grid {row.grid} is covered twice: {covered[row.grid]}, {row.duty_grid}")
        covered.setdefault(row.grid, row.duty_grid)
        for login in row.inspectors:
            if login not in people:
                faults.error(DUTY, row.row, f"unknown inspector {login}")
            elif Role.INSPECTOR not in people[login].roles:
                faults.error(DUTY, row.row, f"{login} is not an inspector")
    walked = {row.duty_grid for row in city.duty_grids if row.inspectors}
    for name in sorted({row.duty_grid for row in city.duty_grids} - walked):
        faults.warning(DUTY, None, f"nobody walks the duty grid {name}")
