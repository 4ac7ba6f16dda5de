"""What waits for the centre although no stage of its own holds it: the citizen's answer after the end, and tasks whose
inspector is gone; forced closes that want a second person; appeals that want a ruling; supervise orders that nobody has
answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from dispatch.cases.read import COLUMNS, DRESS, OPEN_ONLY, PAGE, Row
from dispatch.lifecycle.table import HIGHER
from dispatch.people.roles import Role
from gis.db import ReadTx, dicts, rows

__all__ = ["LISTS", "Waiting", "listed", "waits_for"]

# The words repeat the index's own condition (`cases_to_answer`), or the planner could not use it.
TO_ANSWER: LiteralString = (
    "cases c WHERE c.state IN ('closed', 'closed_forced', 'refused') AND c.stage_due_at IS NOT NULL"
)
# Costs by the tasks in hand: indexes cases_inspector and cases_pool_due.
UNHELD: LiteralString = (
    """person p JOIN cases c ON c.inspector_id = p.id
       WHERE (p.disabled OR NOT EXISTS (SELECT FROM person_role r WHERE r.person_id = p.id AND r.role = 'inspector'))
         AND c.pool = 'inspector' AND """
    + OPEN_ONLY
)
# The words repeat the index's own condition (`cases_appealed`).
APPEALED: LiteralString = "cases c WHERE c.asked ->> 'action' = 'appeal'"
APPEAL_DUE: LiteralString = "(c.clocks #>> '{appeal,due}')::timestamptz"
CLOSE_ASKED: LiteralString = "cases c WHERE c.close_asked IS NOT NULL"
# Costs by what is with the dispatcher: index cases_pool_due.
EXTENDS_MORE: LiteralString = (
    """cases c WHERE c.pool = 'dispatcher' AND c.state = 'delay_asked'
       AND (c.extensions > 0 OR c.asked ?| ARRAY['limit', 'time_class']) AND """
    + OPEN_ONLY
)
CLOSE_DUE: LiteralString = "(c.clocks #>> '{force_close,due}')::timestamptz"
SUPERVISED: LiteralString = "cases c WHERE c.supervision IS NOT NULL"
STAGE_DUE: LiteralString = "c.stage_due_at"
ORDER_DUE: LiteralString = "(c.clocks #>> '{supervise,due}')::timestamptz"


@dataclass(frozen=True, slots=True)
class _List:
    """Cases that wait for one of `roles`. `where`: the table and its condition, along an index; `due`: by when."""

    roles: frozenset[Role]
    where: LiteralString
    due: LiteralString = STAGE_DUE


LISTS: dict[str, _List] = {
    "to_answer": _List(frozenset({Role.ACCEPTOR}), TO_ANSWER),
    "close_asked": _List(HIGHER, CLOSE_ASKED, CLOSE_DUE),
    "extends_more": _List(HIGHER, EXTENDS_MORE),
    "appealed": _List(frozenset({Role.SUPERVISOR, Role.EVALUATOR}), APPEALED, APPEAL_DUE),
    "supervised": _List(HIGHER | {Role.SHIFT_LEADER}, SUPERVISED, ORDER_DUE),
    "unheld": _List(frozenset({Role.ACCEPTOR}), UNHELD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One such list: its key, how many cases stand in it, how many of them are past their time."""

    key: str
    count: int
    late: int


def waits_for(tx: ReadTx, roles: frozenset[Role]) -> list[Waiting]:
    """The lists of these posts, counted; costs by their lengths."""
    found = []
    for key, one in LISTS.items():
        if one.roles & roles:
            sql: LiteralString = (
                "SELECT count(*) AS count, count(*) FILTER (WHERE " + one.due + " < %(now)s) AS late FROM " + one.where
            )
            found += [Waiting(key=key, **row) for row in dicts(tx, sql, now=tx.now)]
    return found


def listed(tx: ReadTx, key: str, *, limit: int = PAGE) -> list[Row]:
    """The cases of one list, first due first."""
    one = LISTS[key]
    sql: LiteralString = (
        "WITH page AS (SELECT " + COLUMNS + " FROM " + one.where + " ORDER BY " + one.due + ", c.id LIMIT %(limit)s)"
        + DRESS + " ORDER BY " + one.due.replace("c.", "p.") + " NULLS LAST, p.id"
    )  # fmt: skip
    return rows(tx, Row, sql, limit=limit)
