"""A head plans a holiday, sees the hole, puts somebody there, and the night's drill pages that person."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.alarms.nightly import look_ahead
from dispatch.cluster import Urls
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.cases.town import look
from tests.duty.town import at, on_duty
from tests.http.serving import served
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD

PAGED = """
    SELECT p.login FROM drill_call d JOIN person p ON p.id = d.person_id WHERE d.unit_id = 'water' AND d.post = 'duty'
"""


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town with a roster, on a Monday before the National Day."""
    with on_duty(tmp_path_factory.mktemp("city"), "2026-09-28T09:00") as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


def test_from_a_holiday_to_the_drill(office: Office, sit: Sit) -> None:
    seat = sit("wh1", DESK)
    page = seat.page
    seat.go("/duty?unit=water")
    found = page.locator("#lint")
    expect(found).to_contain_text("没有问题")
    page.get_by_role("link", name="请假").click()
    page.get_by_label("请假人").select_option("wb")
    page.get_by_label("自", exact=True).fill("2026-10-02T12:00")
    page.get_by_label("至", exact=True).fill("2026-10-04T00:00")
    page.locator("#f-reason").fill("年休")
    page.get_by_role("button", name="立即生效").click()
    expect(page.locator("#stand-ins")).to_contain_text("年休")
    expect(found).to_contain_text("2026-10-02 20:00")
    found.get_by_role("link", name="安排人").click()
    expect(page.get_by_label("自", exact=True)).to_have_value("2026-10-02T20:00")
    page.get_by_label("当班人").select_option("wc")
    page.locator("#f-reason").fill("补班")
    page.get_by_role("button", name="立即生效").click()
    expect(found).to_contain_text("没有问题")
    seat.go("/duty?unit=water&at=2026-10-03T02:30")
    expect(page.locator(".rungs li").first).to_contain_text("wc")
    seat.fits()
    office.town.set(at("2026-10-03T02:30"))
    assert look_ahead()
    assert [row["login"] for row in look(PAGED)] == ["wc"]
    office.town.set(at("2026-09-28T09:00"))


def test_two_shifts_swapped_on_a_phone_and_undone(sit: Sit) -> None:
    seat = sit("leader", PHONE)
    page = seat.page
    seat.go("/duty?unit=water&since=2026-09-28&change=swap&person=wa&begin=2026-09-28T18:00&end=2026-09-29T08:00")
    page.get_by_label("与哪一班互换").select_option(label="09-29 18:00–08:00 值班员 wb")
    page.locator("#f-reason").fill("互换")
    page.get_by_role("button", name="立即生效").click()
    entry = page.locator("#stand-ins li", has_text="互换")
    expect(entry).to_contain_text("已安排")
    seat.fits()
    seat.go("/duty?unit=water&at=2026-09-28T20:00")
    expect(page.locator(".rungs li").first).to_contain_text("wb")
    entry = page.locator("#stand-ins li", has_text="互换")
    entry.locator("summary").click()
    entry.get_by_label("原因").fill("写错了")
    entry.get_by_role("button", name="撤销").click()
    expect(page.locator("#stand-ins li", has_text="互换")).to_contain_text("已撤销")
    seat.go("/duty?unit=water&at=2026-09-28T20:00&lang=en")
    expect(page.locator(".rungs li").first).to_contain_text("wa")
    seat.fits()


def test_only_a_head_orders_and_of_their_own_unit(person: Callable[[str], Person]) -> None:
    given = {
        "unit": "water",
        "kind": "take_out",
        "post": "duty",
        "person": "wb",
        "since": "2026-09-29T18:00",
        "until": "2026-09-30T08:00",
        "reason": "x",
    }
    before = look("SELECT count(*) AS n FROM stand_in")
    refused = {"wa": ("stand_in", 403), "landscaping": ("take_out", 404)}
    for who, (kind, status) in refused.items():
        sent = given | {"kind": kind, "stand_in": "wc"}
        assert person(who).send("/duty", "/duty/stand-ins", **sent).status_code == status
    assert person("wa").send("/duty", "/duty/stand-ins", **given).status_code == 422
    assert "change=take_out" not in person("wa").get("/duty").text
    wrong = given | {"reason": "", "kind": "away"}
    answer = person("wh1").send("/duty", "/duty/stand-ins", **wrong)
    assert answer.status_code == 422
    assert "2026-09-29T18:00" in answer.text
    assert person("wh1").send("/duty", "/duty/stand-ins", **given | {"kind": "none"}).status_code == 422
    assert look("SELECT count(*) AS n FROM stand_in") == before


def test_the_page_looks_at_one_unit_and_at_all_when_asked(person: Callable[[str], Person]) -> None:
    leader = person("leader")
    one, every = leader.get("/duty?unit=water").text, leader.get("/duty?unit=water&lint=1").text
    assert 'href="/duty?unit=landscaping"' not in one
    assert 'href="/duty?unit=landscaping"' in every
    assert "昨夜" in one
