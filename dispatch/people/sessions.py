"""Sessions on the server: the browser holds 32 random bytes, the table their SHA-256."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.people.roles import Role
from gis.db import ReadTx, Tx, execute, rows, value

COOKIE = "wangge"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long a session lives: `idle` minutes without a request, `hours` at most."""

    idle: int
    hours: int

    @classmethod
    def from_environment(cls) -> SessionRules:
        """`WANGGE_IDLE_MINUTES` and `WANGGE_SESSION_HOURS`; 30 minutes and 12 hours."""
        return cls(
            idle=int(os.environ.get("WANGGE_IDLE_MINUTES", "30")),
            hours=int(os.environ.get("WANGGE_SESSION_HOURS", "12")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What the browser gets: the cookie's value and the token for its forms."""

    token: str
    csrf: str


def token_hash(token: str) -> bytes:
    """What the table holds instead of the token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


# Where somebody receives who answers for a unit: known again by unit and address.
RECEIVE = [Role.DEPARTMENT.value, Role.PLATFORM.value]
TERMINAL = """
    INSERT INTO terminal (unit_id, address, first_at)
    SELECT p.unit_id, %(address)s, %(now)s FROM person p
     WHERE p.id = %(person)s AND p.unit_id IS NOT NULL AND %(address)s::inet IS NOT NULL
       AND EXISTS (SELECT FROM person_role r WHERE r.person_id = p.id AND r.role = ANY(%(posts)s))
    ON CONFLICT (unit_id, address) DO UPDATE SET first_at = least(terminal.first_at, excluded.first_at)
    RETURNING id
"""


def begin(tx: Tx, person_id: int, address: str) -> NewSession:
    """Open a session, and throw out those that have ended."""
    fresh = NewSession(token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(24))
    execute(tx, "DELETE FROM session WHERE person_id = %(id)s AND expires_at < clock_timestamp()", id=person_id)
    execute(
        tx,
        """INSERT INTO session (token_hash, person_id, csrf, address, terminal_id, created_at, seen_at, expires_at)
           VALUES (%(hash)s, %(person)s, %(csrf)s, %(address)s, %(terminal)s, clock_timestamp(), clock_timestamp(),
                   clock_timestamp() + make_interval(hours => %(hours)s))""",
        terminal=value(tx, TERMINAL, person=person_id, address=inet(address), now=tx.now, posts=RECEIVE),
        hash=token_hash(fresh.token),
        person=person_id,
        csrf=fresh.csrf,
        address=inet(address),
        hours=SessionRules.from_environment().hours,
    )
    return fresh


def end(tx: Tx, token: str) -> int:
    """Close one session; 1 if there was one."""
    return execute(tx, "DELETE FROM session WHERE token_hash = %(hash)s", hash=token_hash(token))


def end_all(tx: Tx, person_id: int) -> int:
    """Close a person's sessions: after a change of password, posts or standing; how many."""
    return execute(tx, "DELETE FROM session WHERE person_id = %(id)s", id=person_id)


def touch(tx: Tx, token: str) -> None:
    """Note that the session is in use."""
    execute(tx, "UPDATE session SET seen_at = clock_timestamp() WHERE token_hash = %(hash)s", hash=token_hash(token))


# An office's terminal shows its inbox all day: being open is its use. Once in five minutes is often enough.
KEEP = """
    UPDATE session SET seen_at = clock_timestamp()
     WHERE token_hash = ANY(%(hashes)s) AND terminal_id IS NOT NULL AND expires_at > clock_timestamp()
       AND seen_at < clock_timestamp() - interval '5 minutes'
"""


def keep(tx: Tx, hashes: Sequence[bytes]) -> None:
    """Note that these terminals' sessions are in use; they end by their hours, not for want of a click."""
    execute(tx, KEEP, hashes=list(hashes))


def inet(address: str) -> str | None:
    """An address as PostgreSQL takes it, None for what is none (a unix socket)."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an open connection's right rests on; when it changes, the connection is cut."""

    token_hash: bytes
    roles: tuple[str, ...]
    unit_id: str | None


# No check that a browser could keep alive by listening: `seen_at` is left alone.
STANDING = """
    SELECT s.token_hash, p.unit_id,
           ARRAY(SELECT role FROM person_role r WHERE r.person_id = p.id ORDER BY role) AS roles
      FROM session s JOIN person p ON p.id = s.person_id
     WHERE s.token_hash = ANY(%(hashes)s) AND NOT p.disabled AND s.expires_at > clock_timestamp()
       AND s.seen_at > clock_timestamp() - make_interval(mins => %(idle)s)
"""


def standing(tx: ReadTx, hashes: Sequence[bytes]) -> dict[bytes, Standing]:
    """The sessions among `hashes` that are still open."""
    idle = SessionRules.from_environment().idle
    found = rows(tx, _Standing, STANDING, hashes=list(hashes), idle=idle)
    return {r.token_hash: Standing(token_hash=r.token_hash, roles=tuple(r.roles), unit_id=r.unit_id) for r in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    token_hash: bytes
    roles: list[str]
    unit_id: str | None
