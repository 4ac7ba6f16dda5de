"""Rankings, what is behind a figure, and the list of cases, as files: each on record before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards import files
from dashboards.cases import Asked as CasesAsked
from dashboards.files import Tick, bounded, delivered, made_file, recorded, sent
from dashboards.leader import Asked, ids_behind, instant_asked, period_asked, ranking_table
from dashboards.measures import Chosen, Sheet, opened, sheet_of, whole_name
from dashboards.spreadsheet import Cell, Column, write_table
from dashboards.times import left_of
from dashboards.view import View
from dispatch.cases.read import Filters, Row, by_ids, search
from dispatch.evaluation.register import Behind
from dispatch.evaluation.spans import SPANS, hours
from dispatch.lifecycle.states import ClockKind
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import ReadTx, read

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
AT_ONCE = 1_000


@router.get("/exports/ranking", **needs(Permission.SEE_RANKING))
def ranking_file(request: Request, me: Signed, asked: Annotated[Asked, Depends()], form: str = "xlsx") -> Response:
    """The ranking of one group in one period, as the page shows it."""
    with made_file(form) as file:
        with me.read(heavy=True) as tx:
            view = View.of(request, tx, me)
            table = ranking_table(tx, view, asked)
            told: tuple[Cell, ...] = (table.period.name, wall(view, table.then), table.group)
            rows = [
                (*told, line.place, line.unit, view.unit(line.unit), line.total, line.ontime, line.late, line.open_late,
                 line.rate, line.rework, line.returns, line.score, line.apart)
                for line in table.lines
            ]  # fmt: skip
            names = (*("period", "then", "group", "rank", "unit_id", "unit", "total", "ontime", "late", "open_late"),
                     *("rate", "rework", "returns", "score", "apart"))  # fmt: skip
            count = write_table(file, form, _columns(view, names), rows)
        detail = {"period": table.period.name, "group": table.group, "as_of": table.then.isoformat()}
        recorded(request, me, "ranking", detail | {"form": form, "rows": count})
    return sent(file, f"ranking-{table.period.name}-{table.group}-{_day(view, table.then)}", form)


@router.get("/exports/figure", **needs(Permission.SEE_RANKING))
def figure_file(
    request: Request, me: Signed, asked: Annotated[Asked, Depends()], unit: str, figure: str, form: str = "xlsx"
) -> Response:
    """The cases behind one figure of the ranking: as many rows as the figure says."""

    def make(file: IO[bytes], tick: Tick) -> str:
        with me.read(heavy=True) as tx:
            view = View.of(request, tx, me)
            span, as_of = period_asked(view, asked.period), instant_asked(tx, view, asked.as_of)
            ids = ids_behind(tx, span, asked.group, unit, figure, as_of=as_of)
            if len(ids) > files.MOST:
                raise files.too_many()
            then = min(as_of or span.end, tx.now)
            told: tuple[Cell, ...] = (span.name, wall(view, then), view.t(f"ranking.{figure}"), view.unit(unit))
            rows = ((*told, *_case(view, row)) for row in _by_ids(tx, ids))
            names = ("period", "then", "figure", "figure_unit", *CASE)
            count = write_table(file, form, _columns(view, names), bounded(rows, tick))
        detail = {"period": span.name, "as_of": then.isoformat(), "figure": figure}
        known = unit if unit in view.known.tree.units else None
        recorded(request, me, "figure", detail | {"unit": known, "form": form, "rows": count})
        return f"cases-{span.name}-{unit}-{figure}-{_day(view, then)}"

    return delivered(request, form, make)


@router.get("/exports/cases", **needs(Permission.SEE_CASES))
def cases_file(request: Request, me: Signed, asked: Annotated[CasesAsked, Depends()], form: str = "xlsx") -> Response:
    """The cases that the list's filters find, newest first; a department's own only."""

    def make(file: IO[bytes], tick: Tick) -> str:
        with me.read(heavy=True) as tx:
            view = View.of(request, tx, me)
            filters = replace(asked.filters(view, tx.now), number=asked.number or None)
            rows = bounded((_case(view, row) for row in _found(tx, filters)), tick)
            count = write_table(file, form, _columns(view, CASE), rows)
        recorded(request, me, "cases", _filtered(view, filters) | {"form": form, "rows": count})
        return f"cases-{_day(view, view.now)}"

    return delivered(request, form, make)


@router.get("/exports/measures", **needs(Permission.SEE_CASES))
def measures_file(request: Request, me: Signed, asked: Annotated[Chosen, Depends()], form: str = "xlsx") -> Response:
    """The table of one choice of measures, every row of it."""
    with made_file(form) as file:
        with read(heavy=True) as tx:
            view = View.of(request, tx, me)
            sheet = sheet_of(tx, view, asked, me)
            told: tuple[Cell, ...] = (sheet.period.name, wall(view, sheet.then), asked.by)
            named = [(sheet.sum, whole_name(view))] if sheet.sum else []
            named += [(line, sheet.titles[line.key]) for line in sheet.lines]
            rows = ((*told, line.key, name, *map(line.values.get, sheet.names)) for line, name in named)
            heads = [Column(view.t(f"bulletin.of_{name}"), 14) for name in sheet.names]
            columns = [*_columns(view, ("period", "then", "cut", "key", "key_name")), *heads]
            count = write_table(file, form, columns, rows)
        recorded(request, me, "measures", _measured(asked, sheet) | {"form": form, "rows": count})
    return sent(file, f"measures-{sheet.period.name}-{asked.by}-{_day(view, sheet.then)}", form)


@router.get("/exports/measure", **needs(Permission.SEE_CASES))
def measure_file(
    request: Request, me: Signed, asked: Annotated[Chosen, Depends()], figure: str, key: str = "", form: str = "xlsx"
) -> Response:
    """The cases behind one measure: of what counts, of the rest of the denominator, of what is left out and why."""

    def make(file: IO[bytes], tick: Tick) -> str:
        with read(heavy=True) as tx:
            view = View.of(request, tx, me)
            found, sheet = opened(tx, view, asked, me, figure=figure, key=key)
        ids = [*{**found.above, **found.below, **found.excluded}]
        if len(ids) > files.MOST:
            raise files.too_many()
        with me.read(heavy=True) as tx:
            rows = ((*_part(view, found, figure, row.id), *_case(view, row)) for row in _by_ids(tx, ids))
            names = ("part", "counted", "left_out", *CASE)
            count = write_table(file, form, _columns(view, names), bounded(rows, tick))
        detail = _measured(asked, sheet) | {"figure": figure, "form": form, "rows": count}
        recorded(request, me, "measure", detail)
        return f"cases-{sheet.period.name}-{figure}-{_day(view, sheet.then)}"

    return delivered(request, form, make)


def _part(view: View, found: Behind, figure: str, id: int) -> tuple[Cell, ...]:
    """In which part of a figure a case is, how often it counts there or how many hours it took, why it is left out."""
    if id in found.excluded:
        return view.t("measures.part_excluded"), None, view.t(f"bulletin.is_{found.excluded[id]}")
    counted = found.above.get(id, found.below.get(id))
    part = view.t("measures.part_above" if id in found.above else "measures.part_rest")
    return part, hours(counted) if figure in SPANS else counted, None


def _measured(asked: Chosen, sheet: Sheet) -> dict[str, Any]:
    return {"period": sheet.period.name, "as_of": sheet.then.isoformat(), "by": asked.by}


CASE = (
    *("number", "reported", "code", "category", "condition", "state", "place", "unit_id", "unit", "source"),
    *("due", "late_mark", "danger", "cordon_due"),
)


def _case(view: View, row: Row) -> tuple[Cell, ...]:
    """One case: nothing of persons, nothing that was written by hand."""
    cordon = left_of(row.clocks, ClockKind.CORDON)
    return (
        row.number,
        wall(view, row.reported_at),
        row.category,
        view.category(row.category),
        view.condition(row.category, row.condition_no),
        view.state(row.state),
        view.place(row),
        row.unit_id,
        view.unit(row.unit_id) if row.unit_id else None,
        view.source(row.source),
        wall(view, row.due_at),
        view.t("board.late") if row.late else None,
        _danger(view, row),
        wall(view, cordon.due if cordon else None),
    )


def _danger(view: View, row: Row) -> str | None:
    if not row.hazard:
        return None
    return view.t("hazards.title" if row.unsafe else "board.urgent")


def wall(view: View, at: datetime | None) -> datetime | None:
    """The city's wall time, without the zone: as spreadsheets know times."""
    return None if at is None else at.astimezone(view.known.zone).replace(tzinfo=None)


WIDTHS = {"number": 22, "category": 24, "condition": 32, "place": 32, "unit": 24, "unit_id": 16, "figure_unit": 24,
          "reported": 17, "due": 17, "then": 17}  # fmt: skip


def _columns(view: View, names: Sequence[str]) -> list[Column]:
    return [Column(view.t(f"export.{name}"), WIDTHS.get(name, 12)) for name in names]


def _found(tx: ReadTx, filters: Filters) -> Iterator[Row]:
    """All that match, fetched page by page."""
    after = None
    while rows := search(tx, filters, after=after, limit=AT_ONCE):
        yield from rows
        after = rows[-1].reported_at, rows[-1].id


def _by_ids(tx: ReadTx, ids: Sequence[int]) -> Iterator[Row]:
    newest = sorted(ids, reverse=True)
    for first in range(0, len(newest), AT_ONCE):
        yield from by_ids(tx, newest[first : first + AT_ONCE], limit=AT_ONCE)


def _filtered(view: View, filters: Filters) -> dict[str, Any]:
    """What a list was narrowed to, for the trail: only what the city knows, for an event is never erased."""
    return {
        "states": [state.value for state in filters.states or ()],
        "unit": filters.unit if filters.unit in view.known.tree.units else None,
        "category": filters.category if filters.category in view.known.catalogue.categories else None,
        "area": filters.area,
        "since": filters.since and filters.since.isoformat(),
        "until": filters.until and filters.until.isoformat(),
        "late": filters.late,
    }


def _day(view: View, at: datetime | None) -> str:
    return view.stamp(at).replace(" ", "T").replace(":", "")
