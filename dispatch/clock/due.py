"""`wangge due`: due times for a list of cases, by a city's calendar, without a database (docs/bulk.md)."""

import argparse
import csv
import gzip
import io
import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, TextIO, cast

from dispatch.clock.calendar import BEYOND, WorkCalendar
from dispatch.clock.limits import Limit, Pause, TimeClass, due_at, used
from dispatch.clock.load import calendar_of, time_classes_of
from dispatch.clock.why import why
from dispatch.command import Command

__all__ = ["Answer", "answer", "command"]

CITIES = Path(__file__).resolve().parents[2] / "data" / "cities"
WANTED = ("id", "start", "limit", "time_class")
KNOWN = (*WANTED, "pauses", "until")
YEARS = range(1970, 2100)  # one calendar answers for all of them, whatever stands in the other rows
MOST = 10**8  # of a limit, in any time class; a century has fewer minutes


@dataclass(frozen=True, slots=True)
class Answer:
    """`due`: the city's wall time with offset, empty while a pause is open. `used_seconds`: empty without `until`."""

    id: str
    due: str
    used_seconds: int | None
    why: str


def answer(
    row: Mapping[str, str],
    calendar: WorkCalendar,
    classes: Mapping[str, TimeClass],
    language: Literal["zh", "en"],
) -> Answer:
    """The due time of one row. Raises ValueError with the reason if the row cannot be understood, ArithmeticError if
    it ends beyond all years."""
    id = _field(row, "id")
    start = _instant("start", _field(row, "start"), calendar)
    limit = Limit(_number(_field(row, "limit")), *_class(_field(row, "time_class"), classes))
    pauses = tuple(_pauses(row.get("pauses", ""), calendar))
    until = row.get("until", "").strip()
    due = due_at(start, limit, calendar, pauses)
    return Answer(
        id=id,
        due="" if due is None else due.astimezone(calendar.zone).isoformat(),
        used_seconds=_used(start, _instant("until", until, calendar), limit, calendar, pauses=pauses)
        if until
        else None,
        why=why(start, limit, calendar, pauses, language=language),
    )


def _used(start: datetime, until: datetime, limit: Limit, calendar: WorkCalendar, *, pauses: tuple[Pause, ...]) -> int:
    if until < start:
        here, there = (at.astimezone(calendar.zone) for at in (until, start))
        raise ValueError(f"until {here} lies before the start {there}")
    return int(used(start, until, limit.rule, calendar, pauses).total_seconds())


def _field(row: Mapping[str, str], name: str) -> str:
    value = row.get(name, "").strip()
    if not value:
        raise ValueError(f"{name} is empty")
    if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError(f"{name} is not UTF-8: save the table as CSV in UTF-8")
    return value


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as fault:
        raise ValueError(f"limit {text} is not a number") from fault
    if number.is_finite() and number > MOST:
        raise ValueError(f"limit {text}: {BEYOND}")
    return number


def _class(name: str, classes: Mapping[str, TimeClass]) -> TimeClass:
    try:
        return classes[name]
    except KeyError as fault:
        raise ValueError(f"time class {name} is not one of {', '.join(classes)}") from fault


def _instant(name: str, text: str, calendar: WorkCalendar) -> datetime:
    """Local wall time of the city, or with an offset of its own."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ValueError(f"{name} {text} is no time: it wants 2026-06-08 09:00 or 2026-06-08T09:00+08:00") from fault
    if at.year not in YEARS:
        raise ValueError(f"{name} {text} is not of the years {YEARS[0]} to {YEARS[-1]}")
    return at if at.tzinfo is not None else datetime.fromtimestamp(calendar.instant(at.date(), at.time()), UTC)


def _pauses(text: str, calendar: WorkCalendar) -> Iterator[Pause]:
    for part in filter(None, (part.strip() for part in text.split(";"))):
        start, slash, end = (word.strip() for word in part.partition("/"))
        if not slash or not start or "/" in end:
            raise ValueError(f"pause {part} is not start/end")
        begins, ends = _instant("pause", start, calendar), _instant("pause", end, calendar) if end else None
        if ends is not None and ends < begins:
            raise ValueError(f"pause {part} ends before it begins")
        yield Pause(begins, ends)


# ---------------------------------------------------------------------------------------------------------- the table


def _rows(source: TextIO) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Every row that is not empty, with the line of the file on which it begins.

    What is no CSV is one line: a quotation mark that is never closed takes no other row with it.
    """
    again = deque([source.readline().removeprefix("\ufeff")])
    taken: list[str] = []

    def lines() -> Iterator[str]:
        while line := again.popleft() if again else source.readline():
            taken.append(line)
            yield line

    number = 1
    while True:
        taken.clear()
        try:
            cells = next(csv.reader(lines(), strict=True), None)
        except csv.Error as fault:
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            yield number, fault
        else:
            if cells is None:
                return
            if cells:
                yield number, cells
        number += len(taken)


def _header(rows: Iterator[tuple[int, list[str] | csv.Error]], name: str) -> list[str]:
    """The names of the columns. Raises ValueError."""
    _, cells = next(rows, (1, []))
    if isinstance(cells, csv.Error):
        raise ValueError(f"{name}: the header is no CSV: {cells}")
    names = [cell.strip().lower() for cell in cells]
    if missing := [known for known in WANTED if known not in names]:
        raise ValueError(f"{name} has no column {', '.join(missing)}")
    if twice := [known for known in KNOWN if names.count(known) > 1]:
        raise ValueError(f"{name} has two columns {', '.join(twice)}")
    return names


def _named(cells: list[str] | csv.Error, names: Sequence[str]) -> Mapping[str, str]:
    """The cells by their columns. Raises ValueError."""
    if isinstance(cells, csv.Error):
        raise ValueError(f"is no CSV: {cells}; is a quotation mark not closed?")
    if any(cell.strip() for cell in cells[len(names) :]):
        raise ValueError(f"has {len(cells)} cells, the header has {len(names)}")
    return dict(zip(names, cells, strict=False))


# -------------------------------------------------------------------------------------------------------- the command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--city", required=True, help="name of a city under data/cities, or its folder")
    parser.add_argument(
        "--in",
        dest="source",
        default="-",
        metavar="CSV",
        help="cases: id,start,limit,time_class[,pauses][,until]; times as the city's wall time or with offset, "
        "pauses as start/end;start/end (no end: still paused); - is standard input",
    )
    parser.add_argument("--out", default="-", metavar="CSV", help="id,due,used_seconds,why; - is standard output")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of CSV")
    parser.add_argument(
        "--lang", "--language", dest="language", choices=("zh", "en"), default="zh", help="of the derivation in words"
    )


def _run(arguments: argparse.Namespace) -> int:
    """0 if every row was answered, 1 if some were left out (named on standard error), 2 if it was asked wrongly."""
    try:
        folder = _folder(arguments.city)
        calendar, classes = calendar_of(folder), time_classes_of(folder)
        with _source(arguments.source) as source:
            rows = _rows(source)
            names = _header(rows, arguments.source)
            with _target(arguments.out, arguments.source) as out:
                return _answer_all(rows, names, out, arguments, calendar=calendar, classes=classes)
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"wangge due: {fault}\n")
        return 2


def _answer_all(
    rows: Iterator[tuple[int, list[str] | csv.Error]],
    names: Sequence[str],
    out: TextIO,
    arguments: argparse.Namespace,
    *,
    calendar: WorkCalendar,
    classes: Mapping[str, TimeClass],
) -> int:
    writer = csv.writer(out, lineterminator="\n")
    if not arguments.json:
        writer.writerow(Answer.__dataclass_fields__)
    answered = left_out = 0
    for number, cells in rows:
        try:
            found = asdict(answer(_named(cells, names), calendar, classes, arguments.language))
        except (ValueError, ArithmeticError) as fault:
            left_out += 1
            sys.stderr.write(f"row {number}: {fault if isinstance(fault, ValueError) else BEYOND}\n")
            continue
        answered += 1
        if arguments.json:
            out.write(json.dumps(found, ensure_ascii=False) + "\n")
        else:
            writer.writerow(found.values())
    if left_out:
        sys.stderr.write(f"wangge due: rows answered: {answered}, left out: {left_out}\n")
    return 1 if left_out else 0


def _folder(city: str) -> Path:
    """The folder of a city, by its path or its name. Raises ValueError."""
    folder = next((path for path in (Path(city), CITIES / city) if (path / "city.toml").is_file()), None)
    if folder is None:
        known = ", ".join(sorted(path.parent.name for path in CITIES.glob("*/city.toml")))
        raise ValueError(f"there is no city {city}: it wants one of {known}, or a folder with city.toml")
    return folder


def _source(name: str) -> AbstractContextManager[TextIO]:
    """The table; what is not UTF-8 is found where it stands."""
    if name != "-":
        opener = gzip.open if name.endswith(".gz") else open
        return cast(TextIO, opener(name, "rt", encoding="utf-8", errors="surrogateescape", newline=""))
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    return nullcontext(sys.stdin)


def _target(name: str, source: str) -> AbstractContextManager[TextIO]:
    """Where the answers go. Raises ValueError where that is the table itself."""
    if name == "-":
        return nullcontext(sys.stdout)
    path = Path(name)
    if source != "-" and path.exists() and path.samefile(source):
        raise ValueError(f"{name} is the table itself: --out wants another name")
    return cast(TextIO, path.open("w", encoding="utf-8", newline=""))


command = Command(
    name="due",
    help="due times of a list of cases by a city's calendar, with the reason in words",
    add_arguments=_add_arguments,
    run=_run,
)
