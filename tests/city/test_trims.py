"""road_trims.csv: a stretch, or a whole segment, that is no road for duty, from the day its edition is in force."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dispatch.city import check, load
from dispatch.cluster import Urls
from gis.db import read
from gis.locate import Place, place_of
from tests.city.spoilt_town import copy_of_tiny, spoil

HEAD = "road,from_m,to_m,reason\n"
ON_RENMIN = (114.0015, 22.5001)  # 257 m from the west end of R1
NEXT = ('id = "tiny-roads-1", in_force = 2024-01-01', 'id = "tiny-roads-2", in_force = 2025-01-01')


def trimmed(folder: Path, *rows: str) -> Path:
    town = copy_of_tiny(folder)
    (town / "road_trims.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return town


def placed(day: date = date(2026, 1, 1)) -> Place:
    with read() as tx:
        return place_of(tx, *ON_RENMIN, on=day)


@pytest.mark.parametrize(
    ("row", "road_class", "metres"),
    [
        ("R1,,,归市政公司养护", "none", None),
        ("R1,200,300,立交桥下", "none", None),
        ("R1,270,,在建", "main", 11.1),
        ("R1,,260,在建", "main", 11.5),
        ("R1,230,,在建", "main", 29.4),
        ("R2,,,在建", "main", 11.1),
    ],
)
def test_a_stretch_taken_off_is_no_road(
    fresh_database: Urls, tmp_path: Path, row: str, road_class: str, metres: float | None
) -> None:
    load(trimmed(tmp_path, row), data=tmp_path)
    place = placed()
    assert place.road_class == road_class
    assert place.road_m == (None if metres is None else pytest.approx(metres, abs=0.1))


def test_it_is_taken_off_from_its_editions_day(fresh_database: Urls, tmp_path: Path) -> None:
    town = copy_of_tiny(tmp_path)
    load(town, data=tmp_path)
    (town / "road_trims.csv").write_text(f"{HEAD}R1,200,300,立交桥下\n", encoding="utf-8")
    spoil(town, "city.toml", *NEXT)
    assert dict(load(town, data=tmp_path).changes)["roads_added"] == 1
    assert placed(date(2024, 12, 31)).road_class == "main"
    assert placed(date(2025, 1, 1)).road_class == "none"
    with read() as tx:
        kept = tx.connection.execute("SELECT trims FROM road WHERE code = 'R1' AND valid_to IS NULL").fetchone()
    assert kept == ([{"from_m": 200.0, "to_m": 300.0, "reason": "立交桥下"}],)
    assert not load(town, data=tmp_path).changes


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("R9,,,why", "unknown road R9"),
        ("R1,300,200,why", "from 300 to 200 m is no stretch of R1"),
        ("R1,5000,,why", "no stretch of R1, 823 m long"),
        ("R1,-1,,why", "from_m is -1"),
        ("R1,1,2,", "reason is empty"),
    ],
)
def test_a_row_that_cannot_be_followed_is_a_fault(tmp_path: Path, row: str, words: str) -> None:
    (fault,) = check(trimmed(tmp_path, row))
    assert (fault.file, fault.row) == ("road_trims.csv", 2)
    assert words in fault.reason
