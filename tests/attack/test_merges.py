"""Merging: never in a circle, also when two do it at once; never into a case that nobody will look at again."""

from __future__ import annotations

from threading import Thread
from uuid import uuid4

import pytest

from dispatch.cases.act import act
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from gis.db import write
from gis.problems import FormIncomplete, Problem
from tests.cases.town import Town, look

A = Action


@pytest.mark.parametrize("end", [A.MERGE, A.REFUSE])
def test_of_two_cases_that_two_acceptors_have_in_hand_one_stays(town: Town, end: Action) -> None:
    first, second = town.report(), town.report()
    form = Form(into=second.case_id) if end is A.MERGE else Form(reason="other")
    refused: list[Problem] = []

    def merge_back() -> None:
        try:
            town.do(second, A.MERGE, "acceptor", into=first.case_id)
        except Problem as problem:
            refused.append(problem)

    other = Thread(target=merge_back)
    with write() as tx:
        act(tx, first.case_id, end, town.people["acceptor"], form, key=uuid4())
        other.start()
        other.join(0.5)  # it has to wait for what is not committed yet
    other.join()
    found = look("SELECT state FROM cases WHERE id = ANY(%(ids)s)", ids=[first.case_id, second.case_id])
    assert "reported" in {row["state"] for row in found}
    assert len(refused) == 1


def test_a_case_is_not_merged_into_one_that_has_ended(town: Town) -> None:
    case, refused = town.report(), town.report()
    town.do(refused, A.REFUSE, "acceptor", reason="other")
    with pytest.raises(FormIncomplete):
        town.do(case, A.MERGE, "acceptor", into=refused.case_id)


def test_a_circle_by_unmerging_is_refused(town: Town) -> None:
    one, other = town.report(), town.report()
    town.do(one, A.MERGE, "acceptor", into=other.case_id)
    with pytest.raises(FormIncomplete):
        town.do(other, A.MERGE, "acceptor", into=one.case_id)
    town.do(one, A.UNMERGE, "acceptor", reason="other")
    town.do(other, A.MERGE, "acceptor", into=one.case_id)
    with pytest.raises(FormIncomplete):
        town.do(one, A.MERGE, "acceptor", into=other.case_id)
