"""Measures of a period: every base count, rate and length of time, cut as one likes; each figure opens its cases.

A department sees the cells of its own units only. The address is the whole choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, LiteralString, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from dashboards.leader import instant_asked, period_asked, ways
from dashboards.leaf import SIZE, leaf_of
from dashboards.shell import page
from dashboards.view import View
from dispatch.cases.books import books_then
from dispatch.cases.read import by_ids
from dispatch.evaluation.campaigns import Campaign, campaigns_of
from dispatch.evaluation.measures import By, Cut, counted_until
from dispatch.evaluation.period import Period
from dispatch.evaluation.posts import BY_PERSON, Post
from dispatch.evaluation.rates import RATES
from dispatch.evaluation.register import FAMILIES, MEASURES, Behind, Line, Value, behind, known_of, table_of
from dispatch.evaluation.spans import SPANS, hours
from dispatch.evaluation.terms import terms_of
from dispatch.people.roles import Permission
from dispatch.people.who import Me, Signed, needs
from gis.db import ReadTx, dicts, read
from gis.problems import FormIncomplete, NotFound

__all__ = ["Chosen", "Sheet", "opened", "router", "sheet_of", "whole_name"]

router = APIRouter(include_in_schema=False)
SHOWN = 200
CUTS = ("unit", "area_class", "kind", "class", "category", "source", "channel", "campaign")
OUTSIDE = "none"  # of every campaign
# What a page shows of cases, and of the posts, until somebody chooses.
USUAL = (
    *("report", "filed", "should_dispose", "ontime_disposed", "late_disposed", "overdue_open"),
    *("ontime_disposal_rate", "dispose_work_median", "close_rate", "rework_rate", "returned", "reopened", "recurred"),
    "backlog",
)
LONG = timedelta(days=100)  # of a longer period what recurred is counted when it is asked for: that takes seconds
AREAS: LiteralString = "SELECT id::text AS key, code, name, name_en FROM area WHERE id::text = ANY(%(keys)s)"
PERSONS: LiteralString = "SELECT id::text AS key, name FROM person WHERE id::text = ANY(%(keys)s)"


class Chosen:
    """What is asked for: a period or two days, a cut, an instant, the measures (`c`), a campaign or what lies outside
    of all."""

    def __init__(
        self,
        period: str = "",
        first: str = "",
        last: str = "",
        by: str = "unit",
        as_of: str = "",
        campaign: str = "",
        c: Annotated[list[str] | None, Query(max_length=len(MEASURES))] = None,
    ) -> None:
        self.said, self.first, self.last = period, first, last
        self.period = f"{first}..{last}" if first and last else period
        self.by, self.as_of, self.campaign, self.columns = by, as_of, campaign, tuple(c or ())

    def only(self, name: str) -> Chosen:
        """The same choice with one measure."""
        rest = {"by": self.by, "as_of": self.as_of, "campaign": self.campaign}
        return Chosen(self.said, self.first, self.last, c=[name], **rest)

    def span(self, view: View) -> Period:
        """The period asked for, else the present month. Raises FormIncomplete, also for one day without the other."""
        if bool(self.first) != bool(self.last):
            lacking = "first" if self.last else "last"
            raise FormIncomplete("Give both days, or neither", zh="“自”与“至”须同时填写", fields={lacking: "needed"})
        if self.first > self.last:
            title = "The last day is before the first"
            raise FormIncomplete(title, zh="“至”不能早于“自”", fields={"last": title})
        return period_asked(view, self.period)

    def query(self, span: Period, **more: str | None) -> str:
        """The same choice as an address says it; None leaves a part out."""
        said = {"period": span.name, "by": self.by, "as_of": self.as_of, "campaign": self.campaign, **more}
        return urlencode({name: text for name, text in said.items() if text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The table: `names` are its columns, `lines` its rows in order, `sum` the whole (None: acts of several posts);
    `campaigns` those of the period's last day."""

    period: Period
    then: datetime
    names: tuple[str, ...]
    known: frozenset[str]
    lines: Sequence[Line]
    sum: Line | None
    titles: Mapping[str | None, str]
    small: int
    campaigns: Sequence[Campaign]

    def few(self, line: Line, name: str) -> bool:
        """Whether a rate rests on fewer cases than the city calls a small sample."""
        number = line.counts.of(RATES[name].denominator) if name in RATES else None
        return number is not None and 0 < number < self.small


@router.get("/measures", **needs(Permission.SEE_CASES))
def measures_page(request: Request, me: Signed, asked: Annotated[Chosen, Depends()]) -> Response:
    """The table of one choice, and how to choose otherwise."""
    with read(heavy=True) as tx:
        view, problem, drawn = View.of(request, tx, me), None, asked
        try:
            sheet = sheet_of(tx, view, asked, me)
        except FormIncomplete as fault:  # the form as it was entered, with what else may be chosen; no figures
            problem, drawn = fault, Chosen(by=asked.by if asked.by in _cuts(view, me) else "unit", c=[*asked.columns])
            sheet = sheet_of(tx, view, drawn, me)
    told: dict[str, Any] = {
        "sheet": sheet,
        "asked": asked,
        "problem": problem,
        "status": problem.status if problem else 200,
        "whole": whole_name(view),
        "shown": sheet.lines[:SHOWN],
        "cuts": _cuts(view, me),
        "campaigns": sheet.campaigns,
        "families": {
            family: [name for name in names if name in sheet.known]
            for family, names in FAMILIES.items()
            if not sheet.known.isdisjoint(names)
        },
        "ways": ways(view, sheet.period),
        "link": partial(_link, drawn, sheet.period),
        "says": partial(_says, view, _post_of(drawn.by)),
        "acts": _acts(drawn.by),
    }
    return page(view, "measures.html", **told)


@router.get("/measures/cases", **needs(Permission.SEE_CASES))
def behind_page(
    request: Request,
    me: Signed,
    asked: Annotated[Chosen, Depends()],
    figure: str,
    key: str = "",
    part: str = "above",
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """The cases behind one figure: those that count, the rest of what they are taken out of, what is left out and why,
    leaf by leaf; and the figure, counted again from the whole lists."""
    with read(heavy=True) as tx:
        view = View.of(request, tx, me)
        found, sheet = opened(tx, view, asked, me, figure=figure, key=key)
    parts = {"above": list(found.above), "rest": [id for id in found.below if id not in found.above]}
    parts["excluded"] = list(found.excluded)
    chosen = part if part in parts else "above"
    leaf = leaf_of(parts[chosen], after)
    with me.read() as tx:
        rows = sorted(by_ids(tx, leaf.ids, limit=SIZE), key=lambda row: row.id, reverse=True)
    lines = sheet.lines if asked.by != "city" else [sheet.sum]
    line = next(
        (line for line in lines if line and line.key == (None if asked.by != "city" and not key else key)), None
    )
    told: dict[str, Any] = {
        "asked": asked,
        "sheet": sheet,
        "figure": figure,
        "key": key,
        "found": found,
        "counts": {name: len(ids) for name, ids in parts.items()},
        "part": chosen,
        "rows": rows,
        "leaf": leaf,
        "whose": whole_name(view) if asked.by == "city" else sheet.titles.get(key or None, key),
        "same": (line.values[figure] if line else _nothing(figure)) == found.value,
        "rate": RATES.get(figure),
        "lasting": figure in SPANS,
        "acts": _acts(asked.by),
        "hours": hours,
        "link": partial(_link, asked, sheet.period),
        "says": partial(_says, view, _post_of(asked.by, key)),
        "closed": len(leaf.ids) - len(rows),
    }
    return page(view, "measure_cases.html", **told)


def _nothing(figure: str) -> Value:
    """What a figure says of a key that has no part in the period."""
    return None if figure in RATES or figure in SPANS else 0


def opened(tx: ReadTx, view: View, asked: Chosen, me: Me, *, figure: str, key: str) -> tuple[Behind, Sheet]:
    """What is behind one figure, and the table of that figure alone. Raises NotFound, FormIncomplete."""
    if figure not in MEASURES:
        raise NotFound("There is no such figure", zh="没有这个数字")
    sheet = sheet_of(tx, view, asked.only(figure), me)
    cuts = _cuts_of(view, asked, me, sheet.campaigns)
    cut = next((cut for cut in cuts if cut.by != "post" or cut.post == key), None)
    if cut is None or figure not in known_of(cut):
        raise NotFound("There is no such figure", zh="没有这个数字")
    as_of = instant_asked(tx, view, asked.as_of)
    return behind(tx, sheet.period, key if cut.by == "city" else key or None, figure, cut, as_of=as_of), sheet


def sheet_of(tx: ReadTx, view: View, asked: Chosen, me: Me) -> Sheet:
    """The table of a choice, for the page and for files. Raises FormIncomplete."""
    span, as_of = asked.span(view), instant_asked(tx, view, asked.as_of)
    campaigns = campaigns_of(books_then(tx, counted_until(tx, span, as_of)).city)
    cuts = _cuts_of(view, asked, me, campaigns)
    known = frozenset(name for cut in cuts for name in known_of(cut))
    usual = USUAL if span.end - span.start <= LONG else tuple(name for name in USUAL if name != "recurred")
    names = tuple(name for name in MEASURES if name in (asked.columns or usual) and name in known)
    names = names or tuple(name for name in MEASURES if name in known)
    small = terms_of(tx, span, as_of).small_sample
    tables = [_table(tx, span, cut, names, as_of) for cut in cuts]
    lines = [line for told, _ in tables for line in told]
    titles = _titles(tx, view, asked.by, [line.key for line in lines], campaigns)
    ordered = sorted(lines, key=lambda line: (line.key is None, -_rank(line, names), titles[line.key]))
    whole = tables[0][1] if asked.by != "post" else None
    return Sheet(
        period=span, then=min(as_of or span.end, tx.now), names=names, known=known, titles=titles, small=small,
        lines=[] if asked.by == "city" else ordered, sum=whole, campaigns=campaigns,
    )  # fmt: skip


def _table(
    tx: ReadTx, span: Period, cut: Cut, names: tuple[str, ...], as_of: datetime | None
) -> tuple[list[Line], Line]:
    """Of a post those measures that it has: the others are nothing it does."""
    return table_of(tx, span, cut, tuple(name for name in names if name in known_of(cut)), as_of=as_of)


def _rank(line: Line, names: tuple[str, ...]) -> int:
    """The greatest number first: of the first count among the columns."""
    first = next((name for name in names if name not in RATES and name not in SPANS), "report")
    return line.counts.of(first) or 0


def _link(asked: Chosen, span: Period, line: Line | None, name: str, **more: str) -> str:
    """The address of what is behind a figure; `line` None: of the whole."""
    by = asked.by if line is not None else (_post_of(asked.by) and "post") or "city"
    key = line.key or "" if line is not None else _post_of(asked.by) or ""
    return "/measures/cases?" + asked.query(span, by=by, key=key, figure=name, **more)


def _says(view: View, post: Post | None, name: str) -> str:
    """The sentence of a measure, of a post its own."""
    if name in RATES:
        parts = (RATES[name].numerator, RATES[name].denominator)
        above, below = (view.t(f"bulletin.of_{part}") for part in parts)
        return view.t("measures.rate_is", above=above, below=below)
    return view.t.get(f"measure.{post}_{name}", view.t(f"measure.{name}"))


# ── cuts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _post_of(by: str, key: str = "") -> Post | None:
    word = key if by == "post" else by
    return next((post for post in BY_PERSON if post == word), None)


def _acts(by: str) -> bool:
    """Whether it is acts of people that are counted, not cases."""
    return by == "post" or by in BY_PERSON


def _cuts(view: View, me: Me) -> dict[str, str]:
    """What may be cut by, with its name; of persons and posts only for the centre, which they are of."""
    t = view.t
    found = {"unit": t("measures.by_unit")}
    found |= {f"area:{row['key']}": view.level(row["key"]) for row in view.known.levels}
    found |= {name: t(f"measures.by_{name}") for name in CUTS[1:]}
    if not me.is_department_only:
        found |= {"post": t("measures.by_post")} | {post: t(f"role.{post}") for post in BY_PERSON}
    return found | {"city": whole_name(view)}


def whole_name(view: View) -> str:
    """What all cells together are called: of a department they are its own units only."""
    return view.t("measures.whole_own" if view.me and view.me.is_department_only else "measures.whole")


def _cuts_of(view: View, asked: Chosen, me: Me, campaigns: Sequence[Campaign]) -> list[Cut]:
    """The cuts that a choice comes to: one, or one for each post. Raises FormIncomplete for a word that is none."""
    if asked.by not in _cuts(view, me):
        raise FormIncomplete("Figures cannot be cut like that", zh="没有这种分类", fields={"by": "unknown"})
    if asked.by == "post":
        return [Cut(by="post", post=post) for post in BY_PERSON]
    by, _, level = asked.by.partition(":")
    depth = [str(row["key"]) for row in view.known.levels].index(level) + 1 if level else 1
    cut = Cut(by=cast(By, by), depth=depth, units=tuple(me.units) if me.is_department_only else None)
    return [cut if cut.posted or not asked.campaign else replace(cut, campaign=_campaign(asked.campaign, campaigns))]


def _campaign(word: str, campaigns: Sequence[Campaign]) -> str:
    if word != OUTSIDE and word not in {one.key for one in campaigns}:
        raise FormIncomplete("There is no such campaign", zh="没有这个专项", fields={"campaign": "unknown"})
    return "" if word == OUTSIDE else word


def _titles(
    tx: ReadTx, view: View, by: str, keys: Sequence[str | None], campaigns: Sequence[Campaign]
) -> dict[str | None, str]:
    """What the keys of a cut are called; None is what has none."""
    nobody = view.t.get(f"measures.nobody_{by.partition(':')[0]}", view.t("measures.nobody"))
    return {None: nobody, **_named(tx, view, by, [key for key in keys if key is not None], campaigns)}


def _named(tx: ReadTx, view: View, by: str, keys: list[str], campaigns: Sequence[Campaign]) -> dict[str | None, str]:
    if by.startswith("area:"):
        rows = dicts(tx, AREAS, keys=keys)
        return {row["key"]: (view.zh and row["name"]) or row["name_en"] or row["name"] or row["code"] for row in rows}
    if by in BY_PERSON:
        return {row["key"]: row["name"] for row in dicts(tx, PERSONS, keys=keys)}
    if by == "campaign":
        return {one.key: view.named(one) for one in campaigns}
    words: dict[str, Callable[[str], str]] = {
        "unit": view.unit,
        "class": view.class_name,
        "category": view.category,
        "channel": view.source,
        "post": lambda key: view.t(f"role.{key}"),
        "source": lambda key: view.t(f"measures.source_{key}"),
        "kind": lambda key: view.t.get(f"measures.kind_{key}", key),
        "area_class": lambda key: view.t("measures.area_class", n=key),
        "city": lambda key: whole_name(view),
    }
    return {key: words[by](key) for key in keys}
