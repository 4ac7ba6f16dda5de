"""The inspector goes on duty and off on the page: his track is sent meanwhile, kept without a network, and ends."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cases.town import OFF_ROAD, look
from tests.pages.conftest import Office
from tests.pages.seats import PHONE, Seat, Sit

TWO_MINUTES = 121_000


def tracks(office: Office, who: str) -> list[dict[str, Any]]:
    return look(
        "SELECT at, ST_X(geom) AS lon, ST_Y(geom) AS lat, accuracy_m FROM track WHERE person_id = %(id)s ORDER BY at",
        id=office.town.people[who].person_id,
    )


def shifts(office: Office, who: str) -> list[dict[str, Any]]:
    return look(
        "SELECT started_at, ended_at FROM shift WHERE person_id = %(id)s ORDER BY started_at",
        id=office.town.people[who].person_id,
    )


def waiting(page: Page, wanted: int) -> None:
    """Until so many positions are kept on the telephone."""
    count = "JSON.parse(localStorage.getItem(`wangge.fixes.${document.body.dataset.person}`)).length"
    for _ in range(50):
        if page.evaluate(count) == wanted:
            return
        page.wait_for_timeout(100)
    assert page.evaluate(count) == wanted


def on_duty(sit: Sit, who: str) -> tuple[Seat, Page]:
    seat = sit(who, PHONE, place=True)
    seat.page.clock.install()
    seat.go("/field")
    expect(seat.page.get_by_text("未在岗")).to_be_visible()
    expect(seat.page.get_by_text("即表示同意")).to_be_visible()
    seat.page.get_by_role("button", name="上岗").click()
    expect(seat.page.get_by_role("heading", name="在岗，自")).to_be_visible()
    expect(seat.page.get_by_text("已发送")).to_be_visible()
    seat.fits()
    return seat, seat.page


@pytest.mark.parametrize("who", ["inspector1"])
def test_on_duty_the_track_is_sent_and_off_duty_it_ends(office: Office, sit: Sit, who: str) -> None:
    seat, page = on_duty(sit, who)
    (first,) = tracks(office, who)
    assert (first["lon"], first["lat"]) == pytest.approx(OFF_ROAD, abs=1e-6)
    assert first["accuracy_m"] == 6.0
    ((shift),) = shifts(office, who)
    assert shift["started_at"] == office.town.now
    assert shift["ended_at"] is None

    seat.go("/field/report")  # the other pages go on with it
    office.town.later(minutes=5)
    page.clock.run_for(TWO_MINUTES)
    waiting(page, 0)
    sent = len(tracks(office, who))
    assert sent >= 2

    seat.go("/field")
    page.get_by_role("button", name="下岗").click()
    expect(page.get_by_text("未在岗")).to_be_visible()
    assert shifts(office, who)[-1]["ended_at"] == office.town.now
    ended = len(tracks(office, who))
    page.clock.run_for(TWO_MINUTES)
    page.wait_for_timeout(300)
    assert page.evaluate("localStorage.getItem('wangge.duty')") is None
    assert len(tracks(office, who)) == ended


def test_without_a_network_positions_wait_and_the_switch_leaves_the_device_alone(office: Office, sit: Sit) -> None:
    who = "inspector2"
    seat, page = on_duty(sit, who)
    page.context.set_offline(True)
    page.clock.run_for(TWO_MINUTES)
    expect(page.get_by_text("无网络：位置暂存于本机（1 条）")).to_be_visible()
    page.get_by_role("button", name="下岗").click()
    expect(page.get_by_text("已不再取位置")).to_be_visible()
    page.clock.run_for(TWO_MINUTES)
    page.wait_for_timeout(300)
    waiting(page, 1)
    assert len(tracks(office, who)) == 1

    office.town.later(minutes=5)
    page.context.set_offline(False)
    waiting(page, 0)
    assert len(tracks(office, who)) == 2
    seat.faults.clear()  # the browser notes in its console that there was no network
    page.get_by_role("button", name="下岗").click()
    expect(page.get_by_text("未在岗")).to_be_visible()
    assert shifts(office, who)[-1]["ended_at"] is not None
