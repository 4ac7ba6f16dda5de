"""Bulletins as pages: sealed and published by the centre; read, downloaded and checked by everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.bulletin_print import bulletin_pdf
from dashboards.bulletin_sheet import TEXTS, Sheet, shown
from dashboards.files import Tick, bounded, delivered, made_file, recorded, sent
from dashboards.shell import go, page
from dashboards.spreadsheet import Cell, Column, write_book, write_table
from dashboards.view import View
from dispatch.bulletins import freeze
from dispatch.bulletins.archive import write_archive
from dispatch.bulletins.difference import ChangedFigure, changed_cases, changed_figures
from dispatch.bulletins.freeze import Bulletin, bulletin_of, lines_of
from dispatch.bulletins.listing import FIGURES, Listed, behind, case_rows, listed
from dispatch.bulletins.recount import Key
from dispatch.evaluation.terms import schemes_on
from dispatch.http import whence
from dispatch.people.roles import Permission
from dispatch.people.throttle import Bound, take
from dispatch.people.who import Me, Signed, Visitor, needs
from gis.db import ReadTx, read, write
from gis.problems import FormIncomplete, Problem, TooMany

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
SHOWN: dict[str, Any] = {"shown": shown, "texts": TEXTS}
SHOWN_CASES = 300
CASE_WIDTHS = {"number": 22, "unit_id": 18, "cell": 22, "excluded": 18}
DOWNLOADS = Bound(limit=60, window=3600, lock=600)


# ── the centre ────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/bulletins", **needs(Permission.SEE_RANKING))
def bulletins_page(request: Request, me: Signed) -> Response:
    """All bulletins, and the form that seals one."""
    return _list(request, me)


def _list(
    request: Request, me: Me, *, asked: str | None = None, scheme: str = freeze.SCHEME, problem: Problem | None = None
) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = freeze.bulletins(tx)
        schemes = schemes_on(tx, view.today)
    before = f"{view.today.replace(day=1) - timedelta(days=1):%Y-%m}"
    status = problem.status if problem else 200
    more: dict[str, Any] = {"found": found, "asked": before if asked is None else asked, "problem": problem}
    more |= {"schemes": [one for one in schemes.values() if one.of in freeze.SCORED], "scheme": scheme}
    more |= {"names": {key: view.named(one) for key, one in schemes.items()}}
    return page(view, "bulletins.html", status=status, public=False, **more)


@router.post("/bulletins", **needs(Permission.SEAL_BULLETINS))
def seal(
    request: Request,
    me: Signed,
    period: Annotated[str, Posted(max_length=40)] = "",
    scheme: Annotated[str, Posted(max_length=40)] = freeze.SCHEME,
) -> Response:
    """Seal a finished period by a scheme of units or of areas."""
    try:
        with me.write() as tx:
            made = freeze.seal(tx, me.person_id, period=period, scheme=scheme)
    except Problem as problem:
        return _list(request, me, asked=period, scheme=scheme, problem=problem)
    return go(f"/bulletins/{made.id}")


@router.get("/bulletins/{id}", **needs(Permission.SEE_RANKING))
def bulletin_page(request: Request, me: Signed, id: int) -> Response:
    """One bulletin in any state, with what it says otherwise than the one it revises, case by case."""
    return _one(request, me, id)


def _one(request: Request, me: Me, id: int, problem: Problem | None = None) -> Response:
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        made = bulletin_of(tx, id)
        before = bulletin_of(tx, made.previous_id) if made.previous_id else None
        cases, count = changed_cases(tx, before.id, made.id) if before else ([], 0)
    more: dict[str, Any] = {"cases": cases, "count": count, "problem": problem, "public": False}
    return _drawn(view, made, before, status=problem.status if problem else 200, **more)


def _drawn(view: View, made: Bulletin, before: Bulletin | None, *, status: int = 200, **more: Any) -> Response:
    figures: list[ChangedFigure] = changed_figures(before, made) if before else []
    sheet = Sheet(made, view.t)
    return page(
        view, "bulletin.html", status=status, b=made, sheet=sheet, before=before, figures=figures, **SHOWN, **more
    )


@router.post("/bulletins/{id}/decision", **needs(Permission.SEAL_BULLETINS))
def decide(request: Request, me: Signed, id: int, what: Annotated[str, Posted(max_length=12)] = "") -> Response:
    """Publish what a colleague sealed, or decline it."""
    try:
        if what not in ("publish", "decline"):
            raise FormIncomplete("Choose publish or decline", zh="请选择发布或不予发布", fields={"what": "unknown"})
        with me.write() as tx:
            freeze.decide(tx, id, me.person_id, publish=what == "publish")
    except Problem as problem:
        return _one(request, me, id, problem)
    return go(f"/bulletins/{id}")


@router.get("/bulletins/{id}/file", **needs(Permission.SEE_RANKING))
def staff_file(request: Request, me: Signed, id: int, form: str = "pdf") -> Response:
    """The figures of a bulletin in any state, for print or as tables; on record."""
    with made_file(form, among=("pdf",)) as file:
        with me.read() as tx:
            view = View.of(request, tx, me)
            made = bulletin_of(tx, id)
        _written(file, form, Sheet(made, view.t))
        recorded(request, me, "bulletin", {"bulletin": made.id, "hash": made.hash, "form": form})
    return sent(file, made.file_name, form)


def _written(file: IO[bytes], form: str, sheet: Sheet) -> None:
    if form == "pdf":
        file.write(bulletin_pdf(sheet))
    elif form == "xlsx":
        write_book(file, sheet.pages)
    else:
        whole = sheet.all_in_one
        write_table(file, form, [Column(title) for title in whole.titles], whole.rows)


class Behind:
    """A figure of a bulletin, in the address: of the city, a district, a unit of a group. No figure: all the cases."""

    def __init__(self, of: str = "city", group: str = "", key: str = "", figure: str = "") -> None:
        self.key: Key = (of, group, key)
        self.figure = figure

    def cases(self, tx: ReadTx, made: Bulletin) -> Iterator[Listed]:
        """Those behind it. Raises NotFound."""
        return behind(tx, made, self.key, self.figure) if self.figure else listed(tx, made, self.key)


@router.get("/bulletins/{id}/figure", **needs(Permission.SEE_RANKING))
def figure_page(request: Request, me: Signed, id: int, asked: Annotated[Behind, Depends()]) -> Response:
    """The cases behind one figure, by number; their number is the figure. For the staff."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        made = bulletin_of(tx, id)
        cases = asked.cases(tx, made)
        first = list(islice(cases, SHOWN_CASES))
        count = len(first) + sum(1 for _ in cases)
    more: dict[str, Any] = {"asked": asked, "first": first, "count": count}
    return page(view, "bulletin_figure.html", b=made, sheet=Sheet(made, view.t), **more)


@router.get("/bulletins/{id}/cases", **needs(Permission.SEE_RANKING))
def cases_file(
    request: Request, me: Signed, id: int, asked: Annotated[Behind, Depends()], form: str = "xlsx"
) -> Response:
    """Case by case: the number, in which figures it counts, or why it is left out. For the staff; on record."""

    def make(file: IO[bytes], tick: Tick) -> str:
        with me.read(heavy=True) as tx:
            view = View.of(request, tx, me)
            made = bulletin_of(tx, id)
            names = ("number", "unit_id", "district", "cell", "excluded", "late_report", *FIGURES)
            columns = [Column(view.t(f"bulletin.of_{name}"), CASE_WIDTHS.get(name, 10)) for name in names]
            rows = (_told(view, row) for row in case_rows(asked.cases(tx, made)))
            count = write_table(file, form, columns, bounded(rows, tick))
        detail = {"bulletin": made.id, "hash": made.hash, "of": list(asked.key), "figure": asked.figure}
        recorded(request, me, "bulletin", {**detail, "form": form, "rows": count})
        return "-".join((made.file_name, "cases", *filter(None, (*asked.key[1:], asked.figure))))

    return delivered(request, form, make)


def _told(view: View, row: Sequence[str | int | None]) -> tuple[Cell, ...]:
    number, unit, district, cell, excluded, *marks = row
    words = (view.t(f"bulletin.is_{word}") if word else None for word in (cell, excluded))
    return (number, unit, district, *words, *marks)


# ── everybody ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/public/bulletins", **needs(Permission.PUBLIC))
def public_list(request: Request, me: Visitor) -> Response:
    """The published bulletins."""
    with read() as tx:
        view = View.of(request, tx, me)
        found = freeze.bulletins(tx, published_only=True)
        names = {key: view.named(one) for key, one in schemes_on(tx, view.today).items()}
    return page(view, "bulletins.html", found=found, public=True, problem=None, asked="", names=names)


@router.get("/public/bulletins/{id}", **needs(Permission.PUBLIC))
def public_page(request: Request, me: Visitor, id: int) -> Response:
    """One published bulletin: figures, formula in words, and how to check it."""
    with read() as tx:
        view = View.of(request, tx, me)
        made = bulletin_of(tx, id, published_only=True)
        before = bulletin_of(tx, made.previous_id) if made.previous_id else None
    return _drawn(view, made, before, public=True, cases=[], count=0, problem=None)


@router.get("/public/bulletins/{id}/download", **needs(Permission.PUBLIC))
def download(request: Request, id: int) -> Response:
    """The whole bulletin as one file, always the same bytes."""
    _bounded(request)
    with made_file("zip", among=("zip",)) as file, read(heavy=True) as tx:
        made = bulletin_of(tx, id, published_only=True)
        write_archive(file, made, lines_of(tx, made.id), name=f"{made.file_name}.zip")
    return sent(file, made.file_name, "zip")


@router.get("/public/bulletins/{id}/file", **needs(Permission.PUBLIC))
def public_file(request: Request, me: Visitor, id: int, form: str = "pdf") -> Response:
    """The figures of a published bulletin, for print or as tables: what its page shows."""
    _bounded(request)
    with made_file(form, among=("pdf",)) as file:
        with read() as tx:
            view = View.of(request, tx, me)
            made = bulletin_of(tx, id, published_only=True)
        _written(file, form, Sheet(made, view.t))
    return sent(file, made.file_name, form)


def _bounded(request: Request) -> None:
    """Raises TooMany: a bulletin takes a moment to make, and there is no account to hold to it."""
    with write() as tx:
        wait = take(tx, f"bulletin:{whence(request)}", DOWNLOADS)
    if wait:
        raise TooMany("Too many downloads from this address", zh="该地址下载过多，请稍后再试", retry_after=wait)
