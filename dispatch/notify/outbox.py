"""Send what acts left in the outbox. Each message keeps its id however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.notify.channels import Channel
from gis.db import TAKEOVER, value, write

__all__ = ["send_due"]

# In-app messages are read from this very table: a stamp sends them. SKIP LOCKED: workers share the queue. With the
# stamp goes one delivery for each person and channel outside; never out of a rehearsal, whose cases never were. What
# is not urgent keeps to the channels that the person wants, and waits until the quiet hours are over.
SEND = """
    WITH sent AS (
      UPDATE outbox SET sent_at = coalesce((SELECT simulated_now FROM city), clock_timestamp()), attempts = attempts + 1
       WHERE id = ANY (ARRAY(SELECT id FROM outbox WHERE sent_at IS NULL
                              ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
      RETURNING id, unit_id, person_id, case_id, urgent),
    told AS (
      SELECT s.id, p.id AS person, s.case_id, s.urgent FROM sent s JOIN person p ON p.id = s.person_id
      UNION
      SELECT s.id, p.id, s.case_id, s.urgent FROM sent s JOIN person p ON p.unit_id = s.unit_id AND NOT p.disabled),
    owed AS (
      INSERT INTO delivery (outbox_id, person_id, channel, created_at, next_at)
      SELECT t.id, t.person, c.name, clock_timestamp(), CASE WHEN u.urgent OR NOT u.quiet THEN clock_timestamp() ELSE
             (here::date + (here::time >= w.quiet_until)::int + w.quiet_until) AT TIME ZONE zone END
        FROM told t JOIN person_reach r ON r.person_id = t.person
        JOIN unnest(%(names)s::text[], %(reaches)s::text[]) AS c(name, reach) ON c.reach = r.kind
        CROSS JOIN (SELECT coalesce((SELECT document ->> 'time_zone' FROM city), 'UTC')) AS z(zone)
        CROSS JOIN LATERAL (SELECT clock_timestamp() AT TIME ZONE zone) AS h(here)
        LEFT JOIN person_preference w ON w.person_id = t.person
        LEFT JOIN cases k ON k.id = t.case_id
        CROSS JOIN LATERAL (SELECT t.urgent OR coalesce(k.hazard, false),
                   coalesce(CASE WHEN w.quiet_from < w.quiet_until
                                 THEN here::time >= w.quiet_from AND here::time < w.quiet_until
                                 ELSE here::time >= w.quiet_from OR here::time < w.quiet_until END, false)
                   ) AS u(urgent, quiet)
       WHERE NOT EXISTS (SELECT FROM city WHERE rehearsal = 1)
         AND (u.urgent OR NOT c.name = ANY (coalesce(w.muted, '{}'))))
    SELECT count(*) FROM sent
"""


def send_due(channels: Sequence[Channel] = (), *, limit: int = 500) -> int:
    """Send at most `limit` messages in the product, oldest first, and put down who is told by `channels`; how many."""
    names, reaches = [channel.name for channel in channels], [channel.reach for channel in channels]
    with write(patience=TAKEOVER) as tx:
        return int(value(tx, SEND, limit=limit, names=names, reaches=reaches))
