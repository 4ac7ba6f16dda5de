"""The feed, read in an order that commits cannot disturb, and the bell that says there is something to read.

A row's number is given before its transaction commits, so that a smaller number may appear after a larger one. Rows are
therefore read in the order of (transaction, number), and only those of transactions below the snapshot's horizon: no
older transaction runs any more, so nothing can appear among them. A place in that order is a `Token`; whoever reads on
from it gets every later row once.

A transaction that writes for long holds the horizon, and with it the feed, for as long: bulk work runs in small ones.
Transaction ids belong to a cluster: after a restore into another one, tokens and rows of before do not fit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gis.db import ReadTx, execute, rows, value, write
from gis.problems import FormIncomplete, Problem

CHANNEL = "wangge_feed"
REST = 0.05  # seconds between two rings of one process: 20 a second at most
log = logging.getLogger("wangge.live")


class Token(NamedTuple):
    """A place in the feed; written `<transaction>-<number>`."""

    tx: int
    id: int

    def __str__(self) -> str:
        return f"{self.tx}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Token:
        """Raises FormIncomplete."""
        left, _, right = text.partition("-")
        short = len(text) <= 40 and text.isascii() and left.isdigit() and right.isdigit()
        if not short or int(left) >= 2**63 or int(right) >= 2**63:
            raise FormIncomplete("This is no place in the feed", zh="续传标记无效", fields={"after": "not a token"})
        return cls(int(left), int(right))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One step of one case; `unit_id` is the unit responsible after it."""

    tx: int
    id: int
    at: datetime
    case_id: int
    seq: int
    action: str
    state: str
    unit_id: str | None

    @property
    def token(self) -> Token:
        """Where one reads on after this row."""
        return Token(self.tx, self.id)


# `tx >=` beside the comparison of both: the index is then entered at the place itself.
SINCE = """
    SELECT tx::text::bigint AS tx, id, at, case_id, seq, action, state, unit_id
      FROM feed
     WHERE tx >= %(place)s::text::xid8 AND (tx, id) > (%(place)s::text::xid8, %(id)s)
       AND tx < pg_snapshot_xmin(pg_current_snapshot())
       AND (%(units)s::text[] IS NULL OR unit_id = ANY(%(units)s))
     ORDER BY feed.tx, feed.id LIMIT %(limit)s
"""


def since(tx: ReadTx, after: Token, *, limit: int = 500, units: Sequence[str] | None = None) -> list[FeedRow]:
    """The rows after a place, oldest first; `units`: of these units only."""
    chosen = None if units is None else list(units)
    return rows(tx, FeedRow, SINCE, place=after.tx, id=after.id, limit=limit, units=chosen)


def here(tx: ReadTx) -> Token:
    """The place after everything that can be read now."""
    return Token(int(value(tx, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")), 0)


# Settled rows are told by the last of them, unsettled ones one by one: a row that commits late then changes the word.
SEEN = """
    WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS tx)
    SELECT concat((SELECT f.tx::text FROM feed f WHERE f.tx < (SELECT tx FROM horizon) ORDER BY f.tx DESC LIMIT 1), '-',
                  (SELECT md5(string_agg(f.id::text, ',' ORDER BY f.id))
                     FROM feed f WHERE f.tx >= (SELECT tx FROM horizon)))
"""


def seen(tx: ReadTx) -> str:
    """A word for all the feed that this transaction sees, the same as long as that is the same. Index: feed_tx."""
    return str(value(tx, SEEN))


class Bell:
    """Rings once for many: a thread of its own notifies, rests, and notifies again if it was asked meanwhile."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Ask for a ring; returns at once. Call it after the commit. One lost costs a second: readers also poll."""
        self._asked.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        rest = threading.Event()
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                with write() as tx:
                    execute(tx, f"NOTIFY {CHANNEL}")
            except Problem:
                log.warning("the bell could not ring; readers poll meanwhile")
                rest.wait(1)
            rest.wait(REST)


_bell = Bell()
ring = _bell.ring
