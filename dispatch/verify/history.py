"""The whole history, streamed once: every case's steps to `replay`, with memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, LiteralString

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from dispatch.verify.figures import fact_differs
from dispatch.verify.finding import Finding
from dispatch.verify.hours import Hours
from dispatch.verify.replay import Case, Row, replay
from gis.db import ReadTx

__all__ = ["check_history"]

AT_ONCE = 2_000
STEPS: LiteralString = """
    SELECT case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role, unit_id, data,
           note_hash, previous, hash
      FROM step ORDER BY case_id, seq
"""
# What the database itself works out of the row (settled_at, life) is not counted again.
CASES: LiteralString = """
    SELECT id, number, report_id, last_hash, clocks, (editions ->> 'calendar')::int,
           to_jsonb(f.*) - '{settled_at,life}'::text[]
      FROM cases LEFT JOIN fact f ON f.case_id = id ORDER BY id
"""
CALENDARS: LiteralString = "SELECT id, content FROM edition WHERE kind = 'calendar' AND content IS NOT NULL"


def check_history(tx: ReadTx, findings: dict[str, Finding]) -> None:
    """Walk all cases and their steps together, both by case; add to the findings of I4, I6, I7, I8 and I11."""
    set_json_loads(orjson.loads, tx.connection)
    calendars = {row[0]: Hours(row[1]) for row in tx.connection.execute(CALENDARS)}
    with _streamed(tx, "verify_cases", CASES) as cases, _streamed(tx, "verify_steps", STEPS) as steps:
        by_case = groupby(map(Row._make, steps), key=lambda step: step.case_id)
        pending = next(by_case, None)
        for case in map(Case._make, cases):
            while pending is not None and pending[0] < case.id:  # steps of no case: named by I1 and I13
                pending = next(by_case, None)
            if pending is None or pending[0] > case.id:
                findings["I4"].add(case.number, "it has no steps")
                continue
            walked = list(pending[1])
            findings["I4"].checked += len(walked)
            findings["I6"].checked += sum("clocks" in step.data for step in walked)
            _replay(case, walked, calendars, _teller(case, findings))
            pending = next(by_case, None)


def _replay(case: Case, steps: list[Row], calendars: dict[int, Hours], told: Callable[[str, str], None]) -> None:
    try:
        replay(case, steps, calendars, told)
        if case.fact is not None and (names := fact_differs(case.fact, steps)):
            told("I11", f"its fact is not what its steps fold to: {', '.join(names)}")
    except (KeyError, ValueError, TypeError, IndexError) as fault:
        told("I6", f"its steps cannot be counted again: {type(fault).__name__} {fault}")


def _teller(case: Case, findings: dict[str, Finding]) -> Callable[[str, str], None]:
    return lambda no, words: findings[no].add(case.number, words)


@contextmanager
def _streamed(tx: ReadTx, name: str, sql: LiteralString) -> Iterator[Iterator[Any]]:
    with psycopg.ServerCursor(tx.connection, name) as cursor:
        cursor.itersize = AT_ONCE
        yield iter(cursor.execute(sql, binary=True))
