"""A case's page holds one connection: readers who each waited for a second one would wait for one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import gis.db
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]


@pytest.fixture
def single(database: Urls) -> Iterator[None]:
    gis.db.configure(database.app, size=1)
    yield
    gis.db.configure(database.app)


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("login", ["dispatcher", "enforcement-a"])
def test_a_case_is_read_over_one_connection_also_where_a_department_sees_what_only_the_centre_counts(
    office: Office, person: Enter, login: str
) -> None:
    """With a budget of returns, a share of more time, who was rung, and the parts a reply may use."""
    with office.town.policy(return_budget=3):
        case = office.town.handling()
        office.town.do(case, Action.ASK_DELAY, "enforcement-a", reason="weather")
        answer = person(login).get(f"/cases/{case.number}")
    assert answer.status_code == 200
    assert case.number in answer.text
