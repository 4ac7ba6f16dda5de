"""What is asked, replied or answered at the very instant at which a clock ends is in time; a moment later it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.lifecycle.states import Action
from gis.problems import NotAllowed
from tests.cases.town import MONDAY, Town, look

pytestmark = pytest.mark.usefixtures("monday")

A = Action
DUE = MONDAY.replace(hour=15)  # four working hours after nine, with two at noon
AFTER = timedelta(microseconds=1)


def steps(case: int) -> list[tuple[str, datetime]]:
    """What happened since it was signed, a warning left out."""
    found = look("SELECT action, at FROM step WHERE case_id = %(id)s AND seq > 5 ORDER BY seq", id=case)
    return [(row["action"], row["at"]) for row in found if row["action"] != "warn"]


def standing(case: int) -> dict[str, Any]:
    return look("SELECT state, late, due_at FROM cases WHERE id = %(id)s", id=case)[0]


def test_an_extension_is_asked_until_the_deadline_and_not_after_it(town: Town) -> None:
    case, late = town.handling(), town.handling()
    assert case.due_at == DUE
    town.set(DUE)
    town.do(case, A.ASK_DELAY, "enforcement-a", reason="weather")
    assert steps(case.case_id) == [("ask_delay", DUE)]
    town.sweep()  # it is not replied to, and nobody has answered yet
    assert standing(case.case_id)["late"]
    town.later(minutes=5)
    town.do(case, A.APPROVE_DELAY, "dispatcher")
    assert standing(case.case_id) == {"state": "handling", "late": False, "due_at": DUE + timedelta(hours=18)}
    assert [action for action, _ in steps(case.case_id)] == ["ask_delay", "lapse", "approve_delay"]
    town.set(DUE + AFTER)
    with pytest.raises(NotAllowed, match="deadline has passed"):
        town.do(late, A.ASK_DELAY, "enforcement-a", reason="weather")


def test_a_reply_at_the_deadline_is_on_time_and_no_lapse_was_ever_told(town: Town) -> None:
    case, late = town.handling(), town.handling()
    town.set(DUE)
    town.do(case, A.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.sweep()
    town.set(DUE + AFTER)
    town.do(late, A.REPLY, "enforcement-a", photos=(town.photo(2),))
    town.sweep()
    met = "SELECT ontime FROM fact WHERE case_id = %(id)s"
    assert (look(met, id=case.case_id), look(met, id=late.case_id)) == ([{"ontime": True}], [{"ontime": False}])
    assert steps(case.case_id) == [("reply", DUE)]
    assert [step for step in steps(late.case_id) if step[0] in ("lapse", "reply")] == [
        ("lapse", DUE),
        ("reply", DUE + AFTER),
    ]


def test_an_answer_at_the_end_of_the_approvals_own_limit_counts_and_one_after_it_comes_too_late(town: Town) -> None:
    town.later(hours=1)
    case, late = town.handling(), town.handling()
    for one in (case, late):
        town.do(one, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(days=9))
    end = DUE + timedelta(hours=1)
    town.set(end)
    town.do(case, A.REFUSE_SUSPEND, "dispatcher", reason="urgent")
    assert standing(case.case_id)["state"] == "handling"
    town.set(end + AFTER)
    with pytest.raises(NotAllowed):  # it was granted by default at its instant
        town.do(late, A.REFUSE_SUSPEND, "dispatcher", reason="urgent")
    town.sweep()
    assert steps(late.case_id)[-1] == ("approve_suspend", end)


def test_a_suspension_has_ended_at_the_instant_of_its_end(town: Town) -> None:
    case, until = town.handling(), MONDAY + timedelta(days=2)
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=until)
    town.do(case, A.APPROVE_SUSPEND, "dispatcher")
    town.set(until)
    town.do(case, A.REPLY, "enforcement-a", photos=(town.photo(2),))
    assert steps(case.case_id)[-2:] == [("resume", until), ("reply", until)]


def test_an_end_that_passed_before_anybody_answered_wins_no_time(town: Town) -> None:
    """Asked for an hour, granted by default after four: the clock went on meanwhile, and goes on."""
    case = town.handling()
    town.do(case, A.ASK_SUSPEND, "enforcement-a", reason="season", until=town.now + timedelta(hours=1))
    town.set(MONDAY.replace(hour=17))
    town.sweep()
    [granted, woken] = [at for action, at in steps(case.case_id) if action in ("approve_suspend", "resume")]
    assert granted == woken == DUE
    assert standing(case.case_id) == {"state": "handling", "late": True, "due_at": DUE}
