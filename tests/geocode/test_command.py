"""`wangge geocode` and GET /api/v1/geocode: with the loaded city, with a folder, and for files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboards.app import create_app
from dashboards.cli import main
from dispatch.bulk.town import sound_folder
from dispatch.city import load
from dispatch.cityfile.spots import gazetteer_of_files
from dispatch.cluster import Urls
from dispatch.geocode import forget, gazetteer
from dispatch.people.passwords import hash_password
from gis.db import execute, read, write
from tests.geocode.town import with_places
from tests.http.serving import served
from tests.people.made import PASSWORD


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_places(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def address(database: Urls, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The town loaded, behind a server."""
    forget()
    load(folder, data=tmp_path_factory.mktemp("data"))
    with write() as tx:
        execute(tx, "UPDATE person SET password_hash = %(h)s, must_change = false", h=hash_password(PASSWORD))
    with served(create_app(database.app)) as at:
        yield at
    forget()


@pytest.fixture
def acceptor(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as web:
        assert web.post("/login", data={"login": "acceptor", "password": PASSWORD, "next": "/"}).status_code == 303
        yield web


def test_the_loaded_city_has_the_names_of_its_folder(address: str, folder: Path) -> None:
    with read() as tx:
        loaded = gazetteer(tx)
        assert gazetteer(tx) is loaded
    filed = gazetteer_of_files(sound_folder(folder))
    assert [area[:4] for area in loaded.areas] == [area[:4] for area in filed.areas]
    assert [road[:2] for road in loaded.roads] == [road[:2] for road in filed.roads]
    assert loaded.spots == filed.spots


def test_loading_the_same_places_again_changes_nothing(address: str, folder: Path, tmp_path: Path) -> None:
    assert not load(folder, data=tmp_path).changes
    with read() as tx:
        assert tx.connection.execute("SELECT count(*) FROM spot").fetchone() == (6,)


def test_staff_ask_for_a_text_and_for_a_point(acceptor: httpx.Client) -> None:
    found = acceptor.get("/api/v1/geocode", params={"text": "河东巷与学府街路口", "limit": 1}).json()
    assert [(one["kind"], one["lon"], one["lat"]) for one in found["items"]] == [("crossing", 114.0005, 22.502)]
    there = acceptor.get("/api/v1/geocode", params={"lon": 114.0003, "lat": 22.5014}).json()
    assert there["items"] == []
    assert there["address"]["words"].startswith("东河区东街街道东街社区河东巷西侧21米")
    assert there["address"]["words_en"].startswith("21 m west of Hedong Alley")


@pytest.mark.parametrize("asked", [{}, {"text": " "}, {"lon": 114}, {"text": "x" * 201}, {"lon": 200, "lat": 1}])
def test_a_question_that_is_none_is_refused(acceptor: httpx.Client, asked: dict[str, str]) -> None:
    assert acceptor.get("/api/v1/geocode", params=asked).status_code == 422


def test_a_stranger_is_not_answered(address: str) -> None:
    assert httpx.get(f"{address}/api/v1/geocode", params={"text": "河东巷"}).status_code == 401


def test_the_command_answers_from_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["geocode", "--city", str(folder), "hdx", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["name"], found["score"]) == ("road", "河东巷", 0.85)
    assert main(["geocode", "--city", str(folder), "不存在的地方"]) == 1
    assert main(["geocode", "--city", str(folder), "--reverse", "114.003", "22.5"]) == 0
    assert "人民大道" in capsys.readouterr().out
    assert main(["geocode", "--city", str(folder), "--reverse", "115", "22.5"]) == 1
    assert main(["geocode", "--city", str(folder)]) == 2
    assert main(["geocode", "--city", str(folder), "x", "--reverse", "114", "22"]) == 2


def test_a_file_of_texts_and_one_of_points(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(text: str) -> tuple[int, list[dict[str, str]]]:
        (tmp_path / "in.csv").write_text(text, encoding="utf-8")
        words = ["--in", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv")]
        code = main(["geocode", "--city", str(folder), *words])
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
            return code, list(csv.DictReader(file))

    code, rows = asked("id,text\n1,河东巷4号\n2,不存在\n3,\n")
    assert code == 1
    assert [(row["id"], row["kind"], row["name"]) for row in rows] == [("1", "door", "河东巷4号"), ("2", "", "")]
    assert "row 4, id 3: has no text" in capsys.readouterr().err
    code, rows = asked("id,lon,lat\n1,114.0003,22.5014\n2,0,0\n")
    assert code == 1
    (row,) = rows
    assert (row["road"], row["side"], row["crossing"], row["door"]) == ("河东巷", "西侧", "学府街", "8")
    assert row["metres"] == "20.6"
