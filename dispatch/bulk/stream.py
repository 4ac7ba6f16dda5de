"""A file of questions through one task, part by part: in this process where it is short, in two where it is long.

Memory is bounded by the parts on their way; the answers come out in the order of the questions.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TextIO

from dispatch.bulk.rows import Fault, Line
from gis.problems import FormIncomplete

__all__ = ["Answered", "Done", "Task", "stream", "told"]

PART = 20_000
PROCESSES = 2
MOST_TOLD = 50
LONGEST = 100_000  # signs in one cell: more is no table of points


class Answered(NamedTuple):
    """One part of a file: CSV text, its number of rows, and the rows left out.

    `named`: rows that name an area themselves, where that was asked; `agreed`: of these, the ones that lie in it.
    """

    text: str
    rows: int
    faults: list[Fault]
    named: int = 0
    agreed: int = 0


class Part(NamedTuple):
    """Rows as they stand in the file, from line `first` on."""

    first: int
    text: str


class Task(Protocol):
    """What is done to each part. It is sent to each process once, and may keep there what it learns."""

    @property
    def header(self) -> Sequence[str]:
        """Names of the columns that come out."""

    def answer(self, lines: Iterable[Line]) -> Answered:
        """One part."""


class Done(NamedTuple):
    """What came of a file. `faults`: the first rows left out; `left_out`: how many; the others as in `Answered`."""

    rows: int
    left_out: int
    faults: list[Fault]
    named: int = 0
    agreed: int = 0


def stream(source: str, target: str, make: Callable[[Sequence[str]], Task], *, as_json: bool = False) -> Done:
    """Read the CSV file `source` (`-`: standard input; .gz too), write `target` (`-`: standard output).

    `make` gets the header. `as_json`: one object a line, of text, null where a cell is empty. Raises FormIncomplete
    where the file is no CSV or lacks a column; OSError.
    """
    with ExitStack() as stack:
        lines = stack.enter_context(_opened(source))
        try:
            task = make(next(csv.reader([next(iter(lines), "").removeprefix("\ufeff")], strict=True), []))
            out = stack.enter_context(_target(target))
            if not as_json:
                csv.writer(out, lineterminator="\n").writerow(task.header)
            return _gather(_answers(task, _parts(lines)), out, _objects(task.header) if as_json else str)
        except (csv.Error, ValueError) as wrong:  # a text that is not UTF-8 is a ValueError, too
            raise FormIncomplete(f"{source}: {wrong}", zh=f"{source}:{wrong}") from wrong


def told(command: str, done: Done) -> int:
    """Say on standard error which rows were left out. The exit code: 0, or 1 if there were any."""
    for fault in done.faults[:MOST_TOLD]:
        sys.stderr.write(f"row {fault.row}, id {fault.id or '(none)'}: {fault.reason}\n")
    if done.left_out > MOST_TOLD:
        sys.stderr.write(f"… and {done.left_out - MOST_TOLD:,} rows more\n")
    sys.stderr.write(f"wangge {command}: {done.rows:,} rows answered, {done.left_out:,} left out\n")
    return 1 if done.left_out else 0


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    if source == "-":
        yield sys.stdin
        return
    opener = gzip.open if source.endswith(".gz") else open
    with opener(source, "rt", encoding="utf-8-sig", newline="") as file:
        yield file


@contextmanager
def _target(target: str) -> Iterator[IO[str]]:
    if target == "-":
        yield sys.stdout
        return
    with Path(target).open("w", encoding="utf-8", newline="") as file:
        yield file


def _parts(lines: Iterator[str]) -> Iterator[Part]:
    """Whole rows, uncut: they are taken apart where they are answered. Raises ValueError if a quotation never ends."""
    first = 2  # the header is the first line
    while block := list(islice(lines, PART)):
        while sum(line.count('"') for line in block) % 2:  # a row goes on after a line's end inside quotation marks
            more = list(islice(lines, PART))
            if not more or len(block) > 10 * PART:
                raise ValueError(f"a quotation mark after line {first} is never closed")
            block += more
        yield Part(first, "".join(block))
        first += len(block)


def _rows(part: Part) -> Iterator[Line]:
    """The rows of a part with their lines in the file. Raises ValueError with the line of what is no CSV."""
    csv.field_size_limit(LONGEST)
    reader = csv.reader(io.StringIO(part.text, newline=""), strict=True)
    try:
        yield from ((part.first + reader.line_num - 1, cells) for cells in reader if cells)
    except csv.Error as wrong:
        raise ValueError(f"line {part.first + reader.line_num - 1}: {wrong}") from wrong


def _objects(header: Sequence[str]) -> Callable[[str], str]:
    """What makes JSON lines of a part's CSV text."""

    def lines(text: str) -> str:
        rows = csv.reader(io.StringIO(text, newline=""))
        documents = ({name: cell or None for name, cell in zip(header, row, strict=True)} for row in rows)
        return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)

    return lines


def _answers(task: Task, parts: Iterator[Part]) -> Iterator[Answered]:
    begun = list(islice(parts, 2))
    if len(begun) < 2 or (os.cpu_count() or 1) < PROCESSES:
        yield from (task.answer(_rows(part)) for part in chain(begun, parts))
        return
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _begin, (task,)) as pool:
        yield from _in_turn(pool, begun, parts)


def _in_turn(pool: ProcessPoolExecutor, begun: list[Part], parts: Iterator[Part]) -> Iterator[Answered]:
    """Answers in the order of the parts, with two parts a process on their way."""
    on_their_way: deque[Future[Answered]] = deque(pool.submit(_answer, part) for part in begun)
    for part in parts:
        on_their_way.append(pool.submit(_answer, part))
        if len(on_their_way) > 2 * PROCESSES:
            yield on_their_way.popleft().result()
    while on_their_way:
        yield on_their_way.popleft().result()


class _Mine:
    """This process's task."""

    task: Task | None = None


def _begin(task: Task) -> None:
    _Mine.task = task


def _answer(part: Part) -> Answered:
    if _Mine.task is None:
        raise AssertionError("a process of the pool begins with its task")
    return _Mine.task.answer(_rows(part))


def _gather(answers: Iterator[Answered], out: IO[str], put: Callable[[str], str]) -> Done:
    rows, left_out, named, agreed = 0, 0, 0, 0
    faults: list[Fault] = []
    progress = _Progress()
    for answered in answers:
        out.write(put(answered.text))
        rows += answered.rows
        left_out += len(answered.faults)
        named += answered.named
        agreed += answered.agreed
        faults += answered.faults[: MOST_TOLD - len(faults)]
        progress.tell(rows + left_out)
    out.flush()
    return Done(rows, left_out, faults, named, agreed)


class _Progress:
    """A line on standard error every two seconds of a long run."""

    def __init__(self) -> None:
        self.began = self.told = time.monotonic()

    def tell(self, rows: int) -> None:
        now = time.monotonic()
        if now - self.told >= 2:
            self.told = now
            sys.stderr.write(f"  {rows:,} rows, {rows / (now - self.began):,.0f} a second\n")
            sys.stderr.flush()
