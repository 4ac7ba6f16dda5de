"""Doubles on the pages: shown to whoever decides, and to whoever reports; merged by a press, and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from dispatch.lifecycle.states import Action
from tests.cases.town import OFF_ROAD, look
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
HERE = f"category=E0405&lon={OFF_ROAD[0]}&lat={OFF_ROAD[1]}"


@pytest.fixture(autouse=True)
def another_day(office: Office) -> None:
    """What other tests reported is too old to be the same matter."""
    office.town.later(days=9)


def test_the_acceptor_sees_both_photos_and_merges_by_a_press(office: Office, person: Enter) -> None:
    first = office.town.told(photos=(office.town.photo(41),))
    office.town.later(minutes=12)
    second = office.town.told(photos=(office.town.photo(42),))
    acceptor = person("acceptor")
    assert "疑似重复 1" in acceptor.get("/console?q=reported").text
    shown = acceptor.get(f"/cases/{second.number}").text
    card = shown[shown.index('id="du"') :]
    assert card.count("?small=true") >= 2
    assert "相距 0 m" in card
    assert "上报相隔 12 min" in card
    sent = acceptor.send(f"/cases/{second.number}", f"/cases/{second.number}", action="merge", into=first.number)
    assert sent.status_code == 303
    found = look("SELECT state, merged_into FROM cases WHERE id = %(id)s", id=second.case_id)[0]
    assert found == {"state": "merged", "merged_into": first.case_id}
    office.town.do(second, Action.UNMERGE, "acceptor", reason="other")
    assert "疑似重复 1" in acceptor.get("/console?q=reported").text


def test_what_was_closed_not_long_ago_is_offered_to_be_reopened(office: Office, person: Enter) -> None:
    closed = office.town.closed()
    again = office.town.told()
    shown = person("acceptor").get(f"/cases/{again.number}").text
    assert f'href="/cases/{closed.number}?act=reopen#acts"' in shown
    asked = person("shift_leader").get(f"/cases/{closed.number}?act=reopen").text
    form = asked[asked.index('value="reopen"') - 400 :]
    assert "<details" in form
    assert " open>" in form[: form.index("重开")]


def test_a_stranger_is_told_what_is_known_there_and_nothing_of_who_said_it(office: Office, person: Enter) -> None:
    known = office.town.told(
        description="卖烧烤的,油烟很大", contact_phone="13912345678", photos=(office.town.photo(43),)
    )
    shown = person("").get(f"/near?{HERE}").text
    receipt = look("SELECT receipt FROM cases WHERE id = %(id)s", id=known.case_id)[0]["receipt"]
    assert f'href="/r/{receipt}"' in shown
    assert not [word for word in ("13912345678", "烧烤", "/photos/", known.number) if word in shown]
    assert person("").get(f"/near?{HERE.replace('E0405', 'E0401')}").text.strip() == ""
    assert person("").get("/near?category=E0405&lon=900&lat=1").status_code == 422


@pytest.mark.browser
@pytest.mark.parametrize(("login", "path"), [("", "/report"), ("inspector1", "/field/report")])
def test_a_reporter_is_asked_before_sending(office: Office, sit: Sit, login: str, path: str) -> None:
    office.town.report(who="inspector2")
    seat = sit(login, PHONE)
    seat.go(path)
    page = seat.page
    page.locator("details summary", has_text="经纬度").click()
    page.locator("input[name=lon]").fill(str(OFF_ROAD[0]))
    page.locator("input[name=lat]").fill(str(OFF_ROAD[1]))
    page.select_option("select[name=category]", "E0405", force=True)
    expect(page.locator("[data-near]")).to_contain_text("这里可能已有人上报")
    if login:
        page.locator("textarea[name=description]").fill("还在")
    seat.fits()
    assert page.locator("input[name=lat]").input_value() == str(OFF_ROAD[1])  # nothing typed is touched


@pytest.mark.browser
def test_the_card_of_doubles_fits_a_desk_and_a_phone(office: Office, sit: Sit) -> None:
    office.town.told(photos=(office.town.photo(44),))
    office.town.closed()
    second = office.town.told(photos=(office.town.photo(45),))
    for size in (DESK, PHONE):
        seat = sit("acceptor", size)
        seat.go(f"/cases/{second.number}")
        expect(seat.page.locator(".dup li")).to_have_count(2)
