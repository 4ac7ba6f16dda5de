"""The tests by name, what each finds in a period, and what people said of its findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, LiteralString

from dispatch.evaluation.period import Period
from dispatch.integrity.judge import Finding, Seen, findings
from gis.db import ReadTx, rows

__all__ = ["TESTS", "Subject", "Test", "found_by", "seen_by"]

HERE = Path(__file__).parent
LOOKED: LiteralString = (HERE / "looked.sql").read_text(encoding="utf-8")
Subject = Literal["inspector", "unit", "person", "pair", "grid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test: of whom (`person`: of a unit), and the statement that looks. `fewer`: too few traces stand out."""

    name: str
    of: Subject
    look: LiteralString
    fewer: bool = False


def _test(name: str, of: Subject, *, fewer: bool = False) -> Test:
    """By units and by their people one statement looks."""
    look: LiteralString = (HERE / "looks" / f"{name.removesuffix('_person')}.sql").read_text(encoding="utf-8")
    return Test(name=name, of=of, look=look.replace("{looked}", LOOKED), fewer=fewer)


TESTS: Mapping[str, Test] = MappingProxyType(
    {
        test.name: test
        for test in (
            _test("invented_find", "inspector"),
            _test("staged_fix", "unit"),
            _test("clock_gaming", "unit"),
            _test("clock_gaming_person", "person"),
            _test("one_reason", "unit"),
            _test("one_reason_person", "person"),
            _test("far_above", "unit"),
            _test("far_above_person", "person"),
            _test("self_dealing", "pair"),
            _test("volume_padding", "inspector"),
            _test("under_reporting", "grid", fewer=True),
        )
    }
)


def seen_by(tx: ReadTx, test: Test, period: Period, thresholds: Mapping[str, Any]) -> list[Seen]:
    """What the test saw of everybody it looked at; of pairs, only of those with enough traces."""
    asked = {"since": period.start, "until": period.end, "now": tx.now, "person": test.of == "person"}
    return rows(tx, Seen, test.look, **asked, **thresholds)


def found_by(tx: ReadTx, test: Test, period: Period, thresholds: Mapping[str, Any]) -> list[Finding]:
    """Whoever stands out in the period, the farthest first. `tx`: one that may run long (`read(heavy=True)`)."""
    return findings(seen_by(tx, test, period, thresholds), fewer=test.fewer, thresholds=thresholds)
