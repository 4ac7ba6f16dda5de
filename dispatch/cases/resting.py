"""What rests: every suspended and deferred case of the city, for everybody inside. No person, no words, no picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from gis.db import ReadTx, dicts, rows

__all__ = ["BANDS", "Resting", "Stock", "resting", "stock"]

BANDS = (7, 30, 90)  # days that a case has rested: under each, and as long as the last or longer
PAGE = 100
# Costs by the stock, not by the cases: index cases_resting.
STOCK: LiteralString = """
    SELECT c.unit_id AS unit, width_bucket(extract(epoch FROM %(now)s - f.suspended_at) / 86400.0, %(bands)s::numeric[])
           AS band, count(*) AS cases, min(f.suspended_at) AS oldest, min(c.suspended_until) AS next
      FROM cases c JOIN fact f ON f.case_id = c.id
     WHERE c.suspended_until IS NOT NULL
     GROUP BY 1, 2
"""
LISTED: LiteralString = """
    WITH page AS (
      SELECT c.id, c.number, c.category, c.place_words, c.place_words_en, c.unit_id, c.suspended_until AS until,
             f.suspended_at AS since
        FROM cases c JOIN fact f ON f.case_id = c.id
       WHERE c.suspended_until IS NOT NULL
         AND (%(unit)s::text IS NULL OR c.unit_id = %(unit)s)
         AND f.suspended_at > %(after)s AND f.suspended_at <= %(before)s
         AND (f.suspended_at, c.id) > (%(last_at)s, %(last_id)s)
       ORDER BY f.suspended_at, c.id LIMIT %(limit)s)
    SELECT p.*, a.kind, a.reason, a.why
      FROM page p LEFT JOIN LATERAL (
             SELECT s.action AS kind, s.data #>> '{form,reason}' AS reason, s.data -> 'why' AS why FROM step s
              WHERE s.case_id = p.id AND s.action IN ('ask_defer', 'ask_suspend') ORDER BY s.seq DESC LIMIT 1) a ON true
     ORDER BY p.since, p.id
"""
LONG_AGO, FAR = datetime.fromisoformat("1900-01-01T00:00Z"), datetime.fromisoformat("9999-01-01T00:00Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """One case that rests. `kind`: what was asked; `why`: the reason's words as they were given."""

    id: int
    number: str
    category: str | None
    place_words: str
    place_words_en: str
    unit_id: str | None
    since: datetime
    until: datetime
    kind: str | None
    reason: str | None
    why: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """All that rests, counted: by unit, each by band (index into BANDS, the last: longer)."""

    units: Mapping[str, tuple[int, ...]]
    oldest: datetime | None
    next: datetime | None  # when the first wakes

    @property
    def bands(self) -> tuple[int, ...]:
        """Of all units."""
        return tuple(sum(one[band] for one in self.units.values()) for band in range(len(BANDS) + 1))

    @property
    def cases(self) -> int:
        """How many rest."""
        return sum(self.bands)


def stock(tx: ReadTx, now: datetime) -> Stock:
    """What rests at `now`. In a transaction that sees every unit's cases."""
    found = dicts(tx, STOCK, now=now, bands=list(BANDS))
    units: dict[str, list[int]] = {}
    for row in found:
        units.setdefault(row["unit"], [0] * (len(BANDS) + 1))[row["band"]] += row["cases"]
    return Stock(
        units={unit: tuple(bands) for unit, bands in sorted(units.items(), key=lambda one: (-sum(one[1]), one[0]))},
        oldest=min((row["oldest"] for row in found), default=None),
        next=min((row["next"] for row in found), default=None),
    )


def resting(
    tx: ReadTx,
    now: datetime,
    *,
    unit: str | None = None,
    band: int | None = None,
    last: tuple[datetime, int] = (LONG_AGO, 0),
    limit: int = PAGE,
) -> list[Resting]:
    """What rests, the longest first; of one unit, of one band of age. In a transaction that sees every unit's cases."""
    at, case = last
    return rows(
        tx, Resting, LISTED, unit=unit, limit=limit, last_at=at, last_id=case,
        after=LONG_AGO if band is None or band >= len(BANDS) else now - timedelta(days=BANDS[band]),
        before=FAR if not band else now - timedelta(days=BANDS[band - 1]),
    )  # fmt: skip
