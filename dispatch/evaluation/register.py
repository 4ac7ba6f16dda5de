"""Every measure by its name, and what it is made of: the one list that pages, files and commands choose from.

A count is a column of `measures.sql` (of a post: a figure of `posts.sql`), a rate one count over another (`rates`), a
length of time a quantile over the cases of a count (`spans`). Its label and its sentence stand under its name in the
words of the pages; what it counts, in words, in docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import LiteralString, TypeAlias

from dispatch.evaluation.lives import MARKS, Found
from dispatch.evaluation.measures import (
    COUNTED,
    FIGURES,
    MORE,
    Cut,
    behind_parameters,
    counted,
    measure,
    parameters,
    total,
)
from dispatch.evaluation.period import Period
from dispatch.evaluation.posts import POSTED, POSTS
from dispatch.evaluation.rates import RATES, Counts, rates
from dispatch.evaluation.spans import SPANS, hours, lasted, quantile, spans_of
from gis.db import ReadTx, dicts

__all__ = ["FAMILIES", "MEASURES", "Behind", "Line", "Value", "behind", "known_of", "lines_of", "table_of", "value_of"]

Value: TypeAlias = int | Decimal | None

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "reports": (
        *("report", "own_report", "valid_report", "valid_report_rate", "refused_report", "refused_rate"),
        *("accepted", "ontime_accepted", "ontime_accept_rate", "self_handled", "void"),
        *("need_send_verify", "ontime_send_verify", "verify_sent_ontime_rate"),
        *("need_verify", "verify", "ontime_verify", "ontime_verify_rate"),
    ),
    "filing": (
        *("filed", "filing_rate", "ontime_filed", "ontime_filing_rate", "accurate_filed", "accurate_filing_rate"),
        *("public_report_verified", "public_report_rate", "missed", "missed_rate"),
        *("need_dispatch", "dispatched", "dispatch_rate", "ontime_dispatched", "ontime_dispatch_rate"),
        *("accurate_dispatched", "accurate_dispatch_rate"),
    ),
    "disposal": (
        *("should_dispose", "ontime_disposed", "late_disposed", "overdue_open", "disposed"),
        *("disposal_rate", "ontime_disposal_rate"),
        *("dispose_work_median", "dispose_work_p80", "dispose_median", "dispose_p80"),
    ),
    "closing": (
        *("should_close", "closed", "close_rate", "ontime_closed", "ontime_close_rate", "ontime_closing_rate"),
        *("close_median", "close_p80"),
        *("need_send_check", "ontime_send_check", "check_sent_ontime_rate"),
        *("need_check", "check", "ontime_check", "ontime_check_rate"),
    ),
    "quality": (
        *("rework", "rework_rate", "returned", "shirk", "shirk_rate", "reopened", "recurred", "recurrence_rate"),
        *("extended", "extension_rate", "suspended"),
    ),
    "backlog": ("backlog", "backlog_day", "backlog_3_days", "backlog_week", "backlog_month", "backlog_older"),
}
MEASURES: tuple[str, ...] = tuple(name for names in FAMILIES.values() for name in names)
# What a case is left out of, where something is: a condition on the marks, and the reason in one word.
LEFT_OUT: Mapping[str, tuple[LiteralString, LiteralString]] = {
    **dict.fromkeys(("should_dispose", "should_close", "closed"), ("excluded IS NOT NULL", "excluded")),
    "own_report": ("self_handled", "'self_handled'"),
    "need_dispatch": ("filed AND NOT need_dispatch", "'void'"),
}
# The parts that a count is taken out of, where it has no rate of its own.
WHOLE = {
    **dict.fromkeys(("disposed", "ontime_disposed", "late_disposed", "overdue_open", "shirk"), "should_dispose"),
    **dict.fromkeys(("ontime_closed", "rework"), "closed"),
    "extended": "should_close",
}


ACTS: LiteralString = f"""
    SELECT figure, case_id, count(*)::int AS times FROM ({POSTED}) posted
     WHERE key IS NOT DISTINCT FROM %(key)s::text AND figure = ANY(%(figures)s)
     GROUP BY figure, case_id ORDER BY case_id
"""


@dataclass(frozen=True, slots=True)
class Line:
    """The measures asked for of one key of a cut."""

    key: str | None
    values: Mapping[str, Value]
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The cases behind one figure by id, each with how often it counts (a person's acts: more than once).

    `above`: of a count, the numerator of a rate, or the cases of a length of time with their seconds. `below`: what
    they are taken out of. `excluded`: left out of that, with the reason. `value`: the figure, from these lists alone.
    """

    above: dict[int, int]
    below: dict[int, int] = field(default_factory=dict)
    excluded: dict[int, str] = field(default_factory=dict)
    value: Value = None


def known_of(cut: Cut) -> tuple[str, ...]:
    """The measures that a cut can be told by, in the register's order."""
    counts = POSTS[cut.posted] if cut.posted else (*COUNTED, *MORE)
    known = {*counts, *(key for key, rate in RATES.items() if {rate.numerator, rate.denominator} <= {*counts})}
    return tuple(name for name in MEASURES if name in known or (name in SPANS and not cut.posted))


def lines_of(
    tx: ReadTx, period: Period, cut: Cut, names: tuple[str, ...], *, as_of: datetime | None = None
) -> list[Line]:
    """The measures `names` of every key of the cut that has a part in the period; nobody's last.

    Raises ValueError for a name that is no measure of the cut.
    """
    return table_of(tx, period, cut, names, as_of=as_of)[0]


def table_of(
    tx: ReadTx, period: Period, cut: Cut, names: tuple[str, ...], *, as_of: datetime | None = None
) -> tuple[list[Line], Line]:
    """The same, and all keys together: every case is in one of them, so counts are sums; lengths are looked at anew."""
    strange = set(names) - set(known_of(cut))
    if strange:
        raise ValueError(f"{', '.join(sorted(strange))}: no measure by {cut.by}")
    wanted = {part for name in names for part in _parts(name)} & set(MORE)
    lengths: Mapping[str | None, Mapping[str, int | None]] = {}
    if cut.posted:
        told = measure(tx, period, cut, as_of=as_of)
    else:
        found = Found.of(tx, parameters(tx, period, cut, as_of, wanted))
        told = counted(found, cut, wanted)
        lengths = spans_of(found, names)
    lines = [_line(one.key, one.counts, names, lengths) for one in told]
    whole = _line("", total(told), names, lengths)
    return sorted(lines, key=lambda line: (line.key is None, line.key)), whole


def _parts(name: str) -> tuple[str, ...]:
    return (RATES[name].numerator, RATES[name].denominator) if name in RATES else (name,)


def _line(
    key: str | None, counts: Counts, names: tuple[str, ...], lengths: Mapping[str | None, Mapping[str, int | None]]
) -> Line:
    return Line(key, {name: value_of(name, counts, lengths.get(key, {})) for name in names}, counts)


def value_of(name: str, counts: Counts, lengths: Mapping[str, int | None]) -> Value:
    """One measure: a number of cases, per cent, or hours; None is "no data". `lengths`: seconds by key of SPANS."""
    if name in RATES:
        return rates(counts)[name]
    return hours(lengths.get(name)) if name in SPANS else counts.of(name)


def behind(
    tx: ReadTx, period: Period, key: str | None, name: str, cut: Cut, *, as_of: datetime | None = None
) -> Behind:
    """What one figure opens to: as many cases as it says. Raises ValueError for a measure the cut does not know."""
    if name not in known_of(cut):
        raise ValueError(f"{name} is no measure by {cut.by}")
    if name in SPANS:
        told = lasted(tx, period, key, SPANS[name], cut, as_of=as_of)
        return Behind(above=dict(told), value=hours(quantile([length for _, length in told], SPANS[name].part)))
    if cut.posted:
        return _of_acts(tx, period, key, name, cut, as_of)
    return _of_cases(tx, period, key, name, cut, as_of)


def _of_cases(tx: ReadTx, period: Period, key: str | None, name: str, cut: Cut, as_of: datetime | None) -> Behind:
    above, whole = _parts(name) if name in RATES else (name, WHOLE.get(name, name))
    condition, reason = LEFT_OUT.get(whole, ("false", "''"))
    sql: LiteralString = (
        f'SELECT case_id, "{FIGURES[above]}" AS above, "{FIGURES[whole]}" AS below, {reason} AS why'
        f" FROM ({MARKS}) marks WHERE key IS NOT DISTINCT FROM %(key)s::text"
        f' AND ("{FIGURES[above]}" OR "{FIGURES[whole]}" OR ({condition})) ORDER BY case_id'
    )
    rows = dicts(tx, sql, key=key, **behind_parameters(tx, period, cut, as_of, _parts(name), key=key))
    return _counted(
        name,
        {row["case_id"]: 1 for row in rows if row["above"]},
        {row["case_id"]: 1 for row in rows if row["below"]},
        {row["case_id"]: row["why"] for row in rows if not row["above"] and not row["below"]},
    )


def _of_acts(tx: ReadTx, period: Period, key: str | None, name: str, cut: Cut, as_of: datetime | None) -> Behind:
    parts = _parts(name)
    found: dict[str, dict[int, int]] = {part: {} for part in parts}
    for row in dicts(tx, ACTS, key=key, figures=list(parts), **parameters(tx, period, cut, as_of)):
        found[row["figure"]][row["case_id"]] = row["times"]
    return _counted(name, found[parts[0]], found[parts[-1]], {})


def _counted(name: str, above: dict[int, int], below: dict[int, int], excluded: dict[int, str]) -> Behind:
    """The figure again, by nothing but the lists."""
    counted, whole = sum(above.values()), sum(below.values())
    told = {RATES[name].numerator: counted, RATES[name].denominator: whole} if name in RATES else {}
    number = rates(Counts(**told))[name] if told else counted
    return Behind(above=above, below=below, excluded=excluded, value=number)
