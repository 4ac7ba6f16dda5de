"""Coming in, going out, a new password: each with its counters, its session and its trace."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.audit.trail import Kind, record
from dispatch.people import passwords, sessions
from dispatch.people.throttle import LOG_IN, forget, give_back, name_key, take
from gis.db import Tx, execute, one, read, value, write
from gis.problems import FormIncomplete, TooMany, Unauthorised


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A log-in that succeeded: give `token` as the cookie, `csrf` to the forms."""

    person_id: int
    token: str
    csrf: str
    must_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    id: int
    login: str
    password_hash: str
    must_change: bool
    disabled: bool


ACCOUNT = "SELECT id, login, password_hash, must_change, disabled FROM person WHERE login = %(login)s"


def enter(login: str, password: str, *, whence: str, old_token: str | None = None) -> Entered:
    """Log in; the session of `old_token` ends. The password is tried outside any transaction.

    Raises Unauthorised (one answer and one duration for a wrong name, a wrong password, a disabled account) and
    TooMany after five failures, for five minutes.
    """
    login = login.strip()[:64].replace("\0", "")
    with write() as tx:
        keys = _keys(tx, login, whence)
        wait = max(take(tx, key, LOG_IN) for key in keys)
        if wait >= LOG_IN.lock - 1:
            record(tx, Kind.LOCKED, whence=whence, detail={"seconds": wait})
    if wait:
        raise TooMany("Too many failed log-ins; try again later", zh="登录失败次数过多，请稍后再试", retry_after=wait)
    with read() as look:
        account = one(look, _Account, ACCOUNT, login=login)
    good = passwords.matches(password[: passwords.LONGEST], account.password_hash if account else None)
    if account is None or not good or account.disabled:
        with write() as tx:
            record(tx, Kind.LOG_IN_FAILED, person_id=account.id if account else None, whence=whence)
        raise Unauthorised("Login name or password is wrong", zh="登录名或密码错误")
    with write() as tx:
        return _begin(tx, account, whence=whence, old_token=old_token, keys=keys, password=password)


def _keys(tx: Tx, login: str, whence: str) -> list[str]:
    """What a failure counts against.

    From a place the person has logged in from within 30 days only the pair of both counts, so that strangers' failures
    elsewhere lock nobody out at the own desk; from other places the account and the address count, each alone.
    """
    name = name_key(login)
    pair = f"{name}@{whence}"
    known = value(
        tx,
        "SELECT 1 FROM throttle WHERE key = %(key)s AND since > clock_timestamp() - interval '30 days'",
        key=f"known:{pair}",
    )
    return [f"pair:{pair}"] if known else [f"login:{name}", f"address:{whence}"]


def _begin(tx: Tx, account: _Account, *, whence: str, old_token: str | None, keys: list[str], password: str) -> Entered:
    forget(tx, *(key for key in keys if not key.startswith("address:")))
    give_back(tx, f"address:{whence}")
    execute(
        tx,
        """INSERT INTO throttle (key, count, since) VALUES (%(key)s, 0, clock_timestamp())
           ON CONFLICT (key) DO UPDATE SET since = clock_timestamp()""",
        key=f"known:{name_key(account.login)}@{whence}",
    )
    if old_token:
        sessions.end(tx, old_token)
    if passwords.outdated(account.password_hash):
        _store(tx, account.id, passwords.hash_password(password), must_change=account.must_change)
    fresh = sessions.begin(tx, account.id, whence)
    record(tx, Kind.LOG_IN, person_id=account.id, whence=whence)
    return Entered(person_id=account.id, token=fresh.token, csrf=fresh.csrf, must_change=account.must_change)


def leave(token: str, *, person_id: int | None, whence: str) -> None:
    """Log out."""
    with write() as tx:
        if sessions.end(tx, token):
            record(tx, Kind.LOG_OUT, person_id=person_id, whence=whence)


def change_password(person_id: int, *, old: str, new: str, whence: str) -> Entered:
    """Replace the own password; all sessions end and a new one begins.

    Raises FormIncomplete (the old one is wrong, the new one is weak or the same) and TooMany.
    """
    with write() as tx:
        wait = take(tx, f"password:{person_id}", LOG_IN)
    if wait:
        raise TooMany("Too many failed tries; try again later", zh="尝试次数过多，请稍后再试", retry_after=wait)
    with read() as look:
        account = one(look, _Account, ACCOUNT.replace("login = %(login)s", "id = %(id)s"), id=person_id)
    if account is None or not passwords.matches(old, account.password_hash):
        raise FormIncomplete("The present password is wrong", zh="当前密码错误", fields={"old": "wrong"})
    passwords.check_new(new, account.login)
    if new == old:
        raise FormIncomplete("The new password is the old one", zh="新密码与原密码相同", fields={"password": "same"})
    hashed = passwords.hash_password(new)
    with write() as tx:
        forget(tx, f"password:{person_id}")
        _store(tx, person_id, hashed, must_change=False)
        sessions.end_all(tx, person_id)
        record(tx, Kind.PASSWORD, person_id=person_id, whence=whence, object=f"person:{person_id}")
        fresh = sessions.begin(tx, person_id, whence)
    return Entered(person_id=person_id, token=fresh.token, csrf=fresh.csrf, must_change=False)


def _store(tx: Tx, person_id: int, hashed: str, *, must_change: bool) -> None:
    execute(
        tx,
        "UPDATE person SET password_hash = %(hash)s, must_change = %(must)s WHERE id = %(id)s",
        hash=hashed,
        must=must_change,
        id=person_id,
    )
