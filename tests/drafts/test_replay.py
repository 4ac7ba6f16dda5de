"""A rulebook replayed over cells of history, counted by hand."""

from __future__ import annotations

from decimal import Decimal

from dispatch.drafts.replay import Achieved, Cell, Replay, replay
from dispatch.routing.decide import Routing
from dispatch.routing.facts import Facts

LAMPS, SHOPS = "component:02", "event:04"


def facts(class_: str, road: str) -> Facts:
    return Facts(
        category="any", kind=class_.split(":")[0], category_class=class_, types=(), road=road, areas=("district:1",)
    )


def cell(class_: str, road: str, cases: int, judged: int, ontime: int, *, grids: tuple[int, ...] = ()) -> Cell:
    sample = f"{class_}-{road}"
    return Cell(facts=facts(class_, road), cases=cases, judged=judged, ontime=ontime, sample=sample, grids=grids)


def did(unit: str | None, class_: str, judged: int, ontime: int) -> Achieved:
    return Achieved(unit=unit, class_=class_, judged=judged, ontime=ontime)


def rules(**units: str | None):
    """Who answers by road class."""

    def answer(asked: Facts) -> Routing:
        return Routing(facts=asked, edition="x", unit=units[asked.road], rule=f"R-{asked.road}")

    return answer


PAST = [
    cell(LAMPS, "main", 10, 8, 6, grids=(7,) * 6 + (9,) * 4),
    cell(LAMPS, "alley", 20, 20, 15, grids=(7,) * 20),
    cell(SHOPS, "alley", 4, 4, 1),
    cell(SHOPS, "none", 3, 0, 0, grids=(9, 9)),
]
DONE = [did("utilities", LAMPS, 8, 6), did("east", LAMPS, 20, 15), did("east", SHOPS, 4, 1)]
BEFORE = rules(main="utilities", alley="east", none=None)
AFTER = rules(main="east", alley="east", none="east")


def loads(found: Replay) -> dict[str, tuple[int, int, Decimal | None, Decimal | None]]:
    return {x.unit: (x.before, x.after, x.rate_before, x.rate_after) for x in found.loads}


def test_a_case_has_moved_if_another_unit_would_have_got_it():
    found = replay(PAST, BEFORE, AFTER, done=DONE)
    assert (found.cases, found.moved) == (37, 13)
    assert (found.undecided_before, found.undecided_after) == (3, 0)
    assert [(m.class_, m.before, m.after, m.cases, m.samples) for m in found.moves] == [
        (LAMPS, "utilities", "east", 10, ("component:02-main",)),
        (SHOPS, None, "east", 3, ("event:04-none",)),
    ]
    assert found.grids == {7: 6, 9: 6}  # one of the thirteen lies in no unit grid


def test_what_comes_counts_at_the_units_own_share_for_the_class():
    # East did 15 of 20 lamps in time: of the 8 judged ones that come, 6 are expected. (16 + 6) / (24 + 8) = 68.75 %
    assert loads(replay(PAST, BEFORE, AFTER, done=DONE)) == {
        "east": (24, 37, Decimal("66.67"), Decimal("68.75")),
        "utilities": (10, 0, Decimal("75.00"), None),
    }


def test_a_unit_without_a_past_is_expected_to_do_as_the_city_did():
    found = replay(PAST, BEFORE, rules(main="new", alley="east", none=None), done=DONE)
    # All lamps: 21 of 28 in time.
    assert loads(found)["new"] == (0, 10, None, Decimal("75.00"))


def test_the_same_rules_move_nothing():
    found = replay(PAST, BEFORE, BEFORE, done=DONE)
    assert (found.moved, found.moves, found.grids) == (0, (), {})
    assert all(x.before == x.after and x.rate_before == x.rate_after for x in found.loads)


def test_the_report_is_kept_as_text_and_numbers():
    kept = replay(PAST, BEFORE, AFTER, done=DONE).document()
    assert kept["loads"][0] == {
        "unit": "east",
        "before": 24,
        "after": 37,
        "rate_before": "66.67",
        "rate_after": "68.75",
    }
    assert kept["moves"][0]["samples"] == ["component:02-main"]
