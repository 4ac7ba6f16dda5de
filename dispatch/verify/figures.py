"""Figures counted again: a fact from all the case's steps; last month's triple, as of its end, by SQL of its own; all
figures of a month and a year case by case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from dispatch.cases.facts import fact_of
from dispatch.evaluation.measures import measure, recount
from dispatch.evaluation.period import Period, period_of
from dispatch.verify.finding import Breach
from dispatch.verify.replay import Row
from gis.db import ReadTx, dicts

__all__ = ["fact_differs", "lives_breaches", "month_breaches"]

MONTH: LiteralString = (Path(__file__).parent / "sql" / "i11_month.sql").read_text(encoding="utf-8")


def fact_differs(fact: dict[str, Any], steps: Sequence[Row]) -> list[str]:
    """The columns of a fact (as JSON) that are not what its steps say."""
    again = fact_of(fact, steps)
    # A case begun before steps told the holder's deadline: it stands in the fact, and cannot be folded.
    told = () if "stage_due" in steps[0].data else ("stage_due_at",)
    return sorted(name for name in fact.keys() | again.keys() if name not in told and _differs(fact, again, name))


def _differs(fact: dict[str, Any], again: dict[str, Any], name: str) -> bool:
    kept, counted = fact.get(name), again.get(name)
    if isinstance(counted, datetime):
        return not isinstance(kept, str) or datetime.fromisoformat(kept) != counted
    return bool(kept != counted)


def month_breaches(tx: ReadTx, zone: str) -> Iterator[Breach]:
    """Units whose on time, late or open overdue of the last finished month differ from what the steps of then say."""
    month = _last_month(tx.now, ZoneInfo(zone))
    told = {one.key: one.triple for one in measure(tx, month) if sum(one.triple)}
    rows = dicts(tx, MONTH, since=month.start, until=month.end)
    counted = {row["unit_id"]: (row["ontime"], row["late"], row["open_late"]) for row in rows}
    for unit in sorted(told.keys() | counted.keys(), key=str):
        if told.get(unit) != counted.get(unit):
            words = f"on time, late, open overdue of {unit or 'no unit'} in {month.name}, as of its end, are told as"
            yield Breach(None, f"{words} {told.get(unit)}, counted again {counted.get(unit)}")


def lives_breaches(tx: ReadTx, zone: str) -> Iterator[Breach]:
    """Units whose figures of the last finished month or year are others if each case is looked at by itself."""
    month = _last_month(tx.now, ZoneInfo(zone))
    year = period_of(str(tx.now.astimezone(ZoneInfo(zone)).year - 1), ZoneInfo(zone))
    for period in (month, year):
        told, again = ({one.key: one for one in count(tx, period)} for count in (measure, recount))
        for unit in sorted(told.keys() | again.keys(), key=str):
            if told.get(unit) != again.get(unit):
                yield Breach(None, f"figures of {unit or 'no unit'} in {period.name} differ, counted case by case")


def _last_month(now: datetime, zone: ZoneInfo) -> Period:
    first = now.astimezone(zone).date().replace(day=1)
    return period_of(f"{first - timedelta(days=1):%Y-%m}", zone)
