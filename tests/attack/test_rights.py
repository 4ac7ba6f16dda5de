"""What an injected statement could reach: as the application, and under a department's row security."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from gis.db import execute, read, value, write
from tests.cases.town import Town

FORBIDDEN: tuple[LiteralString, ...] = (
    "UPDATE step SET data = '{}'",
    "DELETE FROM step",
    "TRUNCATE step",
    "TRUNCATE cases CASCADE",
    "DELETE FROM cases",
    "DELETE FROM fired",
    "DELETE FROM case_photo",
    "UPDATE report SET source = 'x'",
    "UPDATE case_text SET body = ''",
    "UPDATE case_key SET key = ''",
    "UPDATE audit_event SET kind = 'x'",
    "DELETE FROM audit_event",
    "DELETE FROM audit_event_part_rest",
    "DELETE FROM edition",
    "ALTER TABLE step DISABLE TRIGGER ALL",
    "ALTER TABLE cases DISABLE ROW LEVEL SECURITY",
    "DROP POLICY department ON cases",
    "CREATE TABLE mine ()",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_cannot_change_what_was_recorded(town: Town, statement: LiteralString) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
        execute(tx, statement)


def test_a_department_does_not_read_who_reported_not_even_by_a_statement_of_its_own(town: Town) -> None:
    words = {"contact_name": "Zhang", "contact_phone": "555-0100", "description": "a shop", "address": "Lane 3"}
    case = town.dispatched(who="acceptor", source="hotline", public=True, **words)
    kinds: LiteralString = "SELECT array_agg(kind ORDER BY kind) FROM case_text WHERE case_id = %(id)s"
    with read(as_units=["enforcement-a"]) as tx:
        assert value(tx, kinds, id=case.case_id) == ["address", "description"]
    with read() as tx:
        assert value(tx, kinds, id=case.case_id) == sorted(words)


def test_a_units_name_cannot_break_out_of_its_list(town: Town) -> None:
    town.dispatched("enforcement-b")
    for name in ('x","enforcement-b', "x}', '{enforcement-b", 'x\\"', "x,enforcement-b"):
        with read(as_units=[name]) as tx:
            assert value(tx, "SELECT count(*) FROM cases") == 0
            assert value(tx, "SELECT current_setting('wangge.units')::text[]") == [name]


def test_a_department_locks_and_changes_no_row(town: Town) -> None:
    town.dispatched("enforcement-a")
    own = ["enforcement-a"]
    for statement in ("UPDATE cases SET late = true", "DELETE FROM cases", "UPDATE fact SET exempt = true"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), write(as_units=own) as tx:
            tx.connection.execute(statement)
    with read(as_units=[]) as tx:
        assert value(tx, "SELECT count(*) FROM cases") == 0
    for table in ("session", "audit_event", "throttle", "track"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), read(as_units=own) as look:
            look.connection.execute(f"SELECT count(*) FROM {table}")
