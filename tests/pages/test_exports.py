"""Rankings, figures and lists as files, sheets as prints: the same figures in all, each recorded, none a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import openpyxl
import pytest

from dashboards import files
from dashboards.spreadsheet import Column, safe, write_table
from dispatch.cases.act import Receipt
from dispatch.lifecycle.states import Action
from tests.cases.town import ZONE, look
from tests.pages.conftest import Office, Person

Enter = Callable[[str], Person]
Table = list[list[Any]]
JULY = datetime(2026, 7, 2, 9, 0, tzinfo=ZONE)
RANKING = "/exports/ranking?period=2026-06&group=section&lang=en"


@pytest.fixture(scope="module")
def case(office: Office) -> Receipt:
    """June has been: two cases closed in time, one of them opened again in July, one open with another unit."""
    town = office.town
    town.closed()
    kept = town.closed()
    town.dispatched("street-a")
    town.report(None, "citizen", public=True, source="web", description="=1+1 井盖丢失", contact_phone="13800000000")
    town.set(JULY)
    town.do(kept, Action.REOPEN, "shift_leader", reason="back-again")
    return kept


def read_csv(answer: httpx.Response) -> Table:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def read_xlsx(answer: httpx.Response) -> Table:
    assert answer.status_code == 200, answer.text
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return [[_plain(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)


def same(csv_cell: str, xlsx_cell: str) -> bool:
    if csv_cell == xlsx_cell:
        return True
    return bool(xlsx_cell) and Decimal(csv_cell) == Decimal(xlsx_cell)


def both(person: Person, address: str) -> Table:
    """The same in both forms; what the CSV says."""
    plain, book = read_csv(person.get(address + "&form=csv")), read_xlsx(person.get(address + "&form=xlsx"))
    assert len(plain) == len(book)
    assert all(same(*cells) for rows in zip(plain, book, strict=True) for cells in zip(*rows, strict=True))
    return plain


def recorded(kind: str) -> list[dict[str, Any]]:
    return look(
        "SELECT a.*, p.login FROM audit_event a JOIN person p ON p.id = a.person_id WHERE kind = %(k)s ORDER BY a.id",
        k=kind,
    )


def test_a_ranking_is_the_same_in_every_form_and_as_of_either_instant(case: Receipt, person: Enter) -> None:
    head, *rows = both(person("leader"), RANKING)
    first = dict(zip(head, rows[0], strict=True))
    assert first["Unit id"] == "enforcement-a"
    assert (first["To dispose"], first["On time"], first["On-time rate"]) == ("2", "2", "100.00")
    assert first["As of"] == "2026-07-01 00:00"
    assert len(rows) == 3
    _, *present = both(person("leader"), RANKING + "&as_of=now")
    assert {row[head.index("To dispose")] for row in present if row[4] == "enforcement-a"} == {"1"}


def test_a_figures_file_has_as_many_cases_as_the_figure(case: Receipt, person: Enter) -> None:
    figure = RANKING.replace("ranking", "figure") + "&unit=enforcement-a&figure=ontime"
    head, *kept = both(person("leader"), figure)
    assert len(kept) == 2
    assert case.number in {row[head.index("Case number")] for row in kept}
    assert {row[head.index("As of")] for row in kept} == {"2026-07-01 00:00"}
    assert len(both(person("leader"), figure + "&as_of=now")) == 2


def test_a_list_is_what_the_filters_find_and_a_departments_its_own(case: Receipt, person: Enter) -> None:
    head, *rows = both(person("acceptor"), "/exports/cases?lang=en")
    assert len(rows) == 4
    assert not any("13800000000" in cell or "井盖丢失" in cell for row in rows for cell in row)
    assert len(both(person("acceptor"), "/exports/cases?state=closed")) == 2
    _, *own = both(person("enforcement-a"), "/exports/cases?lang=en")
    assert {row[head.index("Unit id")] for row in own} == {"enforcement-a"}
    assert len(both(person("enforcement-a"), "/exports/cases?unit=street-a")) == 1  # the head alone
    assert person("").web.get("/exports/cases").status_code == 401
    assert person("enforcement-a").get(RANKING).status_code in (200, 403)


def test_every_export_is_recorded_with_who_when_whence_and_how_much(case: Receipt, person: Enter) -> None:
    before = len(recorded("export"))
    person("leader").get(RANKING + "&form=csv")
    person("acceptor").get("/exports/cases?state=closed&unit=nonsense&form=csv")
    ranking, listed = recorded("export")[before:]
    assert (ranking["login"], ranking["object"], ranking["whence"]) == ("leader", "ranking", "127.0.0.1")
    assert ranking["detail"]["rows"] == 3
    assert ranking["detail"]["as_of"].startswith("2026-06-30T16:00")
    assert (listed["login"], listed["detail"]["states"], listed["detail"]["unit"]) == ("acceptor", ["closed"], None)


def test_more_than_one_file_holds_is_refused_and_said(
    case: Receipt, person: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST", 3)
    before = len(recorded("export"))
    for form in ("csv", "xlsx"):
        refused = person("acceptor").get(f"/exports/cases?form={form}&lang=en")
        assert refused.status_code == 422
        assert "nothing was exported" in refused.text
    monkeypatch.setattr(files, "MOST", 1)
    figure = RANKING.replace("ranking", "figure") + "&unit=enforcement-a&figure=ontime"
    assert person("leader").get(figure).status_code == 422
    assert person("leader").get(RANKING + "&form=exe").status_code == 422
    assert len(recorded("export")) == before


RISKY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", " =1", "\n@x")


@pytest.mark.parametrize("text", RISKY)
def test_no_text_can_become_a_formula(text: str) -> None:
    assert safe(text).startswith("'")
    for form, read in (("csv", read_csv), ("xlsx", read_xlsx)):
        file = io.BytesIO()
        assert write_table(file, form, [Column(text)], [[text], ["plain"]]) == 1 + 1
        _, (written,), (plain,) = read(httpx.Response(200, content=file.getvalue()))
        assert written == safe(text)
        assert plain == "plain"


def test_what_is_no_formula_stays_as_it_is() -> None:
    for text in ("井盖缺失", "a=b", "3-5 号", "", "E0405"):
        assert safe(text) == text


def test_the_dispatch_sheet_says_what_by_whom_by_when_and_by_which_rule(case: Receipt, person: Enter) -> None:
    number = look("SELECT number FROM cases WHERE unit_id = 'street-a'")[0]["number"]
    before = len(recorded("print"))
    sheet = person("dispatcher").get(f"/cases/{number}/dispatch-sheet").text
    for words in ("派遣单", number, "东街街道办事处", "签收人及时间", "2026-06-0"):
        assert words in sheet
    full = person("leader").get(f"/cases/{case.number}/case-sheet").text
    assert "结案" in full
    first, second = recorded("print")[before:]
    assert (first["login"], first["detail"]["sheet"], first["detail"]["unit"]) == ("dispatcher", "dispatch", "street-a")
    assert (second["login"], second["object"]) == ("leader", f"case:{case.case_id}")


def test_a_sheet_shows_no_telephone_and_a_department_prints_its_own_only(case: Receipt, person: Enter) -> None:
    told = look("SELECT number FROM cases WHERE source = 'web'")[0]["number"]
    assert "13800000000" not in person("leader").get(f"/cases/{told}/case-sheet").text
    assert person("leader").get(f"/cases/{told}/dispatch-sheet").status_code == 409
    other = look("SELECT number FROM cases WHERE unit_id = 'street-a'")[0]["number"]
    assert person("street-a").get(f"/cases/{other}/dispatch-sheet").status_code == 200
    before = len(recorded("print"))
    assert person("enforcement-a").get(f"/cases/{other}/dispatch-sheet").status_code == 404
    assert len(recorded("print")) == before
