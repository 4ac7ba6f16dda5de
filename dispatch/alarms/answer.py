"""Acknowledge a call, by the link in its message or by a button: the next rung of that reason does not ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from dispatch.duty.ladder import after_answer, rungs_of
from gis.db import ReadTx, Tx, execute, one, rows
from gis.problems import NotFound

__all__ = ["Rang", "acknowledge", "by_link", "calls_of_case", "calls_to"]

# The alarm is locked first, as the sweep does: a rung that is being rung is rung, one that is not is left out.
HELD: LiteralString = """
    SELECT a.id, a.rung, a.rungs, a.next_at, coalesce(city.simulated_now, clock_timestamp()) AS now
      FROM alarm a, city WHERE a.id = (SELECT alarm_id FROM alarm_call k WHERE {}) FOR UPDATE OF a
"""
TAKE: LiteralString = """
    UPDATE alarm_call k SET acknowledged_at = %(at)s, acknowledged_by = %(way)s WHERE {} AND acknowledged_at IS NULL
"""
BY: dict[str, LiteralString] = {"link": "k.token = %(token)s", "person": "k.id = %(id)s AND k.person_id = %(me)s"}
SKIP: LiteralString = "UPDATE alarm SET rung = %(rung)s, next_at = %(at)s WHERE id = %(id)s"
END: LiteralString = """
    UPDATE alarm SET next_at = NULL, ended_at = %(at)s, outcome = 'acknowledged' WHERE id = %(id)s
"""
RANG: LiteralString = """
    SELECT k.id, c.number AS case, c.hazard, a.ladder, a.clock, a.event, k.rung, k.unit_id AS unit, p.name AS person,
           k.at, k.acknowledged_at, k.acknowledged_by, a.next_at, a.outcome
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id JOIN cases c ON c.id = a.case_id
      LEFT JOIN person p ON p.id = k.person_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """One call. `person` None: the rung was empty. `next_at`: when the ladder goes on, if it does."""

    id: int
    case: str
    hazard: bool
    ladder: str
    clock: str
    event: str
    rung: int
    unit: str | None
    person: str | None
    at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    next_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    id: int
    rung: int
    rungs: list[dict[str, Any]]
    next_at: datetime | None
    now: datetime


def acknowledge(tx: Tx, *, token: str = "", id: int = 0, me: int = 0, now: datetime | None = None) -> bool:
    """Take a call: by its link's token, or by its id as the person rung. False: it was taken before, nothing changes.

    `now`: only for a rehearsal's clock. Raises NotFound where there is no such call, or it is another's.
    """
    way = "link" if token else "person"
    asked = {"token": token, "id": id, "me": me}
    held = one(tx, _Held, HELD.format(BY[way]), **asked)
    if held is None:
        raise NotFound("There is no such call", zh="没有这次呼叫")
    at = now or held.now
    if not execute(tx, TAKE.format(BY[way]), **asked, at=at, way=way):
        return False
    if held.next_at is not None:
        following = after_answer(rungs_of(held.rungs), held.rung)
        if following is None:
            execute(tx, END, id=held.id, at=at)
        elif following != held.rung:
            execute(tx, SKIP, id=held.id, rung=following, at=at)  # the sweep works out when its multiple is due
    return True


def by_link(tx: ReadTx, token: str) -> Rang:
    """The call a link is of. Raises NotFound."""
    found = one(tx, Rang, RANG + " WHERE k.token = %(token)s", token=token)
    if found is None:
        raise NotFound("There is no such call", zh="没有这次呼叫")
    return found


def calls_to(tx: ReadTx, person: int, *, limit: int = 20) -> Sequence[Rang]:
    """The latest calls of a person to be acknowledged, whose alarm rings on. Index: alarm_call_person."""
    waits = " WHERE k.person_id = %(me)s AND k.acknowledged_at IS NULL AND a.next_at IS NOT NULL"
    return rows(tx, Rang, RANG + waits + " ORDER BY k.at DESC LIMIT %(limit)s", me=person, limit=limit)


def calls_of_case(tx: ReadTx, case: int, *, limit: int = 100) -> Sequence[Rang]:
    """Who was rung because of a case, latest first. Index: the alarm's own key."""
    return rows(tx, Rang, RANG + " WHERE a.case_id = %(c)s ORDER BY k.at DESC, k.id DESC LIMIT %(n)s", c=case, n=limit)
