"""What a check found: how much it looked at, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["SHOWN", "Breach", "Finding", "found"]

SHOWN = 20  # breaches of one invariant that are named; the rest is counted


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that does not hold. `number`: of the case; None: it is no single case's."""

    number: str | None
    words: str


@dataclass(slots=True, kw_only=True)
class Finding:
    """The outcome for one invariant. `count` is of all breaches, `first` holds at most SHOWN of them."""

    no: str
    says: str
    checked: int = 0
    count: int = 0
    first: list[Breach] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0

    def add(self, number: str | None, words: str) -> None:
        """One breach more."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Breach(number, words))


def found(no: str, says: str, breaches: Iterable[Breach], *, checked: int) -> Finding:
    """A finding of these breaches."""
    finding = Finding(no=no, says=says, checked=checked)
    for breach in breaches:
        finding.add(breach.number, breach.words)
    return finding
