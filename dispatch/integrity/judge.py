"""When a share stands out from everybody else's. Pure: counts in, a verdict out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import exp, lgamma, log
from typing import Any

__all__ = ["Finding", "Seen", "findings", "tail"]

HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a test saw of one subject: `traces` among `looked` (cases, checks, or minutes on patrol), and the evidence.

    `expected`: how many traces it would have if it were as the others; None: their share of what was looked at.
    """

    subject: str
    looked: int
    traces: int
    cases: list[int]
    expected: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A subject that stands out; `expected` to two places."""

    subject: str
    looked: int
    traces: int
    expected: Decimal
    cases: list[int]


def findings(seen: Iterable[Seen], *, fewer: bool, thresholds: Mapping[str, Any]) -> list[Finding]:
    """Those that stand out from the others, the farthest first. `fewer`: by having too few."""
    everybody = list(seen)
    found = [one for one in _beside_the_others(everybody) if _stands_out(one, fewer=fewer, thresholds=thresholds)]
    return sorted(found, key=lambda one: (_far(one, fewer=fewer), one.subject))


def _beside_the_others(everybody: list[Seen]) -> Iterator[Finding]:
    looked, traces = sum(one.looked for one in everybody), sum(one.traces for one in everybody)
    for one in everybody:
        rest = looked - one.looked
        expected = one.expected
        if expected is None and rest > 0:
            expected = Decimal((traces - one.traces) * one.looked) / rest
        if expected is not None:
            rounded = expected.quantize(HUNDREDTH, ROUND_HALF_UP)
            yield Finding(subject=one.subject, looked=one.looked, traces=one.traces, expected=rounded, cases=one.cases)


def _stands_out(one: Finding, *, fewer: bool, thresholds: Mapping[str, Any]) -> bool:
    least, times, chance = (Decimal(str(thresholds[name])) for name in ("least", "times", "chance"))
    if fewer:
        enough = one.expected >= least and one.traces * times <= one.expected
    else:
        enough = one.traces >= least and one.traces >= times * one.expected
    return enough and tail(one.traces, float(one.expected), fewer=fewer) * float(chance) <= 1


def _far(one: Finding, *, fewer: bool) -> Decimal:
    """The smaller the farther from what was expected."""
    more = (one.traces + 1) / (one.expected + 1)
    return more if fewer else -more


def tail(count: int, mean: float, *, fewer: bool) -> float:
    """The chance of `count` or more (`fewer`: or fewer) where `mean` is expected, by Poisson's law.

    It asks more than the binomial would, and needs no number of trials: minutes are none.
    """
    if mean <= 0:
        return 1.0 if fewer or count == 0 else 0.0
    if not fewer:
        return 1.0 if count == 0 else max(0.0, 1.0 - tail(count - 1, mean, fewer=True))
    return min(1.0, sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1)))
