"""A draft rulebook replayed over a city's whole past."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta

import psycopg

from bench.boards import fill
from bench.ground import Ground
from bench.show import line, say
from dispatch.cases.books import books, forget
from dispatch.cluster import DATABASE
from dispatch.drafts.replay_command import replay_of
from dispatch.evaluation.period import Period
from dispatch.routing.rulebook import rulebook_of
from gis.db import ReadTx, value

__all__ = ["measure_replay"]

# `fill` knows no roads: each case gets one of its grid's, by its id.
ROADS = """
    UPDATE cases SET road_class = (ARRAY['main', 'secondary', 'branch', 'alley', 'none'])[1 + id % 5]
"""
RULES = "SELECT content FROM edition WHERE kind = 'rules' ORDER BY in_force DESC LIMIT 1"
AIM = 20.0


def measure_replay(here: Ground, cases: int) -> None:
    """Fill a database of its own with routed cases of two years; replay the rules without their main-road rule."""
    urls = here.cluster.create_database("wangge_history", template=DATABASE)
    fill(here.cluster.urls("wangge_history").super or "", cases)
    _put_on_roads(here.cluster.urls("wangge_history").super or "")
    forget()
    with closing(psycopg.connect(urls.app)) as connection, connection.transaction():
        tx = ReadTx(connection)
        city = books(tx)
        document = value(tx, RULES)
        kept = [rule for rule in document["rule"] if rule["when"].get("road") is None]
        begin = time.perf_counter()
        past = Period("two years", tx.now - timedelta(days=800), tx.now + timedelta(days=1))
        found = replay_of(tx, city, rulebook_of({**document, "rule": kept}), past)
        spent = time.perf_counter() - begin
    forget()
    note = f"{found.moved:,} of {found.cases:,} cases would have gone elsewhere"
    line("a draft replayed over all cases, seconds", spent, at_most=AIM, note=note)


def _put_on_roads(url: str) -> None:
    begin = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute(ROADS)
        connection.execute("VACUUM ANALYZE cases")
    say(f"roads of all cases in {time.monotonic() - begin:.0f} s")
