"""Who does an action: the only thing the lifecycle knows of a person."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.people.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person with the posts held and the units answered for (the own one and those below it), or the system.

    `terminal`: where somebody sits who answers for a unit.
    """

    person_id: int | None
    roles: frozenset[Role]
    units: frozenset[str] = frozenset()
    terminal: int | None = None


SYSTEM = Actor(person_id=None, roles=frozenset({Role.SYSTEM}))
CITIZEN = Actor(person_id=None, roles=frozenset({Role.CITIZEN}))
