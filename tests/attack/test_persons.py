"""One person in two posts: what takes two people is not done by one, and a unit's post counts for its own unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dispatch.cases.act import Receipt, act
from dispatch.cases.actor import Actor
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from gis.db import write
from gis.problems import NotAllowed
from tests.cases.town import Town

A, R = Action, Role


@pytest.fixture
def both(town: Town) -> str:
    """Somebody who is both in a unit and a dispatcher and shift leader of the centre."""
    own = town.people["enforcement-a"]
    roles = frozenset({R.DEPARTMENT, R.DISPATCHER, R.SHIFT_LEADER, R.SUPERVISOR})
    town.people["both"] = Actor(person_id=own.person_id, roles=roles, units=own.units)
    return "both"


def do(town: Town, case: Receipt, action: Action, who: str, **form: Any) -> None:
    """An act by somebody of the centre: without row security."""
    if action is A.ASK_RETURN:
        form = {"clause": "R-005", "whose": "nobody", **form}
    with write() as tx:
        act(tx, case.case_id, action, town.people[who], Form(**form), key=uuid4())


@pytest.mark.parametrize(
    ("ask", "answers"),
    [
        (A.ASK_RETURN, (A.APPROVE_RETURN, A.REFUSE_RETURN)),
        (A.ASK_DELAY, (A.APPROVE_DELAY, A.REFUSE_DELAY)),
        (A.ASK_DEFER, (A.APPROVE_SUSPEND, A.REFUSE_SUSPEND)),
        (A.ASK_SUSPEND, (A.APPROVE_SUSPEND, A.REFUSE_SUSPEND)),
        (A.APPEAL, (A.GRANT_APPEAL, A.REFUSE_APPEAL)),
    ],
)
def test_who_asked_does_not_answer(town: Town, both: str, ask: Action, answers: tuple[Action, Action]) -> None:
    case = {A.ASK_DEFER: town.dispatched, A.APPEAL: town.closed}.get(ask, town.handling)()
    more = {"until": town.now + timedelta(days=9)} if ask in (A.ASK_DEFER, A.ASK_SUSPEND) else {}
    do(town, case, ask, both, reason="other", note="道路封闭", **more)
    for answer in answers:
        with pytest.raises(NotAllowed, match="somebody else"):
            do(town, case, answer, both, reason="other")
    do(town, case, answers[1], "evaluator" if ask is A.APPEAL else "dispatcher", reason="other")


@pytest.mark.parametrize(
    ("ask", "answers"),
    [
        (A.ASK_RETURN, (A.APPROVE_RETURN, A.REFUSE_RETURN)),
        (A.ASK_DELAY, (A.APPROVE_DELAY, A.REFUSE_DELAY)),
        (A.ASK_SUSPEND, (A.APPROVE_SUSPEND, A.REFUSE_SUSPEND)),
        (A.APPEAL, (A.GRANT_APPEAL, A.REFUSE_APPEAL)),
    ],
)
def test_nor_does_another_account_of_the_unit_that_asked(
    town: Town, both: str, ask: Action, answers: tuple[Action, Action]
) -> None:
    """A platform over the unit is of it too; the same posts in another unit are not."""
    case = town.closed() if ask is A.APPEAL else town.handling()
    more = {"until": town.now + timedelta(days=9)} if ask is A.ASK_SUSPEND else {}
    do(town, case, ask, "enforcement-a", reason="other", note="道路封闭", **more)
    roles, second = town.people[both].roles, town.people["inspector3"].person_id
    for login, home in (("second", "enforcement-a"), ("above", "district-a"), ("elsewhere", "enforcement-b")):
        town.people[login] = Actor(person_id=second, roles=roles, units=town.people[home].units)
    for login in ("second", "above"):
        for answer in answers:
            with pytest.raises(NotAllowed, match="your unit asked"):
                do(town, case, answer, login, reason="other")
    do(town, case, answers[1], "elsewhere", reason="other")


def test_a_post_in_one_unit_does_no_other_units_work(town: Town, both: str) -> None:
    case = town.handling("enforcement-b")
    for action, form in (
        (A.REPLY, {"photos": (town.photo(),)}),
        (A.ASK_RETURN, {"reason": "weather", "clause": "R-005", "whose": "nobody"}),
    ):
        with pytest.raises(NotAllowed, match="unit"):
            do(town, case, action, both, **form)
    own = town.handling("enforcement-a")
    do(town, own, A.REPLY, both, photos=(town.photo(),))


def test_who_put_it_right_does_not_confirm_it(town: Town) -> None:
    person = town.people["inspector2"]
    town.people["double"] = Actor(person_id=person.person_id, roles=frozenset({R.INSPECTOR, R.ACCEPTOR}))
    case = town.report(who="double", handled=True)
    with pytest.raises(NotAllowed, match="somebody else"):
        do(town, case, A.CONFIRM_HANDLED, "double")
    do(town, case, A.CONFIRM_HANDLED, "acceptor")


def test_nobody_voids_what_he_reported_himself(town: Town) -> None:
    reporter = town.people["inspector1"]
    town.people["reporter"] = Actor(person_id=reporter.person_id, roles=reporter.roles | {Role.SHIFT_LEADER})
    case = town.filed()
    with pytest.raises(NotAllowed):
        do(town, case, A.VOID, "reporter", reason="gone")
    do(town, case, A.VOID, "shift_leader", reason="gone")
