"""A process that is frozen with a case in its hand loses it to the others, and changes nothing when it wakes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.calendars.turn import Turn, turn_of
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.worker import recount_deadlines
from gis.db import read
from gis.problems import Unavailable
from tests.cases.test_calendar_turn import decree
from tests.cases.town import Town, look, settled

ROOT = Path(__file__).parents[2]
SWEEPS = """
import sys, gis.db
from dispatch.cases.overdue import sweep
gis.db.configure(sys.argv[1])
sweep()
"""
RECOUNTS = """
import sys, gis.db
from dispatch.worker import recount_deadlines
gis.db.configure(sys.argv[1])
recount_deadlines()
"""
ACTS = """
import sys, uuid, gis.db
from dispatch.cases.act import act
from dispatch.cases.actor import Actor
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
gis.db.configure(sys.argv[1], patience=2)
by = Actor(person_id=int(sys.argv[3]), roles=frozenset({Role.ACCEPTOR}))
with gis.db.write(together=True) as tx:
    act(tx, int(sys.argv[2]), Action.ACCEPT, by, Form(category="E0405"), key=uuid.uuid4())
"""


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def frozen(code: str, url: str, place: str, *words: object) -> subprocess.Popen[bytes]:
    """A process that has stopped at this fail point."""
    command = [sys.executable, "-c", code, url, *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "FAILPOINT": f"{place}:1:stop"})
    assert until(lambda: state(process.pid) == "T")
    return process


def state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


def until(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(Unavailable):  # a lock is waited for only so long
            if condition():
                return True
        time.sleep(0.1)
    return False


def woken(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGCONT)
    return process.wait(60)


def test_what_a_worker_has_claimed_and_not_fired_another_fires_once(town: Town, fresh_database: Urls) -> None:
    for _ in range(3):
        town.report()
    town.later(hours=1)
    process = frozen(SWEEPS, fresh_database.app, "between-claim-and-fire")
    assert town.sweep() == 0  # all are in its hand
    assert until(lambda: town.sweep() == 6)
    assert woken(process) != 0
    assert look("SELECT count(*) AS n FROM step WHERE action IN ('warn', 'lapse')") == [{"n": 6}]


def test_a_web_process_that_is_frozen_in_an_act_keeps_nobody_from_the_case(town: Town, fresh_database: Urls) -> None:
    case = town.report()
    me = town.people["acceptor"].person_id
    process = frozen(ACTS, fresh_database.app, "before-commit", case.case_id, me)
    assert until(lambda: town.do(case, Action.ACCEPT, "acceptor", category="E0405"))
    assert woken(process) != 0
    assert look("SELECT count(*) AS n FROM step WHERE action = 'accept'") == [{"n": 1}]


def test_what_a_frozen_worker_was_counting_by_a_new_calendar_others_count_once(
    town: Town, fresh_database: Urls
) -> None:
    town.later(hours=7)
    cases = [town.handling() for _ in range(6)]
    tomorrow = (town.now + timedelta(days=1)).date()
    edition = decree(town, tomorrow, since=tomorrow)
    town.later(days=1)
    process = frozen(RECOUNTS, fresh_database.app, "between-recounts")
    assert until(lambda: recount_deadlines() or turn(edition).done_at)
    assert woken(process) != 0
    steps = look("SELECT case_id FROM step WHERE action = 'recount' ORDER BY case_id")
    assert steps == [{"case_id": case.case_id} for case in cases]
    assert (turn(edition).cases, turn(edition).moved) == (6, 6)


def turn(edition: int) -> Turn:
    with read() as tx:
        found = turn_of(tx, edition)
    assert found is not None
    return found
