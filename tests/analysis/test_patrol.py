"""Hours on patrol: what was walked, not what is still to come."""

from __future__ import annotations

from datetime import timedelta

from dispatch.analysis.questions import hot_spots, patrol_by_hour
from dispatch.cluster import Urls
from dispatch.evaluation.period import period_of
from gis.db import execute, read, write
from tests.cases.town import MONDAY, ZONE, settled


def test_a_shift_that_goes_on_counts_until_now_and_eight_hours_at_most(fresh_database: Urls) -> None:
    with settled() as town:
        with write() as tx:
            begun = "INSERT INTO shift (person_id, duty_grid, started_at) VALUES (%(p)s, 'G1', %(at)s)"
            execute(tx, begun, p=town.people["inspector1"].person_id, at=MONDAY)
        for later, minutes, hours in ((90, 90, ["09", "10"]), (20 * 60, 480, [f"{hour:02d}" for hour in range(9, 17)])):
            town.set(MONDAY + timedelta(minutes=later))
            with read() as tx:
                june = period_of("2026-06", ZONE)
                assert [one.minutes for one in hot_spots(tx, june, ZONE)] == [minutes]
                assert sorted(patrol_by_hour(tx, june, ZONE)) == hours
