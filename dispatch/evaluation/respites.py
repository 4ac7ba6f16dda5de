"""How often units ask for more time and get it, this month, beside their peers. Shown where one asks and where one
answers; in no rate and no score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import LiteralString

from dispatch.cases.books import Books
from dispatch.lifecycle.respites import RESPITES
from dispatch.lifecycle.states import Action
from gis.db import ReadTx, dicts

__all__ = ["Asked", "Share", "share_of", "shares"]

TENTH = Decimal("0.1")
# The words of `action` repeat the index's own condition (`step_respites`), or the planner could not use it.
ASKED: LiteralString = """
    SELECT s.unit_id AS unit,
           CASE s.action WHEN 'approve_delay' THEN 'ask_delay'
                         WHEN 'approve_suspend' THEN coalesce(s.data #>> '{asked,action}', 'ask_suspend')
                         ELSE s.action END AS kind,
           count(*) FILTER (WHERE s.action LIKE 'ask%%') AS asked,
           count(*) FILTER (WHERE s.action LIKE 'approve%%') AS granted
      FROM step s
     WHERE s.at >= %(since)s AND s.at <= %(now)s AND s.unit_id = ANY(%(units)s)
       AND s.action IN ('ask_delay', 'ask_defer', 'ask_suspend', 'approve_delay', 'approve_suspend')
     GROUP BY 1, 2
"""
# Index: cases_unit_reported, one walk for each unit.
CASES: LiteralString = """
    SELECT u.id AS unit, (SELECT count(*) FROM cases c WHERE c.unit_id = u.id AND c.reported_at >= %(since)s) AS cases
      FROM unnest(%(units)s::text[]) AS u(id)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one unit since the month began: cases reported that it has, and of one kind of respite how many it asked for
    and how many were granted."""

    cases: int
    asked: int = 0
    granted: int = 0

    @property
    def share(self) -> Decimal | None:
        """Asked in a hundred cases, to one place; None is "no data"."""
        if not self.cases:
            return None
        return (Decimal(100 * self.asked) / self.cases).quantize(TENTH, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A unit beside its ranking group. `median`, `rank` (1 asks the most) and `of`: among those with enough cases; None
    where it has too few itself (`small`), or has no peers. Who asked for nothing has no rank."""

    kind: Action
    own: Asked
    quota: Decimal | None
    small: bool
    median: Decimal | None = None
    rank: int | None = None
    of: int = 0

    @property
    def over(self) -> bool:
        """Whether it asked for more than the quota lets expect."""
        return self.quota is not None and self.own.share is not None and self.own.share > self.quota


def share_of(kind: Action, unit: str, group: Mapping[str, Asked], *, quota: Decimal | None, least: int) -> Share:
    """Pure. `group`: everybody in the unit's group, itself too; `least`: cases from which on a share says something."""
    own = group[unit]
    known = {name: one.share for name, one in group.items() if one.cases >= max(least, 1) and one.share is not None}
    if own.cases < least or len(known) < 2:
        return Share(kind=kind, own=own, quota=quota, small=own.cases < least)
    middle = median(known.values()).quantize(TENTH, ROUND_HALF_UP)
    more = sum(share > known[unit] for share in known.values())
    return Share(
        kind=kind, own=own, quota=quota, small=False, median=middle, rank=more + 1 if own.asked else None, of=len(known)
    )


def shares(tx: ReadTx, city: Books, unit: str, now: datetime) -> dict[Action, Share]:
    """Every kind of a unit, this month up to `now`. In a transaction that sees all units' steps."""
    own = city.tree.named(unit)
    group = own.ranking_group if own else None
    units = sorted({unit} | {u.id for u in city.tree.units.values() if group and u.ranking_group == group})
    local = now.astimezone(city.zone)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    given = {"units": units, "since": since, "now": now}
    cases = {row["unit"]: int(row["cases"]) for row in dicts(tx, CASES, **given)}
    said = {(row["unit"], row["kind"]): (row["asked"], row["granted"]) for row in dicts(tx, ASKED, **given)}
    least = int(city.city["ranking"]["small_sample"])
    return {
        kind: share_of(
            kind,
            unit,
            {u: Asked(cases[u], *said.get((u, kind.value), (0, 0))) for u in units},
            quota=city.policy.respites[kind].quota,
            least=least,
        )
        for kind in RESPITES
    }
