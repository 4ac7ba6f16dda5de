"""`wangge verify`: what must never break, read again from the tables and the files by queries of its own."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from dispatch.command import Command, print_table
from dispatch.config import settings
from dispatch.verify.checks import CHECKS, everything
from dispatch.verify.finding import SHOWN, Breach, Finding
from gis.db import read, value

__all__ = ["CHECKS", "Breach", "Finding", "command", "verify"]

COLUMNS = {"no": "no", "says": "says", "checked": "looked at", "breaches": "breaches", "seconds": "seconds"}


def _silent(_: Finding) -> None:
    """Progress nobody watches."""


def verify(told: Callable[[Finding], None] = _silent) -> list[Finding]:
    """Check every invariant in one snapshot. Nothing is written. `told`: called as each is known."""
    with read() as tx:
        return everything(tx, settings().data, told)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as a JSON array")
    parser.add_argument("--city", metavar="NAME", help="refuse if the database holds another city than this folder's")


def _run(arguments: Namespace) -> int:
    """0 if all hold, 1 if one does not, 2 if the database holds another city."""
    if arguments.city and (here := _city()) != arguments.city:
        sys.stderr.write(f"wangge verify: this database holds {here or 'no city'}, not {arguments.city}\n")
        return 2
    findings = verify(_progress)
    print_table([_row(finding, arguments.json) for finding in findings], _columns(arguments.json), json=arguments.json)
    broken = [finding for finding in findings if not finding.holds]
    for finding in broken:
        _name(finding)
    words = f"{len(broken)} of {len(findings)} invariants are broken" if broken else "all invariants hold"
    sys.stderr.write(f"{words}\n")
    return 1 if broken else 0


def _city() -> str | None:
    with read() as tx:
        found: str | None = value(tx, "SELECT folder FROM city")
    return found


def _progress(finding: Finding) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"  {finding.no}: {finding.count} breaches, {finding.seconds:.1f} s\n")


def _columns(json: bool) -> dict[str, str]:
    return COLUMNS | {"first": "first"} if json else COLUMNS


def _row(finding: Finding, json: bool) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(finding, name) for name in ("no", "says", "checked")}
    row |= {"breaches": finding.count, "seconds": round(finding.seconds, 2)}
    return row | {"first": [{"case": b.number, "words": b.words} for b in finding.first]} if json else row


def _name(finding: Finding) -> None:
    for breach in finding.first:
        sys.stderr.write(f"{finding.no}  {breach.number or '-'}  {breach.words}\n")
    if finding.count > SHOWN:
        sys.stderr.write(f"{finding.no}  and {finding.count - SHOWN} more\n")


command = Command(
    name="verify",
    help="check that nothing was lost, doubled, changed or seen by others; exit code 1 if something was",
    add_arguments=_add_arguments,
    run=_run,
    description="Reads cases, steps, clocks, figures, rights, seals and photo files again, by queries that share "
    "nothing with those that wrote them, and names the cases where something does not hold. Changes nothing.",
)
