"""One click orders; the order stands on the leader's page and in the unit's inbox until it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit


def test_a_leader_orders_with_one_click_and_the_unit_answers(office: Office, sit: Sit) -> None:
    case = office.town.handling()
    path = f"/cases/{case.number}"
    leader = sit("leader", DESK)
    leader.go(path)
    expect(leader.page.locator("main")).to_contain_text("立即发出督办，理由记为“领导要求”")
    leader.page.locator("details.act", has_text="督办").locator("summary").first.click()
    expect(leader.page.get_by_text("只需催办、不写说明时，可用页首“一键督办”")).to_be_visible()
    leader.page.get_by_role("button", name="一键督办").click()
    expect(leader.page.get_by_role("status")).to_contain_text("督办")
    expect(leader.page.get_by_role("region", name="督办未回复")).to_be_visible()
    expect(leader.page.get_by_role("button", name="一键督办")).to_have_count(0)
    leader.fits()
    leader.go("/ranking")
    leader.page.get_by_role("link", name="督办未回复 1").click()
    expect(leader.page.get_by_text(case.number).first).to_be_visible()
    leader.fits()

    unit = sit("enforcement-a", PHONE)
    unit.go("/desk")
    expect(unit.page.get_by_text("督办未回复")).to_be_visible()
    unit.fits()
    office.town.do(case, Action.ANSWER_SUPERVISION, "enforcement-a", note="已派人")
    unit.go("/desk")
    expect(unit.page.get_by_text("督办未回复")).to_have_count(0)
    unit.go(path)
    expect(unit.page.locator("details.act", has_text="回复督办")).to_have_count(0)
    leader.go("/ranking")
    expect(leader.page.get_by_role("link", name="督办未回复")).to_have_count(0)


def test_a_list_behind_a_number_orders_with_one_click_too(office: Office, sit: Sit) -> None:
    case = office.town.handling()
    leader = sit("leader", DESK)
    leader.go("/cases?unit=enforcement-a")
    line = leader.page.locator("tbody tr", has_text=case.number)
    line.get_by_role("button", name="一键督办").click()
    expect(leader.page.get_by_role("status")).to_contain_text("督办")
    expect(leader.page).to_have_url(re.compile(case.number))
    leader.go("/cases?unit=enforcement-a")
    expect(line).to_contain_text("督办未回复")
    expect(line.get_by_role("button")).to_have_count(0)
    leader.fits()
    other = sit("dispatcher", DESK)
    other.go("/cases?unit=enforcement-a")
    expect(other.page.get_by_role("button", name="一键督办")).to_have_count(0)


def test_a_pin_of_the_map_orders_with_one_click_too(office: Office, sit: Sit, person: Callable[[str], Person]) -> None:
    case = office.town.report("E0501", lon=114.003, lat=22.5012)
    seat = sit("leader", DESK)
    seat.go("/map#18/22.5012/114.003")
    expect(seat.page.locator("[data-map=city][data-drawn=yes]")).to_be_visible(timeout=20_000)
    box = seat.page.locator("[data-map=city]").bounding_box()
    assert box is not None
    seat.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    info = seat.page.locator("[data-info]")
    expect(info).to_contain_text(case.number)
    seat.fits()
    info.get_by_role("button", name="一键督办").click()
    expect(seat.page.get_by_role("status")).to_contain_text("督办")
    expect(seat.page).to_have_url(re.compile(case.number))
    pin = f"/map/cases/{case.number}"
    assert person("leader").get(pin).json()["order"] == {}  # one waits already
    office.town.do(case, Action.ANSWER_SUPERVISION, "acceptor", note="正在核实")
    assert person("leader").get(pin).json()["order"]["word"] == "一键督办"
    assert person("acceptor").get(pin).json()["order"] == {}


def test_an_order_on_what_the_centre_has_asks_the_centre_and_offers_it_the_answer(
    office: Office, person: Callable[[str], Person]
) -> None:
    case = office.town.told()
    path = f"/cases/{case.number}"
    leader = person("leader")
    assert "现在办理本案的一方限期回复" in leader.get(path).text
    assert leader.send(path, path, action="supervise", reason="leader").is_redirect
    answer = 'name="action" value="answer_supervision"'
    assert answer not in leader.get(path).text
    acceptor = person("acceptor")
    assert answer in acceptor.get(path).text
    assert acceptor.send(path, path, action="answer_supervision", note="正在核实").is_redirect
    assert answer not in acceptor.get(path).text
