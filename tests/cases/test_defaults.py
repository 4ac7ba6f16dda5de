"""超期默认: whatever a unit asks for is answered when its time has run out, as the city's data say, and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY, Town, look

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
