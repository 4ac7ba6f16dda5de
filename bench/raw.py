"""The database's own rate for the same rows: plain inserts, one transaction a report, committed as durably.

The rows are copies of reports that came in over HTTP, with new keys. No look-up, no lock, no reckoning: the values are
there before the clock starts. Its statements are prepared, each client is a process of its own. A transaction is one
round trip (a pipeline: the most the database could do), or one for each statement, as a program sends them that simply
inserts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import count, cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from bench.load import Sent

__all__ = ["BEGIN_AT", "SAMPLE", "act_rows", "file_rows"]

TABLES = {"cases": "id", "report": "case_id", "fact": "case_id", "step": "case_id", "feed": "case_id"}
BEGIN_AT = 1_000_000_000  # ids of these rows, far above the product's
APART = 1_000_000  # ids that one client of one run may use
SAMPLE = 200
Connection = psycopg.Connection[tuple[Any, ...]]
Deal = Callable[[Connection], None]
# What an act writes; the values come from an accepted case.
CHANGE = SQL(
    "UPDATE cases SET version = 2, state = 'accepted', pool = 'shift_leader', clocks = %s::jsonb, editions = %s::jsonb,"
    " route = %s::jsonb, next_at = now(), stage_due_at = now(), last_at = now(), last_hash = %s WHERE id = %s"
)
FOLD = SQL(
    "UPDATE fact SET state = 'accepted', accepted_at = now(), acceptor_id = 1, ontime_accept = true,"
    " known_at = now(), stage_due_at = now() WHERE case_id = %s"
)


def file_rows(url: str, clients: int, seconds: float, run: int, *, packet: bool = True) -> Sent:
    """Insert the rows of filed reports again and again. `run`: a number never used before; `packet`: a transaction is
    one round trip."""
    return _together(partial(_filer, packet=packet), url, clients, seconds, run)


def act_rows(url: str, clients: int, seconds: float, run: int, *, packet: bool = True) -> Sent:
    """Write what an act writes, on rows that `file_rows` left: a step and a line of the feed, case and fact changed."""
    return _together(partial(_actor, packet=packet), url, clients, seconds, run)


def _filer(connection: Connection, client: int, run: int, clients: int, *, packet: bool) -> Deal:
    names, samples = _samples(connection, "c.version = 1 AND c.id < %s")
    statements = {table: _insert(table, names[table]) for table in TABLES}
    numbers, rows = count(BEGIN_AT + (run * 64 + client) * APART), cycle(samples)

    def deal(connection: Connection) -> None:
        number, report, row = next(numbers), uuid4(), next(rows)
        own = {"id": number, "case_id": number, "number": f"raw{number}", "receipt": f"raw{number}"}
        own |= {"report_id": report, "key": report}
        with connection.pipeline() if packet else nullcontext():
            for table in TABLES:
                mine = own | {"id": report} if table == "report" else own
                connection.execute(statements[table], [mine.get(name, row[table][name]) for name in names[table]])
            connection.commit()

    return deal


def _actor(connection: Connection, client: int, run: int, clients: int, *, packet: bool) -> Deal:
    names, samples = _samples(connection, "c.version = 2 AND c.id < %s", seq=2)
    statements = {table: _insert(table, names[table]) for table in ("step", "feed")}
    untouched = "SELECT id FROM cases WHERE id >= %s AND version = 1 AND id %% %s = %s ORDER BY id"
    waiting: Iterator[int] = iter(
        [number for (number,) in connection.execute(untouched, [BEGIN_AT, clients, client]).fetchall()]
    )
    rows = cycle(samples)

    def deal(connection: Connection) -> None:
        row = next(rows)
        own = {"case_id": next(waiting), "key": uuid4()}
        case = row["cases"]
        with connection.pipeline() if packet else nullcontext():
            changed = [case[name] for name in ("clocks", "editions", "route", "last_hash")]
            connection.execute(CHANGE, [*changed, own["case_id"]])
            for table in ("step", "feed"):
                connection.execute(statements[table], [own.get(name, row[table][name]) for name in names[table]])
            connection.execute(FOLD, [own["case_id"]])
            connection.commit()

    return deal


Maker = Callable[[Connection, int, int, int], Deal]


def _together(make: Maker, url: str, clients: int, seconds: float, run: int) -> Sent:
    """So many processes, begun at one signal."""
    context, pipes, members = get_context("fork"), [], []
    for client in range(clients):
        here, there = context.Pipe()
        member = context.Process(target=_member, args=(there, make, url, client, run, clients, seconds))
        member.start()
        pipes.append(here)
        members.append(member)
    for pipe in pipes:
        pipe.recv()
    begin = time.perf_counter()
    for pipe in pipes:
        pipe.send(True)
    results = [pipe.recv() for pipe in pipes]
    sent = Sent(seconds=time.perf_counter() - begin, cpu=sum(cpu for _, cpu in results))
    sent.times = [spent for times, _ in results for spent in times]
    for member in members:
        member.join()
    return sent


def _member(pipe: Pipe, make: Maker, url: str, client: int, run: int, clients: int, seconds: float) -> None:
    with psycopg.connect(url, prepare_threshold=0) as connection:
        deal = make(connection, client, run, clients)
        connection.commit()
        pipe.send("ready")
        pipe.recv()
        times, end, cpu = [], time.perf_counter() + seconds, time.process_time()
        while (start := time.perf_counter()) < end:
            try:
                deal(connection)
            except StopIteration:
                break
            times.append(time.perf_counter() - start)
        pipe.send((times, time.process_time() - cpu))


def _samples(
    connection: Connection, which: str, seq: int = 1
) -> tuple[dict[str, list[str]], list[dict[str, dict[str, Any]]]]:
    """Column names by table, and the rows of some cases; columns that are empty in all of them are left out."""
    ids = [
        found
        for (found,) in connection.execute(
            f"SELECT c.id FROM cases c WHERE {which} ORDER BY c.id DESC LIMIT {SAMPLE}", [BEGIN_AT]
        )
    ]
    if not ids:
        raise RuntimeError("nothing was filed over HTTP yet that could be copied")
    rows = {table: _rows(connection, table, key, ids, seq) for table, key in TABLES.items()}
    names = {
        table: [name for name in found[ids[0]] if any(row[name] is not None for row in found.values())]
        for table, found in rows.items()
    }
    return names, [{table: rows[table][case] for table in TABLES} for case in ids]


def _rows(connection: Connection, table: str, key: str, ids: list[int], seq: int) -> dict[int, dict[str, Any]]:
    """Rows by case; JSON as text, so that nothing has to be written out anew."""
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER'"
        " AND NOT (column_name = 'tx' OR (%s IN ('feed') AND column_name = 'id')) ORDER BY ordinal_position",
        [table, table],
    ).fetchall()
    words = SQL(", ").join(
        SQL("{}::text").format(Identifier(name)) if kind == "jsonb" else Identifier(name) for name, kind in columns
    )
    only = f" AND seq = {seq}" if table in ("step", "feed") else ""
    query = SQL("SELECT {}, {} FROM {} WHERE {} = ANY(%s)" + only).format(
        Identifier(key), words, Identifier(table), Identifier(key)
    )
    found = connection.execute(query, [ids]).fetchall()
    return {row[0]: dict(zip([name for name, _ in columns], row[1:], strict=True)) for row in found}


def _insert(table: str, names: list[str]) -> SQL:
    text = f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE VALUES ({', '.join(['%s'] * len(names))})"
    return SQL(text)
