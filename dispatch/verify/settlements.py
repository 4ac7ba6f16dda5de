"""Settlement sheets, counted again from their own text: score by the scheme in it, pay by the steps in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, LiteralString

from dispatch.evaluation.rates import Counts, rates, rounded
from dispatch.evaluation.scheme import SCHEME
from dispatch.evaluation.score import score
from dispatch.verify.finding import Breach
from gis.db import ReadTx, dicts

__all__ = ["settlement_breaches"]

SHEETS: LiteralString = "SELECT id, unit_id, period, document FROM settlement ORDER BY id"


def settlement_breaches(tx: ReadTx) -> Iterator[Breach]:
    """What a sheet says of itself that does not follow from its counts, its scheme and its fee."""
    for row in dicts(tx, SHEETS):
        for fault in _faults(row):
            yield Breach(None, f"sheet {row['id']} ({row['unit_id']}, {row['period']}): {fault}")


def _faults(row: dict[str, Any]) -> Iterator[str]:
    try:
        told = json.loads(row["document"])
        if (told["unit"], told["period"]) != (row["unit_id"], row["period"]):
            yield "its text is of another company or period"
        yield from (f"its {name} does not follow from its counts" for name in _wrong(told))
    except (ValueError, KeyError, TypeError) as fault:
        yield f"it cannot be counted again: {fault}"


def _wrong(told: dict[str, Any]) -> Iterator[str]:
    counts, scheme = Counts(**told["counts"]), SCHEME.validate_python(told["scheme"])
    again, shares = score(scheme, counts), rates(counts)
    if _number(told["score"]) != again.total:
        yield "score"
    if any(_number(points) != again.points[key] for key, points in told["points"].items()):
        yield "points"
    if any(_number(rate) != shares[key] for key, rate in told["rates"].items()):
        yield "rates"
    percent = _number(told["percent"])
    # Sheets of before say what was paid of the fee, and not by which steps.
    steps = [(Decimal(lowest), Decimal(paid)) for lowest, paid in told.get("steps", ())]
    if steps and again.total is not None and percent != next(paid for least, paid in steps if again.total >= least):
        yield "per cent"
    pay = None if percent is None else rounded(Fraction(told["fee"]) * Fraction(percent) / 100)
    if _number(told["pay"]) != pay:
        yield "pay"


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
