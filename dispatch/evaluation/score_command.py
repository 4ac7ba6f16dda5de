"""`wangge score`: rates, points, score, band and place, of the city's own cases or of counts from elsewhere.

Whom a scheme scores (units, areas, the persons of a post) stands in the scheme.
"""

import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.cases.books import books
from dispatch.command import Command, print_table
from dispatch.evaluation.fairness import Fair, Stratum, fairness
from dispatch.evaluation.measures import mix_of
from dispatch.evaluation.period import FORMS, INSTANTS, Period, as_of_of, period_of
from dispatch.evaluation.ranking import cut_of, taking_part
from dispatch.evaluation.rates import RATES, Counts, rates
from dispatch.evaluation.scheme import Scheme, standard_schemes
from dispatch.evaluation.score import Ranked
from dispatch.evaluation.terms import SMALL_SAMPLE, Terms, terms_of
from gis.db import read
from gis.problems import Problem

__all__ = ["command", "counts_of"]

# Names other bulletins use for the same counts.
OTHER_NAMES = {
    **{"reported": "report", "valid": "valid_report", "shirked": "shirk"},
    **{"recheck_failed": "rework", "recheck_failed_3plus": "rework_often"},
}
# Counted in the other one, and to be taken off it; what is left is the accurate one where that has a name of its own.
TAKEN_OFF = (
    ("voided", "filed", "accurate_filed"),
    ("wrong_dispatched", "need_dispatch", "accurate_dispatched"),
    ("deferred", "should_close", "should_close"),
)
# How sure a place is: the interval of the scheme's own share, bounds of the score, places by chance and by weights that
# sway by a fifth, cases on time beside those its mix of work lets expect.
FAIR = (
    *("share_low", "share_high", "score_low", "score_high", "chance_best", "chance_worst"),
    *("weights_best", "weights_worst", "observed", "expected", "adjusted"),
)
Named = dict[str, tuple[str, Counts]]  # unit → its group and counts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Whom to score, by what, on what terms; `mix`: what kinds of cases they had, if that is known."""

    found: Named
    scheme: Scheme
    terms: Terms
    mix: list[Stratum] = field(default_factory=list)


def counts_of(row: Mapping[str, str | None]) -> Counts:
    """Base counts out of a row of text; a column that is absent or empty is not known.

    Raises ValueError for a count that is no whole number of cases. `voided` and `wrong_dispatched` are taken off the
    filed and the dispatched where the accurate ones are not given, `deferred` off what should have been closed.
    """
    given = {OTHER_NAMES.get(name, name): _number(name, text) for name, text in row.items() if text and _known(name)}
    for wrong, whole, left in TAKEN_OFF:
        taken = given.pop(wrong, None)
        if taken is not None and whole in given and (left == whole or left not in given):
            if taken > given[whole]:
                raise ValueError(f"{wrong} {taken} is more than {whole} {given[whole]}")
            given[left] = given[whole] - taken
    if "report" in given:  # a table of inspectors has no reports but theirs
        given.setdefault("own_report", given["report"])
    return Counts(**given)


def _known(name: str) -> bool:
    return name in Counts.names() or name in OTHER_NAMES or name in {wrong for wrong, *_ in TAKEN_OFF}


def _number(name: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"{name} {text} is not a number of cases")
    return int(text)


def _read_counts(path: str) -> tuple[Named, int]:
    """Units with their counts, and how many rows were left out (each named on standard error)."""
    found: Named = {}
    failed = 0
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "unit" not in (rows.fieldnames or ()):
            raise ValueError(f"{path} has no column unit")
        for number, row in enumerate(rows, start=2):
            try:
                unit = (row["unit"] or "").strip()
                if not unit or unit in found:
                    raise ValueError(f"unit {unit} is given twice" if unit else "unit is empty")
                found[unit] = (row.get("group") or "", counts_of(row))
            except ValueError as fault:
                failed += 1
                sys.stderr.write(f"{path} row {number}: {fault}\n")
    return found, failed


def _from_cases(arguments: Namespace) -> _Asked:
    """The counts of whoever the scheme scores in a period, and the terms of its last day."""
    with read(heavy=True) as tx:
        zone = books(tx).zone
        period = period_of(arguments.period, zone)
        as_of = as_of_of(arguments.as_of or "", zone, tx.now)
        terms = terms_of(tx, period, as_of)
        scheme = terms.scheme(arguments.scheme, arguments.group)
        _say_as_of(period, min(as_of or period.end, tx.now), zone)
        found: Named = {}
        mix: list[Stratum] = []
        for group in [arguments.group] if arguments.group and scheme.of == "unit" else terms.groups_of(scheme):
            parts = taking_part(tx, period, scheme, group=group, depth=arguments.depth, as_of=as_of)
            found |= {one.name: (group, one.measure.counts) for one in parts}
            names = {one.measure.key: one.name for one in parts}
            kinds = mix_of(tx, period, cut_of(scheme, group, arguments.depth), as_of=as_of)
            mix += [replace(one, key=names.get(one.key)) for one in kinds]
    return _Asked(found=found, scheme=scheme, terms=terms, mix=mix)


def _say_as_of(period: Period, then: datetime, zone: ZoneInfo) -> None:
    """Beside the table, not in it: what was recorded until when."""
    sys.stderr.write(f"{period.name}, as of {then.astimezone(zone).isoformat(timespec='seconds')}\n")


def _rows(asked: _Asked) -> Iterator[dict[str, Any]]:
    placed = asked.terms.ranked(asked.found, asked.scheme)
    counts = {unit: here for unit, (_, here) in asked.found.items()}
    told = fairness(asked.scheme, placed, counts, mix=asked.mix)
    for row in placed:
        yield _row(row, counts[row.unit]) | _fair_row(told[row.unit])


def _fair_row(told: Fair) -> dict[str, Any]:
    """How sure the place is, under the names of FAIR."""
    nothing = (None, None)
    chance, weights, beside = told.by_chance, told.by_weights, told.adjusted
    values = (
        *(told.interval or nothing),
        *(told.scores or nothing),
        *((chance.best, chance.worst) if chance else nothing),
        *((weights.best, weights.worst) if weights else nothing),
        *((beside.observed, beside.expected, beside.ratio) if beside else (None, None, None)),
    )
    return dict(zip(FAIR, values, strict=True))


def _row(row: Ranked, counts: Counts) -> dict[str, Any]:
    points = {f"points_{key}": value for key, value in row.score.points.items()}
    return {
        "rank": row.place,
        "unit": row.unit,
        "group": row.group,
        "cases": row.cases,
        **rates(counts),
        **points,
        "score": row.score.total,
        "by_hand": row.by_hand or None,
        "total": row.total,
        "band": row.score.band.name if row.score.band else None,
        "colour": row.score.band.colour if row.score.band else None,
        "apart": row.apart,
    }


def _columns(rows: list[dict[str, Any]], scheme: Scheme) -> list[str]:
    """Rates that are in the scheme or known of anybody; the rest would be a wall of dashes."""
    scored = {part.key for part in scheme.indicators}
    shown = [key for key in RATES if key in scored or any(row[key] is not None for row in rows)]
    points = [f"points_{part.key}" for part in scheme.indicators]
    hand = ["by_hand", "total"] if any(row["by_hand"] for row in rows) else []
    fair = [key for key in FAIR if any(row[key] is not None for row in rows)]
    return ["rank", "unit", "group", "cases", *shown, *points, "score", *hand, "band", "colour", "apart", *fair]


def _add_arguments(parser: ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--period", help=f"of the city's own cases: {FORMS}")
    source.add_argument("--counts", metavar="CSV", help="counts from elsewhere: unit[,group] and base counts by name")
    parser.add_argument(
        "--as-of",
        metavar="INSTANT",
        help=f"count what was recorded by then: {INSTANTS} (default: the period's end, or now if that is earlier)",
    )
    words = f"who is scored, and how: {', '.join(sorted(standard_schemes()))}, or one of the city's own"
    parser.add_argument("--scheme", metavar="SCHEME", default="gb-department", help=f"{words} (default: gb-department)")
    parser.add_argument("--group", help="only this ranking group of units (default: every group of the city)")
    parser.add_argument("--depth", type=int, default=1, help="level of areas, 1 at the top (default), for gb-area-*")
    parser.add_argument(
        "--small-sample",
        type=int,
        help=f"units with fewer cases are shown apart (default: the city's, or {SMALL_SAMPLE})",
    )
    parser.add_argument("--json", action="store_true", help="an array of objects; decimals as text, null is no data")


def _run(arguments: Namespace) -> int:
    """0 if all were scored, 1 if rows were left out, 2 if there was nothing to read."""
    failed = 0
    try:
        if arguments.counts and arguments.as_of:
            raise ValueError("counts from elsewhere are as they are: --as-of goes with --period")
        if arguments.counts:
            found, failed = _read_counts(arguments.counts)
            found = {unit: row for unit, row in found.items() if arguments.group in (None, row[0])}
            terms = Terms(schemes=standard_schemes(), groups=[], small_sample=SMALL_SAMPLE, trial=False)
            asked = _Asked(found=found, scheme=terms.scheme(arguments.scheme), terms=terms)
        else:
            asked = _from_cases(arguments)
    except (OSError, ValueError, Problem) as fault:
        sys.stderr.write(f"wangge score: {fault}\n")
        return 2
    if arguments.small_sample is not None:
        asked = replace(asked, terms=replace(asked.terms, small_sample=arguments.small_sample))
    rows = list(_rows(asked))
    print_table(rows, _columns(rows, asked.scheme), json=arguments.json)
    return 1 if failed else 0


command = Command(
    name="score",
    help="rates, points, score and place of units, areas or persons, from the city's cases or from counts",
    add_arguments=_add_arguments,
    run=_run,
    description="Rates in percent, points 0 to 100 before their weight, score and band. The scheme says who is "
    "scored: units of a group, areas, the persons of a post. Groups are ranked apart, ties share a place, whoever has "
    "no data or few cases is unranked. A finished period keeps the figures it had at its end, whatever became of its "
    "cases; --as-of says what is known of it by another instant.",
)
