"""Who somebody is: a person logged in, as the session says that the browser's cookie names."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.people.actor import Actor
from dispatch.people.may import CENTRE, UNIT, may
from dispatch.people.roles import Permission, Role
from dispatch.people.sessions import SessionRules, token_hash, touch
from gis.db import ReadTx, Tx, glance, read, write
from gis.together import Premise

__all__ = ["ME", "Changed", "Me", "person_of", "remembered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The person logged in. `units`: the own unit and all below it; `terminal`: where the session was begun.

    `networks`: where the unit's terminals are to be, CIDR; empty: anywhere. `certificates`: one of which they show.
    """

    person_id: int
    login: str
    name: str
    roles: frozenset[Role]
    unit_id: str | None
    units: tuple[str, ...]
    language: str
    csrf: str
    must_change: bool
    terminal: int | None = None
    networks: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    premise: Premise | None = field(default=None, compare=False, repr=False)

    @property
    def is_department_only(self) -> bool:
        """Sees the own units' cases only: holds a unit's post and none of the centre's."""
        return bool(self.roles & UNIT) and not self.roles & CENTRE

    def may(self, permission: Permission) -> bool:
        """Whether any post held has the permission."""
        return may(self.roles, permission)

    def actor(self) -> Actor:
        """As the lifecycle knows me."""
        return Actor(person_id=self.person_id, roles=self.roles, units=frozenset(self.units), terminal=self.terminal)

    def write(self, *, as_centre: bool = False) -> AbstractContextManager[Tx]:
        """A transaction with my rights: a department's stands under row security, unless it is recorded as the centre.

        Raises Changed, with its first answer, if I was only remembered and am somebody else by now.
        """
        units = self.units if self.is_department_only and not as_centre else None
        return write(as_units=units, together=True, premise=self.premise)

    def read(self, *, heavy: bool = False) -> AbstractContextManager[ReadTx]:
        """The same, without writing. `heavy`: see `gis.db.read`."""
        return read(as_units=self.units if self.is_department_only else None, heavy=heavy, together=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A session as it stands. All that is told of its person follows from it and the city's day."""

    person_id: int
    login: str
    name: str
    unit_id: str | None
    language: str
    must_change: bool
    csrf: str
    roles: list[str]
    terminal: int | None
    networks: list[str] | None
    certificates: list[str] | None
    version: int | None
    now: datetime = field(compare=False)
    stale: bool = field(compare=False)


# Real time, also in a rehearsal: a session does not age with a simulated city.
ME = """
    SELECT p.id AS person_id, p.login, p.name, p.unit_id, p.language, p.must_change, s.csrf,
           s.terminal_id AS terminal, k.networks, k.certificates,
           ARRAY(SELECT role FROM person_role r WHERE r.person_id = p.id) AS roles,
           city.version, coalesce(city.simulated_now, clock_timestamp()) AS now,
           s.seen_at < clock_timestamp() - interval '60 seconds' AS stale
      FROM session s JOIN person p ON p.id = s.person_id LEFT JOIN connection k ON k.unit_id = p.unit_id
           LEFT JOIN city ON true
     WHERE s.token_hash = %(hash)s AND NOT p.disabled AND s.expires_at > clock_timestamp()
       AND s.seen_at > clock_timestamp() - make_interval(mins => %(idle)s)
"""
# The own unit and all below it: asked once for a version of the city and a day, not with each request.
BELOW = """
    WITH RECURSIVE today AS MATERIALIZED (
           SELECT zone, (%(now)s::timestamptz AT TIME ZONE zone)::date AS day
             FROM (SELECT coalesce((SELECT document ->> 'time_zone' FROM city), 'UTC') AS zone) city),
         known AS MATERIALIZED (SELECT e.unit_id, e.parent_id FROM today, units_on(today.day) e),
         below AS (
           SELECT %(unit)s::text AS id WHERE %(unit)s::text IS NOT NULL
           UNION SELECT k.unit_id FROM known k JOIN below b ON k.parent_id = b.id)
    SELECT zone, day, ARRAY(SELECT id FROM below ORDER BY id) AS units FROM today
"""


@dataclass(frozen=True, slots=True)
class _Below:
    zone: str
    day: date
    units: list[str]


MOST_KEPT = 10_000  # sessions a process remembers, about a kilobyte each


class Changed(Exception):
    """Whoever was remembered is not the same any more: the database has to be asked first."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was made of a session's row, on a day of the city (whose zone it is)."""

    row: _Row
    me: Me
    zone: ZoneInfo
    day: date

    def same(self, row: _Row) -> bool:
        """Whether the same would be made of this row now."""
        return row == self.row and row.now.astimezone(self.zone).date() == self.day


# By token hash. Never believed without the row: it saves making the same out of it again.
_kept: dict[bytes, _Kept] = {}


def person_of(token: str, *, keep_alive: bool = True) -> Me | None:
    """Whose session the cookie is, None if it has ended. `keep_alive=False`: being looked at is no sign of life."""
    hash = token_hash(token)
    row = glance(_Row, ME, **_asking(hash))
    if row is None:
        _kept.pop(hash, None)
        return None
    if row.stale and keep_alive:
        with write() as tx:
            touch(tx, token)
    kept = _kept.get(hash)
    if kept is None or not kept.same(row):
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[hash] = _made_of(row)
    return kept.me


def remembered(token: str) -> Me | None:
    """As `person_of`, by what this process made of the session before; None if it made nothing of it yet.

    It proves nothing: the transaction that it opens does, by the first of its questions, and raises Changed if the
    session is not what it was, whereupon the database is to be asked as ever.
    """
    hash = token_hash(token)
    kept = _kept.get(hash)
    if kept is None:
        return None

    def holds(row: _Row | None) -> None:
        if row is None or row.stale or not kept.same(row):
            raise Changed

    return replace(kept.me, premise=Premise(_Row, ME, _asking(hash), holds))


def _asking(hash: bytes) -> dict[str, object]:
    return {"hash": hash, "idle": SessionRules.from_environment().idle}


def _made_of(row: _Row) -> _Kept:
    below = glance(_Below, BELOW, now=row.now, unit=row.unit_id)
    if below is None:
        raise AssertionError("BELOW gives one row always")
    me = Me(
        person_id=row.person_id,
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        unit_id=row.unit_id,
        units=tuple(below.units),
        language=row.language,
        csrf=row.csrf,
        must_change=row.must_change,
        terminal=row.terminal,
        networks=tuple(row.networks or ()),
        certificates=tuple(row.certificates or ()),
    )
    return _Kept(row, me, ZoneInfo(below.zone), below.day)
