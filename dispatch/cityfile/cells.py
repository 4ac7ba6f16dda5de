"""One CSV row or feature's properties, read cell by cell; a cell that cannot be read is a fault with its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from dispatch.cityfile.faults import Faults

__all__ = ["Cells"]

YES_NO = {"yes": True, "no": False, "": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(slots=True)
class Cells:
    """Typed look at one row; `good` turns False with the first fault."""

    file: str
    row: int
    values: Mapping[str, Any]
    faults: Faults
    good: bool = True

    def fault(self, reason: str) -> None:
        self.good = False
        self.faults.error(self.file, self.row, reason)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value).strip()

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            self.fault(f"{name} is empty")
        return value

    def several(self, name: str) -> tuple[str, ...]:
        """The values of a cell that `;` separates."""
        return tuple(part.strip() for part in self.text(name).split(";") if part.strip())

    def truth(self, name: str) -> bool:
        value = self.text(name).lower()
        if value not in YES_NO:
            self.fault(f"{name} is {value}: it wants yes or no")
        return YES_NO.get(value, False)

    def whole(self, name: str, allowed: range) -> int:
        value = self.text(name)
        if not value.isascii() or not value.isdigit() or int(value) not in allowed:
            self.fault(f"{name} is {value or 'empty'}: it wants a whole number from {allowed[0]} to {allowed[-1]}")
            return allowed[0]
        return int(value)

    def whole_or_none(self, name: str, allowed: range) -> int | None:
        return self.whole(name, allowed) if self.text(name) else None

    def degrees(self, name: str, most: int) -> float:
        try:
            value = float(self.text(name))
        except ValueError:
            value = float("nan")
        if not isfinite(value) or abs(value) > most:
            self.fault(f"{name} is {self.text(name) or 'empty'}: it wants degrees between -{most} and {most}")
            return 0.0
        return value

    def metres_or_none(self, name: str) -> float | None:
        """A length from 0 up; empty means None."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value) or value < 0:
            self.fault(f"{name} is {text}: it wants metres, 0 or more")
            return None
        return value

    def limit(self, name: str) -> Decimal | None:
        """A limit; empty means none."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value <= 0:
            self.fault(f"{name} is {text}: it wants a number above 0, or nothing for no limit")
            return None
        return value

    def day(self, name: str) -> date | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fault(f"{name} is {text}: it wants a day as YYYY-MM-DD")
            return None
