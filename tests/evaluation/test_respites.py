"""How often a unit asks for more time beside its peers: figures one can check with a pencil, then those of a town."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.evaluation.respites import Asked, share_of, shares
from dispatch.lifecycle.states import Action
from gis.db import read
from tests.cases.town import Town, settled

A = Action


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def test_a_unit_stands_beside_the_median_of_its_group_who_asks_most_first() -> None:
    """7 of 40 are 17.5; its peers ask in 10.0, 5.0 and 20.0 of a hundred; the middle of all four is 13.75."""
    group = {"a": Asked(40, 7, 3), "b": Asked(30, 3), "c": Asked(20, 1), "d": Asked(25, 5), "few": Asked(2, 2)}
    found = share_of(A.ASK_DELAY, "a", group, quota=Decimal(15), least=20)
    assert (found.own.share, found.median, found.rank, found.of) == (Decimal("17.5"), Decimal("13.8"), 2, 4)
    assert found.over
    assert not found.small
    assert not share_of(A.ASK_DELAY, "b", group, quota=Decimal(15), least=20).over


def test_who_has_asked_for_nothing_is_no_place_among_those_who_ask() -> None:
    group = {"a": Asked(40, 0), "b": Asked(30, 3), "c": Asked(20, 0)}
    found = share_of(A.ASK_DELAY, "a", group, quota=Decimal(15), least=20)
    assert (found.own.share, found.median, found.rank, found.of) == (Decimal("0.0"), Decimal("0.0"), None, 3)


def test_a_small_sample_is_marked_and_gets_no_place() -> None:
    group = {"a": Asked(40, 7), "b": Asked(30, 3), "few": Asked(2, 2)}
    found = share_of(A.ASK_DELAY, "few", group, quota=None, least=20)
    assert (found.small, found.own.share, found.median, found.rank) == (True, Decimal("100.0"), None, None)
    assert not found.over


def test_without_cases_there_is_no_share_and_without_peers_no_place() -> None:
    assert share_of(A.ASK_DELAY, "a", {"a": Asked(0)}, quota=Decimal(5), least=20).own.share is None
    alone = share_of(A.ASK_DELAY, "a", {"a": Asked(50, 1)}, quota=None, least=20)
    assert (alone.small, alone.rank, alone.own.share) == (False, None, Decimal("2.0"))


def test_a_months_asks_are_counted_by_kind_with_what_was_granted(town: Town) -> None:
    until = town.now + timedelta(days=3)
    for grant in (True, False):
        case = town.handling()
        town.do(case, A.ASK_DELAY, "enforcement-a", reason="weather")
        town.do(case, A.APPROVE_DELAY if grant else A.REFUSE_DELAY, "shift_leader", reason="no")
    deferred, suspended = town.dispatched(), town.handling()
    town.do(deferred, A.ASK_DEFER, "enforcement-a", reason="traffic", until=until)
    town.do(suspended, A.ASK_SUSPEND, "enforcement-a", reason="season", until=until)
    town.do(deferred, A.APPROVE_SUSPEND, "dispatcher")
    town.handling("enforcement-b", lon=114.0032, lat=22.5010)
    with read() as tx:
        found = shares(tx, books(tx), "enforcement-a", tx.now)
        later = shares(tx, books(tx), "enforcement-a", tx.now + timedelta(days=30))
    assert {kind: (one.own.cases, one.own.asked, one.own.granted) for kind, one in found.items()} == {
        A.ASK_DELAY: (4, 2, 1),
        A.ASK_DEFER: (4, 1, 1),
        A.ASK_SUSPEND: (4, 1, 0),
    }
    assert found[A.ASK_DELAY].own.share == Decimal("50.0")
    assert later[A.ASK_DELAY].own == Asked(0)  # of the month that has begun since
