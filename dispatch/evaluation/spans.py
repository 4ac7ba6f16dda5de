"""How long cases took: half of them at most (median), four of five at most (P80), by the wall and in working time.

Always the length that one of the cases really had (the lowest that enough of them do not exceed), in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, LiteralString

from dispatch.cases.books import books
from dispatch.evaluation.lives import MARKS
from dispatch.evaluation.measures import Cut, behind_parameters, parameters
from dispatch.evaluation.period import Period
from gis.db import ReadTx, dicts, planned, value

__all__ = ["SPANS", "Span", "hours", "lasted", "quantile", "spans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`length`: column of LASTED; `of`: the count whose cases are looked at; `part`: of ten, how many took at most so
    long."""

    key: str
    length: str
    of: str
    part: int


SPANS: Mapping[str, Span] = {
    span.key: span
    for span in (
        Span(key="dispose_work_median", length="dispose_work", of="disposed", part=5),
        Span(key="dispose_work_p80", length="dispose_work", of="disposed", part=8),
        Span(key="dispose_median", length="dispose", of="disposed", part=5),
        Span(key="dispose_p80", length="dispose", of="disposed", part=8),
        Span(key="close_median", length="close", of="closed", part=5),
        Span(key="close_p80", length="close", of="closed", part=8),
    )
}


def _worked(at: LiteralString) -> LiteralString:
    """Working seconds from the calendar's beginning to a column: as `clock.calendar.Openings.worked` counts them."""
    opening: LiteralString = f"width_bucket(extract(epoch FROM {at})::bigint, %(starts)s::bigint[])"
    return f"""(SELECT coalesce(least((%(before)s::bigint[])[o] + extract(epoch FROM {at})::bigint
                - (%(starts)s::bigint[])[o], (%(after)s::bigint[])[o]), 0) FROM {opening} AS o)"""


LASTED: LiteralString = f"""
    SELECT key, case_id, disposed, closed,
           CASE WHEN disposed THEN extract(epoch FROM done - dispatched_at)::bigint END AS dispose,
           CASE WHEN disposed THEN {_worked("done")} - {_worked("dispatched_at")} END AS dispose_work,
           CASE WHEN closed THEN extract(epoch FROM closed_at - reported_at)::bigint END AS close
      FROM ({MARKS}) marks WHERE disposed OR closed
"""
QUANTILES: LiteralString = ", ".join(
    f"percentile_disc(0.{span.part}) WITHIN GROUP (ORDER BY {span.length}) AS {key}" for key, span in SPANS.items()
)
MEASURE: LiteralString = f"SELECT key, {QUANTILES} FROM ({LASTED}) lasted GROUP BY key"
CASES: LiteralString = f"SELECT * FROM ({LASTED}) lasted WHERE key IS NOT DISTINCT FROM %(key)s::text"
FIRST: LiteralString = "SELECT min(reported_at) FROM fact"


def spans(
    tx: ReadTx, period: Period, cut: Cut, *, as_of: datetime | None = None
) -> dict[str | None, dict[str, int | None]]:
    """Seconds by key of the cut and of SPANS; None where there was no case; nothing for persons of a post."""
    if cut.posted:
        return {}
    with planned(tx, "force_custom_plan"):
        rows = dicts(tx, MEASURE, **parameters(tx, period, cut, as_of), **_openings(tx, period))
    return {row.pop("key"): row for row in rows}


def lasted(
    tx: ReadTx, period: Period, key: str | None, span: Span, cut: Cut, *, as_of: datetime | None = None
) -> list[tuple[int, int]]:
    """The cases behind one length and how long each took, in seconds, the shortest first."""
    sql: LiteralString = CASES
    with planned(tx, "force_custom_plan"):
        found = dicts(tx, sql, key=key, **behind_parameters(tx, period, cut, as_of, key=key), **_openings(tx, period))
    told = ((row["case_id"], row[span.length]) for row in found)
    return sorted(((id, seconds) for id, seconds in told if seconds is not None), key=lambda one: (one[1], one[0]))


def quantile(lengths: list[int], part: int) -> int | None:
    """The lowest of these, in order, that `part` of ten do not exceed: the list's own word on a figure."""
    return lengths[-(-part * len(lengths) // 10) - 1] if lengths else None


def hours(seconds: int | None) -> Decimal | None:
    """Hours to two places, half up, as they are told."""
    return None if seconds is None else (Decimal(seconds) / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _openings(tx: ReadTx, period: Period) -> dict[str, Any]:
    first = value(tx, FIRST) or period.start
    table = books(tx).calendar.openings(int(first.timestamp()), int(tx.now.timestamp()))
    return {"starts": table.starts, "before": table.before, "after": table.after}
