"""What rests is open to everybody inside who may see lists of cases: empty at first, then by age and unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]


def test_while_nothing_rests_the_page_says_so(office: Office, sit: Sit) -> None:
    for size in (PHONE, DESK):
        seat = sit("leader", size)
        for language in ("zh", "en"):
            seat.go(f"/suspended?lang={language}")
            assert seat.page.locator(".empty").is_visible()


def test_whoever_sees_lists_of_cases_sees_it_and_nobody_else(office: Office, person: Enter) -> None:
    inside = ("enforcement-b", "district-a", "acceptor", "dispatcher", "shift_leader", "leader", "evaluator")
    assert {person(login).get("/suspended").status_code for login in inside} == {200}
    assert person("inspector1").get("/suspended").status_code == 403
    assert 'name="password"' in person("").get("/suspended").text


def test_it_is_narrowed_by_age_and_unit_and_tells_nothing_of_persons(office: Office, person: Enter) -> None:
    town = office.town
    case = town.handling(description="店主李四拒不配合")
    until = town.now + timedelta(days=60)
    town.do(case, Action.ASK_SUSPEND, "enforcement-a", reason="other", note="等待李四搬迁", until=until)
    town.do(case, Action.APPROVE_SUSPEND, "dispatcher")
    town.later(days=8)
    other = person("enforcement-b")
    shown = {query: other.get(f"/suspended{query}").text for query in ("", "?band=1", "?band=0", "?unit=enforcement-a")}
    assert [case.number in text for text in shown.values()] == [True, True, False, True]
    assert "李四" not in shown[""]
    assert "东河区综合执法队值班员" not in shown[""]
    assert f"/cases/{case.number}" not in shown[""]
    assert f"/cases/{case.number}" in person("enforcement-a").get("/suspended").text
    assert "8 天" in shown[""]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_the_list_fits_and_the_ranking_leads_to_it(office: Office, sit: Sit, size: tuple[int, int]) -> None:
    seat = sit("leader", size)
    seat.go("/suspended?lang=en")
    seat.go("/ranking?lang=zh")
    seat.page.get_by_role("link", name="挂账存量 1").click()
    seat.fits()
    assert seat.page.locator("tbody tr").count() == 2  # the case, and its unit
