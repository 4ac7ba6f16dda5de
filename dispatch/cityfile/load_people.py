"""Units, people and duty grids: rows that live on, altered in place where the folder says something new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from dispatch.cityfile.accounts import Account
from dispatch.cityfile.rows import CityFiles, UnitRow
from gis.db import Tx, execute, execute_many

__all__ = ["load_duty_grids", "load_people", "load_units"]

UNIT = """
    INSERT INTO unit (id, name, name_en, tier, parent_id, types, area_id, ranking_group, terminal, platform, edition_id,
                      valid_from)
    VALUES (%(id)s, %(name)s, %(name_en)s, %(tier)s, %(parent_id)s, %(types)s, %(area_id)s, %(ranking_group)s,
            %(terminal)s, %(platform)s, %(edition)s, %(in_force)s)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, tier = excluded.tier,
      parent_id = excluded.parent_id, types = excluded.types, area_id = excluded.area_id,
      ranking_group = excluded.ranking_group, terminal = excluded.terminal, platform = excluded.platform,
      edition_id = excluded.edition_id, valid_to = NULL
"""
PERSON = """
    INSERT INTO person (login, name, unit_id, password_hash, must_change, created_at)
    VALUES (%(login)s, %(name)s, %(unit)s, %(hash)s, %(must_change)s, clock_timestamp())
    ON CONFLICT (login) DO NOTHING
"""


def load_units(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """A unit keeps its row for ever, for cases name it; one that is no more is ended on the edition's day."""
    areas = {
        f"{level}:{code}": id
        for id, level, code in tx.connection.execute("SELECT id, level, code FROM area WHERE valid_to IS NULL")
    }
    known = {
        row[0]: row[1:]
        for row in tx.connection.execute(
            """SELECT id, name, name_en, tier, parent_id, types, area_id, ranking_group, terminal, platform
                 FROM unit WHERE valid_to IS NULL"""
        )
    }
    fresh = []
    for row in _parents_first(city.units):
        values = _unit_values(row, areas)
        if known.get(row.id) != tuple(values.values()):
            fresh.append({"id": row.id, **values, "edition": edition_id, "in_force": in_force})
    execute_many(tx, UNIT, fresh)
    ended = sorted(known.keys() - {row.id for row in city.units})
    execute(tx, "UPDATE unit SET valid_to = %(day)s WHERE id = ANY(%(ids)s)", day=in_force, ids=ended)
    return Counter(units_written=len(fresh), units_ended=len(ended))


def _unit_values(row: UnitRow, areas: dict[str, int]) -> dict[str, Any]:
    return {
        "name": row.name,
        "name_en": row.name_en,
        "tier": row.tier,
        "parent_id": row.parent or None,
        "types": list(row.types),
        "area_id": areas[row.area] if row.area else None,
        "ranking_group": row.group or None,
        "terminal": row.terminal,
        "platform": row.platform,
    }


def _parents_first(units: Sequence[UnitRow]) -> list[UnitRow]:
    above = {row.id: row.parent for row in units}

    def depth(unit: str) -> int:
        return 1 + depth(above[unit]) if above.get(unit) else 0

    return sorted(units, key=lambda row: depth(row.id))


def load_people(tx: Tx, city: CityFiles, accounts: Sequence[Account]) -> Counter[str]:
    """New accounts, and names, units and posts that changed. Passwords of known people stay; nobody is removed."""
    execute_many(
        tx,
        PERSON,
        [
            {"login": a.login, "name": a.name, "unit": a.unit, "hash": a.password_hash, "must_change": a.must_change}
            for a in accounts
        ],
    )
    changed = Counter(people_added=len(accounts))
    found = tx.connection.execute("SELECT login, id, name, unit_id FROM person")
    known = {login: (id, name, unit) for login, id, name, unit in found}
    for row in city.people:
        id, name, unit = known[row.login]
        if (name, unit) != (row.name, row.unit or None):
            execute(
                tx,
                "UPDATE person SET name = %(name)s, unit_id = %(unit)s WHERE id = %(id)s",
                id=id,
                name=row.name,
                unit=row.unit or None,
            )
            changed["people_altered"] += 1
    held: dict[int, set[str]] = {}
    for id, role in tx.connection.execute("SELECT person_id, role FROM person_role"):
        held.setdefault(id, set()).add(role)
    wanted = {known[row.login][0]: set(row.roles) for row in city.people}
    changed["posts"] += _set_pairs(
        tx,
        gone=[{"person": id, "role": role} for id, roles in wanted.items() for role in held.get(id, set()) - roles],
        fresh=[{"person": id, "role": role} for id, roles in wanted.items() for role in roles - held.get(id, set())],
    )
    return changed


def _set_pairs(tx: Tx, *, gone: list[dict[str, object]], fresh: list[dict[str, object]]) -> int:
    execute_many(tx, "DELETE FROM person_role WHERE person_id = %(person)s AND role = %(role)s", gone)
    execute_many(tx, "INSERT INTO person_role (person_id, role) VALUES (%(person)s, %(role)s)", fresh)
    return len(gone) + len(fresh)


def load_duty_grids(tx: Tx, city: CityFiles) -> Counter[str]:
    """Duty grids, their unit grids and their inspectors: all anew if anything differs."""
    finest = list(city.areas)[-1]
    grids: dict[str, int] = dict(
        tx.connection.execute("SELECT code, id FROM area WHERE level = %s AND valid_to IS NULL", (finest,)).fetchall()
    )
    people: dict[str, int] = dict(tx.connection.execute("SELECT login, id FROM person").fetchall())
    names: dict[str, str] = {}
    for row in city.duty_grids:
        names[row.duty_grid] = names.get(row.duty_grid) or row.name
    covers = {(grids[row.grid], row.duty_grid) for row in city.duty_grids}
    walks = {(people[login], row.duty_grid) for row in city.duty_grids for login in row.inspectors}
    ask = tx.connection.execute
    present: tuple[dict[str, str], set[Any], set[Any]] = (
        dict(ask("SELECT code, name FROM duty_grid").fetchall()),
        set(ask("SELECT area_id, duty_grid FROM duty_grid_area").fetchall()),
        set(ask("SELECT person_id, duty_grid FROM person_duty_grid").fetchall()),
    )
    if present == (names, covers, walks):
        return Counter()
    for table in ("person_duty_grid", "duty_grid_area"):
        ask(f"DELETE FROM {table}")
    ask("DELETE FROM duty_grid WHERE NOT code = ANY(%s)", (list(names),))
    with tx.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO duty_grid (code, name) VALUES (%s, %s) ON CONFLICT (code) DO UPDATE SET name = excluded.name",
            list(names.items()),
        )
        cursor.executemany("INSERT INTO duty_grid_area (area_id, duty_grid) VALUES (%s, %s)", sorted(covers))
        cursor.executemany("INSERT INTO person_duty_grid (person_id, duty_grid) VALUES (%s, %s)", sorted(walks))
    return Counter(duty_grids=len(names))
