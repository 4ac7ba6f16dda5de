"""What a bulletin is made of, as text that is the same wherever it is written. Pure.

facts.csv     one line a case: number, codes, marks, instants; no person, no free text, no case number
rules.json    keys sorted, no blanks: the period, the scheme, the units of its last day, the editions
scores.csv    counted from these two alone (`recount`)
hash = SHA-256( SHA-256(facts.csv) ‖ SHA-256(rules.json) )
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dispatch.evaluation.scheme import SCHEME, Scheme

__all__ = ["COLUMNS", "FORM", "Fact", "Rules", "canonical", "fact_lines", "hash_of", "instant", "parsed"]

COLUMNS = (
    *("unit", "district", "state", "own", "public", "self_handled", "forced", "exempt", "void_after_filing"),
    *("verify_sent", "check_sent"),
    *("reported_at", "accepted_at", "filed_at", "voided_at", "dispatched_at", "disposed_at", "closed_at", "due_at"),
    *("suspended_at", "stage_due_at"),
    *("ontime_file", "ontime_dispatch", "ontime_verify", "ontime_check", "ontime_send_verify", "ontime_send_check"),
    *("reworks", "returns", "shirks", "extensions", "suspensions", "late_report"),
)
# 1: points by hand as one sum a unit, in no column of the scores. 2: each with its kind and paper, and two columns.
FORM = 2
HEADER = ",".join(("case", *COLUMNS))
Fact = Mapping[str, str]  # column → text; empty: not known, not yet


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules a bulletin froze. `document`: rules.json as read. Instants are text of one form: they sort by time."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> Rules:
        """Raises ValueError for what is no bulletin's rules."""
        document = json.loads(text)
        needed = {"form", "period", "since", "until", "scheme", "small_sample", "units", "groups", "districts"}
        if not isinstance(document, dict) or not needed <= document.keys():
            raise ValueError("these are not the rules of a bulletin")
        return cls(document)

    @property
    def since(self) -> str:
        """The period's begin."""
        return str(self.document["since"])

    @property
    def until(self) -> str:
        """The period's end."""
        return str(self.document["until"])

    @property
    def scheme(self) -> Scheme:
        """How it is scored."""
        return SCHEME.validate_python(self.document["scheme"])

    @property
    def form(self) -> int:
        """In which of the forms it is written, and is to be counted again for ever."""
        return int(self.document["form"])

    @property
    def by_hand(self) -> dict[str, Decimal]:
        """The points given by hand, by unit."""
        given = self.document.get("by_hand", {})
        if self.form == 1:
            return {unit: Decimal(points) for unit, points in given.items()}
        found: dict[str, Decimal] = {}
        for one in given:
            found[one["unit"]] = found.get(one["unit"], Decimal(0)) + Decimal(one["points"])
        return found


def canonical(document: object) -> str:
    """JSON as one text for one value: keys sorted, no blanks, no escapes; numbers are whole, decimals are text."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def instant(at: datetime) -> str:
    """An instant as it stands in facts and rules: UTC, to the microsecond, always as long."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fact_lines(numbered: Iterable[tuple[int, str]]) -> Iterator[str]:
    """The lines of facts.csv, the first one naming the columns."""
    yield HEADER + "\n"
    for no, line in numbered:
        yield f"{no},{line}\n"


def parsed(lines: Iterable[str]) -> Iterator[Fact]:
    """The facts of these lines, `case` among their columns. Raises ValueError for a line that is none."""
    rows = iter(lines)
    if next(rows, "").rstrip("\n") != HEADER:
        raise ValueError("facts.csv does not have the columns of this form")
    names = HEADER.split(",")
    for row in rows:
        cells = row.rstrip("\n").split(",")
        if len(cells) != len(names):
            raise ValueError(f"facts.csv: a line has {len(cells)} cells, not {len(names)}")
        yield dict(zip(names, cells, strict=True))


def hash_of(facts_hash: str, rules: str) -> str:
    """The hash printed on the bulletin, as 64 hexadecimal digits. `facts_hash`: of facts.csv, likewise."""
    rules_hash = hashlib.sha256(rules.encode()).digest()
    return hashlib.sha256(bytes.fromhex(facts_hash) + rules_hash).hexdigest()
