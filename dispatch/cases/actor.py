"""Who acts on a case."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.people.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person in his posts, the system, or a citizen. `units`: his own unit and those below it."""

    person_id: int | None
    roles: frozenset[Role]
    units: frozenset[str] = frozenset()


SYSTEM = Actor(person_id=None, roles=frozenset({Role.SYSTEM}))
CITIZEN = Actor(person_id=None, roles=frozenset({Role.CITIZEN}))
