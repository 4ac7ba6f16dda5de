"""Points given by hand and cases left out: by two persons and a paper, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dispatch.bulletins.content import Rules
from dispatch.bulletins.difference import changed_cases, changed_figures, score_rows
from dispatch.bulletins.freeze import Bulletin, bulletin_of, lines_of, seal
from dispatch.bulletins.freeze import decide as decide_bulletin
from dispatch.cluster import Urls
from dispatch.evaluation import ledger
from dispatch.evaluation.ledger import EXCLUSION, Asked, Entry
from dispatch.evaluation.measures import Cut, cases_of, measure
from dispatch.evaluation.period import period_of
from dispatch.evaluation.ranking import taking_part
from dispatch.evaluation.score import Ranked
from dispatch.evaluation.terms import terms_of
from dispatch.verify import verify
from gis.db import execute, read, value, write
from gis.problems import Conflict, FormIncomplete, Problem
from tests.cases.town import MONDAY, ZONE, Town, settled

WEEK = "2026-W24"
PAPER = "ab" * 32
OWN = {
    "key": "own", "name": "自定", "name_en": "Own", "source": "ours", "sample": ["should_dispose"],
    "indicator": [{"key": "ontime_disposal_rate", "weight": 100}],
    "hand": [{"kind": "special", "name": "专项", "name_en": "Special", "most": 5}],
}  # fmt: skip


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """A Monday of work, looked at on the Monday after; the city has a scheme with points by hand."""
    with settled() as town:
        for _ in range(3):
            town.closed()
        town.closed("enforcement-b")
        late = town.handling("enforcement-b")
        assert late.number
        town.set(MONDAY + timedelta(days=7))
        town.sweep()
        with write() as tx:
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   VALUES ('schemes', 'own-1', '2026-01-01', '', '', %(content)s)""",
                content=Jsonb({"scheme": [OWN]}),
            )
        yield town


def who(town: Town, login: str) -> int:
    person = town.people[login].person_id
    assert person is not None
    return person


def enter(town: Town, login: str = "evaluator", **changes: str) -> Entry:
    asked = Asked(**{  # type: ignore[arg-type]
        **{"kind": "special", "unit": "enforcement-b", "period": WEEK, "points": "2.5"},
        **{"reason": "夜市整治", "document_no": "城管〔2026〕7号", "document_hash": PAPER, **changes},
    })  # fmt: skip
    with write() as tx:
        scheme = None if asked.kind == EXCLUSION else terms_of(tx, period_of(WEEK, ZONE)).scheme("own")
        return ledger.enter(tx, who(town, login), scheme, asked)


def agree(town: Town, entry: Entry, login: str = "leader") -> Entry:
    with write() as tx:
        return ledger.decide(tx, entry.id, who(town, login), agree=True)


def places(small_sample: int = 1) -> dict[str, Ranked]:
    with read(heavy=True) as tx:
        period = period_of(WEEK, ZONE)
        terms = terms_of(tx, period)
        scheme = terms.scheme("own")
        parts = taking_part(tx, period, scheme, group="section")
        found = {one.name: ("section", one.measure.counts) for one in parts}
        return {row.unit: row for row in terms.ranked(found, scheme)}


def test_points_count_once_a_second_person_agrees_and_stand_apart_in_the_total(town: Town) -> None:
    before = places()["enforcement-b"]
    entry = enter(town)
    assert (entry.state, places()["enforcement-b"].by_hand) == ("waiting", 0)
    with pytest.raises(Conflict, match="Another person"):
        agree(town, entry, "evaluator")

    assert agree(town, entry).state == "agreed"

    after = places()["enforcement-b"]
    assert before.score.total is not None
    assert after.score == before.score
    assert (after.by_hand, after.total) == (Decimal("2.50"), before.score.total + Decimal("2.50"))
    with pytest.raises(Conflict, match="agreed already"):
        agree(town, entry)


def test_the_database_itself_refuses_one_person_for_both_and_a_change(town: Town, fresh_database: Urls) -> None:
    entry = enter(town)
    decision = "INSERT INTO ledger_decision VALUES (%s, %s, 'agreed', %s, '', now())"
    with psycopg.connect(fresh_database.app) as app:
        with pytest.raises(psycopg.errors.CheckViolation, match="two_persons"):
            app.execute(decision, (entry.id, entry.made_by, entry.made_by))
        app.rollback()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            app.execute(decision, (entry.id, who(town, "leader"), entry.made_by))
        app.rollback()
        for change in ("UPDATE ledger_entry SET points = 5", "DELETE FROM ledger_entry", "DELETE FROM ledger_decision"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(change)
            app.rollback()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"points": "5.01"}, "points"),
        ({"points": "0"}, "points"),
        ({"points": "many"}, "points"),
        ({"points": "1.005"}, "points"),
        ({"points": "NaN"}, "points"),
        ({"period": "2026-06-01..2026-06-30"}, "period"),
        ({"period": "20260601"}, "period"),
        ({"period": "June"}, "period"),
        ({"kind": "bonus"}, "kind"),
        ({"unit": "nobody"}, "unit"),
        ({"reason": " "}, "reason"),
        ({"document_no": ""}, "document_no"),
        ({"document_hash": "abc"}, "document"),
        ({"points": "1e30"}, "points"),
        ({"kind": EXCLUSION, "number": "none"}, "number"),
    ],
)
def test_an_entry_without_its_paper_or_beyond_its_bound_is_refused(
    town: Town, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(FormIncomplete) as refused:
        enter(town, **changes)
    assert field in refused.value.extra["fields"]  # type: ignore[operator]


def test_the_bound_is_of_all_that_is_given_or_waits(town: Town) -> None:
    agree(town, enter(town, points="3"))
    first = enter(town, points="2")
    with pytest.raises(FormIncomplete, match="At most 5 points"):
        enter(town, points="0.01")
    with write() as tx:
        ledger.decide(tx, first.id, who(town, "evaluator"), agree=False)  # its author takes it back
    enter(town, points="2")
    enter(town, points="1", unit="enforcement-a")


def test_a_case_left_out_is_in_no_figure_of_disposal_from_then_on(town: Town) -> None:
    period, cut = period_of(WEEK, ZONE), Cut(by="group", group="section")
    with read() as tx:
        (late,) = cases_of(tx, period, "enforcement-b", "overdue_open", cut)
        number = value(tx, "SELECT number FROM cases WHERE id = %(id)s", id=late)
    town.later(hours=1)  # the week is over
    agree(town, enter(town, kind=EXCLUSION, number=number))

    with read(heavy=True) as tx:
        then = {one.key: one.counts for one in measure(tx, period, cut)}["enforcement-b"]
        now = {one.key: one.counts for one in measure(tx, period, cut, as_of=tx.now)}["enforcement-b"]
    assert (then.should_dispose, then.overdue_open) == (2, 1)  # the finished week keeps what it said
    assert (now.should_dispose, now.overdue_open, now.should_close) == (1, 0, 1)
    assert (now.filed, now.dispatched) == (then.filed, then.dispatched)
    with pytest.raises(Conflict, match="in the ledger already"):
        enter(town, kind=EXCLUSION, number=number)
    town.set(datetime(2026, 7, 2, 9, 0, tzinfo=ZONE))  # June, which is counted again, is over
    town.sweep()
    assert [finding.no for finding in verify() if not finding.holds] == []


def told(made: Bulletin, unit: str) -> dict[str, str]:
    (row,) = (row for row in score_rows(made.scores) if row["key"] == unit)
    return {name: row[name] for name in ("score", "by_hand", "total")}


def test_a_bulletin_freezes_the_points_and_its_revision_the_case_left_out(town: Town) -> None:
    agree(town, enter(town))
    with write() as tx:
        first = seal(tx, who(town, "evaluator"), period=WEEK, scheme="own")
    given = {"unit": "enforcement-b", "kind": "special", "points": "2.50", "document": PAPER}
    assert Rules.read(first.rules).document["by_hand"] == [given]
    assert told(first, "enforcement-b") == {"score": "50.00", "by_hand": "2.50", "total": "52.50"}
    assert told(first, "enforcement-a") == {"score": "100.00", "by_hand": "0.00", "total": "100.00"}
    with write() as tx:
        decide_bulletin(tx, first.id, who(town, "leader"), publish=True)
    with read() as tx:
        number = value(tx, "SELECT number FROM cases WHERE unit_id = 'enforcement-b' AND late")
        frozen = (bulletin_of(tx, first.id), list(lines_of(tx, first.id)))
    agree(town, enter(town, kind=EXCLUSION, number=number))
    town.later(seconds=1)
    agree(town, enter(town, points="1.25"))
    town.later(seconds=1)
    with write() as tx:
        second = seal(tx, who(town, "evaluator"), period=WEEK, scheme="own")
    with read() as tx:
        assert (bulletin_of(tx, first.id), list(lines_of(tx, first.id))) == frozen
        ((case,), count) = changed_cases(tx, first.id, second.id)
    assert (count, case.number, case.what) == (1, number, {"exempt": ("0", "1")})
    assert told(second, "enforcement-b") == {"score": "100.00", "by_hand": "3.75", "total": "103.75"}
    differs = {(one.key, one.figure): (one.before, one.after) for one in changed_figures(frozen[0], second)}
    assert differs["enforcement-b", "total"] == ("52.50", "103.75")
    assert differs["", "overdue_open"] == ("1", "0")
    with write() as tx:
        decide_bulletin(tx, second.id, who(town, "leader"), publish=True)
    assert [finding.no for finding in verify() if not finding.holds] == []


def test_every_step_of_it_is_in_the_trail(town: Town) -> None:
    agree(town, enter(town))
    with pytest.raises(Problem):
        agree(town, enter(town, points="9"))
    with read() as tx:
        kinds = value(tx, "SELECT array_agg(kind ORDER BY id) FROM audit_event WHERE kind LIKE 'ledger%'")
    assert kinds == ["ledger_entered", "ledger_agreed"]
