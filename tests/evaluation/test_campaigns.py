"""A campaign is what it was on a period's last day: what is said of it later changes nothing of the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from dispatch.cluster import Urls
from dispatch.evaluation.measures import Cut, cases_of, measure
from dispatch.evaluation.period import Period, period_of
from dispatch.verify import verify
from gis.db import execute, read, value, write
from tests.cases.town import ZONE, Town, settled

JUNE, JULY = (period_of(name, ZONE) for name in ("2026-06", "2026-07"))
STALLS, LATER = "night-stalls", date(2026, 7, 1)


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """Two cases of the campaign's class in June; it is July."""
    with settled() as town:
        town.closed()
        town.handling()
        town.set(datetime(2026, 7, 10, 9, tzinfo=ZONE))
        town.sweep()
        yield town


def edited(campaigns: list[dict[str, Any]]) -> None:
    """Other campaigns from July on."""
    with write() as tx:
        settings = value(
            tx, "SELECT content FROM edition WHERE kind = 'settings' ORDER BY in_force DESC, id DESC LIMIT 1"
        )
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('settings', gen_random_uuid()::text, %(day)s, '', '', %(content)s)""",
            day=LATER,
            content=Jsonb({**settings, "campaigns": campaigns}),
        )
        execute(tx, "UPDATE city SET version = version + 1")


def told(period: Period) -> list[Any]:
    with read(heavy=True) as tx:
        return [measure(tx, period, Cut(by="campaign")), cases_of(tx, period, STALLS, "report", Cut(by="campaign"))]


def reported(town: Town) -> int:
    """A case of the class, a minute ago."""
    case = town.report()
    town.later(minutes=1)
    return case.case_id


@pytest.mark.parametrize("ended", [True, False], ids=["taken away", "of another class"])
def test_an_edited_campaign_leaves_the_figures_of_the_past_as_they_were(town: Town, ended: bool) -> None:
    before = told(JUNE)
    assert len(before[1]) == 2
    stalls = {"key": STALLS, "name": "夜市", "from": "2026-06-01", "to": "2026-08-31"}
    edited([] if ended else [stalls | {"classes": ["event:05"]}])
    assert told(JUNE) == before
    case = reported(town)
    assert told(JULY)[1] == []
    with read(heavy=True) as tx:
        assert cases_of(tx, JULY, "", "report", Cut(by="city")) == [case]
    assert told(JUNE) == before
    assert [finding.no for finding in verify() if not finding.holds] == []


def test_a_new_campaign_counts_from_the_day_its_edition_holds(town: Town) -> None:
    stalls = {"key": STALLS, "name": "夜市", "from": "2026-06-01", "to": "2026-08-31"}
    edited([stalls | {"classes": ["event:04"]}])
    case = reported(town)
    assert told(JULY)[1] == [case]
