"""What units did where they only assisted 协办: counted by itself, and in no rate or score of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from dispatch.evaluation.period import Period
from gis.db import ReadTx, rows

__all__ = ["Assisted", "assisted"]

# Index: cases_assists. A part belongs to the period in which it was given, which is never after the last dispatch.
PARTS: LiteralString = """
    SELECT p.unit, count(*) AS given,
           count(*) FILTER (WHERE p.state = 'done' AND NOT p.late) AS ontime,
           count(*) FILTER (WHERE p.state = 'done' AND p.late) AS late,
           count(*) FILTER (WHERE p.state IN ('sent', 'signed') AND p.late) AS open_late,
           count(*) FILTER (WHERE p.state = 'dropped') AS dropped
      FROM cases c
     CROSS JOIN LATERAL jsonb_to_recordset(c.assists) AS p(unit text, state text, late boolean, sent_at timestamptz)
     WHERE c.assists IS NOT NULL AND c.dispatched_at >= %(since)s AND p.sent_at >= %(since)s AND p.sent_at < %(until)s
     GROUP BY p.unit ORDER BY count(*) FILTER (WHERE p.late AND p.state <> 'dropped') DESC, given DESC, p.unit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assisted:
    """The parts given to one unit in a period, as they stand now.

    `late`: reported after the limit; `open_late`: past it and not reported; `dropped`: the lead did not wait, or the
    case was taken from it. The rest is open within its limit.
    """

    unit: str
    given: int
    ontime: int
    late: int
    open_late: int
    dropped: int


def assisted(tx: ReadTx, period: Period) -> list[Assisted]:
    """The units that were given parts in `period`, those with most lateness first."""
    return rows(tx, Assisted, PARTS, since=period.start, until=period.end)
