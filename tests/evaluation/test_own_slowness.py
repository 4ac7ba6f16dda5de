"""The centre answers for its own stages by the rule by which units answer for theirs: in time, of what was due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from dispatch.cluster import Urls
from dispatch.evaluation.measures import Cut, measure
from dispatch.evaluation.period import period_of
from dispatch.evaluation.posts import Post
from dispatch.evaluation.rates import Counts, rates
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import MONDAY, ZONE, Town, settled

WEEK = "2026-W24"


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def of(town: Town, post: Post, login: str) -> Counts:
    with read() as tx:
        found = {one.key: one.counts for one in measure(tx, period_of(WEEK, ZONE), Cut(by=post))}
    return found[str(town.people[login].person_id)]


def test_each_post_is_late_where_its_own_clock_lapsed(town: Town) -> None:
    """Limits of 15, 30 and 15 minutes. Of three cases one is accepted late, one filed late, one dispatched late."""
    for accept, file, dispatch in ((16, 5, 5), (15, 31, 5), (5, 30, 16)):
        case = town.report()
        town.later(minutes=accept)
        town.do(case, Action.ACCEPT, "acceptor", category="E0405")
        town.later(minutes=file)
        town.do(case, Action.FILE, "shift_leader", condition=1)
        town.later(minutes=dispatch)
        town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a", reason="local")
    town.set(MONDAY + timedelta(days=7))

    acceptor, leader, dispatcher = (
        of(town, "acceptor", "acceptor"), of(town, "shift_leader", "shift_leader"), of(town, "dispatcher", "dispatcher")
    )  # fmt: skip
    assert (acceptor.accepted, acceptor.ontime_accepted) == (3, 2)
    assert (leader.filed, leader.ontime_filed) == (3, 2)
    assert (dispatcher.need_dispatch, dispatcher.ontime_dispatched) == (3, 2)
    shown = [
        rates(counts)[key]
        for counts, key in (
            (acceptor, "ontime_accept_rate"),
            (leader, "ontime_filing_rate"),
            (dispatcher, "ontime_dispatch_rate"),
        )
    ]
    assert shown == [Decimal("66.67")] * 3
