"""Rates to the last digit of published bulletins, and scores that can be checked with a pencil."""

import csv
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.evaluation.rates import RATES, Counts, rates
from dispatch.evaluation.scheme import (
    SCHEME,
    STANDARD,
    Scheme,
    SchemeFault,
    scheme_document,
    schemes_of,
    standard_schemes,
)
from dispatch.evaluation.score import Entry, Score, cases_in, rank, ranked, score
from dispatch.evaluation.score_command import counts_of as from_row

HERE = Path(__file__).parent
ALL = json.loads((HERE / "evaluation_vectors.json").read_text("utf-8"))
VECTORS = [row for row in ALL if "jinhua" not in row["kind"]]
(JINHUA,) = [row for row in ALL if "jinhua" in row["kind"]]
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


def test_jinhuas_deductions_come_out_at_76_8_of_85() -> None:
    scheme = standard_schemes()["jinhua"]
    counts = from_row({name: str(number) for name, number in JINHUA["input"].items()})

    found, printed = score(scheme, counts), rates(counts)

    assert (found.total, scheme.full) == (Decimal("76.80"), 85)
    parts = {part.key: found.points[part.key] * part.weight / 100 for part in scheme.indicators}  # type: ignore[operator]
    assert parts == {key: Decimal(str(points)) for key, points in JINHUA["parts"].items()}
    assert {key: printed[key] for key in JINHUA["rates"]} == {
        key: Decimal(str(value)) for key, value in JINHUA["rates"].items()
    }


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({"closed": 0, "ontime_closed": 0}, {"ontime_close": 0, "close": 0}),  # never below nothing
        ({"closed": 360, "ontime_closed": 280}, {"ontime_close": 100, "close": 100}),  # 90 and 70 %: nothing is lost
        ({"urgent_should": 0, "urgent_closed": 0, "urgent_ontime": 0}, {"urgent": 100}),  # none to be closed
        ({"rework": None}, {"quality": None}),  # not known
    ],
)
def test_a_deduction_stops_at_nothing_and_what_is_not_known_is_no_data(
    changes: dict[str, int | None], points: dict[str, int | None]
) -> None:
    known = {"should_close": 400, "closed": 372, "ontime_closed": 264, "rework": 6, "shirk": 1}
    found = score(standard_schemes()["jinhua"], Counts(**{**known, **changes}))

    assert {key: found.points[key] for key in points} == points
    assert (found.total is None) == (None in points.values())


def test_the_plain_scheme_is_the_on_time_rate() -> None:
    assert score(standard_schemes()["plain-ontime"], Counts(ontime_disposed=2, should_dispose=3)).total == Decimal(
        "66.67"
    )


def test_a_trial_run_is_shown_and_not_ranked_and_so_is_who_the_scheme_leaves_out() -> None:
    scheme = schemes_of(told({"leave_out": [{"unit": "b", "reason": "founded in October"}]}))["gb-department"]
    counts = Counts(filed=48, should_close=46, closed=46, should_dispose=46, ontime_disposed=45, rework=0)
    found = {"a": ("one", counts), "b": ("one", counts)}

    assert [(row.unit, row.place, row.apart) for row in ranked(found, scheme, 20)] == [
        ("a", 1, None),
        ("b", None, "left out"),
    ]
    assert {(row.place, row.apart) for row in ranked(found, scheme, 20, trial=True)} == {(None, "trial")}


@pytest.mark.parametrize("scheme", standard_schemes().values(), ids=lambda scheme: scheme.key)
def test_every_scheme_names_its_source_and_edition_and_is_the_same_after_freezing(scheme: Scheme) -> None:
    assert scheme.source
    assert scheme.edition.startswith(scheme.key)
    assert sum(part.weight for part in scheme.indicators) == scheme.full
    assert SCHEME.validate_python(json.loads(json.dumps(scheme_document(scheme)))) == scheme


def told(changes: dict[str, Any]) -> dict[str, Any]:
    """A document of the departments' scheme alone, changed."""
    document = tomllib.loads(STANDARD.read_text(encoding="utf-8"))
    (row,) = [row for row in document["scheme"] if row["key"] == "gb-department"]
    return {**document, "scheme": [{**row, **changes}]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"full": 85}, "scheme gb-department: the weights sum to 100, not to 85"),
        (
            {"indicator": [{"key": "close_rate", "weight": 60}, {"key": "close_rate", "weight": 40}]},
            "indicator close_rate is given twice",
        ),
        ({"indicator": [{"key": "wrath_rate", "weight": 100}]}, "wrath_rate is not a rate"),
        ({"indicator": [{"key": "close_rate", "weight": 100, "steps": [[1, 1]]}]}, "close_rate is not a count"),
        (
            {"indicator": [{"key": "filed", "weight": 100, "steps": [[9, 9], [8, 8]]}]},
            "the steps of filed do not go up",
        ),
        (
            {"indicator": [{"key": "x", "weight": 100, "lose": [{"key": "filed", "each": 1, "below": 90}]}]},
            "x: filed is not a rate",
        ),
        ({"indicator": [{"key": "close_rate", "weight": -100}]}, "weight: Input should be greater than 0"),
        ({"indicator": [{"key": "close_rate", "weight": 100, "measure": 1}]}, "measure: nothing reads this key"),
        ({"band": [{"name": "A", "from": 60, "colour": "green"}]}, "nothing is said of a score below 60"),
        (
            {"band": [{"name": "A", "from": 90, "colour": "g"}, {"name": "B", "from": 0, "to": 75, "colour": "b"}]},
            "band B goes to 75, and the next begins at 90",
        ),
        (
            {"band": [{"name": "A", "from": 0, "colour": "g"}, {"name": "B", "from": 75, "colour": "b"}]},
            "band B begins at 75: bands go down from 100",
        ),
        ({"sample": ["cases"]}, "sample: cases is not a count"),
        ({"share": "filed"}, "share: filed is not a rate"),
        ({"of": "mayor"}, "of: Input should be 'unit'"),
    ],
)
def test_a_scheme_that_does_not_hold_is_refused_with_the_reason(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SchemeFault) as refused:
        schemes_of(told(changes))

    assert said in str(refused.value)


def test_a_citys_scheme_stands_beside_the_shared_ones_with_their_bands() -> None:
    row = {"key": "own", "name": "自定", "name_en": "Own", "source": "ours", "sample": ["filed"]}
    row |= {"indicator": [{"key": "close_rate", "weight": 100}]}
    document = {"edition": "own-1", "in_force": "2026-07-01", "scheme": [row]}

    found = schemes_of(document, standard_schemes())

    assert found.keys() == standard_schemes().keys() | {"own"}
    assert (found["own"].edition, str(found["own"].in_force)) == ("own-1", "2026-07-01")
    assert found["own"].bands == standard_schemes()["gb-department"].bands
    assert schemes_of({}, standard_schemes()) == standard_schemes()
    with pytest.raises(SchemeFault, match="own is given twice"):
        schemes_of({**document, "scheme": [row, row]}, standard_schemes())
