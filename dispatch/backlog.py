"""What the worker still owes, and how late it is with it: for a page, and for a monitor in Prometheus' text form."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import LiteralString

from gis.db import ReadTx, one, value
from gis.problems import Unavailable

__all__ = ["LATE", "MEANING", "SKEWED", "Backlog", "backlog", "clock_skew", "exposition"]

SKEWED = 5  # seconds between two machines of which one's clock is wrong
# Seconds beyond which a figure is an alarm. The worker seals every second: beyond a minute it stands still.
LATE = {"seal_lag_seconds": 60, "clock_skew_seconds": SKEWED}

# Each part walks an index of what is owed, which is little, or of the last hour.
BACKLOG: LiteralString = """
    WITH due AS MATERIALIZED (
      SELECT c.next_at FROM cases c
       WHERE c.next_at <= %(now)s AND NOT EXISTS (SELECT FROM parked p WHERE p.kind = 'case' AND p.key = c.id::text))
    SELECT (SELECT count(*) FROM due) AS deadlines_due,
           (SELECT coalesce(extract(epoch FROM %(now)s - min(next_at)), 0)::float8 FROM due) AS deadlines_lag_seconds,
           (SELECT coalesce(max(extract(epoch FROM recorded_at - at)), 0)::float8 FROM step
             WHERE action IN ('warn', 'lapse') AND at BETWEEN %(now)s - interval '1 hour' AND %(now)s
               -- what was due before a worker first ran, as in a past that was loaded, waited for none; a block has the
               -- real clock
               AND (at >= (SELECT at FROM audit_block ORDER BY no LIMIT 1)
                    OR EXISTS (SELECT FROM city WHERE simulated_now IS NOT NULL)))
             AS deadlines_longest_wait_seconds,
           (SELECT coalesce(extract(epoch FROM %(now)s - min(a.next_at)), 0)::float8 FROM alarm a
             WHERE a.next_at <= %(now)s
               AND NOT EXISTS (SELECT FROM parked p WHERE p.kind = 'alarm' AND p.key = a.id::text))
             AS alarms_lag_seconds,
           (SELECT count(*) FROM parked WHERE kind = 'case') AS parked_cases,
           (SELECT count(*) FROM parked WHERE kind <> 'case') AS parked_others,
           -- one that another calendar has overtaken is never ended, and owes nothing
           (SELECT count(DISTINCT edition_id) FROM calendar_turn
             WHERE done_at IS NULL
               AND edition_id = (SELECT e.id FROM edition e JOIN calendar_turn t ON t.edition_id = e.id
                                  ORDER BY e.in_force DESC, e.id DESC LIMIT 1)) AS calendar_turns_open,
           (SELECT coalesce(least(
                     extract(epoch FROM %(now)s - min(recorded_at)),
                     -- what a rehearsal adds to the past is no older than the last block
                     CASE WHEN count(*) > 0
                          THEN extract(epoch FROM clock_timestamp() - (SELECT max(at) FROM audit_block)) END),
                     0)::float8 FROM step
             WHERE tx >= (SELECT coalesce(max(to_tx), '0') FROM audit_block)) AS seal_lag_seconds,
           (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS messages_waiting,
           (SELECT count(*) FROM delivery WHERE next_at IS NOT NULL) AS notices_waiting,
           -- whatever a rehearsal's clock says: attempts keep to the machine's
           (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(next_at)), 0)::float8 FROM delivery
             WHERE next_at <= clock_timestamp()) AS notices_lag_seconds,
           (SELECT count(*) FROM delivery WHERE dead_at IS NOT NULL) AS notices_dead
"""
MEANING = {
    "deadlines_due": "Deadlines whose instant has passed and that have not fired",
    "deadlines_lag_seconds": "Seconds since the oldest of them was due",
    "deadlines_longest_wait_seconds": "The longest that an event of the last hour waited, since a worker first ran",
    "alarms_lag_seconds": "Seconds since the oldest rung of a ladder was due that has not rung",
    "parked_cases": "Cases put aside because time could not be let act on them",
    "parked_others": "Alarms, messages, units and jobs put aside because the worker failed on them",
    "calendar_turns_open": "Changes of the calendar by which not all deadlines are counted yet",
    "seal_lag_seconds": "Seconds since the oldest step was recorded that is not sealed",
    "messages_waiting": "Messages not yet handed to those they concern",
    "notices_waiting": "Notices by mail or gateway that wait for their next attempt",
    "notices_lag_seconds": "Seconds since the oldest of them was due: its channel hangs or is gone, or no worker runs",
    "notices_dead": "Notices that were given up",
    "clock_skew_seconds": "Seconds between this machine's clock and the database's, by which everything is counted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Numbers of things, and seconds; `MEANING` says of what."""

    deadlines_due: int
    deadlines_lag_seconds: float
    deadlines_longest_wait_seconds: float
    alarms_lag_seconds: float
    parked_cases: int
    parked_others: int
    calendar_turns_open: int
    seal_lag_seconds: float
    messages_waiting: int
    notices_waiting: int
    notices_lag_seconds: float
    notices_dead: int
    clock_skew_seconds: float = 0.0


def backlog(tx: ReadTx) -> Backlog:
    """As it stands now."""
    found = one(tx, Backlog, BACKLOG, now=tx.now)
    if found is None:
        raise Unavailable("The backlog could not be counted", zh="无法统计后台作业")
    return replace(found, clock_skew_seconds=abs(clock_skew(tx)))


def clock_skew(tx: ReadTx) -> float:
    """Seconds by which this machine's clock is at least ahead of the database's, or (below zero) behind it."""
    before = datetime.now(UTC)
    there: datetime = value(tx, "SELECT clock_timestamp()")
    after = datetime.now(UTC)
    return max(0.0, (before - there).total_seconds()) + min(0.0, (after - there).total_seconds())


def exposition(found: Backlog) -> str:
    """Every figure as a gauge of its own."""
    lines = []
    for field in fields(found):
        name = f"wangge_{field.name}"
        lines += [
            f"# HELP {name} {MEANING[field.name]}",
            f"# TYPE {name} gauge",
            f"{name} {getattr(found, field.name)}",
        ]
    return "\n".join([*lines, ""])
