"""The database's own rate for the same rows: plain inserts, one transaction a report, committed as durably."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from bench.load import Sent

__all__ = ["act_rows", "file_rows"]

TABLES = ("cases", "report", "fact", "step", "feed")
KEY = {"cases": "id", "report": "case_id", "fact": "case_id", "step": "case_id", "feed": "case_id"}
BEGIN_AT = 1_000_000_000  # ids of these rows, far above the product's
OTHERS = frozenset({"tx"})  # the database fills them
Rows = dict[str, dict[str, Any]]


def file_rows(url: str, clients: int, seconds: float, batch: bool, run: int) -> Sent:
    """Insert the rows of a filed report again and again. `batch`: all of one transaction in one round trip."""
    with psycopg.connect(url) as connection:
        template, statements = _template(connection), _statements(connection)

    def one(connection: psycopg.Connection[Any], number: int) -> None:
        rows = _fresh(template, BEGIN_AT + run * 10_000_000 + number)
        with connection.pipeline() if batch else nullcontext():
            for table in TABLES:
                connection.execute(statements[table], rows[table])
        connection.commit()

    return _drive(url, clients, seconds, one)


def act_rows(url: str, clients: int, seconds: float, batch: bool, run: int) -> Sent:
    """What an act writes: a step and a line of the feed more, case and fact changed."""
    with psycopg.connect(url) as connection:
        template, statements = _template(connection), _statements(connection)
        ids = [row[0] for row in connection.execute("SELECT id FROM cases WHERE id >= %s", [BEGIN_AT])]
    case = {name: given for name, given in template["cases"].items() if name in CHANGED}
    change = f"UPDATE cases SET {', '.join(f'{name} = %({name})s' for name in case)} WHERE id = %(id)s"

    def one(connection: psycopg.Connection[Any], number: int) -> None:
        case_id = ids[(number * 7919) % len(ids)]
        more = {"case_id": case_id, "seq": 2 + run * 1_000_000 + number}
        with connection.pipeline() if batch else nullcontext():
            connection.execute("SELECT * FROM cases WHERE id = %s FOR UPDATE", [case_id]).fetchone()
            connection.execute(change, case | {"id": case_id, "version": more["seq"]})  # type: ignore[arg-type]
            connection.execute(statements["step"], template["step"] | more | {"key": uuid4()})
            connection.execute(statements["feed"], template["feed"] | more)
            connection.execute("UPDATE fact SET state = 'accepted', accepted_at = now() WHERE case_id = %s", [case_id])
        connection.commit()

    return _drive(url, clients, seconds, one)


CHANGED = ("version", "state", "pool", "category", "clocks", "next_at", "stage_due_at", "last_at", "last_hash")


def _drive(url: str, clients: int, seconds: float, one: Callable[[psycopg.Connection[Any], int], None]) -> Sent:
    sent, lock, ready = Sent(), threading.Lock(), threading.Barrier(clients + 1)
    numbers = iter(range(10_000_000))

    def client() -> None:
        with psycopg.connect(url) as connection:
            ready.wait()
            end = time.perf_counter() + seconds
            while (start := time.perf_counter()) < end:
                with lock:
                    number = next(numbers)
                one(connection, number)
                sent.times.append(time.perf_counter() - start)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    sent.seconds = time.perf_counter() - begin
    return sent


def _template(connection: psycopg.Connection[Any]) -> Rows:
    """The rows of the newest filed report, as they go in again."""
    cursor = connection.cursor(row_factory=dict_row)
    newest = "SELECT max(c.id) AS id FROM cases c WHERE id < %s AND version = 1"
    case = (cursor.execute(newest, [BEGIN_AT]).fetchone() or {})["id"]
    rows: Rows = {}
    for table in TABLES:
        found = cursor.execute(f"SELECT * FROM {table} WHERE {KEY[table]} = %s", [case]).fetchone() or {}
        rows[table] = {
            name: Jsonb(given) if isinstance(given, dict) else given
            for name, given in found.items()
            if name not in OTHERS and not (table == "feed" and name == "id")
        }
    return rows


def _statements(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    return {
        table: f"INSERT INTO {table} ({', '.join(row)}) OVERRIDING SYSTEM VALUE"
        f" VALUES ({', '.join(f'%({name})s' for name in row)})"
        for table, row in _template(connection).items()
    }


def _fresh(template: Rows, number: int) -> Rows:
    report = uuid4()
    own = {"id": number, "number": f"raw{number}", "receipt": f"raw{number}", "report_id": report}
    return {
        "cases": template["cases"] | own,
        "report": template["report"] | {"id": report, "case_id": number},
        "fact": template["fact"] | {"case_id": number},
        "step": template["step"] | {"case_id": number, "key": report},
        "feed": template["feed"] | {"case_id": number},
    }
