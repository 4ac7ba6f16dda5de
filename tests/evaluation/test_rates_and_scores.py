"""Rates to the last digit of published bulletins, and scores that can be checked with a pencil."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.evaluation.rates import RATES, Counts, rates
from dispatch.evaluation.score import (
    Entry,
    Scheme,
    Score,
    cases_in,
    rank,
    read_schemes,
    score,
    standard_schemes,
)

HERE = Path(__file__).parent
VECTORS = [
    row for row in json.loads((HERE / "evaluation_vectors.json").read_text("utf-8")) if "jinhua" not in row["kind"]
]
NAMES = {"reported": "own_report", "valid": "valid_report"}
SCHEMES = {
    "department": "gb-department",
    "area class 1": "gb-area-1",
    "area class 2": "gb-area-2",
    "inspector": "gb-inspector",
    "acceptor": "gb-acceptor",
    "shift_leader": "gb-shift-leader",
    "dispatcher": "gb-dispatcher",
}


def quotients() -> list[tuple[str, Counts, str, Decimal]]:
    found = []
    with (HERE / "bulletins.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            counts = Counts(**{name: int(row[name]) for name in Counts.names() if row.get(name)})
            for key, rate in RATES.items():
                if row.get(key) and row.get(rate.numerator) and row.get(rate.denominator):
                    found.append((f"{row['unit']} {row['scope']} {key}", counts, key, Decimal(row[key])))
    return found


QUOTIENTS = quotients()


def test_the_bulletins_allow_twenty_eight_quotients() -> None:
    assert len(QUOTIENTS) == 28


@pytest.mark.parametrize(("name", "counts", "key", "published"), QUOTIENTS, ids=[name for name, *_ in QUOTIENTS])
def test_a_published_rate_comes_out_to_the_last_digit(name: str, counts: Counts, key: str, published: Decimal) -> None:
    assert rates(counts)[key] == published


def counts_of(vector: dict[str, Any]) -> Counts:
    given = {NAMES.get(name, name): number for name, number in vector["input"].items()}
    if "voided" in given:
        given["accurate_filed"] = given["filed"] - given.pop("voided")
    if "wrong_dispatched" in given:
        given["accurate_dispatched"] = given["need_dispatch"] - given.pop("wrong_dispatched")
    return Counts(**given)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['kind']} {vector['score']}")
def test_a_worked_score_comes_out(vector: dict[str, Any]) -> None:
    scheme = standard_schemes()[SCHEMES[vector["kind"]]]
    counts = counts_of(vector)

    found, printed = score(scheme, counts), rates(counts)

    for key, value in vector["rates"].items():
        name = "ontime_closing_rate" if (vector["kind"], key) == ("shift_leader", "ontime_close_rate") else key
        assert printed[name] == (None if value is None else Decimal(str(value)))
    if "volume_points" in vector:
        (volume,) = [part.key for part in scheme.indicators if part.steps]
        assert found.points[volume] == vector["volume_points"]
    assert found.total == (None if vector["score"] is None else Decimal(str(vector["score"])))
    assert (
        vector["band"] == ["no data"] if found.band is None else [found.band.name, found.band.colour] == vector["band"]
    )


@pytest.mark.parametrize(
    ("scheme", "number", "grids", "points"),
    [
        ("gb-area-1", 0, 4, 100),
        ("gb-area-1", 1, 4, 90),
        ("gb-area-1", 6, 4, 90),  # 1.5 falls in 1-2
        ("gb-area-1", 10, 4, 75),  # 2.5 falls in 3-4
        ("gb-area-1", 33, 4, 0),
        ("gb-area-2", 33, 4, 40),
        ("gb-area-2", 36, 4, 40),
        ("gb-area-2", 37, 4, 0),
        ("gb-area-2", 5, 0, None),  # an area without grids has no average
        *[("gb-department", n, None, p) for n, p in ((0, 100), (50, 100), (51, 90), (100, 90), (101, 75), (200, 75))],
        *[("gb-department", n, None, p) for n, p in ((201, 60), (500, 60), (501, 40), (999, 40), (1000, 0))],
    ],
)
def test_a_number_earns_the_points_of_the_first_step_it_does_not_exceed(
    scheme: str, number: int, grids: int | None, points: int | None
) -> None:
    assert score(standard_schemes()[scheme], Counts(filed=number, grids=grids)).points["filed"] == points


@given(above=st.integers(0, 10**6), below=st.integers(1, 10**6))
def test_a_rate_is_rounded_half_up_in_whole_numbers(above: int, below: int) -> None:
    shown = rates(Counts(closed=above, should_close=below))["close_rate"]
    assert shown is not None
    hundredths = int(shown * 100)
    assert shown == Decimal(hundredths) / 100
    # the true value lies in [shown - half, shown + half)
    assert 2 * hundredths * below - below <= 2 * above * 10_000 < 2 * hundredths * below + below


def test_unknown_is_not_zero_and_a_zero_denominator_is_no_data() -> None:
    assert rates(Counts(closed=0, should_close=0))["close_rate"] is None
    assert rates(Counts(should_close=5))["close_rate"] is None
    assert rates(Counts(closed=0, should_close=5))["close_rate"] == 0
    assert rates(Counts(closed=1, should_close=200_000))["close_rate"] == 0


@pytest.mark.parametrize(("above", "below", "shown"), [(1, 800, "0.13"), (3, 800, "0.38"), (1, 20_000, "0.01")])
def test_an_exact_half_goes_up(above: int, below: int, shown: str) -> None:
    assert rates(Counts(closed=above, should_close=below))["close_rate"] == Decimal(shown)


def entry(unit: str, total: str | None, group: str = "one", cases: int | None = 100) -> Entry:
    return Entry(unit, group, Score({}, None if total is None else Decimal(total), None), cases)


def test_equal_scores_share_a_place_and_the_next_is_left_out() -> None:
    ranked = rank([entry("c", "80"), entry("b", "90.00"), entry("a", "90"), entry("d", "70")], 20)

    assert [(row.unit, row.place) for row in ranked] == [("a", 1), ("b", 1), ("c", 3), ("d", 4)]


def test_groups_are_ranked_apart_and_small_or_empty_units_stand_aside() -> None:
    ranked = rank(
        [
            entry("a", "80"),
            entry("tiny", "100", cases=19),
            entry("none", None),
            entry("just", "90", cases=20),
            entry("z", "10", group="two"),
        ],
        20,
    )

    assert [(row.unit, row.place, row.apart) for row in ranked] == [
        ("just", 1, None),
        ("a", 2, None),
        ("tiny", None, "small sample"),
        ("none", None, "no data"),
        ("z", 1, None),
    ]


def test_a_small_sample_is_read_where_the_scheme_says() -> None:
    department = standard_schemes()["gb-department"]

    assert cases_in(department, Counts(filed=7)) == 7
    assert cases_in(department, Counts(filed=7, should_close=0)) == 0
    assert cases_in(department, Counts()) is None


@pytest.mark.parametrize("scheme", standard_schemes().values(), ids=lambda scheme: scheme.key)
def test_every_scheme_names_its_source_and_edition_and_weighs_a_hundred(scheme: Scheme) -> None:
    assert scheme.source
    assert scheme.edition.startswith(scheme.key)
    assert sum(part.weight for part in scheme.indicators) == 100


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight = 10, steps", "weight = 11, steps", "gb-department: weights do not sum"),
        ("[100, 90], [200, 75]", "[200, 90], [100, 75]", "the steps of filed do not go up"),
        ('key = "rework_rate"', 'key = "wrath_rate"', "wrath_rate is not a rate"),
        ("from = 0", "from = 10", "bands must go down to 0"),
    ],
)
def test_a_scheme_that_does_not_hold_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (Path(__file__).parents[2] / "data" / "standard" / "schemes.toml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "schemes.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(ValueError, match=said):
        read_schemes(broken)
