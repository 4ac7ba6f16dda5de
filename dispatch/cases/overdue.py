"""The sweep: fire what is due on cases nobody touches. Any number of workers, after any kill, each event once."""

from __future__ import annotations

from datetime import datetime

from dispatch.cases.act import locked
from dispatch.cases.books import books
from dispatch.cases.save import save
from dispatch.cases.settle import settle
from dispatch.failpoints import failpoint
from gis.db import Tx, value, write

# SKIP LOCKED: another worker, or a person, has this case in hand; whoever has it settles it.
CLAIM = """
    SELECT id FROM cases
     WHERE next_at <= coalesce(%(now)s, (SELECT coalesce(simulated_now,
     clock_timestamp()) FROM city)) AND id <> ALL (%(aside)s)
     ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def sweep(*, now: datetime | None = None, limit: int = 200, durable: bool = True) -> int:
    """Settle at most `limit` cases that are due, each in a transaction of its own; the number of events fired.

    A case that cannot be settled is put aside for this sweep and raised at its end, so that one bad row stops no other.
    """
    fired, aside, fault = 0, [0], None
    for _ in range(limit):
        try:
            count = _settle_next(now, aside, durable)
        except Exception as error:  # the case in hand is `aside[-1]`; the others go on
            fault = error
            continue
        if count is None:
            break
        fired += count
    if fault is not None:
        raise RuntimeError(f"cases {aside[1:]} could not be settled") from fault
    return fired


def settle_case(tx: Tx, case_id: int, *, now: datetime) -> int:
    """Settle one case in the caller's transaction, at the caller's instant: for a rehearsal's clock; events fired."""
    with locked(tx, case_id) as held:
        count = settle(tx, held.draft, books(tx, held.city_version), now)
        if count:
            save(tx, held.draft)
    return count


def _settle_next(now: datetime | None, aside: list[int], durable: bool) -> int | None:
    with write(durable=durable, together=True) as tx:
        case_id = value(tx, CLAIM, now=now, aside=aside)
        if case_id is None:
            return None
        aside.append(case_id)
        with locked(tx, case_id) as held:
            count = settle(tx, held.draft, books(tx, held.city_version), now or held.now)
            failpoint("between-claim-and-fire")
            if count:
                save(tx, held.draft)
    failpoint("after-fire")
    aside.pop()
    return count
