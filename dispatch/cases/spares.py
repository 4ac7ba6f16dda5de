"""Spare parts that a reply takes from the store: they leave the ledger with the reply's own step, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from dispatch.cases.books import Books
from dispatch.cases.draft import CaseRow, Draft, Drawn
from dispatch.cases.on_duty import people_on_duty
from dispatch.duty.roster import Post
from dispatch.emergency.store import Shelf, shelves_locked
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.db import Tx, execute
from gis.problems import wrong

__all__ = ["LOW", "draw", "save_drawn", "tell_low", "to_take"]

LOW = "stock_low"
REPLIES = frozenset({Action.REPLY, Action.REPLY_FOR})
USED: LiteralString = """
    INSERT INTO stock_movement (spare_id, kind, quantity, case_id, seq, person_id, at)
    VALUES (%(spare)s, 'used', %(quantity)s, %(case)s, %(seq)s, %(by)s, %(at)s)
"""
TELL: LiteralString = """
    INSERT INTO outbox (kind, unit_id, person_id, created_at) VALUES (%(kind)s, %(unit)s, %(person)s, %(at)s)
"""


def to_take(tx: Tx, case: CaseRow, action: Action, form: Form, city: Books) -> list[tuple[Shelf, int]]:
    """The shelves that the form takes from, and how many, with nobody else in the store.

    Raises FormIncomplete: no reply, a part of another subclass or of a stranger's store, more than there are.
    """
    if not form.spares:
        return []
    wanted = dict(form.spares)
    there = shelves_locked(tx, wanted)
    whose = city.tree.kin(case.unit_id or "")
    for id, quantity in form.spares:
        shelf = there.get(id)
        fits = shelf is not None and shelf.category == case.category and shelf.unit in whose
        if action not in REPLIES or len(wanted) < len(form.spares) or not fits or quantity < 1:
            raise wrong(
                "spares", f"{id} is no part that this reply can use, or is named twice", f"本案回复不能使用备件 {id}"
            )
        if shelf is not None and shelf.stock < quantity:
            raise wrong(
                "spares",
                f"Only {shelf.stock} of {shelf.name_en or shelf.name} are in stock; receive new ones first",
                f"{shelf.name}库存只有 {shelf.stock}，请先入库",
            )
    return [(there[id], quantity) for id, quantity in form.spares]


def draw(tx: Tx, draft: Draft, taken: Sequence[tuple[Shelf, int]], by: int | None) -> None:
    """Put down with the draft's last step what it takes; who is on duty is told of what has become few."""
    case = draft.case
    for shelf, quantity in taken:
        draft.drawn.append(Drawn(shelf.id, quantity, case.version, by))
        if shelf.falls(-quantity):
            people = people_on_duty(tx, shelf.unit, Post.DUTY, case.last_at)
            for person in people:
                draft.tell(LOW, person=person)
            if not people:
                draft.tell(LOW, unit=shelf.unit)


def tell_low(tx: Tx, shelf: Shelf) -> None:
    """The same for a correction, which belongs to no case."""
    people: Sequence[int | None] = people_on_duty(tx, shelf.unit, Post.DUTY, tx.now) or [None]
    for person in people:
        execute(tx, TELL, kind=LOW, unit=shelf.unit if person is None else None, person=person, at=tx.now)


def save_drawn(tx: Tx, draft: Draft) -> None:
    """After the steps that they belong to."""
    for one in draft.drawn:
        said = {"spare": one.spare, "quantity": -one.quantity, "case": draft.case.id, "seq": one.seq, "by": one.by}
        tx.connection.execute(USED, said | {"at": draft.case.last_at})
