"""Where somebody says it is, in words, becomes a position on the map: for the acceptor, the inspector, the citizen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from dispatch.people.throttle import LOOK_UPS
from tests.cases.town import look
from tests.pages.conftest import Person
from tests.pages.seats import DESK, PHONE, Sit


@pytest.mark.browser
@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_a_callers_crossing_becomes_the_position_of_the_case(sit: Sit, screen: tuple[int, int]) -> None:
    seat = sit("acceptor", screen)
    page = seat.page
    seat.go("/console/register")
    page.get_by_label("描述").fill("路口有积水")
    page.get_by_label("地址").fill("河东巷与学府街路口")
    page.get_by_label("地址").press("Enter")
    expect(page.get_by_role("button", name="河东巷与学府街路口")).to_be_visible()
    seat.fits()
    page.get_by_role("button", name="河东巷与学府街路口").click()
    expect(page.get_by_text("已定位到“河东巷与学府街路口”")).to_be_visible()
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已办：登记")
    case = look("SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, hand_placed FROM cases ORDER BY id DESC LIMIT 1")[0]
    assert case == {"lon": 114.0005, "lat": 22.502, "hand_placed": True}


@pytest.mark.browser
@pytest.mark.parametrize(("login", "form"), [("inspector1", "/field/report"), ("", "/report")])
def test_so_it_does_on_the_inspectors_and_the_citizens_form(sit: Sit, login: str, form: str) -> None:
    seat = sit(login, PHONE)
    page = seat.page
    seat.go(form)
    page.get_by_label("地址").fill("河东巷与学府街")
    page.get_by_role("button", name="按地址找位置").click()
    page.get_by_role("button", name="河东巷与学府街路口").click()
    expect(page.get_by_text("已定位到“河东巷与学府街路口”")).to_be_visible()
    at = [float(page.locator(f"[name={axis}]").input_value()) for axis in ("lon", "lat")]
    assert at == [114.0005, 22.502]
    seat.fits()
    assert not seat.faults


def test_a_stranger_learns_of_places_only_and_not_without_end(person: Callable[[str], Person]) -> None:
    stranger = person("")
    assert stranger.get("/api/v1/geocode?text=河东巷").status_code == 401
    found = stranger.get("/report/places?text=河东巷").json()["items"]
    assert found[0].keys() == {"kind", "name", "name_en", "lon", "lat"}
    assert (found[0]["kind"], found[0]["name"]) == ("road", "河东巷")
    assert stranger.get(f"/report/places?text={'河' * 101}").status_code == 422
    answers = [stranger.get("/report/places?text=").status_code for _ in range(LOOK_UPS.limit + 1)]
    assert answers[-1] == 429


@pytest.mark.browser
def test_an_address_that_is_not_found_leaves_the_map_to_the_hand(sit: Sit) -> None:
    seat = sit("acceptor", DESK)
    page = seat.page
    seat.go("/console/register")
    page.get_by_label("地址").fill("不存在的地方")
    page.get_by_role("button", name="按地址找位置").click()
    expect(page.get_by_text("没有找到这个地名")).to_be_visible()
