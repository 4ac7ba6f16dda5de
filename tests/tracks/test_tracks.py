"""Shifts and tracks: kept of the time on duty, of oneself, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from collectors.tracks import LONGEST, Fix, begin, end, follow
from dashboards.app import create_app
from dispatch.cluster import Urls
from dispatch.people.roles import Role
from gis.db import Tx, dicts, read, value
from gis.problems import NotFound
from tests.http.serving import served
from tests.people.made import PASSWORD, make_person

SEVEN = datetime(2026, 6, 10, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def wu(database: Urls) -> int:
    return make_person("wu", Role.INSPECTOR)


def at(*hours: float) -> list[Fix]:
    return [Fix(at=SEVEN + hour * HOUR, lon=114.0015, lat=22.5001, accuracy_m=4.0) for hour in hours]


def kept(tx: Tx, person: int) -> list[datetime]:
    found = dicts(tx, "SELECT at FROM track WHERE person_id = %(person)s ORDER BY at", person=person)
    return [row["at"] for row in found]


def test_only_the_time_on_duty_is_kept(tx: Tx, wu: int) -> None:
    begin(tx, wu, at=SEVEN)
    end(tx, wu, at=SEVEN + 7 * HOUR)
    assert follow(tx, wu, at(-0.1, 0, 3, 7, 7.1), now=SEVEN + 9 * HOUR) == 3
    assert kept(tx, wu) == [fix.at for fix in at(0, 3, 7)]


def test_sent_again_it_is_the_same_track(tx: Tx, wu: int) -> None:
    begin(tx, wu, at=SEVEN)
    assert [follow(tx, wu, at(1, 2), now=SEVEN + 2 * HOUR) for _ in range(2)] == [2, 0]
    assert begin(tx, wu, at=SEVEN).id == begin(tx, wu, at=SEVEN + HOUR).id


def test_what_is_to_come_is_not_kept(tx: Tx, wu: int) -> None:
    begin(tx, wu, at=SEVEN)
    assert follow(tx, wu, at(1, 3), now=SEVEN + 2 * HOUR) == 1


def test_a_shift_that_nobody_ended_is_over_after_its_longest(tx: Tx, wu: int) -> None:
    first = begin(tx, wu, at=SEVEN)
    assert follow(tx, wu, at(15.9, 16.1), now=SEVEN + 24 * HOUR) == 1
    with pytest.raises(NotFound):
        end(tx, wu, at=SEVEN + LONGEST + HOUR)
    assert begin(tx, wu, at=SEVEN + 24 * HOUR).id != first.id


def test_a_shift_is_ones_own(tx: Tx, wu: int) -> None:
    begin(tx, wu, at=SEVEN)
    assert follow(tx, wu + 1, at(1), now=SEVEN + 2 * HOUR) == 0


# ------------------------------------------------------------------------------------------------------- over HTTP


@pytest.fixture(scope="module")
def phone(wu: int, database: Urls) -> Iterator[httpx.Client]:
    with served(create_app()) as address, httpx.Client(base_url=address) as client:
        entered = client.post("/api/v1/session", json={"login": "wu", "password": PASSWORD})
        client.headers["x-csrf"] = entered.json()["csrf"]
        yield client


def sent(phone: httpx.Client, *instants: datetime) -> httpx.Response:
    fixes = [{"at": one.isoformat(), "x": 114.00657, "y": 22.4974, "crs": "gcj02"} for one in instants]
    return phone.post("/api/v1/track", json={"fixes": fixes})


def test_an_inspector_goes_on_duty_is_followed_and_goes_off(phone: httpx.Client) -> None:
    assert sent(phone, datetime.now(UTC)).json() == {"kept": 0}
    shift = phone.post("/api/v1/shifts").json()
    assert phone.post("/api/v1/shifts").json()["id"] == shift["id"]
    began = datetime.fromisoformat(shift["started_at"])
    assert sent(phone, began, began + timedelta(seconds=5)).json() == {"kept": 2}
    with read() as tx:
        lon = value(tx, "SELECT ST_X(geom) FROM track LIMIT 1")
    assert lon == pytest.approx(114.0015, abs=1e-4)  # kept in the store's datum
    assert phone.post("/api/v1/shifts/end").json()["ended_at"] is not None
    off = phone.post("/api/v1/shifts/end")
    assert off.status_code == 404
    assert off.json()["title"] == "You are not on duty"


@pytest.mark.parametrize("fixes", [[], [{"x": 114, "y": 22}], [{"x": 200, "y": 22, "at": "2026-06-10T01:00:00Z"}]])
def test_what_is_no_track_is_refused(phone: httpx.Client, fixes: list[dict[str, object]]) -> None:
    assert phone.post("/api/v1/track", json={"fixes": fixes}).status_code == 422


def test_only_an_inspector_has_a_track(phone: httpx.Client) -> None:
    make_person("li", Role.LEADER)
    with httpx.Client(base_url=phone.base_url) as other:
        entered = other.post("/api/v1/session", json={"login": "li", "password": PASSWORD})
        other.headers["x-csrf"] = entered.json()["csrf"]
        assert other.post("/api/v1/shifts").status_code == 403
        assert sent(other, datetime.now(UTC)).status_code == 403
