"""A rule and a decision as one sentence in both languages, from the row itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dispatch.routing.decide import decide
from dispatch.routing.words import Names, sentence, so_many, trace
from tests.routing.town import TREE, book, facts, rule

NAMES = Names(
    {
        "road:main": ("主干道", "main roads"),
        "unit:gas": ("燃气公司", "Gas"),
        "unit:utilities": ("市政局", "Utilities"),
        "type:municipal": ("市政公用", "municipal utilities"),
        "category:C0101": ("上水井盖", "Water manhole cover"),
        "area:district:01": ("东区", "East"),
        "level:district": ("区", "District"),
        "time_class:work_hour": ("工作时", "working hours"),
    }
)


@pytest.mark.parametrize(
    ("row", "zh", "en"),
    [
        (
            rule("R-1", 10, "unit:gas", type="municipal", road=["main", "none"]),
            "R-1（第 10 级）：责任类型为市政公用，位于主干道、无路处，由燃气公司负责。",
            "R-1 (rank 10): for municipal utilities, on main roads or off every road: Gas answers.",
        ),
        (
            rule("R-2", 20, "owner", kind="component", owner=True) | {"name": "权属优先", "name_en": "Owner first"},
            "R-2“权属优先”（第 20 级）：部件，权属单位明确，由部件的权属单位负责。",
            'R-2 "Owner first" (rank 20): components, with a known owner: the component\'s owner answers.',
        ),
        (
            rule("R-3", 30, "territory:district", corridor={"road": "人民路", "metres": 60}, hours="22:00-06:00"),
            "R-3（第 30 级）：人民路两侧 60 米内，22:00–06:00，由所在区负责。",
            "R-3 (rank 30): within 60 m of 人民路, between 22:00–06:00: the district of the place answers.",
        ),
        (
            rule("R-4", 40, "type:municipal", season=("11-15", "03-15"))
            | {"assist": ["unit:gas"], "limit": {"value": 2, "time_class": "work_hour"}},
            "R-4（第 40 级）：11-15 至 03-15，由市级市政公用单位负责，燃气公司协办，限时 2 工作时。",
            "R-4 (rank 40): from 11-15 until 03-15: the city's unit for municipal utilities answers, assisted by Gas, "
            "within 2 working hours.",
        ),
        (
            rule("R-5", 50, "unit:x"),
            "R-5（第 50 级）：任何事项，由x负责。",
            "R-5 (rank 50): anything: x answers.",
        ),
    ],
)
def test_a_rule_reads_as_one_sentence(row: dict[str, Any], zh: str, en: str) -> None:
    assert sentence(book(row).rules[0], NAMES) == (zh, en)


def test_a_decision_reads_as_one_sentence_with_what_it_saw_and_what_did_not_hold() -> None:
    zh, en = trace(decide(facts(road_name="人民路"), book(), TREE), NAMES)
    assert zh == (
        "上水井盖，street:01001，人民路（主干道）：按 R-3 由市政局负责，R-3的理由；此前不适用："
        "R-2（权属不符）、R-4（道路等级不符）。"
    )
    assert en == (
        "Water manhole cover, street:01001, 人民路 (main roads): Utilities answers by R-3, reason of R-3; "
        "before it did not hold: R-2 (another owner), R-4 (another road class)."
    )


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        ("1", "working days", "working day"), ("1.0", "hours, day and night", "hour, day and night"),
        ("1", "days of 24 hours", "day of 24 hours"), ("2", "working days", "working days"),
        ("0.5", "working hours", "working hours"), ("1", "工作日", "工作日"),
    ],
)  # fmt: skip
def test_one_of_a_time_class_is_no_several(number: str, name: str, said: str) -> None:
    assert so_many(Decimal(number), name) == said
