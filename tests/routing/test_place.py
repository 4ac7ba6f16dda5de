"""A fix whose accuracy reaches another answer goes to the dispatcher, with both named; one that cannot, does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatch.routing.decide import Routing
from dispatch.routing.facts import possible_ways
from dispatch.routing.route import route
from dispatch.routing.table import Table
from gis.locate import Place
from tests.routing.town import COVER, EAST, TREE, WEST, Category, book, component, place, road, rule

BOOK = book()


def routed(where: Place | None, category: Category = COVER, *rules: dict[str, Any]) -> Routing:
    return route(category, where, Table(book(*rules), TREE))


def test_a_certain_fix_is_taken_at_its_word() -> None:
    found = routed(place(road("main", 0, 5), road("alley", 0, -8), near=(WEST,)))
    assert (found.unit, found.rule) == ("utilities", "R-3")


def test_within_two_metres_of_a_tie_a_person_decides_unless_the_address_names_the_road() -> None:
    where = place(road("main", 0, 5), road("alley", 0, -6.9))
    assert routed(where).doubtful == "place"
    assert routed(where).between == ("utilities", "east")
    named = routed(replace(where, by_name=True, road_name="人民大道"))
    assert (named.unit, named.facts.street) == ("utilities", "人民大道")
    assert routed(replace(where, by_name=True, accuracy_m=30)).unit == "utilities"


def test_between_two_roads_of_different_owners_a_person_decides() -> None:
    found = routed(place(road("main", 0, 5), road("alley", 0, -9), accuracy_m=3))
    assert (found.unit, found.rule, found.doubtful) == (None, None, "place")
    assert found.between == ("utilities", "east")
    assert "市政局（R-3）" in found.reason
    assert "东区平台（R-4）" in found.reason
    assert "road=alley" in found.reason_en


def test_a_doubtful_place_asks_one_question_whose_answers_lead_to_units() -> None:
    found = routed(place(road("main", 0, 5, name="人民路"), road("alley", 0, -9, name="红荔巷"), accuracy_m=3))
    assert found.question == "在路缘的哪一侧：在人民路（main）还是在红荔巷（alley）？"
    assert found.question_en == "Which side of the kerb: on 人民路 (main) or on 红荔巷 (alley)?"
    assert [(answer.key, answer.unit, answer.rule) for answer in found.answers] == [
        ("road=main", "utilities", "R-3"),
        ("road=alley", "east", "R-4"),
    ]


def test_a_tie_of_two_roads_is_a_doubt_however_good_the_fix() -> None:
    tied = routed(place(road("main", 0, 5), road("alley", 0, -6.9), accuracy_m=0))
    assert (tied.doubtful, tied.between) == ("place", ("utilities", "east"))
    assert routed(place(road("main", 0, 5), road("alley", 0, -7.1), accuracy_m=0)).unit == "utilities"
    assert routed(place(road("main", 0, 39), road("alley", 0, -40.5), accuracy_m=0)).unit == "utilities"


def test_two_roads_of_one_class_are_told_apart_where_a_rule_names_one() -> None:
    rules = [rule("A", 10, "unit:gas", road_name="人民路"), rule("B", 20, "unit:water")]
    pair = (road("main", 0, 5, name="人民路"), road("main", 0, -9, name="新华路"))
    assert routed(place(*pair), COVER, *rules).unit == "gas"
    found = routed(place(*pair, accuracy_m=3), COVER, *rules)
    assert (found.doubtful, found.between) == ("place", ("gas", "water"))
    assert found.question_en == "On which road: on 人民路 (main) or on 新华路 (main)?"


@pytest.mark.parametrize(("metres", "accuracy_m", "unit"), [
    (59, None, "gas"), (61, None, "water"), (59, 2, None), (61, 2, None), (55, 2, "gas"), (65, 2, "water"),
])  # fmt: skip
def test_a_corridor_reaches_so_many_metres_from_a_road_of_its_name(
    metres: float, accuracy_m: float | None, unit: str | None
) -> None:
    rules = [rule("A", 10, "unit:gas", corridor={"road": "人民路", "metres": 60}), rule("B", 20, "unit:water")]
    found = routed(place(road("main", 0, metres, name="人民路"), accuracy_m=accuracy_m), COVER, *rules)
    assert found.unit == unit
    assert found.doubtful == (None if unit else "place")


@pytest.mark.parametrize(
    ("roads", "accuracy_m", "possible"),
    [
        # between two parallel roads one comes nearer as the other goes: the difference shrinks by two metres a metre
        ([("main", 0, 5), ("alley", 0, -9)], 1.9, ["main"]),
        ([("main", 0, 5), ("alley", 0, -9)], 2.1, ["main", "alley"]),
        # at a right angle by the square root of two
        ([("main", 0, 5), ("alley", 9, 0)], 2.8, ["main"]),
        ([("main", 0, 5), ("alley", 9, 0)], 2.9, ["main", "alley"]),
        # a road behind the near one stays behind it, until one has crossed to its half of the ground
        ([("main", 0, 5), ("alley", 0, 25)], 9.0, ["main"]),
        ([("main", 0, 5), ("alley", 0, 25)], 16.0, ["main", "alley"]),
        # out of every road's reach, and into one
        ([("main", 0, 35)], 4.9, ["main"]),
        ([("main", 0, 35)], 5.1, ["main", "none"]),
        ([("main", 0, 45)], 4.9, ["none"]),
        ([("main", 0, 45)], 5.1, ["none", "main"]),
        ([("main", 0, 35), ("alley", 0, -36)], 6.0, ["main", "alley"]),
        # on a road
        ([("main", 0, 0), ("alley", 12, 0)], 5.0, ["main"]),
        ([("main", 0, 0), ("alley", 12, 0)], 7.0, ["main", "alley"]),
        ([], 50.0, ["none"]),
    ],
)
def test_a_road_is_possible_if_some_point_within_the_accuracy_is_nearest_to_it(
    roads: list[tuple[str, float, float]], accuracy_m: float, possible: list[str]
) -> None:
    found = possible_ways(place(*(road(*one) for one in roads), accuracy_m=accuracy_m))
    assert [road_class for road_class, _ in found] == possible


def test_each_other_unit_is_named_once_however_many_ways_lead_to_it() -> None:
    around = (road("main", 0, 5), road("alley", 0, -6), road("branch", 6, 0))
    found = routed(place(*around, accuracy_m=40))
    assert found.between == ("utilities", "east")
    assert found.reason.count("东区平台") == 1


def test_two_roads_of_one_owner_are_no_doubt() -> None:
    found = routed(place(road("main", 0, 5), road("secondary", 0, -5), accuracy_m=10))
    assert (found.unit, found.rule) == ("utilities", "R-3")


def test_a_road_is_no_doubt_where_no_rule_asks_for_it() -> None:
    water = Category(code="E0505", kind="event", class_code="05", types=("water_supply",))
    found = routed(place(road("main", 0, 5), road("alley", 0, -5), accuracy_m=30, near=(WEST,)), water)
    assert (found.unit, found.rule) == ("water", "R-1")


def test_at_the_edge_of_two_districts_a_person_decides() -> None:
    found = routed(place(accuracy_m=10, near=(WEST,)))
    assert (found.unit, found.doubtful, found.between) == (None, "place", ("east", "west"))
    assert "district:02" in found.reason


def test_another_grid_of_the_same_district_is_no_doubt() -> None:
    next_grid = (*EAST[:2], "grid:01001002")
    assert routed(place(accuracy_m=10, near=(next_grid,))).unit == "east"


def test_a_rule_for_one_grid_makes_its_neighbour_doubtful() -> None:
    rules = [rule("A", 10, "unit:gas", area=["grid:01001002"]), rule("B", 20, "territory:district")]
    next_grid = (*EAST[:2], "grid:01001002")
    found = routed(place(accuracy_m=10, near=(next_grid,)), COVER, *rules)
    assert (found.doubtful, found.between) == ("place", ("east", "gas"))


def test_two_components_of_different_owners_within_the_accuracy_are_a_doubt() -> None:
    pair = (component("a", 0, 4, owner="water"), component("b", 0, -6.2, owner="gas"))
    assert routed(place(things=pair, accuracy_m=1.0)).unit == "water"
    found = routed(place(things=pair, accuracy_m=1.2))
    assert (found.doubtful, found.between) == ("place", ("water", "gas"))
    assert "component=b" in found.reason


def test_a_tie_of_two_components_of_different_owners_is_a_doubt_however_good_the_fix() -> None:
    tied = (component("a", 0, 4, owner="water"), component("b", 0, -5.9, owner="gas"))
    found = routed(place(things=tied, accuracy_m=0))
    assert (found.doubtful, found.between) == ("place", ("water", "gas"))
    assert found.question_en.startswith("Which component: component a (owned by water) or component b")
    apart = (component("a", 0, 4, owner="water"), component("b", 0, -6.1, owner="gas"))
    assert routed(place(things=apart, accuracy_m=0)).unit == "water"


def test_two_components_of_one_owner_are_no_doubt() -> None:
    pair = (component("a", 0, 4, owner="water"), component("b", 0, -4, owner="water"))
    found = routed(place(things=pair, accuracy_m=30))
    assert (found.unit, found.facts.component) == ("water", "a")


def test_a_component_just_out_of_reach_is_a_doubt_if_the_accuracy_reaches_it() -> None:
    found = routed(place(things=(component("b", 0, 25, owner="gas"),), accuracy_m=6))
    assert (found.doubtful, found.between) == ("place", ("east", "gas"))


def test_a_place_without_another_answer_within_the_accuracy_is_undecided_too() -> None:
    nowhere = ("district:09", "street:09001", "grid:09001001")
    found = routed(place(accuracy_m=10, near=(nowhere,)))
    assert (found.doubtful, found.between) == ("place", ("east",))
    assert "undecided" in found.reason_en


def test_an_unknown_place_and_one_outside_the_city_go_to_the_dispatcher() -> None:
    assert routed(None).doubtful == "place"
    assert routed(place(areas=())).doubtful == "place"
    assert BOOK.rules
