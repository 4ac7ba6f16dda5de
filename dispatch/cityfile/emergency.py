"""`teams.csv` and `spares.csv`: who comes in an emergency, and which parts are kept where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shapely.geometry import Point

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.load_places import storer
from dispatch.cityfile.roster import days_of, hours_of
from dispatch.cityfile.rows import CityFiles, SpareRow, TeamRow
from dispatch.emergency.store import MOST
from dispatch.people.reach import FORMS
from dispatch.secrets import conceal, new_key, reveal
from gis.db import Tx, execute, execute_many

__all__ = [
    "OF_SPARES", "OF_TEAMS", "SPARES", "TEAMS", "check_emergency", "load_emergency", "read_spare", "read_team"
]  # fmt: skip

TEAMS, SPARES = "teams.csv", "spares.csv"
OF_TEAMS = ("id", "unit", "name", "members", "phone", "classes", "lon", "lat", "days", "hours")
OF_SPARES = ("id", "category", "unit", "name", "depot", "stock", "low")
TEAM = """
    INSERT INTO team (id, unit_id, name, name_en, members, skills, skills_en, classes, geom, days, starts, ends, key,
                      phone, vehicles, vehicles_en)
    VALUES (%(id)s, %(unit)s, %(name)s, %(name_en)s, %(members)s, %(skills)s, %(skills_en)s, %(classes)s,
            ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490), %(days)s, %(starts)s, %(ends)s, %(key)s, %(sealed)s,
            %(vehicles)s, %(vehicles_en)s)
"""
KNOWN_TEAMS = """
    SELECT key, phone, id, unit_id, name, name_en, members, skills, skills_en, classes, ST_X(geom), ST_Y(geom), days,
           starts, ends, vehicles, vehicles_en
      FROM team
"""
SAID = ("id", "unit", "name", "name_en", "members", "skills", "skills_en", "classes", "lon", "lat", "days", "starts",
        "ends", "vehicles", "vehicles_en")  # fmt: skip
SPARE = """
    INSERT INTO spare (id, unit_id, category, name, name_en, depot, depot_en, low)
    VALUES (%(id)s, %(unit)s, %(category)s, %(name)s, %(name_en)s, %(depot)s, %(depot_en)s, %(low)s)
    ON CONFLICT (id) DO UPDATE SET unit_id = excluded.unit_id, category = excluded.category, name = excluded.name,
       name_en = excluded.name_en, depot = excluded.depot, depot_en = excluded.depot_en, low = excluded.low,
       listed = true
"""
KNOWN_SPARES = "SELECT id, unit_id, category, name, name_en, depot, depot_en, low, listed FROM spare"
KEPT = ("id", "unit", "category", "name", "name_en", "depot", "depot_en", "low")
# What is there when the ledger begins; later loads say nothing of it.
FIRST = """
    INSERT INTO stock_movement (spare_id, kind, quantity, at) VALUES (%(id)s, 'received', %(stock)s, %(at)s)
"""


def read_team(cells: Cells) -> TeamRow | None:
    """One team; None, with its faults, if it cannot be read."""
    (starts, ends), phone = hours_of(cells), cells.needed("phone")
    if phone and not FORMS["phone"].fullmatch(phone):
        cells.fault("phone is none: it wants 5 to 15 digits")
    row = TeamRow(
        row=cells.row,
        id=cells.needed("id"),
        unit=cells.needed("unit"),
        name=cells.needed("name"),
        name_en=cells.text("name_en"),
        members=cells.whole("members", range(1, 10_000)),
        phone=phone,
        skills=cells.text("skills"),
        skills_en=cells.text("skills_en"),
        classes=cells.several("classes"),
        lon=cells.degrees("lon", 180),
        lat=cells.degrees("lat", 90),
        days=days_of(cells),
        starts=starts,
        ends=ends,
        vehicles=cells.text("vehicles"),
        vehicles_en=cells.text("vehicles_en"),
    )
    return row if cells.good else None


def read_spare(cells: Cells) -> SpareRow | None:
    """One part at one unit's depot."""
    row = SpareRow(
        row=cells.row,
        id=cells.needed("id"),
        category=cells.needed("category"),
        unit=cells.needed("unit"),
        name=cells.needed("name"),
        name_en=cells.text("name_en"),
        depot=cells.needed("depot"),
        depot_en=cells.text("depot_en"),
        stock=cells.whole("stock", range(MOST + 1)),
        low=cells.whole("low", range(MOST + 1)),
    )
    return row if cells.good else None


def check_emergency(city: CityFiles, faults: Faults) -> None:
    """Ids once, units there are; classes and subclasses of the catalogue, parts of components only."""
    _check_rows(city, TEAMS, city.teams, faults)
    _check_rows(city, SPARES, city.spares, faults)
    classes = {f"{row.kind}:{row.class_code}" for row in city.categories}
    for team in city.teams:
        if not team.classes:
            faults.error(TEAMS, team.row, f"{team.id} answers no class")
        for code in sorted(set(team.classes) - classes):
            faults.error(TEAMS, team.row, f"unknown class {code}: it wants kind:class")
    components = {row.code for row in city.categories if row.kind == "component"}
    for part in city.spares:
        if part.category not in components:
            faults.error(SPARES, part.row, f"unknown component subclass {part.category}")


def _check_rows(city: CityFiles, file: str, rows: Sequence[TeamRow | SpareRow], faults: Faults) -> None:
    units, counts = {row.id for row in city.units}, Counter(row.id for row in rows)
    for row in rows:
        if counts[row.id] > 1:
            faults.error(file, row.row, f"{row.id} is given twice")
        if row.unit not in units:
            faults.error(file, row.row, f"unknown unit {row.unit}")


def load_emergency(tx: Tx, city: CityFiles) -> Counter[str]:
    """Teams all anew if anything differs; parts altered in place, for the ledger points to them."""
    return _load_teams(tx, city) + _load_spares(tx, city)


def _load_teams(tx: Tx, city: CityFiles) -> Counter[str]:
    store = storer(city)
    wanted = []
    for row in city.teams:
        at = store(Point(row.lon, row.lat))
        said = {name: getattr(row, name) for name in SAID} | {"classes": list(row.classes), "lon": at.x, "lat": at.y}
        wanted.append((said, row.phone))
    known = {found[2]: (dict(zip(SAID, found[2:], strict=True)), reveal(found[0], found[1])) for found in
             tx.connection.execute(KNOWN_TEAMS)}  # fmt: skip
    if known == {said["id"]: (said, phone) for said, phone in wanted}:
        return Counter()
    execute(tx, "DELETE FROM team")
    execute_many(tx, TEAM, [_sealed(said, phone) for said, phone in wanted])
    return Counter(teams=len(wanted) or 1)


def _sealed(said: dict[str, Any], phone: str) -> dict[str, Any]:
    key = new_key()
    return said | {"key": key, "sealed": conceal(key, phone)}


def _load_spares(tx: Tx, city: CityFiles) -> Counter[str]:
    known = {row[0]: row for row in tx.connection.execute(KNOWN_SPARES)}
    wanted = {row.id: tuple(getattr(row, name) for name in KEPT) for row in city.spares}
    fresh = [row for row in city.spares if known.get(row.id) != (*wanted[row.id], True)]
    execute_many(tx, SPARE, [dict(zip(KEPT, wanted[row.id], strict=True)) for row in fresh])
    begun = [row for row in fresh if row.id not in known and row.stock]
    execute_many(tx, FIRST, [{"id": row.id, "stock": row.stock, "at": tx.now} for row in begun])
    gone = sorted(id for id, row in known.items() if id not in wanted and row[-1])
    execute(tx, "UPDATE spare SET listed = false WHERE id = ANY (%(gone)s)", gone=gone)
    return Counter(spares=len(fresh) + len(gone))
