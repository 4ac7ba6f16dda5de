"""How far an order of places may be trusted: by chance, by weights, by what each unit had to do. Pure.

Chance: every rate at the bounds of its 95 % interval (Wilson's), all at their worst and all at their best, makes the
bounds of a score; a place is sure only against those whose bounds lie wholly above or below. Weights: each may be a
part more or less, in any mix. Difficulty: a unit's cases on time beside what its mix of classes, area classes and
seasons would have given at the rates of all who are ranked with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import TypeAlias

from dispatch.evaluation.rates import RATES, Counts, rounded
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.score import Points, Ranked, points_of, total_of

__all__ = ["SWAY", "Adjusted", "Fair", "Places", "Stratum", "adjusted", "fairness", "wilson"]

Z = Decimal("1.959963984540054")  # 95 %, two-sided
SWAY = Fraction(1, 5)  # of a weight, up and down
Bounds: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Places:
    """The places somebody may have."""

    best: int
    worst: int

    @property
    def sure(self) -> bool:
        """Whether it is one."""
        return self.best == self.worst


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Cases on time, and how many there would have been at everybody's rates: `expected` to two places."""

    observed: int
    expected: Decimal
    ratio: Decimal | None  # above 1: better than its mix of work lets expect; None is "no data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fair:
    """Of one that is shown in a ranking; None is "no data", and of places that it has none.

    `interval`: of the scheme's `share`, per cent. `scores`: bounds of the score. `by_chance`, `by_weights`: places.
    """

    interval: tuple[Decimal, Decimal] | None
    scores: tuple[Decimal, Decimal] | None
    by_chance: Places | None
    by_weights: Places | None
    adjusted: Adjusted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """A unit's cases of one class, area class and season that were to be disposed of, and those of them on time."""

    key: str | None
    class_code: str | None
    area_class: int | None
    season: int | None
    cases: int
    ontime: int

    @property
    def kind(self) -> tuple[str | None, int | None, int | None]:
        """What cases are alike in."""
        return self.class_code, self.area_class, self.season


def wilson(above: int, below: int) -> tuple[Decimal, Decimal]:
    """The 95 % interval of a share, 0 to 1, by Wilson's formula; `below` is more than zero."""
    with localcontext(prec=40):
        n, p = Decimal(below), Decimal(min(above, below)) / below
        middle, spread = p + Z * Z / (2 * n), Z * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
        whole = 1 + Z * Z / n
        return max(Decimal(0), (middle - spread) / whole), min(Decimal(1), (middle + spread) / whole)


def fairness(
    scheme: Scheme,
    rows: Sequence[Ranked],
    counts: Mapping[str, Counts],
    *,
    mix: Iterable[Stratum] = (),
    sway: Fraction = SWAY,
) -> dict[str, Fair]:
    """What may be said of each row of a ranking, by unit. `counts`: what it was ranked by; `mix`: of its groups."""
    beside = adjusted(mix)
    found: dict[str, Fair] = {}
    for _, members in groupby(sorted(rows, key=lambda row: row.group), key=lambda row: row.group):
        group = list(members)
        placed = [row.unit for row in group if row.place is not None]
        hand = {row.unit: Fraction(row.by_hand) for row in group}
        bounds = {row.unit: _bounds(scheme, counts[row.unit], hand[row.unit]) for row in group}
        points = {unit: points_of(scheme, counts[unit]) for unit in placed}
        for row in group:
            here = bounds[row.unit]
            others = [other for other in placed if other != row.unit]
            found[row.unit] = Fair(
                interval=_interval(scheme, counts[row.unit]),
                scores=None if here is None else (rounded(here[0]), rounded(here[1])),
                by_chance=_by_chance(here, [bounds[other] for other in others]) if row.place else None,
                by_weights=_by_weights(scheme, points, row.unit, others, hand=hand, sway=sway) if row.place else None,
                adjusted=beside.get(row.unit),
            )
    return found


def adjusted(mix: Iterable[Stratum]) -> dict[str, Adjusted]:
    """Observed and expected of each unit. A kind of cases that only one unit has says nothing: it is as expected."""
    told = [stratum for stratum in mix if stratum.key is not None]
    cases: Counter[tuple[object, ...]] = Counter()
    ontime: Counter[tuple[object, ...]] = Counter()
    for stratum in told:
        cases[stratum.kind] += stratum.cases
        ontime[stratum.kind] += stratum.ontime
    observed: Counter[str] = Counter()
    expected: dict[str, Fraction] = {}
    for stratum in told:
        unit = str(stratum.key)
        observed[unit] += stratum.ontime
        share = Fraction(ontime[stratum.kind], cases[stratum.kind])
        expected[unit] = expected.get(unit, Fraction(0)) + stratum.cases * share
    return {
        unit: Adjusted(observed[unit], rounded(whole), rounded(observed[unit] / whole) if whole else None)
        for unit, whole in expected.items()
    }


def _interval(scheme: Scheme, counts: Counts) -> tuple[Decimal, Decimal] | None:
    if scheme.share is None:
        return None
    low, high = _share(0, counts, scheme.share), _share(1, counts, scheme.share)
    return None if low is None or high is None else (rounded(low * 100), rounded(high * 100))


def _share(side: int, counts: Counts, key: str) -> Fraction | None:
    """The lower (0) or upper (1) bound of a rate."""
    above, below = counts.of(RATES[key].numerator), counts.of(RATES[key].denominator)
    return None if above is None or not below else Fraction(wilson(above, below)[side])


def _bounds(scheme: Scheme, counts: Counts, hand: Fraction) -> Bounds | None:
    """The score with all indicators at their worst, and at their best. Numbers with steps have no chance in them."""
    low, high = (points_of(scheme, counts, partial(_share, side)) for side in (0, 1))
    ends = {key: sorted((one, high[key] or Fraction(0))) for key, one in low.items() if one is not None}
    worst = total_of(scheme, {key: ends[key][0] if key in ends else None for key in low})
    best = total_of(scheme, {key: ends[key][1] if key in ends else None for key in low})
    return None if worst is None or best is None else (worst + hand, best + hand)


def _by_chance(here: Bounds | None, others: Sequence[Bounds | None]) -> Places | None:
    if here is None:
        return None
    known = [other for other in others if other is not None]
    above = sum(other[0] > here[1] for other in known)
    below = sum(other[1] < here[0] for other in known)
    return Places(1 + above, 1 + len(known) - below)


def _by_weights(
    scheme: Scheme, points: Mapping[str, Points], unit: str, others: Sequence[str], *, hand: Mapping[str, Fraction],
    sway: Fraction,
) -> Places:  # fmt: skip
    """Exact over every mix of weights at once: the difference of two scores is a sum over indicators, least where each
    weight is moved against the other. Points by hand have no weight."""
    best = worst = 1
    for other in others:
        least = most = hand[other] - hand[unit]
        for part in scheme.indicators:
            gap = (points[other][part.key] or Fraction(0)) - (points[unit][part.key] or Fraction(0))
            weighed = gap * Fraction(part.weight) / 100
            ends = sorted((weighed * (1 - sway), weighed * (1 + sway)))
            least, most = least + ends[0], most + ends[1]
        best += least > 0
        worst += most > 0
    return Places(best, worst)
