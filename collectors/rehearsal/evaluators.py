"""What the centre's evaluators do in a rehearsal: bulletins of what is over, the ledger, sheets with the companies.

They go through the doors that people use, two persons at each, and do nothing that is done already.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

from dispatch.bulletins import freeze
from dispatch.cases.books import books
from dispatch.evaluation import contracts, ledger
from dispatch.evaluation.ledger import EXCLUSION, Asked
from dispatch.evaluation.measures import Cut, cases_of, measure
from dispatch.evaluation.period import Period, name_of, period_of
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.terms import contracts_on, schemes_on, terms_of
from gis.db import ReadTx, dicts, read, value, write
from gis.problems import Conflict

__all__ = ["keep_scores", "revise"]

POSTS = ("evaluator", "leader", "supervisor")
PEOPLE: LiteralString = """
    SELECT DISTINCT ON (r.role) r.role, p.id FROM person p JOIN person_role r ON r.person_id = p.id
     WHERE NOT p.disabled AND r.role = ANY(%(posts)s) ORDER BY r.role, p.login
"""
OF_COMPANY: LiteralString = """
    SELECT p.id FROM person p JOIN person_role r ON r.person_id = p.id AND r.role = 'department'
     WHERE NOT p.disabled AND p.unit_id = %(unit)s ORDER BY p.login LIMIT 1
"""
# The same one in every database: numbers and ids follow from who was faster.
FIRST: LiteralString = "SELECT number FROM cases WHERE id = ANY(%(ids)s) ORDER BY report_id LIMIT 1"
LAST: LiteralString = """
    SELECT DISTINCT b.period, b.scheme FROM bulletin b JOIN bulletin_decision d ON d.bulletin_id = b.id
     WHERE d.decision = 'published' ORDER BY b.period, b.scheme
"""
LATE = ("late_disposed", "overdue_open", "should_dispose")  # the first of them that there is
GIVEN, ASKED = "2", "1"  # points: agreed to; waiting for its second person


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who keeps the scores, by person id, and by which scheme."""

    evaluator: int
    leader: int
    supervisor: int
    scheme: Scheme


def keep_scores(since: datetime) -> None:
    """Publish the last whole month of a past that begins at `since`, its last whole week if it has no month; with
    points by hand and a case left out, which makes the revision. A month is settled with the companies."""
    with read() as tx:
        office, zone = _office(tx), books(tx).zone
        span = _over(tx.now, since, zone)
    if office is None or span is None:
        return
    if _unheard_of(office, span):
        _give_points(office, span)
        _publish(office, span.name, office.scheme.key)
        _leave_out(office, span)
        _publish(office, span.name, office.scheme.key)
    if span.name == name_of("month", span.start.astimezone(zone).date()):
        _settle(office, span)


def revise() -> None:
    """Tell of every published period what came to be known since: a past that grew is a late truth."""
    with read() as tx:
        office, known = _office(tx), dicts(tx, LAST)
    if office is None:
        return
    for one in known:
        with suppress(Conflict):  # nothing was, or one waits for people
            _publish(office, one["period"], one["scheme"])


def _office(tx: ReadTx) -> Office | None:
    """Those who sit there; None where a post is vacant, or no scheme is of units. The scheme: one with points by hand,
    if the city has one."""
    posts = {row["role"]: row["id"] for row in dicts(tx, PEOPLE, posts=list(POSTS))}
    own = [one for one in schemes_on(tx, tx.now.date()).values() if one.of == "unit"]
    scheme = next((one for one in own if one.hand), next(iter(own), None))
    return Office(scheme=scheme, **posts) if scheme is not None and len(posts) == len(POSTS) else None


def _over(now: datetime, since: datetime, zone: ZoneInfo) -> Period | None:
    today = now.astimezone(zone).date()
    before = {"month": today.replace(day=1), "week": today - timedelta(days=today.weekday())}
    spans = (period_of(name_of(kind, day - timedelta(days=1)), zone) for kind, day in before.items())
    return next((span for span in spans if span.start >= since), None)


def _unheard_of(office: Office, span: Period) -> bool:
    with read() as tx:
        return not any((b.period, b.scheme) == (span.name, office.scheme.key) for b in freeze.bulletins(tx))


def _publish(office: Office, period: str, scheme: str) -> None:
    with write() as tx:
        made = freeze.seal(tx, office.evaluator, period=period, scheme=scheme)
    with write() as tx:
        freeze.decide(tx, made.id, office.leader, publish=True)


def _give_points(office: Office, span: Period) -> None:
    """To the two units with most to dispose of; the second person has not come to the second one yet."""
    if not office.scheme.hand:
        return
    with read(heavy=True) as tx:
        groups = terms_of(tx, span).groups_of(office.scheme)
        counted = (measure(tx, span, Cut(by="group", group=group)) for group in groups)
        found = next(filter(None, counted), [])
    busiest = sorted(found, key=lambda one: (-(one.counts.should_dispose or 0), one.key or ""))
    for one, points in zip(busiest, (GIVEN, ASKED), strict=False):
        kind = office.scheme.hand[0].kind
        asked = Asked(
            kind=kind, unit=one.key or "", period=span.name, points=points, **_paper("专项任务考核", span.name)
        )
        _enter(office, office.scheme, asked, agree=points == GIVEN)


def _leave_out(office: Office, span: Period) -> None:
    """A case that was late for a reason nobody could help."""
    with read(heavy=True) as tx:
        late = (cases_of(tx, span, "", figure, Cut(by="city")) for figure in LATE)
        number = value(tx, FIRST, ids=next(filter(None, late), []))
    if number is not None:
        _enter(office, None, Asked(kind=EXCLUSION, number=number, **_paper("施工期间道路封闭", span.name)), agree=True)


def _enter(office: Office, scheme: Scheme | None, asked: Asked, *, agree: bool) -> None:
    with write() as tx:
        entry = ledger.enter(tx, office.evaluator, scheme, asked)
    if agree:
        with write() as tx:
            ledger.decide(tx, entry.id, office.supervisor, agree=True)


def _paper(reason: str, period: str) -> dict[str, str]:
    no = f"模拟〔{period}〕{reason}"
    return {"reason": f"{reason}（模拟）", "document_no": no, "document_hash": hashlib.sha256(no.encode()).hexdigest()}


def _settle(office: Office, span: Period) -> None:
    """A sheet with each company, unless it has one; the last company has not signed yet."""
    with read() as tx:
        day = (span.end - timedelta(seconds=1)).astimezone(books(tx).zone).date()
        there = {one.unit_id for one in contracts.sheets(tx) if one.period == span.name}
        asked = [one.unit for one in contracts_on(tx, day) if one.unit not in there]
    for place, unit in enumerate(asked):
        with write() as tx:
            sheet = contracts.make(tx, books(tx), office.evaluator, span, terms_of(tx, span), unit=unit)
        with write() as tx:
            contracts.sign(tx, sheet.id, office.leader, side="city", hash=sheet.hash)
            company = value(tx, OF_COMPANY, unit=unit)
            if company is not None and (place == 0 or place < len(asked) - 1):
                contracts.sign(tx, sheet.id, company, side="company", hash=sheet.hash)
