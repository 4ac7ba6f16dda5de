"""Where a person can be reached outside the product: mail and phone, each sealed under a key of its own."""

from __future__ import annotations

import re

from dispatch.secrets import conceal, new_key
from gis.db import ReadTx, Tx, execute, value
from gis.problems import FormIncomplete, NotFound

__all__ = ["FORMS", "forget_reach", "masked", "phone_of", "set_reach"]

# An address goes into a header and a command line of SMTP: nothing in it may be a space, a bracket or a line's end.
FORMS = {
    "mail": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII),
    "phone": re.compile(r"\+?[0-9]{5,15}", re.ASCII),
}


def set_reach(tx: Tx, login: str, kind: str, address: str) -> int:
    """Keep a person's `mail` or `phone`, instead of an earlier one; the person. Raises FormIncomplete, NotFound."""
    if len(address) > 254 or not FORMS[kind].fullmatch(address):
        raise FormIncomplete(f"This is no {kind} address", zh="邮箱或电话的格式不对", fields={kind: "form"})
    person, key = _person(tx, login), new_key()
    execute(
        tx,
        """INSERT INTO person_reach (person_id, kind, key, body) VALUES (%(person)s, %(kind)s, %(key)s, %(body)s)
           ON CONFLICT (person_id, kind) DO UPDATE SET key = excluded.key, body = excluded.body""",
        person=person,
        kind=kind,
        key=key,
        body=conceal(key, address),
    )
    return person


def forget_reach(tx: Tx, login: str, kind: str) -> int:
    """Destroy address and key; the person. Raises NotFound if there is neither such a person nor address."""
    person = _person(tx, login)
    gone = execute(tx, "DELETE FROM person_reach WHERE person_id = %(p)s AND kind = %(kind)s", p=person, kind=kind)
    if not gone:
        raise NotFound(f"{login} has no {kind}", zh=f"{login} 没有登记该联系方式")
    return person


def masked(address: str) -> str:
    """Enough to recognise one's own: 138****5678, w***@example.org."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}" if len(address) >= 11 else f"****{address[-2:]}"


def phone_of(written: str) -> str | None:
    """The number in what somebody wrote, as a channel takes it; None if it is none. 138 0000-5678 → 13800005678."""
    number = re.sub(r"[\s().-]", "", written)
    return number if FORMS["phone"].fullmatch(number) else None


def _person(tx: ReadTx, login: str) -> int:
    person = value(tx, "SELECT id FROM person WHERE login = %(login)s", login=login)
    if person is None:
        raise NotFound(f"There is no person with the login name {login}", zh=f"没有登录名为 {login} 的人员")
    return int(person)
