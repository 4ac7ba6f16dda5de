"""Passwords: argon2id, one cost for known and unknown names, generated first passwords."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gis.problems import FormIncomplete

# 19 MiB, two passes, one lane: some 20 ms of one core, so that ten threads at once stay under 200 MiB.
# Source: OWASP Password Storage Cheat Sheet, argon2id.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no l, o, 0, 1, i: they are read out over the telephone
SHORTEST, LONGEST = 10, 128

# Verified against when the name is unknown or the account has no password: the answer then takes as long.
DUMMY = HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password. `stored` None or `!` costs the same time and is never true."""
    known = stored if stored and stored.startswith("$argon2") else None
    try:
        HASHER.verify(known or DUMMY, password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return HASHER.check_needs_rehash(stored)


def generate() -> str:
    """A first password of four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def check_new(password: str, login: str) -> None:
    """Raise FormIncomplete if a chosen password is too weak to stand."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise _weak(f"A password has {SHORTEST} to {LONGEST} characters", f"密码长度为 {SHORTEST} 至 {LONGEST} 个字符")
    if len(set(password)) < 5:
        raise _weak("A password has at least five different characters", "密码至少包含五个不同的字符")
    if login.lower() in password.lower():
        raise _weak("A password does not contain the login name", "密码不得包含登录名")


def _weak(title: str, zh: str) -> FormIncomplete:
    return FormIncomplete(title, zh=zh, fields={"password": title})
