"""Who answers here, on its page and on the map, for any day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cases.town import OFF_ROAD, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
HERE = f"lon={OFF_ROAD[0]}&lat={OFF_ROAD[1]}"


def test_the_page_names_unit_rule_and_what_was_tried_and_makes_no_case(office: Office, person: Enter) -> None:
    before = look("SELECT count(*) AS n FROM cases")
    shown = person("acceptor").get(f"/who?{HERE}&category=C0135").text
    answer = shown[shown.index("data-answer") :]
    assert "东河区平台" in answer
    assert "R-003" in answer
    assert "R-001" in answer[answer.index("<details>") :]
    assert look("SELECT count(*) AS n FROM cases") == before


def test_a_day_before_the_citys_books_is_said_and_nonsense_is_asked_again(office: Office, person: Enter) -> None:
    acceptor = person("acceptor")
    assert "自 2024-01-01 起" in acceptor.get(f"/who?{HERE}&category=C0135&at=2020-01-01").text
    assert "既不是日期" in acceptor.get(f"/who?{HERE}&category=C0135&at=lately").text
    assert "请选类别" in acceptor.get("/who?lon=x&lat=&category=C0135").text
    assert "还没有提问" in acceptor.get("/who").text


def test_everybody_of_the_staff_may_ask_and_nobody_else(office: Office, person: Enter) -> None:
    for login in ("inspector1", "utilities", "leader"):
        assert "R-003" in person(login).get(f"/who/answer?{HERE}&category=C0135").text, login
    assert "R-003" not in person("").get(f"/who?{HERE}&category=C0135").text


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_a_point_of_the_map_is_asked_about(office: Office, sit: Sit, size: tuple[int, int]) -> None:
    seat = sit("dispatcher", size)
    seat.go(f"/map#18/{OFF_ROAD[1]}/{OFF_ROAD[0]}")
    expect(seat.page.locator("[data-map=city][data-drawn=yes]")).to_be_visible(timeout=30_000)
    box = seat.page.locator("[data-map=city]").bounding_box()
    assert box is not None
    seat.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 120)
    seat.page.locator("form[data-who]").get_by_role("combobox").fill("C0135")
    seat.page.locator("form[data-who]").get_by_role("option").first.click()
    seat.page.locator("form[data-who] button").click()
    expect(seat.page.locator("[data-answer]")).to_contain_text("R-003")
    seat.fits()


def test_the_rules_lead_to_the_question_the_rulings_and_the_owners(person: Enter) -> None:
    rules = person("acceptor").get("/rules").text
    assert all(f'href="{path}"' in rules for path in ("/who", "/rulings", "/owners"))
