"""Accounts as they stand: posts, locks, sessions that are alive. For whoever manages people; read from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from dispatch.people.sessions import SessionRules
from dispatch.people.throttle import name_key
from gis.db import ReadTx, dicts, one, rows

__all__ = ["ALIVE", "Account", "Session", "account", "accounts", "locked", "sessions"]

# What `who` admits: neither out of its hours nor without a request for too long.
ALIVE: LiteralString = """
    s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - make_interval(mins => %(idle)s)
"""
ACCOUNTS: LiteralString = """
    SELECT p.id, p.login, p.name, p.unit_id AS unit, p.disabled, p.must_change, p.password_hash = '!' AS no_password,
           ARRAY(SELECT role FROM person_role r WHERE r.person_id = p.id ORDER BY role) AS roles,
           (SELECT count(*) FROM session s WHERE s.person_id = p.id AND """ + ALIVE + """)::int AS sessions
      FROM person p
"""  # fmt: skip
FOUND: LiteralString = """
     WHERE (%(text)s = '' OR strpos(lower(p.login), lower(%(text)s)) > 0 OR strpos(p.name, %(text)s) > 0
            OR p.unit_id = %(text)s)
       AND (%(logins)s::text[] IS NULL OR p.login = ANY (%(logins)s))
       AND (NOT %(closed)s OR p.disabled)
       AND (NOT %(alive)s OR EXISTS (SELECT FROM session s WHERE s.person_id = p.id AND """ + ALIVE + """))
     ORDER BY p.login LIMIT %(limit)s
"""  # fmt: skip
LOCKS: LiteralString = """
    SELECT key, locked_until FROM throttle WHERE locked_until > clock_timestamp() ORDER BY locked_until
"""
LOGINS: LiteralString = "SELECT login FROM person"
SESSIONS: LiteralString = """
    SELECT encode(s.token_hash, 'hex') AS id, host(s.address) AS address, s.created_at, s.seen_at, s.expires_at,
           s.terminal_id IS NOT NULL AS terminal
      FROM session s WHERE s.person_id = %(person)s AND """ + ALIVE + """ ORDER BY s.seen_at DESC
"""  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. `sessions`: how many are alive."""

    id: int
    login: str
    name: str
    unit: str | None
    disabled: bool
    must_change: bool
    no_password: bool
    roles: list[str]
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in that is alive. `id`: the hash of its token, in hex; the token itself is kept nowhere."""

    id: str
    address: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    terminal: bool


def _idle() -> int:
    return SessionRules.from_environment().idle


def accounts(
    tx: ReadTx, text: str = "", *, logins: list[str] | None = None, closed: bool = False, alive: bool = False,
    limit: int = 100,
) -> list[Account]:  # fmt: skip
    """By login name: those whose name, login or unit has the text; of these logins, closed, or logged in now."""
    return rows(
        tx, Account, ACCOUNTS + FOUND, text=text, logins=logins, closed=closed, alive=alive, limit=limit, idle=_idle()
    )


def account(tx: ReadTx, login: str) -> Account | None:
    """One; None: there is no such login name."""
    return one(tx, Account, ACCOUNTS + " WHERE p.login = %(login)s", login=login, idle=_idle())


def locked(tx: ReadTx) -> Mapping[str, datetime]:
    """Login name → until when it is locked after failed log-ins, at all or from some address."""
    # One for each address it was tried from, and one for all: the last of them counts.
    until = {row["key"].partition("@")[0].partition(":")[2]: row["locked_until"] for row in dicts(tx, LOCKS)}
    if not until:
        return {}
    names = ((row["login"], name_key(row["login"])) for row in dicts(tx, LOGINS))  # keys hold hashes of names
    return {login: until[key] for login, key in names if key in until}


def sessions(tx: ReadTx, person: int) -> list[Session]:
    """Alive, the one used last first. Index: session_person."""
    return rows(tx, Session, SESSIONS, person=person, idle=_idle())
