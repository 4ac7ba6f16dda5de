"""Signs of life: every open page of a unit, and our own server, whose gaps are nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from dispatch.clock.calendar import WorkCalendar
from gis.db import ReadTx, Tx, execute, rows, value

__all__ = ["EVERY", "GAP", "Share", "beat", "opened", "seen", "shares", "up_since"]

EVERY = 20.0  # seconds between two signs of life
GAP = timedelta(seconds=60)  # two signs no farther apart are one stay: a page that is loaded anew was not away
LONGEST = timedelta(days=1)  # of one span; a longer stay goes on in the next

# The newest span of each terminal grows if it is fresh; else a new one begins. Two servers may do so at once.
SEEN = """
    WITH grown AS (
      UPDATE presence p SET until = greatest(p.until, %(now)s)
       WHERE (p.terminal_id, p.since) IN (SELECT t, (SELECT max(since) FROM presence WHERE terminal_id = t)
                                            FROM unnest(%(terminals)s::bigint[]) AS t)
         AND p.until >= %(now)s - %(gap)s AND p.since > %(now)s - %(longest)s
      RETURNING p.terminal_id)
    INSERT INTO presence (terminal_id, since, until)
    SELECT DISTINCT t, %(now)s, %(now)s FROM unnest(%(terminals)s::bigint[]) AS t
     WHERE t NOT IN (SELECT terminal_id FROM grown)
    ON CONFLICT DO NOTHING
"""
UP = """
    WITH grown AS (
      UPDATE uptime SET until = greatest(until, %(now)s)
       WHERE since = (SELECT max(since) FROM uptime) AND until >= %(now)s - %(gap)s AND since > %(now)s - %(longest)s
      RETURNING since)
    INSERT INTO uptime (since, until) SELECT %(now)s, %(now)s WHERE NOT EXISTS (SELECT FROM grown)
    ON CONFLICT DO NOTHING
"""
# Seconds of what a unit had to be there: opening hours, our server up, and not before it was first seen.
SHARES = """
    WITH counted AS (
      SELECT %(open)s::tstzmultirange
             * coalesce((SELECT range_agg(tstzrange(since, until)) FROM uptime
                          WHERE since > %(since)s - %(longest)s AND since < %(until)s), '{}') AS spans),
    there AS (
      SELECT t.unit_id, range_agg(tstzrange(p.since, p.until)) AS spans
        FROM presence p JOIN terminal t ON t.id = p.terminal_id
       WHERE p.since > %(since)s - %(longest)s AND p.since < %(until)s GROUP BY t.unit_id),
    known AS (SELECT unit_id, tstzmultirange(tstzrange(min(first_at), NULL)) AS since FROM terminal GROUP BY unit_id)
    SELECT k.unit_id AS unit, seconds_of(c.spans * k.since * coalesce(t.spans, '{}')) AS there,
           seconds_of(c.spans * k.since) AS counted
      FROM known k CROSS JOIN counted c LEFT JOIN there t ON t.unit_id = k.unit_id
     WHERE %(unit)s::text IS NULL OR k.unit_id = %(unit)s
"""
LAST = """
    SELECT t.unit_id AS unit, max(p.until) AS at
      FROM terminal t
      CROSS JOIN LATERAL (SELECT until FROM presence WHERE terminal_id = t.id ORDER BY since DESC LIMIT 1) p
     GROUP BY t.unit_id
"""


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds in which a page of the unit was open, of those that count: opening hours in which our server was up."""

    unit: str
    there: Decimal
    counted: Decimal

    @property
    def percent(self) -> Decimal | None:
        """To one place; None where nothing counts."""
        return (100 * self.there / self.counted).quantize(Decimal("0.1")) if self.counted else None


@dataclass(frozen=True, slots=True)
class _Last:
    unit: str
    at: datetime


def beat(tx: Tx, terminals: Sequence[int]) -> None:
    """A sign of life of our server, and of every terminal that has a page open here."""
    given = {"now": tx.now, "gap": GAP, "longest": LONGEST}
    execute(tx, UP, **given)
    if terminals:
        execute(tx, SEEN, terminals=sorted(set(terminals)), **given)


def seen(tx: ReadTx) -> dict[str, datetime]:
    """When each unit that ever was there was seen last. Index: pk_presence."""
    return {row.unit: row.at for row in rows(tx, _Last, LAST)}


def up_since(tx: ReadTx) -> datetime | None:
    """Since when our server has been up without a gap; None if it is not."""
    found: datetime | None = value(
        tx,
        """WITH RECURSIVE back AS (
             (SELECT since FROM uptime WHERE until >= %(now)s - %(gap)s ORDER BY since DESC LIMIT 1)
             UNION ALL
             SELECT (SELECT u.since FROM uptime u WHERE u.since < b.since AND u.until >= b.since - %(gap)s
                      ORDER BY u.since DESC LIMIT 1) FROM back b WHERE b.since > %(now)s - %(longest)s)
           SELECT min(since) FROM back""",
        now=tx.now,
        gap=GAP,
        longest=LONGEST,
    )
    return found


def opened(calendar: WorkCalendar, since: datetime, until: datetime) -> str:
    """The opening hours of a period, as PostgreSQL writes many ranges."""
    day, last = since.astimezone(calendar.zone).date(), until.astimezone(calendar.zone).date()
    spans = []
    while day <= last:
        spans += [(max(start, since), min(end, until)) for start, end in calendar.spans(day)]
        day += timedelta(days=1)
    return "{" + ",".join(f"[{start.isoformat()},{end.isoformat()})" for start, end in spans if start < end) + "}"


def shares(
    tx: ReadTx, calendar: WorkCalendar, since: datetime, until: datetime, unit: str | None = None
) -> dict[str, Share]:
    """By unit, of those that were ever seen; at most some months at once. Index: presence_since."""
    span = {"since": since, "until": until, "longest": LONGEST}
    found = rows(tx, Share, SHARES, open=opened(calendar, since, until), unit=unit, **span)
    return {row.unit: row for row in found}
