"""A rulebook learnt from past cases: by category, then where somebody else does it, tried on what came after."""

from __future__ import annotations

import csv
import gzip
import json
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dashboards.cli import main
from dispatch.drafts.learn import Past, halves, learn, rulebook_document, share
from dispatch.drafts.pasts import Columns, Names, read_names, read_pasts
from dispatch.routing.rulebook import rulebook_of
from gis.problems import FormIncomplete

DAY = date(2025, 1, 1)
COLUMNS = ("id", "kind", "who", "on", "street", "community")


def past(category: str, unit: str, *, street: str = "", community: str = "", day: int = 0) -> Past:
    given = {"street": street, "community": community}
    areas = {level: f"{level}:{code}" for level, code in given.items() if code}
    return Past(category=category, areas=areas, unit=unit, day=DAY + timedelta(days=day))


def told(cases: list[Past], *levels: str, least: int = 1) -> list[tuple[str, str, str, int, int]]:
    return [(one.category, one.area, one.unit, one.cases, one.of) for one in learn(cases, levels, least=least)]


def test_a_category_goes_to_who_did_most_of_it() -> None:
    assert told([past("a", "X"), past("a", "Y"), past("a", "Y"), past("b", "X")]) == [
        ("a", "", "Y", 2, 3),
        ("b", "", "X", 1, 1),
    ]


def test_of_two_that_did_as_many_the_one_that_did_the_last_counts() -> None:
    cases = [past("a", "Y", day=1), past("a", "X", day=2)]
    assert told(cases) == told(cases[::-1]) == [("a", "", "X", 1, 2)]


def test_an_area_has_a_rule_of_its_own_only_where_another_does_it() -> None:
    cases = [past("a", "X", street="1") for _ in range(3)] + [past("a", "Y", street="2") for _ in range(2)]
    assert told(cases, "street") == [("a", "", "X", 3, 5), ("a", "street:2", "Y", 2, 2)]
    assert told(cases, "street", least=3) == [("a", "", "X", 3, 5)]


def test_a_finer_area_is_an_exception_from_the_coarser_one() -> None:
    cases = [
        *(past("a", "X", street="1", community="11") for _ in range(5)),
        *(past("a", "Y", street="2", community="21") for _ in range(3)),
        *(past("a", "X", street="2", community="22") for _ in range(2)),
    ]
    # X does most, but Y in street 2, and X again in one community of it.
    assert told(cases, "street", "community") == [
        ("a", "", "X", 7, 10), ("a", "street:2", "Y", 3, 5), ("a", "community:22", "X", 2, 2)
    ]  # fmt: skip
    book = rulebook_document(learn(cases, ("street", "community")), name="n", in_force=DAY, source="s")
    assert [(rule.rank, str(rule.to)) for rule in rulebook_of(book).rules] == [
        (10, "unit:X"),
        (20, "unit:Y"),
        (30, "unit:X"),
    ]
    assert share(book, cases).right == 10


def test_the_newer_half_is_held_against_the_older_and_what_is_new_is_sent_to_nobody() -> None:
    cases = [past("a", "X", day=n) for n in range(4)] + [
        past("a", "Y", day=5),
        past("b", "X", day=6),
        past("a", "X", day=7),
    ]
    older, newer = halves(cases[::-1])
    assert [one.day.day for one in older] == [1, 2, 3]
    found = share(rulebook_document(learn(older, ()), name="n", in_force=DAY, source="s"), newer)
    assert (found.right, found.undecided, found.of) == (2, 1, 4)
    assert found.percent == Decimal("50.00")
    assert share(rulebook_document([], name="n", in_force=DAY, source="s"), []).percent is None


# A town of four streets where the truth is known: the bureau does everything of ten categories, but in street 4 the
# office does the odd ones. The bureau was renamed on the hundredth day. A stranger does every twenty-first case.
def rows() -> Iterator[tuple[str, ...]]:
    for n in range(2000):
        day, category, street = DAY + timedelta(days=n // 10), n % 10, (n // 10) % 4 + 1
        name = "市政局" if day < DAY + timedelta(days=100) else "市政管理局"
        who = "街道办" if street == 4 and category % 2 else name
        yield str(n), f"C{category}", "路人" if n % 21 == 7 else who, f"{day} 08:00", str(street), "-"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "cases.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows()])
    (tmp_path / "names.csv").write_text(
        "unit,name,from,until\nworks,市政局,,2025-04-11\nworks,市政管理局,2025-04-11,\n", encoding="utf-8"
    )
    return file


def learnt(table: Path, *more: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    words = ["rules", "learn", "--in", str(table), "--category", "kind", "--unit", "who", "--day", "on", *more]
    assert main([*words, "--area", "street=street", "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_the_shares_are_those_of_the_known_truth(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["--names", str(table.parent / "names.csv")]
    alone, with_street = learnt(table, *names, capsys=capsys)
    newer = list(rows())[1000:]
    office = sum(row[2] == "街道办" for row in newer)
    stranger = sum(row[2] == "路人" for row in newer)
    assert (with_street["right"], with_street["of"]) == (1000 - stranger, 1000)
    assert alone["right"] == 1000 - stranger - office
    assert (alone["by"], with_street["by"], with_street["undecided"]) == ("category", "category + street", 0)
    # Under its two names it is two units: all that it did since is missed.
    assert learnt(table, capsys=capsys)[1]["right"] == office


def test_what_is_written_is_a_rulebook_and_what_it_rests_on(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = table.parent / "new"
    learnt(table, "--names", str(table.parent / "names.csv"), "--out", str(folder), capsys=capsys)
    document = tomllib.loads((folder / "rules.toml").read_text(encoding="utf-8"))
    by_no = rulebook_of(document).by_no
    assert {str(rule.to) for rule in by_no.values()} == {"unit:works", "unit:街道办"}
    cases, faults = read_pasts(
        table,
        Columns(category="kind", unit="who", day="on", areas={"street": "street"}),
        read_names(table.parent / "names.csv"),
    )
    assert faults.warnings == []
    assert share(document, cases).right == 2000 - sum(row[2] == "路人" for row in rows())
    lines = list(csv.DictReader((folder / "learnt.csv").read_text(encoding="utf-8").splitlines()))
    assert sum(line["area"] == "" for line in lines) == 10
    assert {line["area"] for line in lines} == {"", "street:4"}
    assert main(["rules", "learn", "--in", str(table), "--category", "kind", "--unit", "who", "--day", "on",
                 "--out", str(folder)]) == 1  # fmt: skip
    assert "is there already, and was left alone" in capsys.readouterr().err


def test_rows_that_say_too_little_are_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("kind,who,on\nC1,,2025-01-01\n-,X,2025-01-01\nC1,X,last week\nC1,X,2025-01-01\n", encoding="utf-8")
    found, faults = read_pasts(file, Columns(category="kind", unit="who", day="on", areas={}), Names())
    assert len(found) == 1
    assert [(fault.row, fault.reason) for fault in faults.warnings] == [
        (2, "who is empty"), (3, "kind is empty"), (4, "on is no day: 'last week'")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unit,name,from\n", "there is no column until"),
        ("unit,name,from,until\na,局,,soon\n", "row 2: a day is written YYYY-MM-DD"),
        ("unit,name,from,until\na,局,,2025-05-01\nb,局,2025-04-01,\n", "row 3: 局 is a then already"),
    ],
)
def test_names_that_say_two_things_are_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "names.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FormIncomplete, match=words):
        read_names(file)
