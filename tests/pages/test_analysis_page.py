"""The analysis of a period: each figure is the number of cases behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import unescape
from typing import LiteralString

import pytest

from collectors.tracks import begin, end
from dashboards.analysis import _line
from dispatch.analysis.forecast import forecast
from dispatch.lifecycle.states import Action
from gis.db import value, write
from tests.cases.town import OFF_ROAD
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
YEAR = "/analysis?period=2026"


def value_of(sql: LiteralString) -> str:
    with write() as tx:
        return str(value(tx, sql))


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
    called = town.report(None, "citizen", public=True, source="web", lon=OFF_ROAD[0], lat=OFF_ROAD[1])
    town.do(called, Action.SEND_VERIFY, "acceptor", inspector=person)
    town.later(minutes=7)
    town.do(called, Action.VERIFY, "inspector1", result="true")
    town.later(days=4)
    town.dispatched("street-a", lon=OFF_ROAD[0], lat=OFF_ROAD[1] + 0.0001)
    town.later(minutes=1)  # what is filed at an instant counts from the next on
    return office


def test_every_figure_opens_as_many_cases(lived: Office, person: Enter) -> None:
    leader = person("leader")
    shown = leader.get(YEAR).text
    links = {(unescape(link), number) for link, number in re.findall(r'href="(/analysis/cases[^"]+)">(\d+)</a>', shown)}
    assert len({re.findall(r"question=(\w+)", link)[0] for link, _ in links}) >= 4
    for link, number in links:
        behind = leader.get(link)
        assert behind.status_code == 200
        assert re.findall(r"</h1><b>(\d+)</b>", behind.text) == [number], link
        assert len(set(re.findall(r'href="/cases/(\d{8,})"', behind.text))) == int(number), link


def test_what_came_again_at_the_same_place_is_told(lived: Office, person: Enter) -> None:
    shown = person("leader").get(YEAR).text
    [(link, number)] = re.findall(r'href="(/measures/cases\?[^"]*figure=recurred[^"]*)">(\d+)</a>', shown)
    assert number == "1"  # the second one; the first came again of nothing
    behind = person("leader").get(unescape(link) + "&lang=en").text
    assert len(set(re.findall(r'href="/cases/(\d{8,})"', behind))) == 1
    assert "The same as in the table" in behind


def test_every_stage_that_was_gone_through_tells_its_length(lived: Office, person: Enter) -> None:
    shown = person("leader").get(f"{YEAR}&lang=en").text
    rows = dict(
        re.findall(r'<tr><th class="un whole" scope="row">([^<]+)</th>(<td class="num" data-th="Cases".*?)</tr>', shown)
    )
    told = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rows["Verify"])]
    assert told[:3] == ["1", "7", "7"]


def test_past_weeks_and_the_forecast_are_a_line(lived: Office, person: Enter) -> None:
    days = {date(2026, 1, 5) + timedelta(days=n): 2 + n // 7 % 3 for n in range(7 * 20)}
    ahead = forecast(days, date(2026, 5, 25))
    assert ahead is not None
    drawn = _line(ahead)
    past, to_come = ([(float(x), float(y)) for x, y in pairs(drawn[name].split())] for name in ("past", "ahead"))
    numbers = [number for _, number in ahead.past] + [week.expected for week in ahead.weeks]
    assert len(past) == 20
    assert past[-1] == to_come[0]  # the one goes on where the other ends
    top = max([*numbers, *(week.high or 0 for week in ahead.weeks)])
    for place, (x, y) in enumerate([*past, *to_come[1:]]):
        assert x == 10 * place
        assert y == pytest.approx(100 - 100 * numbers[place] / top, abs=0.06)
    assert len(drawn["band"].split()) == 2 * 2 * len(ahead.weeks)


def test_a_campaign_counts_its_classes_in_its_area_and_days_apart(lived: Office, person: Enter) -> None:
    leader = person("leader")
    before = _campaign(leader)
    lived.town.report()
    lived.town.report("E0201")  # of another class
    lived.town.report(lon=OFF_ROAD[0] + 0.04)  # outside the district
    lived.town.later(minutes=1)
    assert _campaign(leader) == before | {"report": before["report"] + 1}
    assert "night-stalls" not in leader.get("/analysis?period=2026-07").text


def pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)


def _campaign(leader: Person) -> dict[str, int]:
    shown = leader.get("/analysis?period=2026-06").text
    found = re.findall(r"figure=(\w+)&amp;by=city&amp;campaign=night-stalls\">(\d+)</a>", shown)
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


def test_a_duty_grid_is_called_by_its_areas_in_english(lived: Office, person: Enter) -> None:
    said = {lang: unescape(person("leader").get(f"{YEAR}&lang={lang}").text) for lang in ("zh", "en")}
    chinese = value_of("SELECT name FROM duty_grid_entry WHERE duty_grid = 'G1' AND valid_to IS NULL")
    assert f">{chinese} G1</th>" in said["zh"]
    assert chinese not in said["en"]
    assert ">East Street Community G1</th>" in said["en"]


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
