"""The stores of a rehearsed city: what a repair takes, and what the storekeeper has delivered before a shelf is empty.

What a reply takes is settled by the seed alone. When a shelf is filled up follows from what was taken before, by
whichever process came first: it stands in the ledger, not in the steps.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from collectors.rehearsal.turn import Plan, Turn
from dispatch.emergency.store import receive, shelves_locked
from gis.db import Tx

__all__ = ["restock", "spares_used"]

USED = 0.8  # of the repairs of a component that parts are kept for
TWO = 0.15  # of these take two
DELIVERED = 3  # times the low mark


def spares_used(turn: Turn) -> tuple[tuple[str, int], ...]:
    """What the first reply takes from a store of the unit's kin; one after rework or a refusal takes nothing more."""
    case, fate = turn.case, turn.fate("spares")
    if case.reworks or turn.rests or fate >= USED:
        return ()
    kin = turn.scene.books.tree.kin(case.unit_id or "")
    near = [shelf for shelf in turn.scene.shelves if shelf.category == case.category and shelf.unit in kin]
    return tuple((shelf.id, 2 if fate < USED * TWO else 1) for shelf in near[:1])


def restock(tx: Tx, plan: Plan, key: UUID) -> None:
    """Before a part is taken of which fewer than half the low mark would stay, new ones are received."""
    if not plan.form.spares:
        return
    there = shelves_locked(tx, [part for part, _ in plan.form.spares])
    for part, quantity in plan.form.spares:
        shelf = there[part]
        if shelf.stock - quantity < shelf.low / 2:
            more = DELIVERED * max(shelf.low, 1) + quantity
            receive(tx, part, more, by=plan.by.person_id, key=uuid5(key, part), at=plan.at)
