"""Where more time is asked for, and where it is answered, the unit's share stands beside its quota and its peers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dispatch.lifecycle.states import Action
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]
THERE = {"lon": 114.0032, "lat": 22.5010}  # in the second district


def notes(who: Person, number: str, language: str = "zh") -> list[str]:
    """What the case's page says of how often the unit asks, one for each kind of respite."""
    page = unescape(who.get(f"/cases/{number}?lang={language}").text)
    found = re.findall(r"<p [^>]*data-respite[^>]*>(.*?)</p>", page, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", one) for one in found]


@pytest.fixture(scope="module")
def numbers(office: Office) -> dict[str, str]:
    """The first team asks for three of its four cases, the second for one of four: 75 and 25 of a hundred."""
    town = office.town
    mine = [town.handling() for _ in range(4)]
    theirs = [town.handling("enforcement-b", **THERE) for _ in range(4)]
    for unit, case in (*(("enforcement-a", case) for case in mine[:3]), ("enforcement-b", theirs[0])):
        town.do(case, Action.ASK_DELAY, unit, reason="weather")
    return {"waits": mine[0].number, "mine": mine[3].number, "theirs": theirs[3].number}


def test_whoever_answers_sees_the_quota_and_where_the_unit_stands_among_its_peers(
    numbers: dict[str, str], person: Enter
) -> None:
    for login in ("dispatcher", "leader"):
        (said,) = notes(person(login), numbers["waits"])
        assert said.startswith("本月东河区综合执法队：承办 4 件，申请 3 件，占 75.0%，获准 0 件")
        assert "参考配额 15%" in said
        assert "已超配额" in said
        assert "同类单位中位数 50.0%，本单位居第 1 位（共 2 个" in said


def test_whoever_asks_sees_the_same_of_the_own_unit_and_no_other_units_figures(
    numbers: dict[str, str], person: Enter
) -> None:
    delay, rest = notes(person("enforcement-a"), numbers["mine"])
    assert delay.startswith("本月本单位：承办 4 件，申请 3 件，占 75.0%")
    assert "已超配额" in delay
    assert rest.startswith("本月本单位：承办 4 件，申请 0 件，占 0.0%")  # a suspension has a quota of its own
    assert "参考配额 5%" in rest
    other = notes(person("enforcement-b"), numbers["theirs"], "en")[0]
    assert "25.0" in other
    assert "75.0" not in other
    assert "50.0" in other
