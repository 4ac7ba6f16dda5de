"""The pool, and the only two ways to a connection: `with write() as tx` and `with read() as tx`.

A department's transaction runs under the role `wangge_department`, whose row security lets only the given units' cases
through (`as_units`); everybody else runs as the application role, which owns nothing.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, LiteralString, TypeVar, cast

import orjson
import psycopg
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg.pq import ConnStatus
from psycopg.rows import class_row, dict_row, tuple_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from gis.problems import Unavailable
from gis.together import Connection, Premise, Together, pipelined, say

T = TypeVar("T")

set_json_dumps(lambda document: orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS))
set_json_loads(orjson.loads)

# Bounds on one statement and one wait for a lock, in milliseconds; on a transaction left open by a stuck or frozen
# handler, in seconds.
LIMITS = (
    "-c statement_timeout=30000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout={patience}s -c TimeZone=UTC"
)
PATIENCE = 15
TAKEOVER = 5  # seconds: a worker that was frozen loses what it holds to the others
PONDER = 300  # seconds: so long one may work out what it has read, holding a snapshot and nothing that others wait for
# SQLSTATEs, or how they begin, of a database that is away: no connection, shutting down, no room for one more or on the
# disk; and of a transaction that it gave up because we slept.
AWAY = ("08", "57P", "53100", "53300", "25P03")
AGAIN = 10.0  # seconds: so long the library tries to connect at growing distances, then from the start
NOW = "SELECT coalesce((SELECT simulated_now FROM city), clock_timestamp())"


@dataclass
class ReadTx:
    """A snapshot one may look at. `pipeline`: what its statements travel in, if they travel together."""

    connection: Connection
    as_units: Sequence[str] | None = None
    pipeline: psycopg.Pipeline | None = field(default=None, repr=False)
    _now: datetime | None = field(default=None, repr=False)

    @property
    def now(self) -> datetime:
        """The city's instant: the database's clock, or the simulated one; read once a transaction, unless a lock
        re-reads it."""
        if self._now is None:
            self._now = cast(datetime, value(self, NOW))
        return self._now

    @contextmanager
    def as_centre(self) -> Iterator[None]:
        """Look and record as the application role what a department, under its own role, has been let through to."""
        if self.as_units is None:
            yield
            return
        self.connection.execute("SET LOCAL ROLE NONE")
        yield  # not in a finally: after an error the transaction is over, and its role with it
        self.connection.execute("SET LOCAL ROLE wangge_department")


@dataclass
class Tx(ReadTx):
    """A transaction one may change things in; it commits when its `with` ends without an exception."""

    def at_once(self) -> AbstractContextManager[object]:
        """What is executed in it takes one round trip; none of its own where the whole transaction travels together."""
        return pipelined(self.connection) if self.pipeline is None else nullcontext()

    @contextmanager
    def ahead(self) -> Iterator[Callable[[], None]]:
        """Statements in it are sent without waiting for what they answer. The call it gives ends a portion: the server
        works on it while we prepare the next one, and gives the transaction up if it never hears of us again."""
        with pipelined(self.connection) as pipeline:

            def end_portion() -> None:
                # The library's own `sync` also waits. Without a sync the server would wait for ever for the rest.
                with pipeline._lock:
                    pipeline._enqueue_sync()
                    self.connection.wait(pipeline._communicate_gen())

            yield end_portion


class _Pools:
    """The process's pools; made by `configure`, closed by `close`."""

    main: ConnectionPool[Connection] | None = None
    side: ConnectionPool[Connection] | None = None


SIZE = 10  # connections of a process for what people and jobs do
SIDE = 2  # tiles, rankings and exports wait for each other, never people's acts for them


def configure(url: str, *, size: int = SIZE, patience: int = PATIENCE) -> None:
    """Point this process at a database. `size`: connections kept at most, besides `SIDE` for what is heavy.

    `patience`: seconds after which the server gives a transaction up that it hears nothing of; tiles, rankings and
    exports, which hold nothing that others wait for, have `PATIENCE`.
    """
    close()
    _Pools.main, _Pools.side = _pool(url, 1, size, patience), _pool(url, 0, SIDE, PATIENCE)


def _pool(url: str, least: int, most: int, patience: int) -> ConnectionPool[Connection]:
    return ConnectionPool(
        url,
        min_size=least,
        max_size=most,
        timeout=10,
        reconnect_timeout=AGAIN,
        open=True,
        # Transactions are begun by `write` and `read`: the library's own BEGIN would be a round trip.
        kwargs={"options": LIMITS.format(patience=patience), "row_factory": tuple_row, "autocommit": True},
        check=_check_alive,
    )


def _check_alive(connection: Connection) -> None:
    """Raise if the server has hung up: it says so on the socket, so looking costs no round trip."""
    if select.select([connection.fileno()], [], [], 0)[0]:
        connection.pgconn.consume_input()
        if connection.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError("the server has closed this connection")


def close() -> None:
    """Give the connections back to the server."""
    for pool in (_Pools.main, _Pools.side):
        if pool is not None:
            pool.close()
    _Pools.main = _Pools.side = None


@contextmanager
def _connection(*, side: bool = False) -> Iterator[Connection]:
    pool = _Pools.side if side else _Pools.main
    if pool is None:
        raise Unavailable("This process has not been told its database", zh="本进程尚未配置数据库")
    try:
        with pool.connection() as connection:
            yield connection
    except (PoolTimeout, psycopg.OperationalError, IdleInTransactionSessionTimeout) as error:
        raise Unavailable(
            # Not "nothing was written": the connection may have been lost while the commit was on its way.
            "The database cannot be reached; send the same again in a moment, it is never taken twice",
            zh="数据库暂时无法连接；请稍后原样重试，不会重复受理",
        ) from error


def gone(error: Exception) -> bool:
    """Whether the database is away, so that no row is to blame. False also where it ran into a limit (time, a lock, a
    size) or a deadlock: Unavailable to a person, who tries again; a job has to know which row always does."""
    if not isinstance(error, Unavailable):
        return False
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.PipelineAborted):
        return False
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return state is None or state.startswith(AWAY)


@contextmanager
def write(
    *,
    as_units: Sequence[str] | None = None,
    durable: bool = True,
    together: bool = False,
    premise: Premise | None = None,
    patience: int | None = None,
) -> Iterator[Tx]:
    """One transaction, READ COMMITTED. `as_units`: under row security for these units only.

    `durable=False` acknowledges before the disk does: for rehearsals, never for a person's report.
    `together`: a statement travels with the next one whose rows are asked for, the last ones with the commit. What the
    database refuses is then raised there, not where it was executed; no COPY, savepoint or named cursor in it.
    `premise`: what has to hold for it (only together); asked in its first packet, as the application role.
    `patience`: seconds after which the server gives it up if it hears nothing: what it holds is then free for others.
    """
    with _connection() as connection, _begun(connection, "BEGIN", together=together, premise=premise) as pipeline:
        _wait_for_us(connection, patience)
        if as_units is not None:
            _become_department(connection, as_units)
        if not durable:
            connection.execute("SET LOCAL synchronous_commit = off")
        yield Tx(connection, as_units, pipeline)


def _wait_for_us(connection: Connection, patience: int | None) -> None:
    if patience is not None:
        connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{patience:d}s'")


@contextmanager
def read(
    *, as_units: Sequence[str] | None = None, heavy: bool = False, together: bool = False, patience: int | None = None
) -> Iterator[ReadTx]:
    """One transaction that cannot write. `heavy`: tiles, rankings, exports; they have two connections of their own, and
    one snapshot for all their queries, so that two figures of one answer are never of different moments.

    `together`, `patience`: as in `write`.
    """
    begin: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" if heavy else "BEGIN READ ONLY"
    with (
        _connection(side=heavy) as connection,
        reading(connection, as_units, begin=begin, together=together) as tx,
    ):
        _wait_for_us(connection, patience)
        yield tx


@contextmanager
def reading(
    connection: Connection,
    as_units: Sequence[str] | None = None,
    *,
    begin: LiteralString = "BEGIN READ ONLY",
    together: bool = True,
) -> Iterator[ReadTx]:
    """The same on a connection of one's own, which is in autocommit and commits when its `with` ends."""
    with _begun(connection, begin, together=together) as pipeline:
        if as_units is not None:
            _become_department(connection, as_units)
        yield ReadTx(connection, as_units, pipeline)


@contextmanager
def _begun(
    connection: Connection, begin: LiteralString, *, together: bool, premise: Premise | None = None
) -> Iterator[psycopg.Pipeline | None]:
    """A transaction, begun. Committed here if it travels together, else by the pool; rolled back by the pool."""
    if not together:
        connection.execute(begin)
        yield None
        return
    connection._pipeline = pipeline = Together(connection)
    with connection.pipeline():
        say(connection, begin)
        if premise is not None:
            pipeline.rest_on(premise)
        try:
            yield pipeline
        finally:
            pipeline.prove()
        say(connection, "COMMIT")


def glance(cls: type[T], sql: LiteralString, **params: object) -> T | None:
    """The first row of one statement that stands alone: no transaction around it, so a single round trip."""
    with _connection() as connection, connection.cursor(row_factory=class_row(cls)) as cursor:
        return cursor.execute(sql, params or None).fetchone()


def _become_department(connection: Connection, units: Sequence[str]) -> None:
    connection.execute("SET LOCAL ROLE wangge_department")
    # The server writes the list: no name, whatever stands in it, becomes two.
    connection.execute("SELECT set_config('wangge.units', %s::text[]::text, true)", [list(units)])


def rows(tx: ReadTx, cls: type[T], sql: LiteralString, **params: object) -> list[T]:
    """All rows of a query, each as one `cls` (a dataclass whose fields are the query's columns)."""
    with tx.connection.cursor(row_factory=class_row(cls)) as cursor:
        return cursor.execute(sql, params or None).fetchall()


def listed(tx: ReadTx, cls: type[T], sql: LiteralString, **params: object) -> list[T]:
    """The rows of a list that is walked along one index whatever its values are: by one plan for all values.

    Left alone, PostgreSQL takes that plan for too dear once the table is large (it does not know how short the list
    is), and plans anew at each call: half of what such a list costs.
    """
    with planned(tx, "force_generic_plan"):
        return rows(tx, cls, sql, **params)


@contextmanager
def planned(tx: ReadTx, how: Literal["force_generic_plan", "force_custom_plan"]) -> Iterator[None]:
    """One plan for all values, or one for these: where it is known which is right, and PostgreSQL guesses wrong."""
    tx.connection.execute(f"SET LOCAL plan_cache_mode = {how}")
    yield
    tx.connection.execute("SET LOCAL plan_cache_mode = auto")


def one(tx: ReadTx, cls: type[T], sql: LiteralString, **params: object) -> T | None:
    """The first row of a query as `cls`, or None."""
    with ask(tx, cls, sql, **params) as cursor:
        return cursor.fetchone()


def ask(tx: ReadTx, cls: type[T], sql: LiteralString, **params: object) -> psycopg.Cursor[T]:
    """A query whose rows are to be asked for later: it travels with what is asked until then."""
    return tx.connection.cursor(row_factory=class_row(cls)).execute(sql, params or None)


def dicts(tx: ReadTx, sql: LiteralString, **params: object) -> list[dict[str, Any]]:
    """All rows as dictionaries: for pages and lists that go straight out as JSON."""
    with tx.connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql, params or None).fetchall()


def value(tx: ReadTx, sql: LiteralString, **params: object) -> Any:
    """The first column of the first row, or None."""
    row = tx.connection.execute(sql, params or None).fetchone()
    return None if row is None else row[0]


def column(tx: ReadTx, sql: LiteralString, **params: object) -> list[Any]:
    """The first column of all rows."""
    return [row[0] for row in tx.connection.execute(sql, params or None).fetchall()]


def execute(tx: Tx, sql: LiteralString, **params: object) -> int:
    """Run a statement; the number of rows it touched."""
    cursor = tx.connection.execute(sql, params or None)
    if tx.pipeline is not None:
        tx.pipeline.sync()
    return cursor.rowcount


def execute_many(tx: Tx, sql: LiteralString, params: Sequence[Mapping[str, object]]) -> None:
    """Run a statement once for each mapping, in one round trip."""
    with pipelined(tx.connection), tx.connection.cursor() as cursor:
        cursor.executemany(sql, params)
