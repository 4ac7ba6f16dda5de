"""First accounts of a city's people, with generated passwords that are written to a file only its owner reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatch.cityfile.rows import CityFiles, PersonRow
from dispatch.people.passwords import generate, hash_password

__all__ = ["Account", "keep_passwords", "new_accounts"]

DEMO_FILE = "demo-logins.json"  # one person a role, for those who try the demo city
FIRST_FILE = "first-logins.json"  # everybody of a real city, until each has changed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account to be made. `password` is kept nowhere but in the file."""

    login: str
    name: str
    unit: str | None
    roles: tuple[str, ...]
    password: str
    password_hash: str
    must_change: bool


def new_accounts(
    city: CityFiles, known: Collection[str], *, data: Path, progress: Callable[[str], None]
) -> list[Account]:
    """Accounts for the people whose login is not known yet.

    In a demo city the people of one post share a password, and so one hash: 150 hashes would take seconds.
    """
    people = [row for row in city.people if row.login not in known]
    if people:
        progress(f"{len(people)} accounts")
    if not city.document.get("demo"):
        return [_account(row, generate(), None, must_change=True) for row in people]
    passwords = {entry["role"]: entry["password"] for entry in _entries(data / DEMO_FILE)}
    hashes: dict[str, str] = {}
    accounts = []
    for row in people:
        role = row.roles[0]
        password = passwords.setdefault(role, generate())
        if role not in hashes:
            hashes[role] = hash_password(password)
        accounts.append(_account(row, password, hashes[role], must_change=False))
    return accounts


def _account(row: PersonRow, password: str, password_hash: str | None, *, must_change: bool) -> Account:
    return Account(
        login=row.login,
        name=row.name,
        unit=row.unit or None,
        roles=row.roles,
        password=password,
        password_hash=password_hash or hash_password(password),
        must_change=must_change,
    )


def keep_passwords(city: CityFiles, accounts: Sequence[Account], *, data: Path) -> Path | None:
    """Add the new accounts' passwords to the file; None if there are none."""
    if not accounts:
        return None
    if city.document.get("demo"):
        path, key = data / DEMO_FILE, "role"
        # Whoever holds a post as the first of several is named before one who holds it besides another.
        rank = max(len(account.roles) for account in accounts)
        # And somebody of a unit that is ranked, so works on cases, before one of a unit that is not.
        ranked = {unit.id for unit in city.units if unit.group}
        working = sorted(accounts, key=lambda account: account.unit is not None and account.unit not in ranked)
        held = [(a, a.roles[n]) for n in range(rank) for a in working if n < len(a.roles)]
    else:
        path, key = data / FIRST_FILE, "login"
        held = [(account, account.roles[0]) for account in accounts]
    entries = {entry[key]: entry for entry in _entries(path)}
    for account, role in held:
        entry = {"role": role, "login": account.login, "name": account.name, "password": account.password}
        if key == "login" or role not in entries:
            entries[entry[key]] = entry
    _write(path, list(entries.values()))
    return path


def _entries(path: Path) -> list[dict[str, str]]:
    try:
        found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    except (FileNotFoundError, ValueError):
        return []


def _write(path: Path, entries: list[dict[str, str]]) -> None:
    """Whole or not at all, readable by the owner only from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
