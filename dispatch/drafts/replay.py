"""A draft rulebook replayed over history: which cases would have gone elsewhere, and what that does to each unit. Pure.

History comes as cells: cases whose facts are the same for every rule, counted. A rulebook is asked once a cell, so a
million cases cost what their different cells cost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dispatch.routing.decide import Routing
from dispatch.routing.facts import Facts

__all__ = ["Achieved", "Cell", "Load", "Move", "Replay", "replay"]

Decide = Callable[[Facts], Routing]
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Cases of one period that no rule can tell apart. `judged`: those with a limit that were disposed of, `ontime` of
    these within it; `sample`: the number of one of them; `grids`: of each that lies in one, the unit grid (id)."""

    facts: Facts
    cases: int
    judged: int
    ontime: int
    sample: str
    grids: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a unit did of one class (`kind:class`), judged and in time."""

    unit: str | None
    class_: str
    judged: int
    ontime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Cases of one class that would have gone elsewhere. A unit of None: a dispatcher decides."""

    class_: str
    before: str | None
    after: str | None
    rule_before: str | None
    rule_after: str | None
    cases: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One unit's cases under either rulebook. Rates: per cent on time, two places; None is "no data".

    `rate_after` is an estimate: what stays counts as it was, what comes counts at the unit's own share for the class,
    else for all its cases, else the city's for the class.
    """

    unit: str
    before: int
    after: int
    rate_before: Decimal | None
    rate_after: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it. `undecided_*`: cases that the rulebook leaves to a dispatcher; `grids`: how many moved cases lie
    in a unit grid (id of the area as it was on their day)."""

    cases: int
    moved: int
    undecided_before: int
    undecided_after: int
    moves: tuple[Move, ...]
    loads: tuple[Load, ...]
    grids: dict[int, int]

    def document(self) -> dict[str, Any]:
        """As kept with a draft: JSON, rates as text."""
        return {
            "cases": self.cases,
            "moved": self.moved,
            "undecided_before": self.undecided_before,
            "undecided_after": self.undecided_after,
            "moves": [
                {name: getattr(move, name) for name in Move.__slots__} | {"samples": list(move.samples)}
                for move in self.moves
            ],
            "loads": [
                {"unit": load.unit, "before": load.before, "after": load.after}
                | {name: _text(getattr(load, name)) for name in ("rate_before", "rate_after")}
                for load in self.loads
            ],
            "grids": {str(grid): cases for grid, cases in self.grids.items()},
        }


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else str(rate)


@dataclass(slots=True)
class _Share:
    """On-time cases of those judged; a fraction of a case is an expectation."""

    judged: Decimal = Decimal(0)
    ontime: Decimal = Decimal(0)

    def add(self, judged: Decimal, ontime: Decimal) -> None:
        self.judged += judged
        self.ontime += ontime

    @property
    def of_one(self) -> Decimal | None:
        return self.ontime / self.judged if self.judged else None

    @property
    def rate(self) -> Decimal | None:
        return None if not self.judged else (100 * self.ontime / self.judged).quantize(CENT, ROUND_HALF_UP)


@dataclass(slots=True)
class _Past:
    """What was achieved: by unit and class, by unit, by class."""

    shares: dict[tuple[str | None, str | None], _Share] = field(default_factory=lambda: defaultdict(_Share))

    def learn(self, done: Achieved) -> None:
        for key in ((done.unit, done.class_), (done.unit, None), (None, done.class_)):
            self.shares[key].add(Decimal(done.judged), Decimal(done.ontime))

    def expected(self, unit: str, class_: str) -> Decimal | None:
        """The share on time to expect of a unit for a class, 0 to 1."""
        for key in ((unit, class_), (unit, None), (None, class_)):
            share = self.shares[key].of_one if key in self.shares else None
            if share is not None:
                return share
        return None


def replay(
    cells: Sequence[Cell], before: Decide, after: Decide, *, done: Iterable[Achieved] = (), samples: int = 5
) -> Replay:
    """Ask both rulebooks about every cell. `done`: what was achieved, to expect from; `samples`: kept of each move."""
    past = _Past()
    for one in done:
        past.learn(one)
    answered = [(cell, before(cell.facts), after(cell.facts)) for cell in cells]
    moved = [(cell, was, will) for cell, was, will in answered if was.unit != will.unit]
    grids: Counter[int] = Counter()
    for cell, _, _ in moved:
        grids.update(cell.grids)
    return Replay(
        cases=sum(cell.cases for cell in cells),
        moved=sum(cell.cases for cell, _, _ in moved),
        undecided_before=sum(cell.cases for cell, was, _ in answered if was.unit is None),
        undecided_after=sum(cell.cases for cell, _, will in answered if will.unit is None),
        moves=_moves(moved, samples),
        loads=_loads(answered, past),
        grids=dict(grids),
    )


def _moves(moved: Iterable[tuple[Cell, Routing, Routing]], samples: int) -> tuple[Move, ...]:
    found: dict[tuple[str | None, ...], tuple[int, list[str]]] = {}
    for cell, was, will in moved:
        key = (cell.facts.category_class, was.unit, will.unit, was.rule, will.rule)
        cases, numbers = found.get(key, (0, []))
        found[key] = (cases + cell.cases, [*numbers, cell.sample][:samples])
    moves = [
        Move(
            class_=str(key[0]), before=key[1], after=key[2], rule_before=key[3], rule_after=key[4],
            cases=cases, samples=tuple(numbers),
        )
        for key, (cases, numbers) in found.items()
    ]  # fmt: skip
    return tuple(sorted(moves, key=lambda move: (-move.cases, move.class_, move.before or "", move.after or "")))


def _loads(answered: Iterable[tuple[Cell, Routing, Routing]], past: _Past) -> tuple[Load, ...]:
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    shares: tuple[defaultdict[str, _Share], defaultdict[str, _Share]] = (defaultdict(_Share), defaultdict(_Share))
    for cell, was, will in answered:
        judged, ontime = Decimal(cell.judged), Decimal(cell.ontime)
        if was.unit is not None:
            counts[0][was.unit] += cell.cases
            shares[0][was.unit].add(judged, ontime)
        if will.unit is not None:
            counts[1][will.unit] += cell.cases
            share = None if will.unit == was.unit else past.expected(will.unit, cell.facts.category_class)
            shares[1][will.unit].add(judged, ontime if share is None else judged * share)
    return tuple(
        Load(
            unit=unit,
            before=counts[0][unit],
            after=counts[1][unit],
            rate_before=shares[0][unit].rate,
            rate_after=shares[1][unit].rate,
        )
        for unit in sorted(counts[0] | counts[1])
    )
