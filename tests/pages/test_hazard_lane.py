"""Danger that nobody has made safe stands on top wherever cases are looked at, with what is left for its cordon."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from dashboards.app import create_app
from dispatch.cases.act import Receipt
from dispatch.cluster import Urls
from dispatch.lifecycle.states import Action
from dispatch.people.passwords import hash_password
from gis.db import execute, write
from tests.alarms.test_hazard import STAGE
from tests.cases.town import look, settled
from tests.city.spoilt_town import copy_of_tiny
from tests.http.serving import served
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit
from tests.people.made import PASSWORD

Enter = Callable[[str], Person]
LANE = "险情未排除"


@pytest.fixture(scope="module")
def office(database: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The town, in which a danger is to be cordoned off within half an hour."""
    folder = copy_of_tiny(tmp_path_factory.mktemp("city"))
    path = folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("\n[reach]", f"{STAGE}\n[reach]", 1), encoding="utf-8")
    with settled(folder) as town:
        with write() as tx:
            execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
        with served(create_app(database.app)) as address:
            yield Office(town, address)


@pytest.fixture(scope="module")
def danger(office: Office) -> Receipt:
    """Sent ten minutes ago to the first district's enforcement; two ordinary cases are due before it."""
    (row,) = look(
        """SELECT c.code, f.no FROM category c JOIN filing_condition f ON f.edition_id = c.edition_id
              AND f.category = c.code WHERE c.hazard AND f.time_class LIKE 'urgent%%' ORDER BY c.code, f.no LIMIT 1"""
    )
    town = office.town
    town.handling()
    town.replied()
    case = town.report(str(row["code"]), photos=(town.photo(),))
    town.do(case, Action.ACCEPT, "acceptor", category=row["code"])
    town.do(case, Action.FILE, "shift_leader", condition=row["no"])
    (sure,) = look(f"SELECT route_unit FROM cases WHERE id = {case.case_id}")
    reason = None if sure["route_unit"] == "enforcement-a" else "local"
    town.do(case, Action.DISPATCH, "dispatcher", unit="enforcement-a", reason=reason)
    town.later(minutes=10)
    return case


@pytest.mark.parametrize(
    ("login", "path", "link"),
    [
        ("inspector1", "/field", "/field/cases/"),
        ("inspector1", "/field/mine", "/field/cases/"),
        ("leader", "/ranking", "/cases/"),
        ("leader", "/console?q=extends_more", "/cases/"),
        ("acceptor", "/console", "/cases/"),
        ("shift_leader", "/console", "/cases/"),
        ("dispatcher", "/console?q=feedback", "/cases/"),
        ("supervisor", "/console", "/cases/"),
        ("supervisor", "/ranking", "/cases/"),
        ("evaluator", "/cases", "/cases/"),
        ("dispatcher", "/cases?state=closed", "/cases/"),
        ("leader", "/suspended", "/cases/"),
        ("enforcement-a", "/desk", "/cases/"),
        ("enforcement-a", "/cases", "/cases/"),
        ("enforcement-a", "/suspended", "/cases/"),
        ("district-a", "/desk", "/cases/"),
    ],
)
def test_the_lane_stands_on_every_page_before_all_other_cases(
    danger: Receipt, person: Enter, login: str, path: str, link: str
) -> None:
    said = person(login).get(path).text
    assert LANE in said
    assert said.index(f"{link}{danger.number}") == min(said.index(href) for href in [f"{link}{danger.number}", link])
    assert "剩 20 min" in said, "of the half hour ten minutes are gone"


def test_another_inspector_and_another_unit_are_not_shown_it(danger: Receipt, person: Enter) -> None:
    assert danger.number not in person("inspector2").get("/field").text
    assert danger.number not in person("inspector2").get("/field/mine").text
    assert danger.number not in person("enforcement-b").get("/desk").text
    assert danger.number not in person("enforcement-b").get("/suspended").text


def test_beside_a_case_the_queue_begins_with_the_danger_and_its_own_page_says_what_is_left(
    danger: Receipt, person: Enter
) -> None:
    other = look(f"SELECT number FROM cases WHERE id <> {danger.case_id} AND unit_id = 'enforcement-a' LIMIT 1")
    said = person("enforcement-a").get(f"/cases/{other[0]['number']}").text
    assert said.index('class="ql"') < said.index(danger.number)
    assert said[said.index('class="ql"') :].index(danger.number) < said[said.index('class="ql"') :].index(
        str(other[0]["number"])
    )
    assert "围护剩 20 min" in person("dispatcher").get(f"/cases/{danger.number}").text
    assert "cordon 20 min" in person("inspector1").get(f"/field/cases/{danger.number}?lang=en").text


def test_the_file_of_cases_says_which_are_dangerous_and_until_when_the_cordon_is_due(
    danger: Receipt, person: Enter
) -> None:
    answer = person("dispatcher").web.get("/exports/cases?form=csv&lang=en")
    rows = {row["Case number"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert (rows[danger.number]["Danger"], rows[danger.number]["Cordon due"][11:16]) == (
        "Danger not yet made safe",
        "09:30",
    )
    assert {(row["Danger"], row["Cordon due"]) for number, row in rows.items() if number != danger.number} == {("", "")}


def test_on_the_map_it_is_a_pin_of_its_own_from_afar_and_the_legend_says_so(
    danger: Receipt, office: Office, sit: Sit, person: Enter
) -> None:
    told = person("leader").web.get(f"/map/cases/{danger.number}?lang=en").json()
    assert told["danger"].startswith("Danger not yet made safe")
    seat = sit("leader", DESK)
    seat.go("/map")
    seat.page.locator("#map[data-drawn=yes]").wait_for()
    expect(seat.page.locator(".mlegend")).to_contain_text(LANE)


def test_the_lane_fits_a_telephone_and_is_gone_once_the_cordon_is_there(
    danger: Receipt, office: Office, sit: Sit, person: Enter
) -> None:
    lanes = (("inspector1", "/field"), ("inspector1", "/field/mine"), ("leader", "/ranking"), ("leader", "/suspended"))
    for login, path in (*lanes, ("enforcement-a", f"/cases/{danger.number}")):
        seat = sit(login, PHONE)
        seat.go(path)
        expect(seat.page.locator("main .ur-hazard:visible").first).to_be_visible()
        seat.fits()
    office.town.do(danger, Action.CORDON, "enforcement-a", photos=(office.town.photo(5),))
    assert LANE not in person("inspector1").get("/field").text
    assert LANE not in person("leader").get("/ranking").text
