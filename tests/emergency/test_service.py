"""A team out of service is offered to no case until it is back; who put it out or back stays written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from dispatch.cluster import Urls
from dispatch.emergency.service import changes, drill, put_back, put_out
from dispatch.emergency.teams import near, teams
from dispatch.verify import verify
from gis.db import execute, read, value, write
from gis.problems import Conflict, FormIncomplete
from tests.cases.town import Town, settled
from tests.duty.town import at
from tests.emergency.town import stocked

NOON = at("2026-06-08T12:00")


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Town]:
    with settled(stocked(tmp_path)) as town:
        town.set(NOON)
        yield town


def out(town: Town, team: str = "far", reason: str = "检修", **until: float) -> None:
    with write() as tx:
        put_out(tx, team, reason=reason, until=NOON + timedelta(**until), by=town.people["water"].person_id)


def back(town: Town, team: str = "far") -> None:
    with write() as tx:
        put_back(tx, team, by=town.people["water"].person_id)


def offered() -> list[str]:
    with read() as tx:
        return [team.id for team in near(tx, 114.0005, 22.5010, "component:01")]


def written() -> list[tuple[str, str | None]]:
    with read() as tx:
        return [(one.team, one.reason) for one in changes(tx)]


def test_out_of_service_it_is_offered_to_nobody_until_it_is_back(town: Town) -> None:
    assert offered() == ["near", "far"]
    out(town, days=3)
    assert offered() == ["near"]
    with read() as tx:
        (far,) = (team for team in teams(tx) if team.id == "far")
        assert (far.out_reason, far.out_until, far.out_by) == ("检修", NOON + timedelta(days=3), "自来水公司值班员")
    back(town)
    assert offered() == ["near", "far"]
    assert written() == [("far", None), ("far", "检修")]


def test_it_is_back_by_itself_at_its_instant_and_not_before(town: Town) -> None:
    out(town, hours=2)
    town.set(NOON + timedelta(hours=2) - timedelta(seconds=1))
    assert offered() == ["near"]
    town.set(NOON + timedelta(hours=2))
    assert offered() == ["near", "far"]
    with pytest.raises(Conflict):
        back(town)


def test_what_is_said_again_adds_nothing_and_another_end_counts_from_then_on(town: Town) -> None:
    out(town, days=1)
    out(town, days=1)
    assert len(written()) == 1
    out(town, days=2)
    town.set(NOON + timedelta(days=1, hours=1))
    assert offered() == ["near"]
    assert len(written()) == 2


@pytest.mark.parametrize(
    ("reason", "until"), [("", {"days": 1}), (" ", {"days": 1}), ("x" * 201, {"days": 1}), ("检修", {"hours": 0}),
                          ("检修", {"days": -1}), ("检修", {"days": 400})],
)  # fmt: skip
def test_without_a_reason_or_an_end_that_lies_ahead_it_is_refused(
    town: Town, reason: str, until: dict[str, float]
) -> None:
    with pytest.raises(FormIncomplete):
        out(town, reason=reason, **until)
    assert written() == []


def drilled(town: Town, day: date | None, words: str = "夜间抽排") -> None:
    with write() as tx:
        drill(tx, "far", day, today=NOON.date(), words=words, by=town.people["water"].person_id or 0)


def last_drill() -> tuple[date | None, str | None]:
    with read() as tx:
        (far,) = (team for team in teams(tx) if team.id == "far")
    return far.drilled_on, far.drilled


def test_the_last_drill_is_the_latest_day_whenever_it_was_written_down(town: Town, tmp_path: Path) -> None:
    from dispatch.city import load

    assert last_drill() == (None, None)
    drilled(town, date(2026, 5, 12))
    drilled(town, date(2026, 5, 12))
    drilled(town, date(2026, 3, 1), "桌面推演")
    assert last_drill() == (date(2026, 5, 12), "夜间抽排")
    with read() as tx:
        assert value(tx, "SELECT count(*)::int FROM team_drill") == 2
    folder = tmp_path / "again"
    folder.mkdir()
    load(stocked(folder))  # which replaces the teams
    assert last_drill() == (date(2026, 5, 12), "夜间抽排")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
        execute(tx, "UPDATE team_drill SET day = '2026-06-08'")


@pytest.mark.parametrize(
    ("day", "words"), [(None, "抽排"), (date(2026, 6, 9), "抽排"), (date(2025, 6, 1), "抽排"), (date(2026, 6, 8), " "),
                       (date(2026, 6, 8), "x" * 201)],
)  # fmt: skip
def test_a_drill_to_come_one_of_long_ago_and_one_of_nothing_are_refused(
    town: Town, day: date | None, words: str
) -> None:
    with pytest.raises(FormIncomplete):
        drilled(town, day, words)
    assert last_drill() == (None, None)


def test_a_new_file_of_the_city_leaves_it_out_and_nothing_written_can_be_changed(town: Town, tmp_path: Path) -> None:
    from dispatch.city import load

    out(town, days=3)
    folder = tmp_path / "again"
    folder.mkdir()
    load(stocked(folder))
    assert offered() == ["near"]
    for sql in ("UPDATE team_service SET reason = 'x'", "DELETE FROM team_service"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
            execute(tx, sql)  # type: ignore[arg-type]
    assert [breach for one in verify() for breach in one.first] == []
