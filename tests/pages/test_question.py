"""The question of a doubtful place before the dispatcher: one button for each answer, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cases.town import look
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, Sit

BY_THE_AVENUE = {"lon": 114.0015, "lat": 22.5001}


@pytest.mark.parametrize(("screen", "unit"), [(DESK, "utilities"), (PHONE, "district-a")])
def test_the_dispatcher_answers_where_it_is_and_the_case_goes_there(
    sit: Sit, office: Office, *, screen: tuple[int, int], unit: str
) -> None:
    case = office.town.filed("C0135", accuracy_m=45, **BY_THE_AVENUE)
    seat = sit("dispatcher", screen)
    seat.go(f"/cases/{case.number}")
    page = seat.page
    expect(page.get_by_text("在路缘的哪一侧：在人民大道（主干道）还是不在路上？")).to_be_visible()
    words = {"utilities": "在人民大道（主干道）：派 市政公用局", "district-a": "不在路上：派 东河区平台"}
    page.get_by_role("button", name=words[unit]).click()
    expect(page.get_by_text("派遣员的确认")).to_be_visible()
    (row,) = look("SELECT unit_id, route FROM cases WHERE id = %(id)s", id=case.case_id)
    assert row["unit_id"] == unit
    assert row["route"]["answered"]["words"] in words[unit]
    seat.fits()
