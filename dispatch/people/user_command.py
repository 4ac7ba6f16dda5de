"""`wangge user`: accounts, from the machine itself. Every change is recorded, and ends the sessions it concerns."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from dispatch.audit.trail import Kind, record
from dispatch.command import Command, print_table, sentence
from dispatch.people.may import conflicting
from dispatch.people.passwords import generate, hash_password
from dispatch.people.roles import Role
from dispatch.people.sessions import end_all
from dispatch.people.throttle import name_key
from gis.db import ReadTx, Tx, dicts, execute, read, value, write
from gis.problems import Conflict, FormIncomplete, NotFound

__all__ = ["add_person", "command", "grant", "revoke", "set_disabled", "set_password", "unlock"]

LOGIN = "the name the person logs in with"
POSTS = tuple(role.value for role in Role if role not in (Role.SYSTEM, Role.CITIZEN))
ROLES = f"a post, may be given several times: {', '.join(POSTS)}"
LIST = """
    SELECT p.login, p.name, p.unit_id AS unit,
           array_to_string(ARRAY(SELECT role FROM person_role r WHERE r.person_id = p.id ORDER BY role), ';') AS roles,
           CASE WHEN p.disabled THEN 'disabled' WHEN p.password_hash = '!' THEN 'no password'
                WHEN p.must_change THEN 'first password' ELSE 'open' END AS standing
      FROM person p ORDER BY p.login
"""


def add_person(tx: Tx, login: str, name: str, *, unit: str | None, roles: list[Role]) -> str:
    """A new account; its first password, which must be replaced. Raises FormIncomplete, Conflict, NotFound (unit)."""
    _refuse_conflict(roles)
    if not login or len(login) > 64 or not login.isprintable() or login != login.strip():
        raise FormIncomplete("A login name has 1 to 64 printable characters", zh="登录名须为 1 至 64 个可见字符")
    if value(tx, "SELECT 1 FROM person WHERE login = %(login)s", login=login):
        raise Conflict(f"There is a person with the login name {login}", zh=f"登录名 {login} 已存在")
    if unit is not None and not value(tx, "SELECT 1 FROM unit WHERE id = %(unit)s", unit=unit):
        raise NotFound(f"There is no unit {unit}", zh=f"部门 {unit} 不存在")
    first = generate()
    person = value(
        tx,
        """INSERT INTO person (login, name, unit_id, password_hash, must_change, created_at)
           VALUES (%(login)s, %(name)s, %(unit)s, %(hash)s, true, clock_timestamp()) RETURNING id""",
        login=login,
        name=name,
        unit=unit,
        hash=hash_password(first),
    )
    for role in roles:
        execute(tx, "INSERT INTO person_role VALUES (%(person)s, %(role)s)", person=person, role=role.value)
    _note(tx, Kind.GRANT, person, {"added": True, "roles": [role.value for role in roles]})
    return first


def grant(tx: Tx, login: str, role: Role) -> None:
    """Give a post; the person's sessions end. Raises NotFound, Conflict (two administrators' posts in one hand)."""
    person = _person(tx, login)
    held = value(tx, "SELECT array_agg(role) FROM person_role WHERE person_id = %(id)s", id=person) or []
    _refuse_conflict([*(Role(name) for name in held), role])
    execute(tx, "INSERT INTO person_role VALUES (%(id)s, %(role)s) ON CONFLICT DO NOTHING", id=person, role=role.value)
    end_all(tx, person)
    _note(tx, Kind.GRANT, person, {"role": role.value})


def revoke(tx: Tx, login: str, role: Role) -> None:
    """Take a post away; the person's sessions end. Raises NotFound."""
    person = _person(tx, login)
    taken = execute(
        tx, "DELETE FROM person_role WHERE person_id = %(id)s AND role = %(role)s", id=person, role=role.value
    )
    if not taken:
        raise NotFound(f"{login} does not hold the post {role.value}", zh=f"{login} 没有该岗位")
    end_all(tx, person)
    _note(tx, Kind.REVOKE, person, {"role": role.value})


def set_disabled(tx: Tx, login: str, disabled: bool) -> None:
    """Close or open an account. Raises NotFound."""
    person = _person(tx, login)
    execute(tx, "UPDATE person SET disabled = %(to)s WHERE id = %(id)s", to=disabled, id=person)
    end_all(tx, person)
    _note(tx, Kind.REVOKE if disabled else Kind.GRANT, person, {"disabled": disabled})


def set_password(tx: Tx, login: str) -> str:
    """A new first password, which must be replaced; locks of the account end. Raises NotFound."""
    person, first = _person(tx, login), generate()
    execute(
        tx,
        "UPDATE person SET password_hash = %(hash)s, must_change = true WHERE id = %(id)s",
        hash=hash_password(first),
        id=person,
    )
    end_all(tx, person)
    unlock(tx, login)
    _note(tx, Kind.PASSWORD, person, {"generated": True})
    return first


def unlock(tx: Tx, login: str) -> int:
    """End the account's locks; how many counters there were."""
    name = name_key(login)
    return execute(
        tx,
        "DELETE FROM throttle WHERE key = %(account)s OR starts_with(key, %(pairs)s)",
        account=f"login:{name}",
        pairs=f"pair:{name}@",
    )


def _refuse_conflict(roles: list[Role]) -> None:
    if both := conflicting(roles):
        names = ", ".join(sorted(both))
        raise Conflict(f"One account may not hold together: {names}", zh=f"同一账号不得兼任：{names}")


def _person(tx: ReadTx, login: str) -> int:
    person = value(tx, "SELECT id FROM person WHERE login = %(login)s", login=login)
    if person is None:
        raise NotFound(f"There is no person with the login name {login}", zh=f"没有登录名为 {login} 的人员")
    return int(person)


def _note(tx: Tx, kind: Kind, person: int, detail: dict[str, object]) -> None:
    record(tx, kind, whence=f"machine:{getpass.getuser()}", object=f"person:{person}", detail=detail)


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────────


def add_arguments(parser: ArgumentParser) -> None:
    """`wangge user …`"""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = _action(actions, "list", "all accounts with unit, posts and standing")
    shown.add_argument("--json", action="store_true", help="an array of objects")
    new = _action(actions, "add", "a new account; prints its first password, which must be replaced")
    new.add_argument("login", help=LOGIN)
    new.add_argument("name", help="the person's name, as shown")
    new.add_argument("--unit", help="id of the person's unit")
    new.add_argument("--role", action="append", default=[], choices=POSTS, metavar="POST", help=ROLES)
    for action, words in (("grant", "give a post"), ("revoke", "take a post away")):
        post = _action(actions, action, f"{words}; the person's sessions end")
        post.add_argument("login", help=LOGIN)
        post.add_argument("role", choices=POSTS, metavar="POST", help=f"one of {', '.join(POSTS)}")
    for action, words in (
        ("disable", "close an account; its sessions end"),
        ("enable", "open a closed account again"),
        ("password", "give a new first password, printed here; sessions and locks end"),
        ("unlock", "end an account's locks after failed log-ins"),
    ):
        _action(actions, action, words).add_argument("login", help=LOGIN)


def _action(actions: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words, description=sentence(words))
    return parser


def run(asked: Namespace) -> int:
    """0; Problems are told by the caller."""
    if asked.action == "list":
        with read() as tx:
            print_table(dicts(tx, LIST), ("login", "name", "unit", "roles", "standing"), json=asked.json)
        return 0
    with write() as tx:
        words = ACTIONS[asked.action](tx, asked)
    sys.stdout.write(words + "\n")
    return 0


def _add(tx: Tx, asked: Namespace) -> str:
    roles = [Role(name) for name in dict.fromkeys(asked.role)]
    return f"first password: {add_person(tx, asked.login, asked.name, unit=asked.unit, roles=roles)}"


def _grant(tx: Tx, asked: Namespace) -> str:
    grant(tx, asked.login, Role(asked.role))
    return f"{asked.login} holds the post {asked.role}"


def _revoke(tx: Tx, asked: Namespace) -> str:
    revoke(tx, asked.login, Role(asked.role))
    return f"{asked.login} holds the post {asked.role} no more"


def _disable(tx: Tx, asked: Namespace) -> str:
    set_disabled(tx, asked.login, True)
    return f"{asked.login} is closed"


def _enable(tx: Tx, asked: Namespace) -> str:
    set_disabled(tx, asked.login, False)
    return f"{asked.login} is open"


def _password(tx: Tx, asked: Namespace) -> str:
    return f"first password: {set_password(tx, asked.login)}"


def _unlock(tx: Tx, asked: Namespace) -> str:
    _person(tx, asked.login)
    unlock(tx, asked.login)
    return f"{asked.login} may try again"


ACTIONS: dict[str, Callable[[Tx, Namespace], str]] = {
    "add": _add,
    "grant": _grant,
    "revoke": _revoke,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
    "unlock": _unlock,
}

command = Command(
    name="user",
    help="list, add, close accounts; give and take posts; new first passwords",
    add_arguments=add_arguments,
    run=run,
)
