"""The acceptor writes down where the caller says he is, and finds it on the map."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cases.town import look
from tests.pages.seats import DESK, PHONE, Sit

pytestmark = pytest.mark.browser


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


def test_an_address_that_is_not_found_leaves_the_map_to_the_hand(sit: Sit) -> None:
    seat = sit("acceptor", DESK)
    page = seat.page
    seat.go("/console/register")
    page.get_by_label("地址").fill("不存在的地方")
    page.get_by_role("button", name="按地址找位置").click()
    expect(page.get_by_text("没有找到这个地名")).to_be_visible()
