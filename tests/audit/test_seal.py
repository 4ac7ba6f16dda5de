"""The chain of blocks: whatever a superuser does to sealed history is seen."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.audit.seal import Fault, seal, seal_now, verify_chain
from dispatch.audit.trail import Kind, record
from dispatch.cases.steps import Step, first_link, step_hash
from dispatch.cluster import Urls
from gis.db import read, value, write

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
numbers = itertools.count(1)


def make_case(connection: psycopg.Connection[Any], steps: int = 3) -> int:
    """A case of so many steps, with real hashes."""
    report, number = uuid4(), f"n{next(numbers)}"
    row = connection.execute(
        """INSERT INTO cases (number, receipt, report_id, version, state, pool, source, public,
                              reported_at, last_at, last_hash)
           VALUES (%s, %s, %s, %s, 'reported', 'acceptor', 'web', true, %s, %s, '') RETURNING id""",
        (number, number, report, steps, AT, AT),
    ).fetchone()
    assert row
    before = first_link(report)
    for seq in range(1, steps + 1):
        before = _insert_step(connection, row[0], seq, before)
    connection.execute("UPDATE cases SET last_hash = %s WHERE id = %s", (before, row[0]))
    return int(row[0])


def _insert_step(connection: psycopg.Connection[Any], case: int, seq: int, before: bytes) -> bytes:
    step = Step(
        seq=seq, key=uuid4(), form_hash=b"f", action="report", from_state=None, to_state="reported", at=AT,
        recorded_at=AT, actor_id=1, role="system", unit_id=None, data={}, note_hash=None, previous=before,
    )  # fmt: skip
    made = step_hash(step)
    connection.execute(
        """INSERT INTO step (case_id, seq, key, form_hash, action, to_state, at, recorded_at, actor_id, role, data,
                             previous, hash)
           VALUES (%s, %s, %s, 'f', 'report', 'reported', %s, %s, 1, 'system', %s, %s, %s)""",
        (case, seq, step.key, AT, AT, Jsonb({}), before, made),
    )
    return made


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return tmp_path / "seal" / "heads.log"


@pytest.fixture
def history(fresh_database: Urls, heads: Path) -> Urls:
    """Six blocks, each of a case with three steps and two events."""
    for _ in range(6):
        with psycopg.connect(fresh_database.app) as connection:
            make_case(connection)
        with write() as tx:
            record(tx, Kind.LOG_IN, person_id=1, whence="10.0.0.1")
            record(tx, Kind.EXPORT, person_id=1, detail={"rows": 7})
        assert seal_now(heads) is not None
    return fresh_database


def faults(heads: Path | None) -> list[Fault]:
    with read() as tx:
        return verify_chain(tx, heads)


def plant(urls: Urls, *statements: str) -> None:
    """What somebody with every power over the database does."""
    assert urls.super
    with psycopg.connect(urls.super) as connection:
        connection.execute("SET session_replication_role = replica")  # no foreign key in the way
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


def test_a_whole_history_has_no_fault_and_the_file_has_every_head(history: Urls, heads: Path) -> None:
    assert faults(heads) == []
    assert len(heads.read_text().splitlines()) == 6
    assert heads.stat().st_mode & 0o777 == 0o600
    with read() as tx:
        assert value(tx, "SELECT sum(steps) FROM audit_block") == 18
        assert value(tx, "SELECT sum(events) FROM audit_block") == 12


STEP2 = "case_id = (SELECT min(id) + 2 FROM cases) AND seq = 2"
PLANTS = {
    "a step's hash edited": ["UPDATE step SET hash = 'x' WHERE " + STEP2],
    "a step deleted": ["DELETE FROM step WHERE " + STEP2],
    "steps swapped": [
        f"UPDATE step SET seq = 99 WHERE {STEP2}",
        "UPDATE step SET seq = 2 WHERE seq = 3 AND case_id = (SELECT case_id FROM step WHERE seq = 99)",
        "UPDATE step SET seq = 3 WHERE seq = 99",
    ],
    "a step inserted into the past": [
        f"""INSERT INTO step (case_id, seq, key, form_hash, action, to_state, at, recorded_at, role, data,
                              previous, hash, tx)
            SELECT case_id, 4, gen_random_uuid(), 'f', 'close', 'closed', at, at, 'system', '{{}}', hash, 'y', tx
              FROM step WHERE {STEP2}"""
    ],
    "a step moved to another case": ["UPDATE step SET case_id = case_id + 1, seq = 9 WHERE " + STEP2],
    "a step moved to another block": [
        f"UPDATE step SET tx = (SELECT max(tx::text::bigint)::text::xid8 FROM step) WHERE {STEP2}"
    ],
    "a case's last steps cut": ["DELETE FROM step WHERE seq = 3"],
    "a case's own memory bent to a cut": [
        "DELETE FROM step WHERE seq = 3",
        "UPDATE cases c SET version = 2, last_hash = (SELECT hash FROM step s WHERE s.case_id = c.id AND s.seq = 2)",
    ],
    "an event edited": ["UPDATE audit_event SET person_id = 2 WHERE id = (SELECT min(id) + 3 FROM audit_event)"],
    "an event's detail edited": ["UPDATE audit_event SET detail = '{\"rows\": 8}' WHERE kind = 'export'"],
    "an event deleted": ["DELETE FROM audit_event WHERE id = (SELECT min(id) + 3 FROM audit_event)"],
    "an event's instant moved": ["UPDATE audit_event SET at = at + interval '1 microsecond' WHERE kind = 'export'"],
    "an event inserted into the past": [
        """INSERT INTO audit_event (at, kind, tx) SELECT at, 'log_in', tx FROM audit_event ORDER BY id LIMIT 1"""
    ],
    "a block edited": ["UPDATE audit_block SET steps = steps + 1 WHERE no = 3"],
    "a block's instant edited": ["UPDATE audit_block SET at = at - interval '1 day' WHERE no = 3"],
    "a block deleted": ["DELETE FROM audit_block WHERE no = 3"],
    "blocks renumbered over a gap": [
        "DELETE FROM audit_block WHERE no = 3",
        "UPDATE audit_block SET no = no - 1 WHERE no > 3",
    ],
    "the tail cut whole": [
        "DELETE FROM step WHERE tx >= (SELECT from_tx FROM audit_block WHERE no = 5)",
        "DELETE FROM audit_event WHERE tx >= (SELECT from_tx FROM audit_block WHERE no = 5)",
        "DELETE FROM cases WHERE NOT EXISTS (SELECT FROM step WHERE case_id = cases.id)",
        "DELETE FROM audit_block WHERE no >= 5",
    ],
    "everything gone": ["DELETE FROM step", "DELETE FROM audit_event", "DELETE FROM cases", "DELETE FROM audit_block"],
}


@pytest.mark.parametrize("planted", PLANTS)
def test_what_is_planted_is_seen(history: Urls, heads: Path, planted: str) -> None:
    plant(history, *PLANTS[planted])
    assert faults(heads), planted


def test_a_tail_cut_and_sealed_again_is_seen_by_the_heads_outside_only(history: Urls, heads: Path) -> None:
    plant(history, *PLANTS["the tail cut whole"])
    with psycopg.connect(history.app) as connection:
        make_case(connection)
    with write() as tx:
        assert seal(tx) is not None
    assert faults(None) == []  # the database alone is whole again
    assert {fault.kind for fault in faults(heads)} == {"heads", "tail"}


@pytest.mark.parametrize("change", ["edit", "cut the middle", "remove", "garbage"])
def test_heads_that_were_tampered_with_are_seen(history: Urls, heads: Path, change: str) -> None:
    lines = heads.read_text().splitlines(keepends=True)
    if change == "edit":
        lines[2] = lines[2].replace(lines[2].split()[1], "0" * 64)
    elif change == "cut the middle":
        del lines[2]
    elif change == "garbage":
        lines[5] = "nonsense\n"
    heads.write_text("".join(lines) if change != "remove" else "")
    assert faults(heads)


def test_a_head_lost_in_a_crash_is_made_good_by_the_next_seal(history: Urls, heads: Path) -> None:
    lines = heads.read_text().splitlines(keepends=True)
    heads.write_text("".join(lines[:-1]))
    assert faults(heads) == []
    assert seal_now(heads) is None  # nothing new to cover
    assert heads.read_text() == "".join(lines)


def test_a_transaction_still_open_is_covered_by_a_later_block_and_by_none_twice(
    fresh_database: Urls, heads: Path
) -> None:
    with psycopg.connect(fresh_database.app) as slow:
        make_case(slow)
        with psycopg.connect(fresh_database.app) as quick:
            make_case(quick)
        assert seal_now(heads) is None  # the horizon is the slow one
        with write() as tx:
            record(tx, Kind.LOG_IN)
        assert seal_now(heads) is None
    assert seal_now(heads) is not None
    assert faults(heads) == []


def test_two_sealers_at_once_make_one_chain(fresh_database: Urls, heads: Path) -> None:
    stop = threading.Event()

    def sealer() -> None:
        while not stop.is_set():
            seal_now(heads)

    threads = [threading.Thread(target=sealer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        with psycopg.connect(fresh_database.app) as connection:
            make_case(connection)
    stop.set()
    for thread in threads:
        thread.join()
    seal_now(heads)
    assert faults(heads) == []
    with read() as tx:
        assert value(tx, "SELECT sum(steps) FROM audit_block") == 120
        assert value(tx, "SELECT count(*) FROM audit_block") > 1


@pytest.mark.parametrize("statement", [
    "UPDATE audit_event SET kind = 'x'", "DELETE FROM audit_event", "UPDATE audit_block SET steps = 0",
    "DELETE FROM audit_block", "UPDATE step SET role = 'x'", "DELETE FROM step", "TRUNCATE audit_event",
    "DELETE FROM audit_event_part_rest",
])  # fmt: skip
def test_the_application_cannot_change_or_delete_any_of_it(history: Urls, statement: str) -> None:
    with psycopg.connect(history.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_no_line_can_be_forged_in_the_trail(fresh_database: Urls) -> None:
    with write() as tx:
        record(tx, Kind.REFUSED, whence="10.0.0.1\r\n2026 log_in", object="/x\n\x1b[2J" + "a" * 500)
    with read() as tx:
        assert value(tx, "SELECT whence FROM audit_event") == "10.0.0.12026 log_in"
        assert len(value(tx, "SELECT object FROM audit_event")) == 200


@pytest.mark.speed
def test_a_million_steps_are_verified_within_a_minute(fresh_database: Urls, heads: Path) -> None:
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(
            """INSERT INTO cases (number, receipt, report_id, version, state, pool, source, public,
                              reported_at, last_at, last_hash)
               SELECT n, n, md5(n::text)::uuid, 10, 'reported', 'acceptor', 'web', true, now(), now(),
                      sha256(int4send(n * 16 + 10))
                 FROM generate_series(1, 100000) n"""
        )
        connection.execute(
            """INSERT INTO step (case_id, seq, key, form_hash, action, to_state, at, recorded_at, role, data,
                              previous, hash, tx)
               SELECT c.id, q, md5(n || '-' || q)::uuid, '', 'sign', 'reported', now(), now(), 'system', '{}',
                      CASE WHEN q = 1 THEN sha256(uuid_send(c.report_id)) ELSE sha256(int4send(n * 16 + q - 1)) END,
                      sha256(int4send(n * 16 + q)), (n % 700 + 3)::text::xid8
                 FROM cases c, LATERAL (SELECT number::int AS n) k, generate_series(1, 10) q"""
        )
    seal_now(heads)
    begun = time.perf_counter()
    assert faults(heads) == []
    assert time.perf_counter() - begun < 60


def test_the_first_link_of_the_core_is_the_one_the_check_expects(fresh_database: Urls) -> None:
    report = UUID(int=7)
    with read() as tx:
        assert value(tx, "SELECT sha256(uuid_send(%(report)s))", report=report) == first_link(report)
