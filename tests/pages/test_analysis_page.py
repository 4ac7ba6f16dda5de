"""The analysis of a period: each figure is the number of cases behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from collectors.tracks import begin, end
from gis.db import value, write
from tests.cases.town import OFF_ROAD
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
YEAR = "/analysis?period=2026"


@pytest.fixture(scope="module")
def lived(office: Office) -> Office:
    """Two finds of one matter on patrol, four days apart, one call elsewhere, and a return that cites a rule."""
    town = office.town
    with write() as tx:
        person = value(tx, "SELECT id FROM person WHERE login = 'inspector1'")
        begin(tx, person, at=town.now, duty_grid="G1")
    town.closed("street-a", lon=OFF_ROAD[0], lat=OFF_ROAD[1])
    with write() as tx:
        end(tx, person, at=town.now)
    town.later(days=4)
    town.dispatched("street-a", lon=OFF_ROAD[0], lat=OFF_ROAD[1] + 0.0001)
    return office


def test_every_figure_opens_as_many_cases(lived: Office, person: Enter) -> None:
    leader = person("leader")
    shown = leader.get(YEAR).text
    links = {(unescape(link), number) for link, number in re.findall(r'href="(/analysis/cases[^"]+)">(\d+)</a>', shown)}
    assert len({re.findall(r"question=(\w+)", link)[0] for link, _ in links}) >= 5
    for link, number in links:
        behind = leader.get(link)
        assert behind.status_code == 200
        assert re.findall(r"</h1><b>(\d+)</b>", behind.text) == [number], link
        assert len(set(re.findall(r'href="/cases/(\d{8,})"', behind.text))) == int(number), link


def test_what_came_again_at_the_same_place_is_told(lived: Office, person: Enter) -> None:
    shown = person("leader").get(YEAR).text
    [(_, number)] = re.findall(r'href="/analysis/cases\?question=again&amp;key=(\w+)[^"]*">(\d+)</a>', shown)
    assert number == "1"  # the second one; the first came again of nothing


def test_a_campaign_counts_its_classes_in_its_area_and_days_apart(lived: Office, person: Enter) -> None:
    leader = person("leader")
    before = _campaign(leader)
    lived.town.report()
    lived.town.report("E0201")  # of another class
    lived.town.report(lon=OFF_ROAD[0] + 0.04)  # outside the district
    assert _campaign(leader) == before | {"reported": before["reported"] + 1}
    assert "night-stalls" not in leader.get("/analysis?period=2026-07").text


def _campaign(leader: Person) -> dict[str, int]:
    shown = leader.get("/analysis?period=2026-06").text
    found = re.findall(r"question=campaign&amp;key=night-stalls%7C(\w+)&[^>]*>(\d+)</a>", shown)
    return {figure: int(number) for figure, number in found}


def test_a_department_sees_nothing_of_it_and_nonsense_is_refused(lived: Office, person: Enter) -> None:
    assert {person(login).get(YEAR).status_code for login in ("enforcement-a", "inspector1")} == {403}
    leader = person("leader")
    assert leader.get("/analysis/cases?question=nonsense&key=x").status_code == 404
    assert leader.get("/analysis?period=nonsense").status_code == 422
    nothing = leader.get("/analysis/cases?question=class&key=nothing&period=2026")
    assert re.findall(r"</h1><b>(\d+)</b>", nothing.text) == ["0"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_it_fits_with_and_without_cases(lived: Office, sit: Sit, size: tuple[int, int], language: str) -> None:
    seat = sit("leader", size)
    seat.go(f"{YEAR}&lang={language}")
    assert seat.page.locator("svg.heat path").count() == 3  # the town's duty grids
    seat.go(f"/analysis?period=2019&lang={language}")
    assert seat.page.locator(".empty").count() == 2  # no cases, and no eight weeks to guess from


def test_a_year_in_which_nothing_was_kept_is_no_data_not_a_fall_from_zero(lived: Office, person: Enter) -> None:
    shown = person("leader").get(f"{YEAR}&lang=en").text
    assert re.findall(r'data-th="2025">([^<]*)</td>', shown)[0] == "no data"
    assert not re.search(r'data-th="2025"><a', shown)


def test_each_hours_bar_stands_over_its_own_number(lived: Office, sit: Sit) -> None:
    seat = sit("leader", DESK)
    seat.go(YEAR)
    hours = seat.page.locator(".byhour")
    bars = [bar.bounding_box() for bar in hours.locator("svg").all()]
    numbers = [cell.bounding_box() for cell in hours.locator("tbody tr").first.locator("td").all()]
    assert len(bars) == len(numbers) == 24
    for bar, number in zip(bars, numbers, strict=True):
        assert bar is not None
        assert number is not None
        assert number["x"] <= bar["x"] < bar["x"] + bar["width"] <= number["x"] + number["width"]
