"""The bulletin on paper and as tables: every figure of the page stands in all of them; no sign is ever a box."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
import typst
from psycopg.types.json import Jsonb
from pypdf import PdfReader

from dashboards import press
from dashboards.bulletin_print import bulletin_pdf
from dashboards.bulletin_sheet import Sheet, Table, shown
from dashboards.spreadsheet import Column, Page, write_book
from dashboards.words import LANGUAGES, words
from dispatch.bulletins.freeze import Bulletin, decide, seal
from dispatch.evaluation import ledger
from dispatch.evaluation.ledger import Asked
from dispatch.evaluation.period import period_of
from dispatch.evaluation.terms import terms_of
from gis.db import execute, write
from gis.problems import Unavailable
from tests.cases.town import ZONE
from tests.evaluation.test_ledger import OWN
from tests.pages.conftest import Office, Person, good_and_bad

WEEK = "2026-W24"
Enter = Callable[[str], Person]


@pytest.fixture(scope="module")
def lived(office: Office) -> Office:
    """A week with a good unit and a bad one, to which points are given by hand."""
    good_and_bad(office.town)
    asked = Asked(kind="special", unit="enforcement-b", period=WEEK, points="-1.5", reason="夜市", document_no="7",
                  document_hash="ab" * 32)  # fmt: skip
    with write() as tx:
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('schemes', 'own-1', '2026-01-01', '', '', %(content)s)""",
            content=Jsonb({"scheme": [OWN]}),
        )
    with write() as tx:
        scheme = terms_of(tx, period_of(WEEK, ZONE)).scheme("own")
        entry = ledger.enter(tx, office.town.people["leader"].person_id or 0, scheme, asked)
    with write() as tx:
        ledger.decide(tx, entry.id, office.town.people["evaluator"].person_id or 0, agree=True)
    return office


@pytest.fixture(scope="module", params=["gb-department", "own"])
def made(lived: Office, request: pytest.FixtureRequest) -> Bulletin:
    """A published bulletin of that week: one by what is measured alone, one with points by hand."""
    people = [lived.town.people[name].person_id or 0 for name in ("leader", "evaluator")]
    with write() as tx:
        sealed = seal(tx, people[0], period=WEEK, scheme=request.param)
    with write() as tx:
        return decide(tx, sealed.id, people[1], publish=True)


def told(tables: list[Table]) -> Iterator[str]:
    for table in tables:
        yield from (shown(cell) for row in table.rows for cell in row)


def plain(text: str) -> str:
    return "".join(text.split())


def follow(cells: Iterator[str], text: str) -> None:
    """Every cell stands in the text after the one before it."""
    at = 0
    for cell in cells:
        found = text.find(plain(cell), at)
        assert found >= 0, f"{cell} does not come after {text[max(0, at - 60) : at]}"
        at = found + len(plain(cell))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_tells_every_figure_of_the_page_on_one_leaders_page_and_the_tables_behind(
    made: Bulletin, person: Enter, language: str
) -> None:
    answer = person("").get(f"/public/bulletins/{made.id}/file?form=pdf&lang={language}")
    assert answer.headers["content-type"] == "application/pdf"
    first, *behind = (plain(page.extract_text()) for page in PdfReader(io.BytesIO(answer.content)).pages)
    sheet = Sheet(made, words(language))
    for text in (made.hash, sheet.command, sheet.t("bulletin.of", period=WEEK), str(sheet.city("should_dispose"))):
        assert plain(text) in first
    assert all(made.hash in page for page in behind)
    follow(told([*sheet.first, *sheet.behind]), "".join(behind))
    for what, how in sheet.formula:
        assert plain(what + sheet.t("sep") + how) in behind[-1]


def test_the_page_the_workbook_and_the_csv_tell_the_same(made: Bulletin, person: Enter) -> None:
    sheet = Sheet(made, words("en"))
    everything = [*sheet.first, *sheet.behind]
    page = person("evaluator").get(f"/bulletins/{made.id}?lang=en").text
    follow(told(everything), plain(page))
    book = openpyxl.load_workbook(
        io.BytesIO(person("").get(f"/public/bulletins/{made.id}/file?form=xlsx&lang=en").content)
    )
    about, *pages = book.worksheets
    assert made.hash in [row[0] for row in about.iter_rows(values_only=True)]
    assert [list(p.iter_rows(min_row=2, values_only=True)) for p in pages] == [
        [tuple(float(cell) if shown(cell).count(".") else cell for cell in row) for row in table.rows]
        for table in everything
    ]
    text = person("").get(f"/public/bulletins/{made.id}/file?form=csv&lang=en").content.decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text))
    whole = sheet.all_in_one
    assert heads == list(whole.titles)
    assert rows == [["" if cell is None else str(cell) for cell in row] for row in whole.rows]
    figures = {key for table in everything for key in table.keys}
    assert figures - {"kind", "document"} <= set(whole.keys)  # of a single entry by hand: no figure


def test_points_by_hand_stand_beside_the_score_with_their_kind_and_paper(made: Bulletin, person: Enter) -> None:
    sheet = Sheet(made, words("zh"))
    group = next(table for table in sheet.first if ("unit", "section", "enforcement-b") in table.of)
    if made.scheme != "own":
        assert "by_hand" not in group.keys
        return
    row = dict(zip(group.keys, group.rows[group.of.index(("unit", "section", "enforcement-b"))], strict=True))
    assert isinstance(row["score"], Decimal)
    assert (row["by_hand"], row["total"]) == (Decimal("-1.50"), row["score"] - Decimal("1.50"))
    given = next(table for table in sheet.behind if table.title == "人工计分明细")
    assert [list(cells) for cells in given.rows] == [["西河区综合执法队", "专项", Decimal("-1.50"), "ab" * 32]]
    pages = [plain(page.extract_text()) for page in PdfReader(io.BytesIO(bulletin_pdf(sheet))).pages]
    for text in ("人工计分", "-1.50", str(row["total"])):
        assert text in pages[0]
    assert "ab" * 32 in "".join(pages[1:])
    assert f"人工计分{sheet.t('sep')}专项最多加减5分" in pages[-1]


def test_a_file_of_the_same_bulletin_is_the_same_bytes(made: Bulletin, person: Enter) -> None:
    one, other = (person("").get(f"/public/bulletins/{made.id}/file?form=pdf").content for _ in range(2))
    assert one == other


def renamed(made: Bulletin, name: str) -> Sheet:
    """The same bulletin of a city whose first unit is called `name`."""
    document = json.loads(made.rules)
    document["units"]["enforcement-a"]["name"] = name
    return Sheet(replace(made, rules=json.dumps(document)), words("zh"))


def test_a_name_is_printed_as_it_is_and_never_run(made: Bulletin) -> None:
    name = '=1+1 #eval("1") *a* _b_ $x$ \\ <h> @c "d"'
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(bulletin_pdf(renamed(made, name)))).pages)
    assert plain(text).count(plain(name)) > 3


def test_a_sign_that_no_font_has_is_refused_in_words(made: Bulletin) -> None:
    with pytest.raises(Unavailable, match="lack a sign"):
        bulletin_pdf(renamed(made, "执法队\U00012000"))


def test_without_a_chinese_font_nothing_is_printed_and_the_message_says_what_to_install() -> None:
    bare = typst.Fonts(include_system_fonts=False)
    with pytest.raises(Unavailable, match="fonts-noto-cjk"):
        press.chosen(bare.families())
    assert press.chosen(["SimSun"]) == ("SimSun", "SimSun")


def test_a_sheet_of_a_workbook_takes_any_name() -> None:
    file = io.BytesIO()
    rows = [["=1+1"], ["@x"]]
    assert write_book(file, [Page("a[b]:c*?/\\'" + "长" * 40, [Column("x")], rows)] * 2) == 4
    first, second = openpyxl.load_workbook(file).worksheets
    assert first.title != second.title
    assert [row[0] for row in first.iter_rows(min_row=2, values_only=True)] == ["'=1+1", "'@x"]
