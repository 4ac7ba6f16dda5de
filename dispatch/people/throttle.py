"""Counters in the database, so that they hold for all processes: failed log-ins, and what one address asks for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gis.db import Tx, execute, value

# A lock still running is left as it is (hammering does not lengthen it); one that ended, or an old count, begins anew.
TAKE = """
    INSERT INTO throttle AS t (key, count, since) VALUES (%(key)s, 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET (count, since, locked_until) = (
      SELECT CASE WHEN locked THEN t.count WHEN anew THEN 1 ELSE t.count + 1 END,
             CASE WHEN anew AND NOT locked THEN clock_timestamp() ELSE t.since END,
             CASE WHEN locked THEN t.locked_until
                  WHEN NOT anew AND t.count >= %(limit)s THEN clock_timestamp() + make_interval(secs => %(lock)s) END
        FROM (SELECT coalesce(t.locked_until > clock_timestamp(), false) AS locked,
                     t.locked_until IS NOT NULL
                       OR t.since < clock_timestamp() - make_interval(secs => %(window)s) AS anew) AS standing)
    RETURNING coalesce(ceil(extract(epoch FROM locked_until - clock_timestamp())), 0)::int
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """At most `limit` in `window` seconds; the next one locks for `lock` seconds."""

    limit: int
    window: int
    lock: int


LOG_IN = Bound(limit=5, window=900, lock=300)
REPORTS = Bound(limit=60, window=3600, lock=600)
LOOK_UPS = Bound(limit=120, window=3600, lock=600)


def take(tx: Tx, key: str, bound: Bound) -> int:
    """Count one try; the seconds for which the key is locked, 0 if it is not. Commit it before trying."""
    return int(value(tx, TAKE, key=key, limit=bound.limit, window=bound.window, lock=bound.lock))


def give_back(tx: Tx, key: str) -> None:
    """Uncount one try that turned out good."""
    execute(tx, "UPDATE throttle SET count = greatest(count - 1, 0) WHERE key = %(key)s", key=key)


def forget(tx: Tx, *keys: str) -> None:
    """Begin anew."""
    execute(tx, "DELETE FROM throttle WHERE key = ANY(%(keys)s)", keys=list(keys))


def tidy(tx: Tx) -> int:
    """Delete counters nobody needs any more; how many."""
    return execute(
        tx,
        """DELETE FROM throttle WHERE coalesce(locked_until, since) < clock_timestamp() - interval '1 day'
              AND (left(key, 6) <> 'known:' OR since < clock_timestamp() - interval '30 days')""",
    )


def name_key(login: str) -> str:
    """A login name as it is counted: hashed, since people type passwords into the wrong field."""
    return hashlib.sha256(login.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
