"""A town that lived by the rules is found well; break any one thing, and that thing is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import gis.db
from dispatch.audit.where import heads_file
from dispatch.cluster import Urls
from dispatch.config import settings
from dispatch.lifecycle import respites
from dispatch.verify import CHECKS, Finding, verify
from tests.cases.town import settled
from tests.verify.lived import live


@pytest.fixture(scope="module")
def lived(database: Urls) -> Iterator[Urls]:
    """The town, as template for copies: nobody may be connected to it while it is copied."""
    with settled() as town:
        live(town)
        yield database


def broken() -> dict[str, Finding]:
    return {finding.no: finding for finding in verify() if not finding.holds}


def words(found: dict[str, Finding]) -> str:
    return "\n".join(f"{no} {b.number} {b.words}" for no, finding in found.items() for b in finding.first)


def test_a_town_that_lived_by_the_rules_is_well(lived: Urls) -> None:
    found = verify()
    assert [finding.no for finding in found] == list(CHECKS)
    assert words({finding.no: finding for finding in found}) == ""
    looked = {finding.no: finding.checked for finding in found}
    assert looked["I1"] > 25
    assert looked["I4"] > 150
    assert looked["I6"] > 80
    assert looked["I7"] > 10
    assert looked["I10"] == 0  # no bulletin has been published (tests/bulletins breaks one)
    assert looked["I13"] > 0


ANY = "(SELECT min(id) FROM cases WHERE state = 'closed')"
PAPER = "(SELECT min(case_id) FROM case_document)"
TOLD = f"""INSERT INTO delivery (outbox_id, person_id, channel, created_at, sent_at)
    SELECT max(o.id), min(p.id), 'sms', now(), now() FROM outbox o, person p WHERE o.case_id = {ANY}"""
TWINS: tuple[tuple[str, str, str], ...] = (
    # invariant, the case that must be named (a query), the breach
    ("I1", f"id = {ANY}", f"DELETE FROM fact WHERE case_id = {ANY}"),
    ("I1", f"id = {ANY}", f"DELETE FROM case_photo WHERE case_id = {ANY}"),
    ("I1", f"id = {ANY}", f"DELETE FROM report WHERE case_id = {ANY}"),
    ("I2", f"id = {ANY}", f"UPDATE report SET case_id = 1 WHERE case_id = {ANY}"),
    (
        "I2",
        f"id = {ANY}",
        "ALTER TABLE cases DROP CONSTRAINT uq_cases_report_id; UPDATE cases SET report_id ="
        f" (SELECT report_id FROM cases WHERE id = {ANY}) WHERE id = {ANY} + 1",
    ),
    ("I3", "state = 'dispatched'", "UPDATE cases SET pool = 'dispatcher' WHERE state = 'dispatched'"),
    ("I3", "state = 'dispatched'", "UPDATE cases SET unit_id = NULL WHERE state = 'dispatched'"),
    ("I3", "state = 'verifying'", "UPDATE cases SET inspector_id = NULL WHERE state = 'verifying'"),
    ("I3", f"id = {ANY}", f"UPDATE cases SET inspector_id = 1 WHERE id = {ANY}"),
    ("I4", f"id = {ANY}", f"DELETE FROM step WHERE case_id = {ANY} AND seq = 4"),
    ("I4", f"id = {ANY}", f"DELETE FROM step WHERE case_id = {ANY} AND seq = 10"),
    ("I4", f"id = {ANY}", f"UPDATE step SET actor_id = actor_id + 1 WHERE case_id = {ANY} AND seq = 3"),
    ("I4", f"id = {ANY}", f"UPDATE step SET data = data || '{{\"x\": 1}}' WHERE case_id = {ANY} AND seq = 5"),
    ("I4", f"id = {ANY}", f"UPDATE step SET action = 'void' WHERE case_id = {ANY} AND seq = 4"),
    ("I4", f"id = {ANY}", f"UPDATE step SET from_state = 'handling' WHERE case_id = {ANY} AND seq = 4"),
    ("I4", "state = 'filed'", "UPDATE cases SET version = version + 1 WHERE state = 'filed'"),
    ("I5", f"id = {ANY}", f"UPDATE cases SET returns = 1 WHERE id = {ANY}"),
    (
        "I5",
        "returns = 1",
        "UPDATE edition SET content = jsonb_set(content, '{policy,max_returns}', '0') WHERE kind = 'settings'",
    ),
    (
        "I5",
        "returns = 1",
        "UPDATE edition SET content = jsonb_set(content, '{policy,referee_from}', '1') WHERE kind = 'settings'",
    ),
    (
        "I5",
        "returns = 2",
        "UPDATE step SET action = 'approve_return' WHERE action = 'rule_other'",
    ),
    (
        "I5",
        "returns = 2",
        "UPDATE step SET unit_id = 'street-b' WHERE action = 'dispatch' AND unit_id = 'sanitation' AND case_id IN"
        " (SELECT id FROM cases WHERE returns = 2)",
    ),
    (
        "I6",
        "state = 'dispatched'",
        "UPDATE step SET data = jsonb_set(data, '{dispose_due}', '\"2026-07-01T00:00:00Z\"') WHERE action = 'dispatch'"
        " AND case_id IN (SELECT id FROM cases WHERE state = 'dispatched')",
    ),
    (
        "I6",
        f"id = {ANY}",
        f"""UPDATE step SET data = jsonb_set(data, '{{ontime,accept}}', 'false') WHERE case_id = {ANY}
             AND action = 'accept'""",
    ),
    ("I6", "state = 'feedback'", "UPDATE cases SET clocks = '{}' WHERE state = 'feedback'"),
    (
        "I6",
        "TRUE",
        "UPDATE edition SET content = jsonb_set(content, '{exceptions,2026-05-30}', 'true') WHERE kind = 'calendar'",
    ),
    (
        "I7",
        "late",
        "ALTER TABLE fired DROP CONSTRAINT pk_fired; INSERT INTO fired SELECT * FROM fired WHERE event = 'lapse'"
        " AND kind = 'dispose'",
    ),
    ("I7", "late", "DELETE FROM fired WHERE event = 'lapse' AND kind = 'dispose'"),
    ("I7", "state = 'suspended'", "UPDATE cases SET next_at = '2026-06-01' WHERE state = 'suspended'"),
    ("I7", "late", "UPDATE fired SET at = at + interval '1 second' WHERE event = 'lapse' AND kind = 'dispose'"),
    ("I8", "late", "UPDATE fired SET epoch = epoch + 1 WHERE event = 'lapse' AND kind = 'dispose'"),
    (
        "I8",
        f"id = {ANY}",
        f"INSERT INTO fired (case_id, kind, epoch, event, seq, at) VALUES ({ANY}, 'dispose', 4, 'lapse', 9, now())",
    ),
    ("I11", f"id = {ANY}", f"UPDATE fact SET closed_at = closed_at + interval '1 second' WHERE case_id = {ANY}"),
    ("I11", f"id = {ANY}", f"UPDATE fact SET unit_id = 'street-b' WHERE case_id = {ANY}"),
    ("I11", f"id = {ANY}", f"UPDATE fact SET ontime = NOT ontime WHERE case_id = {ANY}"),
    ("I11", "returns = 1", "UPDATE fact SET returns = 0"),
    (
        "I11",
        "returns = 1",
        "UPDATE fact SET shirks = 1 WHERE returns = 1",
    ),  # another unit's, before it was dispatched anew
    ("I11", f"id = {ANY}", f"UPDATE fact SET top_area_id = NULL WHERE case_id = {ANY}"),
    ("I11", f"id = {ANY}", f"UPDATE fact SET known_at = known_at - interval '1 day' WHERE case_id = {ANY}"),
    ("I11", "state = 'filed'", "UPDATE fact SET stage_due_at = NULL WHERE state = 'filed'"),
    ("I12", "", "ALTER TABLE step DISABLE ROW LEVEL SECURITY"),
    (
        "I12",
        "",
        "DROP POLICY department ON case_text; CREATE POLICY department ON case_text FOR SELECT TO wangge_department"
        " USING (true)",
    ),
    ("I12", "", "GRANT DELETE ON step TO wangge_app"),
    ("I9", f"id = {ANY}", f"UPDATE outbox SET created_at = created_at + interval '1 ms' WHERE case_id = {ANY}"),
    ("I9", f"id = {ANY}", f"UPDATE outbox SET sent_at = NULL WHERE case_id = {ANY}; " + TOLD),
    ("I12", "", "GRANT INSERT ON outbox TO wangge_department"),
    ("I12", "", "CREATE TABLE note (case_id bigint); GRANT SELECT ON note TO wangge_department"),
    ("I13", f"id = {ANY}", f"DELETE FROM step WHERE case_id = {ANY} AND seq = 10"),
    ("I13", "", "UPDATE audit_block SET steps = steps + 1 WHERE no = 1"),
    ("I13", "", "DELETE FROM audit_block"),
    ("I18", "state = 'dispatched'", "UPDATE cases SET route = NULL WHERE state = 'dispatched'"),
    (
        "I18",
        "state = 'dispatched'",
        "UPDATE step SET data = jsonb_set(data, '{form,unit}', '\"street-b\"') WHERE action = 'dispatch'"
        " AND case_id IN (SELECT id FROM cases WHERE state = 'dispatched')",
    ),
    (
        "I24",
        "deferrals = 1",
        """UPDATE edition SET content = content || '{"respites": {"ask_defer": {"reasons": []}}}'
            WHERE kind = 'settings'""",
    ),
    ("I24", "deferrals = 1", "DELETE FROM case_photo WHERE kind = 'evidence'"),
    ("I24", f"id = {PAPER}", "DELETE FROM case_document"),
    ("I1", f"id = {PAPER}", "DELETE FROM case_document"),
    (
        "I24",
        "deferrals = 1",
        "UPDATE step SET note_hash = NULL, data = jsonb_set(data, '{form,reason}', '\"other\"')"
        " WHERE action = 'ask_defer'",
    ),
    ("I24", "extensions = 1", "UPDATE step SET at = at + interval '30 days' WHERE action = 'ask_delay'"),
    (
        "I24",
        "deferrals = 1",
        "UPDATE step a SET actor_id = q.actor_id FROM step q WHERE q.action = 'ask_defer'"
        " AND a.case_id = q.case_id AND a.seq > q.seq",
    ),
    (
        "I18",
        f"id = {ANY}",
        f"UPDATE step SET data = jsonb_set(data, '{{route,unit}}', '\"street-b\"') WHERE seq = 1 AND case_id = {ANY}",
    ),
)


@pytest.mark.parametrize(("no", "which", "breach"), TWINS, ids=[f"{t[0]}-{i}" for i, t in enumerate(TWINS)])
def test_a_breach_is_found_and_its_case_named(copy: Urls, no: str, which: str, breach: str) -> None:
    assert copy.super is not None
    with psycopg.connect(copy.super) as connection:
        asked = f"SELECT array_agg(number) FROM cases WHERE {which or 'FALSE'}"
        row = connection.execute(asked).fetchone()  # type: ignore[arg-type]
        connection.execute("SET session_replication_role = replica")
        connection.execute(breach)  # type: ignore[arg-type]
    found = broken()
    assert no in found, words(found)
    named = " ".join(b.number or "-" for b in found[no].first)
    wanted = (row and row[0]) or []
    assert not which or any(number in named for number in wanted), (wanted, words(found))


def test_another_standard_makes_no_breach_of_an_ask_that_keeps_its_reason(
    copy: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The town lists no reasons of its own. An ask of an older version, which keeps no reason, is held against what
    stands there now."""
    other = tmp_path / "respites.toml"
    kinds = ("ask_delay", "ask_defer", "ask_suspend")
    other.write_text("".join(f'[{kind}]\nreasons = [{{ code = "new", name = "新" }}]\n' for kind in kinds))
    respites._standard.cache_clear()
    with monkeypatch.context() as changed:
        changed.setattr(respites, "STANDARD", other)
        assert "I24" not in broken()
        assert copy.super is not None
        with psycopg.connect(copy.super) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "UPDATE step SET data = data #- '{why,evidence}' WHERE data #> '{why,evidence}' IS NOT NULL"
            )
        assert broken()["I24"].count > 3
    respites._standard.cache_clear()
    assert "I24" not in broken()


def evidence(kind: str) -> Path:
    """Some photo or document of a case, on the disk."""
    asked = {"photo": "SELECT min(sha256) FROM case_photo", "document": "SELECT min(sha256) FROM case_document"}
    with gis.db.read() as tx:
        sha = gis.db.value(tx, asked[kind])
    return settings().data / {"photo": "photos/original", "document": "documents"}[kind] / sha[:2] / sha


@pytest.mark.parametrize("kind", ["photo", "document"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    ],
    ids=["gone", "empty", "changed"],
)
def test_a_file_that_is_not_what_was_sent_is_found(copy: Urls, kind: str, spoil: Callable[[Path], None]) -> None:
    path = evidence(kind)
    kept = path.read_bytes()
    spoil(path)
    try:
        found = broken()
    finally:
        path.write_bytes(kept)
    assert list(found) == ["I1"]
    assert found["I1"].first[0].number
    assert path.name[:12] in found["I1"].first[0].words


def test_steps_that_no_block_seals_for_minutes_are_named_where_a_worker_has_sealed(copy: Urls) -> None:
    """The only block becomes one of ten minutes ago that has no steps, and then one of just now."""
    with psycopg.connect(copy.super or copy.owner) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("UPDATE audit_block SET to_tx = from_tx, at = at - interval '10 minutes' WHERE no = 1")
    assert "steps, the oldest of 2026-05-29" in words(broken())
    with psycopg.connect(copy.super or copy.owner) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("UPDATE audit_block SET at = clock_timestamp() WHERE no = 1")
    assert "steps, the oldest" not in words(broken())


def test_heads_outside_that_were_cut_are_found(copy: Urls) -> None:
    with heads_file().open("ab") as file:
        file.write(b"9999 " + b"0" * 64 + b" 2026-06-01T00:00:00+00:00\n")
    assert list(broken()) == ["I13"]
