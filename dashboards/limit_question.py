"""Which row of the city's limits would hold for a clock that begins, why before the others, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from dashboards.grounds import because, cite_of, leads_to
from dashboards.view import View
from dispatch.cases.books import Books
from dispatch.cases.classify import dangerous
from dispatch.cases.granted import BY_CONDITION, BY_RULE, LIKE_AN_APPROVAL, Granted, by_condition, cited, in_order
from dispatch.cityfile.time_limits import UNKNOWN_AT
from dispatch.clock.keyed import KEYS, Beginning, LimitRow, told_apart
from dispatch.clock.limits import Limit, due_at
from dispatch.clock.why import why
from dispatch.lifecycle.states import ClockKind
from dispatch.routing.decide import Routing
from dispatch.standard.catalogue import Category, Condition
from dispatch.who import ask, then
from gis.db import ReadTx
from gis.locate import Place, place_of
from gis.problems import wrong

__all__ = ["LEVELS", "Held", "Question", "Told", "tell"]

LONGEST = 80
LEVELS = (1, 2, 3)  # of units, and classes of area
YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Question:
    """The fields as they were typed. `danger`: yes, no, or empty: as the catalogue says."""

    stage: str = ""
    category: str = ""
    condition: str = ""
    area: str = ""
    address: str = ""
    lon: str = ""
    lat: str = ""
    level: str = ""
    danger: str = ""
    at: str = ""

    def kind(self) -> ClockKind:
        """The stage. Raises FormIncomplete."""
        if self.stage not in set(ClockKind) - {ClockKind.ASSIST}:
            raise wrong("stage", "There is no such stage", "没有这个环节")
        return ClockKind(self.stage)

    def one_of(self, name: str) -> int | None:
        """A class of area or a level; None: not said. Raises FormIncomplete."""
        text = getattr(self, name)
        if text and text not in map(str, LEVELS):
            raise wrong(name, "Area class and level are 1, 2 or 3", "区域类别和层级只能是 1、2、3")
        return int(text) if text else None

    def point(self) -> tuple[float, float] | None:
        """Degrees; None where no place was given. Raises FormIncomplete for what is no point of the earth."""
        if not (self.lon.strip() or self.lat.strip()):
            return None
        try:
            lon, lat = float(self.lon[:LONGEST]), float(self.lat[:LONGEST])
        except ValueError:
            lon = lat = float("nan")
        if not (isfinite(lon + lat) and abs(lon) <= 180 and abs(lat) < 90):
            raise wrong(
                "lon", "A place needs longitude and latitude, both in degrees", "位置须同时填写经度和纬度（度）"
            )
        return lon, lat

    def of(self, books: Books) -> tuple[Category | None, Condition | None]:
        """The category and its filing condition, where they are said. Raises FormIncomplete for what is unknown."""
        category = books.catalogue.categories.get(self.category)
        if self.category and category is None:
            raise wrong("category", "No such category in the catalogue of that day", "当天的目录中没有该类别")
        if not self.condition:
            return category, None
        plain = len(self.condition) <= LONGEST and self.condition.isascii() and self.condition.isdigit()
        number = int(self.condition) if plain else 0
        condition = books.catalogue.conditions.get((self.category, number))
        if condition is None:
            raise wrong("condition", "The category has no such filing condition", "该类别没有这一立案条件")
        return category, condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A limit that holds: what gave it, where that stands; of all but the first, by what the first comes before it."""

    said: str
    link: str
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer; `held`: every limit that holds, the one that counts first.

    `view`: with the names of the day asked about; `place` and `routing`: of the point given; `conditions`: to choose
    from where the disposal needs one; `derived`: the due time in words; `unconfirmed`: that its year has no official
    calendar; `wanted`: in words, what has to be known for a row to hold where none does.
    """

    view: View
    kind: ClockKind
    at: datetime
    begun: Beginning
    held: Sequence[Held]
    derived: str = ""
    due: datetime | None = None
    unconfirmed: str = ""
    place: Place | None = None
    routing: Routing | None = None
    conditions: Sequence[Condition] = ()
    wanted: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Here:
    """What a point says of the question: its class of area, and the unit that the rules name there."""

    place: Place | None = None
    routing: Routing | None = None


def tell(tx: ReadTx, view: View, asked: Question) -> Told:
    """Raises FormIncomplete, NotFound for what cannot be answered."""
    kind = asked.kind()
    books, at = then(tx, asked.at[:LONGEST].strip() or None)
    if at.year not in YEARS:
        raise wrong("at", f"{at.year} is no year of a calendar", f"{at.year} 年没有日历")
    here, (category, condition) = _here(tx, books, asked, at), asked.of(books)
    if kind in UNKNOWN_AT:
        condition = None
    begun = _beginning(books, kind, at, asked, here, category, condition)
    found = list(in_order(begun, books, ruled=_ruled(books, kind, here.routing), filed=_filed(books, kind, condition)))
    shown = replace(view, books=books)
    open_to = condition is None and kind not in UNKNOWN_AT
    told = Told(
        view=shown, kind=kind, at=at, begun=begun, held=_held(tx, shown, found), place=here.place, routing=here.routing,
        conditions=books.catalogue.conditions_of(asked.category) if open_to else (),
    )  # fmt: skip
    return (
        _due(told, found[0].limit)
        if found
        else replace(told, wanted=[view.t(f"limits.key_{key}") for key in _wanted(books, begun, asked)])
    )


def _wanted(books: Books, begun: Beginning, asked: Question) -> list[str]:
    """The keys not known yet for which some row of the stage asks that holds in all that is known."""
    kind = ClockKind(begun.stage)
    never = UNKNOWN_AT.get(kind, ())
    unknown = {key for key in KEYS if key != "season" and key not in never and getattr(begun, key) in (None, "")}
    if not begun.category and not asked.danger:
        unknown.add("urgent")
    stages = (kind, ClockKind.APPROVE) if kind in LIKE_AN_APPROVAL else (kind,)
    rows = [row for row in books.limits.rows if row.stage in stages and _may_hold(row, begun, unknown)]
    return [key for key in KEYS if key in unknown and any(getattr(row, key) is not None for row in rows)]


def _may_hold(row: LimitRow, begun: Beginning, unknown: set[str]) -> bool:
    bare: dict[str, Any] = dict.fromkeys(unknown)
    return replace(row, **bare).holds(replace(begun, stage=row.stage))


def _due(told: Told, limit: Limit) -> Told:
    calendar = told.view.known.calendar
    derived = why(told.at, limit, calendar, language=told.view.language)
    due = due_at(told.at, limit, calendar)
    unconfirmed = told.view.unconfirmed(due) if limit.rule.working else ""
    return replace(told, due=due, derived=derived, unconfirmed=unconfirmed)


def _here(tx: ReadTx, books: Books, asked: Question, at: datetime) -> _Here:
    point, street = asked.point(), asked.address[:LONGEST].strip() or None
    if point is None:
        return _Here()
    if asked.category in books.catalogue.categories:
        answer = ask(tx, books, point, asked.category, at=at, street=street)
        return _Here(answer.place, answer.routing)
    return _Here(_at(tx, books, point, street, at))


def _at(tx: ReadTx, books: Books, point: tuple[float, float], street: str | None, at: datetime) -> Place:
    return place_of(
        tx, *point, accuracy_m=None, category=None, component_code=None, street=street, on=at.date(), **books.reaches
    )


def _beginning(
    books: Books, kind: ClockKind, at: datetime, asked: Question, here: _Here, category: Category | None,
    condition: Condition | None,
) -> Beginning:  # fmt: skip
    unit = books.tree.get(here.routing.unit or "") if here.routing else None
    by_itself = category is not None and dangerous(category, condition, books)
    return Beginning(
        stage=kind.value,
        catalogue=books.names["catalogue"],
        class_code=f"{category.kind}:{category.class_code}" if category else "",
        category=asked.category,
        condition=condition.no if condition else None,
        area_class=asked.one_of("area") or (here.place.area_class if here.place else None),
        tier=None if kind in UNKNOWN_AT else asked.one_of("level") or (unit.tier if unit else None),
        day=at.astimezone(books.zone).date().isoformat(),
        urgent={"yes": True, "no": False}.get(asked.danger, by_itself),
    )


def _ruled(books: Books, kind: ClockKind, routing: Routing | None) -> Granted | None:
    """The limit of the rule that a dispatch would follow there; for the disposal alone."""
    if kind is not ClockKind.DISPOSE or routing is None or not routing.limit or not routing.unit:
        return None
    limit = books.limit(Decimal(routing.limit[0]), routing.limit[1])
    return None if limit is None else Granted(limit, cited(BY_RULE, routing.edition, routing.rule or ""))


def _filed(books: Books, kind: ClockKind, condition: Condition | None) -> Granted | None:
    if kind is not ClockKind.DISPOSE or condition is None:
        return None
    return by_condition(condition, books, books.names["catalogue"])


def _held(tx: ReadTx, view: View, found: Sequence[Granted]) -> list[Held]:
    return [
        Held(said=because(tx, view, one), link=leads_to(one.by), after=_after(view, found[0], one) if n else "")
        for n, one in enumerate(found)
    ]


def _after(view: View, first: Granted, other: Granted) -> str:
    """By what the first comes before the other."""
    (kind, _, no), (also, _, less) = cite_of(first.by), cite_of(other.by)
    if kind == BY_RULE or also == BY_CONDITION:
        return view.t("limits.rule_first" if kind == BY_RULE else "limits.row_first")
    rows = view.known.limits.by_no
    if rows[no].stage != rows[less].stage:
        return view.t("limits.own_stage_first")
    key = told_apart(rows[no], rows[less])
    return view.t("limits.key_first", by=view.t(f"limits.key_{key}"))
