"""The leader's page: units ranked in their group for a period, always with the triple; figures open to their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.read import by_ids, unsafe
from dispatch.cases.resting import stock
from dispatch.cases.waiting import waits_for
from dispatch.evaluation.assists import assisted
from dispatch.evaluation.fairness import Fair, fairness
from dispatch.evaluation.measures import Cut, Measure, cases_of, mix_of
from dispatch.evaluation.period import KINDS, Period, as_of_of, kind_of, name_of, period_of
from dispatch.evaluation.ranking import cut_of, taking_part
from dispatch.evaluation.rates import rates
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.score import Ranked
from dispatch.evaluation.terms import Terms, terms_of
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.db import ReadTx
from gis.problems import FormIncomplete, NotFound

__all__ = [
    "PARTS",
    "Asked",
    "Line",
    "Table",
    "ids_behind",
    "instant_asked",
    "period_asked",
    "ranking_table",
    "router",
    "ways",
]

router = APIRouter(include_in_schema=False)
SCHEME = "gb-department"
SWAYS = (10, 20, 30)
# A figure of the page by its name in the measures: the list behind it is exactly the number.
PARTS: dict[str, str] = {
    "total": "should_dispose",
    "ontime": "ontime_disposed",
    "late": "late_disposed",
    "open_late": "overdue_open",
    "rework": "rework",
    "returns": "shirk",
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
    fair: Fair | None = None
    by_hand: Decimal = Decimal(0)  # points of the ledger, beside the score

    @property
    def total(self) -> int:
        """All that were to be disposed of."""
        return self.ontime + self.late + self.open_late

    def share(self, part: int) -> float:
        """Per cent of the total, 0 for an empty one: for drawing, never for reading."""
        return round(100 * part / self.total, 2) if self.total else 0.0


class Asked:
    """A period, a group, and as of when: in the address of the page, of what is behind its figures, of its files.

    `against`: another instant to compare with. `scheme`: how it is scored;
    `sway`: by how many per cent its weights may be moved to try the places.
    """

    def __init__(
        self,
        period: str = "",
        group: str = "",
        as_of: str = "",
        against: str = "",
        scheme: str = SCHEME,
        sway: int = 20,
    ) -> None:
        self.period, self.group, self.as_of, self.against = period, group, as_of, against
        self.scheme, self.sway = scheme or SCHEME, sway if sway in SWAYS else SWAYS[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The ranking of one group, in the order it is shown: those with a place, then those apart."""

    period: Period
    groups: list[Mapping[str, Any]]
    group: str
    as_of: datetime | None  # as asked; None: the period's own cut
    then: datetime  # what that comes to
    lines: list[Line]
    terms: Terms
    scheme: Scheme

    @property
    def ranked(self) -> list[Line]:
        """Those with a place."""
        return [line for line in self.lines if line.place is not None]

    @property
    def apart(self) -> list[Line]:
        """Those with too few cases, or none."""
        return [line for line in self.lines if line.place is None]


@router.get("/ranking", **needs(Permission.SEE_RANKING))
def ranking_page(request: Request, me: Signed, asked: Annotated[Asked, Depends()]) -> Response:
    """One group in one period, as of an instant; `against`: what another instant tells otherwise stands beside it."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        table = ranking_table(tx, view, asked)
        other = _against(tx, view, asked, table)
        helped = assisted(tx, table.period)
        asides = [one for one in waits_for(tx, me.roles) if one.count] if me.may(Permission.SEE_BOARD) else []
        hazards, rests = unsafe(tx), stock(tx, tx.now)
    schemes = [one for one in table.terms.schemes.values() if one.of == "unit"]
    more: dict[str, Any] = {"ways": ways(view, table.period), "assisted": helped, "schemes": schemes, "sways": SWAYS}
    more |= {"asides": asides, "hazards": hazards, "resting": rests}
    now = view.now or table.then
    return page(view, "ranking.html", table=table, asked=asked, other=other, ended=table.period.end <= now, **more)


def ranking_table(tx: ReadTx, view: View, asked: Asked) -> Table:
    """What the page shows, and what is exported. Raises FormIncomplete."""
    span, as_of = period_asked(view, asked.period), instant_asked(tx, view, asked.as_of)
    terms = terms_of(tx, span, as_of)
    scheme = terms.scheme(asked.scheme)
    if scheme.of != "unit":
        raise NotFound("That scheme scores no units", zh="该方案不评价部门")
    groups = _groups(view, terms, scheme)
    named = [str(g["key"]) for g in groups]
    chosen = asked.group if asked.group in named else next(iter(named), "")
    lines = _lines(tx, span, chosen, as_of, terms=terms, scheme=scheme, sway=asked.sway) if chosen else []
    then = min(as_of or span.end, tx.now)
    return Table(
        period=span, groups=groups, group=chosen, as_of=as_of, then=then, lines=lines, terms=terms, scheme=scheme
    )


def _against(tx: ReadTx, view: View, asked: Asked, table: Table) -> tuple[datetime, dict[str, Line]] | None:
    """The other instant, and its lines by unit; None if none was asked for."""
    if not asked.against:
        return None
    end = min(table.period.end, tx.now)
    then = end if asked.against == "end" else instant_asked(tx, view, asked.against) or end
    lines = _lines(tx, table.period, table.group, then, terms=table.terms, scheme=table.scheme)
    return then, {line.unit: line for line in lines}


@router.get("/ranking/cases", **needs(Permission.SEE_RANKING))
def behind(request: Request, me: Signed, asked: Annotated[Asked, Depends()], unit: str, figure: str) -> Response:
    """The cases behind one figure; their number is the figure."""
    with me.read(heavy=True) as tx:
        view = View.of(request, tx, me)
        span, as_of = period_asked(view, asked.period), instant_asked(tx, view, asked.as_of)
        ids = ids_behind(tx, span, asked.group, unit, figure, as_of=as_of)
        rows = by_ids(tx, ids[-MOST:], limit=MOST)
        then = min(as_of or span.end, tx.now)
    told: dict[str, Any] = {"asked": asked, "then": then, "unit": unit, "figure": figure, "count": len(ids)}
    return page(view, "figure.html", period=span, rows=rows, **told)


def ids_behind(tx: ReadTx, period: Period, group: str, unit: str, figure: str, *, as_of: datetime | None) -> list[int]:
    """The ids of the cases behind a figure of the page. Raises NotFound for a figure that is none."""
    if figure not in PARTS:
        raise NotFound("There is no such figure", zh="没有这个数字")
    return cases_of(tx, period, unit, PARTS[figure], Cut(by="group", group=group), as_of=as_of)


def instant_asked(tx: ReadTx, view: View, text: str) -> datetime | None:
    """The instant that figures are asked as of; None: the period's own cut. Raises FormIncomplete."""
    try:
        return as_of_of(text, view.known.zone, tx.now)
    except ValueError as fault:
        zh = "时间写法不对，或晚于现在"
        raise FormIncomplete(str(fault), zh=zh, fields={"as_of": str(fault)}) from fault


def period_asked(view: View, text: str) -> Period:
    """The period named, else the present month. Raises FormIncomplete."""
    now = view.now.astimezone(view.known.zone) if view.now else None
    try:
        return period_of(text or f"{now:%Y-%m}", view.known.zone)
    except ValueError as fault:
        raise FormIncomplete(str(fault), zh="时段写法不对", fields={"period": str(fault)}) from fault


def _groups(view: View, terms: Terms, scheme: Scheme) -> list[Mapping[str, Any]]:
    """The groups the scheme ranks, in the city's own order; without any, those its units are written to."""
    used = dict.fromkeys(u.ranking_group for u in view.known.tree.units.values() if u.ranking_group)
    known = terms.groups or [{"key": key, "name": key, "name_en": key} for key in used]
    return [group for group in known if not scheme.groups or group["key"] in scheme.groups]


def _lines(
    tx: ReadTx, period: Period, group: str, as_of: datetime | None, *, terms: Terms, scheme: Scheme, sway: int = 0
) -> list[Line]:
    found = {one.name: one.measure for one in taking_part(tx, period, scheme, group=group, as_of=as_of)}
    counts = {unit: (group, one.counts) for unit, one in found.items()}
    placed = terms.ranked(counts, scheme)
    fair = _fair(tx, period, group, as_of, scheme=scheme, placed=placed, found=found, sway=sway) if sway else {}
    lines = [_line(row, found[row.unit], fair.get(row.unit)) for row in placed]
    return sorted(lines, key=lambda line: (line.place is None, line.place or 0, line.unit))


def _fair(
    tx: ReadTx, period: Period, group: str, as_of: datetime | None, *, scheme: Scheme, placed: Sequence[Ranked],
    found: Mapping[str, Measure], sway: int,
) -> dict[str, Fair]:  # fmt: skip
    mix = mix_of(tx, period, cut_of(scheme, group), as_of=as_of)
    counts = {unit: one.counts for unit, one in found.items()}
    return fairness(scheme, placed, counts, mix=mix, sway=Fraction(sway, 100))


def _line(row: Ranked, found: Measure, fair: Fair | None = None) -> Line:
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
        fair=fair,
        by_hand=row.by_hand,
    )


def ways(view: View, period: Period) -> dict[str, str]:
    """The names of the periods around: the same day's week, month, quarter, year; the one before and after;
    none after the present one."""
    zone = view.known.zone
    first, after = period.start.astimezone(zone).date(), period.end.astimezone(zone).date()
    today = view.now.astimezone(zone).date() if view.now else first
    here = today if first <= today < after else first
    names = {kind: name_of(kind, here) for kind in KINDS}
    asked = next((kind for kind, name in names.items() if name == period.name), None)
    kind = asked or kind_of(period, zone) or "month"
    following = name_of(kind, after) if after <= today else ""
    return names | {"kind": kind, "before": name_of(kind, first - timedelta(days=1)), "after": following}
