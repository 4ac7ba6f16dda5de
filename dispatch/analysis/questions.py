"""Questions about the cases of a period: each figure is a count of cases, and the same statement lists them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from dispatch.evaluation.period import Period
from gis.db import ReadTx, dicts, rows

__all__ = ["QUESTIONS", "Hot", "Stage", "cases_behind", "counted", "hot_spots", "patrol_by_hour", "reported", "stages"]

MARKS: LiteralString = (Path(__file__).parent / "questions.sql").read_text(encoding="utf-8")
QUESTIONS = ("found", "called", "hour", "class", "stage", "returned")
COUNT: LiteralString = f"SELECT key, count(*)::int AS number FROM ({MARKS}) marks GROUP BY key ORDER BY key"
CASES: LiteralString = f"SELECT case_id FROM ({MARKS}) marks WHERE key = %(key)s ORDER BY case_id"
# A shift that nobody ended counts eight hours at most, and no hour that is still to come.
PATROL: LiteralString = """
    SELECT duty_grid AS key,
           (sum(extract(epoch FROM coalesce(ended_at, least(started_at + interval '8 hours', %(now)s)) - started_at))
            / 60)::int AS minutes
      FROM shift WHERE started_at >= %(since)s AND started_at < %(until)s AND duty_grid IS NOT NULL GROUP BY duty_grid
"""
PATROL_HOURS: LiteralString = """
    SELECT to_char(h.at AT TIME ZONE %(zone)s, 'HH24') AS key, count(*)::int AS number
      FROM shift s CROSS JOIN LATERAL generate_series(date_trunc('hour', s.started_at),
             coalesce(s.ended_at, least(s.started_at + interval '8 hours', %(now)s)) - interval '1 second',
             interval '1 hour') AS h (at)
     WHERE s.started_at >= %(since)s AND s.started_at < %(until)s GROUP BY 1
"""
# A fact does not tell when a case was sent to be verified, nor since when a danger waited for its cordon: each is
# looked up by its case. A cordon's photo makes a danger safe, or the reply.
STAGES: LiteralString = """
    WITH lasted AS (
        SELECT t.*
          FROM fact f CROSS JOIN LATERAL (VALUES
                 ('accept', f.reported_at, f.accepted_at), ('file', f.accepted_at, f.filed_at),
                 ('dispatch', f.filed_at, f.dispatched_at), ('sign', f.dispatched_at, f.signed_at),
                 ('dispose', f.dispatched_at, f.disposed_at), ('check', f.disposed_at, f.checked_at),
                 ('close', f.checked_at, f.closed_at)) AS t (stage, begun, ended)
         WHERE f.reported_at >= %(since)s AND f.reported_at < %(until)s AND NOT f.imported
        UNION ALL
        SELECT 'verify', (SELECT s.at FROM step s WHERE s.case_id = v.case_id AND s.seq < v.seq
                             AND s.action = 'send_verify' ORDER BY s.seq DESC LIMIT 1), v.at
          FROM fact f JOIN step v ON v.case_id = f.case_id AND v.action = 'verify'
         WHERE f.reported_at >= %(since)s AND f.reported_at < %(until)s AND f.ontime_verify IS NOT NULL
        UNION ALL
        SELECT 'cordon', (SELECT s.at FROM step s WHERE s.case_id = v.case_id AND s.seq < v.seq
                             AND s.data @> '{"clocks": [["+", "cordon"]]}' ORDER BY s.seq DESC LIMIT 1), v.at
          FROM cases c JOIN step v ON v.case_id = c.id AND v.action IN ('cordon', 'reply', 'reply_for')
                                  AND v.data -> 'ontime' ? 'cordon'
         WHERE c.reported_at >= %(since)s AND c.reported_at < %(until)s AND c.hazard
    )
    SELECT s.stage, count(*)::int AS cases,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY s.minutes)::int AS median,
           percentile_disc(0.8) WITHIN GROUP (ORDER BY s.minutes)::int AS p80
      FROM lasted t
      CROSS JOIN LATERAL (SELECT t.stage, round(extract(epoch FROM t.ended - t.begun) / 60) AS minutes) s
     WHERE t.begun IS NOT NULL AND t.ended >= t.begun
     GROUP BY s.stage
"""
REPORTED: LiteralString = """
    SELECT count(*)::int AS number FROM cases WHERE reported_at >= %(since)s AND reported_at < %(until)s
"""
TEN_HOURS = 600  # minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hot:
    """A duty grid: finds by inspectors, minutes they walked there, what the public reported, all filed.

    `rate`: finds in ten hours on patrol; `index`: that rate in per cent of the city's; None: nobody was there.
    """

    grid: str
    found: int
    minutes: int
    called: int
    rate: Decimal | None
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How long a stage took, in minutes of the clock on the wall: half of the cases at most, four of five at most."""

    stage: str
    cases: int
    median: int
    p80: int


def _parameters(tx: ReadTx, period: Period, zone: ZoneInfo, question: str) -> dict[str, Any]:
    if question not in QUESTIONS:
        raise ValueError(f"{question} is no question: {', '.join(QUESTIONS)}")
    return {
        "question": question,
        "since": period.start,
        "until": period.end,
        "zone": str(zone),
    }


def counted(tx: ReadTx, question: str, period: Period, zone: ZoneInfo) -> dict[str, int]:
    """How many cases each key of a question has."""
    found = dicts(tx, COUNT, **_parameters(tx, period, zone, question))
    return {row["key"]: row["number"] for row in found}


def cases_behind(tx: ReadTx, question: str, period: Period, zone: ZoneInfo, *, key: str) -> list[int]:
    """The ids of the cases behind one figure: as many as it says. Raises ValueError for no question."""
    parameters = _parameters(tx, period, zone, question)
    return [row["case_id"] for row in dicts(tx, CASES, **parameters, key=key)]


def reported(tx: ReadTx, period: Period) -> int:
    """All reports of the period."""
    return int(dicts(tx, REPORTED, since=period.start, until=period.end)[0]["number"])


def stages(tx: ReadTx, period: Period) -> dict[str, Stage]:
    """How long the cases reported in the period were in each stage they have left."""
    return {one.stage: one for one in rows(tx, Stage, STAGES, since=period.start, until=period.end)}


def patrol_by_hour(tx: ReadTx, period: Period, zone: ZoneInfo) -> dict[str, int]:
    """How many hours on patrol began in each hour of the day, all inspectors together."""
    found = dicts(tx, PATROL_HOURS, since=period.start, until=period.end, zone=str(zone), now=tx.now)
    return {row["key"]: row["number"] for row in found}


def hot_spots(tx: ReadTx, period: Period, zone: ZoneInfo) -> list[Hot]:
    """Duty grids, those with the most finds for the time spent looking first: more found is not yet worse."""
    found, called = (counted(tx, question, period, zone) for question in ("found", "called"))
    minutes = {
        row["key"]: row["minutes"] for row in dicts(tx, PATROL, since=period.start, until=period.end, now=tx.now)
    }
    walked = sum(minutes.values())
    whole = sum(number for grid, number in found.items() if minutes.get(grid))
    grids = [
        _hot(grid, found.get(grid, 0), minutes.get(grid, 0), called.get(grid, 0), city=(whole, walked))
        for grid in sorted({*found, *called, *minutes})
    ]
    return sorted(grids, key=lambda one: (-(one.index if one.index is not None else -1), one.grid))


def _hot(grid: str, found: int, minutes: int, called: int, *, city: tuple[int, int]) -> Hot:
    whole, walked = city
    rate = index = None
    if minutes:
        rate = (Decimal(found * TEN_HOURS) / minutes).quantize(Decimal("0.01"), ROUND_HALF_UP)
        exact = Decimal(100 * found * walked) / (minutes * whole) if whole else None
        index = None if exact is None else int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return Hot(grid=grid, found=found, minutes=minutes, called=called, rate=rate, index=index)
