"""A CSV table of another system's cases → past cases to learn from; what a row does not say is told by its number."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dispatch.cityfile.faults import Faults
from dispatch.drafts.learn import Past
from gis.problems import FormIncomplete

__all__ = ["Columns", "Names", "read_names", "read_pasts"]

NOTHING = ("", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column says what. `areas`: level → column, coarsest first."""

    category: str
    unit: str
    day: str
    areas: Mapping[str, str]

    @property
    def all(self) -> tuple[str, ...]:
        """Those that the file has to have."""
        return (self.category, self.unit, self.day, *self.areas.values())


@dataclass(frozen=True, slots=True)
class Names:
    """What units were called and when: (name, first day, day after the last, unit). One not listed is its own unit."""

    rows: list[tuple[str, date, date, str]] = field(default_factory=list)

    def unit(self, name: str, day: date) -> str:
        """The unit that bore the name that day."""
        return next((unit for word, start, end, unit in self.rows if word == name and start <= day < end), name)


def read_names(path: Path) -> Names:
    """Columns unit, name, from, until (the first day it is called otherwise; either may be empty).

    Raises FormIncomplete with the first row that cannot be read, or whose name two units bore on one day.
    """
    names = Names()
    for number, row in _rows(path, ("unit", "name", "from", "until"), "utf-8-sig"):
        try:
            start = date.fromisoformat(row["from"]) if row["from"] else date.min
            end = date.fromisoformat(row["until"]) if row["until"] else date.max
        except ValueError as fault:
            raise _refused(path, number, "a day is written YYYY-MM-DD") from fault
        twice = [unit for word, s, e, unit in names.rows if word == row["name"] and s < end and start < e]
        if twice and twice != [row["unit"]]:
            raise _refused(path, number, f"{row['name']} is {twice[0]} then already")
        names.rows.append((row["name"], start, end, row["unit"]))
    return names


def read_pasts(path: Path, columns: Columns, names: Names, *, encoding: str = "utf-8-sig") -> tuple[list[Past], Faults]:
    """Every row that says who did what when, and what the others lack. Raises FormIncomplete as `read_names`."""
    faults = Faults()
    found = []
    for number, row in _rows(path, columns.all, encoding):
        try:
            day = date.fromisoformat(row[columns.day][:10])
        except ValueError:
            faults.warning(path.name, number, f"{columns.day} is no day: {row[columns.day]!r}")
            continue
        missing = [name for name in (columns.category, columns.unit) if row[name] in NOTHING]
        unit = names.unit(row[columns.unit], day)
        if missing or ":" in unit:
            faults.warning(
                path.name, number, f"{missing[0]} is empty" if missing else f"a unit's id has no colon: {unit}"
            )
            continue
        areas = {level: f"{level}:{row[name]}" for level, name in columns.areas.items() if row[name] not in NOTHING}
        found.append(Past(category=row[columns.category], areas=areas, unit=unit, day=day))
    return found, faults


def _rows(path: Path, columns: tuple[str, ...], encoding: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and the columns asked for, of a CSV file or one that is gzipped."""
    try:
        with (
            gzip.open(path, "rt", encoding=encoding, newline="")
            if path.suffix == ".gz"
            else path.open(encoding=encoding, newline="") as file
        ):
            table = csv.DictReader(file)
            lacking = [name for name in columns if name not in (table.fieldnames or ())]
            if lacking:
                raise _refused(path, 1, f"there is no column {', '.join(lacking)}")
            for row in table:
                yield table.line_num, {name: (row[name] or "").strip() for name in columns}
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as fault:
        raise _refused(path, 1, f"it cannot be read as {encoding}: {fault}") from fault


def _refused(path: Path, row: int, reason: str) -> FormIncomplete:
    return FormIncomplete(
        f"{path.name}, row {row}: {reason}; nothing was learnt",
        zh=f"{path.name} 第 {row} 行：{reason}；未生成规则",
        fields={"file": reason},
    )
