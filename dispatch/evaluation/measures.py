"""Base counts of a period from the facts, as sets in one statement; the cases behind every figure; the ranking."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from math import cos, radians
from pathlib import Path
from typing import Any, Literal, LiteralString, NamedTuple, Protocol, TypeAlias

from psycopg.types.json import Jsonb

from dispatch.cases.books import books, books_then
from dispatch.cases.duplicates import DEGREE_M, Limits
from dispatch.evaluation.as_of import past_facts
from dispatch.evaluation.campaigns import campaign_rows
from dispatch.evaluation.fairness import Stratum
from dispatch.evaluation.ledger import left_out
from dispatch.evaluation.lives import MARKS, MIX, MIX_ASTRIDE, WHOSE, Found, everyone
from dispatch.evaluation.period import Period
from dispatch.evaluation.posts import COMPANY, POST, POST_CASES, POSTS, Post
from dispatch.evaluation.rates import Counts
from gis.db import ReadTx, column, dicts, planned

__all__ = [
    "CELLS",
    "COUNTED",
    "FIGURES",
    "MORE",
    "NOTHING",
    "UNITS",
    "Cut",
    "Measure",
    "behind_parameters",
    "cases_of",
    "counted",
    "counted_until",
    "grids_of",
    "measure",
    "mix_of",
    "parameters",
    "ranking_counts",
    "recount",
    "total",
]

By: TypeAlias = (
    Literal["city", "unit", "group", "area", "area_class", "kind", "class", "category", "source", "channel"]
    | Literal["campaign", "post", "company"]
    | Post
)

SEATS: LiteralString = f"WITH RECURSIVE {WHOSE} SELECT unit_id, at FROM seat"
TURNS: LiteralString = (Path(__file__).parent / "turns.sql").read_text(encoding="utf-8")
RECURRED: LiteralString = (Path(__file__).parent / "recurred.sql").read_text(encoding="utf-8")
# Within one period a case that was to be disposed of is in exactly one of these.
CELLS: tuple[LiteralString, ...] = ("new_ontime", "new_late", "new_open", "carried_disposed", "carried_open")
COUNTED: tuple[LiteralString, ...] = (
    *("report", "own_report", "accepted", "valid_report", "self_handled", "void"),
    *("need_verify", "verify", "ontime_verify", "need_send_verify", "ontime_send_verify"),
    *("filed", "public_report_verified", "missed", "ontime_filed", "accurate_filed"),
    *("need_dispatch", "dispatched", "ontime_dispatched", "accurate_dispatched", "suspended"),
    *("need_send_check", "ontime_send_check", "need_check", "check", "ontime_check"),
    *("should_dispose", "disposed", "ontime_disposed", "late_disposed", "overdue_open"),
    *("should_close", "closed", "ontime_closed", "rework", "extended", "shirk"),
)
# Counted only where they are asked for: each wants a look of its own. No bulletin has them.
BACKLOG: tuple[LiteralString, ...] = (
    *("backlog", "backlog_day", "backlog_3_days", "backlog_week", "backlog_month", "backlog_older"),
)
MORE: tuple[LiteralString, ...] = ("returned", "reopened", "recurred", *BACKLOG)
FIGURES: Mapping[str, LiteralString] = {name: name for name in (*COUNTED, *CELLS, *MORE)}


def _sums(names: Iterable[LiteralString]) -> LiteralString:
    return ", ".join(f'count(*) FILTER (WHERE "{name}") AS "{name}"' for name in names)


MEASURE: LiteralString = f"SELECT key, {_sums((*COUNTED, *CELLS))} FROM ({MARKS}) marks GROUP BY key ORDER BY key"
MEASURE_MORE: LiteralString = f"SELECT key, {_sums(FIGURES.values())} FROM ({MARKS}) marks GROUP BY key ORDER BY key"
CASES: LiteralString = f"SELECT case_id FROM ({MARKS}) marks WHERE key IS NOT DISTINCT FROM %(key)s::text"
# The units of a ranking group as the period's last day had them, with those that ended within it.
UNITS: LiteralString = """
    SELECT unit_id AS key, unit_id AS name FROM units_on(city_day(%(until)s - interval '1 second'))
     WHERE ranking_group = %(group)s
       AND (valid_to IS NULL OR valid_to > city_day(%(since)s) OR unit_id = ANY(%(seen)s::text[])) ORDER BY unit_id
"""
GRIDS = """
    SELECT path[%(depth)s::int]::text AS key, count(*)::int AS grids
      FROM area a
     WHERE finest = 1 AND valid_from <= city_day(%(until)s - interval '1 second')
       AND (valid_to IS NULL OR valid_to > city_day(%(until)s - interval '1 second'))
       AND (%(area_class)s::int IS NULL OR %(area_class)s = (
             SELECT p.area_class FROM area p WHERE p.id = ANY(a.path) AND p.area_class IS NOT NULL
              ORDER BY p.depth DESC LIMIT 1))
     GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How the figures are cut. `group`: only units of this ranking group, each with those below it (`by="group"`).

    `depth`: the area level for `by="area"`, 1 at the top. By a post, keys are persons; by "post", it is `post` itself.
    A source is who found it, a channel the way by which it came in. The rest filters; None is "all": of `area_class`
    only what lies in unit grids of that class, and only those grids; of `campaign` only what falls under it, and of an
    empty one only what falls under none.
    """

    by: By = "unit"
    group: str | None = None
    depth: int = 1
    post: Post | None = None
    class_code: str | None = None
    channel: str | None = None
    top_area: int | None = None
    area_class: int | None = None
    units: tuple[str, ...] | None = None
    campaign: str | None = None

    def __post_init__(self) -> None:
        if (self.group is None) == (self.by == "group"):
            raise ValueError("a group is named if and only if figures are cut by it")
        if (self.post is None) == (self.by == "post"):
            raise ValueError("a post is named if and only if figures are cut by it")

    @property
    def posted(self) -> str | None:
        """The post whose acts are counted, by person or as a whole; None: the cases themselves are."""
        return self.post or (self.by if self.by in POSTS else None)


@dataclass(frozen=True, slots=True)
class Measure:
    """The figures of one unit (area, person …) in one period. `key` None: those that are nobody's, or nobody's yet."""

    key: str | None
    counts: Counts
    cells: Mapping[str, int]

    @property
    def triple(self) -> tuple[int, int, int]:
        """On time, late, open overdue: together all that were to be disposed of."""
        here = self.cells
        late = here["new_late"] + here["carried_disposed"]
        return here["new_ontime"], late, here["new_open"] + here["carried_open"]


NOTHING = Counts(**dict.fromkeys(COUNTED, 0))


def measure(
    tx: ReadTx, period: Period, cut: Cut = Cut(), *, as_of: datetime | None = None, more: Collection[str] = ()
) -> list[Measure]:
    """The base counts, one row per key that has a part in the period; of MORE those that are asked for.

    Counted is what was recorded by `as_of`; None: by the period's end, or now if that is earlier.
    """
    params = parameters(tx, period, cut, as_of, more)
    return _posted(tx, cut, params) if cut.posted else counted(Found.of(tx, params), cut, more)


def counted(found: Found, cut: Cut, more: Collection[str] = ()) -> list[Measure]:
    """The same of what was found by its parameters, for whoever asks more of it; not for persons."""
    grids = grids_of(found.tx, cut, found.params["until"])
    counts = {row["key"]: Counter(row) for row in found.rows(MEASURE_MORE if more else MEASURE)}
    for (key, figures), cases in found.whole().items():
        here = counts.setdefault(key, Counter())
        for figure in figures:
            here[figure] += cases
    for key, cases in found.again().items():
        counts[key]["recurred"] += cases
    return [_measure(key, counts[key], grids, more) for key in sorted(counts, key=lambda key: (key is None, key))]


def recount(
    tx: ReadTx, period: Period, cut: Cut = Cut(), *, as_of: datetime | None = None, more: Collection[str] = ()
) -> list[Measure]:
    """The same as `measure`, not for persons: each case looked at by itself, however many they are."""
    params = parameters(tx, period, cut, as_of, more)
    grids = grids_of(tx, cut, params["until"])
    with planned(tx, "force_custom_plan"):  # the plan for all cuts and periods at once takes three times as long
        found = dicts(tx, MEASURE_MORE if more else MEASURE, **params)
    return [_measure(row["key"], row, grids, more) for row in found]


def _posted(tx: ReadTx, cut: Cut, params: dict[str, Any]) -> list[Measure]:
    found: dict[str | None, dict[str, int]] = {}
    for row in dicts(tx, COMPANY if cut.by == "company" else POST, **params):
        found.setdefault(row["key"], dict.fromkeys(POSTS[params["post"]], 0))[row["figure"]] = row["number"]
    return [Measure(key, Counts(**counts), dict.fromkeys(CELLS, 0)) for key, counts in found.items()]


class Counted(Protocol):
    """Whatever has counts."""

    @property
    def counts(self) -> Counts: ...


def total(measures: Iterable[Counted]) -> Counts:
    """The sum over all keys: equal to the city's own row, for every case has one key. What none knows is not known."""
    cells = [one.counts for one in measures]
    known = {name: [n for counts in cells if (n := counts.of(name)) is not None] for name in (*COUNTED, *MORE)}
    return Counts(**{name: sum(numbers) for name, numbers in known.items() if numbers})


def cases_of(
    tx: ReadTx, period: Period, key: str | None, figure: str, cut: Cut = Cut(), *, as_of: datetime | None = None
) -> list[int]:
    """The ids of the cases behind one figure. Raises ValueError for a figure that is none."""
    if figure not in FIGURES:
        raise ValueError(f"{figure} is not a figure: {', '.join(FIGURES)}")
    params = parameters(tx, period, cut, as_of, (figure,), key=key)
    if cut.posted:
        return column(tx, POST_CASES, **params, key=key, figure=figure)
    found = Found.of(tx, params, ids=True)
    own: LiteralString = CASES + ' AND "' + FIGURES[figure] + '"'
    ids = [row["case_id"] for row in found.rows(own, key=key)]
    told = "filed" if figure == "recurred" else figure  # of the rest no life knows
    mine = (one.ids for one in found.lived if one.key == key and told in found.sorts[one.life].figures)
    whole = set(chain.from_iterable(mine))
    return sorted((whole & set(params["recurred"]) if figure == "recurred" else whole) | set(ids))


def mix_of(tx: ReadTx, period: Period, cut: Cut, *, as_of: datetime | None = None) -> list[Stratum]:
    """What kinds of cases each key had to dispose of, and how many of them on time; nothing for persons of a post."""
    if cut.posted:
        return []
    found = Found.of(tx, parameters(tx, period, cut, as_of))
    lives = found.counting("should_dispose")
    ontime = ["ontime_disposed" in found.sorts[life].figures for life in lives]
    seasons = [found.sorts[life].season for life in lives]
    cases: Counter[_Kind] = Counter()
    good: Counter[_Kind] = Counter()
    for row in chain(found.rows(MIX_ASTRIDE), found.rows(MIX, lives=lives, ontime=ontime, seasons=seasons)):
        kind = _Kind(row["key"], row["class_code"], row["area_class"], row["season"])
        cases[kind] += row["cases"]
        good[kind] += row["ontime"]
    return [Stratum(**kind._asdict(), cases=number, ontime=good[kind]) for kind, number in cases.items()]


class _Kind(NamedTuple):
    key: str | None
    class_code: str | None
    area_class: int | None
    season: int | None


def ranking_counts(tx: ReadTx, period: Period, group: str, *, as_of: datetime | None = None) -> dict[str, Counts]:
    """The counts of each unit of a ranking group, those below it included; zeros for one that had nothing to do."""
    cut = Cut(by="group", group=group)
    found = {one.key: one.counts for one in measure(tx, period, cut, as_of=as_of)}
    named = units_of(tx, period, group, seen=found, until=counted_until(tx, period, as_of))
    return {unit: found.get(unit, NOTHING) for unit in named}


def units_of(tx: ReadTx, period: Period, group: str, *, seen: Iterable[str | None], until: datetime) -> list[str]:
    """The units of a ranking group on the last day counted, with those that ended in the period or have figures."""
    named = dicts(tx, UNITS, group=group, since=period.start, until=until, seen=[key for key in seen if key])
    return [row["key"] for row in named]


def counted_until(tx: ReadTx, period: Period, as_of: datetime | None) -> datetime:
    """Up to where the period is counted: its end, or the instant that figures are as of if that comes first."""
    return max(period.start, min(period.end, as_of or period.end, tx.now))


def parameters(
    tx: ReadTx,
    period: Period,
    cut: Cut,
    as_of: datetime | None,
    more: Collection[str] = (),
    *,
    key: str | None = None,
) -> dict[str, Any]:
    """What a statement that counts by `measures.sql`, or freezes what it counts, has to be told.

    `key`: only what may be this one's is looked for, where units are told apart; others' may be among it.
    """
    then = min(as_of or period.end, tx.now)
    now = then == tx.now  # facts as they stand, also those of a moment after
    apart = cut.by == "campaign" or cut.campaign is not None
    span = {"since": period.start, "until": counted_until(tx, period, as_of)}
    shape = {"by": cut.by, "group": cut.group, "depth": cut.depth}
    units = _units(tx, cut, key, span | shape)
    known: dict[str, Any] = {
        **span,
        **shape,
        "then": then,
        "as_of": "infinity" if now else then.isoformat(),
        "past": "{}" if now else past_facts(tx, then, units),
        "left_out": left_out(tx, by=then),
        "cases": None,
        "post": "inspector" if cut.by == "company" else cut.posted,
        "class_code": cut.class_code,
        "channel": cut.channel,
        "top_area": cut.top_area,
        "area_class": cut.area_class,
        "units": units,
        "campaign": cut.campaign,
        "apart": apart,
        "campaigns": Jsonb(campaign_rows(books_then(tx, span["until"])) if apart else []),
        "backlog": not set(BACKLOG).isdisjoint(more),
    }
    beside = _more(tx, known, more)
    return known | beside | {"single": [*known["left_out"], *beside["returned"], *beside["reopened"]]}


def behind_parameters(
    tx: ReadTx, period: Period, cut: Cut, as_of: datetime | None, more: Collection[str] = (), *, key: str | None
) -> dict[str, Any]:
    """The same, for a look at the cases of one key: at nobody else's."""
    params = parameters(tx, period, cut, as_of, more, key=key)
    return params if cut.posted else params | {"cases": everyone(tx, params, key)}


def _units(tx: ReadTx, cut: Cut, key: str | None, how: dict[str, Any]) -> list[str] | None:
    """The units whose cases can be the key's (of a group: those below it), or anybody's of the group; None: all."""
    units = list(cut.units) if cut.units is not None else None
    if cut.by == "unit" and key is not None:
        units = [key] if units is None or key in units else []
    if cut.by == "group":
        below = [row["unit_id"] for row in dicts(tx, SEATS, **how) if key in (None, row["at"])]
        units = below if units is None else [unit for unit in units if unit in below]
    return units


def _more(tx: ReadTx, known: dict[str, Any], more: Collection[str]) -> dict[str, list[int]]:
    """The cases of those figures that facts alone do not tell, if they are asked for."""
    turns = dicts(tx, TURNS, **known) if {"returned", "reopened"} & set(more) else []
    return {
        "returned": [row["case_id"] for row in turns if row["returned"]],
        "reopened": [row["case_id"] for row in turns if row["reopened"]],
        "recurred": _recurred(tx, known) if "recurred" in more else [],
    }


def _recurred(tx: ReadTx, known: dict[str, Any]) -> list[int]:
    city = books(tx)
    metres = Limits.of(city).metres
    north = metres / DEGREE_M
    # The city is not all on one parallel: a cell rather too wide.
    east = north / max(cos(radians(city.city["centre"][1])), 0.01) * 1.05
    with planned(tx, "force_custom_plan"):
        return column(tx, RECURRED, **known, metres=metres, north=north, east=east)


def grids_of(tx: ReadTx, cut: Cut, until: datetime) -> dict[str | None, int]:
    """How many unit grids (of the cut's class) each area had on the last day counted; nothing for another cut than by
    area."""
    if cut.by != "area":
        return {}
    found = dicts(tx, GRIDS, depth=cut.depth, area_class=cut.area_class, until=until)
    return {row["key"]: row["grids"] for row in found}


def _measure(
    key: str | None, row: Mapping[str, Any], grids: Mapping[str | None, int], more: Collection[str]
) -> Measure:
    counts = Counts(**{name: row[name] for name in (*COUNTED, *more)}, grids=grids.get(key))
    return Measure(key, counts, {name: row[name] for name in CELLS})
