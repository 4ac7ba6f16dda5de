"""What moved a score, and which cases cost most, beside a pencil."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.evaluation.moved import Flaw, costs, moved
from dispatch.evaluation.period import period_of, previous
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.scheme import schemes_of, standard_schemes
from tests.cases.town import ZONE

DEPARTMENT, PLAIN = standard_schemes()["gb-department"], standard_schemes()["plain-ontime"]
SMALL = st.integers(0, 40)


def counts(filed: int, should: int, closed: int, ontime: int, rework: int) -> Counts:
    return Counts(
        filed=filed, should_close=should, closed=closed, should_dispose=should, ontime_disposed=ontime, rework=rework
    )


def test_each_indicators_move_is_told_and_they_add_up() -> None:
    told = moved(DEPARTMENT, counts(128, 125, 120, 114, 2), counts(48, 46, 46, 45, 0))

    assert (told.before, told.now, told.by) == (Decimal("93.18"), Decimal("99.35"), Decimal("6.17"))
    # 75 to 100 by 10 %; 96 to 100, 91.2 to 97.826…, 98.4 to 100 by 30 % each
    assert {move.part.key: str(move.by) for move in told.moves} == {
        "filed": "2.50", "close_rate": "1.20", "ontime_disposal_rate": "1.99", "rework_rate": "0.48",
    }  # fmt: skip
    assert told.rounding == 0


@given(before=st.tuples(*[SMALL] * 3), now=st.tuples(*[SMALL] * 3))
def test_rounding_never_leaves_more_than_some_hundredths(before: tuple[int, ...], now: tuple[int, ...]) -> None:
    told = moved(DEPARTMENT, counts(9, 40, *before), counts(9, 40, *now))

    assert told.by == sum((move.by for move in told.moves if move.by is not None), told.rounding)
    assert abs(told.rounding) <= Decimal("0.03")


def test_without_data_nothing_moved_by_a_number() -> None:
    told = moved(DEPARTMENT, Counts(), counts(48, 46, 46, 45, 0))

    assert (told.before, told.by, told.rounding) == (None, None, 0)
    assert [move.by for move in told.moves] == [None] * 4


def test_a_case_costs_what_the_score_would_gain() -> None:
    here = counts(48, 50, 48, 45, 1)
    ways: list[tuple[str, ...]] = [("late",), ("late", "open"), ("rework",), ("shirk",)]
    found = [Flaw(**{**NONE, **dict.fromkeys(way, True)}, cases=1, first=[n]) for n, way in enumerate(ways)]

    told = costs(DEPARTMENT, here, found)

    # one of fifty by 30 points: 0.60; open it misses two rates; a refused return is in no indicator of this scheme
    assert [(cost.flaw.first, str(cost.each)) for cost in told] == [([1], "1.20"), ([0], "0.60"), ([2], "0.60")]
    assert costs(DEPARTMENT, Counts(), found) == []
    assert [cost.flaw.first for cost in costs(PLAIN, here, found)] == [[0], [1]]


def test_a_late_or_open_case_costs_in_every_indicator_that_it_is_in() -> None:
    loss = {
        "key": "delay",
        "name": "delay",
        "name_en": "delay",
        "weight": 10,
        "lose": [{"key": "overdue_open", "each": 1}],
    }
    late = {**loss, "key": "late", "lose": [{"key": "late_disposed", "each": 2}]}
    row = {"key": "own", "of": "unit", "edition": "own-1", "in_force": "2026-01-01", "name": "own", "name_en": "own",
           "source": "made up", "sample": ["should_dispose"], "indicator": [
               {"key": "ontime_disposal_rate", "weight": 80}, loss, late]}  # fmt: skip
    scheme = schemes_of({"scheme": [row]}, standard_schemes())["own"]
    here = Counts(should_dispose=10, ontime_disposed=7, disposed=9, late_disposed=2, overdue_open=1)
    found = [
        Flaw(**{**NONE, "late": True}, cases=2, first=[1]),
        Flaw(**{**NONE, "late": True, "open": True}, cases=1, first=[2]),
    ]

    # a tenth of 80 points each; the late one two more of its loss, the open one one more
    assert [(cost.flaw.first, str(cost.each)) for cost in costs(scheme, here, found)] == [([1], "10.00"), ([2], "9.00")]


NONE = dict.fromkeys(("late", "open", "closed_late", "rework", "shirk"), False)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("2026-01", "2025-12"),
        ("2026-Q1", "2025-Q4"),
        ("2026", "2025"),
        ("2026-W01", "2025-W52"),
        ("2026-03-01..2026-03-10", "2026-02-19..2026-02-28"),
    ],
)
def test_the_period_before_is_of_the_same_kind(name: str, before: str) -> None:
    assert previous(period_of(name, ZONE), ZONE).name == before
