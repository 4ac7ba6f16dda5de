"""Send what acts left in the outbox. Each message keeps its id however often it is sent."""

from __future__ import annotations

from gis.db import execute, write

__all__ = ["send_due"]

# In-app messages are read from this very table: a stamp sends them. SKIP LOCKED: workers share the queue.
SEND = """
    UPDATE outbox SET sent_at = coalesce((SELECT simulated_now FROM city), clock_timestamp()), attempts = attempts + 1
     WHERE id = ANY (ARRAY(SELECT id FROM outbox WHERE sent_at IS NULL
                            ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
"""


def send_due(*, limit: int = 500) -> int:
    """Send at most `limit` messages, oldest first; how many there were."""
    with write() as tx:
        return execute(tx, SEND, limit=limit)
