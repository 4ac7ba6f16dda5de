"""`wangge due` and the calendar of a city's folder, from real files."""

import argparse
import csv
import gzip
import io
import json
import re
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


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    command.add_arguments(parser)
    return parser.parse_args(options)


def run(town: Path, rows: str, *options: str) -> int:
    source = town / "cases.csv"
    source.write_text("id,start,limit,time_class,pauses,until\n" + rows, encoding="utf-8")
    return command.run(parsed("--city", str(town), "--in", str(source), *options))


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
        "f,2010-09-20 17:00,1,quick,,2010-09-20 17:00\n"
    )

    assert run(town, rows, "--language", "en") == 0

    shown = capsys.readouterr().out
    assert "\r" not in shown
    found = {row["id"]: row for row in csv.DictReader(io.StringIO(shown))}
    assert [found[id]["due"] for id in "abcde"] == [
        "2010-09-25T09:00:00+08:00",
        "2010-09-20T19:00:00+08:00",
        "2010-09-20T17:00:00+08:00",
        "",
        "2010-09-22T12:00:00+08:00",
    ]
    assert [found[id]["used_seconds"] for id in "abcde"] == ["", "5400", str(7 * 3600), "3600", str(24 * 3600)]
    assert found["f"]["used_seconds"] == "0"
    assert "not counted: 2010-09-22…09-24" in found["a"]["why"]
    assert "paused from Monday 2010-09-20 10:00 to Monday 2010-09-20 11:00" in found["c"]["why"]


def test_a_row_that_cannot_be_understood_is_named_and_the_rest_is_answered(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "a,2010-09-21 17:00,two,work_hour,,\nb,2010-09-21 17:00,2,lunar_month,,\nc,,2,work_hour,,\n"
        "d,2010-09-21 17:00,2,work_hour,2010-09-21 17:00,\ne,2010-09-21 17:00,2,work_hour,,2010-09-20 17:00\n"
        "f,2010-09-21 17:00,2,work_hour,,\ng,2010-09-21 17:00,1.5,noon,,\nh,2010-09-21 17:00,1,day_at,,\n"
    )

    more = "i\nj,2010-09-21 17:00,2,work_hour,2010-09-21 10:00/2010-09-21 11:00/2010-09-21 12:00,\n"

    assert run(town, rows + more, "--json") == 1

    shown = capsys.readouterr()
    assert [json.loads(line)["id"] for line in shown.out.splitlines()] == ["f"]
    assert "起算，时限 2个工作时" in shown.out
    known = "work_hour, work_day, work_day_clock, urgent_minute, urgent_hour, urgent_day, quick, noon"
    assert shown.err.splitlines() == [
        "row 2: limit two is not a number",
        f"row 3: time class lunar_month is not one of {known}",
        "row 4: start is empty",
        "row 5: pause 2010-09-21 17:00 is not start/end",
        "row 6: until 2010-09-20 17:00:00+08:00 lies before the start 2010-09-21 17:00:00+08:00",
        "row 8: a limit of 1.5 is not a limit",
        f"row 9: time class day_at is not one of {known}",
        "row 10: start is empty",
        "row 11: pause 2010-09-21 10:00/2010-09-21 11:00/2010-09-21 12:00 is not start/end",
        "wangge due: rows answered: 1, left out: 9",
    ]


SOUND = "{id},2010-09-20 09:00,4,work_hour,,"
# What is wrong with a row → what is said of it. Its neighbours are answered.
WRONG = [
    ('"b,2010-09-20 09:00,4,work_hour,,', "is no CSV: unexpected end of data; is a quotation mark not closed?"),
    ('"b"c,2010-09-20 09:00,4,work_hour,,', "is no CSV: ',' expected after '\"'"),
    (f"b,2010-09-20 09:00,4,work_hour,,,{'x' * 140_000}", "is no CSV: field larger than field limit"),
    ("b,2010-09-20 09:00,4,work_hour,,,2010-09-20 10:00", "has 7 cells, the header has 6"),
    (",2010-09-20 09:00,4,work_hour,,", "id is empty"),
    ("b,soon,4,work_hour,,", "start soon is no time: it wants 2026-06-08 09:00 or 2026-06-08T09:00+08:00"),
    ("b,2010-09-20 24:30,4,work_hour,,", "start 2010-09-20 24:30 is no time"),
    ("b,0001-01-01 00:00,4,work_hour,,", "start 0001-01-01 00:00 is not of the years 1970 to 2099"),
    ("b,9999-12-31T23:59-12:00,4,work_hour,,", "is not of the years 1970 to 2099"),
    ("b,2010-09-20 09:00,4,work_hour,,2010-09-31", "until 2010-09-31 is no time"),
    ("b,2010-09-20 09:00,4,work_hour,/2010-09-20 10:00,", "pause /2010-09-20 10:00 is not start/end"),
    ("b,2010-09-20 09:00,4,work_hour,noon/2010-09-20 10:00,", "pause noon is no time"),
    (
        "b,2010-09-20 09:00,4,work_hour,2010-09-20 11:00/2010-09-20 10:00,",
        "pause 2010-09-20 11:00/2010-09-20 10:00 ends before it begins",
    ),
    ("b,2010-09-20 09:00,-1,work_hour,,", "a limit of -1 is not a limit"),
    ("b,2010-09-20 09:00,nan,work_hour,,", "a limit of NaN is not a limit"),
    ("b,2010-09-20 09:00,1e999999,work_hour,,", "limit 1e999999: the limit ends beyond the years"),
    ("b,2010-09-20 09:00,99999999,urgent_day,,", "the limit ends beyond the years a calendar can hold"),
    ("b,2010-09-21 04:00,2918024,urgent_day,,", "the limit ends beyond the years"),  # in UTC it just ends
]


@pytest.mark.parametrize(("row", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_one_bad_row_is_named_by_its_line_and_costs_no_other(
    town: Path, capsys: pytest.CaptureFixture[str], row: str, said: str
) -> None:
    rows = "\n".join([SOUND.format(id="a"), "", row, *(SOUND.format(id=f"c{n}") for n in range(3))])

    assert run(town, rows + "\n") == 1

    shown = capsys.readouterr()
    assert [line["id"] for line in csv.DictReader(io.StringIO(shown.out))] == ["a", "c0", "c1", "c2"]
    told = shown.err.splitlines()
    assert told[0].startswith("row 4: "), told  # the header, a, an empty line
    assert said in told[0]
    assert told[1:] == ["wangge due: rows answered: 4, left out: 1"]


def test_columns_may_stand_in_any_order_among_others_and_a_cell_may_hold_lines(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = town / "odd.csv"
    source.write_bytes(
        b'\xef\xbb\xbf"ID", Limit ,note,start,time_class\r\n'
        b'a,4,"two\r\nlines, ""quoted""",2010-09-20 09:00,work_hour\r\n'
        b"b,x,,2010-09-20 09:00,work_hour,,\r\n"
        b"c,4,\xbe\xae\xb8\xc7,2010-09-20 09:00,work_hour\r\n"  # a remark in another encoding is nobody's business
        b"\xbe\xae,4,,2010-09-20 09:00,work_hour\r\n"
        b"d,4,,2010-09-20 09:00,work_hour"
    )
    assert command.run(parsed("--city", str(town), "--in", str(source))) == 1

    shown = capsys.readouterr()
    assert [line.split(",")[:2] for line in shown.out.splitlines()[1:]] == [
        [id, "2010-09-20T15:00:00+08:00"] for id in "acd"
    ]
    assert shown.err.splitlines()[:2] == [
        "row 4: limit x is not a number",
        "row 6: id is not UTF-8: save the table as CSV in UTF-8",
    ]


def test_the_table_may_be_compressed_and_standard_input_may_be_marked(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\ufeffid,start,limit,time_class\n甲,2010-09-20 09:00,4,work_hour\n".encode()
    (town / "cases.csv.gz").write_bytes(gzip.compress(text))
    assert command.run(parsed("--city", str(town), "--in", str(town / "cases.csv.gz"))) == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text), encoding="ascii"))
    assert command.run(parsed("--city", str(town))) == 0
    assert [line[:27] for line in capsys.readouterr().out.splitlines()[1::2]] == [
        "甲,2010-09-20T15:00:00+08:00"[:27]
    ] * 2


# Wall time and offset → due. New York, 2010: 02:00 becomes 03:00 on 14 March, and 01:00 again on 7 November.
EDGES = [
    ("2010-09-20 09:00", "4", "work_hour", "", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20T09:00+08:00", "4", "work_hour", "", "2010-09-20T15:00:00+08:00"),
    ("2010-09-19T21:00-04:00", "4", "work_hour", "", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20T01:00:00Z", "4", "work_hour", "", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20T01:00:00.999999+00:00", "4", "work_hour", "", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20 09:00:59", "0.0001", "work_hour", "", "2010-09-20T09:00:59+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", " ; ;", "2010-09-20T15:00:00+08:00"),
    # two that overlap are an hour and a half; the noon break between two counts as it is
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 10:30/2010-09-20 11:30;2010-09-20 10:00/2010-09-20 11:00",
     "2010-09-20T16:30:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 11:00/2010-09-20 15:00", "2010-09-20T17:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-18 10:00/2010-09-20 10:00", "2010-09-20T16:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-18 10:00/2010-09-19 10:00", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 10:00/2010-09-20 10:00", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 15:00/2010-09-20 16:00", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 15:00/", "2010-09-20T15:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20T02:00Z/2010-09-20 11:00", "2010-09-20T16:00:00+08:00"),
    ("2010-09-20 09:00", "4", "work_hour", "2010-09-20 14:59:59/", ""),
    ("2010-09-20 09:00", "2", "urgent_day", "2010-09-21 09:00/2010-09-21 10:30", "2010-09-22T10:30:00+08:00"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "limit", "time_class", "pauses", "due"), EDGES)
def test_odd_times_and_pauses_have_the_due_time_that_a_pencil_finds(
    town: Path, capsys: pytest.CaptureFixture[str], start: str, limit: str, time_class: str, pauses: str, due: str
) -> None:
    assert run(town, f"a,{start},{limit},{time_class},{pauses},\n") == 0
    assert next(csv.DictReader(io.StringIO(capsys.readouterr().out)))["due"] == due


@pytest.mark.parametrize(
    ("start", "due", "said"),
    [
        ("2010-03-14 02:30", "2010-03-15T03:00:00-04:00", "from Sunday 2010-03-14 03:00"),  # no such time: the change
        ("2010-11-07 01:30", "2010-11-08T00:30:00-05:00", "from Sunday 2010-11-07 01:30 (UTC-04:00)"),  # the first
        ("2010-11-07T01:30-05:00", "2010-11-08T01:30:00-05:00", "from Sunday 2010-11-07 01:30 (UTC-05:00)"),
        ("2010-11-06 01:30", "2010-11-07T01:30:00-04:00", "→ Sunday 2010-11-07 01:30 (UTC-04:00), because"),
    ],
)
def test_wall_times_that_are_not_or_come_twice_are_told_apart(
    town: Path, capsys: pytest.CaptureFixture[str], start: str, due: str, said: str
) -> None:
    path = town / "city.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Asia/Shanghai", "America/New_York"), encoding="utf-8")
    assert run(town, f"a,{start},24,quick,,\n", "--lang", "en") == 0
    found = next(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert found["due"] == due
    assert said in found["why"]


def test_the_table_is_not_overwritten_and_an_answer_not_lost_to_a_table_that_is_none(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = SOUND.format(id="a") + "\n"
    assert run(town, rows, "--out", str(town / "cases.csv")) == 2
    assert (town / "cases.csv").read_text(encoding="utf-8").endswith(rows)
    assert "is the table itself: --out wants another name" in capsys.readouterr().err
    (town / "out.csv").write_text("of yesterday", encoding="utf-8")
    (town / "none.csv").write_text("nothing of the kind\n", encoding="utf-8")
    out = ("--out", str(town / "out.csv"))
    assert command.run(parsed("--city", str(town), "--in", str(town / "none.csv"), *out)) == 2
    assert (town / "out.csv").read_text(encoding="utf-8") == "of yesterday"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "has no column id, start, limit, time_class"),
        ("id,start,limit", "has no column time_class"),
        ("id,start,limit,time_class,start", "has two columns start"),
        ('"id,start,limit,time_class', "the header is no CSV"),
    ],
)
def test_a_table_without_its_columns_is_refused(
    town: Path, capsys: pytest.CaptureFixture[str], header: str, said: str
) -> None:
    source = town / "cases.csv"
    source.write_text(f"{header}\n", encoding="utf-8")
    assert command.run(parsed("--city", str(town), "--in", str(source))) == 2
    assert said in capsys.readouterr().err


def test_a_city_that_is_not_there_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed("--city", "atlantis")) == 2
    said = "wangge due: there is no city atlantis: it wants one of binhe, boston, newyork, or a folder with city.toml\n"
    assert capsys.readouterr().err == said


def test_answers_can_go_to_a_file(town: Path) -> None:
    assert run(town, "a,2010-09-21 17:00,2,work_hour,,\n", "--out", str(town / "out.csv")) == 0
    written = (town / "out.csv").read_bytes()
    assert written.startswith(b"id,due,used_seconds,why\na,2010-09-25T09:00:00+08:00,,")
    assert "起算".encode() in written


def test_a_table_that_begins_with_a_mark_of_its_encoding_is_read(town: Path) -> None:
    source, out = town / "marked.csv", town / "out.csv"
    source.write_bytes("\ufeffid,start,limit,time_class\n甲,2010-09-21 17:00,2,quick\n".encode())
    asked = parsed("--city", str(town), "--in", str(source), "--out", str(out))
    assert command.run(asked) == 0
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("甲,2010-09-21T19:00:00+08:00")


def test_a_city_of_the_product_is_named_and_cases_come_by_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("id,start,limit,time_class\na,2026-06-08 17:00,2,work_hour\n"))
    assert command.run(parsed("--city", "binhe")) == 0
    assert "a,2026-06-09T" in capsys.readouterr().out


def test_a_city_may_be_a_folder_beside_us(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(town.parent)
    monkeypatch.setattr("sys.stdin", io.StringIO("id,start,limit,time_class\na,2010-09-21 17:00,2,quick\n"))
    assert command.run(parsed("--city", town.name, "--lang", "en")) == 0
    assert "the 24-hour clock runs on all days" in capsys.readouterr().out


def test_its_help_says_what_goes_in_and_what_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    said = " ".join(parser.format_help().split())
    for words in (
        "--city CITY name of a city under data/cities, or its folder --in CSV cases: id,start,limit,time_class[,pauses]"
        "[,until]; times as the city's wall time or with offset, pauses as start/end;start/end (no end: still paused); "
        "- is standard input --out CSV id,due,used_seconds,why; - is standard output --json one JSON object a line "
        "instead of CSV --lang",
        "--language {zh,en} of the derivation in words",
    ):
        assert words in said


@pytest.mark.parametrize("options", [[], ["--city", "binhe", "--lang", "fr"]])
def test_it_wants_a_city_and_speaks_two_languages(options: list[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(*options)


def test_a_city_or_a_column_that_is_not_there_is_said(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(town / "..", "") == 2
    (town / "cases.csv").write_text("id,start\n", encoding="utf-8")
    assert command.run(parsed("--city", str(town), "--in", str(town / "cases.csv"))) == 2
    assert "no column limit, time_class" in capsys.readouterr().err


def test_a_citys_time_classes_name_the_rules_and_the_rules_name_themselves(town: Path) -> None:
    classes = time_classes_of(town)

    assert classes["quick"].rule is Rule.URGENT_HOUR
    assert classes["work_day_clock"].rule is Rule.WORK_DAY_CLOCK
    assert str(classes["noon"]) == "day_at@12:00"


def test_a_city_may_name_no_time_class_and_no_confirmed_year(town: Path) -> None:
    assert (calendar_of(town).confirmed(2010), calendar_of(town).confirmed(2011)) == (True, False)
    (town / "city.toml").write_text(
        "\n".join(
            line for line in TOML.splitlines() if "rule =" not in line and line[:1] != "[" and "confirmed" not in line
        )
        .replace("week", "[calendar]\nweek")
        .replace("from", "[[calendar.slots]]\nfrom"),
        encoding="utf-8",
    )
    assert sorted(time_classes_of(town)) == sorted(rule.value for rule in Rule if not rule.timed)
    assert not calendar_of(town).confirmed(2010)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('rule = "day_at"', "city.toml: time class quick: day_at wants `at`, as HH:MM"),
        ('rule = "urgent_hour", at = "12:00"', "city.toml: time class quick: urgent_hour has no `at`, as HH:MM"),
    ],
)
def test_a_time_class_has_a_time_of_day_where_its_rule_wants_one(town: Path, row: str, said: str) -> None:
    path = town / "city.toml"
    path.write_text(TOML.replace('rule = "urgent_hour"', row), encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        time_classes_of(town)


def test_a_calendar_with_a_mark_of_its_encoding_is_read(town: Path) -> None:
    path = town / "calendar.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert calendar_of(town).hours(date(2010, 9, 22)) == ()


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
