"""Each post's way through the pages in a real browser: nothing leaves the host, nothing is wider than the screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocket, expect

from dispatch.lifecycle.states import Action
from tests.cases.town import look
from tests.pages.conftest import Office
from tests.pages.seats import DESK, PHONE, PHOTO, SMALL, Sit

pytestmark = pytest.mark.browser  # `./run test` installs Chromium: without it these fail, they are not left out


def test_an_inspector_reports_from_a_phone_with_photo_and_position(sit: Sit) -> None:
    seat = sit("inspector1", PHONE, place=True)
    page = seat.page
    page.get_by_role("link", name="拍照上报").click()
    page.locator("input[type=file]").set_input_files(PHOTO)
    expect(page.get_by_text("已送达")).to_be_visible()
    page.get_by_role("combobox", name="类别").fill("垃圾")
    page.get_by_role("option", name="暴露垃圾").click()
    page.get_by_role("button", name="用我的位置").click()
    expect(page.get_by_text("已定位，±6 m")).to_be_visible()
    seat.fits()
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已上报")
    expect(page.locator(".hl img").first).to_be_visible()
    seat.fits()
    case = look("SELECT accuracy_m, hand_placed, source FROM cases ORDER BY id DESC LIMIT 1")[0]
    assert case == {"accuracy_m": 6.0, "hand_placed": False, "source": "inspector"}


def test_without_https_the_page_says_so_and_the_cross_places_the_report(sit: Sit) -> None:
    seat = sit("", SMALL, host="plain.test")
    page = seat.page
    seat.go("/report")
    expect(page.get_by_text("浏览器只在 HTTPS 下提供定位")).to_be_visible()
    expect(page.get_by_role("button", name="用我的位置")).to_be_hidden()
    page.locator("[data-map=pick]").scroll_into_view_if_needed()
    box = page.locator("[data-map=pick]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 130, steps=6)
    page.mouse.up()
    expect(page.get_by_text("已按十字位置手工定位")).to_be_visible()
    page.get_by_label("描述").fill("路灯不亮")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("我们收到了")).to_be_visible()
    seat.fits()
    case = look("SELECT hand_placed, source, ST_X(geom) AS lon FROM cases ORDER BY id DESC LIMIT 1")[0]
    assert case["hand_placed"]
    assert case["source"] == "web"
    assert abs(case["lon"] - 114.003) < 0.01


def test_a_case_goes_from_hand_to_hand_on_desks_and_phones(office: Office, sit: Sit) -> None:
    case = office.town.report("E0405")
    path = f"/cases/{case.number}"

    acceptor = sit("acceptor", DESK)
    acceptor.page.get_by_role("link", name="店外经营").first.click()
    acceptor.go(path)
    acceptor.page.locator("details[open]").get_by_role("button", name="受理").click()
    expect(acceptor.page.get_by_role("status")).to_contain_text("现在是“待立案”")

    leader = sit("shift_leader", DESK)
    leader.go(path)
    leader.page.get_by_text("店外经营", exact=True).last.click()
    leader.page.locator("details[open]").get_by_role("button", name="立案").click()
    expect(leader.page.get_by_role("status")).to_contain_text("现在是“待派遣”")

    dispatcher = sit("dispatcher", DESK)
    dispatcher.go(path)
    form = dispatcher.page.locator("details[open]")
    form.get_by_role("combobox", name="单位").fill("综合执法")
    form.get_by_role("option", name="东河区综合执法队").click()
    form.get_by_role("combobox", name="理由").select_option("agreed")
    form.get_by_role("button", name="派遣").click()
    expect(dispatcher.page.get_by_role("status")).to_contain_text("由东河区综合执法队办理")

    team = sit("enforcement-a", PHONE)
    expect(team.page.get_by_text("未签收").first).to_be_visible()
    team.fits()
    team.go(path)
    team.page.locator("details[open]").get_by_role("button", name="签收").click()
    team.page.locator("details[open] input[type=file]").set_input_files(PHOTO)
    expect(team.page.locator("details[open]").get_by_text("已送达")).to_be_visible()
    team.page.locator("details[open]").get_by_role("button", name="回复").click()
    expect(team.page.get_by_role("status")).to_contain_text("现在是“已回复”")
    team.fits()


def test_an_inspector_checks_from_a_phone(office: Office, sit: Sit) -> None:
    case = office.town.checking()
    seat = sit("inspector1", PHONE)
    seat.page.get_by_role("link", name=re.compile("核查")).last.click()
    seat.go(f"/field/cases/{case.number}")
    seat.page.locator("input[type=file]").set_input_files(PHOTO)
    expect(seat.page.get_by_text("已送达")).to_be_visible()
    seat.page.get_by_role("button", name="未解决").click()
    expect(seat.page.get_by_role("status")).to_contain_text("核查不通过")
    assert look("SELECT state FROM cases WHERE id = %(id)s", id=case.case_id)[0]["state"] == "rework"


def test_a_photo_that_is_none_is_told_and_the_form_stays(sit: Sit) -> None:
    seat = sit("inspector2", PHONE)
    seat.go("/field/report")
    seat.page.get_by_label("情况描述").fill("两袋")
    seat.page.locator("input[type=file]").set_input_files(
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}]
    )
    expect(seat.page.get_by_text("没有送达")).to_be_visible()
    expect(seat.page.get_by_role("button", name="重试")).to_be_visible()
    expect(seat.page.get_by_label("情况描述")).to_have_value("两袋")
    assert len(seat.faults) == 1  # the refused upload, as the console tells it
    seat.faults.clear()


def test_a_new_report_comes_onto_the_board_by_itself(office: Office, sit: Sit) -> None:
    seat = sit("acceptor", DESK)
    expect(seat.page.get_by_text("实时")).to_be_visible()
    case = office.town.report("E0201")
    expect(seat.page.get_by_text(case.number)).to_be_visible(timeout=10_000)


def test_an_inspector_is_told_of_no_lost_connection_and_finds_a_new_task_by_looking_again(
    office: Office, sit: Sit
) -> None:
    seat = sit("inspector1", PHONE)
    lines: list[WebSocket] = []
    seat.page.on("websocket", lambda line: lines.append(line))
    seat.go("/field")
    for _ in range(300):  # the last one: the page before may have opened one that went with it
        if lines and lines[-1].is_closed():
            break
        seat.page.wait_for_timeout(100)
    assert lines[-1].is_closed()
    expect(seat.page.locator("[data-dot]")).to_be_hidden()
    case = office.town.checking()
    seat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(seat.page.locator(f"a[href='/field/cases/{case.number}']").first).to_be_visible()


def test_the_leader_reads_a_figure_down_to_its_case(office: Office, sit: Sit) -> None:
    office.town.do(office.town.checking(), Action.CHECK_PASS, "inspector1", photos=(office.town.photo(9),))
    office.town.later(days=1)
    seat = sit("leader", DESK)
    seat.go("/ranking?period=2026-06&group=section")
    figure = seat.page.locator("td.num a").first
    count = figure.inner_text()
    figure.click()
    expect(seat.page.locator("h1 + b")).to_have_text(count)
    seat.page.locator("table a").first.click()
    expect(seat.page.get_by_role("heading", name="办理过程")).to_be_visible()
    seat.fits()


def test_the_map_draws_and_a_pin_leads_to_its_case(office: Office, sit: Sit) -> None:
    case = office.town.report("E0501", lon=114.003, lat=22.5012)
    seat = sit("acceptor", DESK)
    seat.go("/map#18/22.5012/114.003")
    expect(seat.page.locator("[data-map=city][data-drawn=yes]")).to_be_visible(timeout=10_000)
    box = seat.page.locator("[data-map=city]").bounding_box()
    assert box is not None
    seat.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(seat.page.locator("[data-info]")).to_contain_text(case.number)
    seat.page.locator("[data-info] a").click()
    expect(seat.page).to_have_url(re.compile(f"/cases/{case.number}$"))


@pytest.mark.parametrize("size", [SMALL, DESK], ids=["360", "1440"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("", ["/", "/report", "/login", "/r/NONE"]),
        ("inspector1", ["/field", "/field/mine", "/field/report", "/map"]),
        ("acceptor", ["/console", "/console/register", "/cases", "/account", "/password", "/map", "CASE"]),
        ("district-a", ["/desk", "/cases", "CASE"]),
        ("leader", ["/ranking?period=2026-06&group=section", "/cases?late=1", "CASE"]),
    ],
    ids=["stranger", "inspector", "acceptor", "platform", "leader"],
)
def test_every_page_fits_and_is_quiet(
    office: Office, sit: Sit, login: str, paths: list[str], language: str, size: tuple[int, int]
) -> None:
    case = office.town.handling("district-a") if "CASE" in paths else None
    seat = sit(login, size)
    seat.go(f"/public?lang={language}")
    for path in paths:
        seat.go(f"/cases/{case.number}" if case and path == "CASE" else path)
        seat.page.wait_for_load_state("networkidle") if path == "/map" else None
        seat.fits()
    seat.faults[:] = [fault for fault in seat.faults if "/r/NONE" not in fault]  # the 404 it is meant to be
