"""Send what acts left in the outbox. Each message keeps its id however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.notify.channels import Channel
from gis.db import value, write

__all__ = ["send_due"]

# In-app messages are read from this very table: a stamp sends them. SKIP LOCKED: workers share the queue. With the
# stamp goes one delivery for each person and channel outside; never out of a rehearsal, whose cases never were.
SEND = """
    WITH sent AS (
      UPDATE outbox SET sent_at = coalesce((SELECT simulated_now FROM city), clock_timestamp()), attempts = attempts + 1
       WHERE id = ANY (ARRAY(SELECT id FROM outbox WHERE sent_at IS NULL
                              ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
      RETURNING id, unit_id, person_id),
    told AS (
      SELECT s.id, p.id AS person FROM sent s JOIN person p ON p.id = s.person_id
      UNION
      SELECT s.id, p.id FROM sent s JOIN person p ON p.unit_id = s.unit_id AND NOT p.disabled),
    owed AS (
      INSERT INTO delivery (outbox_id, person_id, channel, created_at, next_at)
      SELECT t.id, t.person, c.name, clock_timestamp(), clock_timestamp()
        FROM told t JOIN person_reach r ON r.person_id = t.person
        JOIN unnest(%(names)s::text[], %(reaches)s::text[]) AS c(name, reach) ON c.reach = r.kind
       WHERE NOT EXISTS (SELECT FROM city WHERE rehearsal = 1))
    SELECT count(*) FROM sent
"""


def send_due(channels: Sequence[Channel] = (), *, limit: int = 500) -> int:
    """Send at most `limit` messages in the product, oldest first, and put down who is told by `channels`; how many."""
    names, reaches = [channel.name for channel in channels], [channel.reach for channel in channels]
    with write() as tx:
        return int(value(tx, SEND, limit=limit, names=names, reaches=reaches))
