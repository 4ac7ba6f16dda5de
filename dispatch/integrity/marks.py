"""What a person says of a finding: looked at, or a false alarm, with a reason. Said again it is said again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, get_args

from gis.db import ReadTx, Tx, execute, rows
from gis.problems import FormIncomplete

__all__ = ["VERDICTS", "Mark", "Verdict", "mark", "marks_of"]

Verdict = Literal["looked_at", "false_alarm"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
LONGEST = 500

MARKS: LiteralString = """
    SELECT m.subject, m.verdict, m.reason, m.cases, p.name AS by, m.marked_at AS at
      FROM integrity_mark m JOIN person p ON p.id = m.marked_by
     WHERE m.test = %(test)s AND m.period = %(period)s ORDER BY m.id DESC
"""
MARK: LiteralString = """
    INSERT INTO integrity_mark (test, subject, period, verdict, reason, cases, marked_by, marked_at)
    VALUES (%(test)s, %(subject)s, %(period)s, %(verdict)s, %(reason)s, %(cases)s, %(by)s, %(at)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One word on a finding, with the cases that were there when it was said."""

    subject: str
    verdict: str
    reason: str
    cases: list[int]
    by: str
    at: datetime


def marks_of(tx: ReadTx, test: str, period: str) -> dict[str, list[Mark]]:
    """What was said of the test's findings in a period, by subject, the latest first."""
    found: dict[str, list[Mark]] = {}
    for one in rows(tx, Mark, MARKS, test=test, period=period):
        found.setdefault(one.subject, []).append(one)
    return found


def mark(
    tx: Tx, test: str, period: str, *, subject: str, verdict: str, reason: str, cases: Sequence[int], by: int
) -> None:
    """Say it. Raises FormIncomplete without a reason, or with another verdict than the two."""
    faults = {}
    if not 1 <= len(reason.strip()) <= LONGEST:
        faults["reason"] = "needed"
    if verdict not in VERDICTS:
        faults["verdict"] = "needed"
    if faults:
        raise FormIncomplete(
            f"Say what you saw, in {LONGEST} characters at most, and which of the two it is",
            zh=f"请选择结论并说明理由（不超过 {LONGEST} 字）",
            fields=faults,
        )
    execute(
        tx, MARK, test=test, subject=subject, period=period, verdict=verdict, reason=reason.strip(),
        cases=list(cases), by=by, at=tx.now,
    )  # fmt: skip
