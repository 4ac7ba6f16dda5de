"""Cases on which time could not be let act: put aside where people see them, tried again with growing delay."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from gis.db import ReadTx, Tx, execute, rows, write

__all__ = ["Parked", "forgive", "park", "parked", "try_again"]

log = logging.getLogger("wangge.deadlines")

LONGEST = 200  # characters kept of a fault
# Ten seconds, then twice as long each time, an hour at most: by the machine's clock, for a rehearsal's may stand still.
PARK: LiteralString = """
    INSERT INTO parked AS p (case_id, fault, times, first_at, last_at, again_at)
    VALUES (%(case)s, %(fault)s, 1, clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '10 seconds')
    ON CONFLICT (case_id) DO UPDATE SET fault = excluded.fault, times = p.times + 1, last_at = excluded.last_at,
           again_at = excluded.last_at + least(interval '1 hour', interval '10 seconds' * 2 ^ least(p.times, 10))
"""
PARKED: LiteralString = """
    SELECT p.case_id AS id, c.number AS "case", p.fault, p.times, p.first_at, p.last_at, p.again_at, c.next_at AS due_at
      FROM parked p JOIN cases c ON c.id = p.case_id ORDER BY p.first_at, p.case_id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One such case. `due_at`: what it owes since; `again_at`: when a worker tries it next."""

    id: int
    case: str
    fault: str
    times: int
    first_at: datetime
    last_at: datetime
    again_at: datetime
    due_at: datetime | None


def park(faults: Mapping[int, Exception]) -> None:
    """Put cases aside, each with what was wrong with it, in a transaction of its own."""
    if not faults:
        return
    with write() as tx:
        for case_id, fault in faults.items():
            log.error("case %d is put aside", case_id, exc_info=fault)
            execute(tx, PARK, case=case_id, fault=_said(fault))


def _said(fault: Exception) -> str:
    """Its kind and its first line: the lines after it, of a refusal by the database, may quote a row."""
    first = next(iter(str(fault).splitlines()), "")
    return f"{type(fault).__name__}: {first}"[:LONGEST]


def forgive(tx: Tx, cases: Iterable[int]) -> None:
    """These went well: they stand aside no longer."""
    tx.connection.execute("DELETE FROM parked WHERE case_id = ANY (%s)", [list(cases)])


def parked(tx: ReadTx, *, most: int = 200) -> list[Parked]:
    """Those that stand aside, the longest first."""
    return rows(tx, Parked, PARKED, most=most)


def try_again(tx: Tx, case_id: int) -> None:
    """Have a worker look at it with its next sweep."""
    execute(tx, "UPDATE parked SET again_at = clock_timestamp() WHERE case_id = %(case)s", case=case_id)
