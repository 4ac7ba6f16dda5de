"""Lengths of time of imported cases: what the other system tells, in whole seconds, cut off as the calendar does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from dispatch.cases.books import books
from dispatch.cases.imports import Imported, receive_import
from dispatch.cluster import Urls
from dispatch.evaluation.measures import Cut, cases_of
from dispatch.evaluation.period import period_of
from dispatch.evaluation.spans import SPANS, lasted, spans
from gis.db import read, write
from tests.cases.town import MONDAY, ZONE, settled

# All that they lived through lies in the first; of the second only their ends do.
PERIODS = ("2026-06", "2026-06-03..2026-06-30")
REPORTED = datetime(2026, 6, 2, 9, 0, 0, 400_000, tzinfo=ZONE)  # a Tuesday
DONE = datetime(2026, 6, 3, 10, 0, 0, 950_000, tzinfo=ZONE)


@pytest.fixture(scope="module")
def cases(database: Urls) -> Iterator[dict[str, int]]:
    """One that says when it was dispatched, and two that do not."""
    with settled() as town:
        town.set(MONDAY)
        told: dict[str, dict[str, datetime]] = {
            "known": {"dispatched_at": REPORTED + timedelta(hours=1)},
            "one": {},
            "other": {},
        }
        yield {name: _imported(**more) for name, more in told.items()}


def _imported(**more: datetime) -> int:
    with write() as tx:
        return receive_import(
            tx,
            Imported(
                id=uuid4(), source="import", reported_at=REPORTED, closed=True, category="E0405", lon=114.0005,
                lat=22.501, unit="enforcement-a", due_at=DONE + timedelta(days=1), disposed_at=DONE,
                closed_at=DONE + timedelta(minutes=1), **more,
            ),
        ).case_id  # fmt: skip


@pytest.mark.parametrize("name", PERIODS)
def test_who_does_not_say_when_it_was_dispatched_has_no_length_of_disposal(cases: dict[str, int], name: str) -> None:
    period, city = period_of(name, ZONE), Cut(by="city")
    sent = REPORTED + timedelta(hours=1)
    with read(heavy=True) as tx:
        work = books(tx).calendar.count(int(sent.timestamp()), int(DONE.timestamp()))
        told = spans(tx, period, city)[""]
        listed = {key: dict(lasted(tx, period, "", span, city)) for key, span in SPANS.items()}
        assert cases_of(tx, period, "", "disposed", city) == sorted(cases.values())
    day = 24 * 3600
    assert listed["dispose_work_median"] == listed["dispose_work_p80"] == {cases["known"]: work}
    assert listed["dispose_median"] == {cases["known"]: day}  # and 0.55 seconds
    assert listed["close_median"] == dict.fromkeys(cases.values(), day + 3660)
    assert told == {
        "dispose_work_median": work, "dispose_work_p80": work, "dispose_median": day, "dispose_p80": day,
        "close_median": day + 3660, "close_p80": day + 3660,
    }  # fmt: skip
    assert 0 < work < day
