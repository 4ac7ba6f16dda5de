"""What the board and the inspection record say of a unit's terminal, over a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString

from dispatch.cases.books import Books
from dispatch.terminals.presence import GAP, Share, seen, shares
from dispatch.terminals.silence import expected
from gis.db import ReadTx, rows

__all__ = ["Line", "Receipt", "Silence", "Wanting", "board", "receipts", "silences", "wanting"]

# Of cases filed in the period. By the wall clock: a dispatch is to be signed for day and night.
SIGNED: LiteralString = """
    SELECT unit_id AS unit, count(*) AS signed,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY signed_at - dispatched_at) AS median,
           max(signed_at - dispatched_at) AS longest, count(*) FILTER (WHERE NOT ontime_sign) AS late
      FROM fact
     WHERE filed_at >= %(since)s AND filed_at < %(until)s AND signed_at IS NOT NULL AND unit_id IS NOT NULL
     GROUP BY unit_id
"""
SILENCES: LiteralString = """
    SELECT unit_id AS unit, since, noticed_at, ended_at FROM silence
     WHERE (%(unit)s::text IS NULL OR unit_id = %(unit)s) AND noticed_at <= %(until)s
       AND coalesce(ended_at, 'infinity') > %(since)s
     ORDER BY noticed_at DESC LIMIT 200
"""
RECEIPTS: LiteralString = """
    SELECT c.number, s.action, s.unit_id AS unit, c.dispatched_at, s.at, p.name AS person, s.role,
           host(t.address) AS address
      FROM cases c
      JOIN LATERAL (SELECT * FROM step WHERE case_id = c.id AND action IN ('sign', 'sign_for', 'ask_defer')
                     ORDER BY seq DESC LIMIT 1) s ON true
      LEFT JOIN person p ON p.id = s.actor_id LEFT JOIN terminal t ON t.id = (s.data ->> 'terminal')::bigint
     WHERE c.unit_id = %(unit)s AND c.reported_at >= %(since)s AND c.reported_at < %(until)s
     ORDER BY c.reported_at DESC LIMIT %(most)s
"""
WANTING: LiteralString = "SELECT unit_id AS unit, connect_by, proxy FROM connection"


@dataclass(frozen=True, slots=True)
class Signed:
    """How fast a unit signed for what was dispatched to it."""

    unit: str
    signed: int
    median: timedelta
    longest: timedelta
    late: int


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a unit's terminal was not seen. `since` None: never before; `ended_at` None: it lasts."""

    unit: str
    since: datetime | None
    noticed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who signed for a dispatch, when, and on which terminal. `address` None: by proxy, or not known."""

    number: str
    action: str
    unit: str
    dispatched_at: datetime | None
    at: datetime
    person: str | None
    role: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit with a terminal. `share` None: never seen; `there`: a page of it is open; `silent`: it is missed."""

    unit: str
    seen_at: datetime | None
    there: bool
    share: Share | None
    signed: Signed | None
    silent: Silence | None
    silences: int

    @property
    def amiss(self) -> bool:
        """Whether somebody should look into it: it is missed, or signs late."""
        return self.silent is not None or (self.signed is not None and self.signed.late > 0)


@dataclass(frozen=True, slots=True)
class Wanting:
    """A unit without a terminal: by when it is to be connected, and who receives for it until then."""

    unit: str
    connect_by: date | None = None
    proxy: str = ""

    def amiss(self, today: date) -> bool:
        """Whether its day is over, or none is set."""
        return self.connect_by is None or self.connect_by < today


def board(tx: ReadTx, city: Books, since: datetime, until: datetime) -> list[Line]:
    """Every unit with a terminal: those that are being missed first, then by their share, the lowest first."""
    last, share = seen(tx), shares(tx, city.calendar, since, until)
    signed = {row.unit: row for row in rows(tx, Signed, SIGNED, since=since, until=until)}
    missed = silences(tx, since, until)
    found = [
        Line(
            unit=unit,
            seen_at=last.get(unit),
            there=unit in last and last[unit] >= tx.now - GAP,
            share=share.get(unit),
            signed=signed.get(unit),
            silent=next((one for one in missed if one.unit == unit and one.ended_at is None), None),
            silences=sum(one.unit == unit for one in missed),
        )
        for unit in expected(tx, city)
    ]
    return sorted(found, key=lambda line: (line.silent is None, (line.share and line.share.percent) or 0, line.unit))


def silences(tx: ReadTx, since: datetime, until: datetime, unit: str | None = None) -> list[Silence]:
    """Silences that reach into the period, newest first."""
    return rows(tx, Silence, SILENCES, since=since, until=until, unit=unit)


def receipts(tx: ReadTx, unit: str, since: datetime, until: datetime, *, most: int = 50) -> list[Receipt]:
    """The last signatures of a unit for what was reported in the period. Index: cases_unit_reported."""
    return rows(tx, Receipt, RECEIPTS, unit=unit, since=since, until=until, most=most)


def wanting(tx: ReadTx, city: Books) -> list[Wanting]:
    """The units without a terminal, those with the nearest day first."""
    known = {row.unit: row for row in rows(tx, Wanting, WANTING)}
    found = [known.get(unit.id, Wanting(unit.id)) for unit in city.tree.units.values() if not unit.terminal]
    return sorted(found, key=lambda one: (one.connect_by is None, one.connect_by or date.max, one.unit))
