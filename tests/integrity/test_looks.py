"""What the tests of integrity hold finds against: time that was walked, not time still to come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.cluster import Urls
from dispatch.evaluation.period import period_of
from dispatch.integrity.board import TESTS, seen_by
from dispatch.integrity.thresholds import thresholds_of
from gis.db import execute, read, write
from tests.cases.town import MONDAY, ZONE, settled


@pytest.mark.parametrize("name", ["volume_padding", "under_reporting"])
def test_a_shift_that_goes_on_counts_until_now_and_eight_hours_at_most(fresh_database: Urls, name: str) -> None:
    with settled() as town:
        with write() as tx:
            begun = "INSERT INTO shift (person_id, duty_grid, started_at) VALUES (%(p)s, 'G1', %(at)s)"
            execute(tx, begun, p=town.people["inspector1"].person_id, at=MONDAY)
        for later, minutes in ((90, 90), (20 * 60, 480)):
            town.set(MONDAY + timedelta(minutes=later))
            with read() as tx:
                seen = seen_by(tx, TESTS[name], period_of("2026-06", ZONE), thresholds_of({}, name))
            assert [one.looked for one in seen] == [minutes]
