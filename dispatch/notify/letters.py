"""What was told, inside and outside: what waits and what was given up, and the whole record of one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gis.db import ReadTx, rows

__all__ = ["Letter", "Told", "letters", "told"]

# Each half walks its own index: dead letters are few, and so is what waits.
LIST = """
    SELECT d.id, d.delivery_id AS message, d.channel, coalesce(c.number, '') AS case, o.kind,
           coalesce(p.login, '') AS person,
           d.masked, d.attempts, d.outcome, d.next_at, d.dead_at
      FROM delivery d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN cases c ON c.id = o.case_id
      LEFT JOIN person p ON p.id = d.person_id
     WHERE d.id IN (
       (SELECT id FROM delivery WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT %(most)s)
       UNION ALL
       (SELECT id FROM delivery WHERE next_at IS NOT NULL ORDER BY channel, next_at LIMIT %(most)s))
     ORDER BY d.dead_at DESC NULLS LAST, d.next_at LIMIT %(most)s
"""
# A message stands in the product once for all it concerns, and outside once for each person and channel. Whoever
# reported the case has no page to read it on: it stands once for them, as sent where it was, else as of no channel.
TOLD = """
    WITH message AS (
      SELECT id, kind, unit_id, person_id, created_at, sent_at FROM outbox
       WHERE case_id = %(case)s ORDER BY created_at DESC, id DESC LIMIT %(most)s)
    SELECT m.kind, m.unit_id AS unit, p.name AS person, num_nonnulls(m.unit_id, m.person_id) = 0 AS reporter,
           '' AS channel, '' AS masked, m.created_at AS at, m.sent_at, NULL::timestamptz AS dead_at, 0 AS attempts,
           '' AS outcome, m.id, NULL::uuid AS message
      FROM message m LEFT JOIN person p ON p.id = m.person_id
     WHERE num_nonnulls(m.unit_id, m.person_id) > 0 OR NOT EXISTS (SELECT FROM delivery d WHERE d.outbox_id = m.id)
    UNION ALL
    SELECT m.kind, m.unit_id, p.name, d.person_id IS NULL, d.channel, d.masked, m.created_at, d.sent_at, d.dead_at,
           d.attempts, d.outcome, m.id, d.delivery_id
      FROM message m JOIN delivery d ON d.outbox_id = m.id LEFT JOIN person p ON p.id = d.person_id
     ORDER BY at DESC, id DESC, channel, person
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery not taken yet. `person`: a login, empty for whoever reported the case. `masked` is empty until a first
    attempt was made; `outcome` is the last one's."""

    id: int
    message: UUID
    channel: str
    case: str
    kind: str
    person: str
    masked: str
    attempts: int
    outcome: str
    next_at: datetime | None
    dead_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a case on one way. `channel` is empty for the product itself, where `unit` or `person` reads it;
    where it is for the `reporter`, there was no channel for citizens.

    `sent_at`: when it was taken; `dead_at`: when it was given up; neither: it waits. `outcome`: after `sent: ` what the
    other side calls it. `id`: of the message in the product; `message`: under which it left, at every attempt.
    """

    kind: str
    unit: str | None
    person: str | None
    reporter: bool
    channel: str
    masked: str
    at: datetime
    sent_at: datetime | None
    dead_at: datetime | None
    attempts: int
    outcome: str
    id: int
    message: UUID | None

    @property
    def reference(self) -> str:
        """What the other side calls it, as far as it has said."""
        return self.outcome.partition(": ")[2] if self.sent_at else ""


def letters(tx: ReadTx, *, most: int) -> list[Letter]:
    """Dead letters, newest first, then what waits for its next attempt; at most so many."""
    return rows(tx, Letter, LIST, most=most)


def told(tx: ReadTx, case_id: int, *, most: int = 100) -> list[Told]:
    """Who was told what of the case, newest message first; a department of its own people only. Index: outbox_case."""
    return rows(tx, Told, TOLD, case=case_id, most=most)
