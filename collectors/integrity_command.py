"""`wangge integrity measure`: how well the tests of integrity find those who cheated in a rehearsal, and whom else."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal

from collectors.rehearsal.cheats import truth_in
from dispatch.cases.books import books
from dispatch.command import Command, print_table
from dispatch.config import settings
from dispatch.evaluation.period import FORMS, Period, period_of
from dispatch.integrity.board import TESTS, Test, seen_by
from dispatch.integrity.judge import findings
from dispatch.integrity.thresholds import thresholds_of
from gis.db import ReadTx, read

__all__ = ["Measured", "command", "measured"]

COLUMNS = ("test", "looked_at", "cheats", "found", "recall", "findings", "false", "false_alarms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One test against the truth. `looked_at`: subjects with anything to look at; `cheats`: those of them who cheat in
    this way; `false`: findings of whoever does not. `recall`, and `false_alarms` of the findings: per cent, or None.
    """

    test: str
    looked_at: int
    cheats: int
    found: int
    recall: Decimal | None
    findings: int
    false: int
    false_alarms: Decimal | None


def measured(tx: ReadTx, test: Test, period: Period, truth: Collection[str]) -> Measured:
    """What the test finds in the period beside who cheats. A pair is looked at if its unit had anything checked."""
    thresholds = thresholds_of(books(tx).city, test.name)
    seen = seen_by(tx, test, period, thresholds)
    named = {one.subject for one in findings(seen, fewer=test.fewer, thresholds=thresholds)}
    there = {one.subject for one in seen}
    # Of pairs the statement tells only those with many traces: whoever cheats there and is not told was missed.
    cheats = frozenset(truth) if test.of == "pair" else there & frozenset(truth)
    return Measured(
        test=test.name,
        looked_at=len(there | cheats),
        cheats=len(cheats),
        found=len(named & cheats),
        recall=_per_cent(len(named & cheats), len(cheats)),
        findings=len(named),
        false=len(named - cheats),
        false_alarms=_per_cent(len(named - cheats), len(named)),
    )


def _per_cent(part: int, whole: int) -> Decimal | None:
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--period", required=True, help=f"which cases are looked at: {FORMS}")
    parser.add_argument("--json", action="store_true", help="an array of objects; null is no data")


def _run(arguments: Namespace) -> int:
    """0; 2 where no rehearsal with cheats left its truth."""
    try:
        truth: Mapping[str, Collection[str]] = truth_in(settings().data)
    except (OSError, ValueError, KeyError):
        sys.stderr.write("wangge integrity measure: no cheats are known here: first wangge simulate --cheats\n")
        return 2
    with read(heavy=True) as tx:
        period = period_of(arguments.period, books(tx).zone)
        rows = [asdict(measured(tx, test, period, truth[test.name])) for test in TESTS.values()]
    print_table(rows, COLUMNS, json=arguments.json)
    return 0


command = Command(
    name="measure",
    help="recall and false alarms of the tests of integrity, in a rehearsal whose cheats are known",
    add_arguments=_add_arguments,
    run=_run,
    description="After `wangge simulate --cheats`: runs each test on a period and compares its findings with who "
    "really cheats, which stands in the data folder and in no table. Recall: part of the cheats that is found. "
    "False alarms: part of the findings whose subject does not cheat in this way.",
)
