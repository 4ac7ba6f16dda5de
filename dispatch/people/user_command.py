"""`wangge user`: accounts, from the machine itself. Every change is recorded, and ends the sessions it concerns."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from dispatch.command import Command, print_table, sentence
from dispatch.people.accounts import add_person, grant, revoke, set_disabled, set_password, unlock
from dispatch.people.roles import Role
from gis.db import Tx, dicts, read, write

__all__ = ["command"]

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
    for action, words in (
        ("grant", "give a post; the person's sessions end, and an administrator's post brings a new first password"),
        ("revoke", "take a post away; the person's sessions end"),
    ):
        post = _action(actions, action, words)
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
    first = grant(tx, asked.login, Role(asked.role))
    return f"{asked.login} holds the post {asked.role}" + (f"\nfirst password: {first}" if first else "")


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
