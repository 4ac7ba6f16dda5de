"""The list behind a figure, leaf by leaf: every case stands on one leaf, and the whole list still gives the figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from dashboards import leaf, measures
from dashboards.leaf import leaf_of
from tests.pages.conftest import Office, Person, good_and_bad
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
LIST = "/measures/cases?period=2026-06&by=city&figure=report"


@pytest.fixture(scope="module")
def lived(office: Office) -> Office:
    """Six cases."""
    good_and_bad(office.town)
    return office


@pytest.fixture
def two_a_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves of two cases."""
    monkeypatch.setattr(leaf, "SIZE", 2)
    monkeypatch.setattr(measures, "SIZE", 2)


@given(st.sets(st.integers(1, 5000), max_size=2000))
def test_leaf_by_leaf_each_case_comes_once_the_newest_first(ids: set[int]) -> None:
    found, one, forth = [], leaf_of(ids, None), []
    while True:
        assert len(one.ids) == one.last - one.first + 1 if one.ids else one.last == 0
        assert one.of == len(ids)
        found += one.ids
        forth.append(one)
        if one.after is None:
            break
        one = leaf_of(ids, one.after)
    assert found == sorted(ids, reverse=True)
    for before, here in pairwise(forth):
        assert here.before is not None
        assert leaf_of(ids, here.before) == before
    assert forth[0].before is None


def test_what_came_or_went_meanwhile_moves_no_case_to_another_leaf() -> None:
    ids = set(range(1, 1001))
    second = leaf_of(ids, leaf_of(ids, None).after)
    assert leaf_of(ids | {2000, 3000}, leaf_of(ids, None).after).ids == second.ids
    gone = leaf_of(ids, None).after or 0
    assert leaf_of(ids - {gone}, gone).ids == second.ids


def numbers(page: str) -> list[str]:
    return re.findall(r'scope="row"><a href="/cases/(\d+)"', page)


@pytest.mark.usefixtures("two_a_leaf")
@pytest.mark.parametrize(("language", "said"), [("zh", "第 1–2 件，共 {n} 件"), ("en", "1–2 of {n}, the newest first")])
def test_the_links_lead_through_the_whole_list_and_back(lived: Office, person: Enter, language: str, said: str) -> None:
    leader = person("leader")
    address, pages = f"{LIST}&lang={language}", []
    while address:
        pages.append(leader.get(address).text)
        older = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        address = unescape(older[1]) if older else ""
    count = int(re.findall(r"</h1><b>(\d+)</b>", pages[0])[0])
    assert count > 4
    assert said.format(n=count) in pages[0]
    walked = [number for page in pages for number in numbers(page)]
    assert len(walked) == len(set(walked)) == count
    assert all(("与表中数字一致" if language == "zh" else "The same as in the table") in page for page in pages)
    back = leader.get(unescape(re.findall(r'rel="prev" href="([^"]+)"', pages[1])[0])).text
    assert numbers(back) == numbers(pages[0])
    assert "after=" not in re.findall(r'href="([^"]*part=above[^"]*)"', pages[1])[0]  # another part begins at its head
    assert leader.get(f"{LIST}&after=-1").status_code == 422
    assert numbers(leader.get(f"{LIST}&after=1").text) == []  # behind the last


@pytest.mark.usefixtures("two_a_leaf")
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_they_are_walked_on_a_screen(lived: Office, sit: Sit, size: tuple[int, int]) -> None:
    seat = sit("leader", size)
    seat.go(f"{LIST}&lang=zh")
    first = seat.page.locator("tbody th").first.inner_text()
    seat.page.get_by_role("link", name="较早的").click()
    expect(seat.page.locator("tbody th").first).not_to_have_text(first)
    seat.fits()
    seat.page.get_by_role("link", name="较新的").click()
    expect(seat.page.locator("tbody th").first).to_have_text(first)
    seat.fits()
