"""Figures as of an instant: what was known then, however the cases went on; over random lives through the one door."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from dispatch.cases.act import Receipt
from dispatch.cases.facts import fact_of
from dispatch.cases.imports import Imported, receive_import
from dispatch.cluster import Urls
from dispatch.evaluation.as_of import past_facts
from dispatch.evaluation.measures import CELLS, MORE, NOTHING, Cut, Measure, cases_of, measure, total
from dispatch.evaluation.period import Period, as_of_of, period_of
from dispatch.evaluation.posts import POSTS
from dispatch.evaluation.score_command import command
from dispatch.evaluation.spans import spans
from dispatch.lifecycle.states import Action
from dispatch.verify.figures import lives_breaches, month_breaches
from gis.db import ReadTx, dicts, execute, read, write
from gis.problems import Problem
from tests.cases.town import MONDAY, ZONE, Town, look, settled

CUTS = (
    *(Cut(by="city"), Cut(), Cut(by="class"), Cut(by="area"), Cut(by="area", depth=2), Cut(by="area_class")),
    *(Cut(by="group", group="section"), Cut(by="group", group="district")),
    *(Cut(by="kind"), Cut(by="category"), Cut(by="source"), Cut(by="channel"), Cut(by="campaign")),
    *(Cut(by=post) for post in POSTS),  # type: ignore[arg-type]
)
Lengths = dict[str | None, dict[str, int | None]]
BORDER = datetime(2026, 6, 15, tzinfo=ZONE)  # the Monday after, at midnight
WEEK = "2026-W24"
PLACES = ((114.0005, 22.5010), (114.0105, 22.5010), (114.0205, 22.5010))
ACTS = 260
Form = Callable[[Random, Town], dict[str, Any]]


def inspector(draw: Random, town: Town) -> dict[str, Any]:
    return {"inspector": town.people[draw.choice(("inspector1", "inspector2"))].person_id}


def reason(draw: Random, town: Town) -> dict[str, Any]:
    return {"reason": "not-ours"}


def photo(draw: Random, town: Town) -> dict[str, Any]:
    return {"photos": (town.photo(draw.randrange(1, 9)),)}


def unit(draw: Random, town: Town) -> dict[str, Any]:
    return {"unit": draw.choice(("enforcement-a", "enforcement-a", "enforcement-b", "street-a")), "reason": "nearer"}


def nothing(draw: Random, town: Town) -> dict[str, Any]:
    return {}


def elsewhere(draw: Random, town: Town) -> dict[str, Any]:
    lon, lat = draw.choice(PLACES)
    moved = {"reason": "wrong-place", "lon": lon, "lat": lat}
    return draw.choice((moved, {"reason": "wrong-class", "category": "E0201", "condition": 1}))


def into(draw: Random, town: Town) -> dict[str, Any]:
    found = look("SELECT id FROM cases WHERE state NOT IN ('merged', 'closed') ORDER BY id")
    return {"into": draw.choice(found)["id"]}


def until(draw: Random, town: Town) -> dict[str, Any]:
    return {"reason": "season", "until": town.now + timedelta(hours=draw.randrange(1, 100))}


CASES = """
    SELECT c.id, c.state, c.unit_id, p.login FROM cases c LEFT JOIN person p ON p.id = c.inspector_id ORDER BY c.id
"""
UNIT = "its unit"  # or whoever has the task in hand
# What may be done in a state: some of it likelier, some of it refused, as in life.
WAYS: dict[str, tuple[tuple[Action, str, Form], ...]] = {
    "reported": (
        (Action.ACCEPT, "acceptor", lambda draw, town: {"category": "E0405"}),
        (Action.ACCEPT, "acceptor", lambda draw, town: {"category": "E0405"}),
        (Action.SEND_VERIFY, "acceptor", inspector),
        (Action.MERGE, "acceptor", into),
        (Action.REFUSE, "acceptor", reason),
        (Action.AMEND, "acceptor", elsewhere),
    ),
    "self_handled": ((Action.CONFIRM_HANDLED, "acceptor", nothing), (Action.CONTEST_HANDLED, "acceptor", reason)),
    "merged": ((Action.UNMERGE, "acceptor", reason),),
    "verifying": ((Action.VERIFY, UNIT, lambda draw, town: {"result": "true"}),),
    "verified": ((Action.ACCEPT, "acceptor", lambda draw, town: {"category": "E0201"}),),
    "accepted": ((Action.FILE, "shift_leader", lambda draw, town: {"condition": draw.choice((1, 1, 1, 2))}),),
    "filed": ((Action.DISPATCH, "dispatcher", unit),) * 8 + ((Action.VOID, "shift_leader", reason),),
    "dispatched": ((Action.SIGN, UNIT, nothing), (Action.SIGN, UNIT, nothing), (Action.ASK_RETURN, UNIT, reason)),
    "handling": (
        *((Action.REPLY, UNIT, photo),) * 4,
        (Action.ASK_RETURN, UNIT, reason),
        (Action.ASK_DELAY, UNIT, lambda draw, town: {"reason": "weather"}),
        (Action.ASK_SUSPEND, UNIT, until),
        (Action.AMEND, "dispatcher", elsewhere),
        (Action.FORCE_CLOSE, "leader", reason),
    ),
    "return_asked": ((Action.APPROVE_RETURN, "dispatcher", nothing), (Action.REFUSE_RETURN, "dispatcher", reason)),
    "delay_asked": ((Action.APPROVE_DELAY, "shift_leader", nothing), (Action.REFUSE_DELAY, "dispatcher", reason)),
    "suspend_asked": ((Action.APPROVE_SUSPEND, "shift_leader", nothing),),
    "suspended": ((Action.RESUME, "dispatcher", nothing),),
    "feedback": ((Action.PASS_TO_CHECK, "dispatcher", nothing),) * 3 + ((Action.REJECT_REPLY, "dispatcher", reason),),
    "check_pending": ((Action.SEND_CHECK, "acceptor", inspector),),
    "checking": ((Action.CHECK_PASS, UNIT, photo), (Action.CHECK_PASS, UNIT, photo), (Action.CHECK_FAIL, UNIT, photo)),
    "rework": ((Action.SEND_REWORK, "dispatcher", nothing),),
    "checked_ok": ((Action.CLOSE, "shift_leader", nothing),),
    "closed": (
        *((Action.REOPEN, "shift_leader", reason), (Action.APPEAL, UNIT, reason)),
        *((Action.GRANT_APPEAL, "evaluator", reason), (Action.REFUSE_APPEAL, "evaluator", reason)),
    ),
    "closed_forced": ((Action.REOPEN, "shift_leader", reason),),
}


def whole(tx: ReadTx, period: Period, cut: Cut, *, as_of: datetime | None = None) -> tuple[list[Measure], Lengths]:
    """All that can be told of a cut."""
    more = () if cut.posted else MORE
    return measure(tx, period, cut, as_of=as_of, more=more), spans(tx, period, cut, as_of=as_of)


class Life:
    """A town whose people act at random; what was asked of it is kept, to be asked again."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town, self.draw = town, Random(seed)
        self.asked: list[tuple[datetime, str, Cut, tuple[list[Measure], Lengths]]] = []
        self.done: Counter[str] = Counter()

    def report(self) -> Receipt:
        lon, lat = self.draw.choice(PLACES)
        early = self.town.now - timedelta(hours=self.draw.randrange(0, 60))  # taken down where there was no signal
        if self.draw.random() < 0.3:
            return self.town.report(None, "citizen", public=True, source="web", lon=lon, lat=lat)
        more = {"handled": True} if self.draw.random() < 0.1 else {}
        return self.town.report("E0405", self.draw.choice(("inspector1", "inspector2")), lon=lon, lat=lat,
                                captured_at=early, **more)  # fmt: skip

    def act(self) -> None:
        case = self.draw.choice([row for row in look(CASES) if row["state"] in WAYS])
        action, who, form = self.draw.choice(WAYS[case["state"]])
        actor = who if who != UNIT else case["login"] or case["unit_id"]
        with suppress(Problem):
            self.town.do(case["id"], action, actor, **form(self.draw, self.town))
            self.done[action.value] += 1

    def ask(self) -> None:
        """All figures of last week and of this one, as they are told now."""
        for cut in CUTS:
            for name in (WEEK, "2026-W25", "2026-06"):
                with read() as tx:
                    told = whole(tx, period_of(name, ZONE), cut, as_of=tx.now)
                self.asked.append((self.town.now, name, cut, told))
        self.town.later(seconds=1)  # what is recorded at an instant is known at it

    def live(self) -> None:
        """A week and a half; asked at midnight between the weeks, and now and then."""
        for _ in range(5):
            self.report()
        returned = self.town.handling()  # whatever chance brings, one is given back, rightly
        self.town.do(returned, Action.ASK_RETURN, "enforcement-a", reason="not-ours")
        self.town.do(returned, Action.APPROVE_RETURN, "dispatcher")
        for number in range(ACTS):
            if number % 8 == 0 and number < 200:
                self.report()
            self.act()
            if number == ACTS // 2:
                self.town.set(BORDER)
                self.ask()
            if number in (40, 150, 220):
                self.ask()
            if self.draw.random() < 0.2:  # else the sweep comes late, and the next act settles
                self.town.sweep()
            self.later(number)

    def later(self, number: int) -> None:
        ahead = timedelta(minutes=self.draw.choice((0, 3, 20, 90, 200)))
        border = BORDER if number < ACTS // 2 else BORDER + timedelta(days=30)
        self.town.set(min(self.town.now + ahead, border))


@pytest.fixture(scope="module", params=[1, 2])
def life(databases: Callable[[], AbstractContextManager[Urls]], request: pytest.FixtureRequest) -> Iterator[Life]:
    with databases(), settled() as town:
        life = Life(town, request.param)
        life.live()
        yield life


def test_figures_asked_later_as_of_then_are_those_told_then(life: Life) -> None:
    assert {"reopen", "check_fail", "amend", "merge", "dispatch", "close"} <= set(life.done)
    moved = 0
    for then, name, cut, told in life.asked:
        with read(heavy=True) as tx:
            assert whole(tx, period_of(name, ZONE), cut, as_of=then) == told, (then, name, cut)
            moved += whole(tx, period_of(name, ZONE), cut, as_of=tx.now) != told
    assert moved > len(life.asked) // 2  # the town did go on


def test_a_finished_period_keeps_the_figures_it_had_at_its_end(life: Life) -> None:
    kept = [(cut, told) for then, name, cut, told in life.asked if (then, name) == (BORDER, WEEK)]
    assert len(kept) == len(CUTS)
    for cut, told in kept:
        with read(heavy=True) as tx:
            assert whole(tx, period_of(WEEK, ZONE), cut) == told


def test_every_figure_as_of_then_opens_to_its_cases_each_in_one_cell(life: Life) -> None:
    for then in {then for then, *_ in life.asked}:
        with read(heavy=True) as tx:
            week = period_of(WEEK, ZONE)
            (city,) = measure(tx, week, Cut(by="city"), as_of=then)
            cells = Counter(case for cell in CELLS for case in cases_of(tx, week, "", cell, Cut(by="city"), as_of=then))
            for one in measure(tx, week, Cut(), as_of=then):
                assert len(cases_of(tx, week, one.key, "should_dispose", as_of=then)) == one.counts.should_dispose
        assert set(cells.values()) <= {1}
        assert sum(cells.values()) == city.counts.should_dispose


def test_sums_over_districts_as_of_then_equal_the_city(life: Life) -> None:
    for then in {then for then, *_ in life.asked}:
        with read(heavy=True) as tx:
            (city,) = measure(tx, period_of(WEEK, ZONE), Cut(by="city"), as_of=then)
            for cut in (Cut(by="area"), Cut(by="area", depth=2), Cut(), Cut(by="class")):
                assert total(measure(tx, period_of(WEEK, ZONE), cut, as_of=then)) == city.counts


def test_a_fact_is_what_all_its_steps_say(life: Life) -> None:
    steps: dict[int, list[Any]] = {}
    for row in look("SELECT * FROM step ORDER BY case_id, seq"):
        steps.setdefault(row["case_id"], []).append(type("Said", (), row))
    for fact in look("SELECT * FROM fact"):
        again = fact_of(fact, steps[fact["case_id"]])
        del fact["settled_at"], fact["life"]  # the database's own
        assert again == {name: value for name, value in fact.items() if value is not None}


def test_the_verifier_finds_facts_and_last_months_figures_as_the_steps_say(life: Life) -> None:
    with read(heavy=True) as tx:
        assert list(month_breaches(tx, ZONE.key)) == []  # May: nothing
    later = life.town.now
    life.town.set(datetime(2026, 7, 3, tzinfo=ZONE))
    with read(heavy=True) as tx:
        assert sum(map(sum, (one.triple for one in measure(tx, period_of("2026-06", ZONE))))) > 0
        assert list(month_breaches(tx, ZONE.key)) == []
        assert list(lives_breaches(tx, ZONE.key)) == []
    with write() as tx:
        execute(tx, "UPDATE fact SET due_at = due_at + interval '1 month' WHERE due_at IS NOT NULL")
        assert "told as" in next(month_breaches(tx, ZONE.key)).words
        tx.connection.rollback()
    life.town.set(later)


def test_nothing_is_folded_for_cases_that_nobody_touched_since(life: Life) -> None:
    with read() as tx:
        assert past_facts(tx, tx.now) == "{}"


def test_a_case_of_another_system_counts_from_its_own_instants_however_late_it_comes(life: Life) -> None:
    april = Period("2026-04", datetime(2026, 4, 1, tzinfo=ZONE), datetime(2026, 5, 1, tzinfo=ZONE))
    day = timedelta(days=1)
    with read(heavy=True) as tx:
        assert measure(tx, april, Cut(by="city")) == []
    with write() as tx:
        times = {"dispatched_at": april.start + day, "due_at": april.start + 3 * day}
        ended = {"disposed_at": april.end + day, "closed_at": april.end + 2 * day}
        case = receive_import(tx, Imported(id=uuid4(), source="import", reported_at=april.start, closed=True,
                                           category="E0405", lon=114.0005, lat=22.501, unit="enforcement-a",
                                           **times, **ended))  # fmt: skip
    with read(heavy=True) as tx:
        (city,) = measure(tx, april, Cut(by="city"))
    assert (city.counts.report, city.cells["new_open"]) == (1, 1)
    life.town.later(hours=1)
    life.town.do(case, Action.APPEAL, "enforcement-a", reason="wrong")
    life.town.do(case, Action.GRANT_APPEAL, "evaluator", reason="right")
    with read(heavy=True) as tx:
        (kept,) = measure(tx, april, Cut(by="city"))
        (present,) = measure(tx, april, Cut(by="city"), as_of=tx.now)
    assert kept == city
    assert present.counts.should_dispose == NOTHING.should_dispose


def test_an_instant_is_a_day_a_time_or_now_and_never_ahead() -> None:
    now = MONDAY
    assert as_of_of("", ZONE, now) is None
    assert as_of_of("now", ZONE, now) == now
    assert as_of_of("2026-06-01", ZONE, now) == datetime(2026, 6, 2, tzinfo=ZONE)
    assert as_of_of("2026-06-08", ZONE, now) == now  # today: as far as it has come
    assert as_of_of("2026-06-01T08:30", ZONE, now) == datetime(2026, 6, 1, 8, 30, tzinfo=ZONE)
    assert as_of_of("2026-06-01T08:30:00+00:00", ZONE, now) == datetime(2026, 6, 1, 16, 30, tzinfo=ZONE)
    for text in ("2026-06-09", "2026-06-08T09:01", "yesterday", "2026-13-01", "9999-12-31"):
        with pytest.raises(ValueError, match=text):
            as_of_of(text, ZONE, now)


def test_the_command_ranks_as_of_an_instant_and_says_which(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    def said(*options: str) -> tuple[list[dict[str, Any]], str]:
        assert command.run(parser.parse_args(["--period", WEEK, "--small-sample", "1", "--json", *options])) == 0
        shown = capsys.readouterr()
        return json.loads(shown.out), shown.err

    kept, when = said()
    assert when == "2026-W24, as of 2026-06-15T00:00:00+08:00\n"
    assert said("--as-of", "2026-06-15T00:00")[0] == said("--as-of", "2026-06-14")[0] == kept
    present, when = said("--as-of", "now")
    assert present != kept
    assert when == f"2026-W24, as of {life.town.now.isoformat()}\n"
    for wrong in (["--period", WEEK, "--as-of", "2030-01-01"], ["--counts", "x.csv", "--as-of", "now"]):
        assert command.run(parser.parse_args(wrong)) == 2
    assert "lies ahead" in capsys.readouterr().err


def test_an_instant_asked_again_tells_each_case_as_it_was_also_those_added_to_only_now(life: Life) -> None:
    town = life.town
    town.set(max(town.now, BORDER + timedelta(days=40)))
    one, two = town.filed(), town.filed()
    town.later(minutes=1)
    then = town.now
    facts = "SELECT case_id, state, dispatched_at, unit_id FROM fact WHERE case_id = ANY(%(ids)s)"
    stood = {row["case_id"]: row for row in look(facts, ids=[one.case_id, two.case_id])}
    assert {row["state"] for row in stood.values()} == {"filed"}
    for case, touched in ((one, {one.case_id}), (one, {one.case_id}), (two, {one.case_id, two.case_id})):
        town.later(minutes=1)
        action = Action.DISPATCH if case.case_id not in past(then) else Action.SIGN
        town.do(case, action, "dispatcher" if action is Action.DISPATCH else "enforcement-a", **UNITS[action])
        told = past(then)
        assert told.keys() == touched
        for case_id, fact in told.items():
            assert {name: fact.get(name) for name in stood[case_id]} == stood[case_id]
    assert past(then - timedelta(days=30)).keys() != past(then).keys()


UNITS: dict[Action, dict[str, Any]] = {Action.DISPATCH: {"unit": "enforcement-a"}, Action.SIGN: {}}


def past(then: datetime) -> dict[int, dict[str, Any]]:
    with read(heavy=True) as tx:
        found = dicts(tx, "SELECT * FROM unnest(%(past)s::fact[])", past=past_facts(tx, then))
        return {fact["case_id"]: fact for fact in found}
