"""Codes of unit grids and components: made, taken apart and held against their layout.

A city's layouts are data (`city.toml`: `levels[].code`, `component_code.pattern`); only the makers below follow the
Chinese ones: GB/T 30428.1 for grids (15 digits) and CJ/T 214 / GB/T 30428.2 for components (16 digits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["ComponentCode", "GridCode", "component_code", "fault_of", "grid_code", "layouts_of"]

GRID = re.compile(r"(\d{6})(\d{3})(\d{3})(\d{3})", re.ASCII)
COMPONENT = re.compile(r"(\d{6})(\d{2})(\d{2})(\d{6})", re.ASCII)


class GridCode(NamedTuple):
    """A unit grid's code: district 6, street 3, community 3, number 3 digits (001 up, never used again)."""

    district: str
    street: str
    community: str
    number: int

    def __str__(self) -> str:
        return f"{self.district}{self.street}{self.community}{self.number:03d}"

    @property
    def parent(self) -> str:
        """The community's code, 12 digits."""
        return self.district + self.street + self.community


class ComponentCode(NamedTuple):
    """A component's code: district 6, class 2, subclass 2, number 6 digits (000001 up, never used again)."""

    district: str
    class_code: str
    subclass: str
    number: int

    def __str__(self) -> str:
        return f"{self.district}{self.class_code}{self.subclass}{self.number:06d}"


def grid_code(code: str | GridCode) -> GridCode:
    """Take a grid's code apart, or look over one that is put together. Raises ValueError with the reason."""
    district, street, community, number = _parts(GRID, str(code), "a unit grid's code has 15 digits: 6 + 3 + 3 + 3")
    return GridCode(district, street, community, _number(number, str(code)))


def component_code(code: str | ComponentCode) -> ComponentCode:
    """Take a component's code apart, or look over one that is put together. Raises ValueError with the reason."""
    district, class_code, subclass, number = _parts(
        COMPONENT, str(code), "a component's code has 16 digits: 6 + 2 + 2 + 6"
    )
    return ComponentCode(district, class_code, subclass, _number(number, str(code)))


def _parts(layout: re.Pattern[str], code: str, words: str) -> tuple[str, ...]:
    found = layout.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r}: {words}")
    return found.groups()


def _number(digits: str, code: str) -> int:
    if int(digits) == 0:
        raise ValueError(f"{code!r}: numbers begin at 1")
    return int(digits)


class Layout(NamedTuple):
    """What codes of one level look like; `prefix`: they begin with their parent's."""

    pattern: str
    prefix: bool = False


def layouts_of(city: Mapping[str, Any]) -> dict[str, Layout]:
    """The layouts of a `city.toml`: level key → layout, and "component" if the city has component codes."""
    found = {level["key"]: Layout(level["code"], bool(level.get("prefix"))) for level in city["levels"]}
    pattern = city.get("component_code", {}).get("pattern")
    return found | ({"component": Layout(pattern)} if pattern else {})


def fault_of(code: str, layout: Layout, *, parent: str | None = None) -> str | None:
    """Why a code breaks its layout, or None."""
    if not _compiled(layout.pattern).fullmatch(code):
        return f"{code!r} is not {layout.pattern}"
    if layout.prefix and parent and not code.startswith(parent):
        return f"{code!r} does not begin with its parent's {parent!r}"
    return None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)
