"""What is looked at of cases: boards, inboxes, tasks, lists, one whole case. SQL in, frozen dataclasses out.

Every list is read along an index of `dispatch.cases.tables` and costs by its own length, not by the table's. The words
`OPEN_ONLY` repeat the indexes' own condition, or the planner could not use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

from dispatch.cases.clocks import waits_for_cordon
from dispatch.lifecycle.states import Pool, State
from gis.db import ReadTx, listed, rows

__all__ = [
    "PAGE",
    "Cursor",
    "Filters",
    "Row",
    "Tally",
    "assisted",
    "board",
    "by_ids",
    "inbox",
    "mine",
    "search",
    "tally",
    "tally_units",
    "tasks",
    "unsafe",
]

PAGE = 50
UNSAFE: LiteralString = "c.hazard AND (c.unit_id IS NULL OR c.clocks ? 'cordon')"
OPEN_ONLY: LiteralString = "c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"

Cursor = tuple[datetime | None, int]
"""Where a page ended: the sort instant (None: among those without one) and the case's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list. `clocks` are those that run or rest, as `dispatch.cases.act` keeps them."""

    id: int
    number: str
    version: int
    state: State
    pool: Pool
    source: str
    public: bool
    category: str | None
    condition_no: int | None
    hazard: bool
    place_words: str
    place_words_en: str
    area_path: list[int]
    unit_id: str | None
    route_unit: str | None
    supervised: bool
    late: bool
    reported_at: datetime
    hand_back_at: datetime | None
    suspended_until: datetime | None
    due_at: datetime | None
    stage_due_at: datetime | None
    last_at: datetime
    clocks: dict[str, dict[str, Any]]
    photo: str | None
    extends_more: bool  # the extension it asks for is a further one, or of another length
    in_hand: str | None  # 首问负责: who took an open matter on last

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))
        object.__setattr__(self, "pool", Pool(self.pool))

    @property
    def unsafe(self) -> bool:
        """Dangerous, and not made safe yet. As `UNSAFE` says it."""
        return self.hazard and self.pool is not Pool.NOBODY and waits_for_cordon(self.unit_id, self.clocks)

    @property
    def cursor(self) -> Cursor:
        """The page after this row, on boards and inboxes."""
        return self.stage_due_at, self.id


COLUMNS: LiteralString = """
    c.id, c.number, c.version, c.state, c.pool, c.source, c.public, c.category, c.condition_no, c.hazard,
    c.place_words, c.place_words_en,
    c.area_path, c.unit_id, c.route_unit, c.supervised, c.late, c.reported_at, c.hand_back_at, c.suspended_until,
    c.due_at, c.stage_due_at, c.last_at, c.clocks,
    c.state = 'delay_asked' AND (c.extensions > 0 OR c.asked ?| ARRAY['limit', 'time_class']) AS extends_more
"""
# The first photo and who has an open case in hand, only of the rows of one page: looked up by unique keys after it is
# cut. The actions are those of `TAKES_ON`.
DRESS: LiteralString = """
    SELECT p.*, (SELECT f.sha256 FROM case_photo f WHERE f.case_id = p.id ORDER BY f.seq, f.id LIMIT 1) AS photo,
           (SELECT n.name FROM step s JOIN person n ON n.id = s.actor_id
             WHERE s.case_id = p.id AND p.pool <> 'nobody' AND s.action IN (
                   'report', 'register', 'report_handled', 'contest_handled', 'unmerge', 'accept', 'send_verify',
                   'verify', 'file', 'dispatch', 'subdispatch', 'sign', 'sign_for', 'ask_defer', 'reply', 'reply_for',
                   'reject_reply', 'pass_to_check', 'send_check', 'check_pass', 'check_fail', 'send_rework',
                   'approve_return', 'rule_other', 'reopen')
             ORDER BY s.seq DESC LIMIT 1) AS in_hand
      FROM page p
"""
# Two ordered walks one behind the other: first those with a due time, then those without. An OR of both would walk from
# the beginning for every page.
BOARD: LiteralString = (
    "WITH page AS ((SELECT "
    + COLUMNS
    + " FROM cases c WHERE c.pool = %(pool)s AND "
    + OPEN_ONLY
    + """
       AND (%(states)s::text[] IS NULL OR c.state = ANY(%(states)s)) AND %(dated)s
       AND (c.stage_due_at, c.id) > (%(due)s, %(id)s)
     ORDER BY c.stage_due_at, c.id LIMIT %(limit)s)
    UNION ALL
    (SELECT """
    + COLUMNS
    + " FROM cases c WHERE c.pool = %(pool)s AND "
    + OPEN_ONLY
    + """
       AND (%(states)s::text[] IS NULL OR c.state = ANY(%(states)s)) AND c.stage_due_at IS NULL AND c.id > %(bare)s
     ORDER BY c.id LIMIT %(limit)s)
    LIMIT %(limit)s)"""
    + DRESS
    + " ORDER BY p.stage_due_at NULLS LAST, p.id"
)
# One walk for each unit, so that a platform with many sub-units still reads `limit` rows of each and sorts those.
INBOX: LiteralString = (
    "WITH page AS (SELECT w.* FROM unnest(%(units)s::text[]) AS u(id) CROSS JOIN LATERAL ((SELECT " + COLUMNS
    + " FROM cases c WHERE c.unit_id = u.id AND " + OPEN_ONLY + """
         AND (%(states)s::text[] IS NULL OR c.state = ANY(%(states)s)) AND %(dated)s
         AND (c.stage_due_at, c.id) > (%(due)s, %(id)s)
       ORDER BY c.stage_due_at, c.id LIMIT %(limit)s)
      UNION ALL
      (SELECT """ + COLUMNS + " FROM cases c WHERE c.unit_id = u.id AND " + OPEN_ONLY + """
         AND (%(states)s::text[] IS NULL OR c.state = ANY(%(states)s)) AND c.stage_due_at IS NULL AND c.id > %(bare)s
       ORDER BY c.id LIMIT %(limit)s)) w
     ORDER BY w.stage_due_at NULLS LAST, w.id LIMIT %(limit)s)"""
    + DRESS
    + " ORDER BY p.stage_due_at NULLS LAST, p.id"
)  # fmt: skip

FIRST = datetime(1900, 1, 1, tzinfo=UTC)


def _after(after: Cursor | None) -> dict[str, object]:
    """A cursor as the parameters of both walks: `dated` off once the first walk is at its end."""
    if after is None:
        return {"dated": True, "due": FIRST, "id": 0, "bare": 0}
    due, last = after
    return {
        "dated": due is not None,
        "due": due or FIRST,
        "id": last,
        "bare": 0 if due else last,
    }


def _words(states: Sequence[State] | None) -> list[str] | None:
    return None if states is None else [s.value for s in states]


def board(
    tx: ReadTx,
    pool: Pool,
    *,
    states: Sequence[State] | None = None,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> list[Row]:
    """The open cases that a post holds, first due first, those without a clock last. Index: cases_pool_due."""
    return listed(
        tx,
        Row,
        BOARD,
        pool=pool.value,
        states=_words(states),
        limit=limit,
        **_after(after),
    )


def inbox(
    tx: ReadTx,
    units: Sequence[str],
    *,
    states: Sequence[State] | None = None,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> list[Row]:
    """The open cases of these units, first due first. Index: cases_unit_due."""
    return listed(
        tx,
        Row,
        INBOX,
        units=list(units),
        states=_words(states),
        limit=limit,
        **_after(after),
    )


ASSISTED: LiteralString = (
    "WITH page AS (SELECT " + COLUMNS + " FROM cases c WHERE " + OPEN_ONLY + """
        AND c.id = ANY (assisted_cases(%(units)s::text[]))
        AND EXISTS (SELECT FROM jsonb_to_recordset(c.assists) AS p(unit text, state text)
                     WHERE p.unit = ANY (%(units)s::text[]) AND p.state IN ('sent', 'signed'))
      ORDER BY c.id LIMIT %(limit)s)"""
    + DRESS
    + " ORDER BY p.id"
)  # fmt: skip


def assisted(tx: ReadTx, units: Sequence[str], *, limit: int = PAGE) -> list[Row]:
    """The open cases in which these units assist and have still to report, oldest first. Index: cases_assisting."""
    return listed(tx, Row, ASSISTED, units=list(units), limit=limit)


def unsafe(
    tx: ReadTx, *, units: Sequence[str] | None = None, inspector: int | None = None, limit: int = PAGE
) -> list[Row]:
    """Dangerous cases that nobody has made safe yet, oldest first; of these units, or of all. Index: cases_unsafe.

    `inspector`: only those that this one reported, or has the task of.
    """
    sql: LiteralString = (
        "WITH page AS (SELECT " + COLUMNS + " FROM cases c WHERE " + UNSAFE + " AND " + OPEN_ONLY
        + " AND (%(units)s::text[] IS NULL OR c.unit_id = ANY(%(units)s))"
        + " AND (%(who)s::bigint IS NULL OR %(who)s IN (c.inspector_id, c.reporter_id))"
        + " ORDER BY c.reported_at, c.id LIMIT %(limit)s)"
        + DRESS + " ORDER BY p.reported_at, p.id"
    )  # fmt: skip
    return listed(tx, Row, sql, units=None if units is None else list(units), who=inspector, limit=limit)


def tasks(tx: ReadTx, inspector: int, *, limit: int = PAGE) -> list[Row]:
    """The verify and check tasks one inspector holds: dangers first, then first due first. Index: cases_inspector."""
    sql: LiteralString = (
        "WITH page AS (SELECT " + COLUMNS + " FROM cases c WHERE c.inspector_id = %(who)s AND " + OPEN_ONLY
        + " AND c.state IN ('verifying', 'checking') ORDER BY c.hazard DESC, c.stage_due_at, c.id LIMIT %(limit)s)"
        + DRESS + " ORDER BY p.hazard DESC, p.stage_due_at NULLS LAST, p.id"
    )  # fmt: skip
    return listed(tx, Row, sql, who=inspector, limit=limit)


def mine(tx: ReadTx, reporter: int, *, limit: int = PAGE) -> list[Row]:
    """What one person reported, newest first. Index: cases_reporter."""
    sql: LiteralString = (
        "WITH page AS (SELECT " + COLUMNS + " FROM cases c WHERE c.reporter_id = %(who)s"
        + " ORDER BY c.reported_at DESC LIMIT %(limit)s)" + DRESS + " ORDER BY p.reported_at DESC, p.id DESC"
    )  # fmt: skip
    return listed(tx, Row, sql, who=reporter, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many open cases stand in a state, and how many of them are past their stage's due time."""

    state: State
    count: int
    late: int
    hazard: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


TALLY: LiteralString = """c.state, count(*) AS count, count(*) FILTER (WHERE c.stage_due_at < %(now)s) AS late,
    count(*) FILTER (WHERE c.hazard) AS hazard FROM cases c"""


def tally(tx: ReadTx, pool: Pool) -> list[Tally]:
    """The open cases of a pool counted by state; costs by the pool's length."""
    sql: LiteralString = "SELECT " + TALLY + " WHERE c.pool = %(pool)s AND " + OPEN_ONLY + " GROUP BY c.state"
    return rows(tx, Tally, sql, pool=pool.value, now=tx.now)


def tally_units(tx: ReadTx, units: Sequence[str]) -> list[Tally]:
    """The open cases of these units counted by state."""
    sql: LiteralString = "SELECT " + TALLY + " WHERE c.unit_id = ANY(%(units)s) AND " + OPEN_ONLY + " GROUP BY c.state"
    return rows(tx, Tally, sql, units=list(units), now=tx.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to; None: not narrowed. `since` and `until` bound `reported_at`, the second excluded."""

    states: tuple[State, ...] | None = None
    unit: str | None = None
    category: str | None = None
    area: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    late: bool = False


# Fixed pieces, joined only where the filter is given: a generic `(%(x)s IS NULL OR …)` would hide the index.
PIECES: dict[str, LiteralString] = {
    "states": "c.state = ANY(%(states)s)",
    "own": "c.unit_id = u.id",
    "helped": "c.id = ANY (assisted_cases(%(own)s::text[]) || assisted_ended(%(own)s::text[]))"
    " AND c.unit_id <> ALL (%(own)s::text[])",
    "unit": "c.unit_id = %(unit)s",
    "category": "c.category = %(category)s",
    # Every row the area has had: one that was renamed or cut anew is one area.
    "area": "c.area_path && ARRAY(SELECT a.id FROM area s JOIN area a USING (level, code) WHERE s.id = %(area)s)",
    "since": "c.reported_at >= %(since)s",
    "until": "c.reported_at < %(until)s",
    "number": "c.number = %(number)s",
    "late": "c.late",
    "after": "(c.reported_at, c.id) < (%(after_at)s, %(after_id)s)",
}


# A department's list: one walk for each of its units, and the cases in which they assist, or did to the end. Row
# security alone would walk through everybody's cases.
OWN: LiteralString = """
    SELECT w.* FROM (
      SELECT led.* FROM unnest(%(own)s::text[]) AS u(id) CROSS JOIN LATERAL (LED) led
      UNION ALL (HELPED)) w
     ORDER BY w.reported_at DESC, w.id DESC LIMIT %(limit)s
"""


def search(
    tx: ReadTx,
    filters: Filters,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> list[Row]:
    """Cases, newest first; a department's are those it leads or led, and those in which it assists or did to the end.

    Indexes: cases_reported, cases_unit_reported, cases_category_reported, the
    number's own, cases_assisting, cases_assisted_ended.
    """
    given: dict[str, Any] = {
        "states": _words(filters.states),
        "own": list(tx.as_units) if tx.as_units is not None and filters.unit is None else None,
        "unit": filters.unit,
        "category": filters.category,
        "area": filters.area,
        "since": filters.since,
        "until": filters.until,
        "number": filters.number,
        "late": filters.late or None,
        "after": after,
    }
    asked = [name for name, value in given.items() if value is not None]
    walk = _walk(asked)
    if given["own"] is not None:
        walk = OWN.replace("LED", walk).replace(
            "HELPED", _walk(["helped" if name == "own" else name for name in asked])
        )
    sql: LiteralString = "WITH page AS (" + walk + ")" + DRESS + " ORDER BY p.reported_at DESC, p.id DESC"
    at, last = after or (None, None)
    return listed(tx, Row, sql, **given, after_at=at, after_id=last, limit=limit)


def _walk(pieces: Sequence[str]) -> LiteralString:
    """The newest cases of which all these are true."""
    where: LiteralString = " AND ".join([PIECES[name] for name in pieces]) or "true"
    return (
        "SELECT " + COLUMNS + " FROM cases c WHERE " + where + " ORDER BY c.reported_at DESC, c.id DESC LIMIT %(limit)s"
    )


def by_ids(tx: ReadTx, ids: Sequence[int], *, limit: int = 100) -> list[Row]:
    """These cases, newest first: the list behind a figure."""
    sql: LiteralString = (
        "WITH page AS (SELECT " + COLUMNS + " FROM cases c WHERE c.id = ANY(%(ids)s)"
        + " ORDER BY c.reported_at DESC, c.id DESC LIMIT %(limit)s)" + DRESS + " ORDER BY p.reported_at DESC, p.id DESC"
    )  # fmt: skip
    return listed(tx, Row, sql, ids=list(ids), limit=limit)
