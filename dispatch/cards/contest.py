"""A card is contested by its unit in one step, and ruled on by somebody else; the share found wrong is open inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from dispatch.evidence.documents import Document
from gis.db import ReadTx, Tx, execute, one, rows
from gis.problems import Conflict, FormIncomplete, NotFound, wrong

__all__ = ["DAYS", "LONGEST", "REASONS", "RULINGS", "Card", "Tally", "cards", "contest", "rule", "tally"]

DAYS = timedelta(days=10)  # after it was given, in which a card may be contested
LONGEST = 1000  # characters of a contest's words
REASONS = ("not_ours", "system", "on_time", "weather", "other")
STANDS, WRONG = "stands", "wrong"
RULINGS = (STANDS, WRONG)
COLUMNS = """
    SELECT k.id, c.number, k.unit_id AS unit, k.cause, k.colour, k.nth, k.rule, k.at, k.given_at, k.contested_at,
           k.contested_by, k.reason, k.words, k.photos, k.documents, k.ruled_at, p.name AS ruler, k.ruling
      FROM card k JOIN cases c ON c.id = k.case_id LEFT JOIN person p ON p.id = k.ruled_by
"""
LIST = f"""{COLUMNS}
     WHERE k.at >= %(since)s AND k.at < %(until)s AND (%(units)s::text[] IS NULL OR k.unit_id = ANY(%(units)s))
     ORDER BY (k.contested_at IS NOT NULL AND k.ruled_at IS NULL) DESC, k.at DESC, k.id DESC LIMIT %(most)s
"""
ONE = f"{COLUMNS} WHERE k.id = %(id)s"
TALLY = """
    SELECT count(*) AS given, count(*) FILTER (WHERE colour = 'red') AS red,
           count(contested_at) AS contested, count(ruled_at) AS ruled, count(*) FILTER (WHERE ruling = 'wrong') AS wrong
      FROM card WHERE at >= %(since)s AND at < %(until)s
"""
# The row itself says whether it is still open: of two at once the second changes nothing.
CONTEST = """
    UPDATE card SET contested_at = %(now)s, contested_by = %(by)s, reason = %(reason)s, words = %(words)s,
           photos = %(photos)s, documents = %(documents)s
     WHERE id = %(id)s AND contested_at IS NULL AND given_at > %(now)s - %(days)s
"""
RULE = """
    WITH ruled AS (
      UPDATE card SET ruled_at = %(now)s, ruled_by = %(by)s, ruling = %(ruling)s
       WHERE id = %(id)s AND contested_at IS NOT NULL AND ruled_at IS NULL AND contested_by <> %(by)s
      RETURNING unit_id)
    INSERT INTO outbox (kind, unit_id, created_at) SELECT 'card_ruled', unit_id, %(now)s FROM ruled
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One card with what became of it. `nth`: of its cause and unit within `rule["days"]`."""

    id: int
    number: str
    unit: str
    cause: str
    colour: str
    nth: int
    rule: dict[str, Any]
    at: datetime
    given_at: datetime
    contested_at: datetime | None
    contested_by: int | None
    reason: str | None
    words: str
    photos: list[str]
    documents: list[dict[str, Any]]
    ruled_at: datetime | None
    ruler: str | None
    ruling: str | None

    def may_be_contested(self, now: datetime) -> bool:
        """Once, within the days for it."""
        return self.contested_at is None and now < self.given_at + DAYS


@dataclass(frozen=True, slots=True)
class Tally:
    """Of all units: how many cards, and how many of them were found wrong."""

    given: int
    red: int
    contested: int
    ruled: int
    wrong: int

    @property
    def percent(self) -> Decimal | None:
        """Cards found wrong, of all given; None where none was."""
        return (Decimal(100 * self.wrong) / self.given).quantize(Decimal("0.1")) if self.given else None


def cards(
    tx: ReadTx, since: datetime, until: datetime, units: Sequence[str] | None = None, *, most: int = 200
) -> list[Card]:
    """Those that wait for a ruling first, then the newest. Index: card_at."""
    chosen = None if units is None else list(units)
    return rows(tx, Card, LIST, since=since, until=until, units=chosen, most=most)


def tally(tx: ReadTx, since: datetime, until: datetime) -> Tally:
    """Of the whole city: what everybody inside may know."""
    return one(tx, Tally, TALLY, since=since, until=until) or Tally(0, 0, 0, 0, 0)


def contest(
    tx: Tx,
    card: int,
    units: Sequence[str],
    *,
    by: int,
    reason: str,
    words: str,
    photos: Sequence[str] = (),
    documents: Sequence[Document] = (),
) -> None:
    """One step, with evidence.

    Raises NotFound (none of these units'), FormIncomplete, Conflict (too late, or done).
    """
    if len(words) > LONGEST:
        raise wrong("words", f"A contest has at most {LONGEST} characters", f"申诉说明不超过 {LONGEST} 字")
    found = one(tx, Card, ONE, id=card)
    if found is None or found.unit not in units:
        raise NotFound("There is no such card, or it is not yours", zh="没有这张牌，或不属于您的单位")
    faults = {} if reason in REASONS else {"reason": "needed"}
    if not words.strip() and not photos and not documents:
        faults["words"] = "needed"
    if faults:
        raise FormIncomplete(
            "Choose why, and give evidence: words, a photo or a PDF",
            zh="请选择申诉理由，并附说明、照片或 PDF",
            fields=faults,
        )
    given = {"reason": reason, "words": words.strip(), "photos": list(photos)}
    papers = Jsonb([asdict(one) for one in documents])
    if not execute(tx, CONTEST, id=card, by=by, now=tx.now, days=DAYS, documents=papers, **given):
        raise Conflict(
            f"This card was contested before, or its {DAYS.days} days are over; nothing was changed",
            zh=f"这张牌已申诉过，或已超过 {DAYS.days} 天申诉期；未作任何更改",
        )


def rule(tx: Tx, card: int, *, by: int, ruling: str) -> None:
    """Raises FormIncomplete, Conflict (nobody contests it, it was ruled on, or by whoever contested it)."""
    if ruling not in RULINGS:
        raise FormIncomplete("Stands, or wrong?", zh="请选择维持或撤销", fields={"ruling": "needed"})
    if not execute(tx, RULE, id=card, by=by, ruling=ruling, now=tx.now):
        raise Conflict(
            "This card does not wait for your ruling: somebody ruled on it, or you contested it yourself",
            zh="这张牌不在待裁定之列：已有人裁定，或由您本人申诉；未作任何更改",
        )
