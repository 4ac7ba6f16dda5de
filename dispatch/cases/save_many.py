"""Write what time by itself changed on many cases: each table by one statement, whatever their number.

A row travels as a JSON document with the table's own column names; the database makes the row of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString

import orjson
from psycopg.types.json import Jsonb

from dispatch.cases.alarms import save_alarms
from dispatch.cases.draft import Draft
from dispatch.cases.save import save
from dispatch.lifecycle.states import Action
from gis.db import Tx

__all__ = ["save_many"]

# What these change, the statements below write; whoever else acted, by default or as a person, is saved by itself.
BY_TIME = frozenset({Action.WARN.value, Action.LAPSE.value, Action.RECOUNT.value})
CASES: LiteralString = """
    UPDATE cases c SET version = r.version, clocks = r.clocks, assists = r.assists, next_at = r.next_at,
           due_at = r.due_at, stage_due_at = r.stage_due_at, late = r.late,
           last_at = r.last_at, last_hash = r.last_hash
      FROM jsonb_populate_recordset(NULL::cases, %s) r WHERE c.id = r.id
"""
STEPS: LiteralString = """
    INSERT INTO step (case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role,
                      unit_id, data, note_hash, previous, hash)
    SELECT case_id, seq, key, form_hash, action, from_state, to_state, at, recorded_at, actor_id, role,
           unit_id, data, note_hash, previous, hash
      FROM jsonb_populate_recordset(NULL::step, %s)
"""
FEED: LiteralString = """
    INSERT INTO feed (at, case_id, seq, action, state, unit_id, area_path)
    SELECT at, case_id, seq, action, state, unit_id, area_path FROM jsonb_populate_recordset(NULL::feed, %s)
"""
FIRED: LiteralString = """
    INSERT INTO fired (case_id, kind, epoch, event, seq, at)
    SELECT case_id, kind, epoch, event, seq, at FROM jsonb_populate_recordset(NULL::fired, %s)
"""
MESSAGES: LiteralString = """
    INSERT INTO outbox (case_id, kind, unit_id, person_id, created_at)
    SELECT case_id, kind, unit_id, person_id, created_at FROM jsonb_populate_recordset(NULL::outbox, %s)
"""
CHANGED = ("id", "version", "assists", "due_at", "late", "last_at", "last_hash")
Document = dict[str, Any]


def save_many(tx: Tx, drafts: Sequence[Draft]) -> None:
    """Write every draft, as `save` would, in the caller's pipeline. Nothing here decides."""
    alike: list[Draft] = []
    for draft in drafts:
        if all(step.action in BY_TIME for step in draft.steps):
            alike.append(draft)
        else:
            save(tx, draft)
    _execute(tx, CASES, map(_case, alike))
    _execute(tx, STEPS, (row for draft in alike for row in _steps(draft)))
    _execute(tx, FEED, (row for draft in alike for row in _feed(draft)))
    _execute(tx, FIRED, (row for draft in alike for row in _fired(draft)))
    _execute(tx, MESSAGES, (row for draft in alike for row in _messages(draft)))
    save_alarms(tx, alike)
    for names, rows in _facts(alike).items():
        _execute(tx, _fact_statement(names), rows)


def _execute(tx: Tx, sql: str, rows: Iterable[Document]) -> None:
    if found := list(rows):
        tx.connection.execute(sql, [Jsonb(found, dumps=_dumps)])


def _dumps(rows: object) -> bytes:
    return orjson.dumps(rows, default=_bytea)


def _bytea(value: bytes) -> str:
    """Bytes as the database reads them from text."""
    return f"\\x{value.hex()}"


def _case(draft: Draft) -> Document:
    return {name: getattr(draft.case, name) for name in CHANGED} | {
        "clocks": {key: clock.document() for key, clock in draft.clocks.items()},
        "next_at": draft.next_at,
        "stage_due_at": draft.stage_due_at,
    }


def _steps(draft: Draft) -> Iterator[Document]:
    for step in draft.steps:
        yield {name: getattr(step, name) for name in step.__slots__} | {"case_id": draft.case.id}


def _feed(draft: Draft) -> Iterator[Document]:
    for step in draft.steps:
        told = {"at": step.recorded_at, "seq": step.seq, "action": step.action, "state": step.to_state}
        yield told | {"case_id": draft.case.id, "unit_id": step.unit_id, "area_path": draft.case.area_path}


def _fired(draft: Draft) -> Iterator[Document]:
    for kind, epoch, event, seq, at in draft.fired:
        yield {"case_id": draft.case.id, "kind": kind, "epoch": epoch, "event": event, "seq": seq, "at": at}


def _messages(draft: Draft) -> Iterator[Document]:
    for message in draft.messages:
        told = {"kind": message.kind, "unit_id": message.unit_id, "person_id": message.person_id}
        yield told | {"case_id": draft.case.id, "created_at": draft.case.last_at}


def _facts(drafts: Iterable[Draft]) -> Mapping[tuple[str, ...], list[Document]]:
    """The rows by the columns they change, for what a draft does not change has to stay."""
    found: dict[tuple[str, ...], list[Document]] = {}
    for draft in drafts:
        found.setdefault(tuple(draft.set), []).append({**draft.set, "case_id": draft.case.id})
    return found


def _fact_statement(names: Iterable[str]) -> str:
    """The names come from `facts.fold`, never from outside."""
    later = {"known_at": "greatest(f.known_at, r.known_at)"}  # also if the database's clock was set back
    parts = ", ".join(f"{name} = {later.get(name, f'r.{name}')}" for name in names)
    return f"UPDATE fact f SET {parts} FROM jsonb_populate_recordset(NULL::fact, %s) r WHERE f.case_id = r.case_id"
