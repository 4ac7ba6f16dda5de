"""Accounts: added, closed, given posts and passwords. Every change is recorded, and ends the sessions it concerns."""

from __future__ import annotations

import getpass
from dataclasses import dataclass

from dispatch.audit.trail import Kind, record
from dispatch.people.may import ADMINISTRATORS, conflicting
from dispatch.people.passwords import generate, hash_password
from dispatch.people.roles import Role
from dispatch.people.sessions import end_all
from dispatch.people.throttle import name_key
from gis.db import ReadTx, Tx, execute, value
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound

__all__ = ["By", "add_person", "end_session", "grant", "revoke", "set_disabled", "set_password", "unlock"]


@dataclass(frozen=True, slots=True)
class By:
    """Who changes an account: a person and from where; without one, whoever sits at the machine itself."""

    person_id: int
    whence: str


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


def grant(tx: Tx, login: str, role: Role) -> str:
    """Give a post; the person's sessions end. An administrator's comes with a new first password, returned; else empty.

    Whoever made the account's password until now, or knows it, may be another administrator.
    Raises NotFound, Conflict (two administrators' posts in one hand).
    """
    person = _person(tx, login)
    held = value(tx, "SELECT array_agg(role) FROM person_role WHERE person_id = %(id)s", id=person) or []
    _refuse_conflict([*(Role(name) for name in held), role])
    execute(tx, "INSERT INTO person_role VALUES (%(id)s, %(role)s) ON CONFLICT DO NOTHING", id=person, role=role.value)
    end_all(tx, person)
    _note(tx, Kind.GRANT, person, {"role": role.value})
    return set_password(tx, login) if role in ADMINISTRATORS else ""


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


def set_disabled(tx: Tx, login: str, disabled: bool, by: By | None = None) -> None:
    """Close or open an account. Raises NotFound, Forbidden."""
    person = _person(tx, login, by)
    execute(tx, "UPDATE person SET disabled = %(to)s WHERE id = %(id)s", to=disabled, id=person)
    end_all(tx, person)
    _note(tx, Kind.REVOKE if disabled else Kind.GRANT, person, {"disabled": disabled}, by)


def set_password(tx: Tx, login: str, by: By | None = None) -> str:
    """A new first password, which must be replaced; locks of the account end. Raises NotFound, Forbidden."""
    person, first = _person(tx, login, by), generate()
    execute(
        tx,
        "UPDATE person SET password_hash = %(hash)s, must_change = true WHERE id = %(id)s",
        hash=hash_password(first),
        id=person,
    )
    end_all(tx, person)
    _end_locks(tx, login)
    _note(tx, Kind.PASSWORD, person, {"generated": True}, by)
    return first


def unlock(tx: Tx, login: str, by: By | None = None) -> int:
    """End the account's locks; how many counters there were. Raises NotFound, Forbidden."""
    person, ended = _person(tx, login, by), _end_locks(tx, login)
    _note(tx, Kind.GRANT, person, {"unlocked": ended}, by)
    return ended


def end_session(tx: Tx, login: str, session: str, by: By) -> None:
    """End one session of a person, by the hash of its token in hex. Raises NotFound if it has ended, Forbidden."""
    person = _person(tx, login, by)
    sql = "DELETE FROM session WHERE person_id = %(id)s AND encode(token_hash, 'hex') = %(session)s"
    if not execute(tx, sql, id=person, session=session):
        raise NotFound("This session has ended already", zh="该会话已经结束")
    _note(tx, Kind.REVOKE, person, {"session": True}, by)


def _end_locks(tx: Tx, login: str) -> int:
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


def _person(tx: ReadTx, login: str, by: By | None = None) -> int:
    """The id. Raises NotFound; Forbidden where a person would change an administrator's account, the own among them: a
    password that one administrator makes for another is the other's post too."""
    person = value(tx, "SELECT id FROM person WHERE login = %(login)s", login=login)
    if person is None:
        raise NotFound(f"There is no person with the login name {login}", zh=f"没有登录名为 {login} 的人员")
    held = "SELECT 1 FROM person_role WHERE person_id = %(id)s AND role = ANY (%(roles)s)"
    if by is not None and value(tx, held, id=person, roles=[role.value for role in ADMINISTRATORS]):
        raise Forbidden(
            "The accounts of administrators are changed on the server only, so that the three stay apart. "
            "Nothing was changed. Whoever runs the server does it with: wangge user",
            zh="管理员账号只能在服务器上办理，以保三员分立。未作任何改动。请由服务器运维人员用命令办理：wangge user",
        )
    return int(person)


def _note(tx: Tx, kind: Kind, person: int, detail: dict[str, object], by: By | None = None) -> None:
    whence = by.whence if by else f"machine:{getpass.getuser()}"
    who = by.person_id if by else None
    record(tx, kind, person_id=who, whence=whence, object=f"person:{person}", detail=detail)
