"""Over random lives with late reports, corrections, merges, appeals, cases left out, points by hand and changes of the
rules: what is frozen stays."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from dispatch.audit.seal import seal_now
from dispatch.audit.where import heads_file
from dispatch.bulletins.content import Rules, parsed
from dispatch.bulletins.freeze import FROZEN, INSTANT, Bulletin, bulletin_of, bulletins, decide, lines_of, seal
from dispatch.bulletins.recount import cell_of, figures, recount
from dispatch.cluster import Urls
from dispatch.evaluation import ledger
from dispatch.evaluation.ledger import EXCLUSION, Asked
from dispatch.evaluation.measures import CELLS, COUNTED, Cut, parameters
from dispatch.evaluation.period import period_of
from dispatch.evaluation.scheme import Scheme
from dispatch.evaluation.terms import terms_of
from dispatch.lifecycle.states import Action
from dispatch.verify import verify
from gis.db import execute, read, value, write
from gis.problems import Conflict
from tests.bulletins.test_bulletins import person
from tests.cases.town import ZONE, Town, look, settled
from tests.evaluation.test_as_of import BORDER, WEEK, Life

FORMULA = {
    "key": "gb-department", "name": "本市", "name_en": "Own", "source": "ours", "sample": ["should_dispose"],
    "hand": [{"kind": "special", "name": "专项", "name_en": "Special", "most": 5}],
}  # fmt: skip
PAPER = "ab" * 32
LATE = """
    SELECT c.number FROM fact f JOIN cases c ON c.id = f.case_id
     WHERE f.due_at < %(border)s AND f.unit_id IS NOT NULL AND c.number IS NOT NULL AND NOT f.exempt
       AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.case_id = f.case_id)
     ORDER BY f.ontime IS TRUE, f.case_id LIMIT 2
"""
GRANTED = "SELECT case_id FROM step WHERE action = 'grant_appeal' AND recorded_at <= %(by)s"
AGREED = """
    SELECT e.unit_id, e.case_id, e.points FROM ledger_entry e JOIN ledger_decision d ON d.entry_id = e.id
     WHERE d.decision = 'agreed' AND d.decided_at <= %(by)s AND (e.kind = 'exclusion') = %(out)s
       AND (e.period IS NULL OR e.period = %(period)s::text)
"""
END = datetime(2026, 7, 6, tzinfo=ZONE)


class Publishing(Life):
    """A life in which the week that is over is published, and revised whenever more is known."""

    def __init__(self, town: Town, seed: int) -> None:
        super().__init__(town, seed)
        self.kept: list[tuple[Bulletin, list[str]]] = []
        self.contested = 0
        self.ruled: Counter[tuple[str, bool]] = Counter()

    def ask(self) -> None:
        if self.town.now < BORDER:
            return
        self.publish(WEEK)
        self.town.later(seconds=1)  # what is recorded at an instant is known at it
        self.contest()
        self.change_the_rules()
        self.keep_the_ledger()
        self.town.report(captured_at=BORDER - timedelta(days=1))  # of the week before, come in late

    def contest(self) -> None:
        """A unit contests what it closed, once; in turn it is granted and refused."""
        for case in look("SELECT id, unit_id FROM cases WHERE state = 'closed' AND NOT appealed ORDER BY id LIMIT 2"):
            ruling = (Action.GRANT_APPEAL, Action.REFUSE_APPEAL)[self.contested % 2]
            self.contested += 1
            self.town.do(case["id"], Action.APPEAL, case["unit_id"], reason="wrong")
            self.town.do(case["id"], ruling, "evaluator", reason="seen")

    def keep_the_ledger(self) -> None:
        """Two cases of the week are to be left out, and two units get points, up and down: of each pair the second
        person agrees to one and refuses the other."""
        with read() as tx:
            scheme = terms_of(tx, period_of(WEEK, ZONE)).scheme("gb-department")
        for place, row in enumerate(look(LATE, border=BORDER)):
            self.enter(None, agree=place == 0, kind=EXCLUSION, number=row["number"])
        for place, (unit, points) in enumerate((("enforcement-a", "1.25"), ("enforcement-b", "-0.50"))):
            agree = (place + self.contested) % 2 == 0
            self.enter(scheme, agree=agree, kind="special", unit=unit, period=WEEK, points=points)

    def enter(self, scheme: Scheme | None, *, agree: bool, **said: str) -> None:
        asked = Asked(reason="夜市整治", document_no="7号", document_hash=PAPER, **said)
        with write() as tx:
            entry = ledger.enter(tx, person(self.town, "evaluator"), scheme, asked)
        with suppress(Conflict), write() as tx:  # whoever entered it may not agree
            ledger.decide(tx, entry.id, person(self.town, "evaluator"), agree=True)
        with write() as tx:
            ledger.decide(tx, entry.id, person(self.town, "leader"), agree=agree)
        self.ruled[asked.kind, agree] += 1
        self.town.later(seconds=1)

    def publish(self, period: str) -> None:
        with suppress(Conflict):  # where nothing has changed there is no revision
            with write() as tx:
                made = seal(tx, person(self.town, "evaluator"), period=period)
            with write() as tx:
                out = decide(tx, made.id, person(self.town, "leader"), publish=True)
            self.kept.append((out, whole(out)))

    def change_the_rules(self) -> None:
        """Other groups, another bound, another formula, another unit for the same cases: in force since ever."""
        with write() as tx:
            settings = value(
                tx, "SELECT content FROM edition WHERE kind = 'settings' ORDER BY in_force DESC, id DESC LIMIT 1"
            )
            ranking = settings["ranking"]
            groups = ranking["groups"][1:] + ranking["groups"][:1]
            self.town._settle({**settings, "ranking": {"small_sample": ranking["small_sample"] + 1, "groups": groups}})
            rules = value(
                tx, "SELECT content FROM edition WHERE kind = 'rules' ORDER BY in_force DESC, id DESC LIMIT 1"
            )
            changed = [{**row, "to": "unit:enforcement-b"} if row["no"] == "R-005" else row for row in rules["rule"]]
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   SELECT kind, gen_random_uuid()::text, in_force, source, content_hash, %(content)s
                     FROM edition WHERE kind = 'rules' ORDER BY in_force DESC, id DESC LIMIT 1""",
                content=Jsonb({**rules, "rule": changed}),
            )
            weight = 10 * (1 + self.contested % 9)
            parts = [{"key": "close_rate", "weight": weight}, {"key": "ontime_disposal_rate", "weight": 100 - weight}]
            own = {**FORMULA, "indicator": parts}
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   VALUES ('schemes', gen_random_uuid()::text, '2026-01-01', '', '', %(content)s)""",
                content=Jsonb({"scheme": [own]}),
            )
            execute(tx, "UPDATE city SET version = version + 1")


def whole(made: Bulletin) -> list[str]:
    with read() as tx:
        return [*lines_of(tx, made.id), made.rules, made.scores, made.hash]


@pytest.fixture(scope="module", params=[11, 12])
def life(databases: Callable[[], AbstractContextManager[Urls]], request: pytest.FixtureRequest) -> Iterator[Publishing]:
    with databases(), settled() as town:
        life = Publishing(town, request.param)
        life.live()
        town.set(END)
        town.sweep()
        life.publish(WEEK)
        for period in ("2026-W25", "2026-06"):
            life.publish(period)
        seal_now(heads_file())
        yield life


def frozen(made: Bulletin) -> list[int]:
    """The ids of its cases, in the order of its lines."""
    rows = look("SELECT case_id FROM bulletin_fact WHERE bulletin_id = %(id)s ORDER BY no", id=made.id)
    return [row["case_id"] for row in rows]


def facts(made: Bulletin) -> tuple[Rules, list[Any]]:
    with read() as tx:
        return Rules.read(made.rules), list(parsed(lines_of(tx, made.id)))


def test_frozen_bulletins_are_byte_equal_whatever_became_of_their_cases(life: Publishing) -> None:
    assert {"reopen", "check_fail", "amend", "merge", "dispatch", "close"} <= set(life.done)
    revisions = [made.revision for made, _ in life.kept if made.period == WEEK]
    assert revisions == list(range(1, len(revisions) + 1))
    assert len(revisions) > 1  # the town did go on
    for made, before in life.kept:
        with read() as tx:
            now = bulletin_of(tx, made.id)
        assert now == made
        assert whole(now) == before
    with read() as tx:
        assert len(bulletins(tx)) == len(life.kept)


def test_what_was_frozen_can_be_frozen_again_from_the_steps_as_of_then(life: Publishing) -> None:
    for made, _ in life.kept:
        with read(heavy=True) as tx:
            asked = parameters(tx, period_of(made.period, ZONE), Cut(by="city"), made.as_of)
            rows = tx.connection.execute(FROZEN, {**asked, "instant": INSTANT}).fetchall()
        with read() as tx:
            assert [f"{no},{line}\n" for no, _, line in rows] == list(lines_of(tx, made.id))[1:]


def test_sums_over_districts_equal_the_city_and_every_case_is_in_one_cell(life: Publishing) -> None:
    for made, _ in life.kept:
        rules, cases = facts(made)
        found = recount(rules, cases)
        districts: Counter[str] = Counter()
        for key, counts in found.items():
            if key[0] == "district":
                districts += counts
        assert districts == found["city", "", ""]
        for case in cases:
            told = figures(case, rules.since, rules.until)
            cell = cell_of(case, rules.since, rules.until)
            assert told & set(CELLS) == ({cell} if cell else set())
            assert ("should_dispose" in told) == (cell is not None)
            assert told <= {*CELLS, *COUNTED}
        assert sum(found["city", "", ""][cell] for cell in CELLS) == found["city", "", ""]["should_dispose"]


def test_the_appeals_told_are_the_cases_that_are_out_of_the_figures_or_still_in_them(life: Publishing) -> None:
    ruled = Counter[str]()
    for made, _ in life.kept:
        rules, cases = facts(made)
        told = rules.document["appeals"]
        exempt = {id for id, case in zip(frozen(made), cases, strict=True) if case["exempt"] == "1"}
        by_ledger = {row["case_id"] for row in look(AGREED, out=True, by=made.as_of, period=None)}
        both = {row["case_id"] for row in look(GRANTED, by=made.as_of)} & by_ledger & exempt
        assert sum(row["granted"] for row in told) == len(exempt - by_ledger) + len(both)
        ruled.update({name: sum(row[name] for row in told) for name in ("granted", "refused")})
    assert ruled.total() > 0
    assert len({facts(made)[0].scheme for made, _ in life.kept}) > 1  # and the formula went on


def test_cases_left_out_and_points_by_hand_are_those_agreed_to_when_it_was_frozen(life: Publishing) -> None:
    """Against the ledger's own rows: what was refused, or agreed to later, is in none."""
    assert all(life.ruled[kind, agree] for kind in ("special", EXCLUSION) for agree in (True, False))
    seen: Counter[str] = Counter()
    for made, _ in life.kept:
        rules, cases = facts(made)
        given: Counter[str] = Counter()
        for row in look(AGREED, out=False, by=made.made_at, period=made.period):  # also of a week that is over
            given[row["unit_id"]] += row["points"]
        assert dict(rules.by_hand) == dict(given)
        seen["points"] += len(given)
        rows = {row["key"]: row for row in csv.DictReader(made.scores.splitlines()) if row["of"] == "unit"}
        for unit, row in rows.items():
            if row["score"] and "by_hand" in row:
                hand = Decimal(row["by_hand"] or 0)
                assert hand == given[unit]
                assert Decimal(row["total"]) == Decimal(row["score"]) + hand
        out = {row["case_id"] for row in look(AGREED, out=True, by=made.as_of, period=None)}
        for id, case in zip(frozen(made), cases, strict=True):
            if id in out:
                assert case["exempt"] == "1"
                assert cell_of(case, rules.since, rules.until) is None
                seen["left out"] += 1
    assert seen["points"] > 0
    assert seen["left out"] > 0


def test_a_late_report_is_in_no_bulletin_of_its_own_week_and_marked_in_the_next(life: Publishing) -> None:
    for made, _ in life.kept:
        late = [fact for fact in facts(made)[1] if fact["late_report"] == "1"]
        assert all(fact["reported_at"] >= facts(made)[0].since for fact in late)
    (next_week,) = [made for made, _ in life.kept if made.period == "2026-W25"]
    assert [fact for fact in facts(next_week)[1] if fact["late_report"] == "1"]


def test_the_verifier_counts_every_bulletin_again(life: Publishing) -> None:
    found = {finding.no: finding for finding in verify()}
    assert found["I10"].checked == len(life.kept)
    assert found["I17"].checked > 0
    assert found["I26"].checked >= life.ruled.total()
    assert [breach for no in ("I10", "I17", "I26", "I28") for breach in found[no].first] == []
