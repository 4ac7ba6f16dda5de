"""What somebody says → where it is, in the tiny town with doors and places, on Binhe's roads, and on real addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.bulk.town import folder_named, sound_folder
from dispatch.city import check
from dispatch.cityfile.spots import gazetteer_of_files
from gis.gazetteer import Gazetteer, NamedArea
from gis.geocode import Found, find
from gis.reverse import address_of
from tests.city.spoilt_town import copy_of_tiny
from tests.geocode.town import with_places

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    return gazetteer_of_files(sound_folder(with_places(tmp_path_factory.mktemp("town"))))


@pytest.fixture(scope="module")
def binhe() -> Gazetteer:
    return gazetteer_of_files(sound_folder(folder_named("binhe")))


def best(names: Gazetteer, text: str) -> Found:
    return find(names, text)[0]


@pytest.mark.parametrize(
    ("text", "kind", "name", "score"),
    [
        ("河东巷", "road", "河东巷", 0.95),
        ("hdx", "road", "河东巷", 0.85),
        ("HEDONGXIANG", "road", "河东巷", 0.9),
        ("Hedong Alley", "road", "河东巷", 0.95),
        ("hedongx", "road", "河东巷", 0.759),
        ("河东巷与学府街路口", "crossing", "河东巷与学府街路口", 1.0),
        ("学府河东交叉口", "crossing", "学府街与河东巷路口", 1.0),
        ("corner of Xuefu Street and Hedong Alley", "crossing", "学府街与河东巷路口", 1.0),
        ("河东巷4号", "door", "河东巷4号", 1.0),
        ("东河区东街街道河东巷 6 号门前", "door", "河东巷6号", 0.8),
        ("6 Hedong Alley", "door", "河东巷6号", 0.8),
        ("第一小学", "place", "第一小学", 0.95),
        ("dyxx", "place", "第一小学", 0.85),
        ("小学", "place", "第一小学", 0.65),
        ("东河区", "area", "东河区", 0.9),
        ("西街街道", "area", "西街街道", 0.9),
    ],
)
def test_a_text_means_what_it_names(tiny: Gazetteer, text: str, kind: str, name: str, score: float) -> None:
    found = best(tiny, text)
    assert (found.kind, found.name, found.score) == (kind, name, score)


@pytest.mark.parametrize("text", ["", "  ", "!?", "不存在的地方", "zzz", "9"])
def test_a_text_that_names_nothing_finds_nothing(tiny: Gazetteer, text: str) -> None:
    assert find(tiny, text) == []


def test_a_crossing_lies_where_the_roads_meet_and_roads_that_keep_apart_have_none(tiny: Gazetteer) -> None:
    crossing = best(tiny, "河东巷学府街")
    assert (crossing.lon, crossing.lat) == (114.0005, 22.502)
    assert {found.kind for found in find(tiny, "人民大道与学府街路口")} == {"road"}


def test_a_door_nobody_recorded_lies_between_its_neighbours_on_its_own_side(tiny: Gazetteer) -> None:
    assert best(tiny, "河东巷6号").lat == pytest.approx((22.5010 + 22.5016) / 2)
    assert best(tiny, "河东巷7号").kind == "road"  # no odd number is on record beyond 5
    assert best(tiny, "河东巷100号").kind == "road"


def test_what_lies_outside_the_district_named_counts_less(tiny: Gazetteer) -> None:
    inside, outside = best(tiny, "东河区第一小学"), best(tiny, "西河区第一小学")
    assert inside.name == outside.name
    assert outside.score == pytest.approx(inside.score * 0.6, abs=0.001)


@pytest.mark.parametrize(
    ("point", "words", "words_en"),
    [
        (
            (114.0003, 22.5014),
            "东河区东街街道东街社区河东巷西侧21米，距学府街路口66米，近8号",
            "21 m west of Hedong Alley, 66 m from the crossing with Xuefu Street, near number 8, "
            "East Street Community, East Street Sub-district, Donghe",
        ),
        ((114.003, 22.5), "西河区西街街道西街社区人民大道", "Renmin Avenue, West Street Community"),
        ((114.0045, 22.501), "开发区新区街道新区社区", "New Area Community"),
        ((114.0013, 22.5011), "东河区东街街道东街社区，第一小学旁", "beside First School"),
        ((115.0, 22.5), "", ""),
    ],
)
def test_a_point_is_called_by_road_side_and_metres_from_the_crossing(
    tiny: Gazetteer, point: tuple[float, float], words: str, words_en: str
) -> None:
    address = address_of(tiny, *point)
    assert address.words == words
    assert address.words_en.startswith(words_en)


def test_every_road_of_binhe_is_found_by_its_name_and_in_pinyin(binhe: Gazetteer) -> None:
    assert len(binhe.roads) > 100
    for named in binhe.names:
        if named.kind != "road":
            continue
        assert best(binhe, named.of.name).name == named.of.name
        assert named.of.name in {found.name for found in find(binhe, named.spelled) if found.score >= 0.85}
        same = [found for found in find(binhe, named.initials, limit=20) if found.score >= 0.85]
        assert named.of.name in {found.name for found in same}


@pytest.mark.parametrize(
    "text", ["红荔路与香梅路口", "红荔香梅路口", "香梅路红荔路交叉口", "Hongli Road / Xiangmei Road"]
)
def test_a_caller_names_a_crossing_of_binhe(binhe: Gazetteer, text: str) -> None:
    crossing = best(binhe, text)
    assert (crossing.kind, crossing.score) == ("crossing", 1.0)
    address = address_of(binhe, crossing.lon, crossing.lat)
    assert {address.road, address.crossing} & {"红荔路", "香梅路"}
    assert address.crossing_m is not None
    assert address.crossing_m < 30


def addresses() -> Iterator[tuple[str, str]]:
    with (DATA / "addresses.csv").open(encoding="utf-8", newline="") as file:
        yield from ((row["address"], row["code"]) for row in csv.DictReader(file))


def test_real_addresses_lie_in_the_district_they_name() -> None:
    with (DATA / "districts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    depths = {row["code"]: 1 if row["code"].endswith("00") else 2 for row in rows}
    areas = [
        NamedArea(row["code"], row["name"], "", depths[row["code"]], float(row["lon"]), float(row["lat"]))
        for row in rows
    ]
    names = Gazetteer(areas, [], [], (114.0, 22.5))
    asked = list(addresses())
    found = [best(names, address) for address, _ in asked]
    by_place = {(area.name, round(area.lon, 7)): area.code for area in areas}
    missed = [address for (address, code), one in zip(asked, found, strict=True) if by_place[one.name, one.lon] != code]
    assert len(asked) == 60
    assert missed == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P1,school,第二小学,,,,114.001,22.501", "code P1 is given twice"),
        ("P9,school,,,,,114.001,22.501", "P9 has no name"),
        ("P9,door,,,河东巷,x,114.001,22.501", "number is x"),
        ("P9,door,,,无名路,3,114.001,22.501", "unknown road 无名路"),
        ("P9,door,,,,3,114.001,22.501", "door P9 has no road"),
        ("P9,school,第二小学,,,,999,22.501", "lon is 999"),
    ],
)
def test_a_row_of_places_that_cannot_be_used_is_a_fault(tmp_path: Path, row: str, reason: str) -> None:
    town = with_places(tmp_path)
    with (town / "places.csv").open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    assert any(reason in fault.reason and fault.file == "places.csv" for fault in check(town))


def test_a_city_may_have_no_places(tmp_path: Path) -> None:
    assert gazetteer_of_files(sound_folder(copy_of_tiny(tmp_path))).spots == []
