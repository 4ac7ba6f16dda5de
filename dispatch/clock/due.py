"""`wangge due`: due times for a list of cases, by a city's calendar, without a database."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, TextIO, cast

from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.limits import Limit, Pause, TimeClass, due_at, used
from dispatch.clock.load import calendar_of, time_classes_of
from dispatch.clock.why import why
from dispatch.command import Command

__all__ = ["Answer", "answer", "command"]

CITIES = Path(__file__).resolve().parents[2] / "data" / "cities"
WANTED = ("id", "start", "limit", "time_class")


@dataclass(frozen=True, slots=True)
class Answer:
    """`due`: the city's wall time with offset, empty while a pause is open. `used_seconds`: empty without `until`."""

    id: str
    due: str
    used_seconds: int | None
    why: str


def answer(
    row: Mapping[str, str | None],
    calendar: WorkCalendar,
    classes: Mapping[str, TimeClass],
    language: Literal["zh", "en"],
) -> Answer:
    """The due time of one row. Raises ValueError with the reason if the row cannot be understood."""
    start = _instant(_field(row, "start"), calendar)
    limit = Limit(_number(_field(row, "limit")), *_class(_field(row, "time_class"), classes))
    pauses = tuple(_pauses(row.get("pauses") or "", calendar))
    until = (row.get("until") or "").strip()
    due = due_at(start, limit, calendar, pauses)
    return Answer(
        id=_field(row, "id"),
        due="" if due is None else due.astimezone(calendar.zone).isoformat(),
        used_seconds=_used(start, _instant(until, calendar), limit, calendar, pauses=pauses) if until else None,
        why=why(start, limit, calendar, pauses, language=language),
    )


def _used(start: datetime, until: datetime, limit: Limit, calendar: WorkCalendar, *, pauses: tuple[Pause, ...]) -> int:
    if until < start:
        raise ValueError(f"until {until} lies before the start {start}")
    return int(used(start, until, limit.rule, calendar, pauses).total_seconds())


def _field(row: Mapping[str, str | None], name: str) -> str:
    value = (row.get(name) or "").strip()
    if not value:
        raise ValueError(f"{name} is empty")
    return value


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as fault:
        raise ValueError(f"limit {text} is not a number") from fault


def _class(name: str, classes: Mapping[str, TimeClass]) -> TimeClass:
    try:
        return classes[name]
    except KeyError as fault:
        raise ValueError(f"time class {name} is not one of {', '.join(classes)}") from fault


def _instant(text: str, calendar: WorkCalendar) -> datetime:
    """Local wall time of the city, or with an offset of its own."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        return at
    return datetime.fromtimestamp(calendar.instant(at.date(), at.time()), UTC)


def _pauses(text: str, calendar: WorkCalendar) -> Iterator[Pause]:
    for part in filter(None, (part.strip() for part in text.split(";"))):
        start, slash, end = part.partition("/")
        if not slash or "/" in end:
            raise ValueError(f"pause {part} is not start/end")
        yield Pause(_instant(start.strip(), calendar), _instant(end.strip(), calendar) if end.strip() else None)


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
    """0 if every row was answered, 1 if some were left out (named on standard error), 2 if nothing could be read."""
    folder = Path(arguments.city) if Path(arguments.city).is_dir() else CITIES / arguments.city
    try:
        calendar, classes = calendar_of(folder), time_classes_of(folder)
        with _opened(arguments.source, "r", sys.stdin) as source, _opened(arguments.out, "w", sys.stdout) as out:
            return _answer_all(source, out, arguments, calendar=calendar, classes=classes)
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"wangge due: {fault}\n")
        return 2


def _answer_all(
    source: TextIO,
    out: TextIO,
    arguments: argparse.Namespace,
    *,
    calendar: WorkCalendar,
    classes: Mapping[str, TimeClass],
) -> int:
    rows = csv.DictReader(source)
    if missing := [name for name in WANTED if name not in (rows.fieldnames or ())]:
        raise ValueError(f"{arguments.source} has no column {', '.join(missing)}")
    writer = csv.writer(out, lineterminator="\n")
    if not arguments.json:
        writer.writerow(Answer.__dataclass_fields__)
    failed = 0
    for number, row in enumerate(rows, start=2):
        try:
            found = asdict(answer(row, calendar, classes, arguments.language))
        except ValueError as fault:
            failed = 1
            sys.stderr.write(f"row {number}: {fault}\n")
            continue
        if arguments.json:
            out.write(json.dumps(found, ensure_ascii=False) + "\n")
        else:
            writer.writerow(found.values())
    return failed


def _opened(name: str, mode: str, standard: TextIO) -> AbstractContextManager[TextIO]:
    if name == "-":
        return nullcontext(standard)
    encoding = "utf-8-sig" if mode == "r" else "utf-8"
    return cast(TextIO, Path(name).open(mode, encoding=encoding, newline=""))


command = Command(
    name="due",
    help="due times of a list of cases by a city's calendar, with the reason in words",
    add_arguments=_add_arguments,
    run=_run,
)
