"""Ledger, settlement sheets and appeals of a town that kept the rules are found well; break one, and it is named."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.cluster import Urls
from dispatch.evaluation.ledger import EXCLUSION
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import column, read
from tests.cases.town import settled
from tests.verify.scored import a_week_published, given, published, settle
from tests.verify.test_verify import broken, words


@pytest.fixture(scope="module")
def lived(database: Urls) -> Iterator[Urls]:
    """A week with points by hand, published; then an appeal granted, one refused, a case left out: its revision. And
    the sheet of the company that collects, signed by both."""
    with settled() as town:
        closed, late = a_week_published(town)
        for case, ruling in zip(closed, (Action.GRANT_APPEAL, Action.REFUSE_APPEAL), strict=False):
            town.do(case, Action.APPEAL, "enforcement-a", reason="wrong")
            town.do(case, ruling, "evaluator", reason="seen")
        given(town, kind=EXCLUSION, number=str(late.number))
        published(town)
        settle(town)
        seal_now(heads_file())
        yield database


def test_a_town_that_kept_the_rules_is_well(lived: Urls) -> None:
    found = {finding.no: finding for finding in verify()}
    assert words(found) == ""
    assert {no: found[no].checked for no in ("I10", "I26", "I27", "I28")} == {"I10": 2, "I26": 2, "I27": 1, "I28": 2}
    left_out = "SELECT count(*) FILTER (WHERE split_part(line, ',', 8) = '1') FROM bulletin_fact GROUP BY bulletin_id"
    with read() as tx:
        marks = column(tx, f"{left_out} ORDER BY bulletin_id")  # type: ignore[arg-type]
    assert marks == [0, 2]  # the first says for ever what it said; its revision leaves out both


HAND = "kind <> 'exclusion'"
QUIETLY = f"""
    INSERT INTO ledger_entry
           (kind, unit_id, scheme, period, points, reason, document_no, document_hash, made_by, made_at)
    SELECT kind, 'enforcement-a', scheme, period, 1, reason, document_no, document_hash, made_by, made_at
      FROM ledger_entry WHERE {HAND};
    INSERT INTO ledger_decision SELECT (SELECT max(id) FROM ledger_entry), made_by, decision, decided_by, '', decided_at
      FROM ledger_decision WHERE entry_id = 1;
    INSERT INTO audit_event (at, kind, person_id, whence, object, detail)
    SELECT at, kind, person_id, whence, 'ledger:' || (SELECT max(id) FROM ledger_entry),
           jsonb_set(detail, '{{points}}', '"1.00"') FROM audit_event WHERE object = 'ledger:1'
"""
REWRITTEN = """
    ALTER TABLE settlement_signature DROP CONSTRAINT settlement_signature_as_made;
    UPDATE settlement SET document = replace(document, '"pay":"', '"pay":"9');
    UPDATE settlement SET hash = encode(sha256(convert_to(document, 'UTF8')), 'hex');
    UPDATE settlement_signature SET hash = (SELECT hash FROM settlement);
    UPDATE audit_event SET detail = jsonb_set(detail, '{hash}', to_jsonb((SELECT hash FROM settlement)))
     WHERE kind LIKE 'settlement%'
"""
TWINS: tuple[tuple[str, str, str], ...] = (
    # invariant, what is said, the breach
    ("I26", "not the one that the trail", f"UPDATE ledger_entry SET points = 4 WHERE {HAND}"),
    ("I26", "gives enforcement-b 2.50 points", f"UPDATE ledger_entry SET points = 4 WHERE {HAND}"),
    ("I26", "gives enforcement-a 0 points by hand, the ledger 1.00", QUIETLY),
    ("I26", "which does not", "DELETE FROM ledger_decision WHERE entry_id = 2"),
    ("I26", "which does not", "DELETE FROM ledger_decision; DELETE FROM ledger_entry WHERE id = 2"),
    ("I26", "by whoever entered it", "UPDATE ledger_decision SET decided_by = made_by"),
    ("I26", "before it was entered", "UPDATE ledger_decision SET decided_at = decided_at - interval '1 day'"),
    ("I26", "does not know", "UPDATE ledger_decision SET decision = 'refused'"),
    ("I26", "no paper", "UPDATE ledger_entry SET document_no = ' '"),
    ("I26", "not the one that the trail", "UPDATE ledger_entry SET document_hash = repeat('0', 64)"),
    ("I26", "in no named period", f"UPDATE ledger_entry SET period = '2026-06-01..2026-06-30' WHERE {HAND}"),
    ("I27", "not that of its text", "UPDATE settlement SET document = replace(document, 'C-7', 'C-8')"),
    ("I27", "its pay does not follow", REWRITTEN),
    ("I27", "its score does not follow",
     """UPDATE settlement SET document = replace(document, '"score":"', '"score":"1')"""),
    ("I27", "its per cent", """UPDATE settlement SET document = replace(document, '"percent":"', '"percent":"1')"""),
    ("I27", "another hash", "UPDATE settlement_signature SET hash = repeat('0', 64) WHERE side = 'city'"),
    ("I27", "for both sides",
     "UPDATE settlement_signature SET person_id = (SELECT min(person_id) FROM settlement_signature)"),
    ("I27", "before it was made", "UPDATE settlement_signature SET signed_at = signed_at - interval '1 day'"),
    ("I27", "which is not there", "DELETE FROM settlement_signature WHERE side = 'company'"),
    ("I27", "the trail does not know", "DELETE FROM audit_event WHERE kind = 'settlement_signed'"),
    ("I27", "after both sides had signed",
     "INSERT INTO settlement (unit_id, period, document, hash, made_by, made_at)"
     " SELECT unit_id, period, document, hash, made_by, made_at + interval '1 day' FROM settlement"),
    ("I27", "a later one stood already",
     "INSERT INTO settlement (unit_id, period, document, hash, made_by, made_at)"
     " SELECT unit_id, period, document, hash, made_by, made_at FROM settlement"),
    ("I28", "contested 2 times", "UPDATE step SET action = 'appeal' WHERE action = 'refuse_appeal'"),
    ("I28", "whoever contested it",
     "UPDATE step r SET actor_id = a.actor_id FROM step a WHERE a.action = 'appeal' AND a.case_id = r.case_id"
     " AND r.action = 'grant_appeal'"),
    ("I28", "counts it, though it was let off",
     "UPDATE ledger_decision SET decided_at = '2026-06-09' WHERE entry_id = 2"),
    ("I28", "nobody had let it off", "UPDATE ledger_decision SET decision = 'refused' WHERE entry_id = 2"),
    ("I28", "nobody had let it off",
     "UPDATE step SET recorded_at = recorded_at + interval '9 days' WHERE action = 'grant_appeal'"),
    ("I28", "tells other appeals", """UPDATE bulletin SET rules = replace(rules, '"refused":1', '"refused":0')"""),
)  # fmt: skip


@pytest.mark.parametrize(("no", "said", "breach"), TWINS, ids=[f"{t[0]}-{i}" for i, t in enumerate(TWINS)])
def test_whatever_of_it_is_changed_is_found(copy: Urls, no: str, said: str, breach: str) -> None:
    assert copy.super is not None
    with psycopg.connect(copy.super) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in ("bulletin_decision", "ledger_decision", "settlement_signature"):
            for name in ("two_persons", "settlement_signature_two_persons"):
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")  # type: ignore[arg-type]
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")  # type: ignore[arg-type]
        connection.execute(breach)  # type: ignore[arg-type]
    found = broken()
    assert no in found, words(found)
    assert said in words({no: found[no]}), words(found)
