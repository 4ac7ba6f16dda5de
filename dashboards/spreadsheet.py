"""Tables as files: CSV for any program, XLSX for people. The same cells in both, and none that a program would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, Any, TypeAlias

import xlsxwriter

__all__ = ["FORMS", "Cell", "Column", "Page", "safe", "write_book", "write_table"]

Cell: TypeAlias = str | int | Decimal | datetime | None
FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet takes for the beginning of a formula; full width, too, by some input methods' leave.
RISKY = frozenset("=+-@\t\r\n＝＋－＠")
TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and how wide it is shown, in characters. A time is the city's wall time, without a zone."""

    title: str
    width: int = 12


@dataclass(frozen=True, slots=True)
class Page:
    """One worksheet of a workbook; what its name may not hold is left out of it."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


def safe(text: str) -> str:
    """The text, with an apostrophe before it if it could be taken for a formula; control characters become blanks."""
    plain = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return f"'{plain}" if text[:1] in RISKY or plain.lstrip()[:1] in RISKY else plain


def write_table(file: IO[bytes], form: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    """Write all rows to `file`, one at a time: memory does not grow with them; how many. `form`: one of FORMS."""
    return WRITERS[form](file, columns, rows)


def _write_csv(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    # With its mark, or spreadsheets read UTF-8 as something else.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    count = 0
    try:
        writer.writerow([safe(column.title) for column in columns])
        for row in rows:
            writer.writerow([_text(cell) for cell in row])
            count += 1
    finally:
        text.detach()  # or the file would be closed with it
    return count


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return safe(cell)
    if isinstance(cell, datetime):
        return cell.strftime(TIME)
    return "" if cell is None else str(cell)


def _write_xlsx(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    return write_book(file, [Page("", columns, rows)])


def write_book(file: IO[bytes], pages: Iterable[Page]) -> int:
    """Write a workbook of several sheets, one row at a time; how many rows."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        style = Style(
            head=book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
            rate=book.add_format({"num_format": "0.00"}),
            time=book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        )
        return sum(
            _fill(book.add_worksheet(_tab(page.name, no)), page, style) for no, page in enumerate(pages, start=1)
        )


def _tab(name: str, no: int) -> str | None:
    """A worksheet's name: short, without what the form forbids, and no two alike."""
    plain = "".join(c for c in name if c.isprintable() and c not in "[]:*?/\\'")
    return f"{no} {plain}"[:31].strip() if plain else None


@dataclass(frozen=True, slots=True)
class Style:
    """The formats of one workbook."""

    head: Any
    rate: Any
    time: Any


def _fill(sheet: Any, page: Page, style: Style) -> int:
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(page.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, safe(column.title), style.head)
    count = 0
    for row in page.rows:
        count += 1
        for place, cell in enumerate(row):
            _put(sheet, (count, place), cell, style)
    return count


def _put(sheet: Any, at: tuple[int, int], cell: Cell, style: Style) -> None:
    if isinstance(cell, str):
        sheet.write_string(*at, safe(cell))
    elif isinstance(cell, datetime):
        sheet.write_datetime(*at, cell, style.time)
    elif isinstance(cell, Decimal):
        sheet.write_number(*at, cell, style.rate)
    elif cell is not None:
        sheet.write_number(*at, cell)


WRITERS: dict[str, Callable[[IO[bytes], Sequence[Column], Iterable[Sequence[Cell]]], int]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
}
