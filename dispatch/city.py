"""A city's folder: every fault in it, and into the database whole or not at all (docs/city.md)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.cityfile.check import check_files, unconfirmed
from dispatch.cityfile.faults import Fault, Faults
from dispatch.cityfile.load import Loaded, load_files
from dispatch.cityfile.read import read
from dispatch.cityfile.rows import CityFiles
from dispatch.cityfile.schemes import check_schemes
from dispatch.clock.document import calendar_from
from dispatch.command import Command, print_table
from dispatch.config import settings
from gis import db
from gis.problems import FormIncomplete

__all__ = ["Fault", "Loaded", "check", "check_command", "load", "load_command"]

COLUMNS = ("severity", "file", "row", "reason")
LAST_CALENDARS = "SELECT content, in_force FROM edition WHERE kind = 'calendar' ORDER BY in_force DESC, id DESC LIMIT 2"


def _silent(_: str) -> None:
    """Progress nobody watches."""


def check(folder: Path) -> list[Fault]:
    """Every fault of the folder, errors first; empty if it is well. Needs no database."""
    faults = Faults()
    _read(Path(folder), faults)
    return sorted(faults.found, key=lambda fault: (fault.severity, fault.file, fault.row or 0))


def _read(folder: Path, faults: Faults) -> CityFiles:
    """The folder as read, with all its faults."""
    city = read(folder, faults)
    if check_files(city, faults):
        check_schemes(city, faults)
    return city


def load(folder: Path, *, data: Path | None = None, progress: Callable[[str], None] = _silent) -> Loaded:
    """Take a city in whole or not at all, through `gis.db.write()`; loading again changes only what changed.

    `data`: where the first passwords are written, the product's data folder if not given. Raises FormIncomplete with
    the faults if the folder has errors, Conflict if it contradicts what the database holds.
    """
    progress("check")
    faults = Faults()
    city = _read(Path(folder), faults)
    if errors := faults.errors:
        raise FormIncomplete(
            f"{folder} has {len(errors)} faults and was not loaded; the first: {errors[0]}",
            zh=f"{folder} 有 {len(errors)} 处错误，未载入；第一处：{errors[0]}",
            faults=[asdict(fault) for fault in errors],
        )
    loaded = load_files(city, data=data or settings().data, progress=progress)
    with db.read() as tx:
        _warn_of_years(city, tx, faults)
        if any(name.startswith("calendar ") for name in loaded.editions):
            _warn_of_counted_days(tx, faults)
    loaded.warnings += faults.warnings
    return loaded


def _tell(words: str) -> None:
    sys.stderr.write(f"  {words}\n")
    sys.stderr.flush()


def _warn_of_years(city: CityFiles, tx: db.ReadTx, faults: Faults) -> None:
    """A year with cases whose days off nobody confirmed: their due times may be wrong by a holiday."""
    ((first, last),) = tx.connection.execute("SELECT min(reported_at), max(reported_at) FROM cases").fetchall()
    if first is None:
        return
    zone = ZoneInfo(city.document["time_zone"])
    for year in range(first.astimezone(zone).year, last.astimezone(zone).year + 1):
        if not any(fault.reason.startswith(f"{year} is unconfirmed") for fault in faults.warnings):
            unconfirmed(city, year, faults)


def _warn_of_counted_days(tx: db.ReadTx, faults: Faults) -> None:
    """Days that open cases have used already and that the new calendar counts otherwise than the one before it."""
    found = tx.connection.execute(LAST_CALENDARS).fetchall()
    ((begun,),) = tx.connection.execute("SELECT min(reported_at) FROM cases WHERE next_at IS NOT NULL").fetchall()
    if len(found) < 2 or begun is None:
        return
    (content, day), (content_before, _) = found
    now, before = calendar_from(content), calendar_from(content_before)
    first = begun.astimezone(now.zone).date()
    days = (first + timedelta(days=n) for n in range((day - first).days))
    if other := [str(one) for one in days if now.hours(one) != before.hours(one)]:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        reason = f"calendar: {other[0]}{more}, before its day of force {day}, get other hours than they were counted by"
        faults.warning("city.toml", None, f"{reason}: open deadlines are counted anew from their beginning")


def _add_check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the city's folder, such as data/cities/boston")
    parser.add_argument("--json", action="store_true", help="print the faults as a JSON array")


def _run_check(arguments: Namespace) -> int:
    """0 if there is no error, 1 if there is."""
    if not arguments.folder.is_dir():
        sys.stderr.write(f"wangge city check: {arguments.folder} is not a folder\n")
        return 2
    faults = check(arguments.folder)
    if faults or arguments.json:
        print_table([asdict(fault) for fault in faults], COLUMNS, json=arguments.json)
    errors = sum(fault.severity == "error" for fault in faults)
    sys.stderr.write(f"{arguments.folder}: {errors} errors, {len(faults) - errors} warnings\n")
    return 1 if errors else 0


def _run_load(arguments: Namespace) -> int:
    """0 if the city is in, 1 if its folder has errors."""
    if not arguments.folder.is_dir():
        sys.stderr.write(f"wangge city load: {arguments.folder} is not a folder\n")
        return 2
    try:
        loaded = load(arguments.folder, progress=_tell)
    except FormIncomplete as problem:
        sys.stderr.write(f"{problem}\nwangge city check {arguments.folder} lists them all\n")
        return 1
    for fault in loaded.warnings:
        sys.stderr.write(f"{fault}\n")
    rows = [{"what": what, "count": count} for what, count in sorted(loaded.changes.items())]
    if rows or arguments.json:
        print_table(rows, ("what", "count"), json=arguments.json)
    sys.stderr.write(f"{loaded.city}: version {loaded.version}, {'changed' if rows else 'nothing changed'}\n")
    if loaded.passwords:
        sys.stderr.write(f"First passwords of {loaded.accounts} new accounts: {loaded.passwords}\n")
    return 0


check_command = Command(
    name="check",
    help="list every fault of a city's folder with file, row and reason",
    add_arguments=_add_check_arguments,
    run=_run_check,
    description="Reads a city's folder (docs/city.md) and lists every fault. Needs no database. "
    "Exit code 1 if there is an error.",
)
load_command = Command(
    name="load",
    help="take a city's folder into the database, whole or not at all",
    add_arguments=_add_check_arguments,
    run=_run_load,
    description="Checks a city's folder and takes it in. Loading again changes only what changed; "
    "a changed edition wants a new id.",
)
