"""When somebody stands out from everybody else: figures an evaluator can check with a pencil."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dispatch.integrity.judge import Seen, findings, tail
from dispatch.integrity.thresholds import standard, thresholds_of

THRESHOLDS = {"least": 5, "times": 3, "chance": 1000}


def seen(subject: str, traces: int, looked: int = 100) -> Seen:
    return Seen(subject=subject, looked=looked, traces=traces, cases=list(range(traces)))


@pytest.mark.parametrize(
    ("count", "mean", "more", "fewer"),
    [  # from a printed table of Poisson's law
        (0, 1.0, 1.0, 0.36788),
        (5, 1.0, 0.00366, 0.99941),
        (3, 4.0, 0.76190, 0.43347),
        (10, 4.0, 0.00813, 0.99716),
        (2, 10.0, 0.99950, 0.00277),
    ],
)
def test_the_chance_of_so_many_is_poissons(count: int, mean: float, more: float, fewer: float) -> None:
    assert tail(count, mean, fewer=False) == pytest.approx(more, abs=1e-5)
    assert tail(count, mean, fewer=True) == pytest.approx(fewer, abs=1e-5)


def test_what_is_expected_is_the_share_of_all_others() -> None:
    """The others have 6 of 300, so 2 of 100."""
    [one] = findings([seen("a", 12), seen("b", 2), seen("c", 4), seen("d", 0)], fewer=False, thresholds=THRESHOLDS)
    assert (one.subject, one.traces, one.looked, one.expected) == ("a", 12, 100, Decimal("2.00"))
    assert one.cases == list(range(12))


def test_few_traces_are_no_finding_however_rare_they_are_elsewhere() -> None:
    assert findings([seen("a", 4, 4), seen("b", 0, 10_000)], fewer=False, thresholds=THRESHOLDS) == []
    assert len(findings([seen("a", 5, 5), seen("b", 0, 10_000)], fewer=False, thresholds=THRESHOLDS)) == 1


def test_thrice_as_many_are_no_finding_where_chance_gives_as_many() -> None:
    """Six where two are expected: one time in sixty."""
    other = [seen(name, 2) for name in "bcde"]
    assert findings([seen("a", 6), *other], fewer=False, thresholds=THRESHOLDS) == []
    assert len(findings([seen("a", 6), *other], fewer=False, thresholds=THRESHOLDS | {"chance": 50})) == 1


def test_a_busy_person_does_not_stand_out_by_being_busy() -> None:
    assert findings([seen("a", 40, 2000), seen("b", 2), seen("c", 2)], fewer=False, thresholds=THRESHOLDS) == []


def test_too_few_stand_out_where_enough_were_to_be_expected() -> None:
    others = [seen(name, 20) for name in "bcde"]
    assert [one.subject for one in findings([seen("a", 3), *others], fewer=True, thresholds=THRESHOLDS)] == ["a"]
    assert findings([seen("a", 0, 20), *others], fewer=True, thresholds=THRESHOLDS) == []  # four were expected


def test_the_farthest_comes_first_and_an_own_expectation_is_kept() -> None:
    near = Seen(subject="near", looked=50, traces=10, cases=[], expected=Decimal(1))
    far = Seen(subject="far", looked=50, traces=10, cases=[], expected=Decimal("0.1"))
    assert [one.subject for one in findings([near, far], fewer=False, thresholds=THRESHOLDS)] == ["far", "near"]


def test_alone_nobody_stands_out() -> None:
    assert findings([seen("a", 50)], fewer=False, thresholds=THRESHOLDS) == []
    assert findings([], fewer=True, thresholds=THRESHOLDS) == []


def test_a_city_says_its_own_number_and_the_standard_the_others() -> None:
    own = {"integrity": {"invented_find": {"least": 9}}}
    assert thresholds_of(own, "invented_find") == {**standard()["invented_find"], "least": 9}
    assert thresholds_of(own, "staged_fix") == thresholds_of({}, "staged_fix") == dict(standard()["staged_fix"])
    many = [seen("a", 8), *(seen(name, 1) for name in "bcde")]
    assert [one.subject for one in findings(many, fewer=False, thresholds=thresholds_of({}, "invented_find"))] == ["a"]
    assert findings(many, fewer=False, thresholds=thresholds_of(own, "invented_find")) == []
