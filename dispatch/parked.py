"""Rows on which a job of the worker failed: put aside where people see them, tried again with growing delay.

One that fails stops no other: a job takes its rows apart (`each`, or a transaction for each) once they fail together,
and passes over those that stand aside. A job that fails as a whole stands here as well, by its name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString, TypeVar

from gis.db import ReadTx, Tx, column, execute, gone, read, rows, write
from gis.problems import Unavailable

__all__ = ["ASIDE", "Kind", "Parked", "each", "forgive", "note", "park", "parked", "tidy", "try_again"]

log = logging.getLogger("wangge.work")

LONGEST = 200  # characters kept of a fault
K = TypeVar("K", int, str)


class Kind(StrEnum):
    """Of what a row is, and what its key is."""

    CASE = "case"  # id: deadlines, ends of suspensions, answers by default, orders that nobody answered
    ALARM = "alarm"  # id of a ladder that has begun
    MESSAGE = "message"  # id in the outbox; a notice by a channel outside is a dead letter instead
    CARDS = "cards"  # unit
    TERMINAL = "terminal"  # unit
    JOB = "job"  # name: whatever is done as a whole, at its own pace


# Ten seconds, then twice as long each time, an hour at most: by the machine's clock, for a rehearsal's may stand still.
PARK: LiteralString = """
    INSERT INTO parked AS p (kind, key, fault, times, first_at, last_at, again_at)
    SELECT %(kind)s, %(key)s, %(fault)s, 1, now, now, now + interval '10 seconds' FROM clock_timestamp() AS now
    ON CONFLICT (kind, key) DO UPDATE SET fault = excluded.fault, times = p.times + 1, last_at = excluded.last_at,
           again_at = excluded.last_at + least(interval '1 hour', interval '10 seconds' * 2 ^ least(p.times, 10))
"""
# One put aside while the machine's clock was far ahead (`last_at` is still to come) waits no longer.
ASIDE: LiteralString = """
    SELECT key FROM parked WHERE kind = %(kind)s AND clock_timestamp() BETWEEN last_at AND again_at
"""
FORGIVE: LiteralString = "DELETE FROM parked WHERE kind = %(kind)s AND key = ANY (%(keys)s)"
PARKED: LiteralString = """
    SELECT p.kind, p.key, coalesce(c.number, '') AS "case", p.fault, p.times, p.first_at, p.last_at, p.again_at,
           coalesce(a.next_at, o.created_at, CASE WHEN p.kind = 'case' THEN c.next_at END) AS due_at
      FROM parked p
      LEFT JOIN alarm a ON a.id = CASE WHEN p.kind = 'alarm' THEN p.key::bigint END
      LEFT JOIN outbox o ON o.id = CASE WHEN p.kind = 'message' THEN p.key::bigint END
      LEFT JOIN cases c ON c.id = CASE WHEN p.kind = 'case' THEN p.key::bigint ELSE coalesce(a.case_id, o.case_id) END
     ORDER BY p.first_at, p.kind, p.key LIMIT %(most)s
"""
# What has been settled by a person meanwhile is owed no more, and no worker will look at it again.
TIDY: LiteralString = """
    DELETE FROM parked p
     WHERE kind = 'case'
           AND NOT EXISTS (SELECT FROM cases WHERE next_at IS NOT NULL
                              AND id = CASE WHEN p.kind = 'case' THEN p.key::bigint END)
        OR kind = 'message'
           AND NOT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL
                              AND id = CASE WHEN p.kind = 'message' THEN p.key::bigint END)
        OR kind IN ('cards', 'terminal', 'job') AND again_at < clock_timestamp() - interval '1 day'
        OR kind = 'alarm'
           AND NOT EXISTS (SELECT FROM alarm WHERE next_at IS NOT NULL
                              AND id = CASE WHEN p.kind = 'alarm' THEN p.key::bigint END)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One that stands aside. `case`: the number of the case it is of, if any; `due_at`: what it owes since, if that can
    be said; `again_at`: when a worker tries it next."""

    kind: str
    key: str
    case: str
    fault: str
    times: int
    first_at: datetime
    last_at: datetime
    again_at: datetime
    due_at: datetime | None


def each(kind: Kind, keys: Iterable[K], work: Callable[[K], int]) -> int:
    """Do the work for each by itself, in transactions of its own; those that fail are put aside, those that stand aside
    passed over. How much was done. Raises Unavailable: the database is gone, and no row is to blame; what was found out
    until then is kept."""
    with read() as tx:
        aside = set(column(tx, ASIDE, kind=kind.value))
    done, well, faults = 0, list[K](), dict[K, Exception]()
    try:
        for key in keys:
            if str(key) in aside:
                continue
            try:
                count = work(key)
            except Exception as error:  # whatever it is: it concerns this row, and is told with it
                if gone(error):
                    raise
                faults[key] = error
                continue
            done += count
            if count:  # else it is in another worker's hand
                well.append(key)
    finally:
        park(kind, faults)
        with write() as tx:
            forgive(tx, kind, well)
    return done


def park(kind: Kind, faults: Mapping[int, Exception] | Mapping[str, Exception]) -> None:
    """Put rows aside, each with what was wrong with it, in a transaction of its own."""
    for key, fault in faults.items():
        log.error("%s %s is put aside", kind.value, key, exc_info=fault)
    note(kind, faults)


def note(kind: Kind, faults: Mapping[int, Exception] | Mapping[str, Exception]) -> None:
    """The same, where what was wrong is in the log already."""
    if not faults:
        return
    with write() as tx:
        for key, fault in faults.items():
            execute(tx, PARK, kind=kind.value, key=str(key), fault=_said(fault))


def _said(fault: Exception) -> str:
    """Its kind and its first line: the lines after it, of a refusal by the database, may quote a row."""
    told = fault.__cause__ or fault if isinstance(fault, Unavailable) else fault  # the limit it ran into
    first = next(iter(str(told).splitlines()), "")
    return f"{type(told).__name__}: {first}"[:LONGEST]


def forgive(tx: Tx, kind: Kind, keys: Iterable[int] | Iterable[str]) -> None:
    """These went well: they stand aside no longer."""
    tx.connection.execute(FORGIVE, {"kind": kind.value, "keys": [str(key) for key in keys]})


def parked(tx: ReadTx, *, most: int = 200) -> list[Parked]:
    """Those that stand aside, the longest first."""
    return rows(tx, Parked, PARKED, most=most)


def try_again(tx: Tx, kind: Kind, key: str) -> None:
    """Have a worker look at it with its next sweep."""
    execute(
        tx,
        "UPDATE parked SET again_at = clock_timestamp() WHERE kind = %(kind)s AND key = %(key)s",
        kind=kind.value,
        key=key,
    )


def tidy(tx: Tx) -> None:
    """Forget those of which nothing is owed any more."""
    execute(tx, TIDY)
