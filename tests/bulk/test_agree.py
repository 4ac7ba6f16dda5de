"""A file of points is answered as each point alone is: by place_of and the rules, with and without the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from dispatch.bulk.town import Town, town_of_database, town_of_folder
from dispatch.bulk.whose import Whose
from dispatch.cases.books import books
from dispatch.city import load
from dispatch.cluster import Urls
from dispatch.who import Answer, ask
from gis.db import ReadTx, read
from tests.bulk.points import Point, anywhere, beside_components, beside_roads, on_edges
from tests.city.spoilt_town import copy_of_tiny, spoil

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"tiny": ROOT / "tests" / "towns" / "tiny", "binhe": ROOT / "data" / "cities" / "binhe"}
STREETS = {"tiny": ("", "人民大道", "河东巷3号"), "binhe": ("", "红荔路1001号", "深南大道")}
HEADER = ["id", "lon", "lat", "subclass", "street_name"]
COUNT = {"tiny": 300, "binhe": 900}


@pytest.fixture(scope="module", params=FOLDERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(name: str, fresh_database: Urls, tmp_path: Path) -> Path:
    load(FOLDERS[name], data=tmp_path)
    return FOLDERS[name]


def answers(town: Town, questions: Sequence[list[str]]) -> list[dict[str, str]]:
    task = Whose(town, HEADER)
    told = task.answer([(n, cells) for n, cells in enumerate(questions, start=2)])
    assert told.faults == []
    return list(csv.DictReader(io.StringIO(told.text), task.header))


def questions(town: Town, name: str) -> Iterator[tuple[Point, str, str]]:
    """Every sort of point, with classes of components and of events, and with and without a street's name."""
    atlas, count = town.atlas, COUNT[name]
    places = [*anywhere(atlas, count), *on_edges(atlas, count // 2), *beside_roads(atlas, count // 2)]
    places += beside_components(atlas, "C0101", count // 3)
    classes = ("C0101", "C0135", "E0405", "C0305")
    for number, point in enumerate(places):
        yield point, classes[number % 4], STREETS[name][number // 4 % 3]


def alone(tx: ReadTx, question: tuple[Point, str, str]) -> Answer:
    point, subclass, street = question
    return ask(tx, books(tx), point, subclass, street=street or None)


def row_of(number: int, answer: Answer, levels: Sequence[str]) -> dict[str, str]:
    """The row that the bulk answer should be."""
    place, routing = answer.place, answer.routing
    codes = dict(code.split(":", 1) for code in place.area_codes)
    road = next((r for r in place.near_roads if r.id == place.road_id), None)
    return {
        "id": str(number),
        **{level: codes.get(level, "") for level in levels},
        "grid": codes.get(levels[-1], ""),
        "road": (road.name or road.code) if road else "",
        "road_class": place.road_class,
        "distance_m": f"{road.metres:.3f}" if road else "",
        "unit": routing.unit or "",
        "rule": routing.rule or "",
        "edition": routing.edition,
        "reason": routing.reason,
        "doubt": "outside" if place.outside else routing.doubtful or "",
    }


def test_many_at_once_are_answered_as_each_alone_is(name: str, folder: Path) -> None:
    offline = town_of_folder(folder)
    asked = list(questions(offline, name))
    cells = [[str(n), repr(x), repr(y), subclass, street] for n, ((x, y), subclass, street) in enumerate(asked)]
    with read() as tx:
        expected = [row_of(n, alone(tx, question), offline.levels) for n, question in enumerate(asked)]
        online = town_of_database(tx, things=True)
    for town in (offline, online):
        found = answers(town, cells)
        differing = [(cells[i], row, expected[i]) for i, row in enumerate(found) if row != expected[i]]
        assert differing == []
    doubts = {row["doubt"] for row in expected}
    assert {"", "outside", *(["place"] if name == "binhe" else [])} <= doubts
    assert sum(row["unit"] != "" for row in expected) > len(expected) / 2


def test_the_answer_of_a_point_does_not_hang_on_its_neighbours(name: str, folder: Path) -> None:
    town = town_of_folder(folder)
    cells = [[str(n), repr(x), repr(y), "C0101", ""] for n, (x, y) in enumerate(on_edges(town.atlas, 200))]
    together = answers(town, cells)
    assert together == list(reversed(answers(town, list(reversed(cells)))))
    assert together[:20] == [answers(town, [row])[0] for row in cells[:20]]


def test_before_the_first_edition_there_is_no_city(name: str) -> None:
    town = town_of_folder(FOLDERS[name])
    x, y = next(beside_roads(town.atlas, 1))
    task = Whose(town, ["id", "lon", "lat", "subclass", "at"])
    lines = [(n, [str(n), repr(x), repr(y), "C0135", at]) for n, at in enumerate(("2023-12-31 23:59", "2024-01-01"))]
    before, after = csv.DictReader(io.StringIO(task.answer(lines).text), task.header)
    assert (before["doubt"], before["road_class"], before["edition"]) == ("outside", "none", "")
    assert after["road_class"] != "none"
    assert town.book(date(2023, 12, 31)).table.rulebook.rules == ()


def test_a_row_with_a_time_is_answered_by_the_places_and_the_rules_of_its_day(
    fresh_database: Urls, tmp_path: Path
) -> None:
    folder = copy_of_tiny(tmp_path)
    load(folder, data=tmp_path)
    spoil(folder, "city.toml", 'id = "tiny-rules-1", in_force = 2024-01-01', 'id = "rules-2", in_force = 2025-06-01')
    spoil(folder, "rules.toml", 'edition = "tiny-rules-1"\nin_force = 2024-01-01', 'edition = "rules-2"')
    spoil(folder, "rules.toml", 'road = ["main"]', 'road = ["alley"]')
    spoil(folder, "city.toml", 'id = "tiny-roads-1", in_force = 2024-01-01', 'id = "roads-2", in_force = 2026-01-01')
    (folder / "road_trims.csv").write_text("road,from_m,to_m,reason\nR3,,,closed\n", encoding="utf-8")
    load(folder, data=tmp_path)
    with read() as tx:
        town = town_of_database(tx, things=True)
    task = Whose(town, ["id", "lon", "lat", "subclass", "at"])
    days = ("2023-06-01", "2025-05-31T23:59", "2025-05-31T16:00Z", "2026-01-01")
    told = task.answer([(n, [day, "114.0006", "22.5012", "C0135", day]) for n, day in enumerate(days)])
    rows = list(csv.DictReader(io.StringIO(told.text), task.header))
    assert [(row["road_class"], row["unit"], row["edition"]) for row in rows] == [
        ("none", "", ""),
        ("alley", "district-a", "tiny-rules-1"),
        ("alley", "utilities", "rules-2"),
        ("none", "district-a", "rules-2"),
    ]


def test_catalogue_and_reaches_are_those_of_the_rows_own_day(fresh_database: Urls, tmp_path: Path) -> None:
    folder = copy_of_tiny(tmp_path)
    load(folder, data=tmp_path)
    spoil(folder, "city.toml", 'id = "tiny-catalogue-1", in_force = 2024-01-01', 'id = "c-2", in_force = 2025-06-01')
    spoil(folder, "city.toml", "road_m = 40", "road_m = 1")
    for name in ("categories", "conditions"):
        spoil(folder, f"catalogue/{name}.csv", "E0104,", "E0999,")
    load(folder, data=tmp_path)
    with read() as tx:
        town = town_of_database(tx, things=True)
    task = Whose(town, ["id", "lon", "lat", "subclass", "at"])
    asked = [("E0104", "2025-05-31"), ("E0999", "2025-05-31"), ("E0104", "2025-06-01"), ("E0999", "2025-06-01")]
    told = task.answer([(n, [str(n), "114.0006", "22.5012", code, at]) for n, (code, at) in enumerate(asked, start=2)])
    assert [row["id"] for row in csv.DictReader(io.StringIO(told.text), task.header)] == ["2", "5"]
    assert [fault.row for fault in told.faults] == [3, 4]
    first, last = town.books[0], town.books[-1]
    assert (first.reaches.reach_m, last.reaches.reach_m) == (40, 1)
    roads = [
        (n, [str(n), "114.0006", "22.5012", "C0135", at.isoformat()]) for n, at in enumerate((first.since, last.since))
    ]
    classes = [row["road_class"] for row in csv.DictReader(io.StringIO(task.answer(roads).text), task.header)]
    assert classes == ["alley", "none"]
