"""What referees ruled, by kind of case and place: later traces cite it, and it can become a rule."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, LiteralString

from dispatch.routing.rulebook import Rulebook
from gis.db import ReadTx, rows

__all__ = ["Precedent", "Precedents", "as_row", "as_rule", "key_of", "precedents"]

Key = tuple[str, str, str]  # category, area above the unit grid, road class
MOST = 3  # of those that are cited, the latest
ALL: LiteralString = """
    SELECT c.number AS case, p.category, p.area, p.road, p.unit_id AS unit, p.not_unit_id AS not_unit, p.reason,
           p.clause, p.ruled_at, p.facts
      FROM precedent p JOIN cases c ON c.id = p.case_id
"""


def key_of(facts: Mapping[str, Any] | None) -> Key | None:
    """What makes two cases alike to a precedent; None where the place lies in no area."""
    areas = (facts or {}).get("areas") or []
    if facts is None or not areas:
        return None
    return facts["category"], areas[-2] if len(areas) > 1 else areas[-1], facts.get("road", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """One ruling. `not_unit`: whose the referee said it is not; None if the unit that had it was right to have it."""

    case: str
    category: str
    area: str
    road: str
    unit: str
    not_unit: str | None
    reason: str | None
    clause: str | None
    ruled_at: datetime
    facts: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """As a trace cites it."""
        return {"case": self.case, "unit": self.unit, "reason": self.reason, "at": self.ruled_at.isoformat()}


@dataclass(slots=True)
class Precedents:
    """Those that this process has read. There are few, and they are read anew when the city counts more of them."""

    read: int = 0
    by_key: dict[Key, list[Precedent]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, tx: ReadTx, rulings: int, facts: Mapping[str, Any], at: datetime) -> list[Precedent]:
        """Rulings before `at` on cases like this, the latest first. `rulings`: how many the city counts."""
        with self.lock:
            if self.read != rulings:
                found = defaultdict(list)
                for one in precedents(tx):
                    found[one.category, one.area, one.road].append(one)
                self.read, self.by_key = rulings, dict(found)
        key = key_of(facts)
        known = self.by_key.get(key, []) if key else []
        return [one for one in known if one.ruled_at <= at][:MOST]


def precedents(tx: ReadTx, *, limit: int = 5000) -> list[Precedent]:
    """All rulings, the latest first."""
    return rows(tx, Precedent, ALL + " ORDER BY p.ruled_at DESC, p.id DESC LIMIT %(limit)s", limit=limit)


def as_row(one: Precedent, rulebook: Rulebook) -> dict[str, Any]:
    """The row of a rule that would decide so; just before the rule that was argued with."""
    argued = rulebook.by_no.get(one.clause or "")
    return {
        "no": f"P-{one.case}",
        "rank": max(argued.rank - 1, 0) if argued else 0,
        "when": {"category": [one.category], "road": [one.road], "area": [one.area]},
        "to": f"unit:{one.unit}",
        "reason": f"按案件 {one.case} 的裁定",
        "reason_en": f"As ruled in case {one.case}",
        "source": f"{one.case}, {one.ruled_at:%Y-%m-%d}",
    }


def as_rule(one: Precedent, rulebook: Rulebook) -> str:
    """That row in TOML, as a city's folder wants it."""
    row = as_row(one, rulebook)
    clauses = ", ".join(f"{name} = {json.dumps(wanted, ensure_ascii=False)}" for name, wanted in row["when"].items())
    lines = {name: json.dumps(said, ensure_ascii=False) for name, said in row.items()} | {"when": f"{{ {clauses} }}"}
    return "[[rule]]\n" + "".join(f"{name} = {text}\n" for name, text in lines.items())
