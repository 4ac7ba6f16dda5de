"""What cannot be scored, exported or revised is refused in words, in both languages; no float is published."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dashboards import files
from dashboards.bulletin_print import told_of
from dashboards.bulletin_sheet import Sheet
from dashboards.words import LANGUAGES, words
from dispatch.bulletins import freeze
from dispatch.bulletins.freeze import Bulletin, bulletins
from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.evaluation import contracts
from dispatch.evaluation.period import period_of
from dispatch.evaluation.rates import rounded
from dispatch.evaluation.score_command import command
from dispatch.evaluation.terms import terms_of
from dispatch.lifecycle.states import Action
from gis.db import read, write
from gis.problems import Conflict, FormIncomplete, Problem
from tests.cases.town import ZONE, Town, settled
from tests.evaluation.test_ledger import WEEK
from tests.verify.scored import a_week_published, given, published, settle, who

AHEAD = "2030-01"


@pytest.fixture(scope="module")
def town(database: Urls) -> Iterator[Town]:
    """A week with points by hand, published; its revision; and a sheet signed by both sides."""
    with settled() as town:
        closed, _ = a_week_published(town)
        town.do(closed[0], Action.APPEAL, "enforcement-a", reason="wrong")
        town.do(closed[0], Action.GRANT_APPEAL, "evaluator", reason="seen")
        town.later(minutes=1)
        published(town)
        settle(town)
        yield town


def scored(town: Town) -> object:
    with read() as tx:
        return terms_of(tx, period_of(AHEAD, ZONE))


def sealed(town: Town, period: str = AHEAD) -> Bulletin:
    with write() as tx:
        return freeze.seal(tx, who(town, "evaluator"), period=period, scheme="own")


def made_a_sheet(town: Town) -> object:
    span, now = period_of(AHEAD, ZONE), period_of(WEEK, ZONE)
    with write() as tx:
        return contracts.make(tx, books(tx), who(town, "evaluator"), span, terms_of(tx, now), unit="water")


@pytest.mark.parametrize("door", [scored, sealed, made_a_sheet])
def test_a_period_in_the_future_is_refused_with_its_field_in_both_languages(
    town: Town, door: Callable[[Town], object]
) -> None:
    with pytest.raises(FormIncomplete) as refused:
        door(town)
    assert re.search("not begun yet|not over", str(refused.value))
    assert re.search("尚未开始|尚未结束", refused.value.zh)
    assert refused.value.extra["fields"]


def test_a_period_in_the_future_is_one_line_at_the_command(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--period", AHEAD])) == 2
    assert capsys.readouterr().err == f"wangge score: {AHEAD} has not begun yet: there is nothing to score\n"


def test_an_export_of_ten_million_rows_is_refused_at_its_bound_and_says_what_to_do() -> None:
    taken = 0

    def rows() -> Iterator[list[int]]:
        nonlocal taken
        for number in range(10_000_000):
            taken += 1
            yield [number]

    with pytest.raises(FormIncomplete) as refused:
        for _ in files.bounded(rows(), lambda _: None):
            pass
    assert taken == files.MOST + 1
    assert "Narrow the period" in str(refused.value)
    assert "请缩小时段" in refused.value.zh


def test_a_revision_of_a_revision_follows_the_last_published_one_and_only_where_it_says_more(town: Town) -> None:
    with read() as tx:
        second, first = bulletins(tx, published_only=True)
    assert (second.revision, second.previous_id) == (2, first.id)
    with pytest.raises(Conflict, match="would say the same") as refused:
        sealed(town, WEEK)
    assert "无需修订" in refused.value.zh
    given(town, kind="special", unit="enforcement-b", period=WEEK, points="0.25")
    third = sealed(town, WEEK)
    assert (third.revision, third.previous_id) == (3, second.id)
    with pytest.raises(Conflict, match="waits to be published"):  # and none of one that nobody published
        sealed(town, WEEK)
    with write() as tx:
        freeze.decide(tx, third.id, who(town, "leader"), publish=False)


# ── decimals, never floats ────────────────────────────────────────────────────────────────────────────────────────────


def refuse(text: str) -> float:
    raise AssertionError(f"{text} is a float")


def walk(told: Any) -> Iterator[Any]:
    """Every value in a document."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, (list, tuple)):
        for part in told:
            yield from walk(part)
    else:
        yield told


def test_no_json_that_is_published_or_signed_holds_a_float(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    with read() as tx:
        made, (sheet,) = bulletins(tx), contracts.sheets(tx)
    for text in (*(one.rules for one in made), sheet.document):
        json.loads(text, parse_float=refuse)
    parser = ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["--period", WEEK, "--scheme", "own", "--json"])) == 0
    rows = json.loads(capsys.readouterr().out, parse_float=refuse)
    assert {row["score"] for row in rows} >= {"100.00", "0.00"}


def test_every_decimal_of_a_published_csv_has_its_two_places(town: Town) -> None:
    with read() as tx:
        made = bulletins(tx)
    for one in made:
        cells = [cell for line in one.scores.splitlines()[1:] for cell in line.split(",")]
        broken = [cell for cell in cells if "." in cell and not re.fullmatch(r"-?\d+\.\d\d", cell)]
        assert broken == []
        assert any("." in cell for cell in cells)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_page_pdf_and_workbook_are_made_of_holds_decimals_and_whole_numbers_only(
    town: Town, language: str
) -> None:
    with read() as tx:
        made = bulletins(tx)
    for one in made:
        sheet = Sheet(one, words(language))
        cells = [cell for page in sheet.pages for row in page.rows for cell in row]
        cells += [
            cell for table in (*sheet.first, *sheet.behind, sheet.all_in_one) for row in table.rows for cell in row
        ]
        assert {type(cell) for cell in cells} == {str, int, Decimal, type(None)}
        assert {type(value) for value in walk(told_of(sheet))} <= {str, int, bool, type(None)}


@pytest.mark.parametrize(
    ("exact", "shown"), [("1/200", "0.01"), ("1/8", "0.13"), ("2675/1000", "2.68"), ("199/200", "1.00")]
)
def test_a_half_goes_up_where_a_float_would_not(exact: str, shown: str) -> None:
    assert str(rounded(Fraction(exact))) == shown


def test_a_refusal_is_never_without_chinese(town: Town) -> None:
    for wrong in ("soon", "2026-W99", "", "1e9"):
        with pytest.raises(Problem) as refused:
            sealed(town, wrong)
        assert refused.value.zh != refused.value.title
