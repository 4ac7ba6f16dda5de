"""What somebody was told in the product: the newest messages to the person or the own unit, and how many are new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from gis.db import ReadTx, Tx, execute, rows, value

__all__ = ["MOST", "Message", "look", "messages", "unread"]

MOST = 100  # shown, and counted
RECENT = timedelta(days=7)  # what is older is no news: for whoever never looked, and while a rehearsal's past grows
# Each half walks an index of its own, newest first.
NEWEST: LiteralString = """
      (SELECT id, sent_at, created_at FROM outbox WHERE person_id = %(person)s AND sent_at IS NOT NULL
        ORDER BY id DESC LIMIT %(most)s)
      UNION ALL
      (SELECT id, sent_at, created_at FROM outbox WHERE unit_id = %(unit)s AND sent_at IS NOT NULL
        ORDER BY id DESC LIMIT %(most)s)
"""
MESSAGES: LiteralString = f"""
    WITH newest AS ({NEWEST})
    SELECT o.kind, coalesce(c.number, '') AS "case", o.unit_id IS NOT NULL AS to_unit,
           o.urgent OR coalesce(c.hazard, false) AS urgent, o.sent_at AS at,
           o.sent_at > coalesce(w.seen_at, '-infinity') AND o.created_at > %(since)s AS new
      FROM newest n JOIN outbox o ON o.id = n.id LEFT JOIN cases c ON c.id = o.case_id
      LEFT JOIN person_preference w ON w.person_id = %(person)s
     ORDER BY o.id DESC LIMIT %(most)s
"""
UNREAD: LiteralString = f"""
    SELECT count(*) FROM ({NEWEST}) AS newest
     WHERE sent_at > coalesce((SELECT seen_at FROM person_preference WHERE person_id = %(person)s), '-infinity')
       AND created_at > %(since)s
"""
LOOK: LiteralString = """
    INSERT INTO person_preference (person_id, seen_at) VALUES (%(person)s, %(at)s)
    ON CONFLICT (person_id) DO UPDATE SET seen_at = greatest(person_preference.seen_at, excluded.seen_at)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `to_unit`: to all people of the own unit, else to the person alone; `new`: not looked at yet."""

    kind: str
    case: str
    to_unit: bool
    urgent: bool
    at: datetime
    new: bool


def messages(tx: ReadTx, person: int, unit: str | None) -> list[Message]:
    """The newest, `MOST` at most. Indexes: outbox_person, outbox_unit."""
    return rows(tx, Message, MESSAGES, person=person, unit=unit, most=MOST, since=tx.now - RECENT)


def unread(tx: ReadTx, person: int, unit: str | None) -> int:
    """How many came since they were last looked at. Indexes: outbox_person, outbox_unit."""
    return int(value(tx, UNREAD, person=person, unit=unit, most=MOST, since=tx.now - RECENT))


def look(tx: Tx, person: int, at: datetime) -> None:
    """The person has looked at what was sent until `at`: when the newest that was shown was. A message that is being
    sent has an instant before now already, and nobody has seen it yet."""
    execute(tx, LOOK, person=person, at=at)
