"""Each of the nine stages has its clock, begun and ended by the acts that bound it, by limits per class and danger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from tests.cases.test_granted import row, sound, with_limits
from tests.cases.town import ZONE, Town, look, settled

STAGES = ("accept", "verify", "file", "dispatch", "sign", "dispose", "send_check", "check", "close")
# Stage → what begins it, what ends it, and its limit in the town, ordinary and in danger.
BOUNDS: dict[str, tuple[str, str, str, str]] = {
    "accept": ("register", "accept", "15 urgent_minute", "5 urgent_minute"),
    "verify": ("send_verify", "verify", "2 work_hour", "30 urgent_minute"),
    "file": ("accept", "file", "30 urgent_minute", "10 urgent_minute"),
    "dispatch": ("file", "dispatch", "15 urgent_minute", "10 urgent_minute"),
    "sign": ("dispatch", "sign", "2 work_hour", "15 urgent_minute"),
    "dispose": ("dispatch", "close", "4 work_hour", "2 urgent_day"),
    "send_check": ("pass_to_check", "send_check", "1 work_hour", "15 urgent_minute"),
    "check": ("send_check", "check_pass", "2 work_hour", "1 urgent_hour"),
    "close": ("check_pass", "close", "2 work_hour", "1 urgent_hour"),
}


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def walked(town: Town, category: str, unit: str) -> Receipt:
    """A call from the public, verified, put right and checked: two minutes between its acts."""
    inspector = town.people["inspector1"].person_id
    case = town.told(category=category)
    for action, who, form in (
        (Action.SEND_VERIFY, "acceptor", {"inspector": inspector}),
        (Action.VERIFY, "inspector1", {"result": "true"}),
        (Action.ACCEPT, "acceptor", {"category": category}),
        (Action.FILE, "shift_leader", {"condition": 1}),
        (Action.DISPATCH, "dispatcher", {"unit": unit, "reason": "local"}),
        (Action.SIGN, unit, {}),
        (Action.REPLY, unit, {"photos": (town.photo(2),)}),
        (Action.PASS_TO_CHECK, "dispatcher", {}),
        (Action.SEND_CHECK, "acceptor", {"inspector": inspector}),
        (Action.CHECK_PASS, "inspector1", {"photos": (town.photo(3),)}),
        (Action.CLOSE, "shift_leader", {}),
    ):
        town.later(minutes=2)
        town.do(case, action, who, **form)
    return case


def steps_of(case: Receipt) -> list[dict[str, Any]]:
    return look("SELECT action, at, data FROM step WHERE case_id = %(id)s ORDER BY seq", id=case.case_id)


def marks(case: Receipt, kind: str, mark: str) -> list[tuple[str, list[Any]]]:
    """The acts by which a clock began or stopped."""
    return [
        (step["action"], change)
        for step in steps_of(case)
        for change in step["data"].get("clocks", ())
        if change[0] == mark and change[1] == kind
    ]


def test_the_nine_stages_are_those_of_the_field() -> None:
    assert tuple(BOUNDS) == STAGES


@pytest.mark.parametrize(
    ("category", "unit", "danger"), [("E0405", "enforcement-a", False), ("E0505", "utilities", True)]
)
def test_each_stage_begins_and_ends_with_its_act_by_its_own_limit(
    town: Town, category: str, unit: str, danger: bool
) -> None:
    case = walked(town, category, unit)

    for stage, (begins, ends, calm, urgent) in BOUNDS.items():
        [(began, change)] = marks(case, stage, "+")
        [(ended, _)] = marks(case, stage, "-")
        assert (began, ended) == (begins, ends), stage
        assert " ".join(change[3:5]) == (urgent if danger else calm), stage
        assert change[5], stage
        judged = {}
        for step in steps_of(case):
            judged |= step["data"].get("ontime", {})
        assert judged[stage] is True, stage
    assert sound() == []


def test_each_stage_has_a_limit_of_the_class_where_the_city_sets_one(town: Town) -> None:
    """Street order gets a minute more than ten for every stage; whatever is dangerous keeps its own."""
    with_limits(
        *(
            row(f"L-{stage}", stage, "11", **{"class": "event:04"}) | {"time_class": "urgent_minute"}
            for stage in STAGES
        ),
        *(row(f"D-{stage}", stage, "7", urgent=True, **{"class": "event:05"}) for stage in STAGES),
    )
    calm, danger = walked(town, "E0405", "enforcement-a"), walked(town, "E0505", "utilities")

    for stage in STAGES:
        assert marks(calm, stage, "+")[0][1][3:] == ["11", "urgent_minute", f"stages:new-stages:L-{stage}"], stage
        assert marks(danger, stage, "+")[0][1][3:] == ["7", "work_hour", f"stages:new-stages:D-{stage}"], stage


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_warns_and_lapses_at_its_own_instants(town: Town, stage: str) -> None:
    """Every stage has ten minutes: the warning comes at eight, the lapse at ten, whoever has the case."""
    with_limits(*(row(f"L-{one}", one, "10", category="E0405") | {"time_class": "urgent_minute"} for one in STAGES))
    begun = _until(town, stage)
    town.set(begun[1] + timedelta(minutes=11))
    town.sweep()

    told = {step["action"]: step for step in steps_of(begun[0]) if step["data"].get("clock") == stage}
    assert {action: step["at"] - begun[1] for action, step in told.items()} == {
        "warn": timedelta(minutes=8),
        "lapse": timedelta(minutes=10),
    }


def _until(town: Town, stage: str) -> tuple[Receipt, datetime]:
    """A case at the beginning of a stage."""
    town.set(datetime(2026, 6, 9, 9, 0, tzinfo=ZONE))
    way = {
        "accept": lambda: town.told(category="E0405"),
        "verify": lambda: town.do(
            town.told(category="E0405"), Action.SEND_VERIFY, "acceptor", inspector=town.people["inspector1"].person_id
        ),
        "file": lambda: town.do(town.report(), Action.ACCEPT, "acceptor", category="E0405"),
        "dispatch": town.filed,
        "sign": town.dispatched,
        "dispose": town.handling,
        "send_check": lambda: town.do(town.replied(), Action.PASS_TO_CHECK, "dispatcher"),
        "check": town.checking,
        "close": lambda: town.do(town.checking(), Action.CHECK_PASS, "inspector1", photos=(town.photo(3),)),
    }
    return way[stage](), town.now
