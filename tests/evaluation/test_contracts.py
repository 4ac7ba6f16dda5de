"""Collection companies: what their inspectors did, coverage, quota, the sheet and its two signatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.cases.books import books
from dispatch.cluster import Urls
from dispatch.evaluation import contracts
from dispatch.evaluation.contracts import Sheet
from dispatch.evaluation.period import period_of
from dispatch.evaluation.scheme import SchemeFault, contracts_of, standard_schemes
from dispatch.evaluation.terms import terms_of
from dispatch.lifecycle.states import Action
from gis.db import dicts, execute, read, value, write
from gis.problems import Conflict, FormIncomplete
from tests.cases.town import MONDAY, ZONE, Town, settled

WEEK = "2026-W24"
CONTRACT = {
    "unit": "water", "no": "C-7", "fee": 1000, "quota": "0.5", "pay": [[90, 100], [50, "87.5"], [0, 80]],
}  # fmt: skip


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """A Monday of work, looked at a week later. The inspectors are the water company's, as if it collected."""
    with settled() as town:
        with write() as tx:
            execute(tx, "UPDATE person SET unit_id = 'water' WHERE login LIKE 'inspector%%'")
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   VALUES ('schemes', 'own-1', '2026-01-01', '', '', %(content)s)""",
                content=Jsonb({"contract": [CONTRACT]}),
            )
            execute(
                tx,
                """INSERT INTO shift (person_id, duty_grid, started_at)
                   SELECT p.id, 'G1', %(monday)s::timestamptz + d * interval '1 day'
                     FROM person p, unnest(ARRAY[0, 0.1, 1, 5]) d WHERE p.login = 'inspector1'""",
                monday=MONDAY,
            )
        for _ in range(3):
            town.filed()
        refused = town.report()
        town.do(refused, Action.REFUSE, "acceptor", reason="not-ours")
        town.set(MONDAY + timedelta(days=7))
        town.sweep()
        yield town


def who(town: Town, login: str) -> int:
    person = town.people[login].person_id
    assert person is not None
    return person


def make(town: Town, period: str = WEEK, unit: str = "water") -> Sheet:
    with write() as tx:
        span = period_of(period, ZONE)
        return contracts.make(tx, books(tx), who(town, "evaluator"), span, terms_of(tx, span), unit=unit)


def sign(town: Town, sheet: Sheet, side: str, login: str, hash: str = "") -> Sheet:
    with write() as tx:
        return contracts.sign(tx, sheet.id, who(town, login), side=side, hash=hash or sheet.hash)


def test_a_sheet_tells_the_counts_the_score_and_the_pay(town: Town) -> None:
    sheet = make(town)
    told = sheet.told
    with read() as tx:
        grids = value(
            tx, "SELECT count(DISTINCT duty_grid) FROM person_duty_grid g JOIN person p ON p.id = g.person_id"
        )
    counts = told["counts"]
    assert (counts["own_report"], counts["valid_report"], counts["refused_report"]) == (4, 3, 1)
    assert counts["need_patrol"] == grids * 5
    assert counts["patrolled"] == 2  # Monday twice is once, Tuesday; Saturday is no working day
    quota = int(Decimal(grids * 5) / 2 + Decimal("0.5"))
    assert (counts["quota"], counts["quota_met"]) == (quota, min(3, quota))
    percent = Decimal(str(100 * 3 / 4))
    assert Decimal(told["points"]["valid_report_rate"]) == percent
    assert Decimal(told["points"]["refused_rate"]) == percent
    score = Decimal(told["score"])
    assert told["percent"] == ("100" if score >= 90 else "87.5" if score >= 50 else "80")
    assert Decimal(told["pay"]) == Decimal(1000) * Decimal(told["percent"]) / 100
    assert sheet.hash == hashlib.sha256(sheet.document.encode()).hexdigest()
    assert json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == sheet.document


def test_whoever_changes_companies_counts_for_each_on_his_days(town: Town) -> None:
    before = make(town).told["counts"]
    with read() as tx:
        walked = dicts(tx, "SELECT login, duty_grid FROM person_duty_grid JOIN person p ON p.id = person_id")
    stay = {one["duty_grid"] for one in walked if one["login"] != "inspector1"}
    gone = {one["duty_grid"] for one in walked if one["login"] == "inspector1"} - stay
    town.set(MONDAY + timedelta(days=1))
    with write() as tx:
        execute(tx, "UPDATE person SET unit_id = 'utilities' WHERE login = 'inspector1'")
    town.set(MONDAY + timedelta(days=7))

    after = make(town).told["counts"]

    assert after["own_report"] == before["own_report"] == 4  # Monday's are the company's that he was of on Monday
    assert (before["patrolled"], after["patrolled"]) == (2, 1)  # and so is Monday's round, and no other
    assert after["need_patrol"] == 5 * len(stay) + len(gone)
    with read() as tx:
        days = dicts(
            tx,
            """SELECT u.unit_id, u.valid_to FROM person_unit u JOIN person p ON p.id = person_id
                WHERE login = 'inspector1' ORDER BY valid_from""",
        )
    tuesday = (MONDAY + timedelta(days=1)).date()
    assert [(one["unit_id"], one["valid_to"]) for one in days] == [("water", tuesday), ("utilities", None)]


def test_the_application_cannot_rewrite_whose_somebody_was(town: Town, fresh_database: Urls) -> None:
    with psycopg.connect(fresh_database.app) as app:
        for change in ("UPDATE person_unit SET unit_id = 'utilities'", "DELETE FROM person_unit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(change)  # type: ignore[arg-type]
            app.rollback()


def test_both_sides_sign_one_hash_and_then_it_stands(town: Town) -> None:
    old, sheet = make(town), make(town)
    with pytest.raises(Conflict, match="later sheet"):
        sign(town, old, "city", "leader")
    with pytest.raises(Conflict, match="not the hash"):
        sign(town, sheet, "city", "leader", "ab" * 32)
    sign(town, sheet, "city", "leader")
    with pytest.raises(Conflict, match="signed already"):
        sign(town, sheet, "city", "supervisor")

    done = sign(town, sheet, "company", "water")

    assert done.signed
    with pytest.raises(Conflict, match="Both sides have signed"):
        make(town)
    with read() as tx:
        kinds = value(tx, "SELECT array_agg(kind ORDER BY id) FROM audit_event WHERE kind LIKE 'settlement%'")
    assert kinds == ["settlement_made", "settlement_made", "settlement_signed", "settlement_signed"]


def test_the_database_refuses_one_person_for_both_sides_another_hash_and_a_change(
    town: Town, fresh_database: Urls
) -> None:
    sheet = sign(town, make(town), "city", "leader")
    row = "INSERT INTO settlement_signature VALUES (%s, 'company', %s, %s, now())"
    with psycopg.connect(fresh_database.app) as app:
        with pytest.raises(psycopg.errors.UniqueViolation, match="two_persons"):
            app.execute(row, (sheet.id, sheet.hash, who(town, "leader")))
        app.rollback()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            app.execute(row, (sheet.id, "ab" * 32, who(town, "water")))
        app.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE settlement SET document = '{}'")


def test_a_period_under_way_or_a_unit_without_a_contract_is_refused(town: Town) -> None:
    with pytest.raises(FormIncomplete, match="not over"):
        make(town, "2026-06")
    with pytest.raises(FormIncomplete, match="no contract"):
        make(town, unit="utilities")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pay": [[90, 100]]}, "contract C-7: pay must go down to a score of 0"),
        ({"scheme": "gb-department"}, "contract C-7: gb-department is no scheme of companies"),
        ({"fee": 0}, "fee: Input should be greater than 0"),
    ],
)
def test_a_contract_that_cannot_be_paid_by_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(SchemeFault, match=said):
        contracts_of({"contract": [{**CONTRACT, **changes}]}, standard_schemes())
