"""The rules in force looked over once a night: kept with its time, and what is severe and new told to who writes rules.

The ground changes under the rules from day to day: an area drawn anew, a road or an owner gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from dispatch.cases.books import Books, books
from dispatch.people.may import MAY
from dispatch.people.roles import Permission
from dispatch.routing.lint import Finding
from dispatch.rules import findings_of
from gis.db import PONDER, ReadTx, execute, one, read, value, write

__all__ = ["UNSOUND", "Kept", "check_tonight", "last_check"]

HOUR = 2  # of the city's wall time, from which on the day's check is due
UNSOUND = "rules_unsound"
ALONE: LiteralString = "SELECT pg_try_advisory_xact_lock(6227793)"  # one worker at a time: it is seconds of work
LAST: LiteralString = """
    SELECT day, at, city_version, edition_id, findings, fresh FROM rule_check ORDER BY day DESC LIMIT 1
"""
KEEP: LiteralString = """
    INSERT INTO rule_check (day, at, city_version, edition_id, findings, fresh)
    VALUES (%(day)s, %(at)s, %(city_version)s, %(edition)s, %(findings)s, %(fresh)s)
    ON CONFLICT (day) DO NOTHING
"""
TELL: LiteralString = """
    INSERT INTO outbox (kind, person_id, created_at)
    SELECT %(kind)s, p.id, %(now)s FROM person p
     WHERE NOT p.disabled AND EXISTS (SELECT FROM person_role r WHERE r.person_id = p.id AND r.role = ANY (%(roles)s))
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One night's check. `fresh`: how many of the severe findings the check before had not."""

    day: date
    at: datetime
    city_version: int
    edition_id: int
    findings: list[Mapping[str, Any]]
    fresh: int

    @property
    def found(self) -> list[Finding]:
        """The findings, in the order in which they were found."""
        return [_finding(row) for row in self.findings]

    def holds(self, city: Books, day: date) -> bool:
        """Whether it would find the same now: neither the day nor the city is another."""
        return (self.day, self.city_version) == (day, city.version)


def last_check(tx: ReadTx) -> Kept | None:
    """The latest; None before the first night."""
    return one(tx, Kept, LAST)


def check_tonight() -> bool:
    """Make the day's check if it is due and nobody has made it or is at it; whether it was made. Without a city, no."""
    with read(heavy=True, patience=PONDER) as tx:
        if value(tx, "SELECT version FROM city") is None:
            return False
        city, before = books(tx), last_check(tx)
        local = tx.now.astimezone(city.zone)
        if local.hour < HOUR or (before is not None and before.day >= local.date()) or not value(tx, ALONE):
            return False
        found = findings_of(tx, city)[0]
    return _keep(city, local.date(), found, before)


def _keep(city: Books, day: date, found: Sequence[Finding], before: Kept | None) -> bool:
    known = before.found if before else []
    fresh = sum(one.severe and one not in known for one in found)
    with write() as tx:
        kept = execute(
            tx,
            KEEP,
            day=day,
            at=tx.now,
            city_version=city.version,
            edition=city.editions["rules"],
            findings=Jsonb([asdict(one) for one in found]),
            fresh=fresh,
        )
        if kept and fresh:
            execute(tx, TELL, kind=UNSOUND, now=tx.now, roles=_writers())
    return bool(kept)


def _writers() -> list[str]:
    return [role.value for role, held in MAY.items() if Permission.WRITE_RULES in held]


def _finding(row: Mapping[str, Any]) -> Finding:
    lists = {name: tuple(row[name]) for name in ("rules", "categories", "areas")}
    return Finding(
        kind=row["kind"],
        cell={fact: tuple(values) for fact, values in row["cell"].items()},
        words=row["words"],
        words_en=row["words_en"],
        **lists,
    )
