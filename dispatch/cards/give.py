"""Cards by rule: the how-many-th lapse of one cause within so many days is yellow, or red. No hand gives one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from gis.db import execute, one, value, write

__all__ = ["CAUSES", "GIVE", "LOOK_BACK", "give"]

CAUSES = ("late_work", "late_click", "wrong_data")
LOOK_BACK = timedelta(days=7)  # at least so far; farther where nobody has looked for longer
# Late work: the disposal clock ran out. Late click: that of signing. Wrong data: a reply that its check found untrue.
# What was found wrong is no lapse and counts for none after it. A lapse is known when it is noticed, which may be long
# after it: whatever has become known since `since` is looked at. Index: step_lapses.
GIVE = """
    WITH fresh AS (
      SELECT min(at) AS earliest FROM step WHERE action IN ('lapse', 'check_fail') AND recorded_at > %(since)s),
    lapsed AS (
      SELECT s.case_id, s.seq, s.unit_id, s.at, s.recorded_at,
             CASE WHEN s.action = 'check_fail' THEN 'wrong_data' WHEN s.data ->> 'clock' = 'sign' THEN 'late_click'
                  WHEN s.data ->> 'clock' = 'dispose' THEN 'late_work' END AS cause
        FROM step s
       WHERE s.action IN ('lapse', 'check_fail')
         AND s.recorded_at >= (SELECT earliest FROM fresh) - make_interval(days => %(days)s)
         AND s.unit_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM card k WHERE k.case_id = s.case_id AND k.seq = s.seq AND k.ruling = 'wrong')),
    counted AS (
      SELECT *, count(*) OVER (PARTITION BY unit_id, cause ORDER BY at
                               RANGE BETWEEN make_interval(days => %(days)s) PRECEDING AND CURRENT ROW) AS nth
        FROM lapsed WHERE cause IS NOT NULL),
    given AS (
      INSERT INTO card (case_id, seq, unit_id, cause, colour, nth, rule, at, given_at)
      SELECT c.case_id, c.seq, c.unit_id, c.cause,
             CASE WHEN c.nth >= (r.rule ->> 'red')::int THEN 'red' ELSE 'yellow' END, c.nth,
             r.rule || jsonb_build_object('days', %(days)s::int), c.at, %(now)s
        FROM counted c JOIN jsonb_each(%(rules)s) AS r(cause, rule) ON r.cause = c.cause
       WHERE c.recorded_at > %(since)s AND c.nth >= least((r.rule ->> 'yellow')::int, (r.rule ->> 'red')::int)
      ON CONFLICT (case_id, seq) DO NOTHING
      RETURNING case_id, unit_id, cause, colour, at),
    told AS (
      INSERT INTO outbox (case_id, kind, unit_id, created_at) SELECT case_id, 'card_' || colour, unit_id, at FROM given)
    SELECT count(*) FROM given
"""
CITY = "SELECT document -> 'cards' AS rules, cards_until AS until FROM city"
LOOKED = "UPDATE city SET cards_until = %(until)s WHERE cards_until IS DISTINCT FROM %(until)s"
DAYS = 30


@dataclass(frozen=True, slots=True)
class _City:
    rules: dict[str, Any] | None
    until: datetime | None


def give() -> int:
    """Give what is due by the city's rules, each once; how many. A city without `[cards]` gives none."""
    with write() as tx:
        city = one(tx, _City, CITY)
        if city is None or not city.rules:
            execute(tx, LOOKED, until=None)  # rules that come later are not for what was before them
            return 0
        rules, week = city.rules, tx.now - LOOK_BACK
        since = week if city.until is None else min(city.until, week)
        causes = {cause: rules[cause] for cause in CAUSES if cause in rules}
        days = int(rules.get("days", DAYS))
        count = int(value(tx, GIVE, now=tx.now, since=since, days=days, rules=Jsonb(causes)))
        execute(tx, LOOKED, until=tx.now)
        return count
