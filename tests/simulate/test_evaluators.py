"""A rehearsal's evaluators publish, keep the ledger and settle by the doors that people use, and do nothing twice."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from collectors.rehearsal.evaluators import keep_scores, revise
from collectors.simulate import Order, history
from dispatch import city
from dispatch.bulletins.content import Rules
from dispatch.bulletins.freeze import Bulletin, bulletins
from dispatch.cases import books
from dispatch.cluster import Urls
from dispatch.evaluation import contracts, ledger
from dispatch.evaluation.ledger import EXCLUSION
from dispatch.verify import verify
from gis.db import execute, read, write
from tests.cases.town import ZONE
from tests.evaluation.test_contracts import CONTRACT
from tests.evaluation.test_ledger import OWN
from tests.simulate.test_simulate import TINY

UNTIL = datetime(2026, 6, 12, 12, tzinfo=ZONE)  # a Friday
ROOT = Path(__file__).resolve().parents[2]
WEEK, MONTH = "2026-W23", "2026-05"


@pytest.fixture(scope="module")
def lived(database: Urls) -> Urls:
    """Twelve days of a town with a scheme with points by hand, and a company that collects; then its May."""
    books.forget()
    city.load(TINY)
    with write() as tx:
        execute(tx, "UPDATE person SET unit_id = 'water' WHERE login LIKE 'inspector%%'")
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('schemes', 'own-1', '2026-01-01', '', '', %(content)s)""",
            content=Jsonb({"scheme": [OWN], "contract": [CONTRACT]}),
        )
        execute(tx, "UPDATE city SET simulated_now = %(until)s, rehearsal = 1", until=UNTIL)
    history(Order(days=12, per_day=20, seed=5, until=UNTIL, jobs=1, scores=True), database.app)
    return database


def known() -> list[tuple[str, int]]:
    with read() as tx:
        return [(one.period, one.revision) for one in reversed(bulletins(tx, published_only=True))]


def newest(period: str) -> Bulletin:
    with read() as tx:
        return next(one for one in bulletins(tx) if one.period == period)


def test_the_last_whole_week_is_published_with_points_and_revised_for_a_case_left_out(lived: Urls) -> None:
    assert known() == [(WEEK, 1), (WEEK, 2)]
    made = newest(WEEK)
    assert made.maker != made.decider
    assert sum(Rules.read(made.rules).by_hand.values()) == Decimal(2)
    with read() as tx:
        states = {(one.kind, one.state) for one in ledger.entries(tx)}
        assert contracts.sheets(tx) == []  # a company is paid by the month
    assert states == {("special", "agreed"), ("special", "waiting"), (EXCLUSION, "agreed")}
    assert [finding.no for finding in verify() if not finding.holds] == []


def test_a_past_that_grew_revises_the_week_publishes_the_month_and_settles_it_once(lived: Urls) -> None:
    history(Order(days=44, per_day=8, seed=5, until=UNTIL, jobs=2), lived.app)
    for _ in range(2):
        revise()
        keep_scores(UNTIL - timedelta(days=44))
    assert known() == [(WEEK, 1), (WEEK, 2), (WEEK, 3), (MONTH, 1), (MONTH, 2)]
    with read() as tx:
        (sheet,) = contracts.sheets(tx)
    assert (sheet.period, sheet.signed) == (MONTH, True)
    assert [finding.no for finding in verify() if not finding.holds] == []


def test_a_town_without_an_evaluator_does_without(lived: Urls) -> None:
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = true WHERE login = 'evaluator'")
    before = known()
    revise()
    keep_scores(UNTIL - timedelta(days=90))
    assert known() == before


def test_a_town_that_scores_no_units_does_without(lived: Urls) -> None:
    shared = tomllib.loads((ROOT / "data" / "standard" / "schemes.toml").read_text(encoding="utf-8"))["scheme"]
    area = next(row for row in shared if row["of"] == "area")
    instead = [{**area, "key": row["key"]} for row in shared if row["of"] == "unit"]
    with write() as tx:
        execute(tx, "UPDATE person SET disabled = false WHERE login = 'evaluator'")
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('schemes', 'own-2', '2026-01-02', '', '', %(content)s)""",
            content=Jsonb({"scheme": instead}),
        )
    before = known()
    revise()
    keep_scores(UNTIL - timedelta(days=90))
    assert known() == before
