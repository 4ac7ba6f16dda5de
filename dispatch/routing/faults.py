"""Rules that can never decide: one before them holds wherever they do, or two of one rank always tie. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from dispatch.routing.rule import Rule

__all__ = ["idle"]


def idle(rules: Sequence[Rule]) -> dict[str, str]:
    """Number of each rule that never decides → why. `rules` in the order of the file."""
    found: dict[str, str] = {}
    for first, second in combinations(sorted(rules, key=lambda rule: rule.rank), 2):
        why = _idle_beside(first, second) if first.rank == second.rank else _idle_after(first, second)
        if why is not None:
            found.setdefault(second.no, why)
    return found


def _idle_beside(first: Rule, second: Rule) -> str | None:
    if first.clauses != second.clauses:
        return None
    if first.to == second.to:
        return f"says the same as {first.no}"
    return f"always ties with {first.no}: the same rank and clauses, another unit"


def _idle_after(first: Rule, second: Rule) -> str | None:
    if all(map(_wider, first.clauses, second.clauses)):
        return f"is never reached: {first.no} holds wherever it does"
    return None


def _wider(first: object, second: object) -> bool:
    """Whether the first clause holds wherever the second does."""
    if first is None or first == second:
        return True
    if isinstance(first, frozenset) and isinstance(second, frozenset):
        return second <= first
    return first is True and isinstance(second, frozenset)  # any known owner; one of these
