"""How far a ranking may be trusted, beside published values, brute force and a pencil."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.evaluation.fairness import Adjusted, Places, Stratum, adjusted, fairness, wilson
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.scheme import standard_schemes
from dispatch.evaluation.score import ranked, score

PLAIN, DEPARTMENT = standard_schemes()["plain-ontime"], standard_schemes()["gb-department"]


# Method 3 of the table in Newcombe, "Two-sided confidence intervals for the single proportion", 1998.
@pytest.mark.parametrize(
    ("above", "below", "low", "high"),
    [
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_an_interval_is_the_published_one(above: int, below: int, low: str, high: str) -> None:
    assert tuple(end.quantize(Decimal("0.0001")) for end in wilson(above, below)) == (Decimal(low), Decimal(high))
    mirrored = wilson(below - above, below)
    assert [1 - end.quantize(Decimal("0.0001")) for end in reversed(mirrored)] == [Decimal(low), Decimal(high)]


def test_a_unit_of_two_cases_can_be_neither_champion_nor_last() -> None:
    found = {"big": counts(95, 100), "tiny": counts(2, 2), "bad": counts(500, 1000)}
    rows = ranked({unit: ("one", here) for unit, here in found.items()}, PLAIN, 20)

    told = fairness(PLAIN, rows, found)

    assert {row.unit: row.place for row in rows} == {"big": 1, "bad": 2, "tiny": None}
    assert (told["tiny"].by_chance, told["tiny"].by_weights) == (None, None)
    assert told["tiny"].interval == (Decimal("34.24"), Decimal("100.00"))
    assert told["big"].by_chance == told["big"].by_weights == Places(1, 1)


def test_places_that_chance_could_have_swapped_are_told_as_a_span() -> None:
    found = {"a": counts(90, 100), "b": counts(88, 100), "c": counts(40, 100)}
    rows = ranked({unit: ("one", here) for unit, here in found.items()}, PLAIN, 20)

    told = fairness(PLAIN, rows, found)

    assert {unit: one.by_chance for unit, one in told.items()} == {
        "a": Places(1, 2), "b": Places(1, 2), "c": Places(3, 3),
    }  # fmt: skip
    assert {unit: one.by_weights for unit, one in told.items()} == {
        "a": Places(1, 1), "b": Places(2, 2), "c": Places(3, 3),
    }  # fmt: skip


def test_points_by_hand_move_the_bounds_whole_and_have_no_weight_that_sways() -> None:
    found = {"a": counts(90, 100), "b": counts(88, 100)}
    rows = ranked({unit: ("one", here) for unit, here in found.items()}, PLAIN, 20, by_hand={"b": Decimal(20)})

    told = fairness(PLAIN, rows, found)

    low, high = (end * 100 + 20 for end in wilson(88, 100))
    assert told["b"].scores == (low.quantize(Decimal("0.01")), high.quantize(Decimal("0.01")))
    assert {unit: (one.by_chance, one.by_weights) for unit, one in told.items()} == {
        "b": (Places(1, 1), Places(1, 1)), "a": (Places(2, 2), Places(2, 2)),
    }  # fmt: skip


def test_groups_are_told_apart_and_a_bad_rate_is_worst_at_its_upper_end() -> None:
    here = Counts(filed=60, should_close=50, closed=50, should_dispose=50, ontime_disposed=50, rework=0)
    found = {"a": here, "b": here}
    rows = ranked({"a": ("one", here), "b": ("two", here)}, DEPARTMENT, 20)

    told = fairness(DEPARTMENT, rows, found)

    assert told["a"].by_chance == told["b"].by_chance == Places(1, 1)
    low = wilson(50, 50)[0]
    # 90 points of volume by 10 %; close and on time at `low`, rework at its upper end, which is 1 - low
    assert told["a"].scores == ((9 + 90 * low).quantize(Decimal("0.01")), Decimal("99.00"))


SMALL = st.integers(0, 30)


@given(tables=st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=2, max_size=4), sway=st.sampled_from((10, 20, 30)))
def test_the_places_under_swaying_weights_are_those_of_every_corner(
    tables: list[tuple[int, int, int]], sway: int
) -> None:
    found = {
        f"u{n}": Counts(
            filed=60, should_close=30, closed=closed, should_dispose=30, ontime_disposed=ontime, rework=rework
        )
        for n, (closed, ontime, rework) in enumerate(tables)
    }
    rows = ranked({unit: ("one", here) for unit, here in found.items()}, DEPARTMENT, 20)
    told = fairness(DEPARTMENT, rows, found, sway=Fraction(sway, 100))

    for unit, here in found.items():
        above = sum(all(gap > 0 for gap in corners(there, here, sway)) for there in found.values())
        perhaps = sum(any(gap > 0 for gap in corners(there, here, sway)) for there in found.values())
        assert told[unit].by_weights == Places(1 + above, 1 + perhaps)


def corners(there: Counts, here: Counts, sway: int) -> list[Fraction]:
    """The difference of two scores with every weight moved to either end."""
    points = [
        Fraction(60 - 60), Fraction((there.closed or 0) - (here.closed or 0), 30),
        Fraction((there.ontime_disposed or 0) - (here.ontime_disposed or 0), 30),
        Fraction((here.rework or 0) - (there.rework or 0), 30),
    ]  # fmt: skip
    moves = product((100 - sway, 100 + sway), repeat=4)
    return [
        sum((w * p * m for w, p, m in zip((10, 30, 30, 30), points, move, strict=True)), Fraction(0)) for move in moves
    ]


def test_who_has_the_harder_cases_is_compared_with_all_at_those_cases() -> None:
    easy, hard = ("06", 1), ("02", 1)
    mix = [
        stratum("a", easy, 10, 9), stratum("a", hard, 30, 15),  # 24 of 40: 60 %
        stratum("b", easy, 30, 24), stratum("b", hard, 10, 3),  # 27 of 40: 67.5 %
        stratum(None, easy, 99, 0),  # nobody's: out of it
    ]  # fmt: skip

    told = adjusted(mix)

    # easy 33 of 40, hard 18 of 40: a 10 x 0.825 + 30 x 0.45 = 21.75; b 30 x 0.825 + 10 x 0.45 = 29.25
    assert told == {
        "a": Adjusted(24, Decimal("21.75"), Decimal("1.10")),
        "b": Adjusted(27, Decimal("29.25"), Decimal("0.92")),
    }
    assert adjusted([stratum("a", easy, 3, 0)]) == {"a": Adjusted(0, Decimal("0.00"), None)}


def stratum(key: str | None, kind: tuple[str, int], cases: int, ontime: int) -> Stratum:
    return Stratum(key=key, class_code=kind[0], area_class=kind[1], season=4, cases=cases, ontime=ontime)


def counts(ontime: int, of: int) -> Counts:
    return Counts(ontime_disposed=ontime, should_dispose=of)


def test_what_is_not_known_has_no_interval() -> None:
    rows = ranked({"a": ("one", Counts())}, PLAIN, 20)

    told = fairness(PLAIN, rows, {"a": Counts()})["a"]

    assert (told.interval, told.scores, told.by_chance, told.adjusted) == (None, None, None, None)
    assert score(PLAIN, Counts()).total is None
