"""What moved a score: indicator by indicator against the period before, and the cases that cost most.

The moves of the indicators are exact and add up to the move of the score; only their rounding may leave a hundredth,
which is told as such. A case costs what the score would gain, had it been disposed of and closed in time, without
rework or a refused return.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import LiteralString

from dispatch.evaluation.lives import MARKS
from dispatch.evaluation.measures import Cut, behind_parameters
from dispatch.evaluation.period import Period
from dispatch.evaluation.rates import Counts, rounded
from dispatch.evaluation.scheme import Indicator, Scheme
from dispatch.evaluation.score import points_of, score, total_of
from gis.db import ReadTx, rows

__all__ = ["Cost", "Flaw", "Move", "Moved", "costs", "flaws", "moved"]

MOST = 30
# Cases with the same marks cost the same: they are told apart by their marks, the oldest first.
CASES: LiteralString = f"""
    SELECT should_dispose AND NOT ontime_disposed AS late, overdue_open AS open,
           closed AND NOT ontime_closed AS closed_late, rework, shirk,
           count(*)::int AS cases, (array_agg(case_id ORDER BY case_id))[1:{MOST}] AS first
      FROM ({MARKS}) marks
     WHERE key = %(key)s
       AND ((should_dispose AND NOT ontime_disposed) OR (closed AND NOT ontime_closed) OR rework OR shirk)
     GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One indicator: its points of a hundred before and now, and by how many points of the whole it moved the score."""

    part: Indicator
    before: Decimal | None
    now: Decimal | None
    by: Decimal | None  # None: one of the two is not known


@dataclass(frozen=True, slots=True)
class Moved:
    """The scores of two periods and what lies between; `rounding`: what the rounded moves do not add up to."""

    before: Decimal | None
    now: Decimal | None
    moves: list[Move]
    rounding: Decimal

    @property
    def by(self) -> Decimal | None:
        """How far the score moved."""
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Cases that went wrong in the same way; `first`: the oldest of them."""

    late: bool
    open: bool
    closed_late: bool
    rework: bool
    shirk: bool
    cases: int
    first: list[int]


@dataclass(frozen=True, slots=True)
class Cost:
    """What each case of a kind costs, in points of the score."""

    flaw: Flaw
    each: Decimal


def moved(scheme: Scheme, before: Counts, now: Counts) -> Moved:
    """Both periods by the same scheme."""
    was, is_ = points_of(scheme, before), points_of(scheme, now)
    moves = []
    for part in scheme.indicators:
        old, new = was[part.key], is_[part.key]
        by = None if old is None or new is None else rounded((new - old) * Fraction(part.weight) / 100)
        moves.append(Move(part=part, before=_shown(old), now=_shown(new), by=by))
    ends = score(scheme, before).total, score(scheme, now).total
    whole = None if ends[0] is None or ends[1] is None else ends[1] - ends[0]
    rounding = Decimal(0) if whole is None else whole - sum((m.by for m in moves if m.by is not None), Decimal(0))
    return Moved(*ends, moves, rounding)


def _shown(points: Fraction | None) -> Decimal | None:
    return None if points is None else rounded(points)


def flaws(tx: ReadTx, period: Period, cut: Cut, key: str, *, as_of: datetime | None = None) -> list[Flaw]:
    """The cases of one key that went wrong, by how."""
    return rows(tx, Flaw, CASES, **behind_parameters(tx, period, cut, as_of, key=key), key=key)


def costs(scheme: Scheme, counts: Counts, found: Iterable[Flaw]) -> list[Cost]:
    """The dearest kinds first, those that cost nothing left out. Empty if there is no score."""
    here = total_of(scheme, points_of(scheme, counts))
    if here is None:
        return []
    each = [Cost(flaw, rounded(_without(scheme, counts, flaw, here) - here)) for flaw in found]
    return sorted((one for one in each if one.each > 0), key=lambda one: (-one.each, one.flaw.first))


def _without(scheme: Scheme, counts: Counts, flaw: Flaw, here: Fraction) -> Fraction:
    """The score, had one such case gone well."""
    better = total_of(scheme, points_of(scheme, _mended(counts, flaw)))
    return here if better is None else better


def _mended(counts: Counts, flaw: Flaw) -> Counts:
    more = {
        "ontime_disposed": flaw.late,
        "late_disposed": -(flaw.late and not flaw.open),
        "overdue_open": -flaw.open,
        "disposed": flaw.open,
        "closed": flaw.open,
        "ontime_closed": flaw.open or flaw.closed_late,
        "rework": -flaw.rework,
        "shirk": -flaw.shirk,
    }
    known = {name: counts.of(name) for name, by in more.items() if by}
    return replace(counts, **{name: number + more[name] for name, number in known.items() if number is not None})
