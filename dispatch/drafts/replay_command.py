"""`wangge replay`: a rulebook that is not in force, replayed over the city's own history."""

from __future__ import annotations

import sys
import tomllib
from argparse import ArgumentParser, Namespace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dispatch.cases.books import Books, books
from dispatch.command import Command, print_table
from dispatch.drafts.history import achieved, cells_of
from dispatch.drafts.replay import Replay, replay
from dispatch.evaluation.period import FORMS, Period, period_of
from dispatch.routing.rulebook import Rulebook, RulebookFault, rulebook_of
from dispatch.routing.table import Table
from gis.db import ReadTx, read

__all__ = ["command", "replay_of"]


def replay_of(tx: ReadTx, city: Books, draft: Rulebook, period: Period) -> Replay:
    """The rules in force against `draft`, over the cases reported in the period."""
    cells = cells_of(tx, city, period, (city.rulebook, draft))
    return replay(cells, city.table.lookup, Table(draft, city.tree).lookup, done=achieved(tx, period))


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES.toml", help="the rulebook to try, in the form of a city's rules.toml")
    parser.add_argument("--period", help=f"of reporting: {FORMS} (default: the last 365 days)")
    parser.add_argument("--json", action="store_true", help="the whole report as one JSON object")


def _run(arguments: Namespace) -> int:
    """0 if no case would have gone elsewhere, 1 if some would, 2 if the rulebook or the period cannot be read."""
    try:
        draft = rulebook_of(tomllib.loads(Path(arguments.rules).read_text(encoding="utf-8")))
        with read(heavy=True) as tx:
            city = books(tx)
            found = replay_of(tx, city, draft, _period(arguments.period, city, tx))
    except (OSError, ValueError, RulebookFault) as fault:
        sys.stderr.write(f"wangge replay: {fault}\n")
        return 2
    if arguments.json:
        print_table([found.document()], list(found.document()), json=True)
    else:
        _print(found)
    return 1 if found.moved else 0


def _period(text: str | None, city: Books, tx: ReadTx) -> Period:
    if text:
        return period_of(text, city.zone)
    return Period("365 days", tx.now - timedelta(days=365), tx.now)


def _print(found: Replay) -> None:
    sys.stdout.write(
        f"{found.cases} cases, {found.moved} would have gone elsewhere; left to a dispatcher: "
        f"{found.undecided_before} before, {found.undecided_after} after\n"
    )
    if not found.moved:
        return
    moves: list[dict[str, Any]] = [
        {"cases": m.cases, "class": m.class_, "from": m.before, "rule": m.rule_before, "to": m.after,
         "new rule": m.rule_after, "such as": " ".join(m.samples)}
        for m in found.moves
    ]  # fmt: skip
    sys.stdout.write("\n")
    print_table(moves, ["cases", "class", "from", "rule", "to", "new rule", "such as"])
    loads = [
        {"unit": x.unit, "before": x.before, "after": x.after, "change": x.after - x.before, "on time %": x.rate_before,
         "expected %": x.rate_after}
        for x in found.loads
        if x.before != x.after or x.rate_before != x.rate_after
    ]  # fmt: skip
    sys.stdout.write("\n")
    print_table(loads, ["unit", "before", "after", "change", "on time %", "expected %"])


command = Command(
    name="replay",
    help="try a rulebook on the city's past: which cases would have gone elsewhere",
    add_arguments=_add_arguments,
    run=_run,
    description="Each placed case is asked again of the rules in force and of RULES.toml, where and when it was. "
    "Prints what would have gone elsewhere, and each unit's load and share on time: an expectation where cases "
    "come from others. Nothing is changed. Exit code 0: nothing moves; 1: something does; 2: it could not be read.",
)
