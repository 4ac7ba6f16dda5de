"""A finished month keeps its figures on the page, its links and its lists; what is known by now is one link away."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

import pytest
from playwright.sync_api import expect

from dispatch.lifecycle.states import Action
from gis.db import value, write
from tests.cases.town import ZONE
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
JUNE = "/ranking?period=2026-06&group=section"


@pytest.fixture(scope="module")
def reopened(office: Office) -> str:
    """Closed in time in June, reopened in July: its number."""
    town = office.town
    town.closed()
    case = town.closed()
    town.set(datetime(2026, 7, 2, 9, 0, tzinfo=ZONE))
    town.do(case, Action.REOPEN, "shift_leader", reason="back-again")
    return case.number


def figures(page: str) -> list[tuple[str, str]]:
    return [(unescape(link), text) for link, text in re.findall(r'href="(/ranking/cases\?[^"]+)">(\d+)</a>', page)]


def test_every_figure_opens_as_many_cases_as_it_says_at_either_instant(reopened: str, person: Enter) -> None:
    leader = person("leader")
    kept, present = leader.get(JUNE).text, leader.get(JUNE + "&as_of=now").text
    told = {link.split("unit=")[1]: text for link, text in figures(kept)}
    assert told["enforcement-a&figure=total"] == "2"
    for link, text in figures(kept) + figures(present):
        listed = leader.get(link).text
        assert f"<b>{text}</b>" in listed
        assert len(set(re.findall(r'href="/cases/(2\d+[^"]*)"', listed))) == int(text)
    (behind,) = [link for link, _ in figures(kept) if link.endswith("enforcement-a&figure=ontime")]
    assert reopened in leader.get(behind).text
    assert reopened not in leader.get(behind + "&as_of=now").text
    assert "as_of=now" in figures(present)[0][0]


def test_the_page_says_as_of_when_and_sets_another_instant_beside(reopened: str, person: Enter) -> None:
    leader = person("leader")
    page = leader.get(JUNE + "&lang=en").text
    assert "Data as of 2026-07-01 00:00" in page
    assert 'class="was"' not in page
    for link in (JUNE + "&against=now", JUNE + "&as_of=now&against=end", JUNE + "&as_of=2026-07-02T09:00&against=end"):
        beside = leader.get(link).text
        assert 'class="was"' in beside, link
    assert leader.get(JUNE + "&as_of=2031-01-01").status_code == 422
    assert leader.get(JUNE + "&as_of=soon").status_code == 422


@pytest.mark.parametrize(("who", "path"), [("leader", JUNE), ("supervisor", "/rules")])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_phone_a_table_is_read_without_moving_it_sideways(
    reopened: str, sit: Sit, who: str, path: str, language: str
) -> None:
    seat = sit(who, PHONE)
    seat.go(f"{path}{'&' if '?' in path else '?'}lang={language}")
    tables = seat.page.locator("table.stacks")
    assert tables.count()
    for table in tables.all():
        assert table.evaluate("t => t.parentElement.scrollWidth - t.parentElement.clientWidth") == 0
    heads = seat.page.locator("table.stacks tbody tr:not(.grp) [data-th]")
    assert heads.count()
    assert all(heads.evaluate_all("all => all.map(td => getComputedStyle(td, '::before').content.length > 2)"))


def test_the_way_one_is_in_is_marked_also_on_its_inner_pages(person: Enter) -> None:
    leader = person("leader")
    for path in ("/ranking", "/bulletins"):
        assert re.findall(r'<a href="([^"]+)" aria-current="page"', leader.get(path).text)[0] == "/ranking"


def test_the_page_says_how_sure_the_places_are_and_takes_another_scheme(reopened: str, person: Enter) -> None:
    leader = person("leader")
    page = leader.get(JUNE + "&lang=en&scheme=plain-ontime&sway=30").text
    assert "How sure the places are" in page
    assert "±30 %</a>" in page
    assert '<option value="plain-ontime" selected>' in page
    assert "34.24–100.00" in page  # two of two on time
    assert "2 / " in page
    assert leader.get(JUNE + "&scheme=gb-inspector").status_code == 404
    assert leader.get(JUNE + "&scheme=nothing").status_code == 422
    assert leader.get("/ranking?period=2027-06").status_code == 422


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["412", "1440"])
def test_a_score_opens_to_what_moved_it_and_the_cases_that_cost(
    reopened: str, office: Office, sit: Sit, screen: tuple[int, int]
) -> None:
    seat = sit("leader", screen)
    seat.go(JUNE)
    seat.page.locator("a[href^='/ranking/moved']").first.click()
    expect(seat.page.get_by_role("heading", name="得分变化的原因")).to_be_visible()
    seat.fits()
    assert seat.page.locator("tbody tr").count() >= 5


def test_a_department_sees_its_own_score_and_nobody_elses(reopened: str, office: Office, person: Enter) -> None:
    office.town.handling()
    office.town.set(datetime(2026, 7, 20, 9, 0, tzinfo=ZONE))
    with write() as tx:
        number = value(tx, "SELECT max(number) FROM cases")
    own = person("enforcement-a")
    assert "/desk/score" in own.get("/desk").text
    page = own.get("/desk/score?period=2026-07&lang=en").text
    assert "The cases that cost most" in page
    assert f'href="/cases/{number}"' in page
    assert number in person("leader").get("/ranking/moved?period=2026-07&unit=enforcement-a&group=section").text
    assert own.get("/desk/score?unit=enforcement-b").status_code == 404
    empty = own.get("/desk/score?period=2025-01&lang=en").text
    told = re.findall(r'data-th="2025-01">(.*?)</td>', empty)
    assert told
    assert all("no data" in cell for cell in told)  # also of the number filed: nobody scores by having had nothing
    assert own.get("/ranking/moved?unit=enforcement-a").status_code == 403
    assert person("leader").get("/ranking/moved").url.path == "/ranking"
    assert person("leader").get("/ranking/moved?unit=nobody").status_code == 404
