"""The city as its simulated people know it: who works where, what stands in which duty grid, what is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from collectors.rehearsal.cheats import Cheats
from collectors.rehearsal.mix import Mix, events_of, mix_of
from collectors.rehearsal.temper import Temper, temper_of
from collectors.rehearsal.terminals import terminals_of
from dispatch.cases.actor import Actor
from dispatch.cases.books import Books, books
from dispatch.emergency.store import Shelf, shelves
from dispatch.people.roles import Role
from dispatch.standard.catalogue import Category
from gis.db import ReadTx, dicts
from gis.problems import Unavailable

NEEDED = (Role.INSPECTOR, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER)
WATCH_HOURS = 8  # the centre is manned day and night, in three watches

PEOPLE = """
    SELECT p.id, p.login, p.unit_id, array_agg(r.role ORDER BY r.role) AS roles,
           ARRAY(SELECT duty_grid FROM person_duty_grid g WHERE g.person_id = p.id AND g.valid_from <= %(on)s
                    AND (g.valid_to IS NULL OR g.valid_to > %(on)s) ORDER BY duty_grid) AS beats
      FROM person p JOIN person_role r ON r.person_id = p.id
     WHERE NOT p.disabled GROUP BY p.id ORDER BY p.login
"""
THINGS = """
    SELECT c.code, c.category, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, coalesce(d.duty_grid, '') AS beat
      FROM component c LEFT JOIN area a ON a.id = c.area_id LEFT JOIN duty_grid_area d ON d.grid = a.code
            AND d.valid_from <= %(on)s AND (d.valid_to IS NULL OR d.valid_to > %(on)s)
     WHERE c.valid_from <= %(on)s AND (c.valid_to IS NULL OR c.valid_to > %(on)s) ORDER BY c.code
"""
GROUNDS = """
    SELECT coalesce(d.duty_grid, '') AS beat, ST_X(p) AS lon, ST_Y(p) AS lat
      FROM area a CROSS JOIN LATERAL ST_PointOnSurface(a.geom) p
      LEFT JOIN duty_grid_area d ON d.grid = a.code
            AND d.valid_from <= %(on)s AND (d.valid_to IS NULL OR d.valid_to > %(on)s)
     WHERE a.finest = 1 AND a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s) ORDER BY a.code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point one may stand at, in degrees; a component's, if it has a code."""

    lon: float
    lat: float
    code: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """A person with the login that names him in every database alike."""

    login: str
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A duty grid on foot: its inspectors, the points to walk by, and its components by category and class."""

    code: str
    inspectors: tuple[Staff, ...]
    spots: tuple[Spot, ...]
    by_category: dict[str, tuple[Spot, ...]]
    by_class: dict[str, tuple[Spot, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that lives are drawn from. The same city gives the same scene, whatever the ids in its database."""

    seed: int
    books: Books
    posts: dict[Role, tuple[Staff, ...]]
    inspectors: dict[int, Actor]
    of_unit: dict[str, Staff]
    tempers: dict[str, Temper]
    beats: tuple[Beat, ...]
    beat_of: dict[str, Beat]
    areas: dict[int, str]
    finds: Mix
    calls: Mix
    cheats: Cheats | None = None
    shelves: tuple[Shelf, ...] = ()

    def on_duty(self, role: Role, at: datetime, rng: Random) -> Actor:
        """Somebody of the watch that sits in the centre at `at`, acting in this post."""
        staff = self.posts[role]
        local = at.astimezone(self.books.zone)
        watch = local.toordinal() + local.hour // WATCH_HOURS
        third = staff[watch % 3 :: 3] or staff
        return third[rng.randrange(len(third))].actor

    def inspector(self, duty_grid: str | None, at: datetime, rng: Random) -> Actor:
        """An inspector of the duty grid; anybody where it has none."""
        beat = self.beat_of.get(duty_grid or "")
        staff = beat.inspectors if beat and beat.inspectors else self.posts[Role.INSPECTOR]
        early = at.astimezone(self.books.zone).hour < 14
        return staff[(at.toordinal() + early) % len(staff)].actor if len(staff) < 4 else rng.choice(staff).actor

    def crony(self, unit: str | None) -> Actor | None:
        """The inspector with whom a unit has an understanding."""
        login = self.cheats.self_dealing.get(unit or "") if self.cheats else None
        return next((staff.actor for staff in self.posts[Role.INSPECTOR] if staff.login == login), None)

    def department(self, unit: str | None) -> Actor | None:
        """Who answers for a unit: its own person, or the one of the unit above."""
        at = unit
        while at is not None:
            if (staff := self.of_unit.get(at)) is not None:
                return staff.actor
            above = self.books.tree.get(at)
            at = above.parent if above else None
        return None

    def called(self, report: UUID) -> Category:
        """What a call is about, whether its caller knew the word or not."""
        return self.calls.draw(self.rng(report, "category"))

    def rng(self, *words: object) -> Random:
        """A generator of its own for whatever the words name."""
        return Random(":".join(map(str, (self.seed, *words))))


def scene_of(tx: ReadTx, seed: int, *, cheats: float = 0.0, sparing: bool = False) -> Scene:
    """Read the city. `cheats`: about which part of its people and units cheat in each way; `sparing`: see Cheats.

    Raises Unavailable if nobody holds one of the posts that a case needs.
    """
    city = books(tx)
    today = tx.now.astimezone(city.zone).date()
    people = dicts(tx, PEOPLE, on=today)
    posts = {role: tuple(_staff(city, p, role) for p in people if role.value in p["roles"]) for role in Role}
    if vacant := [role.value for role in NEEDED if not posts[role]]:
        raise Unavailable(f"Nobody in this city is {', '.join(vacant)}: it cannot live", zh="本城市缺少必要岗位的人员")
    things = dicts(tx, THINGS, on=today)
    finds = mix_of(city.catalogue, frozenset(row["category"] for row in things))
    beats = _beats(city, people, things, dicts(tx, GROUNDS, on=today))
    areas = dicts(tx, "SELECT id, level || ':' || code AS code FROM area")
    of_unit = _of_unit(city, people, terminals_of(tx))
    return Scene(
        seed=seed,
        books=city,
        posts=posts,
        inspectors={staff.actor.person_id or 0: staff.actor for staff in posts[Role.INSPECTOR]},
        of_unit=of_unit,
        tempers={unit: temper_of(seed, unit) for unit in city.tree.units},
        beats=beats,
        beat_of={beat.code: beat for beat in beats},
        areas={row["id"]: row["code"] for row in areas},
        finds=finds,
        calls=events_of(finds),
        shelves=tuple(shelves(tx)),
        cheats=replace(_cheats(city, seed, cheats, posts, of_unit, beats), sparing=sparing) if cheats else None,
    )


def _cheats(
    city: Books,
    seed: int,
    share: float,
    posts: Mapping[Role, Iterable[Staff]],
    of_unit: Mapping[str, Staff],
    beats: Iterable[Beat],
) -> Cheats:
    hands = {
        id: staff.login
        for id, staff in of_unit.items()
        if (unit := city.tree.get(id)) and unit.terminal and not unit.platform
    }
    inspectors = [staff.login for staff in posts[Role.INSPECTOR]]
    grids = [beat.code for beat in beats if beat.code]
    return Cheats.drawn(seed, share, inspectors=inspectors, units=hands, grids=grids)


def _staff(city: Books, person: dict[str, Any], *roles: Role) -> Staff:
    units = city.tree.below(person["unit_id"]) if person["unit_id"] else frozenset()
    return Staff(person["login"], Actor(person_id=person["id"], roles=frozenset(roles), units=units))


def _of_unit(city: Books, people: Iterable[dict[str, Any]], terminals: dict[str, int]) -> dict[str, Staff]:
    """The first person of each unit by login, at its terminal; of a platform somebody who may pass cases on."""
    found: dict[str, Staff] = {}
    for role in (Role.PLATFORM, Role.DEPARTMENT):
        for person in people:
            if role.value in person["roles"] and person["unit_id"]:
                staff = _staff(city, person, role)
                actor = replace(staff.actor, terminal=terminals.get(person["unit_id"]))
                found.setdefault(person["unit_id"], replace(staff, actor=actor))
    return found


def _beats(
    city: Books, people: list[dict[str, Any]], things: list[dict[str, Any]], grounds: list[dict[str, Any]]
) -> tuple[Beat, ...]:
    walkers: dict[str, list[Staff]] = defaultdict(list)
    for person in people:
        if Role.INSPECTOR.value in person["roles"]:
            for beat in person["beats"] or [""]:
                walkers[beat].append(_staff(city, person, Role.INSPECTOR))
    standing: dict[str, list[Spot]] = defaultdict(list)
    for row in things:
        spot = Spot(lon=row["lon"], lat=row["lat"], code=row["code"], category=row["category"])
        standing[row["beat"]].append(spot)
    open_ground: dict[str, list[Spot]] = defaultdict(list)
    for row in grounds:
        open_ground[row["beat"]].append(Spot(lon=row["lon"], lat=row["lat"]))
    return tuple(
        _beat(city, code, tuple(walkers[code]), standing[code], open_ground[code]) for code in sorted(open_ground)
    )


def _beat(city: Books, code: str, staff: tuple[Staff, ...], standing: list[Spot], ground: list[Spot]) -> Beat:
    known = city.catalogue.categories
    by_category: dict[str, list[Spot]] = defaultdict(list)
    by_class: dict[str, list[Spot]] = defaultdict(list)
    for spot in standing:
        if spot.category in known:
            by_category[spot.category].append(spot)
            by_class[known[spot.category].class_code].append(spot)
    return Beat(
        code=code,
        inspectors=staff,
        spots=(*ground, *standing),
        by_category={key: tuple(spots) for key, spots in by_category.items()},
        by_class={key: tuple(spots) for key, spots in by_class.items()},
    )
