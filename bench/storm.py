"""Many deadlines, five workers, and freezes and kills among them: `python -m bench.storm`.

Every deadline has to fire exactly once. A frozen worker wakes long after the database has given up what it held.
One line a check, as in `bench.chaos`; what is there afterwards is read from the tables.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from contextlib import suppress
from typing import Any, cast

import numpy
import psycopg

from bench.deadlines import Drawn, fill_open
from bench.ground import Ground, by_chance, ground
from bench.show import say

WORKERS = 5
FROZEN = 8.0  # seconds: beyond the five after which the database gives a silent transaction up
A_SECOND = 300  # deadlines, spread evenly: less than the workers can fire, so that a wait is a blow's
TAKEOVER = 10
PATIENCE = 600.0
LEFT = "SELECT count(*) FROM cases WHERE next_at IS NOT NULL"
CHECKS = {
    "missing": """
        SELECT count(*) FROM cases c
         WHERE (SELECT count(*) FROM fired f WHERE f.case_id = c.id AND f.event = 'lapse') <> 1
    """,
    "doubled": """
        SELECT count(*) FROM (SELECT FROM step WHERE action = 'lapse' GROUP BY case_id HAVING count(*) > 1) AS twice
    """,
    "at-another-instant": """
        SELECT count(*) FROM step s JOIN cases c ON c.id = s.case_id WHERE action = 'lapse' AND at <> c.due_at
    """,
    "waited-longer-than-a-takeover": f"""
        SELECT count(*) FROM step WHERE action = 'lapse' AND recorded_at - at > interval '{TAKEOVER} seconds'
    """,
}
WAITS = """
    SELECT max(extract(epoch FROM recorded_at - at))::float8,
           count(*) FILTER (WHERE recorded_at - at > interval '2 seconds') FROM step WHERE action = 'lapse'
"""


def storm(here: Ground, cases: int, blows: int, chance: random.Random) -> None:
    """Let all fall due evenly; freeze and kill in turn until they have."""
    lasts = max(cases / A_SECOND, blows * (FROZEN + 3) / 2)
    first = int(time.time() + 10 + cases / 5000)  # when they are written and the workers run
    due = first + (numpy.arange(cases) * lasts / cases).astype(numpy.int64)
    fill_open(here.urls.super or "", Drawn(due - 86_400, due - 3600, due, fired="warn"))
    names = [f"work-{number}" for number in range(1, WORKERS + 1)]
    for name in names:
        here.start(name, "work")
    time.sleep(max(0.0, first - time.time()))
    for number in range(blows):
        (_freeze if number % 2 else _kill)(here, chance.choice(names))
        time.sleep(1.0)
    end = time.monotonic() + lasts + PATIENCE
    while _ask(here, LEFT)[0] and time.monotonic() < end:
        time.sleep(0.5)


def checked(here: Ground, cases: int) -> bool:
    """Whether every deadline fired exactly once, at its instant, in time."""
    well = True
    for name, sql in CHECKS.items():
        (value,) = _ask(here, sql)
        well = well and value == 0
        sys.stdout.write(f"CHECK P10 {name} value={value} target==0 n={cases} {'PASS' if value == 0 else 'FAIL'}\n")
        sys.stdout.flush()
    longest, late = _ask(here, WAITS)
    say(f"the longest wait {longest:.1f} s; {late:,} of {cases:,} waited more than 2 s")
    return well


def _kill(here: Ground, name: str) -> None:
    here.stop(name, signal.SIGKILL)
    here.start(name, "work")


def _freeze(here: Ground, name: str) -> None:
    """It wakes when the database has long given up what it held."""
    process = here.processes[name].pid
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGSTOP)
        time.sleep(FROZEN)
        os.killpg(process, signal.SIGCONT)


def _ask(here: Ground, sql: str) -> Any:
    with psycopg.connect(here.urls.super or "") as connection:
        return connection.execute(cast(Any, sql)).fetchone()


def lose_one(here: Ground) -> None:
    """The bad twin: what was fired once is gone. The checks must say so."""
    with psycopg.connect(here.urls.super or "", autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM fired WHERE case_id = 1")


def main() -> int:
    """0 if every deadline fired exactly once."""
    parser = argparse.ArgumentParser(prog="bench.storm", description="Five workers, frozen and killed (docs/bench.md).")
    parser.add_argument("--cases", type=int, default=100_000, help="deadlines (default: %(default)s)")
    parser.add_argument("--blows", type=int, default=20, help="freezes and kills in turn (default: %(default)s)")
    chosen = by_chance(parser, twin="lose a fired deadline on purpose: a check must FAIL")
    with ground(chosen.city) as here:
        begin = time.monotonic()
        storm(here, chosen.cases, chosen.blows, random.Random(chosen.seed))  # noqa: S311  (who is hit next)
        if chosen.twin:
            lose_one(here)
        well = checked(here, chosen.cases)
        say(f"{chosen.cases:,} deadlines and {chosen.blows} blows in {time.monotonic() - begin:.0f} s")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
