"""The address or street on the inspector's and the citizen's form: a road named there routes the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.town import look
from tests.pages.conftest import Office, Person

NEARER_THE_AVENUE = {"lon": "114.00065", "lat": "22.5003"}  # 33 m from 人民大道, 37 m from the end of 河东巷


@pytest.mark.parametrize(("login", "form"), [("inspector1", "/field/report"), ("", "/report")])
@pytest.mark.parametrize(("address", "road"), [("", "main"), ("河东巷3号门前", "alley")])
def test_the_road_in_the_address_routes_a_report(
    office: Office, person: Callable[[str], Person], *, login: str, form: str, address: str, road: str
) -> None:
    one = person(login)
    assert 'name="address"' in one.get(form).text
    fields: dict[str, Any] = {"category": "C0135", "address": address, **NEARER_THE_AVENUE}
    if login:
        fields["photos"] = office.town.photo(21)
    answer = one.send(form, form, **fields)
    assert answer.status_code == 303, answer.text
    (case,) = look("SELECT road_class FROM cases ORDER BY id DESC LIMIT 1")
    assert case["road_class"] == road


def test_an_address_stays_in_a_form_that_is_not_complete(person: Callable[[str], Person]) -> None:
    answer = person("inspector1").send("/field/report", "/field/report", address="河东巷3号门前")
    assert answer.status_code == 422
    assert 'value="河东巷3号门前"' in answer.text
