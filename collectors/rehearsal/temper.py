"""How diligent each unit is: drawn once from seed and unit, the same for all its cases."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """A unit's ways; shares are probabilities from 0 to 1.

    `pace`: median part of the limit that a case takes; `spread`: sigma of its logarithm; `sign`: median working
    minutes until a case is signed for.
    """

    pace: float
    spread: float
    sign: float
    returns: float
    delays: float
    suspends: float
    poor: float
    appeals: float


def temper_of(seed: int, unit: str) -> Temper:
    """The ways of one unit; about one unit in six is a slow one."""
    rng = Random(f"{seed}:temper:{unit}")
    slow = rng.random() < 0.17
    return Temper(
        pace=rng.uniform(0.62, 0.85) if slow else rng.uniform(0.25, 0.52),
        spread=rng.uniform(0.35, 0.55),
        sign=rng.uniform(25, 60) if slow else rng.uniform(6, 25),
        returns=rng.uniform(0.01, 0.06),
        delays=rng.uniform(0.2, 0.7),
        suspends=rng.uniform(0.001, 0.012),
        poor=rng.uniform(0.05, 0.14) if slow else rng.uniform(0.01, 0.06),
        appeals=rng.uniform(0.0, 0.15),
    )
