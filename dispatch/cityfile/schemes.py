"""A city's own schemes of score, checked against its groups and units."""

from __future__ import annotations

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles
from dispatch.evaluation.scheme import Scheme, SchemeFault, contracts_of, schemes_of, standard_schemes

__all__ = ["check_schemes"]

FILE = "schemes.toml"


def check_schemes(city: CityFiles, faults: Faults) -> None:
    """Every scheme that does not hold, and every stranger it names; a city may have no schemes of its own."""
    edition = city.document["editions"].get("schemes")
    if (edition is None) == bool(city.schemes):
        missing = (
            "city.toml [editions] schemes does not say which they are" if edition is None else "the file is missing"
        )
        faults.error(FILE, None, missing)
        return
    if edition is None:
        return
    unsaid = {"edition": edition["id"], "in_force": edition["in_force"]}
    try:
        schemes = schemes_of({**unsaid, **city.schemes}, standard_schemes())
        contracts = contracts_of(city.schemes, schemes)
    except SchemeFault as wrong:
        for reason in wrong.faults:
            faults.error(FILE, None, reason)
        return
    groups = {group["key"] for group in city.document["ranking"]["groups"]}
    units = {unit.id for unit in city.units}
    for scheme in schemes.values():
        _check_strangers(scheme, groups, units, faults)
    for contract in contracts:
        if contract.unit not in units:
            faults.error(FILE, None, f"contract {contract.no}: {contract.unit} is a stranger to units.csv")


def _check_strangers(scheme: Scheme, groups: set[str], units: set[str], faults: Faults) -> None:
    for group in scheme.groups:
        if group not in groups:
            faults.error(FILE, None, f"scheme {scheme.key}: group {group} is a stranger to city.toml [ranking] groups")
    for one in scheme.leave_out:
        if one.unit not in units:
            faults.error(FILE, None, f"scheme {scheme.key}: leave_out {one.unit} is a stranger to units.csv")
