"""Which row of the city's limits holds: the most specific one, by an order that is written down."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest

from dispatch.clock import Limit, Rule, TimeClass
from dispatch.clock.keyed import KEYS, Beginning, LimitRow, LimitTable, limit_table_of, rivals, told_apart
from dispatch.clock.season import Season, days_told_apart, season_of

HOURS = Limit(Decimal(4), Rule.WORK_HOUR)
WINTER, SUMMER = Season("11-15", "03-15"), Season("06-01", "08-31")
# A clock that every row of ASKED holds for.
COVER = Beginning(
    stage="dispose", catalogue="c-1", class_code="component:01", category="C0101", condition=2, area_class=1, tier=2,
    day="2026-12-24", urgent=True,
)  # fmt: skip
ASKED: dict[str, Any] = {
    "urgent": True, "condition": 2, "category": "C0101", "class_code": "component:01", "area_class": 1, "tier": 2,
    "season": WINTER, "catalogue": "c-1",
}  # fmt: skip
# And one that each of its keys does not hold for.
OTHERS: dict[str, Any] = {
    "urgent": False, "condition": 1, "category": "C0102", "class_code": "component:02", "area_class": 2, "tier": 3,
    "season": SUMMER, "catalogue": "c-2",
}  # fmt: skip


def row(no: str, stage: str = "dispose", limit: Limit = HOURS, **asked: Any) -> LimitRow:
    return LimitRow(no=no, stage=stage, limit=limit, **asked)


def test_the_order_is_danger_then_what_where_who_and_when() -> None:
    assert KEYS == ("urgent", "condition", "category", "class_code", "area_class", "tier", "season", "catalogue")


@pytest.mark.parametrize(("greater", "less"), list(combinations(KEYS, 2)))
def test_of_two_rows_with_one_key_each_the_one_earlier_in_the_order_wins(greater: str, less: str) -> None:
    rows = [row("less", **{less: ASKED[less]}), row("greater", **{greater: ASKED[greater]}), row("neither")]

    assert [one.no for one in LimitTable(rows).all_for(COVER)] == ["greater", "less", "neither"]


@pytest.mark.parametrize(("greater", "less"), list(combinations(KEYS, 2)))
def test_two_rows_are_told_apart_by_the_first_key_that_only_one_asks_for(greater: str, less: str) -> None:
    one, other = row("a", **{greater: ASKED[greater]}), row("b", **{less: ASKED[less]})

    assert told_apart(one, other) == told_apart(other, one) == greater
    assert told_apart(row("c", **ASKED), one) == next(key for key in KEYS if key != greater)
    assert told_apart(one, row("d", **{greater: OTHERS[greater]})) is None


def test_one_earlier_key_outweighs_all_later_ones() -> None:
    later = {key: ASKED[key] for key in KEYS if key not in ("urgent", "condition", "category")}

    found = LimitTable([row("many", **later), row("one", category="C0101")]).of(COVER)
    assert found is not None
    assert found.no == "one"


@pytest.mark.parametrize("key", KEYS)
def test_a_row_holds_only_where_what_it_asks_for_is_so(key: str) -> None:
    assert row("a", **{key: ASKED[key]}).holds(COVER)
    assert row("a", **ASKED).holds(COVER)
    assert key == "urgent" or not row("a", **{key: OTHERS[key]}).holds(COVER)
    assert not row("a", **(ASKED | {key: OTHERS[key]})).holds(COVER)
    assert not row("a", stage="sign", **{key: ASKED[key]}).holds(COVER)


@pytest.mark.parametrize("key", [key for key in KEYS if key != "urgent"])
def test_what_is_not_known_holds_for_no_row_that_asks_for_it(key: str) -> None:
    assert not row("a", **{key: ASKED[key]}).holds(Beginning(stage="dispose"))
    assert row("a").holds(Beginning(stage="dispose"))


def test_a_row_of_danger_does_not_hold_for_what_is_not_dangerous() -> None:
    table = LimitTable([row("calm"), row("danger", urgent=True), row("place", area_class=1, season=WINTER)])

    assert [one.no for one in table.all_for(Beginning(stage="dispose"))] == ["calm"]
    assert [one.no for one in table.all_for(COVER)] == ["danger", "place", "calm"]  # no place loosens it


def test_a_stage_without_rows_has_no_limit() -> None:
    assert LimitTable([row("a")]).of(Beginning(stage="close")) is None


@pytest.mark.parametrize(
    ("day", "season"),
    [("2026-11-14", "rest"), ("2026-11-15", "winter"), ("2026-12-31", "winter"), ("2027-01-01", "winter"),
     ("2027-03-15", "winter"), ("2027-03-16", "rest"), ("2026-05-31", "rest"), ("2026-06-01", "summer"),
     ("2026-08-31", "summer"), ("2026-09-01", "rest"), ("", "rest")],
)  # fmt: skip
def test_a_season_runs_over_new_year_both_days_inside(day: str, season: str) -> None:
    table = LimitTable([row("rest"), row("winter", season=WINTER), row("summer", season=SUMMER)])

    found = table.of(Beginning(stage="dispose", day=day))
    assert found is not None
    assert found.no == season


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (("11-15", "03-15"), ("06-01", "08-31"), False),
        (("11-15", "03-15"), ("03-15", "05-01"), True),
        (("11-15", "03-15"), ("03-16", "11-14"), False),
        (("06-01", "08-31"), ("07-10", "07-20"), True),
        (("11-15", "03-15"), ("2026-01-01", "2026-01-02"), True),
        (("11-15", "03-15"), ("2026-03-16", "2026-11-14"), False),
        (("2026-01-01", "2026-01-31"), ("2026-01-31", "2026-02-01"), True),
        (("2025-06-01", "2025-06-30"), ("2026-06-01", "2026-06-30"), False),
        (("11-15", "11-20"), ("2026-11-18", "2027-11-01"), True),
        (("02-01", "02-20"), ("2026-11-18", "2027-11-01"), True),
    ],
)
def test_two_rows_that_ask_alike_are_rivals_where_their_seasons_meet(
    one: tuple[str, str], other: tuple[str, str], meet: bool
) -> None:
    rows = [row("a", season=season_of(*one)), row("b", season=season_of(*other))]

    assert [(x.no, y.no) for x, y in rivals(rows)] == ([("a", "b")] if meet else [])
    assert list(rivals([row("a"), row("b", stage="sign")])) == []
    assert len(list(rivals([row("a", area_class=1), row("b", area_class=1)]))) == 1
    assert list(rivals([row("a", area_class=1), row("b", area_class=2)])) == []
    assert list(rivals([row("a", area_class=1), row("b", tier=1)])) == []  # the order tells which


def test_rivals_are_all_the_pairs_that_could_decide_alike() -> None:
    """Over every place a small city has: equal in what they ask for, and both hold somewhere."""
    seasons = [None, WINTER, SUMMER, Season("03-10", "06-10"), Season("2026-12-24", "2026-12-26")]
    rows = [
        row(str(number), area_class=area, tier=tier, season=season)
        for number, (area, tier, season) in enumerate(product((None, 1, 2), (None, 1), seasons))
    ]
    days = [f"{year}-{month:02d}-{day:02d}" for year in (2026, 2027) for month in range(1, 13) for day in range(1, 29)]
    begun = [
        Beginning(stage="dispose", area_class=area, tier=tier, day=day)
        for area, tier, day in product((1, 2), (1, 2), days)
    ]
    by_hand = {
        (one.no, other.no)
        for one, other in combinations(rows, 2)
        if one.asks == other.asks and any(one.holds(case) and other.holds(case) for case in begun)
    }

    assert {(one.no, other.no) for one, other in rivals(rows)} == by_hand
    assert by_hand


@pytest.mark.parametrize(
    ("start", "end"),
    [("11-15", None), (None, None), ("11-15", "2026-03-15"), ("13-01", "03-15"), ("11-32", "12-01"), ("2026-03-15",
     "2025-11-15"), ("winter", "spring"), (1115, 315)],
)  # fmt: skip
def test_what_is_no_season_is_none(start: object, end: object) -> None:
    assert season_of(start, end) is None


def test_a_season_of_one_day_is_one() -> None:
    day = season_of("2026-05-01", "2026-05-01")

    assert day == Season("2026-05-01", "2026-05-01")
    assert (day.holds("2026-05-01"), day.holds("2026-05-02"), day.holds("2027-05-01")) == (True, False, False)


def test_the_days_told_apart_begin_a_season_or_follow_one() -> None:
    assert days_told_apart(()) == {"2024-01-01"}
    assert days_told_apart([Season("06-01", "08-30")]) == {
        "2024-01-01", "2024-06-01", "2025-06-01", "2024-08-31", "2025-08-31",
    }  # fmt: skip


def test_an_edition_is_read_with_the_numbers_its_rows_are_cited_by() -> None:
    classes = {"work_hour": TimeClass(Rule.WORK_HOUR), "noon": TimeClass(Rule.DAY_AT, time(12))}
    document = [
        {"stage": "sign", "limit": 2.0, "time_class": "work_hour", "urgent": False},
        {"stage": "sign", "limit": 1, "time_class": "work_hour", "urgent": True},
        {
            "no": "L-1", "stage": "dispose", "limit": "2", "time_class": "noon", "class": "event:01",
            "category": "E0101", "condition": 1, "area_class": 1, "tier": 3, "from": "11-15", "until": "03-15",
            "catalogue": "c-1", "source": "art. 1",
        },
    ]  # fmt: skip

    table = limit_table_of(document, classes)

    assert set(table.by_no) == {"sign", "sign urgent", "L-1"}
    assert table.by_no["sign"] == row("sign", "sign", Limit(Decimal("2.0"), Rule.WORK_HOUR))
    assert table.by_no["sign urgent"].urgent is True
    assert table.by_no["L-1"] == row(
        "L-1", "dispose", Limit(Decimal(2), Rule.DAY_AT, time(12)), class_code="event:01", category="E0101",
        condition=1, area_class=1, tier=3, season=WINTER, catalogue="c-1", source="art. 1",
    )  # fmt: skip
