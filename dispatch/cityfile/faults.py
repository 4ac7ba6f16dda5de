"""What is wrong in a city's folder: file, row, reason."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Fault", "Faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `row`: line of a CSV or TOML file, number of a GeoJSON feature (from 1); None: the file as a whole.

    `severity`: an `error` keeps the city out, a `warning` does not.
    """

    file: str
    row: int | None
    reason: str
    severity: str = "error"

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        return f"{place}: {self.severity}: {self.reason}"


@dataclass(slots=True)
class Faults:
    """Collects faults while a folder is read and checked."""

    found: list[Fault] = field(default_factory=list)

    def error(self, file: str, row: int | None, reason: str) -> None:
        self.found.append(Fault(file, row, reason))

    def warning(self, file: str, row: int | None, reason: str) -> None:
        self.found.append(Fault(file, row, reason, "warning"))

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.found if fault.severity == "error"]

    @property
    def warnings(self) -> list[Fault]:
        return [fault for fault in self.found if fault.severity == "warning"]
