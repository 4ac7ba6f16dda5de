"""Who really does it: what the work shows against the rules, for those who write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from dashboards.rule_wanted import fields_from
from tests.pages.conftest import Office, Person
from tests.pages.seats import DESK, PHONE, Sit

Enter = Callable[[str], Person]


def test_with_nothing_to_settle_it_says_what_was_looked_at(office: Office, person: Enter) -> None:
    shown = person("leader").get("/owners").text
    assert "没有不一致" in shown
    assert person("utilities").get("/owners").status_code == 403


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["412", "1440"])
def test_a_disagreement_is_shown_with_its_cases_and_fits(
    office: Office, person: Enter, sit: Sit, size: tuple[int, int]
) -> None:
    cases = [office.town.closed("street-b") for _ in range(3)]
    office.town.later(minutes=1)
    shown = person("dispatcher").get("/owners?days=365").text
    assert "西街街道办事处" in shown
    assert "R-005" in shown
    assert cases[-1].number in shown
    asked = fields_from(re.findall(r"/rules/wanted\?([^\"]+)", unescape(shown))[0])
    assert (asked.to, asked.category, asked.rank) == ("unit:street-b", "E0405", "29")
    assert cases[-1].number in asked.source
    seat = sit("dispatcher", size)
    seat.go("/owners?days=365&lang=en")
