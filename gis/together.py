"""Statements that travel together: pipelines of the library that send when somebody waits, and end with a sync."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import send
from psycopg.rows import class_row

__all__ = ["Connection", "Premise", "Synced", "Together", "pipelined", "say"]

Connection = psycopg.Connection[tuple[Any, ...]]


class Synced(psycopg.Pipeline):
    """A pipeline whose packets end with a sync.

    The library ends them with a flush, also after its last sync. The server then counts nothing: a process that is
    frozen after it would keep its locks for ever, whatever `patience` was asked for.
    """

    def _fetch_gen(self, *, flush: bool) -> PQGen[None]:
        if flush and self.result_queue and not self._ends_with_sync:
            self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from send(self.pgconn)
        yield from super()._fetch_gen(flush=False)

    @property
    def _ends_with_sync(self) -> bool:
        """Whether what waits to be sent does. That an answer is nobody's says nothing: a sync's is, and so is that of
        a prepared statement given up for another one."""
        return bool(self.command_queue) and self.command_queue[-1] == self.pgconn.pipeline_sync


@dataclass(slots=True)
class Premise:
    """What a transaction rests on: a question that travels ahead of its own, and what is made of the answer.

    `holds` raises if it is not so. It is called as soon as the first answers are there, before anybody sees another of
    them, and in any case before the commit; `held`: whether it was, and it held.
    """

    cls: type[Any]
    sql: LiteralString
    params: Mapping[str, object]
    holds: Callable[[Any], None]
    held: bool = False


class Together(Synced):
    """One that sends nothing until somebody waits for an answer; then all that was asked, in one packet.

    The library's own sends, and looks for answers, at every statement: a third of what a report costs the server.
    """

    _premise: Callable[[], None] | None = None

    def rest_on(self, premise: Premise) -> None:
        """Ask what the transaction rests on."""
        cursor = self._conn.cursor(row_factory=class_row(premise.cls)).execute(premise.sql, premise.params)

        def look() -> None:
            if cursor.pgresult is None:
                raise AssertionError("the first packet brings the first answer")
            premise.holds(cursor.fetchone())
            premise.held = True

        self._premise = look

    def prove(self) -> None:
        """Look at the answer now, if nobody has waited for any yet."""
        if self._premise is not None:
            self.sync()

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _fetch_gen(self, *, flush: bool) -> PQGen[None]:
        look, self._premise = self._premise, None
        yield from super()._fetch_gen(flush=flush)
        if look is not None:
            look()


def pipelined(connection: Connection) -> AbstractContextManager[psycopg.Pipeline]:
    """The connection's pipeline, one of ours where it has none."""
    if connection._pipeline is None:
        connection._pipeline = Synced(connection)
    return connection.pipeline()


def say(connection: Connection, command: LiteralString) -> None:
    """A command in a pipeline, as the library says its own: making a cursor for it costs more than sending it."""
    connection.wait(connection._exec_command(command))
