"""How long cases took: half of them at most (median), four of five at most (P80), by the wall and in working time.

Always the length that one of the cases really had (the lowest that enough of them do not exceed), in whole seconds. A
case of another system that does not say when it was dispatched has no length of disposal, and is in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, LiteralString

from dispatch.cases.books import books
from dispatch.evaluation.lives import MARKS, Found, whole
from dispatch.evaluation.measures import Cut, behind_parameters, parameters
from dispatch.evaluation.period import Period
from gis.db import ReadTx, dicts, planned, value

__all__ = ["SPANS", "Span", "hours", "lasted", "quantile", "spans", "spans_of"]


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


def _worked(at: LiteralString, opening: LiteralString) -> LiteralString:
    """Working seconds from the calendar's beginning to an instant in the opening of that number, or after it: as
    `clock.calendar.Openings.worked` counts them, none before the first. Of no instant there are none to tell."""
    ahead: LiteralString = f"least({at} + (%(ahead)s::bigint[])[{opening}], (%(after)s::bigint[])[{opening}])"
    return f"CASE WHEN {at} IS NOT NULL THEN coalesce({ahead}, 0) END"


def _seconds(of: LiteralString) -> LiteralString:
    """Whole seconds since 1970, or of a length, cut off as the calendar's clock cuts them off."""
    return f"floor(date_part('epoch', {of}))::bigint"


def _lasted(took: LiteralString) -> LiteralString:
    """How long each of the cases took. The calendar is looked up once for each instant (what OFFSET 0 is for)."""
    return f"""
    SELECT key, case_id, CASE WHEN disposed THEN dispose END AS dispose, CASE WHEN closed THEN close END AS close,
           CASE WHEN disposed THEN {_worked("done", "done_in")} - {_worked("sent", "sent_in")} END AS dispose_work
      FROM (SELECT *, width_bucket(sent, %(starts)s::bigint[]) AS sent_in,
                   width_bucket(done, %(starts)s::bigint[]) AS done_in
              FROM (SELECT key, case_id, disposed, closed, {_seconds("done - dispatched_at")} AS dispose,
                           {_seconds("closed_at - reported_at")} AS close,
                           {_seconds("dispatched_at")} AS sent, {_seconds("done")} AS done
                      FROM ({took}) took WHERE disposed OR closed OFFSET 0) seconds
            OFFSET 0) openings
"""


# Of those that lie whole in the period their life says whether they count.
TOOK: LiteralString = f"""
    SELECT key, case_id, disposed, closed, reported_at, dispatched_at, done, closed_at FROM ({MARKS}) marks
     UNION ALL
    SELECT {{key}} AS key, case_id, life = ANY(%(disposed)s::bigint[]) AS disposed,
           life = ANY(%(closed)s::bigint[]) AS closed, reported_at, dispatched_at,
           coalesce(disposed_at, closed_at) AS done, closed_at
      FROM ({{whole}}) t {{keyed}}
"""
# Each quantile orders all the cases: those are counted that are asked for.
QUANTILES: Mapping[str, LiteralString] = {
    key: f"percentile_disc(0.{span.part}) WITHIN GROUP (ORDER BY {span.length}) AS {key}" for key, span in SPANS.items()
}
MEASURE: LiteralString = whole(
    "WITH RECURSIVE {whose} SELECT CASE WHEN grouping(key) = 0 THEN key ELSE '' END AS key, {quantiles}"
    f" FROM ({_lasted(TOOK)}) lasted GROUP BY GROUPING SETS ((key), ())"
)
CASES: LiteralString = (
    f"SELECT * FROM ({_lasted(f'SELECT * FROM ({MARKS}) marks')}) lasted WHERE key IS NOT DISTINCT FROM %(key)s::text"
)
FIRST: LiteralString = "SELECT min(reported_at) FROM fact"


def spans(
    tx: ReadTx, period: Period, cut: Cut, *, as_of: datetime | None = None
) -> dict[str | None, dict[str, int | None]]:
    """Seconds by key of the cut and of SPANS, and of all together under the key of the city, which is empty; None
    where there was no case; nothing for persons of a post."""
    return {} if cut.posted else spans_of(Found.of(tx, parameters(tx, period, cut, as_of)), SPANS)


def spans_of(found: Found, names: Iterable[str]) -> dict[str | None, dict[str, int | None]]:
    """Those of `names` that are lengths of time, of what was found; without any, nothing is looked at."""
    asked: LiteralString = ", ".join([QUANTILES[name] for name in names if name in QUANTILES])
    if not asked:
        return {}
    lives = {name: found.counting(name) for name in ("disposed", "closed")}
    rows = found.rows(MEASURE.replace("{quantiles}", asked), **lives, **_openings(found.tx, found.params["since"]))
    return {row.pop("key"): row for row in rows}


def lasted(
    tx: ReadTx, period: Period, key: str | None, span: Span, cut: Cut, *, as_of: datetime | None = None
) -> list[tuple[int, int]]:
    """The cases behind one length and how long each took, in seconds, the shortest first."""
    sql: LiteralString = CASES
    with planned(tx, "force_custom_plan"):
        asked = behind_parameters(tx, period, cut, as_of, key=key) | _openings(tx, period.start)
        found = dicts(tx, sql, key=key, **asked)
    told = ((row["case_id"], row[span.length]) for row in found)
    return sorted(((id, seconds) for id, seconds in told if seconds is not None), key=lambda one: (one[1], one[0]))


def quantile(lengths: list[int], part: int) -> int | None:
    """The lowest of these, in order, that `part` of ten do not exceed: the list's own word on a figure."""
    return lengths[-(-part * len(lengths) // 10) - 1] if lengths else None


def hours(seconds: int | None) -> Decimal | None:
    """Hours to two places, half up, as they are told."""
    return None if seconds is None else (Decimal(seconds) / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _openings(tx: ReadTx, since: datetime) -> dict[str, Any]:
    """`ahead`: what an instant in an opening is more, or less, than the working seconds to it."""
    first = value(tx, FIRST) or since
    table = books(tx).calendar.openings(int(first.timestamp()), int(tx.now.timestamp()))
    ahead = [before - start for before, start in zip(table.before, table.starts, strict=True)]
    return {"starts": table.starts, "ahead": ahead, "after": table.after}
