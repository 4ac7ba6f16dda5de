"""Cards by rule: the how-many-th lapse of one cause within so many days is yellow, or red. No hand gives one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from dispatch.parked import ASIDE, Kind, each
from gis.db import column, execute, gone, one, value, write

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
         AND s.unit_id IS NOT NULL AND (%(unit)s::text IS NULL OR s.unit_id = %(unit)s)
         AND s.unit_id <> ALL (%(aside)s::text[])
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
# While a unit stands aside, what is due to it is looked for as far back as it was.
LOOKED = """
    UPDATE city SET cards_until = %(until)s
     WHERE cards_until IS DISTINCT FROM %(until)s AND NOT EXISTS (SELECT FROM parked WHERE kind = 'cards')
"""
HOLD = "UPDATE city SET cards_until = %(since)s WHERE cards_until IS NULL"
UNITS = """
    SELECT DISTINCT unit_id FROM step
     WHERE action IN ('lapse', 'check_fail') AND recorded_at > %(since)s AND unit_id IS NOT NULL ORDER BY 1
"""
# These stood aside, had their turn, and went well; not those that were passed over, whose time may have come since.
FORGIVE = "DELETE FROM parked WHERE kind = 'cards' AND key <> ALL (%(aside)s::text[])"
DAYS = 30


@dataclass(frozen=True, slots=True)
class _City:
    rules: dict[str, Any] | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Due:
    """By which rules, and what has become known since when."""

    rules: dict[str, Any]
    since: datetime


def give() -> int:
    """Give what is due by the city's rules, each once; how many. A city without `[cards]` gives none.

    Where that cannot be done for all units together, each is taken by itself, and the one put aside
    (`dispatch.parked`) of which it cannot be done.
    """
    with write() as tx:
        city = one(tx, _City, CITY)
        if city is None or not city.rules:
            execute(tx, LOOKED, until=None)  # rules that come later are not for what was before them
            return 0
        week = tx.now - LOOK_BACK
        due = _Due(city.rules, week if city.until is None else min(city.until, week))
    try:
        return _give(due)
    except Exception as error:  # of which unit it is, is seen by taking each by itself
        if gone(error):
            raise
        with write() as tx:
            execute(tx, HOLD, since=due.since)
            units = column(tx, UNITS, since=due.since)
        return each(Kind.CARDS, units, lambda unit: _give(due, unit))


def _give(due: _Due, unit: str | None = None) -> int:
    causes = {cause: due.rules[cause] for cause in CAUSES if cause in due.rules}
    days = int(due.rules.get("days", DAYS))
    with write() as tx:
        aside = column(tx, ASIDE, kind=Kind.CARDS.value) if unit is None else []
        given = {"now": tx.now, "since": due.since, "days": days, "rules": Jsonb(causes), "unit": unit, "aside": aside}
        count = int(value(tx, GIVE, **given))
        if unit is None:
            execute(tx, FORGIVE, aside=aside)
            execute(tx, LOOKED, until=tx.now)
        return count
