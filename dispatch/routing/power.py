"""Whether a unit has the power to answer for a category, so that a rule may send it there. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.routing.rule import PARTIES, Selector
from dispatch.units.tree import Tree, Unit

__all__ = ["has_power"]


def has_power(unit: Unit, to: Selector, types: Iterable[str], tree: Tree) -> bool:
    """Whether the unit, or one below it that it may pass the case on to, answers for one of the category's `types`.

    Who owns a component, keeps or oversees it has the power over it; and the platform or office of a territory over
    all that lies there and is nobody else's.
    """
    if to.kind in PARTIES or (to.kind == "territory" and not to.type):
        return True
    asked = frozenset(types)
    return any(not asked.isdisjoint(tree.units[below].types) for below in tree.below(unit.id))
