"""`wangge rules learn`: a rulebook to begin with, from who did what in a table of past cases."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from json import dumps
from pathlib import Path
from typing import Any

from dispatch.command import Command, print_table
from dispatch.drafts.learn import Lesson, Past, halves, learn, rulebook_document, share
from dispatch.drafts.pasts import Columns, Names, read_names, read_pasts
from gis.problems import Conflict

__all__ = ["command"]

RULES, LEARNT = "rules.toml", "learnt.csv"
TABLE = {"by": "learnt by", "right": "right", "percent": "right %", "undecided": "sent to nobody", "of": "of"}
TOLD = 5  # rows that could not be used


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--in", dest="source", type=Path, required=True, metavar="FILE", help="cases, .csv or .csv.gz")
    parser.add_argument("--category", required=True, metavar="COLUMN", help="the column of the category's code")
    parser.add_argument("--unit", required=True, metavar="COLUMN", help="the column of the unit that did it")
    parser.add_argument("--day", required=True, metavar="COLUMN", help="the column of the day, YYYY-MM-DD at its start")
    parser.add_argument(
        "--area", action="append", default=[], type=_pair, metavar="LEVEL=COLUMN",
        help="a level of area and the column of its code; once for each, the coarsest first",
    )  # fmt: skip
    parser.add_argument(
        "--names", type=Path, metavar="FILE", help="what units were called and when: unit,name,from,until"
    )
    parser.add_argument("--encoding", default="utf-8-sig", help="of the cases (utf-8)")
    parser.add_argument("--least", type=int, default=1, metavar="N", help="cases that an area's own rule rests on (1)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"folder for {RULES} and {LEARNT}, learnt from all cases"
    )
    parser.add_argument("--json", action="store_true", help="the shares as JSON")


def _pair(text: str) -> tuple[str, str]:
    level, equals, column = text.partition("=")
    if not (equals and level and column):
        raise ArgumentTypeError(f"{text!r} is not LEVEL=COLUMN")
    return level, column


def _run(asked: Namespace) -> int:
    """0; 1 if the file has no case to learn from. Raises Conflict where the folder has such files already."""
    columns = Columns(category=asked.category, unit=asked.unit, day=asked.day, areas=dict(asked.area))
    names = read_names(asked.names) if asked.names else Names()
    past, faults = read_pasts(asked.source, columns, names, encoding=asked.encoding)
    for fault in faults.warnings[:TOLD]:
        sys.stderr.write(f"{fault}\n")
    sys.stderr.write(f"{len(past)} cases to learn from, {len(faults.warnings)} rows left out\n")
    if len(past) < 2:
        return 1
    print_table(_shares(past, list(columns.areas), asked.least), TABLE, json=asked.json)
    if asked.out is not None:
        _write(asked.out, past, columns, least=asked.least, source=asked.source.name)
    return 0


def _shares(past: Sequence[Past], levels: Sequence[str], least: int) -> list[dict[str, Any]]:
    """What the older half says of the newer: by category alone, then with each level more."""
    older, newer = halves(past)
    lessons = learn(older, levels, least=least)
    found = []
    for known in range(len(levels) + 1):
        few = [lesson for lesson in lessons if lesson.level in ("", *levels[:known])]
        book = rulebook_document(few, name="half", in_force=newer[0].day, source="the older half")
        right = share(book, newer)
        found.append({"by": " + ".join(("category", *levels[:known])), **asdict(right), "percent": right.percent})
    return found


def _write(folder: Path, past: Sequence[Past], columns: Columns, *, least: int, source: str) -> None:
    there = [name for name in (RULES, LEARNT) if (folder / name).exists()]
    if there:
        raise Conflict(
            f"{folder / there[0]} is there already, and was left alone", zh=f"{folder / there[0]} 已存在，未改动"
        )
    folder.mkdir(parents=True, exist_ok=True)
    lessons = learn(past, list(columns.areas), least=least)
    last = max(one.day for one in past)
    words = f"learnt from {len(past)} cases of {source}, to {last}"
    book = rulebook_document(lessons, name=f"learnt-{last}", in_force=last, source=words)
    (folder / RULES).write_text(_toml(book), encoding="utf-8")
    with (folder / LEARNT).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(Lesson.__slots__), lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(lesson) for lesson in lessons)
    sys.stderr.write(f"{len(book['rule'])} rules in {folder / RULES}, what each rests on in {folder / LEARNT}\n")


def _toml(book: Mapping[str, Any]) -> str:
    head = [f"{key} = {_value(value)}" for key, value in book.items() if key != "rule"]
    rules = [
        "\n[[rule]]\n" + "\n".join(f"{key} = {_value(value)}" for key, value in row.items()) for row in book["rule"]
    ]
    return "\n".join([*head, *rules]) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return value.isoformat() if isinstance(value, date) else dumps(value, ensure_ascii=False)


command = Command(
    name="learn",
    help="learn a rulebook to begin with from past cases: who did what, where",
    add_arguments=_add_arguments,
    run=_run,
    description="For each category the unit that did most of it; then, level by level, each area where it is another. "
    "Prints how many of the newer half's cases the rules of the older half send to whoever did them. With --out the "
    "rules of all cases are written in the form of a city's rules.toml, to be read, changed and replayed before "
    "they decide anything. Nothing is loaded.",
)
