"""Send what acts left in the outbox. Each message keeps its id however often it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from dispatch.notify.channels import Channel
from dispatch.parked import Kind, each
from dispatch.told import say
from gis.db import TAKEOVER, column, gone, one, read, write

__all__ = ["send_due"]

QUIET = "21:00-08:00"  # wall time in which whoever reported a case is left alone, where the city says nothing

WAITING: LiteralString = """
    SELECT id FROM outbox m
     WHERE sent_at IS NULL AND (%(only)s::bigint IS NULL OR id = %(only)s)
       AND NOT EXISTS (SELECT FROM parked p
                        WHERE p.kind = 'message' AND p.key = m.id::text
                          AND clock_timestamp() BETWEEN p.last_at AND p.again_at)
     ORDER BY id LIMIT %(limit)s
"""
# In-app messages are read from this very table: a stamp sends them. SKIP LOCKED: workers share the queue. With the
# stamp goes one delivery for each person and channel outside; never out of a rehearsal, whose cases never were: it may
# write what is of the last hour into files. What is not urgent keeps to the channels that the person wants, and waits
# until the quiet hours are over. A message to nobody in particular is for whoever reported the case: by the channel for
# citizens, at hours that the city sets.
SEND: LiteralString = f"""
    WITH sent AS (
      UPDATE outbox SET sent_at = coalesce((SELECT simulated_now FROM city), clock_timestamp()), attempts = attempts + 1
       WHERE id = ANY (ARRAY({WAITING} FOR UPDATE OF m SKIP LOCKED))
      RETURNING id, unit_id, person_id, case_id, urgent, sent_at - created_at AS age),
    forgiven AS (DELETE FROM parked p USING sent s WHERE p.kind = 'message' AND p.key = s.id::text),
    channel AS (
      SELECT * FROM unnest(%(names)s::text[], %(reaches)s::text[], %(citizens)s::bool[], %(insides)s::bool[])
                 AS c(name, reach, citizens, inside)),
    staff AS (
      SELECT s.id, p.id AS person, s.case_id, s.urgent, s.age FROM sent s JOIN person p ON p.id = s.person_id
      UNION
      SELECT s.id, p.id, s.case_id, s.urgent, s.age
        FROM sent s JOIN person p ON p.unit_id = s.unit_id AND NOT p.disabled),
    told AS (
      SELECT t.id, t.person, c.name AS channel, t.urgent OR coalesce(k.hazard, false) AS urgent,
             coalesce(w.muted, '{{}}') AS muted, w.quiet_from, w.quiet_until, c.inside AND t.age < '1 hour' AS inside
        FROM staff t JOIN person_reach r ON r.person_id = t.person JOIN channel c ON c.reach = r.kind
        LEFT JOIN person_preference w ON w.person_id = t.person LEFT JOIN cases k ON k.id = t.case_id
      UNION ALL
      SELECT s.id, NULL, c.name, s.urgent, '{{}}', split_part(q.hours, '-', 1)::time, split_part(q.hours, '-', 2)::time,
             c.inside AND s.age < '1 hour'
        FROM sent s JOIN cases k ON k.id = s.case_id AND k.tell_in IS NOT NULL JOIN channel c ON c.citizens
        CROSS JOIN (SELECT coalesce((SELECT document #>> '{{citizens,quiet}}' FROM city), %(quiet)s)) AS q(hours)
       WHERE s.unit_id IS NULL AND s.person_id IS NULL),
    owed AS (
      INSERT INTO delivery (outbox_id, person_id, channel, created_at, next_at)
      SELECT t.id, t.person, t.channel, clock_timestamp(), CASE WHEN t.urgent OR NOT u.quiet THEN clock_timestamp() ELSE
             (here::date + (here::time >= t.quiet_until)::int + t.quiet_until) AT TIME ZONE zone END
        FROM told t
        CROSS JOIN (SELECT coalesce((SELECT document ->> 'time_zone' FROM city), 'UTC')) AS z(zone)
        CROSS JOIN LATERAL (SELECT clock_timestamp() AT TIME ZONE zone) AS h(here)
        CROSS JOIN LATERAL (SELECT
                   coalesce(CASE WHEN t.quiet_from < t.quiet_until
                                 THEN here::time >= t.quiet_from AND here::time < t.quiet_until
                                 ELSE here::time >= t.quiet_from OR here::time < t.quiet_until END, false)
                   ) AS u(quiet)
       WHERE (t.inside OR NOT EXISTS (SELECT FROM city WHERE rehearsal = 1))
         AND (t.urgent OR NOT t.channel = ANY (t.muted)))
    SELECT count(*)::int AS count, coalesce(array_agg(DISTINCT person_id) FILTER (WHERE person_id IS NOT NULL), '{{}}')
           AS people, coalesce(array_agg(DISTINCT unit_id) FILTER (WHERE unit_id IS NOT NULL), '{{}}') AS units
      FROM sent
"""


@dataclass(frozen=True, slots=True)
class _Sent:
    """How many messages, and whom they concern."""

    count: int
    people: list[int]
    units: list[str]


def send_due(channels: Sequence[Channel] = (), *, limit: int = 500) -> int:
    """Send at most `limit` messages in the product, oldest first, and put down who is told by `channels`; how many.

    Where one of them cannot be sent, each is taken by itself, and that one put aside (`dispatch.parked`).
    """
    given = {
        "names": [channel.name for channel in channels],
        "reaches": [channel.reach for channel in channels],
        "citizens": [channel.citizens for channel in channels],
        "insides": [channel.inside for channel in channels],
    }
    try:
        return _send(given, limit)
    except Exception as error:  # which one it is, is seen by taking each by itself
        if gone(error):
            raise
        with read() as tx:
            waiting = column(tx, WAITING, limit=limit, only=None)
        return each(Kind.MESSAGE, waiting, lambda message: _send(given, 1, only=message))


def _send(given: Mapping[str, object], limit: int, *, only: int | None = None) -> int:
    with write(patience=TAKEOVER) as tx:
        sent = one(tx, _Sent, SEND, limit=limit, only=only, quiet=QUIET, **given) or _Sent(0, [], [])
        if sent.people or sent.units:
            say(tx, sent.people, sent.units)
        return sent.count
