"""Pure: a scheme and counts make points, a score, a band; scores make a ranking."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from typing import TypeAlias

from dispatch.evaluation.rates import Counts, exact, rounded
from dispatch.evaluation.scheme import Band, Indicator, Loss, Scheme

__all__ = ["Entry", "Ranked", "Score", "points_of", "rank", "ranked", "score", "total_of"]

NO_POINTS = Decimal("0.00")
Share: TypeAlias = Callable[[Counts, str], Fraction | None]
Points: TypeAlias = dict[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Score:
    """`points`: 0 to 100 of each indicator before its weight; None is "no data", and then there is no total either."""

    points: Mapping[str, Decimal | None]
    total: Decimal | None
    band: Band | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Who takes part in a ranking, in which group, with what score over how many cases. `aside`: why out of it."""

    unit: str
    group: str
    score: Score
    cases: int | None
    aside: str | None = None
    by_hand: Decimal = NO_POINTS


@dataclass(frozen=True, slots=True)
class Ranked:
    """`place` None: shown apart, `apart` says why: "no data", "small sample", "left out" or "trial"."""

    unit: str
    group: str
    score: Score
    cases: int | None
    place: int | None
    apart: str | None
    by_hand: Decimal = NO_POINTS

    @property
    def total(self) -> Decimal | None:
        """What it is ranked by: the score with the points given by hand."""
        return None if self.score.total is None else self.score.total + self.by_hand


def score(scheme: Scheme, counts: Counts) -> Score:
    """The score by exact fractions, rounded once, half up to two places."""
    points = points_of(scheme, counts)
    shown = {key: None if value is None else rounded(value) for key, value in points.items()}
    total = total_of(scheme, points)
    if total is None:
        return Score(shown, None, None)
    result = rounded(total)
    reached = result * 100 / scheme.full
    return Score(shown, result, next(band for band in scheme.bands if reached >= band.lowest))


def points_of(scheme: Scheme, counts: Counts, share: Share = exact) -> Points:
    """What each indicator earns of a hundred, before its weight. `share`: how a rate is read from counts."""
    return {indicator.key: _points(indicator, counts, share) for indicator in scheme.indicators}


def total_of(scheme: Scheme, points: Points) -> Fraction | None:
    """The points by their weights; None if one of them is not known."""
    total = Fraction(0)
    for indicator in scheme.indicators:
        value = points[indicator.key]
        if value is None:
            return None
        total += value * Fraction(indicator.weight) / 100
    return total


def cases_in(scheme: Scheme, counts: Counts) -> int | None:
    """How many cases the score rests on."""
    return next((number for name in scheme.sample if (number := counts.of(name)) is not None), None)


def ranked(
    found: Mapping[str, tuple[str, Counts]], scheme: Scheme, small_sample: int, *, trial: bool = False,
    by_hand: Mapping[str, Decimal] = MappingProxyType({}),
) -> list[Ranked]:  # fmt: skip
    """The ranking of all who take part, each with its group and counts: the one way any page or command ranks.

    `trial`: the period lies before the city's figures are ranked; all are shown apart. `by_hand`: points of the
    ledger, by unit.
    """
    out = {one.unit for one in scheme.leave_out}
    return rank(
        [
            Entry(
                key,
                group,
                score(scheme, here),
                cases_in(scheme, here),
                _aside(key in out, trial),
                by_hand.get(key, NO_POINTS),
            )
            for key, (group, here) in found.items()
        ],
        small_sample,
    )


def _aside(left_out: bool, trial: bool) -> str | None:
    return "trial" if trial else "left out" if left_out else None


def rank(rows: Iterable[Entry], small_sample: int) -> list[Ranked]:
    """Groups apart, each by score and points by hand from the top. Equal ones share the place (1, 1, 3), names decide
    nothing but order.

    Those without data or with fewer than `small_sample` cases come last in their group, unranked.
    """
    placing: list[Ranked] = []
    for _, group in groupby(sorted(rows, key=lambda row: row.group), key=lambda row: row.group):
        members = [(row, _apart(row, small_sample)) for row in group]
        placed = sorted((row for row, apart in members if apart is None), key=_from_the_top)
        totals = [_total(row) for row in placed]
        placing += [_ranked(row, totals.index(_total(row)) + 1, None) for row in placed]
        placing += [_ranked(row, None, apart) for row, apart in members if apart is not None]
    return placing


def _points(indicator: Indicator, counts: Counts, share: Share) -> Fraction | None:
    if indicator.losses:
        return _left(indicator, counts, share)
    if indicator.steps:
        return _step(indicator, counts)
    rate = share(counts, indicator.key)
    return None if rate is None else (rate if indicator.good else 1 - rate) * 100


def _step(indicator: Indicator, counts: Counts) -> Fraction | None:
    number = counts.of(indicator.key)
    if number is None:
        return None
    # A count given without its grids is one grid's.
    parts = counts.of(indicator.per) if indicator.per else 1
    if parts == 0:
        return None
    average = Fraction(number, parts or 1)
    reached = (points for bound, points in indicator.steps if average <= Fraction(bound))
    return Fraction(next(reached, indicator.above))


def _left(indicator: Indicator, counts: Counts, share: Share) -> Fraction | None:
    """What the losses leave of the weight, of a hundred."""
    lost = [_lost(loss, counts, share) for loss in indicator.losses]
    known = [part for part in lost if part is not None]
    if len(known) < len(lost):
        return None
    weight = Fraction(indicator.weight)
    return max(Fraction(0), weight - sum(known)) / weight * 100


def _lost(loss: Loss, counts: Counts, share: Share) -> Fraction | None:
    if loss.below is None:
        number = counts.of(loss.key)
        missing = None if number is None else Fraction(number)
    else:
        rate = share(counts, loss.key)
        missing = None if rate is None else max(Fraction(0), Fraction(loss.below) - rate * 100)
    if missing is None:
        return Fraction(0) if loss.optional else None
    return missing * Fraction(loss.each)


def _apart(row: Entry, small_sample: int) -> str | None:
    if row.score.total is None:
        return "no data"
    if row.aside is not None:
        return row.aside
    return "small sample" if row.cases is not None and row.cases < small_sample else None


def _total(row: Entry) -> Decimal:
    return (row.score.total or Decimal(0)) + row.by_hand


def _from_the_top(row: Entry) -> tuple[Decimal, str]:
    return -_total(row), row.unit


def _ranked(row: Entry, place: int | None, apart: str | None) -> Ranked:
    return Ranked(row.unit, row.group, row.score, row.cases, place, apart, row.by_hand)
