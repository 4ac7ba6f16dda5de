"""The integrity board: evidence to be looked at by leader and evaluator, and words on it that stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from collectors.tracks import begin, end
from dispatch.cases.intake import Receipt
from dispatch.integrity.board import TESTS
from gis.db import dicts, read, value, write
from tests.cases.town import OFF_ROAD
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]
BOARD = "/integrity?test=volume_padding&period=2026"


@pytest.fixture(scope="module")
def padded(office: Office) -> list[Receipt]:
    """Two inspectors are on duty; the first makes seven reports of one matter, two minutes and five metres apart."""
    town = office.town
    start = town.now
    with write() as tx:
        for login in ("inspector1", "inspector2"):
            person = value(tx, "SELECT id FROM person WHERE login = %(login)s", login=login)
            begin(tx, person, at=start)
    made = []
    for number in range(7):
        town.later(minutes=2)
        made.append(town.report(lon=OFF_ROAD[0] + 0.00005 * number))
    town.later(hours=1)
    town.report(who="inspector2", lon=OFF_ROAD[0] + 0.02)
    with write() as tx:
        for login in ("inspector1", "inspector2"):
            person = value(tx, "SELECT id FROM person WHERE login = %(login)s", login=login)
            end(tx, person, at=town.now)
    return made


def test_leader_shift_leader_and_evaluator_see_it_and_nobody_else(padded: list[Receipt], person: Enter) -> None:
    assert {person(login).get(BOARD).status_code for login in ("leader", "shift_leader", "evaluator")} == {200}
    others = ("inspector1", "acceptor", "dispatcher", "enforcement-a", "district-a", "supervisor")
    assert {person(login).get(path).status_code for login in others for path in (BOARD, "/integrity/cases")} == {403}
    own = person("enforcement-a")
    assert own.post("/integrity/marks", test="volume_padding", period="2026", subject="inspector1").status_code == 403


def test_a_finding_opens_as_many_cases_as_it_says(padded: list[Receipt], person: Enter) -> None:
    leader = person("leader")
    shown = leader.get(BOARD).text
    [(link, number)] = re.findall(r'href="(/integrity/cases[^"]+)">(\d+)</a>', shown)
    assert number == "6"  # the first of the seven follows nothing
    behind = leader.get(unescape(link)).text
    assert set(re.findall(r"/cases/(\d{8,})", behind)) == {case.number for case in padded[1:]}
    assert "丁一 inspector1" in shown
    assert "于二" not in shown
    assert "81.3" in shown  # how well this test is known to work


def test_a_word_on_a_finding_stays_with_who_said_it_and_when(padded: list[Receipt], person: Enter) -> None:
    evaluator, leader = person("evaluator"), person("leader")
    refused = evaluator.send(BOARD, "/integrity/marks", verdict="looked_at", reason="   ")
    assert refused.status_code == 422
    said = evaluator.send(BOARD, "/integrity/marks", verdict="false_alarm", reason="七个摊位,各报一件")
    assert said.status_code == 303
    assert leader.send(BOARD, "/integrity/marks", verdict="looked_at", reason="<b>看过</b>").status_code == 303
    shown = leader.get(BOARD).text
    assert shown.index("&lt;b&gt;看过") < shown.index("七个摊位")
    assert "考评员" in shown
    with read() as tx:
        kept = dicts(tx, "SELECT verdict, cases, marked_by FROM integrity_mark ORDER BY id")
    assert [row["verdict"] for row in kept] == ["false_alarm", "looked_at"]
    assert len(kept[0]["cases"]) == 6


def test_no_word_is_said_of_what_is_no_finding(padded: list[Receipt], person: Enter) -> None:
    leader = person("leader")
    fields = {
        "test": "volume_padding",
        "period": "2026",
        "subject": "inspector2",
        "reason": "x",
        "verdict": "looked_at",
    }
    token = re.findall(r'name="csrf" value="([^"]+)"', leader.get(BOARD).text)[0]
    assert leader.post("/integrity/marks", csrf=token, **fields).status_code == 404
    assert leader.post("/integrity/marks", csrf=token, **(fields | {"test": "nonsense"})).status_code == 404
    assert leader.get("/integrity?test=nonsense").status_code == 404
    assert leader.get("/integrity?period=nonsense").status_code == 422


def test_the_database_lets_nobody_change_or_delete_a_word(padded: list[Receipt]) -> None:
    with read() as tx:
        rights = dicts(
            tx,
            """SELECT has_table_privilege('wangge_app', 'integrity_mark', 'UPDATE,DELETE,TRUNCATE') AS app,
                      has_table_privilege('wangge_department', 'integrity_mark', 'SELECT,INSERT') AS department""",
        )
    assert rights == [{"app": False, "department": False}]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_every_test_fits_with_and_without_findings(
    padded: list[Receipt], sit: Sit, size: tuple[int, int], language: str
) -> None:
    seat = sit("leader", size)
    seat.go(f"{BOARD}&lang={language}")
    for name in TESTS.keys() - {"volume_padding"}:
        seat.go(f"/integrity?test={name}&period=2026&lang={language}")
        assert seat.page.locator(".empty").is_visible()
