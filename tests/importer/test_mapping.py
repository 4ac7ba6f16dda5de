"""Another system's table is read by its mapping file: stamps repaired, words translated, bad rows put aside."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.cityfile.faults import Faults
from dispatch.foreign.mapping import read_mapping, repair
from dispatch.foreign.records import Known, Record, read_records, report_id
from gis.problems import FormIncomplete

NEW_YORK = ZoneInfo("America/New_York")
MAP = """
system = "old"
category_by = "name"

[columns]
id = "no"
category = "what"
unit = "who"
lon = "x"
lat = "y"
state = "state"
on_time = "flag"

[stamps]
format = "%Y-%m-%d %H:%M"
reported_at = "opened"
disposed_at = "done"
closed_at = "closed"
due_at = "target"

[values.state]
Done = "closed"
Waiting = "open"

[values.on_time]
Y = "yes"
N = "no"

[values.unit]
"Roads Dept" = "utilities"
"""
HEAD = "no,what,who,x,y,state,flag,opened,done,closed,target\n"
GOOD = "1,路灯,Roads Dept,114.0015,22.5005,Done,Y,2026-03-02 09:00,2026-03-02 10:00,2026-03-02 11:00,2026-03-03 09:00\n"
KNOWN = Known(categories={"路灯": "C0135"}, units=frozenset({"utilities", "water"}), zone=ZoneInfo("Asia/Shanghai"))


def read_table(tmp_path: Path, table: str, mapping: str = MAP) -> tuple[list[Record], list[tuple[int | None, str]]]:
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "old.csv").write_text(table, encoding="utf-8")
    faults = Faults()
    records = read_records(tmp_path / "old.csv", read_mapping(tmp_path / "map.toml"), KNOWN, faults)
    return records, [(fault.row, fault.reason) for fault in faults.found]


# stored stamp, true wall time: four hours lost in summer, five in winter, and the two nights of the change
REPAIRED = [
    ("2017-07-03 04:30", "2017-07-03 08:30-04:00"),
    ("2017-01-23 03:30", "2017-01-23 08:30-05:00"),
    ("2017-03-12 03:30", "2017-03-12 07:30-04:00"),  # the clocks went forward at 2 that night
    ("2017-03-11 22:30", "2017-03-12 03:30-04:00"),  # the first hours of summer time were stored as the day before
    ("2017-03-11 20:30", "2017-03-12 01:30-05:00"),
    ("2017-11-05 03:30", "2017-11-05 08:30-05:00"),  # the clocks went back at 2 that night
    ("2017-11-04 20:30", "2017-11-05 00:30-04:00"),
]


@pytest.mark.parametrize(("stored", "wall"), REPAIRED)
def test_a_stamp_whose_offset_was_subtracted_twice_is_repaired(stored: str, wall: str) -> None:
    found = repair(datetime.fromisoformat(stored), "stored_minus_offset", NEW_YORK)
    assert found == datetime.fromisoformat(wall)


def test_a_wall_clock_and_a_utc_stamp_are_taken_as_they_are() -> None:
    stored = datetime(2017, 7, 3, 8, 30)  # noqa: DTZ001 - as stored, without zone
    assert repair(stored, "none", NEW_YORK) == datetime(2017, 7, 3, 12, 30, tzinfo=UTC)
    assert repair(stored, "utc", NEW_YORK) == datetime(2017, 7, 3, 8, 30, tzinfo=UTC)


def test_a_row_becomes_a_record_in_our_words(tmp_path: Path) -> None:
    (record,), faults = read_table(tmp_path, HEAD + GOOD)
    assert faults == []
    assert (record.category, record.unit, record.closed, record.on_time) == ("C0135", "utilities", True, True)
    assert record.reported_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert record.due_at == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    assert record.id == report_id("old", "1")


def test_what_the_other_system_does_not_say_stays_unknown(tmp_path: Path) -> None:
    (record,), _ = read_table(tmp_path, HEAD + "1,路灯,,,,Waiting,,2026-03-02 09:00,,,\n")
    assert (record.unit, record.lon, record.lat, record.on_time, record.due_at) == (None, None, None, None, None)
    assert list(record.times) == ["reported_at"]
    assert not record.closed


BAD = [
    (GOOD.replace("1,", ",", 1), "no is empty"),
    (GOOD.replace("路灯", "飞碟"), "unknown category '飞碟'"),
    (GOOD.replace("Roads Dept", "Moon Dept"), "unknown unit 'Moon Dept'"),
    (GOOD.replace("114.0015", "east"), "the position east, 22.5005 is not two numbers"),
    (GOOD.replace("114.0015", ""), "is not two numbers"),
    (GOOD.replace("22.5005", "122.5"), "is not in degrees"),
    (GOOD.replace("Done", "Lost"), "unknown state 'Lost'"),
    (GOOD.replace(",Y,", ",?,"), "unknown on-time flag '?'"),
    (GOOD.replace("2026-03-02 09:00", "yesterday"), "opened is yesterday: it wants %Y-%m-%d %H:%M"),
    (GOOD.replace("2026-03-02 09:00", ""), "opened is empty"),
    (GOOD.replace("2026-03-02 11:00", "2026-03-02 09:30"), "closed_at 2026-03-02 01:30:00 lies before disposed_at"),
    (GOOD.replace("2026-03-02 10:00", "2026-03-02 08:00"), "disposed_at 2026-03-02 00:00:00 lies before reported_at"),
    (GOOD.replace("2,", "1,", 1), "1 stands in row 2 already"),
]


@pytest.mark.parametrize(("row", "reason"), BAD, ids=[reason[:24] for _, reason in BAD])
def test_a_bad_row_is_put_aside_and_the_rest_goes_in(tmp_path: Path, row: str, reason: str) -> None:
    records, faults = read_table(tmp_path, HEAD + GOOD + row + GOOD.replace("1,", "3,", 1))
    assert [record.number for record in records] == ["1", "3"]
    assert [number for number, _ in faults] == [3]
    assert reason in faults[0][1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "no"\n', "", "columns.id"),
        ('reported_at = "opened"\n', "", "stamps.reported_at"),
        ("[stamps]", '[stamps]\nrepair = "guess"', "stamps.repair"),
        ('system = "old"', 'system = "old"\ncolour = "red"', "colour"),
        ('system = "old"', "system = old", "is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused_with_its_key(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(FormIncomplete, match=words):
        read_table(tmp_path, HEAD + GOOD, MAP.replace(old, new, 1))


def test_a_table_without_a_column_that_the_mapping_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormIncomplete, match="has no column flag"):
        read_table(tmp_path, (HEAD + GOOD).replace(",flag,", ",,"))


def test_a_table_that_is_not_utf8_or_not_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    mapping, faults = read_mapping(tmp_path / "map.toml"), Faults()
    (tmp_path / "old.csv").write_bytes((HEAD + GOOD).encode("gb18030"))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress((HEAD + GOOD).encode())[:-20])
    for name in ("old.csv", "cut.csv.gz"):
        with pytest.raises(FormIncomplete, match="cannot be read"):
            read_records(tmp_path / name, mapping, KNOWN, faults)
