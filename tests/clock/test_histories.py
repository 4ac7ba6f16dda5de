"""Random histories of a clock end when the minute counter says; all of them: `python -m bench.proof clock`."""

from __future__ import annotations

from bench.histories import histories
from bench.proof import clock
from bench.wall import FIRST_DAYS


def test_no_history_differs_from_the_minute_counter_by_a_second() -> None:
    """One town of every zone and year looked at, among them those where clocks are set."""
    met: set[str] = set()
    for number in range(len(FIRST_DAYS)):
        tally = histories(number, 12)
        assert tally.differs == []
        assert tally.compared > 24
        met |= set(tally.met)
    assert {"rest", "extend", "decree", "work_day_at", "day_at", "work_day_clock", "work_hour", "urgent_day"} <= met


def test_the_same_seed_lives_the_same_histories() -> None:
    first, again = (clock(30, 7) for _ in range(2))

    assert (first.compared, first.met, first.differs) == (again.compared, again.met, [])
    assert first.histories == 30
