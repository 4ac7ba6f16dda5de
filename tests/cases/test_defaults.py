"""超期默认: whatever a unit asks for is answered when its time has run out, as the city's data say, and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY, ZONE, Town, look, routed

pytestmark = pytest.mark.usefixtures("monday")

A = Action


KINDS: tuple[tuple[Action, Callable[[Town], Receipt], dict[str, Any], str, str, str, str], ...] = (
    # asked, from, with, granted, state then, refused, state then
    (A.ASK_RETURN, Town.handling, {"reason": "not_owner"}, "approve_return", "filed", "refuse_return", "handling"),
    (A.ASK_DELAY, Town.handling, {"reason": "weather"}, "approve_delay", "handling", "refuse_delay", "handling"),
    (A.ASK_DEFER, Town.dispatched, {"reason": "traffic"}, "approve_suspend", "suspended", "refuse_suspend", "handling"),
    (A.ASK_SUSPEND, Town.handling, {"reason": "season"}, "approve_suspend", "suspended", "refuse_suspend", "handling"),
)


IDS = [kind[0].value for kind in KINDS]


@pytest.mark.parametrize("default", ["grant", "refuse"])
@pytest.mark.parametrize(
    ("ask", "way", "form", "granted", "then", "refused", "else_"), KINDS, ids=[k[0] for k in KINDS]
)
def test_an_ask_that_nobody_answers_is_answered_by_default_at_its_instant(
    town: Town, ask: Action, way: Callable[[Town], Receipt], form: dict[str, Any], granted: str, then: str,
    refused: str, else_: str, default: str,
) -> None:  # fmt: skip
    case = way(town)
    until = {"until": town.now + timedelta(days=20)} if ask in (A.ASK_DEFER, A.ASK_SUSPEND) else {}
    town.do(case, ask, "enforcement-a", **form, **until)
    town.set(MONDAY + timedelta(hours=7))
    with town.policy(unanswered=default):
        town.sweep()
    [step] = look(
        """SELECT action, to_state, at, role, data FROM step
            WHERE case_id = %(id)s AND (action LIKE 'approve%%' OR action LIKE 'refuse%%')""",
        id=case.case_id,
    )
    wanted = (granted, then) if default == "grant" else (refused, else_)
    assert (step["action"], step["to_state"]) == wanted
    assert (step["at"], step["role"]) == (MONDAY + timedelta(hours=6), "system")  # four working hours after nine
    assert (step["data"]["default"], step["data"]["form"]["reason"]) == (True, "default")


@pytest.mark.parametrize(("default", "due"), [("grant", 16), ("refuse", 10)])
def test_over_the_holidays_the_time_to_answer_rests_and_the_units_own_time_with_it(
    town: Town, default: str, due: int
) -> None:
    """Sent at four on the last working day, asked at five: an hour of the four to answer is left over to the eighth.

    The case's own four hours end at ten that morning; what is granted an hour later adds four from there."""
    town.set(datetime(2026, 9, 30, 16, 0, tzinfo=ZONE))
    case = town.handling()
    town.later(hours=1)
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="weather")
    town.set(datetime(2026, 10, 7, 23, 0, tzinfo=ZONE))
    with town.policy(unanswered=default):
        town.sweep()
        assert look("SELECT state, late FROM cases WHERE id = %(id)s", id=case.case_id) == [
            {"state": "delay_asked", "late": False}
        ]
        town.set(datetime(2026, 10, 8, 11, 30, tzinfo=ZONE))
        town.sweep()
    [step] = look(
        "SELECT at FROM step WHERE case_id = %(id)s AND action IN ('approve_delay', 'refuse_delay')", id=case.case_id
    )
    assert step["at"] == datetime(2026, 10, 8, 11, 0, tzinfo=ZONE)
    assert look("SELECT late, due_at FROM cases WHERE id = %(id)s", id=case.case_id) == [
        {"late": default == "refuse", "due_at": datetime(2026, 10, 8, due, 0, tzinfo=ZONE)}
    ]


def test_what_is_asked_of_a_danger_is_answered_within_the_hour_on_a_holiday_too(town: Town) -> None:
    town.set(datetime(2026, 10, 3, 2, 0, tzinfo=ZONE))
    (kind,) = look(
        """SELECT c.code, f.no FROM category c JOIN filing_condition f ON f.edition_id = c.edition_id
              AND f.category = c.code WHERE c.hazard AND f.time_class LIKE 'urgent%%' ORDER BY c.code, f.no LIMIT 1"""
    )
    case = town.filed(str(kind["code"]), kind["no"])
    unit = routed(case) or "enforcement-a"
    town.do(case, A.DISPATCH, "dispatcher", unit=unit)
    town.do(case, A.SIGN, unit)
    town.do(case, A.ASK_DELAY, unit, reason="weather")
    town.later(hours=2)
    town.sweep()
    [step] = look("SELECT at FROM step WHERE case_id = %(id)s AND action = 'approve_delay'", id=case.case_id)
    assert step["at"] == datetime(2026, 10, 3, 3, 0, tzinfo=ZONE)
