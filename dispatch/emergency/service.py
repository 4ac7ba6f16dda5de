"""Teams out of service, and their drills: ledgers of who put which team out or back, until when; who drilled what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString

from gis.db import ReadTx, Tx, execute, one, rows
from gis.problems import Conflict, FormIncomplete

__all__ = ["Change", "changes", "drill", "put_back", "put_out"]

LONGEST = 200  # of a reason
FURTHEST = timedelta(days=366)
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(6227792)"
CHANGES: LiteralString = """
    SELECT s.id, s.team_id AS team, t.name, t.name_en, t.unit_id AS unit, s.reason, s.until, p.name AS person, s.at
      FROM team_service s JOIN team t ON t.id = s.team_id JOIN person p ON p.id = s.person_id
"""
ADD: LiteralString = """
    INSERT INTO team_service (team_id, reason, until, person_id, at)
    VALUES (%(team)s, %(reason)s, %(until)s, %(by)s, %(at)s)
"""
DRILL: LiteralString = """
    INSERT INTO team_drill (team_id, day, words, person_id, at)
    SELECT %(team)s, %(day)s, %(words)s, %(by)s, %(at)s
     WHERE NOT EXISTS (SELECT FROM team_drill WHERE team_id = %(team)s AND day = %(day)s AND words = %(words)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the ledger; of being put back `reason` and `until` are empty."""

    id: int
    team: str
    name: str
    name_en: str
    unit: str
    reason: str | None
    until: datetime | None
    person: str
    at: datetime

    def out(self, now: datetime) -> bool:
        """Whether the team is out of service by it."""
        return self.until is not None and now < self.until


def changes(tx: ReadTx, units: Collection[str] | None = None, *, limit: int = 50) -> list[Change]:
    """The ledger of these units' teams, or of all, latest first."""
    of: LiteralString = """
     WHERE %(units)s::text[] IS NULL OR t.unit_id = ANY (%(units)s) ORDER BY s.id DESC LIMIT %(limit)s
    """
    return rows(tx, Change, CHANGES + of, units=None if units is None else list(units), limit=limit)


def put_out(tx: Tx, team: str, *, reason: str, until: datetime, by: int) -> None:
    """Out of service until then; again, with another reason or end, replaces what was said. The same again changes
    nothing. Raises FormIncomplete."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise FormIncomplete("Say why", zh="请填写原因", fields={"reason": "needed"})
    if not tx.now < until <= tx.now + FURTHEST:
        title = "The end of being out of service has to lie in the future, and within a year from now"
        raise FormIncomplete(title, zh="停用到期须晚于现在，且不超过一年", fields={"until": title})
    last = _last(tx, team)
    if last is None or not last.out(tx.now) or (last.reason, last.until) != (reason, until):
        execute(tx, ADD, team=team, reason=reason, until=until, by=by, at=tx.now)


def put_back(tx: Tx, team: str, *, by: int) -> None:
    """In service again. Raises Conflict if it is."""
    last = _last(tx, team)
    if last is None or not last.out(tx.now):
        raise Conflict("The team is in service already", zh="该队伍已在用")
    execute(tx, ADD, team=team, reason=None, until=None, by=by, at=tx.now)


def drill(tx: Tx, team: str, day: date | None, *, today: date, words: str, by: int) -> None:
    """The team drilled that day; the same again changes nothing. Raises FormIncomplete."""
    words = words.strip()
    if not words or len(words) > LONGEST:
        raise FormIncomplete("Say what was drilled", zh="请填写演练内容", fields={"words": "needed"})
    if day is None or not today - FURTHEST <= day <= today:
        title = "The day of the drill is today or in the past, and no more than a year ago"
        raise FormIncomplete(title, zh="演练日期须为今天或以前，且不早于一年", fields={"day": title})
    execute(tx, LOCK)
    execute(tx, DRILL, team=team, day=day, words=words, by=by, at=tx.now)


def _last(tx: Tx, team: str) -> Change | None:
    """Its newest line, with nobody else at the ledger until the transaction ends. Index: team_service_team."""
    execute(tx, LOCK)
    return one(tx, Change, CHANGES + " WHERE s.team_id = %(team)s ORDER BY s.id DESC LIMIT 1", team=team)
