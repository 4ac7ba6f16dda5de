"""Units and duty grids: identities with dated rows, ended and begun on an edition's day. People: altered in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from psycopg import sql

from dispatch.cityfile.accounts import Account
from dispatch.cityfile.rows import CityFiles, UnitRow
from dispatch.people.may import ADMINISTRATORS
from gis.db import Tx, execute, execute_many
from gis.problems import Conflict

__all__ = ["load_duty_grids", "load_people", "load_units"]

ENTRY = """
    INSERT INTO unit_entry (unit_id, name, name_en, tier, parent_id, types, area, ranking_group, terminal, platform,
                            edition_id, valid_from)
    VALUES (%(id)s, %(name)s, %(name_en)s, %(tier)s, %(parent_id)s, %(types)s, %(area)s, %(ranking_group)s,
            %(terminal)s, %(platform)s, %(edition)s, %(in_force)s)
"""
KNOWN_UNITS = """
    SELECT unit_id, name, name_en, tier, parent_id, types, area, ranking_group, terminal, platform
      FROM unit_entry WHERE valid_to IS NULL
"""
PERSON = """
    INSERT INTO person (login, name, unit_id, password_hash, must_change, created_at)
    VALUES (%(login)s, %(name)s, %(unit)s, %(hash)s, %(must_change)s, clock_timestamp())
    ON CONFLICT (login) DO NOTHING
"""


def load_units(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """A unit's id is its own for ever; an entry that changed, or is no more, is ended on the edition's day."""
    known = {row[0]: row[1:] for row in tx.connection.execute(KNOWN_UNITS)}
    wanted = {row.id: _unit_values(row) for row in city.units}
    fresh = {id: values for id, values in wanted.items() if known.get(id) != tuple(values.values())}
    ended = sorted(known.keys() & fresh.keys() | known.keys() - wanted.keys())
    execute(
        tx,
        "UPDATE unit_entry SET valid_to = %(day)s WHERE valid_to IS NULL AND unit_id = ANY(%(ids)s)",
        day=in_force,
        ids=ended,
    )
    execute(tx, "INSERT INTO unit SELECT unnest(%(ids)s::text[]) ON CONFLICT DO NOTHING", ids=sorted(fresh))
    execute_many(tx, ENTRY, [{"id": id, **v, "edition": edition_id, "in_force": in_force} for id, v in fresh.items()])
    return Counter(units_written=len(fresh), units_ended=len(known.keys() - wanted.keys()))


def _unit_values(row: UnitRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "name_en": row.name_en,
        "tier": row.tier,
        "parent_id": row.parent or None,
        "types": list(row.types),
        "area": row.area or None,
        "ranking_group": row.group or None,
        "terminal": row.terminal,
        "platform": row.platform,
    }


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
    _refuse_administrators(city, accounts, {row.login: held.get(known[row.login][0], set()) for row in city.people})
    changed["posts"] += _set_pairs(
        tx,
        gone=[{"person": id, "role": role} for id, roles in wanted.items() for role in held.get(id, set()) - roles],
        fresh=[{"person": id, "role": role} for id, roles in wanted.items() for role in roles - held.get(id, set())],
    )
    return changed


def _refuse_administrators(city: CityFiles, made: Sequence[Account], held: Mapping[str, set[str]]) -> None:
    """An account that is there already gets no administrator's post from a file: somebody may know its password.

    `held`: login → posts until now. Raises Conflict.
    """
    new = {account.login for account in made}
    found = [
        f"{row.login} {role}"
        for row in city.people
        for role in row.roles
        if role in ADMINISTRATORS and row.login not in new and role not in held[row.login]
    ]
    if found:
        raise Conflict(
            f"people.csv gives accounts that are there already an administrator's post: {'; '.join(found)}. Nothing "
            f"was loaded. Give it here first, with a new first password, then load again: wangge user grant {found[0]}",
            zh=f"people.csv 让已有账号担任管理员：{'；'.join(found)}。未载入任何内容。"
            f"请先在服务器上授予该岗位（同时生成新的初始密码），再重新载入：wangge user grant {found[0]}",
        )


def _set_pairs(tx: Tx, *, gone: list[dict[str, object]], fresh: list[dict[str, object]]) -> int:
    execute_many(tx, "DELETE FROM person_role WHERE person_id = %(person)s AND role = %(role)s", gone)
    execute_many(tx, "INSERT INTO person_role (person_id, role) VALUES (%(person)s, %(role)s)", fresh)
    return len(gone) + len(fresh)


def load_duty_grids(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """Duty grids, their unit grids and their inspectors: what is no more is ended, what is new begins."""
    people: dict[str, int] = dict(tx.connection.execute("SELECT login, id FROM person").fetchall())
    names: dict[str, str] = {}
    for row in city.duty_grids:
        names[row.duty_grid] = names.get(row.duty_grid) or row.name
    execute(tx, "INSERT INTO duty_grid SELECT unnest(%(codes)s::text[]) ON CONFLICT DO NOTHING", codes=sorted(names))
    covers = {(row.grid, row.duty_grid) for row in city.duty_grids}
    walks = {(people[login], row.duty_grid) for row in city.duty_grids for login in row.inspectors}
    changed = 0
    for table, columns, wanted in (
        ("duty_grid_entry", ("duty_grid", "name"), set(names.items())),
        ("duty_grid_area", ("grid", "duty_grid"), covers),
        ("person_duty_grid", ("person_id", "duty_grid"), walks),
    ):
        changed += _begin_and_end(tx, table, columns, wanted, dated=(edition_id, in_force))
    return Counter(duty_grids=changed)


def _begin_and_end(tx: Tx, table: str, columns: tuple[str, str], wanted: set[Any], *, dated: tuple[int, date]) -> int:
    """How many pairs of a dated table began or ended."""
    edition_id, in_force = dated
    one, other = map(sql.Identifier, columns)
    names = {"table": sql.Identifier(table), "one": one, "other": other}
    look = sql.SQL("SELECT id, {one}, {other} FROM {table} WHERE valid_to IS NULL").format(**names)
    known = {(first, second): id for id, first, second in tx.connection.execute(look)}
    ended = [id for pair, id in known.items() if pair not in wanted]
    end = sql.SQL("UPDATE {table} SET valid_to = %s WHERE id = ANY(%s)").format(**names)
    tx.connection.execute(end, (in_force, ended))
    begin = sql.SQL("INSERT INTO {table} ({one}, {other}, edition_id, valid_from) VALUES (%s, %s, %s, %s)")
    fresh = sorted(wanted - known.keys())
    with tx.connection.cursor() as cursor:
        cursor.executemany(begin.format(**names), [(*pair, edition_id, in_force) for pair in fresh])
    return len(ended) + len(fresh)
