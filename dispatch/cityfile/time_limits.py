"""`limits.csv` and every other limit of a city: read, and checked among each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles, LimitRowOfFile
from dispatch.clock import TimeClass
from dispatch.clock.keyed import Beginning, LimitRow, LimitTable, limit_table_of, rivals
from dispatch.clock.load import time_classes_from
from dispatch.clock.season import days_told_apart, season_of
from dispatch.lifecycle.states import ClockKind

__all__ = ["UNKNOWN_AT", "check_limits", "limit_fault", "limits_document", "named_classes", "read_limit"]

FILE = "limits.csv"
STAGES = frozenset(ClockKind) - {ClockKind.ASSIST}  # who assists has the lead's limit, or the rule's own
TIERS = range(1, 4)
# What is not known yet when the clock of such a stage begins: a row that asked for it would never hold.
UNKNOWN_AT = dict.fromkeys((ClockKind.ACCEPT, ClockKind.VERIFY, ClockKind.FILE), ("condition", "tier"))
# The stages that every case goes through; the disposal has its limit from the filing condition.
EACH_CASES = ("accept", "verify", "file", "dispatch", "sign", "send_check", "check", "close")
NEVER_CALM = frozenset({ClockKind.CORDON})  # runs in dangerous cases alone


def named_classes(document: Mapping[str, Any]) -> dict[str, TimeClass]:
    """The time classes that a sound city.toml names, and the rules that are such by themselves."""
    return time_classes_from(document["time_classes"])


def limit_fault(value: object, name: str, classes: Mapping[str, TimeClass]) -> str | None:
    """What is wrong with a limit of `value`, a number, in the time class of that name; None: nothing."""
    if name not in classes:
        return f"unknown time class {name}"
    if not classes[name].takes(Decimal(str(value))):
        return f"limit {value}: time class {name} counts whole days, from 1 up"
    return None


def read_limit(cells: Cells) -> LimitRowOfFile | None:
    """A row of `limits.csv`; what it does not ask for is left out."""
    limit = cells.limit("limit")
    if limit is None and cells.good:
        cells.fault("limit is empty: a row that gives no limit gives nothing")
    said: dict[str, Any] = {"no": cells.needed("no"), "stage": cells.text("stage") or ClockKind.DISPOSE.value}
    said |= {"limit": str(limit), "time_class": cells.needed("time_class")}
    said |= {key: text for key in ("class", "category", "catalogue", "source") if (text := cells.text(key))}
    for key, allowed in (("condition", range(1, 1000)), ("area_class", TIERS), ("tier", TIERS)):
        if (number := cells.whole_or_none(key, allowed)) is not None:
            said[key] = number
    if cells.text("from") or cells.text("until"):
        said |= {"from": cells.text("from"), "until": cells.text("until")}
        if season_of(said["from"], said["until"]) is None:
            cells.fault("season: from and until are both MM-DD or both YYYY-MM-DD, the first before the last")
    if cells.truth("urgent"):
        said["urgent"] = True
    return LimitRowOfFile(row=cells.row, said=said) if cells.good else None


def limits_document(city: CityFiles) -> list[dict[str, Any]]:
    """The edition of the limits: the stages of city.toml, then the rows of `limits.csv`."""
    return [*city.document["stages"], *(row.said for row in city.limits)]


def check_limits(city: CityFiles, faults: Faults) -> None:
    """Rows that ask for what there is, no two that decide alike, and no class left without what others have."""
    stages = {row["stage"] for row in limits_document(city)}
    for stage in (stage for stage in EACH_CASES if stage not in stages):
        faults.warning("city.toml", None, f"no limit of the stage {stage}: its clock never runs")
    if city.limits:
        _check_file(city, faults)


def _check_file(city: CityFiles, faults: Faults) -> None:
    before = len(faults.errors)
    classes, known = named_classes(city.document), _known(city)
    for row in city.limits:
        for reason in (*_row_faults(row.said, known), limit_fault(row.said["limit"], row.said["time_class"], classes)):
            if reason:
                faults.error(FILE, row.row, f"{row.said['no']}: {reason}")
    if len(faults.errors) > before:
        return
    table = limit_table_of(limits_document(city), classes)
    lines = {row.said["no"]: row.row for row in city.limits}
    if len(table.by_no) < len(table.rows):
        numbers = [row.no for row in table.rows]
        twice = sorted({no for no in numbers if numbers.count(no) > 1})
        faults.error(FILE, lines[twice[0]], f"{twice[0]} is given twice")
    for one, other in rivals(table.rows):
        both = f"{one.no} and {other.no} ask for the same and may both hold: nothing tells which of them counts"
        faults.error(FILE, lines.get(other.no) or lines.get(one.no), both)
    for line, reason in _left_out(city, table, lines):
        faults.error(FILE, line, reason)


def _known(city: CityFiles) -> dict[str, frozenset[Any]]:
    """What the city has of each key; of `condition` pairs with the category."""
    return {
        "stage": frozenset(kind.value for kind in STAGES),
        "category": frozenset(row.code for row in city.categories),
        "class": frozenset(f"{row.kind}:{row.class_code}" for row in city.categories),
        "area_class": _area_classes(city),
        "tier": frozenset(unit.tier for unit in city.units),
        "condition": frozenset((row.category, row.no) for row in city.conditions),
        "catalogue": frozenset({city.document["editions"]["catalogue"]["id"]}),
    }


def _area_classes(city: CityFiles) -> frozenset[int | None]:
    """Those of the unit grids, each with its own or that of the nearest area above."""
    above: dict[str, int | None] = {}
    for level in city.areas.values():
        above = {area.code: area.area_class or above.get(area.parent) for area in level}
    return frozenset(above.values())


def _row_faults(said: Mapping[str, Any], known: Mapping[str, frozenset[Any]]) -> Iterator[str]:
    if said["stage"] not in known["stage"]:
        yield f"unknown stage {said['stage']}"
    of_another = "catalogue" in said and said["catalogue"] not in known["catalogue"]
    for key in ("area_class", "tier", *(() if of_another else ("category", "class"))):
        if key in said and said[key] not in known[key]:
            yield f"unknown {key} {said[key]}: nothing in this city has it"
    if "condition" in said and "category" not in said:
        yield "a condition wants its category"
    elif "condition" in said and not of_another and (said["category"], said["condition"]) not in known["condition"]:
        yield f"{said['category']} has no filing condition {said['condition']}"
    for key in UNKNOWN_AT.get(said["stage"], ()):
        if key in said:
            yield f"{key} is not known yet when {said['stage']} begins"


def _left_out(city: CityFiles, table: LimitTable, lines: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Of each stage that the file sets limits of: a class that one place, unit or day leaves without any."""
    for stage in sorted({row.said["stage"] for row in city.limits}):
        rows = [row for row in table.rows if row.stage == stage]
        cells = list(_cells(city, stage, rows))
        found: dict[str, str] = {}
        for category, condition in _asked_for(city, stage):
            key = f"{category.kind}:{category.class_code}"
            about = {"class_code": key, "category": category.code, "condition": condition}
            given = [table.of(Beginning(stage=stage, **about, **cell)) for cell in cells]
            # A filing condition without a limit says that there is none, unless the file says otherwise.
            if None in given and (stage != ClockKind.DISPOSE or any(given)):
                found.setdefault(key, f"{category.code}{_said(cells[given.index(None)])}")
        for key, where in found.items():
            yield lines[rows[0].no], f"class {key} is left without a limit of {stage}: {where}"


def _asked_for(city: CityFiles, stage: str) -> Iterator[tuple[Any, int | None]]:
    """The categories and conditions whose limit of the stage is the table's alone."""
    categories = {row.code: row for row in city.categories}
    if stage == ClockKind.DISPOSE:
        unlimited = (row for row in city.conditions if row.limit is None and row.category in categories)
        yield from ((categories[row.category], row.no) for row in unlimited)
    elif stage in UNKNOWN_AT:
        yield from ((category, None) for category in city.categories)
    else:
        filed = (row for row in city.conditions if row.category in categories)
        yield from ((categories[row.category], row.no) for row in filed)


def _cells(city: CityFiles, stage: str, rows: Sequence[LimitRow]) -> Iterator[dict[str, Any]]:
    """Every other thing a clock may be asked about that these rows tell apart."""
    known = _known(city)
    classes = known["area_class"] if any(row.area_class for row in rows) else {None}
    tiers = known["tier"] if any(row.tier for row in rows) else {None}
    days = days_told_apart(row.season for row in rows if row.season is not None)
    catalogue = city.document["editions"]["catalogue"]["id"]
    urgent = (True,) if stage in NEVER_CALM else (False, True)
    for area_class, tier, day, hurry in product(sorted(classes, key=str), sorted(tiers, key=str), sorted(days), urgent):
        yield {"area_class": area_class, "tier": tier, "day": day, "urgent": hurry, "catalogue": catalogue}


def _said(cell: Mapping[str, Any]) -> str:
    where = "" if cell["area_class"] is None else f", area class {cell['area_class']}"
    whose = "" if cell["tier"] is None else f", tier {cell['tier']}"
    return f"{where}{whose}, on {cell['day']}{', urgent' if cell['urgent'] else ''}"
