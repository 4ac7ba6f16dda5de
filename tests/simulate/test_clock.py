"""The simulated clock is a rehearsal's: no hand switches it on over real cases."""

from __future__ import annotations

import psycopg
import pytest

from dispatch.cluster import Urls
from gis.db import execute, write
from tests.cases.town import MONDAY, Town, look, settled

SWITCH = "UPDATE city SET simulated_now = %(now)s"


def real(town: Town) -> None:
    """Back to the real clock, as a city begins."""
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = NULL, rehearsal = 0")


def test_no_simulated_clock_over_a_city_that_holds_real_cases(fresh_database: Urls) -> None:
    with settled() as town:
        real(town)
        town.told()
        with pytest.raises(psycopg.errors.CheckViolation, match="holds real cases"), write() as tx:
            execute(tx, SWITCH, now=MONDAY)
        with (
            psycopg.connect(fresh_database.owner) as owner,
            pytest.raises(psycopg.errors.CheckViolation, match="holds real cases"),
        ):
            owner.execute(SWITCH, {"now": MONDAY})
    assert look("SELECT simulated_now FROM city") == [{"simulated_now": None}]


def test_one_over_a_city_without_cases_goes_on(fresh_database: Urls) -> None:
    with settled() as town:
        real(town)
        town.set(MONDAY)
        town.told()
        town.later(hours=1)


def test_a_rehearsal_that_was_halted_goes_on(fresh_database: Urls) -> None:
    """All its cases are invented: the clock may be switched off and on again, until one real case has come in."""
    with settled() as town:
        town.told(raw={"crs": "wgs84", "x": 114.0005, "y": 22.5010, "rehearsal": 7})
        real(town)
        town.set(MONDAY)
        real(town)
        town.told()
        with pytest.raises(psycopg.errors.CheckViolation, match="holds real cases"):
            town.set(MONDAY)
