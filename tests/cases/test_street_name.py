"""A report that names its road is routed by that road, and stays so when it is routed again."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.lifecycle.states import Action
from tests.cases.town import Town, look

NEARER_THE_AVENUE = {"lon": 114.00065, "lat": 22.5003}  # 33 m from 人民大道, 37 m from the end of 河东巷


def route_of(case_id: int) -> dict[str, Any]:
    found: dict[str, Any] = look("SELECT route FROM cases WHERE id = %(id)s", id=case_id)[0]["route"]
    return found


@pytest.mark.parametrize(
    ("words", "road", "street"),
    [
        ({}, "main", None),
        ({"street_name": "河东巷"}, "alley", "河东巷"),
        ({"address": "东河区河东巷3号门前"}, "alley", "河东巷"),
        ({"street_name": "没有的路"}, "main", None),
    ],
)
def test_the_road_a_report_names_routes_it(town: Town, words: dict[str, str], road: str, street: str | None) -> None:
    case = town.report("C0135", **NEARER_THE_AVENUE, **words)
    facts = route_of(case.case_id)["facts"]
    assert (facts.get("road"), facts.get("street")) == (road, street)
    assert look("SELECT road_class FROM cases WHERE id = %(id)s", id=case.case_id)[0]["road_class"] == road
    town.do(case, Action.ACCEPT, "acceptor", category="C0103")
    anew = route_of(case.case_id)["facts"]
    assert (anew["category"], anew.get("road"), anew.get("street")) == ("C0103", road, street)
