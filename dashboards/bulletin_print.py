"""A bulletin for print: the leader's page, and the tables that the page and the files have, all behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.bulletin_sheet import TEXTS, Sheet, Table, shown
from dashboards.press import printed

__all__ = ["bulletin_pdf", "told_of"]

HEADLINE = ("should_dispose", "ontime_disposed", "late_disposed", "overdue_open", "ontime_disposal_rate", "closed")
TRIPLE = ("ontime_disposed", "late_disposed", "overdue_open")
PLACES = ("place", "name", "score", "by_hand", "total", "ontime_disposal_rate")


def bulletin_pdf(sheet: Sheet) -> bytes:
    """The bulletin as PDF, the same bytes for the same bulletin and language.

    Raises Unavailable where the server has no Chinese font.
    """
    return printed("bulletin.typ", told_of(sheet), at=sheet.made.decided_at or sheet.made.made_at)


def told_of(sheet: Sheet) -> dict[str, Any]:
    """What the template is told: text and whole numbers only."""
    made, t = sheet.made, sheet.t
    words = ("check", "check_how", "hash", "formula", "bands", "no_persons", "of_all")
    return {
        "language": t.language,
        "title": t("bulletin.of", period=made.period),
        "city": str(sheet.rules["city"]),
        "masthead": t("bulletin.masthead", city=sheet.rules["city"]),
        "standing": " ".join(sheet.standing),
        "hash": made.hash,
        "command": sheet.command,
        "headline": [(sheet.title(key), shown(sheet.city(key))) for key in HEADLINE],
        "sentence": t("bulletin.sentence", **{key: shown(sheet.city(key)) for key in HEADLINE}),
        "appealed": sheet.appealed,
        "groups": [_group(table) for table in sheet.first if "place" in table.keys],
        "districts": _districts(sheet, sheet.first[-1]),
        "tables": [_table(table) for table in (*sheet.first, *sheet.behind)],
        "scheme": sheet.scheme,
        "edition": sheet.rules["scheme"]["edition"],
        "formula": sheet.formula,
        "bands": sheet.bands,
        "small": t("ranking.small", n=sheet.rules["small_sample"]),
        "words": {
            **{word: t(f"bulletin.{word}") for word in words},
            **{word: t(word) for word in ("sep", "dot")},
            "legend": [sheet.figure(key) for key in TRIPLE],
        },
    }


def _group(table: Table) -> dict[str, Any]:
    """Those that have a place, from the first to the last; all, where nobody has one."""
    places = [table.keys.index(key) for key in PLACES if key in table.keys]
    rows = [[shown(row[place]) for place in places] for row in table.rows]
    ranked = [row for row in rows if row[0].isdecimal()]
    return {"title": table.title, "titles": [table.titles[place] for place in places], "rows": ranked or rows}


def _districts(sheet: Sheet, table: Table) -> dict[str, Any]:
    """On time, late, open of each, the largest first, and of the city."""
    at = {key: table.keys.index(key) for key in ("name", "should_dispose", "ontime_disposal_rate", *TRIPLE)}
    *areas, city = table.rows
    areas.sort(key=lambda row: -int(str(row[at["should_dispose"]])))
    return {"title": table.title, "rows": [_bar(row, at, sheet) for row in (*areas, city)]}


def _bar(row: Sequence[Any], at: dict[str, int], sheet: Sheet) -> dict[str, Any]:
    rate = row[at["ontime_disposal_rate"]]
    said = sheet.t("ranking.no_data") if rate is None else f"{rate} %"
    return {"name": shown(row[at["name"]]), "parts": [int(row[at[key]]) for key in TRIPLE], "said": said}


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "titles": table.titles,
        "texts": [key in TEXTS for key in table.keys],
        "rows": [[shown(cell) for cell in row] for row in table.rows],
    }
