"""Base counts of a period from the facts, as sets in one statement; the cases behind every figure; the ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, LiteralString

from dispatch.evaluation.period import Period
from dispatch.evaluation.rates import Counts
from dispatch.evaluation.score import Entry, Ranked, Scheme, cases_in, rank, score
from gis.db import ReadTx, dicts

__all__ = ["CELLS", "FIGURES", "Cut", "Measure", "cases_of", "measure", "ranking", "ranking_counts", "total"]

By = Literal["city", "unit", "group", "area", "area_class", "class", "source", "acceptor", "shift_leader", "dispatcher"]

MARKS: LiteralString = (Path(__file__).parent / "measures.sql").read_text(encoding="utf-8")
# Within one period a case that was to be disposed of is in exactly one of these.
CELLS: tuple[LiteralString, ...] = ("new_ontime", "new_late", "new_open", "carried_disposed", "carried_open")
COUNTED: tuple[LiteralString, ...] = (
    *("report", "accepted", "valid_report", "self_handled", "void"),
    *("need_verify", "verify", "ontime_verify", "need_send_verify", "ontime_send_verify"),
    *("filed", "public_report_verified", "missed", "ontime_filed", "accurate_filed"),
    *("need_dispatch", "dispatched", "ontime_dispatched", "accurate_dispatched", "suspended"),
    *("need_send_check", "ontime_send_check", "need_check", "check", "ontime_check"),
    *("should_dispose", "disposed", "ontime_disposed", "late_disposed", "overdue_open"),
    *("should_close", "closed", "ontime_closed", "rework", "extended", "shirk"),
)
FIGURES: Mapping[str, LiteralString] = {name: name for name in (*COUNTED, *CELLS)}
_SUMS: LiteralString = ", ".join(f'count(*) FILTER (WHERE "{name}") AS "{name}"' for name in (*COUNTED, *CELLS))
MEASURE: LiteralString = f"SELECT key, {_SUMS} FROM ({MARKS}) marks GROUP BY key ORDER BY key"
CASES: LiteralString = f"SELECT case_id FROM ({MARKS}) marks WHERE key IS NOT DISTINCT FROM %(key)s::text"
UNITS = "SELECT id FROM unit WHERE ranking_group = %(group)s ORDER BY id"
GRIDS = """
    SELECT path[%(depth)s::int]::text AS key, count(*)::int AS grids
      FROM area WHERE finest = 1 AND valid_to IS NULL GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How the figures are cut. `group`: only units of this ranking group, each with those below it (`by="group"`).

    `depth`: the area level for `by="area"`, 1 at the top. The rest filters; None is "all".
    """

    by: By = "unit"
    group: str | None = None
    depth: int = 1
    class_code: str | None = None
    source: str | None = None
    top_area: int | None = None

    def __post_init__(self) -> None:
        if (self.group is None) == (self.by == "group"):
            raise ValueError("a group is named if and only if figures are cut by it")


@dataclass(frozen=True, slots=True)
class Measure:
    """The figures of one unit (area, class …) in one period. `key` None: those that are nobody's, yet undispatched."""

    key: str | None
    counts: Counts
    cells: Mapping[str, int]

    @property
    def triple(self) -> tuple[int, int, int]:
        """On time, late, open overdue: together all that were to be disposed of."""
        here = self.cells
        late = here["new_late"] + here["carried_disposed"]
        return here["new_ontime"], late, here["new_open"] + here["carried_open"]


def measure(tx: ReadTx, period: Period, cut: Cut = Cut()) -> list[Measure]:
    """The base counts, one row per key that has a part in the period."""
    grids = _grids(tx, cut)
    return [_measure(row, grids) for row in dicts(tx, MEASURE, **_params(tx, period, cut))]


def total(measures: list[Measure]) -> Counts:
    """The sum over all keys: equal to the city's own row, for every case has one key."""
    return Counts(**{name: sum(one.counts.of(name) or 0 for one in measures) for name in COUNTED})


def cases_of(tx: ReadTx, period: Period, key: str | None, figure: str, cut: Cut = Cut()) -> list[int]:
    """The ids of the cases behind one figure. Raises ValueError for a figure that is none."""
    if figure not in FIGURES:
        raise ValueError(f"{figure} is not a figure: {', '.join(FIGURES)}")
    sql: LiteralString = CASES + ' AND "' + FIGURES[figure] + '" ORDER BY case_id'
    return [row["case_id"] for row in dicts(tx, sql, key=key, **_params(tx, period, cut))]


def ranking(tx: ReadTx, period: Period, group: str, scheme: Scheme, *, small_sample: int) -> list[Ranked]:
    """The units of a group by their scores; a unit that had nothing to do stands in it with no data."""
    found = ranking_counts(tx, period, group)
    return rank([_entry(unit, group, scheme, counts) for unit, counts in found.items()], small_sample)


def ranking_counts(tx: ReadTx, period: Period, group: str) -> dict[str, Counts]:
    """The counts of each unit of a ranking group, those below it included; zeros for one that had nothing to do."""
    found = {one.key: one.counts for one in measure(tx, period, Cut(by="group", group=group))}
    none = Counts(**dict.fromkeys(COUNTED, 0))
    return {row["id"]: found.get(row["id"], none) for row in dicts(tx, UNITS, group=group)}


def _entry(unit: str, group: str, scheme: Scheme, counts: Counts) -> Entry:
    return Entry(unit, group, score(scheme, counts), cases_in(scheme, counts))


def _params(tx: ReadTx, period: Period, cut: Cut) -> dict[str, Any]:
    return {
        "since": period.start,
        "until": max(period.start, min(period.end, tx.now)),
        "by": cut.by,
        "group": cut.group,
        "depth": cut.depth,
        "class_code": cut.class_code,
        "source": cut.source,
        "top_area": cut.top_area,
    }


def _grids(tx: ReadTx, cut: Cut) -> dict[str, int]:
    return {row["key"]: row["grids"] for row in dicts(tx, GRIDS, depth=cut.depth)} if cut.by == "area" else {}


def _measure(row: Mapping[str, Any], grids: Mapping[str, int]) -> Measure:
    counts = Counts(**{name: row[name] for name in COUNTED}, grids=grids.get(row["key"]))
    return Measure(row["key"], counts, {name: row[name] for name in CELLS})
