"""Blocks over committed steps and events, chained, with each head written outside the database as well.

A block covers the rows whose transaction lies in [from_tx, to_tx). `to_tx` is the snapshot's horizon: every transaction
below it has ended, so a block once written can gain no row. Blocks join without a gap, from transaction 0.

    digest = SHA-256( SHA-256(case, seq, hash of every step, by transaction, case, seq) ‖
                      SHA-256(canonical hash of every event, by transaction, id) )
    hash   = SHA-256( previous ‖ number ‖ from_tx ‖ to_tx ‖ steps ‖ events ‖ at ‖ digest )

Who changes, deletes, inserts or moves a sealed row, or cuts the tail, breaks a digest, a hash, or the heads outside.
What a step says is bound to its `hash`, which `wangge verify` computes again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

from gis.db import ReadTx, Tx, execute, one, read, rows, value, write
from gis.problems import Conflict

NOTHING = bytes(32)
LOCK = 0x5EA1
AT_ONCE = 5_000  # rows fetched at a time: memory does not grow with the history
MOST = 100  # faults told of


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One link. Transactions are PostgreSQL's 64-bit ids; `to_tx` is the first not covered."""

    no: int
    from_tx: int
    to_tx: int
    steps: int
    events: int
    digest: bytes
    previous: bytes
    hash: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What does not fit, and where: a block's number, or the case's."""

    kind: str
    words: str
    block: int | None = None
    case_id: int | None = None


BLOCK = """SELECT no, from_tx::text::bigint AS from_tx, to_tx::text::bigint AS to_tx, steps, events, digest, previous,
                  hash, at FROM audit_block"""
STEPS = """
    SELECT tx::text::bigint, int8send(case_id) || int4send(seq) || hash
      FROM step WHERE tx >= %(from)s::text::xid8 AND tx < %(to)s::text::xid8
     ORDER BY tx, case_id, seq
"""
# jsonb's text is one for one value: keys ordered, no choice of blanks.
EVENTS = """
    SELECT tx::text::bigint, sha256(convert_to(jsonb_build_array(
             id, (extract(epoch FROM at) * 1000000)::bigint, kind, person_id, whence, object, detail)::text, 'UTF8'))
      FROM audit_event WHERE tx >= %(from)s::text::xid8 AND tx < %(to)s::text::xid8
     ORDER BY tx, id
"""


def seal(tx: Tx) -> Block | None:
    """Write the next block; None if there is nothing to cover or another sealer is at work.

    Raises Conflict if the cluster's transaction ids lie below the last block: then it is another cluster, and the ids
    have to be moved on before anything can be sealed.
    """
    if not value(tx, "SELECT pg_try_advisory_xact_lock(%(key)s)", key=LOCK):
        return None
    execute(tx, "SET LOCAL statement_timeout = 0")  # after a great import the first block is a great one
    horizon = int(value(tx, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    last = one(tx, Block, BLOCK + " ORDER BY no DESC LIMIT 1")
    begin = last.to_tx if last else 0
    if horizon < begin:
        raise Conflict(
            "The transaction ids of this database lie before the last sealed block",
            zh="本数据库的事务号早于最后一个封存区块",
            horizon=horizon,
            sealed=begin,
        )
    steps, events = _Digest(tx, "seal_steps", STEPS, begin, horizon), _Digest(tx, "seal_events", EVENTS, begin, horizon)
    made, seen = steps.upto(horizon), events.upto(horizon)
    if not made.count and not seen.count:
        return None
    block = _link(last, to_tx=horizon, made=made, seen=seen, at=value(tx, "SELECT clock_timestamp()"))
    execute(
        tx,
        """INSERT INTO audit_block (no, from_tx, to_tx, steps, events, digest, previous, hash, at)
           VALUES (%(no)s, %(from)s::text::xid8, %(to)s::text::xid8, %(steps)s, %(events)s, %(digest)s, %(previous)s,
                   %(hash)s, %(at)s)""",
        **{"no": block.no, "from": block.from_tx, "to": block.to_tx, "steps": block.steps, "events": block.events},
        digest=block.digest,
        previous=block.previous,
        hash=block.hash,
        at=block.at,
    )
    return block


def seal_now(heads: Path) -> Block | None:
    """The worker's every second: seal, commit, then write the heads outside that are not there yet."""
    with write() as tx:
        block = seal(tx)
    with read() as look:
        append_heads(look, heads)
    return block


@dataclass(frozen=True, slots=True)
class _Part:
    count: int
    digest: bytes


class _Digest:
    """Walks rows in the order of their transactions and gives one digest for each stretch."""

    def __init__(self, tx: ReadTx, name: str, sql: LiteralString, begin: int, end: int) -> None:
        self._rows = self._walk(tx, name, sql, {"from": begin, "to": end})
        self._next: tuple[int, bytes] | None = next(self._rows, None)

    @staticmethod
    def _walk(tx: ReadTx, name: str, sql: LiteralString, params: dict[str, int]) -> Iterator[tuple[int, bytes]]:
        with tx.connection.cursor(name=name) as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(sql, params, binary=True)
            yield from cursor

    def upto(self, end: int) -> _Part:
        """All rows before transaction `end` that have not been walked yet."""
        digest, count = hashlib.sha256(), 0
        while self._next is not None and self._next[0] < end:
            digest.update(self._next[1])
            count += 1
            self._next = next(self._rows, None)
        return _Part(count, digest.digest())


def _link(last: Block | None, *, to_tx: int, made: _Part, seen: _Part, at: datetime) -> Block:
    block = Block(
        no=last.no + 1 if last else 1,
        from_tx=last.to_tx if last else 0,
        to_tx=to_tx,
        steps=made.count,
        events=seen.count,
        digest=hashlib.sha256(made.digest + seen.digest).digest(),
        previous=last.hash if last else NOTHING,
        hash=NOTHING,
        at=at,
    )
    return Block(**{**_fields(block), "hash": block_hash(block)})


def _fields(block: Block) -> dict[str, Any]:
    return {name: getattr(block, name) for name in Block.__slots__}


def block_hash(block: Block) -> bytes:
    """The hash that a block with these contents must carry."""
    numbers = (block.no, block.from_tx, block.to_tx, block.steps, block.events, _micros(block.at))
    return hashlib.sha256(block.previous + b"".join(n.to_bytes(8, "big") for n in numbers) + block.digest).digest()


def _micros(at: datetime) -> int:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


# ── heads outside the database ────────────────────────────────────────────────────────────────────────────────────────


def append_heads(tx: ReadTx, heads: Path) -> int:
    """Append the blocks' heads that the file lacks, and have them on the disk when it returns; how many.

    One line a block: number, hash, instant. A crash between the commit and this is made good by the next call.
    """
    heads.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with open(heads, "a+b", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lacking = rows(tx, Block, BLOCK + " WHERE no > %(no)s ORDER BY no LIMIT 10000", no=_last_number(file))
        file.write(b"".join(f"{b.no} {b.hash.hex()} {b.at.astimezone(UTC).isoformat()}\n".encode() for b in lacking))
        file.flush()
        os.fsync(file.fileno())
    return len(lacking)


def _last_number(file: Any) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 400))
    lines = file.read().splitlines()
    file.seek(0, os.SEEK_END)
    head = _head(lines[-1]) if lines else (0, "")
    return head[0] if head else 2**62  # a damaged line is for verify_chain to tell of, not to be written over


def _head(line: bytes) -> tuple[int, str] | None:
    parts = line.split()
    fits = len(parts) == 3 and parts[0].isdigit() and len(parts[1]) == 64
    return (int(parts[0]), parts[1].decode("ascii", "replace")) if fits else None


# ── the check ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def verify_chain(tx: ReadTx, heads: Path | None, *, length: int | None = None) -> list[Fault]:
    """Everything that does not fit, 100 at most; empty if the history is whole. `heads`: the file outside, of which
    the first `length` bytes count (all, if None): those that were there before the snapshot of `tx`.

    Memory is bounded: rows are streamed in their order. A million steps take seconds.
    """
    tx.connection.execute("SET LOCAL statement_timeout = 0")
    faults: list[Fault] = []
    for fault in (*_blocks_faults(tx, heads, length), *_case_faults(tx)):
        faults.append(fault)
        if len(faults) >= MOST:
            break
    return faults


def _blocks_faults(tx: ReadTx, heads: Path | None, length: int | None) -> Iterator[Fault]:
    end = int(value(tx, "SELECT coalesce(max(to_tx::text::bigint), 0) FROM audit_block"))
    steps, events = _Digest(tx, "verify_steps", STEPS, 0, end), _Digest(tx, "verify_events", EVENTS, 0, end)
    outside = _Outside(heads, length)
    before: Block | None = None
    for block in _blocks(tx):
        yield from _link_faults(before, block)
        yield from _content_faults(block, steps.upto(block.to_tx), events.upto(block.to_tx))
        yield from outside.compare(block)
        before = block
    yield from outside.rest(before.no if before else 0)


def _blocks(tx: ReadTx) -> Iterator[Block]:
    after = 0
    while found := rows(tx, Block, BLOCK + " WHERE no > %(after)s ORDER BY no LIMIT %(n)s", after=after, n=AT_ONCE):
        yield from found
        after = found[-1].no


def _link_faults(before: Block | None, block: Block) -> Iterator[Fault]:
    wanted = (before.no + 1, before.to_tx, before.hash) if before else (1, 0, NOTHING)
    if (block.no, block.from_tx, block.previous) != wanted:
        yield Fault(kind="link", block=block.no, words=f"block {block.no} does not join the one before it")
    if block_hash(block) != block.hash:
        yield Fault(kind="block", block=block.no, words=f"block {block.no} was changed")


def _content_faults(block: Block, made: _Part, seen: _Part) -> Iterator[Fault]:
    for name, part, sealed in (("steps", made, block.steps), ("events", seen, block.events)):
        if part.count != sealed:
            words = f"block {block.no} sealed {sealed} {name}, there are {part.count}"
            yield Fault(kind=name, block=block.no, words=words)
    if hashlib.sha256(made.digest + seen.digest).digest() != block.digest:
        words = f"steps or events of block {block.no} are not those that were sealed"
        yield Fault(kind="digest", block=block.no, words=words)


class _Outside:
    """The file of heads, read along with the blocks."""

    def __init__(self, heads: Path | None, length: int | None) -> None:
        self._lines = self._walk(heads, length) if heads is not None else iter(())
        self._given = heads is not None
        self._ended = False

    @staticmethod
    def _walk(heads: Path, length: int | None) -> Iterator[bytes]:
        if not heads.exists():
            return
        with heads.open("rb") as file:
            while (length is None or file.tell() < length) and (line := file.readline()):
                yield line

    def compare(self, block: Block) -> Iterator[Fault]:
        """The head of this block. The file may lack the newest ones: a crash, made good by the next seal."""
        if not self._given or self._ended:
            return
        line = next(self._lines, None)
        if line is None:
            self._ended = True
            if block.no == 1:
                yield Fault(kind="heads", block=1, words="the file of heads outside the database is missing or empty")
            return
        if _head(line) != (block.no, block.hash.hex()):
            words = f"the head of block {block.no} outside the database is another one"
            yield Fault(kind="heads", block=block.no, words=words)

    def rest(self, last: int) -> Iterator[Fault]:
        """Heads for which there is no block: the tail was cut."""
        left = sum(1 for _ in self._lines)
        if left:
            words = f"{left} heads outside the database are of blocks after {last}, which are gone"
            yield Fault(kind="tail", block=last, words=words)


CASES = """
    WITH chain AS (
      SELECT case_id, seq, hash, previous, lag(hash) OVER w AS before, lag(seq) OVER w AS seq_before,
             lead(seq) OVER w IS NULL AS newest
        FROM step WINDOW w AS (PARTITION BY case_id ORDER BY seq))
    SELECT c.id AS case_id,
           bool_or(s.seq IS NULL OR s.seq <> coalesce(s.seq_before, 0) + 1
                   OR s.previous <> coalesce(s.before, sha256(uuid_send(c.report_id)))) AS broken,
           bool_or(coalesce(s.newest, true) AND (s.hash, s.seq) IS DISTINCT FROM (c.last_hash, c.version)) AS cut
      FROM cases c LEFT JOIN chain s ON s.case_id = c.id
     GROUP BY c.id
    HAVING bool_or(s.seq IS NULL OR s.seq <> coalesce(s.seq_before, 0) + 1
                   OR s.previous <> coalesce(s.before, sha256(uuid_send(c.report_id))))
        OR bool_or(coalesce(s.newest, true) AND (s.hash, s.seq) IS DISTINCT FROM (c.last_hash, c.version))
     ORDER BY c.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    case_id: int
    broken: bool
    cut: bool


def _case_faults(tx: ReadTx) -> Iterator[Fault]:
    for case in rows(tx, _Case, CASES, most=MOST):
        words = f"the steps of case {case.case_id} do not follow each other"
        if case.cut:
            words = f"the last step of case {case.case_id} is not the one its row knows"
        yield Fault(kind="cut" if case.cut else "chain", case_id=case.case_id, words=words)
