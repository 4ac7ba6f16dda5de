"""Who would be called: the shifts of a period as they stand, and the rungs of a unit at an instant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.cases.books import Books
from dispatch.cases.on_duty import days_between, shifts_between
from dispatch.duty.ladder import Call
from dispatch.duty.lint import Finding, Person, findings
from dispatch.duty.roster import Post, Shift
from gis.db import ReadTx, dicts
from gis.problems import NotFound

__all__ = ["Called", "lint", "people_of", "unit_for", "who"]

PEOPLE = """
    SELECT p.login, p.name, p.unit_id, p.disabled,
           ARRAY(SELECT r.kind FROM person_reach r WHERE r.person_id = p.id) AS reach
      FROM person p WHERE %(logins)s::text[] IS NULL OR p.login = ANY (%(logins)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One rung at an instant. `shift` None: nobody, the rung is skipped at once."""

    unit: str
    post: Post
    shift: Shift | None
    person: Person | None


def who(tx: ReadTx, city: Books, unit: str, at: datetime) -> list[Called]:
    """The rungs above a unit's own people, from the first to the last. Raises NotFound for a unit that is not there."""
    if city.tree.get(unit) is None:
        raise NotFound(f"There is no unit {unit}", zh=f"没有单位 {unit}")
    centre = city.roster.centre
    places = [(unit, Post.DUTY), (unit, Post.HEAD)]
    if centre is not None:
        places += [place for place in ((centre, Post.DUTY), (centre, Post.LEADER)) if place not in places]
    shifts = shifts_between(tx, at, at + timedelta(microseconds=1), {place[0] for place in places})
    people = people_of(tx, city, frozenset(), {shift.person for shift in shifts})
    called: list[Called] = []
    for place in places:
        here = [shift for shift in shifts if (shift.unit, shift.post) == place]
        called += [Called(unit=place[0], post=place[1], shift=s, person=people.get(s.person)) for s in here]
        if not here:
            called.append(Called(unit=place[0], post=place[1], shift=None, person=None))
    return called


def unit_for(city: Books, category: str) -> str:
    """The city-wide unit that answers first for a category. Raises NotFound where there is none, or not one."""
    found = city.catalogue.categories.get(category)
    if found is None:
        raise NotFound(f"There is no category {category}", zh=f"没有小类 {category}")
    units = [unit.id for kind in found.types for unit in city.tree.of_type(kind)]
    if not units:
        raise NotFound("Whose it is depends on the place: name the unit", zh="该类案件的责任单位取决于地点，请指明单位")
    return units[0]


def people_of(
    tx: ReadTx, city: Books, reaches: Collection[str], logins: Collection[str] | None = None
) -> dict[str, Person]:
    """People by login. `reaches`: kinds of address that a channel takes; none: nobody is asked for one."""
    return {
        row["login"]: Person(
            login=row["login"],
            name=row["name"],
            units=city.tree.kin(row["unit_id"] or ""),
            disabled=row["disabled"],
            reached=not reaches or bool(set(reaches) & set(row["reach"])),
        )
        for row in dicts(tx, PEOPLE, logins=None if logins is None else sorted(logins))
    }


def lint(
    tx: ReadTx, since: datetime, until: datetime, reaches: Collection[str], units: Collection[str] | None = None
) -> list[Finding]:
    """All that is wrong with the duty of a period; of these units, or of all. Raises NotFound where the city has no
    roster in it."""
    days = list(days_between(tx, since, until))
    rostered = {place for _, city in days for place in city.roster.by_place}
    if not rostered:
        raise NotFound("The city has no duty roster: roster.csv", zh="本市没有值班表（roster.csv）")
    city = days[-1][1]
    rung = {Post.DUTY} | {Post.HEAD for ladder in city.ladders.all for one in ladder.rungs if one.call is Call.HEAD}
    centre = city.roster.centre
    there = {unit.id for unit in city.tree.units.values() if unit.types or unit.platform or unit.id == centre}
    answering = {(unit, post) for unit in there for post in rung}
    places = sorted(place for place in rostered | answering if units is None or place[0] in units)
    shifts = shifts_between(tx, since, until, units)
    people = people_of(tx, city, reaches, {shift.person for shift in shifts})
    return findings(shifts, {place: place in rostered for place in places}, people, since=since, until=until)
