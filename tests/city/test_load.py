"""A city is loaded whole or not at all, and loading again changes only what changed."""

from __future__ import annotations

import json
import stat
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.people.accounts import grant
from dispatch.people.passwords import matches
from dispatch.people.roles import Role
from gis.db import read, write
from gis.problems import Conflict, FormIncomplete
from tests.city.spoilt_town import CITIES, TINY, copy_of_tiny, shift_town, spoil

TABLES = (
    "edition",
    "city",
    "area",
    "road",
    "component",
    "unit",
    "unit_entry",
    "category",
    "filing_condition",
    "duty_grid",
    "duty_grid_entry",
    "duty_grid_area",
    "person",
    "person_role",
    "person_duty_grid",
    "audit_event",
)


@pytest.fixture(autouse=True)
def _empty(database: Urls) -> None:
    """An empty database for every test; the owner may do what the loader may not."""
    with psycopg.connect(database.owner) as connection:
        connection.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return copy_of_tiny(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
    with read() as tx:
        return tx.connection.execute(statement, values or None).fetchall()


def counts() -> dict[str, int]:
    return {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def new_edition(town: Path, kind: str, number: int = 2) -> None:
    """Announce a new edition of a kind, in force a year later."""
    old = f'{kind} = {{ id = "tiny-{kind}-{number - 1}", in_force = {2022 + number}-01-01'
    spoil(town, "city.toml", old, f'{kind} = {{ id = "tiny-{kind}-{number}", in_force = {2023 + number}-01-01')


def test_everything_of_the_folder_is_in(data: Path) -> None:
    load(TINY, data=data)
    assert counts() == {
        "edition": 11,
        "city": 1,
        "area": 21,
        "road": 3,
        "component": 12,
        "unit": 14,
        "unit_entry": 14,
        "category": 12,
        "filing_condition": 17,
        "duty_grid": 3,
        "duty_grid_entry": 3,
        "duty_grid_area": 12,
        "person": 26,
        "person_role": 26,
        "person_duty_grid": 3,
        "audit_event": 1,
    }
    assert ask("SELECT folder, version FROM city") == [("tiny", 1)]


def test_an_area_knows_its_path_from_the_top_and_its_size(data: Path) -> None:
    load(TINY, data=data)
    path = """SELECT array_agg(a.level ORDER BY n) FROM area g, unnest(g.path) WITH ORDINALITY p(id, n)
              JOIN area a ON a.id = p.id WHERE g.code = '440001001001001'"""
    assert ask(path) == [(["district", "street", "community", "grid"],)]
    assert ask("SELECT count(*) FROM area WHERE finest = 1 AND depth = 4 AND path[4] = id AND path[3] = parent_id") == [
        (12,)
    ]
    off = "SELECT max(abs(area_m2 / ST_Area(geom::geography) - 1)) FROM area"
    assert ask(off)[0][0] < 0.001


def test_loading_again_changes_nothing(data: Path) -> None:
    load(TINY, data=data)
    before, passwords = counts(), (data / "demo-logins.json").read_bytes()
    again = load(TINY, data=data)
    assert (again.changes, again.editions, again.accounts) == ({}, [], 0)
    assert counts() == before
    assert ask("SELECT version FROM city") == [(1,)]
    assert (data / "demo-logins.json").read_bytes() == passwords


def test_a_folder_with_faults_is_not_loaded_at_all(town: Path, data: Path) -> None:
    spoil(town, "rules.toml", "unit:utilities", "unit:nobody")
    with pytest.raises(FormIncomplete) as refused:
        load(town, data=data)
    assert "unit:nobody" not in str(counts())
    assert len(refused.value.extra["faults"]) == 1  # type: ignore[arg-type]
    assert sum(counts().values()) == 0


def test_a_load_that_breaks_half_way_leaves_nothing(town: Path, data: Path) -> None:
    """The disk refuses the password file, the last thing written before the commit."""
    data.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(OSError, match=r"demo-logins|data"):
        load(town, data=data)
    assert sum(counts().values()) == 0


def test_changed_content_wants_a_new_edition(town: Path, data: Path) -> None:
    load(town, data=data)
    before = counts()
    spoil(town, "roads.geojson", "学府街", "书院街")
    with pytest.raises(Conflict, match="new id and a later in_force"):
        load(town, data=data)
    assert counts() == before


def test_a_new_edition_wants_a_later_day(town: Path, data: Path) -> None:
    load(town, data=data)
    spoil(town, "city.toml", 'id = "tiny-roads-1"', 'id = "tiny-roads-2"')
    with pytest.raises(Conflict, match="needs a later in_force"):
        load(town, data=data)


def test_a_new_edition_ends_the_row_that_changed_and_leaves_the_others(town: Path, data: Path) -> None:
    load(town, data=data)
    spoil(town, "roads.geojson", "学府街", "书院街")
    new_edition(town, "roads")
    done = load(town, data=data)
    assert (done.changes["roads_added"], done.changes["roads_ended"]) == (1, 1)
    found = ask("SELECT name, valid_from::text, valid_to::text FROM road WHERE code = 'R2' ORDER BY id")
    assert found == [("学府街", "2024-01-01", "2025-01-01"), ("书院街", "2025-01-01", None)]
    assert ask("SELECT count(*) FROM road WHERE valid_to IS NULL") == [(3,)]
    assert ask("SELECT version FROM city") == [(2,)]


def test_what_stands_in_a_changed_area_stands_in_its_new_row(town: Path, data: Path) -> None:
    """A district is renamed: its streets, communities and grids get new paths, its components follow from that day."""
    load(town, data=data)
    before = ask("SELECT count(*) FROM component WHERE valid_from <= '2024-12-31'")
    spoil(town, "areas/district.geojson", "东河区", "河东区")
    new_edition(town, "areas")
    done = load(town, data=data)
    assert (done.changes["areas_added"], done.changes["areas_ended"]) == (7, 7)
    lost = """SELECT count(*) FROM component c JOIN area a ON a.id = c.area_id
               WHERE c.valid_from < a.valid_from OR coalesce(c.valid_to, 'infinity')
                     > coalesce(a.valid_to, 'infinity')"""
    assert ask(lost) == [(0,)]
    assert ask("SELECT count(DISTINCT valid_from) FROM component") == [(2,)]
    assert ask("SELECT count(*) FROM component WHERE valid_from <= '2024-12-31'") == before
    broken = """SELECT count(*) FROM area g WHERE g.valid_to IS NULL
                  AND EXISTS (SELECT FROM area a WHERE a.id = ANY(g.path) AND a.valid_to IS NOT NULL)"""
    assert ask(broken) == [(0,)]


def test_a_component_that_is_gone_is_ended(town: Path, data: Path) -> None:
    load(town, data=data)
    spoil(
        town,
        "components.csv",
        "4400010101000002,C0101,上水井盖,114.0016,22.5005,440001001001004,utilities,water,water,intact,A,2024-01-01\n",
        "",
    )
    new_edition(town, "components")
    load(town, data=data)
    assert ask("SELECT valid_to::text FROM component WHERE code = '4400010101000002'") == [("2025-01-01",)]


def test_a_new_catalogue_stands_beside_the_old(town: Path, data: Path) -> None:
    load(town, data=data)
    spoil(town, "catalogue/conditions.csv", "4,work_hour", "6,work_hour")
    new_edition(town, "catalogue")
    load(town, data=data)
    limits = "SELECT limit_value FROM filing_condition WHERE category = 'C0101' AND no = 2 ORDER BY edition_id"
    assert [int(limit) for (limit,) in ask(limits)] == [4, 6]


def test_a_demo_city_has_one_login_a_role_in_a_file_only_its_owner_reads(data: Path) -> None:
    load(TINY, data=data)
    path = data / "demo-logins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entries = json.loads(path.read_text(encoding="utf-8"))
    assert len({entry["role"] for entry in entries}) == len(entries) == 12
    for entry in entries[:3]:
        (stored, must_change), *_ = ask(
            "SELECT password_hash, must_change FROM person WHERE login = %s", entry["login"]
        )
        assert matches(entry["password"], stored)
        assert not must_change
    others = {entry["password"] for entry in entries}
    assert len(others) == 12


def test_people_of_a_real_city_have_each_a_password_to_change(town: Path, data: Path) -> None:
    spoil(town, "city.toml", "demo = true\n", "")
    load(town, data=data)
    entries = json.loads((data / "first-logins.json").read_text(encoding="utf-8"))
    assert stat.S_IMODE((data / "first-logins.json").stat().st_mode) == 0o600
    assert len({entry["password"] for entry in entries}) == 26
    assert ask("SELECT count(*) FROM person WHERE must_change") == [(26,)]
    assert not (data / "demo-logins.json").exists()


def test_known_passwords_stay_and_posts_follow_the_file(town: Path, data: Path) -> None:
    load(town, data=data)
    kept = ask("SELECT login, password_hash FROM person ORDER BY login")
    spoil(
        town, "people.csv", "acceptor,受理员,,acceptor", "acceptor,受理员,,acceptor;shift_leader\nclerk,新人,,acceptor"
    )
    done = load(town, data=data)
    assert (done.accounts, done.changes["posts"]) == (1, 2)
    assert [row for row in ask("SELECT login, password_hash FROM person ORDER BY login") if row[0] != "clerk"] == kept
    shared = next(e["password"] for e in json.loads((data / "demo-logins.json").read_text()) if e["role"] == "acceptor")
    assert matches(shared, ask("SELECT password_hash FROM person WHERE login = 'clerk'")[0][0])


def test_an_account_that_is_there_gets_no_administrators_post_from_a_file(town: Path, data: Path) -> None:
    load(town, data=data)
    before = counts()
    spoil(town, "people.csv", ",,audit_admin", ",,evaluator")
    spoil(town, "people.csv", "acceptor,受理员,,acceptor", "acceptor,受理员,,acceptor;audit_admin")
    with pytest.raises(Conflict, match=r"Nothing was loaded\..* wangge user grant acceptor audit_admin"):
        load(town, data=data)
    assert counts() == before
    with write() as tx:
        assert grant(tx, "acceptor", Role.AUDIT_ADMIN)
    assert load(town, data=data).changes["posts"] == 2
    spoil(town, "people.csv", "acceptor,受理员", "keeper,审计员,,audit_admin\nacceptor,受理员")  # a new one may have it
    assert load(town, data=data).accounts == 1


def test_a_database_is_one_citys(town: Path, data: Path) -> None:
    load(town, data=data)
    with pytest.raises(Conflict, match="This database holds the city tiny"):
        load(town.rename(town.with_name("other")), data=data)


def test_two_loads_at_once_are_one_after_the_other(town: Path, data: Path) -> None:
    failed: list[BaseException] = []

    def one() -> None:
        try:
            load(town, data=data)
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (counts()["edition"], counts()["person"], ask("SELECT version FROM city")) == (11, 26, [(1,)])


def test_the_load_is_in_the_audit_without_a_password(data: Path) -> None:
    load(TINY, data=data)
    ((kind, thing, detail),) = ask("SELECT kind, object, detail FROM audit_event")
    assert (kind, thing) == ("load", "city:tiny")
    assert not any(
        entry["password"] in json.dumps(detail) for entry in json.loads((data / "demo-logins.json").read_text())
    )


def test_nothing_in_the_code_assumes_china(data: Path) -> None:
    """Boston: one level, no component, no road, no code of six digits."""
    done = load(CITIES / "boston", data=data)
    assert done.city == "Boston"
    assert ask("SELECT count(*) FROM area WHERE finest = 1 AND depth = 1") == [(26,)]
    assert all(fault.severity == "warning" for fault in done.warnings)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_folder_in_another_datum_is_stored_where_it_is(database: Urls, town: Path, data: Path, datum: str) -> None:
    """The same town as a Chinese map service gives it: some 500 m beside, and back within a decimetre."""
    load(TINY, data=data)
    place = "SELECT ST_X(geom), ST_Y(geom) FROM component ORDER BY code"
    true = ask(place)
    with psycopg.connect(database.owner) as connection:
        connection.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
    shift_town(town, datum)
    load(town, data=data)
    for (x, y), (found_x, found_y) in zip(true, ask(place), strict=True):
        assert abs(x - found_x) < 1e-6
        assert abs(y - found_y) < 1e-6


@pytest.mark.speed
def test_twenty_thousand_components_are_in_within_ten_seconds(data: Path) -> None:
    seen: dict[str, float] = {}
    load(CITIES / "binhe", data=data, progress=lambda words: seen.setdefault(words.split(":")[0], time.monotonic()))
    assert ask("SELECT count(*) FROM component")[0][0] >= 20_000
    assert seen["units"] - seen["components"] < 10


def test_the_application_role_is_enough(data: Path) -> None:
    """The loader runs with the grants of the pool's role, which owns nothing."""
    load(TINY, data=data)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
        tx.connection.execute("DELETE FROM edition")
