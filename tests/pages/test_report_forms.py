"""The forms that take a report in lose nothing without a word, and ask for nothing that they call optional."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cases.town import look
from tests.pages.conftest import Person
from tests.pages.seats import PHONE, PHOTO, Sit

Enter = Callable[[str], Person]
NO_PHOTO = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}]
FORMS = [("", "/report"), ("acceptor", "/console/register")]


def cases() -> int:
    return int(look("SELECT count(*) AS n FROM cases")[0]["n"])


@pytest.mark.browser
def test_a_report_stays_until_a_photo_that_did_not_arrive_is_taken_away(sit: Sit) -> None:
    seat, before = sit("", PHONE), cases()
    page = seat.page
    seat.go("/report")
    page.locator("#f-address").fill("西街 9 号")
    page.locator("#f-description").fill("井盖响")
    page.locator("input[type=file]").set_input_files(NO_PHOTO)
    expect(page.get_by_text("没有送达：")).to_be_visible()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("没有提交：有照片没有送达")).to_be_visible()
    assert page.url.endswith("/report")
    assert cases() == before
    seat.fits()
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_text("没有提交")).to_have_count(0)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/r/**")
    assert cases() == before + 1
    assert len(seat.faults) == 1  # the refused upload, as the console tells it
    seat.faults.clear()


@pytest.mark.browser
def test_what_was_typed_is_shown_once_to_whoever_sent_it_and_to_nobody_else(sit: Sit) -> None:
    seat, other = sit("", PHONE), sit("", PHONE)
    seat.go("/report")
    seat.page.locator("#f-address").fill("西街 9 号")
    seat.page.locator("#f-description").fill("井盖<b>响</b>")
    seat.page.get_by_role("button", name="提交").click()
    seat.page.wait_for_url("**/r/**")
    expect(seat.page.get_by_text("西街 9 号")).to_be_visible()
    expect(seat.page.get_by_text("井盖<b>响</b>")).to_be_visible()
    seat.fits()
    receipt = seat.page.url.removeprefix(seat.address)
    other.go(receipt)
    expect(other.page.locator(".receipt")).to_be_visible()
    expect(other.page.get_by_text("西街 9 号")).to_have_count(0)
    seat.go(receipt)
    expect(seat.page.locator(".receipt")).to_be_visible()
    expect(seat.page.get_by_text("西街 9 号")).to_have_count(0)


@pytest.mark.parametrize(("login", "form"), FORMS)
@pytest.mark.parametrize("number", ["abc", "1234", "-----", "1" * 21, "13800000000 找我弟弟"])
def test_what_is_no_number_is_said_beside_the_field_and_all_is_kept(
    person: Enter, login: str, form: str, number: str
) -> None:
    given = {"address": "西街 9 号", "description": "井盖响", "contact_phone": number, "source": "hotline"}
    before, answer = cases(), person(login).send(form, form, **given)
    assert answer.status_code == 422
    assert cases() == before
    assert all(f'value="{kept}"' in answer.text for kept in (number, "西街 9 号"))
    assert "井盖响</textarea>" in answer.text
    beside = re.search(r'id="f-contact_phone".*?<p class="msg".*?</p>', answer.text, re.DOTALL)
    assert beside
    assert "5 到 20 位" in beside[0]


@pytest.mark.parametrize(("login", "form"), FORMS)
@pytest.mark.parametrize("number", ["13800000000", "+86 138-0000-0000", "12345", ""])
def test_a_number_as_people_write_it_is_taken(person: Enter, login: str, form: str, number: str) -> None:
    given = {"address": "西街 9 号", "description": "井盖响", "contact_phone": number, "source": "hotline"}
    assert person(login).send(form, form, **given).status_code == 303


@pytest.mark.parametrize(("login", "form"), FORMS)
def test_one_of_two_is_asked_for_in_words_and_never_called_optional(person: Enter, login: str, form: str) -> None:
    one = person(login)
    page = one.get(form).text
    for name in ("address", "description", "category") if form == "/report" else ("address",):
        label = re.search(rf'<label for="f-{name}">(.*?)</label>', page)
        assert label
        assert "填一样" in label[1]
        assert "选填" not in label[1]
    answer = one.send(form, form, source="hotline")
    assert answer.status_code == 422
    assert answer.text.count("请在地图上点位置，或写明地址。") == 2  # beside the field and in the list
    assert "请填写这一项" not in answer.text


@pytest.mark.browser
@pytest.mark.parametrize(("login", "form"), [("inspector1", "/field/report"), *FORMS])
def test_the_cross_says_that_nothing_is_placed_until_the_map_was_moved_under_it(
    sit: Sit, login: str, form: str
) -> None:
    seat = sit(login, PHONE)
    page = seat.page
    seat.go(form)
    unset = page.get_by_text("还没有定位置")
    expect(unset).to_be_visible()
    assert page.locator("[name=lon]").first.input_value() == ""
    page.locator("[data-map=pick]").scroll_into_view_if_needed()
    box = page.locator("[data-map=pick]").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y - 30, steps=5)
    page.mouse.up()
    expect(unset).to_be_hidden()
    expect(page.get_by_text("已按十字位置手工定位")).to_be_visible()
    assert page.locator("[name=lon]").first.input_value() != ""
    seat.fits()


def test_an_inspector_is_asked_for_a_place_once(person: Enter) -> None:
    answer = person("inspector1").send("/field/report", "/field/report", category="E0102")
    assert answer.text.count("<li>位置：") == 1


@pytest.mark.browser
def test_a_refused_report_shows_its_photo_to_keep_or_remove_and_asks_for_a_place_until_it_has_one(sit: Sit) -> None:
    seat = sit("inspector1", PHONE, place=True)
    page = seat.page
    seat.go("/field/report")
    page.locator("input[type=file]").set_input_files(PHOTO)
    expect(page.get_by_text("已送达")).to_be_visible()
    page.get_by_role("combobox", name="类别").fill("垃圾")
    page.get_by_role("option", name="暴露垃圾").click()
    page.get_by_role("button", name="上报", exact=True).click()
    asked = page.get_by_text("请定好位置")
    expect(asked).to_be_visible()
    seat.fits()
    assert page.locator(".shot-in img").evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    page.get_by_role("button", name="用我的位置").click()
    expect(page.get_by_text("已定位，±6 m")).to_be_visible()
    expect(asked).to_have_count(0)
    expect(page.locator("[data-wrongs]")).to_be_hidden()
    page.get_by_role("button", name="移除").click()
    expect(page.locator(".shot-in")).to_have_count(0)
    assert page.locator("input[type=file]").evaluate("input => input.required")
    seat.faults = [said for said in seat.faults if "422" not in said]  # the refused report, as the console tells it


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"address": "西街 9 号", "description": "井盖响"},
         ("您反映的问题", "中心受理时按您的描述确定", "您写了地址，由中心按地址核实确定"),
         ("What you reported", "by your description", "you wrote an address")),
        ({"address": "西街 9 号", "category": "C0101"}, ("您写了地址",), ("the centre will confirm where that is",)),
        ({"lon": "10", "lat": "10", "description": "井盖响"}, ("您在地图上选了点",), ("you chose a point on the map",)),
    ],
)  # fmt: skip
def test_a_receipt_says_what_was_given_and_that_the_centre_will_confirm_it(
    person: Enter, given: dict[str, str], zh: tuple[str, ...], en: tuple[str, ...]
) -> None:
    receipt = person("").send("/report", "/report", **given).headers["location"]
    for language, said in (("zh", zh), ("en", en)):
        text = person("").get(f"{receipt}&lang={language}").text
        assert all(words in text for words in said), language
        assert not any(words in text for words in ("位置不明", "未定类别", "Place unknown", "Category open"))
        assert not any(given[words] in text for words in ("address", "description") if words in given)
