"""Bulletins as pages: sealed and published by the centre; read, downloaded and checked by everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Form as Posted
from starlette.responses import Response

from dashboards.exports import made_file, recorded, sent
from dashboards.shell import go, page
from dashboards.spreadsheet import Cell, Column, write_table
from dashboards.view import View
from dispatch.bulletins import freeze
from dispatch.bulletins.archive import write_archive
from dispatch.bulletins.content import Rules
from dispatch.bulletins.difference import ChangedFigure, changed_cases, changed_figures, score_rows
from dispatch.bulletins.freeze import Bulletin, bulletin_of, lines_of
from dispatch.bulletins.listing import FIGURES, case_rows
from dispatch.evaluation.rates import RATES
from dispatch.http import whence
from dispatch.people.roles import Permission
from dispatch.people.throttle import Bound, take
from dispatch.people.who import Me, Signed, Visitor, needs
from gis.db import read, write
from gis.problems import FormIncomplete, Problem, TooMany

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
DOWNLOADS = Bound(limit=60, window=3600, lock=600)


@dataclass(frozen=True)
class Sheet:
    """A bulletin as it is read: what it froze, nothing of today's."""

    made: Bulletin
    zh: bool

    @cached_property
    def rules(self) -> Mapping[str, Any]:
        """rules.json."""
        return Rules.read(self.made.rules).document

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """scores.csv."""
        return score_rows(self.made.scores)

    @property
    def groups(self) -> list[tuple[str, list[dict[str, str]]]]:
        """The ranking groups with units in them, by name, each in the order of the scores."""
        named = [(self._said(group), str(group["key"])) for group in self.rules["groups"]]
        told = [(name, [r for r in self.rows if (r["of"], r["group"]) == ("unit", key)]) for name, key in named]
        return [(name, rows) for name, rows in told if rows]

    @property
    def districts(self) -> list[dict[str, str]]:
        """The districts, and the city last."""
        return [row for row in self.rows if row["of"] != "unit"]

    def name(self, of: str, key: str) -> str:
        """What a unit or a district was called on the period's last day; its code if it had no name."""
        if of == "unit":
            return self._said(self.rules["units"][key]) if key in self.rules["units"] else key
        return next((self._said(row) for row in self.rules["districts"] if row["code"] == key), key)

    def _said(self, row: Mapping[str, Any]) -> str:
        return str(row["name"] if self.zh else row.get("name_en") or row["name"])

    @property
    def formula(self) -> list[dict[str, Any]]:
        """Each indicator of the scheme, with the two counts that its rate is made of."""
        return [
            {**part, "over": (RATES[part["key"]].numerator, RATES[part["key"]].denominator)}
            if part["key"] in RATES
            else part
            for part in self.rules["scheme"]["indicators"]
        ]


# ── the centre ────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/bulletins", **needs(Permission.SEE_RANKING))
def bulletins_page(request: Request, me: Signed) -> Response:
    """All bulletins, and the form that seals one."""
    return _list(request, me)


def _list(request: Request, me: Me, *, asked: str | None = None, problem: Problem | None = None) -> Response:
    with me.read() as tx:
        view = View.of(request, tx, me)
        found = freeze.bulletins(tx)
    before = f"{view.today.replace(day=1) - timedelta(days=1):%Y-%m}"
    status = problem.status if problem else 200
    more: dict[str, Any] = {"found": found, "asked": before if asked is None else asked, "problem": problem}
    return page(view, "bulletins.html", status=status, public=False, **more)


@router.post("/bulletins", **needs(Permission.SEAL_BULLETINS))
def seal(request: Request, me: Signed, period: Annotated[str, Posted(max_length=40)] = "") -> Response:
    """Seal a finished period."""
    try:
        with me.write() as tx:
            made = freeze.seal(tx, me.person_id, period=period)
    except Problem as problem:
        return _list(request, me, asked=period, problem=problem)
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
    sheet = Sheet(made, view.zh)
    return page(view, "bulletin.html", status=status, b=made, sheet=sheet, before=before, figures=figures, **more)


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


@router.get("/bulletins/{id}/cases", **needs(Permission.SEE_RANKING))
def cases_file(request: Request, me: Signed, id: int, form: str = "xlsx") -> Response:
    """Case by case: the number, in which figures it counts, or why it is left out. For the staff; on record."""
    with made_file(form) as file:
        with me.read(heavy=True) as tx:
            view = View.of(request, tx, me)
            made = bulletin_of(tx, id)
            names = ("number", "unit_id", "district", "cell", "excluded", "late_report", *FIGURES)
            columns = [Column(view.t(f"bulletin.of_{name}")) for name in names]
            rows = (_told(view, row) for row in case_rows(tx, made))
            count = write_table(file, form, columns, rows)
        recorded(request, me, "bulletin", {"bulletin": made.id, "hash": made.hash, "form": form, "rows": count})
    return sent(file, f"bulletin-{made.period}-{made.revision}-cases", form)


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
    return page(view, "bulletins.html", found=found, public=True, problem=None, asked="")


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
    with write() as tx:
        wait = take(tx, f"bulletin:{whence(request)}", DOWNLOADS)
    if wait:
        raise TooMany("Too many downloads from this address", zh="该地址下载过多,请稍后再试", retry_after=wait)
    with made_file("zip", among=("zip",)) as file, read(heavy=True) as tx:
        made = bulletin_of(tx, id, published_only=True)
        name = f"bulletin-{made.period}-{made.revision}"
        write_archive(file, made, lines_of(tx, made.id), name=f"{name}.zip")
    return sent(file, name, "zip")
