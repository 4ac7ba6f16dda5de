"""The duty roster of Binhe: day and night, every unit, with the week of the National Day as a plan of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from units import Unit

__all__ = ["ROSTER_COLUMNS", "roster_rows", "roster_staff"]

ROSTER_COLUMNS = "unit post plan from until days hours turn people"
NIGHTS = 3  # people of each unit who take turns at night and on days off
HEADS = 2
FROM = "2026-01-01"
PLANS = (("国庆节", "2026-10-01", "2026-10-07"), ("元旦", "2027-01-01", "2027-01-01"))
CENTRE = "centre"


def roster_staff(units: Sequence[Unit]) -> Iterator[tuple[str, str, str]]:
    """Login, unit and role of those who are there for the roster only. The centre has people enough."""
    for unit in units:
        if unit.id != CENTRE:
            role = "platform" if unit.platform == "yes" else "department"
            yield from ((login, unit.id, role) for login in (*_nights(unit), *_heads(unit)))


def roster_rows(units: Sequence[Unit]) -> list[list[str]]:
    """Rows of roster.csv."""
    rows = [row for unit in units for row in (_centre() if unit.id == CENTRE else _unit(unit))]
    return [list(row) for row in rows]


def _nights(unit: Unit) -> list[str]:
    return [f"{unit.id}-n{number}" for number in range(1, NIGHTS + 1)]


def _heads(unit: Unit) -> list[str]:
    return [f"{unit.id}-h{number}" for number in range(1, HEADS + 1)]


def _unit(unit: Unit) -> Iterator[tuple[str, ...]]:
    yield from _posts(unit.id, day=[unit.id], night=_nights(unit), heads=_heads(unit))


def _centre() -> Iterator[tuple[str, ...]]:
    day, night = ["disp1", "disp2", "disp3"], ["disp4", "disp5", "disp6"]
    yield from _posts(CENTRE, day=day, night=night, heads=["lead1", "lead2", "lead3", "lead4"])
    yield (CENTRE, "leader", "", FROM, "", "all", "08:00-08:00", "1", "leader1;leader2")


def _posts(unit: str, *, day: list[str], night: list[str], heads: list[str]) -> Iterator[tuple[str, ...]]:
    """By day whose desk it is, on days off and at night those who take turns: never one person day and night."""
    off, nights = ";".join([*night[1:], night[0]]), ";".join(night)
    yield (unit, "duty", "", FROM, "", "work", "08:00-18:00", "1", ";".join(day))
    yield (unit, "duty", "", FROM, "", "off", "08:00-18:00", "1", off)
    yield (unit, "duty", "", FROM, "", "all", "18:00-08:00", "1", nights)
    yield (unit, "head", "", FROM, "", "all", "08:00-08:00", "7", ";".join(heads))
    for name, first, last in PLANS:
        yield (unit, "duty", name, first, last, "all", "08:00-20:00", "1", off)
        yield (unit, "duty", name, first, last, "all", "20:00-08:00", "1", nights)
        yield (unit, "head", name, first, last, "all", "08:00-08:00", "1", ";".join(heads))
