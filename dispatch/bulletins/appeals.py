"""Appeals 申诉: how many cases of a bulletin their units contested, and how these were ruled. Counted, never hidden."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from gis.db import ReadTx, dicts

__all__ = ["VERDICTS", "appeals"]

VERDICTS = ("granted", "refused", "waiting")
# A unit contests a case once, so each has one verdict. Of the unit that contested, which may have lost the case since.
APPEALS: LiteralString = """
    SELECT a.unit_id AS unit,
           count(*) FILTER (WHERE r.action = 'grant_appeal')::int AS granted,
           count(*) FILTER (WHERE r.action = 'refuse_appeal')::int AS refused,
           count(*) FILTER (WHERE r.action IS NULL)::int AS waiting
      FROM bulletin_fact f
      JOIN cases c ON c.id = f.case_id AND c.appealed
      JOIN step a ON a.case_id = c.id AND a.action = 'appeal' AND a.recorded_at <= %(as_of)s
      LEFT JOIN step r ON r.case_id = c.id AND r.action IN ('grant_appeal', 'refuse_appeal')
           AND r.recorded_at <= %(as_of)s
     WHERE f.bulletin_id = %(id)s
     GROUP BY a.unit_id ORDER BY a.unit_id
"""


def appeals(tx: ReadTx, id: int, as_of: datetime) -> list[dict[str, Any]]:
    """Of the cases frozen in bulletin `id` those contested by `as_of`: by unit, how many with each verdict."""
    return dicts(tx, APPEALS, id=id, as_of=as_of)
