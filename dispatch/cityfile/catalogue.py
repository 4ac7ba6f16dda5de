"""Checks of the catalogue: categories, filing conditions, limits."""

from __future__ import annotations

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, ConditionRow
from dispatch.cityfile.time_limits import limit_fault, named_classes
from dispatch.clock import TimeClass

__all__ = ["OWNER", "check_catalogue"]

CATEGORIES = "catalogue/categories.csv"
CONDITIONS = "catalogue/conditions.csv"
OWNER = "asset_owner"  # whoever owns the component: no unit of its own


def check_catalogue(city: CityFiles, faults: Faults) -> None:
    """Codes once each, a limit for every category, a responsible type that somebody answers for."""
    codes: set[str] = set()
    limited = {row.category for row in city.conditions}
    answered = {kind for unit in city.units for kind in unit.types} | {OWNER}
    for row in city.categories:
        if row.code in codes:
            faults.error(CATEGORIES, row.row, f"category code {row.code} is given twice")
        codes.add(row.code)
        if row.code not in limited:
            faults.error(
                CATEGORIES,
                row.row,
                f"category {row.code} is without limit: no filing condition names it (one with an empty limit says "
                "that there is none)",
            )
        if not row.types:
            faults.error(CATEGORIES, row.row, f"category {row.code} has no responsible type")
        for kind in row.types:
            if kind not in answered:
                faults.error(CATEGORIES, row.row, f"no unit answers for the responsible type {kind}")
    _check_conditions(city, codes, faults)


def _check_conditions(city: CityFiles, codes: set[str], faults: Faults) -> None:
    classes = named_classes(city.document)
    seen: set[tuple[str, int]] = set()
    for row in city.conditions:
        if row.category not in codes:
            faults.error(CONDITIONS, row.row, f"unknown category {row.category}")
        if (row.category, row.no) in seen:
            faults.error(CONDITIONS, row.row, f"condition {row.no} of {row.category} is given twice")
        seen.add((row.category, row.no))
        _check_limit(row, classes, faults)


def _check_limit(row: ConditionRow, classes: dict[str, TimeClass], faults: Faults) -> None:
    if row.time_class and (fault := limit_fault(row.limit or 1, row.time_class, classes)):
        faults.error(CONDITIONS, row.row, fault)
    if row.limit is not None and not row.time_class:
        faults.error(CONDITIONS, row.row, f"limit {row.limit} has no time class")
    if row.limit is None and row.time_class:
        faults.error(CONDITIONS, row.row, f"time class {row.time_class} without limit")
