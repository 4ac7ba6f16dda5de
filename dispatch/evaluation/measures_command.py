"""`wangge measures`: every count, rate and length of time of a period, by one cut."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Any, cast

from dispatch.cases.books import books
from dispatch.command import Command, print_table
from dispatch.evaluation.measures import By, Cut
from dispatch.evaluation.period import FORMS, INSTANTS, as_of_of, period_of
from dispatch.evaluation.posts import BY_PERSON
from dispatch.evaluation.register import MEASURES, known_of, lines_of
from gis.db import read
from gis.problems import Problem

__all__ = ["command"]

CUTS = ("city", "unit", "area_class", "kind", "class", "category", "source", "channel", "campaign", *BY_PERSON)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--period", required=True, help=FORMS)
    words = f"{', '.join(CUTS)}, or area:LEVEL with a level of the city's areas (default: unit)"
    parser.add_argument("--by", metavar="CUT", default="unit", help=words)
    parser.add_argument("--as-of", metavar="INSTANT", help=f"count what was recorded by then: {INSTANTS}")
    parser.add_argument("--measures", metavar="NAME,…", help=f"only these of: {', '.join(MEASURES)}")
    parser.add_argument("--json", action="store_true", help="an array of objects; decimals as text, null is no data")


def _rows(arguments: Namespace) -> list[dict[str, Any]]:
    with read(heavy=True) as tx:
        city = books(tx)
        period = period_of(arguments.period, city.zone)
        as_of = as_of_of(arguments.as_of or "", city.zone, tx.now)
        cut = _cut(arguments.by, [str(row["key"]) for row in city.levels])
        names = tuple(arguments.measures.split(",")) if arguments.measures else known_of(cut)
        return [{"key": line.key, **line.values} for line in lines_of(tx, period, cut, names, as_of=as_of)]


def _cut(word: str, levels: list[str]) -> Cut:
    by, _, level = word.partition(":")
    if by == "area" and level in levels:
        return Cut(by="area", depth=levels.index(level) + 1)
    if word not in CUTS:
        raise ValueError(f"{word} is no cut: {', '.join((*CUTS, *(f'area:{level}' for level in levels)))}")
    return Cut(by=cast(By, word))


def _run(arguments: Namespace) -> int:
    """0 if it was told, 2 if it was asked wrongly."""
    try:
        rows = _rows(arguments)
    except (ValueError, Problem) as fault:
        sys.stderr.write(f"wangge measures: {fault}\n")
        return 2
    print_table(rows, list(rows[0]) if rows else ["key"], json=arguments.json)
    return 0


command = Command(
    name="measures",
    help="every count, rate and length of time of a period, by unit, area, class, source, campaign or person",
    add_arguments=_add_arguments,
    run=_run,
    description="One row for each key of the cut; areas and persons by their id. Rates in per cent, lengths of time in "
    "hours. What each measure counts: docs/evaluation.md.",
)
