"""Analysis of a period: where, when, what, how slowly, what comes again, and how much is to come. Every figure opens
its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, LiteralString
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.leader import period_asked
from dashboards.shell import page
from dashboards.view import View
from dispatch.analysis.beside import before, year_before
from dispatch.analysis.forecast import Forecast, forecast
from dispatch.analysis.questions import (
    QUESTIONS,
    cases_behind,
    counted,
    hot_spots,
    patrol_by_hour,
    reported,
    stages,
)
from dispatch.cases.books import books_then
from dispatch.cases.read import by_ids
from dispatch.evaluation.campaigns import Campaign, campaigns_of
from dispatch.evaluation.measures import NOTHING, Cut
from dispatch.evaluation.period import Period, period_of
from dispatch.evaluation.register import Value, lines_of, value_of
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import ReadTx, dicts
from gis.problems import NotFound

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST, SHOWN = 300, 15
STAGES = ("accept", "verify", "file", "dispatch", "sign", "cordon", "dispose", "check", "close")
CAMPAIGN = ("report", "filed", "closed", "should_dispose", "ontime_disposal_rate", "overdue_open")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
# A duty grid has a name of its own in Chinese alone; in English it is called by the areas it lies in.
GRIDS: LiteralString = """
    SELECT e.duty_grid AS code, e.name,
           (SELECT coalesce(string_agg(DISTINCT up.name_en, ', ' ORDER BY up.name_en), '')
              FROM duty_grid_area d JOIN area a ON a.code = d.grid AND a.finest = 1 AND a.valid_to IS NULL
              JOIN area up ON up.id = a.parent_id AND up.name_en <> ''
             WHERE d.duty_grid = e.duty_grid AND d.valid_to IS NULL) AS name_en
      FROM duty_grid_entry e WHERE e.valid_to IS NULL
"""
# Duty grids as shapes for a drawing of a thousand units' width: metres matter nowhere in it.
SHAPES: LiteralString = """
    WITH shape AS (
      SELECT d.duty_grid AS code, ST_Union(a.geom) AS geom
        FROM duty_grid_area d JOIN area a ON a.code = d.grid AND a.finest = 1
       WHERE d.valid_to IS NULL AND a.valid_to IS NULL GROUP BY d.duty_grid)
    SELECT code, ST_AsSVG(geom, 0, 5) AS path, ST_XMin(geom) AS west, ST_XMax(geom) AS east,
           ST_YMin(geom) AS south, ST_YMax(geom) AS north FROM shape ORDER BY code
"""
DAYS: LiteralString = """
    SELECT (reported_at AT TIME ZONE %(zone)s)::date AS day, count(*)::int AS number
      FROM cases WHERE reported_at >= %(since)s AND reported_at < %(until)s GROUP BY 1
"""
# A campaign that no case has come under.
NONE: Mapping[str, Value] = {name: value_of(name, NOTHING, {}) for name in CAMPAIGN}
TWO_YEARS = timedelta(weeks=112)


@dataclass(frozen=True, slots=True)
class Question:
    """Which figure of which period: the question, and the key it counts."""

    question: str = ""
    key: str = ""
    period: str = ""


@router.get("/analysis", **needs(Permission.SEE_RANKING))
def analysis(request: Request, me: Signed, period: str = "") -> Response:
    """One period, beside the one before and the same a year ago."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        span, zone = period_asked(view, period), view.known.zone
        told = _told(tx, view, span)
        others = {"before": before(span, zone), "year": year_before(span, zone)}
        beside = {name: one and _trend(tx, view, one) for name, one in others.items()}
        ahead = _ahead(tx, view)
    running = view.now is not None and span.end > view.now
    return page(
        view, "analysis.html", period=span, beside=beside, ahead=ahead, running=running, link=_link, hours=HOURS,
        measured=_measured, stage_names=STAGES, shown=SHOWN, line=ahead and _line(ahead), **told,
    )  # fmt: skip


@router.get("/analysis/cases", **needs(Permission.SEE_RANKING))
def behind(request: Request, me: Signed, asked: Annotated[Question, Depends()]) -> Response:
    """The cases behind one figure; their number is the figure."""
    if asked.question not in QUESTIONS:
        raise NotFound("There is no such figure", zh="没有这个数字")
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        span = period_asked(view, asked.period)
        ids = cases_behind(tx, asked.question, span, view.known.zone, key=asked.key)
        rows = by_ids(tx, ids, limit=MOST)
        grids = _grids(tx, view)
    title = view.t(f"analysis.of_{asked.question}", what=_name(view, asked, grids))
    back = f"/analysis?{urlencode({'period': span.name})}"
    return page(view, "behind.html", title=title, back=back, rows=rows, count=len(ids), period=span.name)


def _told(tx: ReadTx, view: View, span: Period) -> dict[str, Any]:
    zone = view.known.zone
    hot = hot_spots(tx, span, zone)
    return {
        "hot": hot,
        "map": _map(dicts(tx, SHAPES), {one.grid: one.index for one in hot}),
        "grids": _grids(tx, view),
        "by_hour": counted(tx, "hour", span, zone),
        "patrol": patrol_by_hour(tx, span, zone),
        "again": _again(tx, span),
        "late": counted(tx, "stage", span, zone),
        "stages": stages(tx, span),
        "returned": _returned(counted(tx, "returned", span, zone)),
        "now": _trend(tx, view, span),
        "campaigns": _campaigns(tx, view, span),
    }


def _again(tx: ReadTx, span: Period) -> list[tuple[str, int]]:
    """Subclasses with the cases that recurred, the most first; what nobody has named recurs of nothing."""
    found = lines_of(tx, span, Cut(by="category"), ("recurred",))
    return _most({line.key: line.counts.recurred for line in found if line.key and line.counts.recurred})


def _campaigns(tx: ReadTx, view: View, span: Period) -> list[tuple[Campaign, Period, Mapping[str, Value]]]:
    """The campaigns that meet the period, each with its measures of its own days, as far as they have come."""
    return [
        (
            one,
            days,
            next((line.values for line in lines_of(tx, days, Cut(by="city", campaign=one.key), CAMPAIGN)), NONE),
        )
        for one in campaigns_of(books_then(tx, min(span.end, tx.now)).city)
        if _meets(one, view, span)
        for days in (period_of(f"{one.first}..{one.last}", view.known.zone),)
    ]


def _meets(one: Campaign, view: View, span: Period) -> bool:
    first, after = (at.astimezone(view.known.zone).date() for at in (span.start, span.end))
    return one.first < after and first <= one.last and one.first <= view.today


def _trend(tx: ReadTx, view: View, span: Period) -> dict[str, Any]:
    """How many were reported, and of which classes what was filed."""
    return {"period": span, "reported": reported(tx, span), "classes": counted(tx, "class", span, view.known.zone)}


def _ahead(tx: ReadTx, view: View) -> Forecast | None:
    zone, since = str(view.known.zone), tx.now - TWO_YEARS
    days: dict[date, int] = {row["day"]: row["number"] for row in dicts(tx, DAYS, zone=zone, since=since, until=tx.now)}
    return forecast(days, view.today)


def _line(ahead: Forecast) -> dict[str, Any]:
    """The drawing of past weeks and those to come: a line of numbers, the interval as a band. Ten units to a week, a
    hundred to the greatest number."""
    numbers = [number for _, number in ahead.past] + [week.expected for week in ahead.weeks]
    bounds = [(week.low, week.high) for week in ahead.weeks if week.low is not None and week.high is not None]
    top = max([*numbers, *(high for _, high in bounds), 1])

    def at(place: int, number: int) -> str:
        return f"{10 * place} {round(100 - 100 * number / top, 1)}"

    past = len(ahead.past)
    band = [at(past + n, low) for n, (low, _) in enumerate(bounds)]
    band += [at(past + n, high) for n, (_, high) in reversed([*enumerate(bounds)])]
    return {
        "past": " ".join(at(place, number) for place, (_, number) in enumerate(ahead.past)),
        "ahead": " ".join(at(past - 1 + n, number) for n, number in enumerate(numbers[past - 1 :])),
        "band": " ".join(band),
        "width": 10 * (len(numbers) - 1),
        "top": top,
        "first": ahead.past[0][0],
        "last": ahead.weeks[-1].monday,
    }


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _returned(counts: Mapping[str, int]) -> list[tuple[str, str, str, int]]:
    """Key, unit, clause (empty: none was cited) and number, the most first."""
    return [(key, *key.partition("|")[::2], number) for key, number in _most(counts)]


def _map(shapes: list[dict[str, Any]], index: Mapping[str, int | None]) -> dict[str, Any] | None:
    """The frame of the drawing in degrees, and each duty grid's path and shade from 0 to 4; None without a grid."""
    if not shapes:
        return None
    west, east = min(row["west"] for row in shapes), max(row["east"] for row in shapes)
    south, north = min(row["south"] for row in shapes), max(row["north"] for row in shapes)
    paths = [(row["code"], row["path"], _shade(index.get(row["code"]))) for row in shapes]
    return {"frame": f"{west} {-north} {east - west} {north - south}", "paths": paths}


def _shade(index: int | None) -> int:
    """0: nobody was there; 1 to 4: under half, under the city's rate, up to half above it, more."""
    return 0 if index is None else 1 + sum(index >= bound for bound in (50, 100, 150))


def _measured(figure: str, period: Period, **choice: str) -> str:
    """The page of what is behind a measure."""
    return "/measures/cases?" + urlencode({"period": period.name, "figure": figure, **choice})


def _link(question: str, key: str, period: Period) -> str:
    return "/analysis/cases?" + urlencode({"question": question, "key": key, "period": period.name})


def _grids(tx: ReadTx, view: View) -> dict[str, str]:
    """Duty grid → its name in the page's language, else the one it has."""
    return {row["code"]: (not view.zh and row["name_en"]) or row["name"] for row in dicts(tx, GRIDS)}


def _name(view: View, asked: Question, grids: Mapping[str, str]) -> str:
    """What a key is called."""
    if asked.question == "class":
        return view.class_name(asked.key)
    if asked.question == "stage":
        return view.t.get(f"analysis.stage_{asked.key}", asked.key)
    if asked.question == "returned":
        unit, _, clause = asked.key.partition("|")
        return view.unit(unit) + view.t("dot") + (clause or view.t("analysis.no_clause"))
    return f"{asked.key}:00" if asked.question == "hour" else f"{grids.get(asked.key, '')} {asked.key}".strip()
