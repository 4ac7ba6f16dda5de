"""Who is at the command line: the machine's user, or a person of the city by login and password."""

from __future__ import annotations

import getpass
import sys

from dispatch.layers.publish import Author
from dispatch.people.may import may
from dispatch.people.passwords import matches
from dispatch.people.roles import Permission, Role
from gis.db import ReadTx, dicts
from gis.problems import Forbidden, Unauthorised

__all__ = ["author_of", "person_named"]

PERSON = """
    SELECT p.id, p.password_hash, ARRAY(SELECT role FROM person_role r WHERE r.person_id = p.id) AS roles
      FROM person p WHERE p.login = %(login)s AND NOT p.disabled
"""


def author_of(tx: ReadTx, login: str | None) -> Author:
    """Whoever it is. A person types the password, for a second person has to be another person.

    Raises Unauthorised for a wrong login or password, Forbidden for a post that keeps no layers.
    """
    machine = f"machine:{getpass.getuser()}"
    if login is None:
        return Author(machine, whence=machine)
    return person_named(tx, login, _password(login), whence=machine)


def person_named(tx: ReadTx, login: str, password: str, *, whence: str) -> Author:
    """The person whose password it is. Raises Unauthorised, Forbidden."""
    found = next(iter(dicts(tx, PERSON, login=login)), None)
    if not matches(password, found["password_hash"] if found else None) or found is None:
        raise Unauthorised("The login name or the password is wrong", zh="登录名或密码错误")
    if not may([Role(role) for role in found["roles"]], Permission.EDIT_LAYERS):
        raise Forbidden(f"{login} holds no post that keeps the city's layers", zh=f"{login} 的岗位无权维护图层")
    return Author(login, found["id"], whence)


def _password(login: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {login}: ")
    return sys.stdin.readline().rstrip("\n")
