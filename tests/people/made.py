"""Made-up people."""

from __future__ import annotations

from dispatch.people.passwords import hash_password
from dispatch.people.roles import Role
from gis.db import execute, value, write

PASSWORD = "quiet-harbour-27"


def make_unit(unit_id: str, *, parent: str | None = None, since: str = "2024-01-01") -> str:
    """A unit in an edition of its own kind; its id."""
    with write() as tx:
        edition = value(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash)
               VALUES ('units', %(n)s, '2024-01-01', 's', 'h')
               ON CONFLICT (kind, name) DO NOTHING RETURNING id""",
            n="made",
        ) or value(tx, "SELECT id FROM edition WHERE kind = 'units' AND name = 'made'")
        execute(
            tx,
            """WITH made AS (INSERT INTO unit VALUES (%(id)s))
               INSERT INTO unit_entry (unit_id, name, name_en, tier, parent_id, types, terminal, platform, edition_id,
                                       valid_from)
               VALUES (%(id)s, %(id)s, %(id)s, 1, %(parent)s, '{}', true, false, %(edition)s, %(since)s)""",
            id=unit_id,
            parent=parent,
            edition=edition,
            since=since,
        )
    return unit_id


def make_person(login: str, *roles: Role, unit: str | None = None, must_change: bool = False) -> int:
    """A person with PASSWORD; the id."""
    with write() as tx:
        person = value(
            tx,
            """INSERT INTO person (login, name, unit_id, password_hash, must_change, created_at)
               VALUES (%(login)s, %(login)s, %(unit)s, %(hash)s, %(must)s, clock_timestamp()) RETURNING id""",
            login=login,
            unit=unit,
            hash=hash_password(PASSWORD),
            must=must_change,
        )
        for role in roles:
            execute(tx, "INSERT INTO person_role VALUES (%(p)s, %(r)s)", p=person, r=role.value)
    return int(person)
