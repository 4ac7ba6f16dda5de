"""Contracts with collection companies: what a company's inspectors did in a month, scored, and settled on one sheet.

A sheet is one text, canonical JSON; its hash is what both sides sign, the city and the company. A later sheet of the
same month takes an unsigned one's place; one that both signed stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, LiteralString

from dispatch.audit.trail import record
from dispatch.cases.books import Books, books_on
from dispatch.evaluation.measures import Cut, counted_until, measure
from dispatch.evaluation.period import Period
from dispatch.evaluation.posts import POSTS
from dispatch.evaluation.rates import Counts, rates, rounded
from dispatch.evaluation.scheme import Contract, scheme_document
from dispatch.evaluation.score import score
from dispatch.evaluation.terms import Terms, contracts_on
from gis.db import ReadTx, Tx, dicts, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotFound

__all__ = ["SIDES", "Sheet", "counts_of_company", "make", "sheet_of", "sheets", "sign"]

SIDES = ("city", "company")
LOCK = 0x5E771E
COLUMNS: LiteralString = """
    SELECT s.id, s.unit_id, s.period, s.document, s.hash, s.made_at, maker.name AS maker,
           c.name AS city_signer, cs.signed_at AS city_at, o.name AS company_signer, os.signed_at AS company_at
      FROM settlement s JOIN person maker ON maker.id = s.made_by
      LEFT JOIN settlement_signature cs ON cs.settlement_id = s.id AND cs.side = 'city'
      LEFT JOIN person c ON c.id = cs.person_id
      LEFT JOIN settlement_signature os ON os.settlement_id = s.id AND os.side = 'company'
      LEFT JOIN person o ON o.id = os.person_id
"""
# Duty grids of those who were a company's inspectors, day by day, and on which of these one of them was on duty there.
PATROLLED: LiteralString = """
    WITH owed AS (
        SELECT DISTINCT d.day, g.duty_grid
          FROM unnest(%(days)s::date[]) AS d (day)
          JOIN person_duty_grid g ON g.valid_from <= d.day AND (g.valid_to IS NULL OR g.valid_to > d.day)
          JOIN person_unit p ON p.person_id = g.person_id AND p.unit_id = %(unit)s
           AND p.valid_from <= d.day AND (p.valid_to IS NULL OR p.valid_to > d.day)
    ), done AS (
        SELECT DISTINCT t.day, s.duty_grid
          FROM shift s CROSS JOIN LATERAL (SELECT (s.started_at AT TIME ZONE %(zone)s)::date AS day) AS t
          JOIN person_unit p ON p.person_id = s.person_id AND p.unit_id = %(unit)s
           AND p.valid_from <= t.day AND (p.valid_to IS NULL OR p.valid_to > t.day)
         WHERE s.started_at >= %(since)s AND s.started_at < %(until)s
    )
    SELECT count(*)::int AS owed, count(n.day)::int AS done
      FROM owed o LEFT JOIN done n ON n.day = o.day AND n.duty_grid = o.duty_grid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One settlement sheet. `document`: the text that `hash` is of."""

    id: int
    unit_id: str
    period: str
    document: str
    hash: str
    made_at: datetime
    maker: str
    city_signer: str | None
    city_at: datetime | None
    company_signer: str | None
    company_at: datetime | None

    @property
    def told(self) -> Mapping[str, Any]:
        """What it says."""
        found: Mapping[str, Any] = json.loads(self.document)
        return found

    @property
    def signed(self) -> bool:
        """Whether both sides signed."""
        return self.city_at is not None and self.company_at is not None


def sheets(tx: ReadTx, *, units: list[str] | None = None, limit: int = 100) -> list[Sheet]:
    """The newest first; of some units only, if they are given."""
    sql = COLUMNS + " WHERE %(units)s::text[] IS NULL OR s.unit_id = ANY(%(units)s) ORDER BY s.id DESC LIMIT %(limit)s"
    return rows(tx, Sheet, sql, units=units, limit=limit)


def sheet_of(tx: ReadTx, id: int) -> Sheet:
    """Raises NotFound."""
    found = one(tx, Sheet, COLUMNS + " WHERE s.id = %(id)s", id=id) if 0 < id < 2**63 else None
    if found is None:
        raise NotFound("There is no such sheet", zh="没有这份结算单")
    return found


def counts_of_company(tx: ReadTx, city: Books, period: Period, contract: Contract) -> Counts:
    """What the company's inspectors did in a period, with coverage and quota."""
    until = counted_until(tx, period, None)
    found = {one.key: one.counts for one in measure(tx, period, Cut(by="company"))}
    here = found.get(contract.unit) or Counts(**dict.fromkeys(POSTS["company"], 0))
    days = _working_days(city, period.start, until)
    (patrol,) = dicts(tx, PATROLLED, days=days, unit=contract.unit, since=period.start, until=until, zone=city.zone.key)
    quota = int(rounded(patrol["owed"] * Fraction(contract.quota)).to_integral_value())
    more = {"need_patrol": patrol["owed"], "patrolled": patrol["done"], "quota": quota}
    met = min(here.valid_report or 0, quota)
    return Counts(**{name: here.of(name) for name in POSTS["company"]}, **more, quota_met=met)


def _working_days(city: Books, since: datetime, until: datetime) -> list[date]:
    first, last = (at.astimezone(city.zone).date() for at in (since, until - timedelta(seconds=1)))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if city.calendar.is_working(day)]


def make(tx: Tx, city: Books, person_id: int, period: Period, terms: Terms, *, unit: str) -> Sheet:
    """Settle a finished period. Raises FormIncomplete (not over; no contract), Conflict (both signed one already)."""
    if period.end > tx.now:
        raise FormIncomplete("The period is not over yet", zh="时段尚未结束", fields={"period": "not over"})
    day = (period.end - timedelta(seconds=1)).astimezone(city.zone).date()
    contract = next((one for one in contracts_on(tx, day) if one.unit == unit), None)
    if contract is None:
        raise FormIncomplete(
            "There was no contract with it then", zh="该时段没有与其签订的合同", fields={"unit": "none"}
        )
    execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
    if any(one.signed and one.period == period.name for one in sheets(tx, units=[unit])):
        raise Conflict("Both sides have signed a sheet of this period", zh="该时段的结算单双方均已签认")
    document = _document(tx, books_on(tx, day), period, terms, contract)
    id: int = value(
        tx,
        """INSERT INTO settlement (unit_id, period, document, hash, made_by, made_at)
           VALUES (%(unit)s, %(period)s, %(document)s, %(hash)s, %(person)s, %(now)s) RETURNING id""",
        unit=unit,
        period=period.name,
        document=document,
        hash=hashlib.sha256(document.encode()).hexdigest(),
        person=person_id,
        now=tx.now,
    )
    return _recorded(tx, "settlement_made", person_id, id)


def _document(tx: ReadTx, city: Books, period: Period, terms: Terms, contract: Contract) -> str:
    scheme = terms.scheme(contract.scheme)
    counts = counts_of_company(tx, city, period, contract)
    scored = score(scheme, counts)
    told = rates(counts)
    percent = None if scored.total is None else contract.percent(scored.total)
    document = {
        "unit": contract.unit,
        "contract": contract.no,
        "period": period.name,
        "scheme": scheme_document(scheme),
        "counts": {name: counts.of(name) for name in Counts.names() if counts.of(name) is not None},
        "rates": {part.key: _text(told[part.key]) for part in scheme.indicators if part.key in told},
        "points": {key: _text(points) for key, points in scored.points.items()},
        "score": _text(scored.total),
        "band": scored.band.name if scored.band else None,
        "fee": str(contract.fee),
        "steps": [[str(lowest), str(paid)] for lowest, paid in contract.pay],
        "percent": _text(percent),
        "pay": None if percent is None else str(rounded(Fraction(contract.fee) * Fraction(percent) / 100)),
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def sign(tx: Tx, id: int, person_id: int, *, side: str, hash: str) -> Sheet:
    """Sign the sheet that the signer saw, by its hash.

    Raises NotFound, Conflict (signed already for that side; another sheet took its place; the hash is another one).
    """
    execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
    sheet = sheet_of(tx, id)
    if sheet.hash != hash.strip().lower():
        raise Conflict("That is not the hash of this sheet", zh="校验值与本结算单不符", hash=sheet.hash)
    if any(one.id > id and one.period == sheet.period for one in sheets(tx, units=[sheet.unit_id])):
        raise Conflict("A later sheet took the place of this one", zh="已有更新的结算单，本单不能再签")
    if (sheet.city_at if side == "city" else sheet.company_at) is not None:
        raise Conflict("This side has signed already", zh="本方已签认")
    execute(
        tx,
        """INSERT INTO settlement_signature (settlement_id, side, hash, person_id, signed_at)
           VALUES (%(id)s, %(side)s, %(hash)s, %(person)s, %(now)s)""",
        id=id,
        side=side,
        hash=sheet.hash,
        person=person_id,
        now=tx.now,
    )
    return _recorded(tx, "settlement_signed", person_id, id)


def _recorded(tx: Tx, kind: str, person_id: int, id: int) -> Sheet:
    sheet = sheet_of(tx, id)
    detail: dict[str, object] = {"period": sheet.period, "unit": sheet.unit_id, "hash": sheet.hash}
    record(tx, kind, person_id=person_id, object=f"settlement:{id}", detail=detail)
    return sheet
