"""The leader's page: units ranked in their group for a period, always with the triple; figures open to their cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.read import by_ids
from dispatch.evaluation.measures import Cut, Measure, cases_of
from dispatch.evaluation.period import Period, period_of
from dispatch.evaluation.ranking import taking_part
from dispatch.evaluation.rates import rates
from dispatch.evaluation.score import Ranked, ranked, standard_schemes
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import ReadTx
from gis.problems import FormIncomplete, NotFound

__all__ = ["PARTS", "Line", "router"]

router = APIRouter(include_in_schema=False)
SCHEME = "gb-department"
# What a figure on the page is made of: the cells are disjoint, so that the list is exactly the number.
PARTS: dict[str, tuple[str, ...]] = {
    "total": ("should_dispose",),
    "ontime": ("new_ontime",),
    "late": ("new_late", "carried_disposed"),
    "open_late": ("new_open", "carried_open"),
    "rework": ("rework",),
    "returns": ("shirk",),
}
MOST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit: the triple with its sum, shares in per cent, and its place in the group (None: shown apart)."""

    unit: str
    ontime: int
    late: int
    open_late: int
    rework: int
    returns: int
    place: int | None
    apart: str | None
    score: Decimal | None
    rate: Decimal | None  # on time, as it is printed; None is "no data"

    @property
    def total(self) -> int:
        """All that were to be disposed of."""
        return self.ontime + self.late + self.open_late

    def share(self, part: int) -> float:
        """Per cent of the total, 0 for an empty one: for drawing, never for reading."""
        return round(100 * part / self.total, 2) if self.total else 0.0


@router.get("/ranking", **needs(Permission.SEE_RANKING))
def ranking_page(request: Request, me: Signed, period: str = "", group: str = "") -> Response:
    """One group in one period."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        span = _period(view, period)
        groups = _groups(view)
        chosen = group if any(g["key"] == group for g in groups) else str(groups[0]["key"]) if groups else ""
        lines = _lines(tx, view, span, chosen) if chosen else []
    placed = sorted((x for x in lines if x.place is not None), key=lambda x: (x.place, x.unit))
    apart = [x for x in lines if x.place is None]
    more: dict[str, Any] = {"groups": groups, "group": chosen, "ways": _ways(view, span), "small": _small(view)}
    return page(view, "ranking.html", period=span, ranked=placed, apart=apart, lines=lines, **more)


@router.get("/ranking/cases", **needs(Permission.SEE_RANKING))
def behind(request: Request, me: Signed, period: str, group: str, unit: str, figure: str) -> Response:
    """The cases behind one figure; their number is the figure."""
    if figure not in PARTS:
        raise NotFound("There is no such figure", zh="没有这个数字")
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        span = _period(view, period)
        cut = Cut(by="group", group=group)
        ids = {id for part in PARTS[figure] for id in cases_of(tx, span, unit, part, cut)}
        rows = by_ids(tx, sorted(ids), limit=MOST)
    return page(view, "figure.html", period=span, rows=rows, count=len(ids), unit=unit, group=group, figure=figure)


def _period(view: View, text: str) -> Period:
    """The period named, else the present month. Raises FormIncomplete."""
    now = view.now.astimezone(view.known.zone) if view.now else None
    try:
        return period_of(text or f"{now:%Y-%m}", view.known.zone)
    except ValueError as fault:
        raise FormIncomplete(str(fault), zh="时段写法不对", fields={"period": str(fault)}) from fault


def _groups(view: View) -> list[Mapping[str, Any]]:
    """The city's groups in its own order; without any, those its units are written to."""
    named = list(view.known.city.get("ranking", {}).get("groups", ()))
    used = dict.fromkeys(u.ranking_group for u in view.known.tree.units.values() if u.ranking_group)
    return named or [{"key": key, "name": key, "name_en": key} for key in used]


def _small(view: View) -> int:
    return int(view.known.city.get("ranking", {}).get("small_sample", 20))


def _lines(tx: ReadTx, view: View, period: Period, group: str) -> list[Line]:
    scheme = standard_schemes()[SCHEME]
    found = {one.name: one.measure for one in taking_part(tx, period, scheme, group=group)}
    placed = ranked({unit: (group, one.counts) for unit, one in found.items()}, scheme, _small(view))
    return [_line(row, found[row.unit]) for row in placed]


def _line(row: Ranked, found: Measure) -> Line:
    ontime, late, open_late = found.triple
    return Line(
        unit=row.unit,
        ontime=ontime,
        late=late,
        open_late=open_late,
        rework=found.counts.rework or 0,
        returns=found.counts.shirk or 0,
        place=row.place,
        apart=row.apart,
        score=row.score.total,
        rate=rates(found.counts)["ontime_disposal_rate"],
    )


def _ways(view: View, period: Period) -> dict[str, str]:
    """The names of the periods around: the same day's week, month, quarter, year; the one before and after."""
    zone = view.known.zone
    first, after = period.start.astimezone(zone).date(), period.end.astimezone(zone).date()
    today = view.now.astimezone(zone).date() if view.now else first
    here = today if first <= today < after else first
    names = {kind: _name(kind, here) for kind in ("week", "month", "quarter", "year")}
    kind = next((k for k, name in names.items() if name == period.name or _name(k, first) == period.name), "month")
    return names | {"kind": kind, "before": _name(kind, first - timedelta(days=1)), "after": _name(kind, after)}


def _name(kind: str, day: date) -> str:
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    names = {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "year": str(day.year)}
    return names[kind]
