"""The sweep: fire what is due on cases nobody touches. Any number of workers, after any kill, each event once."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from dispatch.cases.act import locked
from dispatch.cases.books import books
from dispatch.cases.save import save
from dispatch.cases.settle import settle
from dispatch.cases.settle_many import Settled, settle_many
from dispatch.failpoints import failpoint
from dispatch.parked import Kind, park
from gis.db import TAKEOVER, Tx, column, gone, write

BATCH = 20  # cases in one transaction: whoever wants one of them waits for the others as well
# SKIP LOCKED: another worker, or a person, has this case in hand; whoever has it settles it. A case put aside while the
# machine's clock was far ahead (`last_at` is still to come) waits no longer.
CLAIM: LiteralString = """
    SELECT c.id FROM cases c
     WHERE c.next_at <= coalesce(%(now)s, (SELECT coalesce(simulated_now, clock_timestamp()) FROM city))
       AND NOT EXISTS (SELECT FROM parked p
                        WHERE p.kind = 'case' AND p.key = c.id::text
                          AND clock_timestamp() BETWEEN p.last_at AND p.again_at)
     ORDER BY c.next_at LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED
"""


def sweep(*, now: datetime | None = None, limit: int = 200, durable: bool = True) -> int:
    """Settle about `limit` of the cases that are due, `BATCH` in each transaction; the number of events fired.

    A case that cannot be settled is put aside (`dispatch.parked`), so that it stops no other.
    """
    fired, left, size = 0, limit, BATCH
    while left > 0:
        claimed: list[int] = []
        try:
            found = _settle_next(claimed, size, now=now, durable=durable)
        except Exception as error:  # the database refused one of them: which, is seen by taking each by itself
            if gone(error) or not claimed:
                raise
            if size == 1:
                park(Kind.CASE, dict.fromkeys(claimed, error))
            size = 1
            left -= 1
            continue
        if not claimed:
            break
        left -= len(claimed)
        fired += found.events
        park(Kind.CASE, found.faults)
    return fired


def _settle_next(claimed: list[int], size: int, *, now: datetime | None, durable: bool) -> Settled:
    """The next cases that are due, in one transaction; `claimed` names them, whatever becomes of it."""
    with write(durable=durable, patience=TAKEOVER) as tx:
        claimed += column(tx, CLAIM, now=now, limit=size)
        found = settle_many(tx, claimed, now=now)
        if claimed:
            failpoint("between-claim-and-fire")
    failpoint("after-fire")
    return found


def settle_case(tx: Tx, case_id: int, *, now: datetime) -> int:
    """Settle one case in the caller's transaction, at the caller's instant: for a rehearsal's clock; events fired."""
    with locked(tx, case_id) as held:
        count = settle(tx, held.draft, books(tx, held.city_version), now)
        if count:
            save(tx, held.draft)
    return count
