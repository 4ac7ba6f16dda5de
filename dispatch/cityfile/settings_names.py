"""city.toml, whose keys are sound by themselves: what one part of it says of another."""

from __future__ import annotations

from typing import Any

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.time_limits import limit_fault, named_classes
from dispatch.clock import TimeClass

__all__ = ["FILE", "check_names"]

FILE = "city.toml"


def check_names(document: dict[str, Any], faults: Faults) -> None:
    """What one part of city.toml says of another."""
    classes = named_classes(document)
    for number, stage in enumerate(document["stages"], start=1):
        if fault := limit_fault(stage["limit"], stage["time_class"], classes):
            faults.error(FILE, None, f"stages {number} ({stage['stage']}): {fault}")
    _check_rework(document["policy"], classes, faults)
    campaigns = document.get("campaigns", [])
    for one in campaigns:
        if one["to"] < one["from"]:
            faults.error(FILE, None, f"campaigns {one['key']}: it ends before it begins")
        if "area" in one and one["area"].partition(":")[0] not in {level["key"] for level in document["levels"]}:
            faults.error(FILE, None, f"campaigns {one['key']}: {one['area']} is of no level")
    for kind, respite in document.get("respites", {}).items():
        _refuse_twice(f"respites.{kind}", [reason["code"] for reason in respite["reasons"]], faults)
    _refuse_twice("campaigns", [one["key"] for one in campaigns], faults)
    _refuse_twice("levels", [level["key"] for level in document["levels"]], faults)
    _refuse_twice("stages", [f"{s['stage']} urgent={s['urgent']}" for s in document["stages"]], faults)
    _refuse_twice("ranking.groups", [group["key"] for group in document["ranking"]["groups"]], faults)


def _check_rework(policy: dict[str, Any], classes: dict[str, TimeClass], faults: Faults) -> None:
    limit, time_class = policy.get("rework_limit"), policy.get("rework_time_class")
    if policy["rework_clock"] == "fixed" and (limit is None or time_class is None):
        faults.error(FILE, None, "policy: rework_clock = fixed wants rework_limit and rework_time_class")
    elif time_class is not None and (fault := limit_fault(limit or 1, time_class, classes)):
        faults.error(FILE, None, f"policy.rework_time_class: {fault}")


def _refuse_twice(what: str, keys: list[str], faults: Faults) -> None:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        faults.error(FILE, None, f"{what}: {key} is given twice")
