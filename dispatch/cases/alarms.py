"""Write what rings from now on because of cases, and what no longer does; whatever their number, by two statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from dispatch.cases.draft import Alarm, Draft
from gis.db import Tx

__all__ = ["save_alarms"]

SILENCE: LiteralString = """
    UPDATE alarm a SET next_at = NULL, ended_at = r.at, outcome = 'silenced'
      FROM jsonb_to_recordset(%s) AS r(case_id bigint, clock text, at timestamptz)
     WHERE a.case_id = r.case_id AND a.clock = r.clock AND a.next_at IS NOT NULL
"""
# The same of a single case, as every act does it: unfolding the document costs three times what the rest does.
SILENCE_ONE: LiteralString = """
    UPDATE alarm SET next_at = NULL, ended_at = %(at)s, outcome = 'silenced'
     WHERE case_id = %(case_id)s AND clock = ANY(%(clocks)s) AND next_at IS NOT NULL
"""
BEGIN: LiteralString = """
    INSERT INTO alarm (case_id, ladder, clock, epoch, event, rungs, opened_at, next_at, ended_at, outcome)
    SELECT case_id, ladder, clock, epoch, event, rungs, opened_at, next_at, ended_at, outcome
      FROM jsonb_populate_recordset(NULL::alarm, %s)
"""
Document = dict[str, Any]


def save_alarms(tx: Tx, drafts: Sequence[Draft]) -> None:
    """First what a clock's change silences, then what begins."""
    silenced = [draft for draft in drafts if draft.silenced]
    if len(silenced) == 1:
        (draft,) = silenced
        standing = {"case_id": draft.case.id, "clocks": sorted(draft.silenced), "at": draft.case.last_at}
        tx.connection.execute(SILENCE_ONE, standing)
    elif silenced:
        tx.connection.execute(SILENCE, [Jsonb([row for draft in silenced for row in _ended(draft)])])
    if begun := [row for draft in drafts for row in _begun(draft)]:
        tx.connection.execute(BEGIN, [Jsonb(begun)])


def _ended(draft: Draft) -> Iterator[Document]:
    for clock in sorted(draft.silenced):
        yield {"case_id": draft.case.id, "clock": clock, "at": draft.case.last_at}


def _begun(draft: Draft) -> Iterator[Document]:
    for one in draft.alarms:
        ended = {"next_at": None, "ended_at": draft.case.last_at, "outcome": "silenced"}
        standing = ended if one.over else {"next_at": _first(one)}
        rungs = [rung.document() for rung in one.ladder.rungs]
        yield {
            "case_id": draft.case.id,
            "ladder": one.ladder.key,
            "clock": one.clock,
            "epoch": one.epoch,
            "event": one.event,
            "rungs": rungs,
            "opened_at": one.at,
            **standing,
        }


def _first(alarm: Alarm) -> Any:
    """When its first rung is due; one at a multiple of the limit is dated by the sweep that looks at it."""
    return alarm.at + timedelta(minutes=alarm.ladder.rungs[0].wait or 0)
