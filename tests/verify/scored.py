"""A week of a town that scores by a scheme of its own and collects by contract: points by hand, bulletins, sheets."""

from __future__ import annotations

from datetime import timedelta

from psycopg.types.json import Jsonb

from dispatch.bulletins import freeze
from dispatch.cases.act import Receipt
from dispatch.cases.books import books
from dispatch.evaluation import contracts, ledger
from dispatch.evaluation.ledger import EXCLUSION, Asked
from dispatch.evaluation.period import period_of
from dispatch.evaluation.terms import terms_of
from gis.db import execute, write
from tests.cases.town import MONDAY, ZONE, Town
from tests.evaluation.test_contracts import CONTRACT
from tests.evaluation.test_ledger import OWN, PAPER, WEEK


def a_week_published(town: Town) -> tuple[list[Receipt], Receipt]:
    """The week with points by hand is published; its three cases that were closed, and the one that was left."""
    with write() as tx:
        execute(tx, "UPDATE person SET unit_id = 'water' WHERE login LIKE 'inspector%%'")
        execute(
            tx,
            """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
               VALUES ('schemes', 'own-1', '2026-01-01', '', '', %(content)s)""",
            content=Jsonb({"scheme": [OWN], "contract": [CONTRACT]}),
        )
    closed = [town.closed() for _ in range(3)]
    late = town.handling("enforcement-b")
    town.set(MONDAY + timedelta(days=7))
    town.sweep()
    given(town, kind="special", unit="enforcement-b", period=WEEK, points="2.5")
    published(town)
    return closed, late


def who(town: Town, login: str) -> int:
    person = town.people[login].person_id
    assert person is not None
    return person


def given(town: Town, **said: str) -> None:
    asked = Asked(reason="夜市整治", document_no="7号", document_hash=PAPER, **said)
    with write() as tx:
        scheme = None if asked.kind == EXCLUSION else terms_of(tx, period_of(WEEK, ZONE)).scheme("own")
        entry = ledger.enter(tx, who(town, "evaluator"), scheme, asked)
    with write() as tx:
        ledger.decide(tx, entry.id, who(town, "leader"), agree=True)
    town.later(minutes=1)


def published(town: Town) -> None:
    with write() as tx:
        made = freeze.seal(tx, who(town, "evaluator"), period=WEEK, scheme="own")
    with write() as tx:
        freeze.decide(tx, made.id, who(town, "leader"), publish=True)
    town.later(minutes=1)


def settle(town: Town) -> None:
    span = period_of(WEEK, ZONE)
    with write() as tx:
        sheet = contracts.make(tx, books(tx), who(town, "evaluator"), span, terms_of(tx, span), unit="water")
    town.later(minutes=1)
    for side, login in (("city", "leader"), ("company", "water")):
        with write() as tx:
            contracts.sign(tx, sheet.id, who(town, login), side=side, hash=sheet.hash)
