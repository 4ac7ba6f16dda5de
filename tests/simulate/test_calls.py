"""In a city that lives on, whoever is rung for a simulated case answers in his time; for a visitor's own, nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from collectors.rehearsal.pages import HEARD, answer_calls
from collectors.rehearsal.scene import Scene, scene_of
from dispatch.alarms.ring import ring_due
from dispatch.cluster import Urls
from gis.db import read
from tests.cases.town import Town, look
from tests.duty.town import ENFORCEMENT, LADDERS, LINES, on_duty

ANSWERED = "SELECT case_id FROM alarm_call k JOIN alarm a ON a.id = alarm_id WHERE acknowledged_at IS NOT NULL"


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    with on_duty(tmp_path, "2026-06-08T08:00", (*LINES, *ENFORCEMENT), LADDERS) as town:
        yield town


@pytest.fixture
def scene(town: Town) -> Scene:
    with read() as tx:
        return scene_of(tx, 7)


def simulated(urls: Urls, *cases: int) -> None:
    mark = """UPDATE report SET position = coalesce(position, '{}') || '{"rehearsal": 1}'
               WHERE id = (SELECT report_id FROM cases WHERE id = %s)"""
    with psycopg.connect(urls.owner) as owner:
        for case in cases:
            owner.execute(mark, [case])


def test_calls_are_answered_after_a_while_but_for_those_of_a_visitor(
    town: Town, scene: Scene, fresh_database: Urls
) -> None:
    cases = [town.dispatched().case_id for _ in range(8)]
    own = town.dispatched().case_id
    simulated(fresh_database, *cases)
    town.later(minutes=15)
    assert ring_due() == 9
    assert answer_calls(scene, town.now) == 0  # they have only just been rung
    town.later(minutes=14)
    answered = answer_calls(scene, town.now)
    assert 4 <= answered <= 8  # some hear nothing
    assert own not in {row["case_id"] for row in look(ANSWERED)}
    assert answer_calls(scene, town.now) == 0


def test_what_rang_while_nobody_lived_here_is_not_answered_hours_later(
    town: Town, scene: Scene, fresh_database: Urls
) -> None:
    simulated(fresh_database, town.dispatched().case_id)
    town.later(minutes=15)
    ring_due()
    assert answer_calls(scene, town.now + HEARD + timedelta(minutes=1)) == 0
