"""A bulletin is frozen, published by two people, and never changes; what is learnt later makes a numbered revision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.bulletins.content import Rules, parsed
from dispatch.bulletins.difference import score_rows
from dispatch.bulletins.freeze import Bulletin, bulletin_of, decide, lines_of, seal
from dispatch.bulletins.recount import TOLD_RATES, excluded
from dispatch.cluster import Urls
from dispatch.evaluation.measures import COUNTED, NOTHING, Cut, Measure, measure
from dispatch.evaluation.period import period_of
from dispatch.evaluation.ranking import ranking, taking_part
from dispatch.evaluation.rates import rates
from dispatch.evaluation.scheme import standard_schemes
from dispatch.evaluation.score import ranked
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import execute, read, value, write
from gis.problems import Conflict, FormIncomplete, NotFound, Problem
from tests.cases.town import MONDAY, ZONE, Town, look, settled

WEEK = "2026-W24"
WORDS = "对面的王师傅说又占道了"


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    """A Monday of work, looked at on the Monday after."""
    with settled() as town:
        for _ in range(3):
            town.closed()
        failed = town.checking(description=WORDS)
        town.do(failed, Action.CHECK_FAIL, "inspector1", photos=(town.photo(8),))
        town.do(failed, Action.SEND_REWORK, "dispatcher")
        town.do(failed, Action.REPLY, "enforcement-a", photos=(town.photo(9),))
        town.do(failed, Action.PASS_TO_CHECK, "dispatcher")
        town.do(failed, Action.SEND_CHECK, "acceptor", inspector=town.people["inspector1"].person_id)
        town.do(failed, Action.CHECK_PASS, "inspector1", photos=(town.photo(3),))
        town.do(failed, Action.CLOSE, "shift_leader")
        town.handling("enforcement-b")
        town.filed("E0405", 2)  # no limit
        town.told(contact_phone="13800001111", contact_name="李四")
        town.set(MONDAY + timedelta(days=7))
        town.sweep()
        seal_now(heads_file())
        yield town


def sealed(town: Town, who: str = "evaluator", period: str = WEEK) -> Bulletin:
    with write() as tx:
        return seal(tx, person(town, who), period=period)


def decided(town: Town, made: Bulletin, who: str = "leader", *, publish: bool = True) -> Bulletin:
    with write() as tx:
        return decide(tx, made.id, person(town, who), publish=publish)


def person(town: Town, who: str) -> int:
    found = town.people[who].person_id
    assert found is not None
    return found


def facts(made: Bulletin) -> list[str]:
    with read() as tx:
        return list(lines_of(tx, made.id))


def broken() -> list[str]:
    return [f"{finding.no} {b.words}" for finding in verify() for b in finding.first]


def test_a_bulletin_scores_as_the_ranking_does_from_what_it_froze(town: Town) -> None:
    made = sealed(town)
    rules = Rules.read(made.rules)
    names, *lines = [line.split(",") for line in made.scores.splitlines()]
    told = {
        (row["of"], row["group"], row["key"]): row for row in (dict(zip(names, line, strict=True)) for line in lines)
    }
    with read(heavy=True) as tx:
        scheme = standard_schemes()["gb-department"]
        places = ranking(tx, period_of(WEEK, ZONE), "section", scheme, small_sample=2)
        (city,) = measure(tx, period_of(WEEK, ZONE), Cut(by="city"))
    assert [(row.unit, str(row.place or ""), str(row.score.total or "")) for row in places] == [
        (key[2], row["place"], row["score"]) for key, row in told.items() if key[:2] == ("unit", "section")
    ]
    assert any(row.score.total is not None and row.score.total > Decimal(50) for row in places)
    whole = told["city", "", ""]
    assert {name: whole[name] for name in COUNTED} == {name: str(city.counts.of(name)) for name in COUNTED}
    shown = {key: "" if share is None else str(share) for key, share in rates(city.counts).items()}
    assert {key: whole[key] for key in TOLD_RATES} == {key: shown[key] for key in TOLD_RATES}
    for name in ("report", "filed", "should_dispose", "closed", "rework"):
        districts = sum(int(row[name]) for key, row in told.items() if key[0] == "district")
        assert districts == int(whole[name]) > 0
    assert (rules.document["revision"], rules.document["previous"]) == (1, None)
    assert {"calendar", "rules", "units", "settings"} <= rules.document["editions"].keys()


def test_what_is_published_holds_no_person_no_free_text_and_no_case_number(town: Town) -> None:
    made = sealed(town)
    whole = "".join(facts(made)) + made.rules + made.scores
    with read() as tx:
        numbers = [row[0] for row in tx.connection.execute("SELECT number FROM cases").fetchall()]
        people = [n for row in tx.connection.execute("SELECT login, name FROM person").fetchall() for n in row]
    kept = {unit for unit in Rules.read(made.rules).document["units"]}
    for told in (*numbers, *(name for name in people if name not in kept), WORDS, "13800001111", "李四"):
        assert told not in whole, told


def test_nothing_in_a_bulletin_can_be_changed_by_the_application(town: Town) -> None:
    made = decided(town, sealed(town))
    for table in ("bulletin", "bulletin_fact", "bulletin_decision"):
        for change in (f"UPDATE {table} SET bulletin_id = 1", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            sql = change.replace("bulletin_id = 1", "cases = 1") if table == "bulletin" else change
            with pytest.raises(psycopg.errors.InsufficientPrivilege), write() as tx:
                tx.connection.execute(sql)  # type: ignore[arg-type]
    with read() as tx:
        assert bulletin_of(tx, made.id) == made


def test_two_people_publish_and_the_database_refuses_one_too(town: Town) -> None:
    made = sealed(town, "evaluator")
    with pytest.raises(Conflict, match="Another person"):
        decided(town, made, "evaluator")
    one = person(town, "evaluator")
    with pytest.raises(psycopg.errors.CheckViolation, match="two_persons"), write() as tx:
        execute(
            tx,
            """INSERT INTO bulletin_decision (bulletin_id, period, scheme, revision, made_by, decision, decided_by,
                 decided_at) VALUES (%(id)s, %(p)s, %(s)s, 1, %(one)s, 'published', %(one)s, now())""",
            **{"id": made.id, "p": made.period, "s": made.scheme, "one": one},
        )
    with pytest.raises(psycopg.errors.ForeignKeyViolation), write() as tx:  # nor with another maker written in
        execute(
            tx,
            """INSERT INTO bulletin_decision (bulletin_id, period, scheme, revision, made_by, decision, decided_by,
                 decided_at) VALUES (%(id)s, %(p)s, %(s)s, 1, %(other)s, 'published', %(one)s, now())""",
            **{"id": made.id, "p": made.period, "s": made.scheme, "one": one, "other": person(town, "leader")},
        )
    with read() as tx, pytest.raises(NotFound):
        bulletin_of(tx, made.id, published_only=True)
    out = decided(town, made)
    assert (out.state, out.hash) == ("published", made.hash)
    with read() as tx:
        no, head = tx.connection.execute("SELECT no, encode(hash, 'hex') FROM audit_block ORDER BY no").fetchall()[-1]
        events = tx.connection.execute(
            "SELECT kind, person_id, detail ->> 'hash' FROM audit_event WHERE object = %s ORDER BY id",
            [f"bulletin:{made.id}"],
        ).fetchall()
    assert (out.head_no, out.head_hash) == (no, head)
    assert events == [
        ("bulletin_sealed", one, made.hash),
        ("bulletin_published", person(town, "leader"), made.hash),
    ]
    with pytest.raises(Conflict, match="published already"):
        decided(town, made, publish=False)
    assert broken() == []


def test_a_period_that_is_not_over_or_is_none_is_refused(town: Town) -> None:
    for wrong in ("2026-W25", "2030-01", "soon", ""):
        with pytest.raises(FormIncomplete):
            sealed(town, period=wrong)
    with pytest.raises(FormIncomplete), write() as tx:
        seal(tx, person(town, "leader"), period=WEEK, scheme="gb-inspector")


def test_one_bulletin_waits_at_a_time_and_one_declined_makes_way(town: Town) -> None:
    first = sealed(town)
    with pytest.raises(Conflict, match="waits"):
        sealed(town)
    assert decided(town, first, "evaluator", publish=False).state == "declined"
    second = sealed(town)
    assert (second.hash, second.revision) == (first.hash, 1)


def test_later_truth_makes_a_numbered_revision_and_leaves_the_first_as_it_was(town: Town) -> None:
    first = decided(town, sealed(town))
    before = (facts(first), first)
    with pytest.raises(Conflict, match="Nothing has changed"):
        sealed(town)
    closed = value_of("SELECT min(id) FROM cases WHERE state = 'closed'")
    town.do(closed, Action.APPEAL, "enforcement-a", reason="wrong")
    town.do(closed, Action.GRANT_APPEAL, "evaluator", reason="right")
    town.later(hours=1)
    second = decided(town, sealed(town))
    assert (second.revision, second.previous_id) == (2, first.id)
    assert Rules.read(second.rules).document["previous"] == first.hash
    town.later(hours=1)
    town.do(closed, Action.REOPEN, "shift_leader", reason="back-again")
    third = decided(town, sealed(town))
    assert (third.revision, third.previous_id) == (3, second.id)
    with read() as tx:
        assert (list(lines_of(tx, first.id)), bulletin_of(tx, first.id)) == before
    assert broken() == []


def value_of(sql: str) -> int:
    with read() as tx:
        return int(value(tx, sql))  # type: ignore[arg-type]


def test_a_late_report_enters_the_next_period_marked(town: Town) -> None:
    first = decided(town, sealed(town))
    town.report(captured_at=MONDAY + timedelta(days=1))  # seen last week, where there was no signal
    town.report()
    town.set(MONDAY + timedelta(days=14))
    town.sweep()
    with pytest.raises(Conflict, match="Nothing has changed"):
        sealed(town)  # it is no part of that week
    second = decided(town, sealed(town, period="2026-W25"))
    assert [fact["late_report"] for fact in parsed(facts(second))].count("1") == 1
    assert [fact["late_report"] for fact in parsed(facts(first))].count("1") == 0
    assert broken() == []


TWINS = (
    ("I10", "its scores, counted again", "UPDATE bulletin SET scores = replace(scores, ',1,', ',2,')"),
    ("I10", "facts", "UPDATE bulletin_fact SET line = replace(line, 'enforcement-a', 'enforcement-b')"),
    ("I10", "facts", "DELETE FROM bulletin_fact WHERE no = 1"),
    ("I10", "rules", 'UPDATE bulletin SET rules = replace(rules, \'"weight":"10"\', \'"weight":"11"\')'),
    ("I10", "one person", "UPDATE bulletin_decision SET decided_by = made_by"),
    ("I10", "block", "UPDATE bulletin_decision SET head_hash = repeat('0', 64)"),
    ("I10", "trail", "DELETE FROM audit_event WHERE kind = 'bulletin_published'"),
    ("I10", "follow", "UPDATE bulletin SET revision = 3"),
    ("I10", "tell of", "UPDATE bulletin SET as_of = as_of + interval '1 hour'"),
    ("I17", "after the cut", "UPDATE report SET received_at = received_at + interval '9 days'"),
    ("I17", "marked", "UPDATE report SET captured_at = received_at - interval '9 days'"),
)


def test_whatever_of_a_bulletin_is_changed_is_found(town: Town, fresh_database: Urls) -> None:
    decided(town, sealed(town))
    seal_now(heads_file())
    assert broken() == []
    assert fresh_database.super is not None
    for no, words, breach in TWINS:
        with psycopg.connect(fresh_database.super, autocommit=True) as connection:
            for table in ("bulletin", "bulletin_fact", "bulletin_decision", "report", "audit_event"):
                connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")  # type: ignore[arg-type]
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "ALTER TABLE bulletin_decision DROP CONSTRAINT IF EXISTS ck_bulletin_decision_two_persons"
            )
            connection.execute(breach)  # type: ignore[arg-type]
            found = broken()
            for table in ("bulletin", "bulletin_fact", "bulletin_decision", "report", "audit_event"):
                connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
                connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}")  # type: ignore[arg-type]
                connection.execute(f"DROP TABLE kept_{table}")  # type: ignore[arg-type]
        assert any(one.startswith(no) and words in one for one in found), (no, words, found)
    assert broken() == []


def test_why_a_case_is_left_out_is_told_in_one_word(town: Town) -> None:
    told = {excluded(fact, "2026-06-14T16:00:00.000000Z") for fact in parsed(facts(sealed(town)))}
    assert told == {None, "no_limit"}


def test_appeals_and_rulings_are_counted_in_it_by_unit_and_a_refusal_alone_is_told_by_a_revision(town: Town) -> None:
    rows = look("SELECT id, unit_id FROM cases WHERE state = 'closed' ORDER BY id LIMIT 3")
    first, second, third = (row["id"] for row in rows)
    assert {row["unit_id"] for row in rows} == {"enforcement-a"}
    town.do(first, Action.APPEAL, "enforcement-a", reason="wrong", photos=(town.photo(5),))
    with pytest.raises(Problem, match="once"):
        town.do(first, Action.APPEAL, "enforcement-a", reason="again")
    town.later(hours=1)
    none = decided(town, sealed(town))  # of the week's end: nothing had been contested
    assert Rules.read(none.rules).document["appeals"] == []
    town.do(second, Action.APPEAL, "enforcement-a", reason="wrong")
    town.do(third, Action.APPEAL, "enforcement-a", reason="wrong")
    town.do(third, Action.GRANT_APPEAL, "evaluator", reason="right")
    town.later(hours=1)
    told = decided(town, sealed(town))
    document = Rules.read(told.rules).document
    assert document["appeals"] == [{"unit": "enforcement-a", "granted": 1, "refused": 0, "waiting": 2}]
    exempt = [line for line in facts(told) if line.split(",")[8] == "1"]
    assert len(exempt) == 1
    town.do(first, Action.REFUSE_APPEAL, "evaluator", reason="late")
    town.later(hours=1)
    again = decided(town, sealed(town))
    assert (again.revision, again.facts_hash) == (told.revision + 1, told.facts_hash)
    document = Rules.read(again.rules).document
    assert document["appeals"] == [{"unit": "enforcement-a", "granted": 1, "refused": 1, "waiting": 1}]
    with pytest.raises(Conflict, match="would say the same"):
        sealed(town)
    assert broken() == []


@pytest.mark.parametrize("area_class", [1, 2])
def test_areas_of_one_class_have_a_bulletin_that_scores_as_the_ranking_does(town: Town, area_class: int) -> None:
    scheme, period = standard_schemes()[f"gb-area-{area_class}"], period_of(WEEK, ZONE)
    with write() as tx:
        made = seal(tx, person(town, "evaluator"), period=WEEK, scheme=scheme.key)
    made = decided(town, made)
    told = {row["key"]: row for row in score_rows(made.scores) if row["of"] == "district"}
    with read(heavy=True) as tx:
        parts = {part.name: part.measure.counts for part in taking_part(tx, period, scheme)}
        (city,) = measure(tx, period, Cut(by="city", area_class=area_class)) or [Measure("", NOTHING, {})]
    placed = ranked({name: ("district", counts) for name, counts in parts.items()}, scheme, 2)
    assert {row.unit: (str(row.place or ""), str(row.score.total or "")) for row in placed} == {
        key: (row["place"], row["score"]) for key, row in told.items()
    }
    assert {key: {name: int(row[name]) for name in COUNTED} for key, row in told.items()} == {
        name: {count: counts.of(count) for count in COUNTED} for name, counts in parts.items()
    }
    districts = Rules.read(made.rules).document["districts"]
    assert {row["code"]: row["grids"] for row in districts} == {name: counts.grids for name, counts in parts.items()}
    assert made.cases == len(facts(made)) - 1
    assert (city.counts.report or 0) <= made.cases
    assert broken() == []


def test_each_scheme_has_a_bulletin_of_its_own_and_persons_have_none(town: Town) -> None:
    units = decided(town, sealed(town))
    with write() as tx:
        areas = seal(tx, person(town, "evaluator"), period=WEEK, scheme="gb-area-1")
    assert (units.revision, areas.revision) == (1, 1)
    assert units.hash != areas.hash
    for scheme in ("gb-inspector", "collection-company"):
        with pytest.raises(FormIncomplete, match="persons are named in none"), write() as tx:
            seal(tx, person(town, "evaluator"), period=WEEK, scheme=scheme)
