"""Values that types allow and nothing can hold: refused at the door, never a fault of the server, never poison in a
list."""

from __future__ import annotations

import base64
from uuid import uuid4

import httpx
import orjson
import pytest

from tests.attack.conftest import Enter, Office

FAR = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-14:00")


def cursor(*place: object) -> str:
    """As the server makes them, with values of one's own."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


@pytest.mark.parametrize("at", FAR)
def test_an_instant_that_cannot_be_read_back_is_not_taken_in(office: Office, enter: Enter, at: str) -> None:
    acceptor = enter("acceptor")
    body = {"id": str(uuid4()), "position": {"x": 114.0005, "y": 22.501}, "category": "E0405"}
    for name, path in (("captured_at", "public/reports"), ("hand_back_at", "registrations")):
        assert acceptor.post(f"/api/v1/{path}", json=body | {name: at}).status_code == 422
    form = {"id": str(uuid4()), "address": "x", "csrf": acceptor.headers["x-csrf"], "hand_back": "0001-01-01T00:00"}
    assert acceptor.post("/console/register", data=form).status_code == 422
    assert acceptor.get("/api/v1/cases").status_code == 200
    assert acceptor.get("/console").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/cases?after={cursor(9 * 10**18, 1)}",
        f"/cases?after={cursor('hello', 1)}",
        f"/cases?after={cursor('2024-01-01', 1)}",
        f"/console?after={cursor('hello', 1)}",
        "/ranking?period=0001-01",
        "/ranking?period=0001",
        "/ranking?period=9999",
    ],
)
def test_a_cursor_or_a_period_that_is_none_is_refused(enter: Enter, path: str) -> None:
    assert enter("shift_leader").get(path).status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_time_is_no_day(enter: Enter, day: str) -> None:
    assert enter("leader").get("/cases", params={"since": day, "until": day}).status_code == 200


@pytest.mark.parametrize("field", ["inspector", "condition", "into"])
@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70)])
def test_a_number_too_large_is_refused(office: Office, enter: Enter, field: str, number: int) -> None:
    case = office.town.report()
    body = {"action": "accept", "key": str(uuid4()), "form": {"category": "E0405", field: number}}
    answer = enter("acceptor").post(f"/api/v1/cases/{case.number}/actions", json=body)
    assert answer.status_code == 422


def test_a_version_of_five_thousand_digits_is_no_version(office: Office, enter: Enter) -> None:
    case, acceptor = office.town.report(), enter("acceptor")
    form = {"action": "accept", "key": str(uuid4()), "version": "9" * 5000, "category": "E0405"}
    answer: httpx.Response = acceptor.post(f"/cases/{case.number}", data=form)
    assert answer.status_code in (303, 422)
