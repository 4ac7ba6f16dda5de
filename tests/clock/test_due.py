"""`wangge due` and the calendar of a city's folder, from real files."""

import argparse
import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from dispatch.clock import Rule
from dispatch.clock.due import command
from dispatch.clock.load import calendar_of, time_classes_of

TOML = """
name = "Town"
time_zone = "Asia/Shanghai"
[time_classes]
quick = { rule = "urgent_hour", name = "紧急工作时", name_en = "urgent hour" }
noon = { rule = "day_at", at = "12:00", name = "日后中午", name_en = "days later at noon" }
[calendar]
week = [1, 2, 3, 4, 5]
confirmed = [2010]
[[calendar.slots]]
from = "01-01"
to = "12-31"
hours = ["08:00-12:00", "14:00-18:00"]
"""
DAYS = "day,kind,name,source\n2010-09-22,off,中秋,notice\n2010-09-23,off,中秋,notice\n2010-09-24,off,中秋,notice\n"
MOVED = "2010-09-25,work,调休,notice\n2010-09-26,work,调休,notice\n"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "city.toml").write_text(TOML, encoding="utf-8")
    (folder / "calendar.csv").write_text(DAYS + MOVED, encoding="utf-8")
    return folder


def run(town: Path, rows: str, *options: str) -> int:
    source = town / "cases.csv"
    source.write_text("id,start,limit,time_class,pauses,until\n" + rows, encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(["--city", str(town), "--in", str(source), *options]))


def test_each_row_gets_its_due_time_its_time_used_and_its_reason(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "a,2010-09-21 17:00,2,work_hour,,\n"
        "b,2010-09-20T09:00:00Z,2,quick,,2010-09-20 18:30\n"
        "c,2010-09-20 09:00,4,work_hour,2010-09-20 10:00/2010-09-20 11:00;2010-09-20 14:00/2010-09-20 15:00,"
        "2010-09-21 10:00\n"
        "d,2010-09-20 09:00,4,work_hour,2010-09-20 10:00/,2010-09-30 10:00\n"
        "e,2010-09-20 17:00,2,noon,,2010-09-21 17:00\n"
    )

    assert run(town, rows, "--language", "en") == 0

    found = {row["id"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert [found[id]["due"] for id in "abcde"] == [
        "2010-09-25T09:00:00+08:00",
        "2010-09-20T19:00:00+08:00",
        "2010-09-20T17:00:00+08:00",
        "",
        "2010-09-22T12:00:00+08:00",
    ]
    assert [found[id]["used_seconds"] for id in "abcde"] == ["", "5400", str(7 * 3600), "3600", str(24 * 3600)]
    assert "not counted: 2010-09-22…09-24" in found["a"]["why"]


def test_a_row_that_cannot_be_understood_is_named_and_the_rest_is_answered(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "a,2010-09-21 17:00,two,work_hour,,\nb,2010-09-21 17:00,2,lunar_month,,\nc,,2,work_hour,,\n"
        "d,2010-09-21 17:00,2,work_hour,2010-09-21 17:00,\ne,2010-09-21 17:00,2,work_hour,,2010-09-20 17:00\n"
        "f,2010-09-21 17:00,2,work_hour,,\ng,2010-09-21 17:00,1.5,noon,,\nh,2010-09-21 17:00,1,day_at,,\n"
    )

    assert run(town, rows, "--json") == 1

    shown = capsys.readouterr()
    assert [json.loads(line)["id"] for line in shown.out.splitlines()] == ["f"]
    assert [line.split(":")[0] for line in shown.err.splitlines()] == [
        f"row {number}" for number in (*range(2, 7), 8, 9)
    ]
    assert "lunar_month" in shown.err


def test_answers_can_go_to_a_file(town: Path) -> None:
    assert run(town, "a,2010-09-21 17:00,2,work_hour,,\n", "--out", str(town / "out.csv")) == 0
    assert "2010-09-25T09:00:00+08:00" in (town / "out.csv").read_text(encoding="utf-8")


def test_a_city_or_a_column_that_is_not_there_is_said(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(town / "..", "") == 2
    (town / "cases.csv").write_text("id,start\n", encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--city", str(town), "--in", str(town / "cases.csv")])) == 2
    assert "no column limit, time_class" in capsys.readouterr().err


def test_a_citys_time_classes_name_the_rules_and_the_rules_name_themselves(town: Path) -> None:
    classes = time_classes_of(town)

    assert classes["quick"].rule is Rule.URGENT_HOUR
    assert classes["work_day_clock"].rule is Rule.WORK_DAY_CLOCK
    assert str(classes["noon"]) == "day_at@12:00"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("city.toml", "08:00-12:00", "08:00-15:00", "city.toml: calendar.slots 01-01 to 12-31: .*overlap"),
        ("city.toml", "08:00-12:00", "08:00", "city.toml: calendar.slots"),
        ("city.toml", "12-31", "13-31", "city.toml: calendar.slots"),
        ("city.toml", "Asia/Shanghai", "Asia/Nowhere", "city.toml: time zone Asia/Nowhere"),
        ("city.toml", "week =", "weeks =", "city.toml: 'week' is missing"),
        ("calendar.csv", "09-23,off", "09-22,off", "calendar.csv row 3: 2010-09-22 is given twice"),
        ("calendar.csv", "2010-09-23,off", "2010-09-31,off", "calendar.csv row 3"),
        ("calendar.csv", "2010-09-24,off", "2010-09-24,maybe", "calendar.csv row 4"),
    ],
)
def test_a_calendar_that_means_nothing_is_refused_with_file_and_reason(  # one line of the table a fault
    town: Path, file: str, old: str, new: str, said: str
) -> None:
    path = town / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    with pytest.raises(ValueError, match=said):
        calendar_of(town)


def test_an_opening_may_last_until_midnight(town: Path) -> None:
    path = town / "city.toml"
    path.write_text(TOML.replace("14:00-18:00", "14:00-24:00"), encoding="utf-8")

    (_, afternoon) = calendar_of(town).spans(date(2010, 9, 20))
    assert afternoon[1] - afternoon[0] == timedelta(hours=10)
