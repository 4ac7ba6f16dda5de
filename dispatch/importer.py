"""`wangge import`: open or closed cases of another system, each as one IMPORT step through the one door."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.audit.trail import Kind, record
from dispatch.cases.books import Books, books
from dispatch.cases.imports import Imported, receive_import
from dispatch.cityfile.faults import Fault, Faults
from dispatch.cityfile.read import read_days
from dispatch.clock import Limit, WorkCalendar
from dispatch.clock.document import calendar_from
from dispatch.command import Command, print_table
from dispatch.foreign.figures import Agreement, agreement, computed_due
from dispatch.foreign.mapping import Figure, Mapping, read_mapping
from dispatch.foreign.records import Known, Record, read_records
from dispatch.standard.catalogue import Condition
from gis.db import Tx, read, rows, value, write
from gis.problems import Conflict, FormIncomplete, Problem

__all__ = ["Outcome", "command", "import_cases"]

AT_ONCE = 100  # rows in one transaction: what follows the feed waits for no more than that
TELL_EVERY = 5
Progress = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an import did. `same_flag` of `flagged`: on-time verdicts equal to the other system's own."""

    rows: int = 0
    added: int = 0
    repeated: int = 0
    faults: list[Fault] = field(default_factory=list)
    figures: list[Agreement] = field(default_factory=list)
    flagged: int = 0
    same_flag: int = 0
    without_limit: int = 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A fact's own verdict; None: not disposed, or no limit."""

    report_id: object
    ontime: bool | None
    due_at: datetime | None


VERDICTS = """
    SELECT c.report_id, f.ontime, f.due_at FROM cases c JOIN fact f ON f.case_id = c.id
     WHERE c.report_id = ANY(%(ids)s)
"""


def import_cases(city: str, map_file: Path, table: Path, *, progress: Progress = lambda _: None) -> Outcome:
    """Take a table in: rows that cannot be are listed, the rest goes in, and what is in already is left alone.

    Raises Conflict if the database holds another city, FormIncomplete if mapping or table cannot be read.
    """
    mapping = read_mapping(map_file)
    with read() as tx:
        held = value(tx, "SELECT folder FROM city")
        if held != city:
            raise Conflict(
                f"This database holds {held or 'no city'}, not {city}: wangge city load data/cities/{city}",
                zh=f"此数据库中的城市是 {held or '空'}，不是 {city}",
            )
        law = books(tx)
    faults = Faults()
    records = read_records(table, mapping, _known(law, mapping), faults)
    outcome = Outcome(rows=len(records) + len(faults.found))
    _take_in(records, table, mapping, law, outcome=outcome, faults=faults, progress=progress)
    outcome.figures = [_figure(figure, map_file.parent, records, law, mapping=mapping) for figure in mapping.figures]
    _compare_verdicts(records, outcome)
    outcome.faults = sorted(faults.found, key=lambda fault: fault.row or 0)
    return outcome


def _known(law: Books, mapping: Mapping) -> Known:
    categories = {getattr(row, mapping.category_by): code for code, row in law.catalogue.categories.items()}
    return Known(categories=categories, units=frozenset(law.tree.units), zone=law.zone)


def _take_in(
    records: Sequence[Record],
    table: Path,
    mapping: Mapping,
    law: Books,
    *,
    outcome: Outcome,
    faults: Faults,
    progress: Progress,
) -> None:
    for done, some in enumerate(_batches(records), start=1):
        with write() as tx:
            found = Counter(_one(tx, one, mapping, law, file=table.name, faults=faults) for one in some)
            if found["added"]:
                detail: dict[str, object] = {"system": mapping.system, "added": found["added"]}
                record(tx, Kind.LOAD, object=f"import:{table.name}", detail=detail)
        outcome.added += found["added"]
        outcome.repeated += found["repeated"]
        if done % TELL_EVERY == 0:
            progress(f"{done * AT_ONCE} of {len(records)}")


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + AT_ONCE] for start in range(0, len(records), AT_ONCE))


def _one(tx: Tx, one: Record, mapping: Mapping, law: Books, *, file: str, faults: Faults) -> str:
    """Take one record in, behind a savepoint: what the door refuses leaves the others in."""
    try:
        with tx.connection.transaction():
            return "repeated" if receive_import(tx, imported(one, mapping, law)).repeated else "added"
    except Problem as problem:
        faults.error(file, one.row, problem.title)
        return "refused"


def imported(one: Record, mapping: Mapping, law: Books) -> Imported:
    """A record as the door takes it. Its own target counts where its table has one; else our clock's."""
    first = _first_condition(law, one.category)
    due = one.due_at if one.own_target else computed_due(one, lambda code: limit_of(law, code), law.calendar)
    times = {name: at for name, at in one.times.items() if name not in ("reported_at", "due_at")}
    return Imported(
        id=one.id,
        source=mapping.source,
        public=mapping.public,
        reported_at=one.reported_at,
        closed=one.closed,
        category=one.category,
        lon=one.lon,
        lat=one.lat,
        unit=one.unit,
        description=one.description,
        due_at=due,
        limit_value=first.limit_value if first and due else None,
        time_class=first.time_class if first and due else None,
        **times,
    )


def _first_condition(law: Books, category: str) -> Condition | None:
    """Another system's table names no filing condition: a category's first one."""
    return min(law.catalogue.conditions_of(category), key=lambda condition: condition.no, default=None)


def limit_of(law: Books, category: str) -> Limit | None:
    """The limit of a category's first filing condition."""
    first = _first_condition(law, category)
    if first is None or first.limit_value is None or first.time_class is None:
        return None
    return Limit(first.limit_value, *law.time_class(first.time_class))


def _figure(figure: Figure, folder: Path, records: Sequence[Record], law: Books, *, mapping: Mapping) -> Agreement:
    found = agreement(
        figure.name,
        records,
        lambda code: limit_of(law, code),
        _calendar(folder / figure.calendar, law.zone, law),
        within_seconds=mapping.within_seconds,
    )
    return replace(found, at_least=figure.at_least)


def _calendar(path: Path, zone: ZoneInfo, law: Books) -> WorkCalendar:
    """The city's week and hours with the days of a file."""
    faults = Faults()
    days = read_days(path, faults)
    if faults.found:
        raise FormIncomplete(f"the calendar cannot be read: {faults.found[0]}")
    section = law.city["calendar"]
    return calendar_from(
        {
            "zone": zone.key,
            "week": section["week"],
            "slots": section["slots"],
            "exceptions": {day.day.isoformat(): day.works for day in days},
            "confirmed": section.get("confirmed", []),
        }
    )


def _compare_verdicts(records: Sequence[Record], outcome: Outcome) -> None:
    """Our verdicts as the facts hold them, which rankings read, beside the other system's own."""
    with read() as tx:
        verdicts = {v.report_id: v for v in rows(tx, _Verdict, VERDICTS, ids=[record.id for record in records])}
    for one in records:
        found = verdicts.get(one.id)
        if found is None:
            continue
        outcome.without_limit += found.due_at is None
        if one.on_time is not None and one.due_at is not None:
            outcome.flagged += 1
            outcome.same_flag += found.ontime == one.on_time


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--city", required=True, metavar="NAME", help="the loaded city's folder under data/cities")
    parser.add_argument("--map", required=True, type=Path, metavar="MAP.toml", help="which column says what")
    parser.add_argument("file", type=Path, metavar="FILE", help="the table: CSV, or CSV.gz")
    parser.add_argument("--json", action="store_true", help="print the outcome as a JSON object")


def _run(arguments: Namespace) -> int:
    """0 if every row is in, 1 if some were put aside or a figure falls short, 2 if a file is not there."""
    for path in (arguments.map, arguments.file):
        if not path.is_file():
            sys.stderr.write(f"wangge import: {path} is not a file\n")
            return 2
    outcome = import_cases(arguments.city, arguments.map, arguments.file, progress=_tell)
    if arguments.json:
        document = asdict(outcome) | {"figures": [asdict(f) | {"share": f.share} for f in outcome.figures]}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        _print(outcome)
    short = [figure for figure in outcome.figures if figure.falls_short]
    for figure in short:
        sys.stderr.write(
            f"{figure.name}: {figure.share:.2%} of the due times are equal, {figure.at_least:.2%} wanted\n"
        )
    return 1 if outcome.faults or short else 0


def _print(outcome: Outcome) -> None:
    if outcome.faults:
        print_table([asdict(fault) for fault in outcome.faults], ("file", "row", "reason"))
    lines = [
        ("rows", outcome.rows),
        ("added", outcome.added),
        ("in already", outcome.repeated),
        ("put aside", len(outcome.faults)),
        ("no limit", outcome.without_limit),
        ("on-time flag equal", f"{outcome.same_flag} of {outcome.flagged}"),
        *((f"due time equal, {f.name}", f"{f.agree} of {f.compared}{_percent(f)}") for f in outcome.figures),
    ]
    print_table([{"what": what, "count": count} for what, count in lines], ("what", "count"))


def _percent(figure: Agreement) -> str:
    return "" if figure.share is None else f" = {figure.share:.2%}"


def _tell(words: str) -> None:
    sys.stderr.write(f"  {words}\n")
    sys.stderr.flush()


command = Command(
    name="import",
    help="take past or open cases of another system in, by a mapping file",
    add_arguments=_add_arguments,
    run=_run,
    description="Takes the rows of a CSV table in as cases, each as one step, with the times that are known of it. "
    "Rows that cannot be are listed with their reason; a second import of the same file adds nothing. "
    "docs/city.md describes the mapping file; data/cities/boston/import.toml is an example.",
)
