"""`wangge owners learnt`: who really did what where, and where the rules in force say otherwise."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from dispatch.cases.books import books
from dispatch.command import Command, print_table
from dispatch.evaluation.owners import FEW, Beside, Learnt, beside_the_rules, learnt
from gis.db import read

__all__ = ["command"]

PLACE = ("category", "area", "road", "owner")
COLUMNS = (*PLACE, "unit", "cases", "rulings", "returned", "last")
AGAINST = (*PLACE, "unit", "cases", "of", "rulings", "rules_say", "rule", "reason", "numbers")
DAYS = 180


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="the whole table, not only where the rules say otherwise")
    parser.add_argument("--days", type=int, default=DAYS, metavar="N", help=f"cases closed in the last N days ({DAYS})")
    parser.add_argument("--at-least", type=int, default=FEW, metavar="N", help=f"fewer cases are left out ({FEW})")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def _run(arguments: Namespace) -> int:
    """0, also if there is nothing to settle."""
    with read(heavy=True) as tx:
        city = books(tx)
        found = learnt(tx, tx.now - timedelta(days=arguments.days), tx.now)
    if arguments.all:
        kept = [one for one in found if one.cases >= arguments.at_least or one.rulings]
        print_table(_table(kept), COLUMNS, json=arguments.json)
    else:
        print_table(_against(beside_the_rules(found, city, at_least=arguments.at_least)), AGAINST, json=arguments.json)
    return 0


def _table(found: Sequence[Learnt]) -> Iterator[dict[str, Any]]:
    for one in found:
        row = {name: getattr(one, name) for name in COLUMNS}
        yield {**row, "owner": one.owner or "", "last": one.last.isoformat(timespec="seconds")}


def _against(found: Sequence[Beside]) -> Iterator[dict[str, Any]]:
    for one in found:
        place = {name: getattr(one.learnt, name) or "" for name in PLACE}
        said = {"rules_say": one.rules.unit or one.rules.doubtful or "", "rule": one.rules.rule or ""}
        evidence = {"reason": one.rules.reason, "numbers": " ".join(one.learnt.numbers)}
        yield {
            **place,
            "unit": one.learnt.unit,
            "cases": one.learnt.cases,
            "of": one.of,
            "rulings": one.learnt.rulings,
            **said,
            **evidence,
        }


command = Command(
    name="learnt",
    help="say who really did what where, and where the rules in force say otherwise",
    add_arguments=_add_arguments,
    run=_run,
    description=(
        "From closed cases whose reply passed its check, and from referees' rulings: category, area, road class and "
        "component's owner, with the "
        "unit that put it right. Lists where the rules in force name another unit or none, with the last cases as "
        "evidence. Nothing is changed."
    ),
)
