"""A unit whose terminal has been silent for too long in opening hours: the centre is told, once for each silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from dispatch.cases.books import Books, books
from dispatch.parked import Kind, each
from dispatch.people.roles import Role
from dispatch.people.sessions import RECEIVE
from dispatch.terminals.presence import GAP, seen, up_since
from gis.db import ReadTx, column, execute, read, value, write

__all__ = ["MINUTES", "expected", "missing", "patience", "silent", "watch"]

MINUTES = 15  # of silence, where the city does not say
TOLD = [Role.DISPATCHER.value, Role.SHIFT_LEADER.value]
EXPECTED = """
    SELECT array_agg(DISTINCT p.unit_id ORDER BY p.unit_id) FROM person p JOIN person_role r ON r.person_id = p.id
     WHERE NOT p.disabled AND p.unit_id IS NOT NULL AND r.role = ANY(%(roles)s)
"""
OPEN = "SELECT unit_id FROM silence WHERE ended_at IS NULL"
BACK = "UPDATE silence SET ended_at = %(now)s WHERE ended_at IS NULL AND unit_id = %(unit)s"
# One open silence for each unit: workers that notice it together tell of it once.
RAISE = """
    WITH raised AS (
      INSERT INTO silence (unit_id, since, noticed_at) VALUES (%(unit)s, %(since)s, %(now)s)
      ON CONFLICT (unit_id) WHERE ended_at IS NULL DO NOTHING
      RETURNING unit_id),
    told AS (
      INSERT INTO outbox (kind, person_id, created_at)
      SELECT 'silent:' || s.unit_id, p.id, %(now)s FROM raised s CROSS JOIN person p
       WHERE NOT p.disabled AND EXISTS (SELECT FROM person_role r WHERE r.person_id = p.id AND r.role = ANY(%(told)s)))
    SELECT FROM raised
"""


def expected(tx: ReadTx, city: Books) -> list[str]:
    """The units whose terminal ought to be there: they have one, and somebody who receives on it."""
    received = value(tx, EXPECTED, roles=RECEIVE) or []
    return [id for id in received if (unit := city.tree.get(id)) is not None and unit.terminal]


def patience(city: Books) -> timedelta:
    """How long a terminal may be silent in opening hours."""
    return timedelta(minutes=city.city.get("terminals", {}).get("silent_minutes", MINUTES))


def missing(tx: ReadTx, city: Books) -> int:
    """How many units are being missed now; one whose terminal or people were taken away is waited for no longer."""
    open_ones = "SELECT count(*) FROM silence WHERE ended_at IS NULL AND unit_id = ANY(%(units)s)"
    return int(value(tx, open_ones, units=expected(tx, city)))


def silent(
    units: list[str], last: dict[str, datetime], *, now: datetime, since: datetime
) -> tuple[list[str], list[str]]:
    """Those not seen from `since` on, and those that are there now."""
    fallen = [unit for unit in units if last.get(unit) is None or last[unit] < since]
    return fallen, [unit for unit in units if last.get(unit) is not None and last[unit] >= now - GAP]


def watch() -> int:
    """Tell of every terminal that has fallen silent, and note those that are back; how many are new. A unit of which
    that cannot be done is put aside (`dispatch.parked`)."""
    with read() as tx:
        if value(tx, "SELECT NOT EXISTS (SELECT FROM city)"):
            return 0
        city, now, last = books(tx), tx.now, seen(tx)
        since = now - patience(city)
        fallen, there = silent(expected(tx, city), last, now=now, since=since)
        known = set(column(tx, OPEN))
        new = [unit for unit in fallen if unit not in known] if _watched(tx, city, since, now) else []
    each(Kind.TERMINAL, [unit for unit in there if unit in known], lambda unit: _tell(BACK, unit=unit, now=now))
    return each(Kind.TERMINAL, new, lambda unit: _tell(RAISE, unit=unit, since=last.get(unit), now=now, told=TOLD))


def _tell(sql: LiteralString, **given: object) -> int:
    with write() as tx:
        return execute(tx, sql, **given)


def _watched(tx: ReadTx, city: Books, since: datetime, now: datetime) -> bool:
    """Whether a terminal could have been seen all the time: opening hours, and our own server up."""
    today = city.calendar.spans(now.astimezone(city.zone).date())
    up = up_since(tx)
    return up is not None and up <= since and any(start <= since and now < end for start, end in today)
