"""A second edition of everything, in force on a later day: before it the city answers as before, from it on anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic import command

from dispatch.cases.books import Books, books, books_on, forget
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.migrate import configuration
from dispatch.who import Answer, ask, then
from gis.db import dicts, execute, read, write
from gis.problems import Conflict, FormIncomplete, NotFound
from tests.city.spoilt_town import copy_of_tiny, spoil

ZONE = ZoneInfo("Asia/Shanghai")
TODAY, THE_DAY = date(2026, 6, 8), date(2026, 7, 1)
EVE, LONG_AGO = THE_DAY - timedelta(days=1), date(2025, 1, 1)
IN_THE_CUT = (114.0002, 22.5015)  # in the western half of the grid that is cut in two
SMALL_ADS = "E0201"  # the street office answers
OLD_GRID, WEST, EAST = "440001001001001", "440001001001005", "440001001001006"
ROWS = """
    SELECT 'unit ' || unit_id, valid_from, valid_to, name FROM unit_entry
    UNION ALL SELECT 'duty ' || grid, valid_from, valid_to, duty_grid FROM duty_grid_area
    UNION ALL SELECT 'area ' || code, valid_from, valid_to, name FROM area
    UNION ALL SELECT 'component ' || code, valid_from, valid_to, coalesce(owner, '') FROM component
    ORDER BY 1, 2
"""


def clock(day: date, hour: int = 9) -> None:
    with write() as tx:
        execute(
            tx, "UPDATE city SET simulated_now = %(at)s", at=datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        )


def who(point: tuple[float, float], category: str, on: date | None = None) -> Answer:
    with read() as tx:
        city, at = then(tx, on and on.isoformat())
        return ask(tx, city, point, category, at=at)


def of(day: date | None = None) -> Books:
    with read() as tx:
        return books(tx) if day is None else books_on(tx, day)


def rows(statement: str = ROWS) -> list[dict[str, Any]]:
    with read() as tx:
        return dicts(tx, statement)


@pytest.fixture
def town(fresh_database: Urls, tmp_path: Path) -> Iterator[Path]:
    """The tiny town, loaded, on an ordinary Monday."""
    folder = copy_of_tiny(tmp_path)
    load(folder, data=tmp_path / "data")
    clock(TODAY)
    yield folder
    forget()


def announce(town: Path, *kinds: str) -> None:
    """New ids for these editions, in force from the day."""
    for kind in kinds:
        old = f'{kind} = {{ id = "tiny-{kind}-1", in_force = 2024-01-01'
        spoil(town, "city.toml", old, f'{kind} = {{ id = "tiny-{kind}-2", in_force = {THE_DAY}')


def rename_a_unit(town: Path) -> None:
    spoil(town, "units.csv", "sanitation,环卫处,Sanitation office", "sanitation,城市环境局,City environment bureau")


def swap_the_offices(town: Path) -> None:
    """The two street offices change their streets, and so the districts above them."""
    east, west = "3,district-a,subdistrict_office,street:440001001", "3,district-b,subdistrict_office,street:440002001"
    spoil(town, "units.csv", east, "IN BETWEEN")
    spoil(town, "units.csv", west, east)
    spoil(town, "units.csv", "IN BETWEEN", west)


def cut_a_grid(town: Path) -> None:
    """A grid becomes two: its code is never used again."""
    text = (town / "areas/grid.geojson").read_text(encoding="utf-8").splitlines()
    (old,) = [line for line in text if OLD_GRID in line]
    halves = [
        old.replace(OLD_GRID, WEST).replace("[114.001,", "[114.0005,"),
        old.replace(OLD_GRID, EAST).replace("[114.0,", "[114.0005,"),
    ]
    at = text.index(old)
    (town / "areas/grid.geojson").write_text("\n".join(text[:at] + halves + text[at + 1 :]), encoding="utf-8")
    spoil(town, "components.csv", OLD_GRID, EAST)
    spoil(
        town,
        "duty_grids.csv",
        f"G1,东河责任网格,{OLD_GRID},inspector1",
        f"G1,东河责任网格,{WEST},inspector1\nG2,西河责任网格,{EAST},",
    )


def change_policy(town: Path) -> None:
    spoil(town, "city.toml", "max_returns = 2", "max_returns = 1")
    spoil(town, "city.toml", "warn_at = 0.8", "warn_at = 0.5")


@pytest.fixture
def changed(town: Path, tmp_path: Path) -> Path:
    """All of it loaded at once, three weeks ahead."""
    for change in (rename_a_unit, swap_the_offices, cut_a_grid, change_policy):
        change(town)
    announce(town, "areas", "components", "units")
    load(town, data=tmp_path / "data")
    return town


@pytest.mark.usefixtures("changed")
class TestBeforeAndAfter:
    def test_until_the_day_everything_answers_as_before_and_from_it_on_anew_without_a_restart(self) -> None:
        def said() -> tuple[object, ...]:
            here, now = who(IN_THE_CUT, SMALL_ADS), of()
            return (
                now.tree.units["sanitation"].name,
                here.routing.unit,
                here.place.area_codes[-1],
                here.place.duty_grid,
                now.policy.max_returns,
                str(now.keeper.warn_at),
            )

        before = ("环卫处", "street-a", f"grid:{OLD_GRID}", "G1", 2, "0.8")
        assert said() == before
        clock(EVE, 23)
        assert said() == before
        clock(THE_DAY, 0)
        assert said() == ("城市环境局", "street-b", f"grid:{WEST}", "G1", 1, "0.5")

    def test_a_past_day_stays_as_it_was_whatever_day_it_is(self) -> None:
        for now in (TODAY, THE_DAY + timedelta(days=40)):
            clock(now)
            for day, unit, grid in (
                (LONG_AGO, "street-a", OLD_GRID),
                (EVE, "street-a", OLD_GRID),
                (THE_DAY, "street-b", WEST),
            ):
                found = who(IN_THE_CUT, SMALL_ADS, day)
                assert (found.routing.unit, found.place.area_codes[-1]) == (unit, f"grid:{grid}"), day
                assert found.at.date() == day

    def test_a_unit_keeps_its_id_through_a_new_name_and_a_new_place_in_the_tree(self) -> None:
        assert of(EVE).tree.below("district-a") >= {"street-a"}
        assert of(THE_DAY).tree.below("district-a") >= {"street-b"}
        assert rows("SELECT count(*) AS n FROM unit") == [{"n": 14}]
        assert {of(day).tree.units["sanitation"].name for day in (EVE, THE_DAY)} == {"环卫处", "城市环境局"}

    def test_the_halves_of_a_grid_have_each_their_duty_grid_and_nobody_walks_what_is_no_more(self) -> None:
        east = (114.0008, 22.5015)
        assert [who(east, SMALL_ADS, day).place.duty_grid for day in (EVE, THE_DAY)] == ["G1", "G2"]
        open_ones = "SELECT count(*) AS n FROM duty_grid_area WHERE valid_to IS NULL"
        assert rows(open_ones) == [{"n": 13}]

    def test_a_policy_names_its_edition_and_what_had_none_is_named_and_dated_by_the_load(self) -> None:
        assert [of(day).names["settings"] for day in (EVE, THE_DAY)] == ["settings-1", "settings-2"]
        assert rows("SELECT in_force FROM edition WHERE kind IN ('settings', 'duty_grids') ORDER BY id") == [
            {"in_force": day} for day in (date(2024, 1, 1), date(2024, 1, 1), THE_DAY, THE_DAY)
        ]

    def test_days_between_two_editions_have_the_same_books_and_few_sets_are_kept(self) -> None:
        assert of(LONG_AGO) is of(EVE) is of()
        assert of(THE_DAY) is of(date(2029, 1, 1))

    def test_before_the_first_books_nothing_is_known(self) -> None:
        with pytest.raises(NotFound, match="begin on 2024-01-01"):
            of(date(2023, 12, 31))


def test_loading_again_changes_nothing_also_before_the_day(changed: Path, tmp_path: Path) -> None:
    before, version = rows(), of().version
    for day in (TODAY, THE_DAY):
        clock(day)
        again = load(changed, data=tmp_path / "data")
        assert (again.changes, again.editions) == ({}, [])
        assert rows() == before
        assert of().version == version


def test_rows_that_were_are_ended_never_altered(town: Path, tmp_path: Path) -> None:
    before = rows()
    for change in (rename_a_unit, swap_the_offices, cut_a_grid):
        change(town)
    announce(town, "areas", "components", "units")
    load(town, data=tmp_path / "data")
    after = {(row["?column?"], row["valid_from"]): row for row in rows()}
    for row in before:
        now = after[row["?column?"], row["valid_from"]]
        assert {**now, "valid_to": None} == row
        assert now["valid_to"] in (None, THE_DAY)


def test_a_second_edition_with_a_fault_changes_nothing_at_all(town: Path, tmp_path: Path) -> None:
    before = rows()
    rename_a_unit(town)
    announce(town, "units")
    spoil(town, "units.csv", "district_enforcement,district:440001", "district_enforcement,district:440009")
    with pytest.raises(FormIncomplete):
        load(town, data=tmp_path / "data")
    assert rows() == before
    assert of().tree.units["sanitation"].name == "环卫处"


def test_settings_with_an_id_of_their_own_are_immutable_like_every_edition(town: Path, tmp_path: Path) -> None:
    said = f'settings = {{ id = "tiny-settings-2", in_force = {THE_DAY} }}\n'
    spoil(town, "city.toml", "[[levels]]", f"{said}\n[[levels]]")
    change_policy(town)
    load(town, data=tmp_path / "data")
    assert [of(day).policy.max_returns for day in (TODAY, THE_DAY)] == [2, 1]
    spoil(town, "city.toml", "max_returns = 1", "max_returns = 5")
    with pytest.raises(Conflict, match="tiny-settings-2 of settings"):
        load(town, data=tmp_path / "data")
    spoil(town, "city.toml", "tiny-settings-2", "tiny-settings-3")
    with pytest.raises(Conflict, match="needs a later in_force"):
        load(town, data=tmp_path / "data")


def test_a_name_for_settings_that_were_loaded_without_one_changes_nothing(town: Path, tmp_path: Path) -> None:
    said = 'settings = { id = "tiny-settings-1", in_force = 2024-01-01 }\n'
    spoil(town, "city.toml", "[[levels]]", f"{said}\n[[levels]]")
    assert load(town, data=tmp_path / "data").changes == {}
    assert of().names["settings"] == "settings-1"


def test_a_change_without_a_day_is_in_force_today_and_not_before(town: Path, tmp_path: Path) -> None:
    change_policy(town)
    spoil(town, "duty_grids.csv", "G1,东河责任网格,440001001001002,", "G2,西河责任网格,440001001001002,")
    load(town, data=tmp_path / "data")
    assert [of(day).policy.max_returns for day in (TODAY - timedelta(days=1), TODAY)] == [2, 1]
    in_the_second = (114.0015, 22.5015)
    found = [who(in_the_second, SMALL_ADS, day).place.duty_grid for day in (TODAY - timedelta(days=1), TODAY)]
    assert found == ["G1", "G2"]
    spoil(town, "duty_grids.csv", "G2,西河责任网格,440001001001002,", "G1,东河责任网格,440001001001002,")
    spoil(town, "city.toml", "max_returns = 1", "max_returns = 2")
    load(town, data=tmp_path / "data")  # and back again on the same day
    assert who(in_the_second, SMALL_ADS).place.duty_grid == "G1"
    assert of().policy.max_returns == 2


def test_a_unit_that_ended_is_named_but_chosen_no_more(town: Path, tmp_path: Path) -> None:
    spoil(town, "units.csv", "crew,市政抢修队,Utilities repair crew,3,utilities,,,,yes,no\n", "")
    for file in ("people.csv", "components.csv"):
        path = town / file
        path.write_text(path.read_text(encoding="utf-8").replace(",crew,", ",utilities,"), encoding="utf-8")
    announce(town, "units", "components")
    load(town, data=tmp_path / "data")
    clock(THE_DAY)
    assert of().tree.get("crew") is None
    assert of().tree.named("crew") is not None
    assert of(EVE).tree.get("crew") is not None


def test_a_city_that_was_in_before_rows_were_dated_is_there_after_the_migration(
    fresh_database: Urls, town: Path, tmp_path: Path
) -> None:
    before, document = rows(), of().city
    here = who(IN_THE_CUT, SMALL_ADS)
    walks = rows("SELECT person_id, duty_grid FROM person_duty_grid ORDER BY 1, 2")
    command.downgrade(configuration(fresh_database.owner), "0011")
    command.upgrade(configuration(fresh_database.owner), "head")
    forget()
    assert rows() == before
    assert of().city == document
    assert who(IN_THE_CUT, SMALL_ADS) == here
    assert rows("SELECT person_id, duty_grid FROM person_duty_grid ORDER BY 1, 2") == walks
    # What has no day, and no table in those times, is read from the folder again.
    assert load(town, data=tmp_path / "data").changes == {"connections": 1}
