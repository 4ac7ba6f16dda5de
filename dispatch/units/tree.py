"""The units of a city as one tree, with what each answers for and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A department, platform, street, company or crew. `area`: its territory as `level:code`; None: the whole city."""

    id: str
    name: str
    name_en: str
    tier: int
    parent: str | None = None
    types: tuple[str, ...] = ()
    area: str | None = None
    terminal: bool = True
    platform: bool = False
    ranking_group: str | None = None


@dataclass(frozen=True)
class Tree:
    """All units by id, and the ways to find one. `former`: those that had ended, as they were last; none is chosen."""

    units: dict[str, Unit]
    former: dict[str, Unit] = field(default_factory=dict)
    _below: dict[str, frozenset[str]] = field(default_factory=dict)

    def get(self, unit: str) -> Unit | None:
        """The unit, or None."""
        return self.units.get(unit)

    def named(self, unit: str) -> Unit | None:
        """The unit, or what it was if it has ended; None for one that never was."""
        return self.units.get(unit) or self.former.get(unit)

    def below(self, unit: str) -> frozenset[str]:
        """The unit itself and all that stand under it. Ends also where the parents go in a circle."""
        found = self._below.get(unit)
        if found is None:
            reached, waiting = {unit}, [unit]
            while waiting:
                parent = waiting.pop()
                children = [u.id for u in self.units.values() if u.parent == parent and u.id not in reached]
                reached.update(children)
                waiting += children
            found = self._below[unit] = frozenset(reached)
        return found

    def kin(self, unit: str) -> frozenset[str]:
        """The unit, those below it and those above it; none for a unit that is not there."""
        above, at = set[str](), self.get(unit)
        while at is not None and at.id not in above:
            above.add(at.id)
            at = self.get(at.parent or "")
        return self.below(unit) | above if above else frozenset()

    def of_type(self, kind: str) -> list[Unit]:
        """The city-wide units that answer for a responsible type."""
        return [u for u in self.units.values() if kind in u.types and u.area is None]

    def in_area(self, area: str, kind: str | None = None) -> list[Unit]:
        """The units whose territory is exactly `area`; of a type, or, without one, its platform or office."""
        here = [u for u in self.units.values() if u.area == area]
        if kind is not None:
            return [u for u in here if kind in u.types]
        return [u for u in here if u.platform] or [u for u in here if u.tier == 3]


def tree_of(rows: Iterable[Mapping[str, Any]]) -> Tree:
    """The tree of a day, from rows with the fields of `Unit`; those with a true `ended` are former."""
    units: dict[str, Unit] = {}
    former: dict[str, Unit] = {}
    for row in rows:
        fields = {name: given for name, given in row.items() if name != "ended"}
        unit = Unit(**{**fields, "types": tuple(row["types"])})
        (former if row.get("ended") else units)[unit.id] = unit
    return Tree(units, former)
