"""Published bulletins, counted again from what they froze: every hash, every score, every place, bit by bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, LiteralString

from dispatch.bulletins.content import COLUMNS, Rules, fact_lines, hash_of, instant, parsed
from dispatch.bulletins.recount import recount, scored, scores_text
from dispatch.verify.finding import Breach
from gis.db import ReadTx, dicts

__all__ = ["bulletin_breaches", "late_breaches"]

BULLETINS: LiteralString = """
    SELECT b.*, d.decided_by, d.head_no, d.head_hash, encode(k.hash, 'hex') AS block,
           p.hash AS previous_hash, p.revision AS previous_revision,
           EXISTS (SELECT FROM audit_event e WHERE e.kind = 'bulletin_published' AND e.object = 'bulletin:' || b.id
                      AND e.person_id = d.decided_by AND e.detail ->> 'hash' = b.hash) AS recorded
      FROM bulletin_decision d JOIN bulletin b ON b.id = d.bulletin_id
      LEFT JOIN bulletin p ON p.id = b.previous_id LEFT JOIN audit_block k ON k.no = d.head_no
     WHERE d.decision = 'published' ORDER BY b.id
"""
LINES: LiteralString = "SELECT no, line FROM bulletin_fact WHERE bulletin_id = %(id)s ORDER BY no"
# A report of a device without a signal counts from when it came in: a bulletin of before holds nothing of it, and that
# of its period marks it.
LATE: LiteralString = """
    SELECT c.number, f.bulletin_id, r.received_at > b.as_of AS came_later
      FROM bulletin_decision d
      JOIN bulletin b ON b.id = d.bulletin_id
      JOIN bulletin_fact f ON f.bulletin_id = b.id
      JOIN cases c ON c.id = f.case_id
      JOIN report r ON r.id = c.report_id
      JOIN fact n ON n.case_id = c.id AND NOT n.imported
     WHERE d.decision = 'published'
       AND (r.received_at > b.as_of
            OR (split_part(f.line, ',', %(mark)s) = '1') IS DISTINCT FROM
               (coalesce(r.captured_at < b.since, false) AND r.received_at >= b.since AND r.received_at < b.until))
     ORDER BY c.number, f.bulletin_id
"""


def bulletin_breaches(tx: ReadTx) -> Iterator[tuple[int, list[str]]]:
    """Each published bulletin with what is wrong of it."""
    for row in dicts(tx, BULLETINS):
        yield row["id"], [f"bulletin {row['id']} ({row['period']}): {fault}" for fault in _faults(tx, row)]


def _faults(tx: ReadTx, row: dict[str, Any]) -> Iterator[str]:
    numbered = tx.connection.execute(LINES, {"id": row["id"]}).fetchall()
    lines = list(fact_lines(numbered))
    facts_hash = hashlib.sha256("".join(lines).encode()).hexdigest()
    if len(numbered) != row["cases"] or facts_hash != row["facts_hash"]:
        yield "its facts are not those that were frozen"
    if hash_of(row["facts_hash"], row["rules"]) != row["hash"]:
        yield "its rules are not those that were frozen"
    yield from _told(row, lines)
    if not row["recorded"]:
        yield "the trail does not know its hash"
    if row["decided_by"] == row["made_by"]:
        yield "one person sealed and published it"
    if row["head_no"] is not None and row["block"] != row["head_hash"]:
        yield f"block {row['head_no']} has not the hash that is written in it"


def _told(row: dict[str, Any], lines: list[str]) -> Iterator[str]:
    try:
        rules = Rules.read(row["rules"])
        again = scores_text(rules, scored(rules, recount(rules, parsed(lines))))
    except (ValueError, KeyError, TypeError) as fault:
        yield f"it cannot be counted again: {fault}"
        return
    if again != row["scores"]:
        yield "its scores, counted again from its facts, come out differently"
    head = {"period": row["period"], "since": instant(row["since"]), "until": instant(row["until"])}
    head |= {"as_of": instant(row["as_of"]), "revision": row["revision"], "previous": row["previous_hash"]}
    if any(rules.document.get(name) != said for name, said in head.items()):
        yield "it is not the one that its rules tell of"
    if row["revision"] != (row["previous_revision"] or 0) + 1:
        yield "it does not follow the revision before it"


def late_breaches(tx: ReadTx) -> Iterator[Breach]:
    """Cases in a published bulletin that came in after its cut, or that came late within it and are not marked."""
    for row in dicts(tx, LATE, mark=COLUMNS.index("late_report") + 1):
        words = "came in after the cut of" if row["came_later"] else "is wrongly marked as early or late in"
        yield Breach(row["number"], f"{words} bulletin {row['bulletin_id']}")
