"""A department's inbox: a case stands in the lane of what ends first, and shows how long that very clock has left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest

from dispatch.lifecycle.states import Action
from tests.cases.town import MONDAY
from tests.pages.conftest import Office, Person

A = Action
UNIT = "enforcement-a"


@pytest.fixture(autouse=True)
def afternoon(office: Office) -> Iterator[None]:
    """Three o'clock: what has four working hours ends tomorrow, what has two ends today."""
    office.town.set(MONDAY.replace(hour=15))
    yield
    office.town.set(MONDAY)


def cards(page: str) -> dict[tuple[str, str], str]:
    """(lane, number) → what the case's card there says."""
    lanes = re.findall(r'<section class="lane" id="(\w+)".*?</section>', page, re.DOTALL)
    found = {}
    for lane in lanes:
        (part,) = re.findall(rf'<section class="lane" id="{lane}"(.*?)</section>', page, re.DOTALL)
        for number, said in re.findall(r'<a href="/cases/([^"]+)">(.*?)</a>', part, re.DOTALL):
            words = unescape(re.sub(r"<[^>]*>", " ", said))
            found[lane, number] = re.sub(r"\s+", " ", words)
    return found


def test_what_is_to_be_signed_today_shows_how_long_that_is(office: Office, person: Callable[[str], Person]) -> None:
    case = office.town.dispatched(UNIT)
    said = cards(person(UNIT).get("/desk").text)["today", case.number]
    assert "剩 2 h" in said
    assert "签收 · 已用 不到 1 min" in said
    assert "处置 · 剩 4 h" in said
    office.town.do(case, A.SIGN, UNIT)
    said = cards(person(UNIT).get("/desk").text)["later", case.number]
    assert "剩 4 h" in said
    assert "签收" not in said


def test_of_both_ending_today_disposal_is_what_it_is_about(office: Office, person: Callable[[str], Person]) -> None:
    office.town.set(MONDAY)
    case = office.town.dispatched(UNIT)
    said = cards(person(UNIT).get("/desk").text)["today", case.number]
    assert "剩 4 h" in said
    assert "未签收 · 剩 2 h" in said
    assert "处置" not in said


def test_an_order_to_be_answered_today_shows_how_long_that_is(office: Office, person: Callable[[str], Person]) -> None:
    office.town.set(MONDAY)
    case = office.town.handling(UNIT)
    office.town.do(case, A.ASK_DELAY, UNIT, reason="material")
    office.town.do(case, A.APPROVE_DELAY, "dispatcher")  # eight working hours: tomorrow at nine
    office.town.do(case, A.SUPERVISE, "leader", reason="citizen")  # four: today at three
    said = cards(person(UNIT).get("/desk").text)["today", case.number]
    assert "剩 4 h" in said
    assert "督办回复 · 已用 不到 1 min" in said
    assert "处置 · 剩 " in said
    english = cards(person(UNIT).get("/desk?lang=en").text)["today", case.number]
    assert "4 h left" in english
