"""All checks of a folder that was read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dispatch.cityfile.answers import check_answers, check_rules
from dispatch.cityfile.catalogue import check_catalogue
from dispatch.cityfile.editions import calendar_document
from dispatch.cityfile.emergency import check_emergency
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.ladders import check_ladders
from dispatch.cityfile.places import check_components, check_places
from dispatch.cityfile.roster import check_roster
from dispatch.cityfile.rows import CityFiles
from dispatch.cityfile.settings import check_document
from dispatch.cityfile.spots import check_spots
from dispatch.cityfile.staff import check_staff
from dispatch.cityfile.terminals import check_terminals
from dispatch.cityfile.time_limits import check_limits
from dispatch.clock.document import check_calendar

__all__ = ["check_files", "unconfirmed"]


def check_files(city: CityFiles, faults: Faults) -> bool:
    """Every fault the rows have, alone and among each other. Without a sound city.toml nothing else has a meaning:
    False."""
    if not check_document(city.document, faults):
        return False
    _check_calendar(city, faults)
    _check_days_of_force(city, faults)
    check_catalogue(city, faults)
    check_places(city, faults)
    check_components(city, faults)
    check_spots(city, faults)
    check_staff(city, faults)
    check_roster(city, faults)
    check_ladders(city, faults)
    check_terminals(city, faults)
    check_emergency(city, faults)
    check_rules(city, faults)
    check_limits(city, faults)
    check_answers(city, faults)
    return True


def _check_calendar(city: CityFiles, faults: Faults) -> None:
    seen = set()
    for row in city.days:
        if row.day in seen:
            faults.error("calendar.csv", row.row, f"{row.day} is given twice")
        seen.add(row.day)
    try:
        since = date.fromisoformat(str(city.document["editions"]["calendar"]["in_force"]))
        check_calendar(calendar_document(city), since)
    except ValueError as fault:
        faults.error("city.toml", None, f"calendar: {fault}")
    this = datetime.now(UTC).astimezone(ZoneInfo(city.document["time_zone"])).year
    for year in (this, this + 1):
        unconfirmed(city, year, faults)


def unconfirmed(city: CityFiles, year: int, faults: Faults) -> None:
    """Warn of a year whose days off rest on no official notice."""
    if year not in city.document["calendar"].get("confirmed", []):
        faults.warning(
            "calendar.csv", None, f"{year} is unconfirmed: no official notice of its days off ([calendar] confirmed)"
        )


def _check_days_of_force(city: CityFiles, faults: Faults) -> None:
    """rules.toml and schemes.toml say themselves which edition they are; the two must not part."""
    for kind, document in (("rules", city.rules), ("schemes", city.schemes)):
        edition = city.document["editions"].get(kind)
        if edition is None or not document:
            continue
        for key, said in (("edition", edition["id"]), ("in_force", edition["in_force"])):
            if document.get(key, said) != said:
                reason = f"{key} is {document[key]}, but city.toml [editions] {kind} says {said}"
                faults.error(f"{kind}.toml", None, reason)
