"""The second wall: who may do what in the database, and what a department's role really sees of others' cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import psycopg

from dispatch.verify.finding import Breach
from gis.db import ReadTx

__all__ = ["right_breaches", "units_of"]

APP, DEPARTMENT = "wangge_app", "wangge_department"
OWN_UNIT = ("cases", "fact", "feed", "outbox")
BY_CASE = ("report", "step", "fired", "case_text", "case_key", "case_photo", "case_document")
SAMPLE = 200  # of other units' cases, asked for by id in each table

# What is written is never changed: these the application may only add to.
FOR_EVER = ("step", "fired", "report", "feed", "audit_event", "audit_block", "photo", "photo_upload",
            "precedent", "case_photo", "document", "document_upload", "case_document",
            "edition", "category", "filing_condition",
            "bulletin", "bulletin_fact", "bulletin_decision", "stand_in", "stand_in_answer", "stand_in_undo",
            "ledger_entry", "ledger_decision", "settlement", "settlement_signature", "stock_movement", "person_unit",
            "duty_check", "drill_call", "team_service", "team_drill")  # fmt: skip
CHANGES = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
WORDS = ("case_text", "case_key")
POLICIES = {
    **{(table, "staff"): ("ALL", APP, "true", "true") for table in (*OWN_UNIT, *BY_CASE)},
    **{(table, "department"): ("SELECT", DEPARTMENT, "mine", "") for table in OWN_UNIT},
    **{(table, "department"): ("SELECT", DEPARTMENT, "of my case", "") for table in BY_CASE},
    ("delivery", "staff"): ("ALL", APP, "true", "true"),
    ("delivery", "department"): ("SELECT", DEPARTMENT, "of my message", ""),
    ("cases", "department"): ("SELECT", DEPARTMENT, "mine, or I assist", ""),
    ("cases", "department_lock"): ("UPDATE", DEPARTMENT, "mine, or I assist", "false"),
}
UNITS = "(current_setting('wangge.units'::text, true))::text[]"
MINE = f"(unit_id = ANY ({UNITS}))"
# Row security of the outbox itself leaves a department its own messages only.
MY_MESSAGE = "(EXISTS ( SELECT\n   FROM outbox o\n  WHERE (o.id = delivery.outbox_id)))"
SEEN = {
    MINE: "mine",
    f"COALESCE(({MINE} OR (assisting && {UNITS})), false)": "mine, or I assist",
    MY_MESSAGE: "of my message",
}
# The words beside a case are for its lead, and of them those that are not the reporter's.
LEAD = " AND c.unit_id = ANY current_setting 'wangge.units'::text, true ::text[]"
BESIDES = {
    "case_key": LEAD,
    "case_text": LEAD + " AND kind = ANY ARRAY['note'::text, 'description'::text, 'address'::text]",
}

NOT_ASSISTED = " AND NOT coalesce(%(unit)s = ANY (assisting), false)"

PRESENT: LiteralString = """
    SELECT tablename, policyname, cmd, array_to_string(roles, ','), coalesce(qual, ''), coalesce(with_check, '')
      FROM pg_policies WHERE schemaname = 'public'
"""
UNPROTECTED: LiteralString = """
    SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
       AND has_any_column_privilege('wangge_department', c.oid, 'SELECT')
       AND (c.relname = 'cases'
            OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'case_id'))
"""
GRANTED: LiteralString = """
    SELECT c.relname, r.role, p.privilege
      FROM pg_class c, unnest(ARRAY['wangge_app', 'wangge_department']) AS r(role),
           unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(privilege)
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND has_table_privilege(r.role, c.oid, p.privilege)
"""
ROLES: LiteralString = """
    SELECT rolname FROM pg_roles
     WHERE rolname IN ('wangge_app', 'wangge_department') AND (rolsuper OR rolbypassrls OR rolcreaterole)
    UNION ALL
    SELECT r.rolname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
     WHERE c.relnamespace = 'public'::regnamespace AND r.rolname IN ('wangge_app', 'wangge_department')
"""
OTHERS: LiteralString = """
    (SELECT id FROM cases WHERE unit_id IS DISTINCT FROM %(unit)s AND NOT coalesce(%(unit)s = ANY (assisting), false)
      ORDER BY id DESC LIMIT %(n)s)
    UNION ALL (SELECT id FROM cases WHERE unit_id IS DISTINCT FROM %(unit)s
                  AND NOT coalesce(%(unit)s = ANY (assisting), false) ORDER BY id LIMIT %(n)s)
"""
# Cases in which it only assists: of these no words of people.
ASSISTED: LiteralString = """
    SELECT id FROM cases WHERE assists IS NOT NULL AND %(unit)s = ANY (assisting) AND unit_id IS DISTINCT FROM %(unit)s
     ORDER BY dispatched_at DESC LIMIT %(n)s
"""


def units_of(tx: ReadTx) -> list[str]:
    """All units, living or not."""
    return [unit for (unit,) in tx.connection.execute("SELECT id FROM unit ORDER BY id")]


def right_breaches(tx: ReadTx) -> Iterator[Breach]:
    """Policies and grants as they should be; then the probe."""
    yield from _policies(tx)
    for (table,) in tx.connection.execute(UNPROTECTED).fetchall():
        yield Breach(None, f"table {table} shows cases to departments without row security")
    for (role,) in tx.connection.execute(ROLES).fetchall():
        yield Breach(None, f"{role} is above row security, or owns a table")
    yield from _grants(tx)
    yield from _probe(tx)


def _policies(tx: ReadTx) -> Iterator[Breach]:
    found = {}
    for table, name, command, roles, qual, check in tx.connection.execute(PRESENT):
        seen = SEEN.get(qual) or ("of my case" if _by_case(qual, table) else qual)
        found[table, name] = (command, roles, seen, check)
    for key in sorted(POLICIES.keys() | found.keys()):
        if POLICIES.get(key) != found.get(key):
            yield Breach(None, f"policy {key[1]} on {key[0]}: {found.get(key) or 'missing'}")


def _by_case(qual: str, table: str) -> bool:
    words = " ".join(qual.replace("(", " ").replace(")", " ").split())
    return words == f"EXISTS SELECT FROM cases c WHERE c.id = {table}.case_id" + BESIDES.get(table, "")


def _grants(tx: ReadTx) -> Iterator[Breach]:
    for table, role, privilege in tx.connection.execute(GRANTED).fetchall():
        if role == DEPARTMENT:
            granted = (table, privilege) == ("cases", "UPDATE")
        else:
            granted = privilege not in ("TRUNCATE", "TRIGGER") and (table not in FOR_EVER or privilege not in CHANGES)
        if not granted:
            yield Breach(None, f"{role} may {privilege} {table}")


def _probe(tx: ReadTx) -> Iterator[Breach]:
    """Look with a department's eyes: with no unit at everything, with each unit at others' cases."""
    try:
        with tx.connection.transaction():  # a refusal costs this part only
            breaches = [*_nothing(tx), *(breach for unit in units_of(tx) for breach in _as_unit(tx, unit))]
    except psycopg.errors.InsufficientPrivilege as error:
        breaches = [Breach(None, f"a department cannot be tried out: {error.diag.message_primary}")]
    yield from breaches


def _nothing(tx: ReadTx) -> Iterator[Breach]:
    for table in (*OWN_UNIT, *BY_CASE):
        seen = _seen(tx, "{}", f"SELECT count(*) FROM {table}", {})
        if seen:
            yield Breach(None, f"a department without any unit sees {seen} rows of {table}")


def _as_unit(tx: ReadTx, unit: str) -> Iterator[Breach]:
    others = [row[0] for row in tx.connection.execute(OTHERS, {"unit": unit, "n": SAMPLE})]
    units = '{"' + unit.replace("\\", "\\\\").replace('"', '\\"') + '"}'
    for table in OWN_UNIT:
        column, besides = ("id", NOT_ASSISTED) if table == "cases" else ("case_id", "")
        asked = f"SELECT min({column}) FROM {table} WHERE unit_id IS DISTINCT FROM %(unit)s{besides}"
        if leak := _seen(tx, units, asked, {"unit": unit}):
            yield Breach(_number(tx, leak), f"{unit} sees it in {table}, and it is another's")
    for table in BY_CASE:
        asked = f"SELECT min(case_id) FROM {table} WHERE case_id = ANY (%(others)s)"
        if leak := _seen(tx, units, asked, {"others": others}):
            yield Breach(_number(tx, leak), f"{unit} sees it in {table}, and it is another's")
    assisted = [row[0] for row in tx.connection.execute(ASSISTED, {"unit": unit, "n": SAMPLE})]
    for table in WORDS:
        asked = f"SELECT min(case_id) FROM {table} WHERE case_id = ANY (%(others)s)"
        if leak := _seen(tx, units, asked, {"others": assisted}):
            yield Breach(_number(tx, leak), f"{unit} only assists, and reads it in {table}")


def _seen(tx: ReadTx, units: str, sql: LiteralString, params: dict[str, object]) -> int:
    tx.connection.execute("SET LOCAL ROLE wangge_department")
    tx.connection.execute("SELECT set_config('wangge.units', %s, true)", [units])
    row = tx.connection.execute(sql, params).fetchone()
    tx.connection.execute("SET LOCAL ROLE NONE")
    return int(row[0] or 0) if row else 0


def _number(tx: ReadTx, case_id: int) -> str | None:
    row = tx.connection.execute("SELECT number FROM cases WHERE id = %s", [case_id]).fetchone()
    return str(row[0]) if row else None
