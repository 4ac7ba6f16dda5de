"""What a room gives to the `wangge` command line: one `Command`, and one way to print a table."""

import json
import sys
import unicodedata
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

__all__ = ["Command", "print_table", "sentence"]


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand. `run` returns the exit code: 0 well, 1 the answer is bad news, 2 it was asked wrongly.

    `help` is one line; `description`, where given, is what `--help` says first.
    """

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
    description: str = field(default="")


def sentence(words: str) -> str:
    """A line of help as the sentence that `--help` begins with."""
    return f"{words[0].upper()}{words[1:].rstrip('.')}."


def print_table(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | Mapping[str, str], *, json: bool = False
) -> None:
    """Print rows to standard output. `columns`: keys in order, or key → heading. `json`: as an array of objects."""
    headings = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    if json:
        _print_json([{key: row.get(key) for key in headings} for row in rows])
        return
    lines = [list(headings.values()), *([_cell(row.get(key)) for key in headings] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        cells = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _print_json(rows: list[dict[str, Any]]) -> None:
    sys.stdout.write(json.dumps(rows, ensure_ascii=False, default=_plain, indent=1) + "\n")


def _plain(thing: object) -> str:
    return thing.isoformat() if isinstance(thing, date | datetime) else str(thing)


def _cell(thing: object) -> str:
    if thing is None:
        return "-"
    return thing.isoformat(sep=" ", timespec="seconds") if isinstance(thing, datetime) else str(thing)


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
