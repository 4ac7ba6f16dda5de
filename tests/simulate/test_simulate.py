"""The simulated city: the same seed gives the same city, lives are lawful and whole, and no real case stands among
them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import hypot
from pathlib import Path
from uuid import uuid4

import pytest

from collectors.rehearsal import ledger, pictures
from collectors.rehearsal.finds import LOOK, PACE_M_S, finds_of
from collectors.rehearsal.life import next_of
from collectors.rehearsal.living import Living
from collectors.rehearsal.scene import Scene, Spot, scene_of
from collectors.rehearsal.shards import Window, run_window
from collectors.rehearsal.turn import Turn, lives_of
from collectors.simulate import Order, Outcome, history, standstill
from dispatch import city
from dispatch.cases import books
from dispatch.cases.actor import CITIZEN
from dispatch.cases.intake import Report, receive
from dispatch.cluster import Urls
from dispatch.config import settings
from dispatch.lifecycle.states import Action, State
from dispatch.lifecycle.table import TRANSITIONS
from dispatch.verify import verify
from gis.crs import metres_per_degree
from gis.db import dicts, execute, read, value, write
from gis.problems import Conflict

TINY = Path(__file__).parents[1] / "towns" / "tiny"
UNTIL = datetime(2026, 6, 12, 4, tzinfo=UTC)  # a Friday, noon in town
ORDER = Order(days=4, per_day=30, seed=7, until=UNTIL, jobs=1)


@pytest.fixture(scope="module")
def lived(database: Urls) -> Outcome:
    """Four days of the town, one process."""
    return _history(database, ORDER)


def _history(urls: Urls, order: Order) -> Outcome:
    books.forget()
    city.load(TINY)
    return history(order, urls.app)


def _look(sql: str, **params: object) -> list[dict[str, object]]:
    with read() as tx:
        return dicts(tx, sql, **params)  # type: ignore[arg-type]


def test_the_same_seed_in_another_database_and_by_two_processes_is_the_same_city(
    lived: Outcome, fresh_database: Urls
) -> None:
    again = _history(fresh_database, Order(days=4, per_day=30, seed=7, until=UNTIL, jobs=2))
    assert (again.cases, again.acts, again.hash) == (lived.cases, lived.acts, lived.hash)
    assert lived.cases > 70
    assert lived.acts > 8 * lived.cases


def test_another_seed_is_another_city(lived: Outcome, fresh_database: Urls) -> None:
    other = _history(fresh_database, Order(days=4, per_day=30, seed=8, until=UNTIL, jobs=1))
    assert other.hash != lived.hash


def test_no_door_refused_anybody(lived: Outcome) -> None:
    assert lived.refused == 0


def test_every_step_stands_in_the_table_and_the_steps_are_counted(lived: Outcome) -> None:
    steps = _look("SELECT from_state, action, to_state FROM step")
    lawful = {(state.value, row.action.value) for row in TRANSITIONS for state in row.frm}
    begun = {row.action.value for row in TRANSITIONS if not row.frm}
    assert all((s["from_state"], s["action"]) in lawful or s["action"] in begun for s in steps)
    # Of the system's own answers to unanswered requests the tally counts the lapse that brought them.
    assert lived.acts <= len(steps) <= lived.acts * 1.02


def test_what_goes_wrong_in_a_city_goes_wrong_here(fresh_database: Urls) -> None:
    """A busier town: everything that two persons, or a second look, are needed for."""
    outcome = _history(fresh_database, Order(days=24, per_day=40, seed=12, until=UNTIL, jobs=2))
    assert outcome.refused == 0
    done = {
        str(row["action"]): row["n"] for row in _look("SELECT action, count(*)::int AS n FROM step GROUP BY action")
    }
    wanted = ("amend", "unmerge", "answer_supervision", "ask_ruling", "rule_other", "rule_stay")
    assert [action for action in wanted if action not in done] == []
    with _clock_at(UNTIL):
        faults = {finding.no: finding.first for finding in verify() if not finding.holds}
    assert {no: first for no, first in faults.items() if no != "I13"} == {}  # nothing seals here


def test_warnings_and_lapses_stand_at_their_true_instants(lived: Outcome) -> None:
    fired = _look(
        """SELECT s.at, s.recorded_at, f.at AS owed FROM fired f JOIN step s ON s.case_id = f.case_id AND s.seq = f.seq
            WHERE f.event IN ('warn', 'lapse')"""
    )
    assert len(fired) > 20
    assert all(row["at"] == row["owed"] == row["recorded_at"] for row in fired)


def test_no_step_lies_after_the_end_and_each_case_moves_forward(lived: Outcome) -> None:
    assert _look("SELECT 1 FROM step WHERE at > %(until)s OR recorded_at > %(until)s", until=UNTIL) == []
    backwards = """SELECT 1 FROM step a JOIN step b ON b.case_id = a.case_id AND b.seq = a.seq + 1 WHERE b.at < a.at"""
    assert _look(backwards) == []


def test_nothing_owed_before_the_end_is_left(lived: Outcome) -> None:
    assert _look("SELECT id FROM cases WHERE next_at <= %(until)s", until=UNTIL) == []


def test_departments_work_in_opening_hours_and_inspectors_by_day(lived: Outcome) -> None:
    replies = _look("SELECT s.at FROM step s JOIN cases c ON c.id = s.case_id WHERE action = 'reply' AND NOT c.hazard")
    hours = Counter(row["at"].astimezone(_zone()).hour for row in replies)  # type: ignore[attr-defined]
    assert set(hours) <= {*range(8, 13), *range(14, 19)} | {h for h in hours if hours[h] <= _urgent_replies()}
    checks = _look("SELECT at FROM step WHERE action IN ('check_pass', 'check_fail', 'verify')")
    assert checks
    assert all(7 <= row["at"].astimezone(_zone()).hour <= 21 for row in checks)  # type: ignore[attr-defined]


def _urgent_replies() -> int:
    """Replies under a limit that runs day and night may come at any hour."""
    asked = """SELECT count(*) AS n FROM step s JOIN cases c ON c.id = s.case_id
                WHERE action = 'reply' AND time_class LIKE 'urgent%%'"""
    return int(str(_look(asked.replace("%%", "%"))[0]["n"]))


def _zone() -> object:
    with read() as tx:
        return books.books(tx).zone


def test_running_it_again_adds_nothing(lived: Outcome, database: Urls) -> None:
    again = history(ORDER, database.app)
    assert (again.cases, again.acts, again.hash) == (0, 0, lived.hash)


def test_a_past_grown_in_two_pieces_is_the_past_grown_at_once(lived: Outcome, fresh_database: Urls) -> None:
    books.forget()
    city.load(TINY)
    with write() as tx:
        ledger.begin(tx)
    photos = pictures.hang(settings().data / "photos")
    middle, whole = UNTIL - timedelta(days=1.3), timedelta(days=4)
    for since, until in ((middle, UNTIL), (UNTIL - whole, middle)):
        window = Window(since=since, until=until, now=UNTIL, per_day=30, seed=7, photos=photos)
        run_window(window, lambda _: None)
    with read() as tx:
        cases = value(tx, "SELECT count(*) FROM cases")
    assert cases == lived.cases


def test_a_real_case_keeps_the_rehearsal_out(fresh_database: Urls) -> None:
    books.forget()
    city.load(TINY)
    with write() as tx:
        receive(tx, Report(id=uuid4(), source="web", public=True, category="E0405", lon=114.0005, lat=22.501), CITIZEN)
    with pytest.raises(Conflict, match="real cases"):
        history(ORDER, fresh_database.app)
    assert _look("SELECT rehearsal FROM city") == [{"rehearsal": 0}]


def test_a_city_that_was_a_rehearsal_stays_one(lived: Outcome) -> None:
    assert _look("SELECT rehearsal FROM city") == [{"rehearsal": 1}]
    with pytest.raises(Exception, match=r"null value|violates|permission"), write() as tx:
        execute(tx, "UPDATE city SET rehearsal = NULL")


# ------------------------------------------------------------------------------------------------- what is drawn


@pytest.fixture
def scene(lived: Outcome) -> Scene:
    with read() as tx:
        return scene_of(tx, 7)


def test_inspectors_walk_no_faster_than_a_walker(scene: Scene) -> None:
    patrols: dict[object, list[tuple[datetime, Spot]]] = {}
    for find in finds_of(scene, date(2026, 6, 10), 120, ()):
        if not find.report.public and find.report.component is None:
            spot = Spot(lon=find.report.lon or 0, lat=find.report.lat or 0)
            patrols.setdefault(find.by.person_id, []).append((find.at, spot))
    assert patrols
    for walk in patrols.values():
        for (left, here), (came, there) in pairwise(walk):
            free = (came - left - LOOK).total_seconds()
            assert _metres(here, there) <= max(free, 0) * PACE_M_S + 40  # what a fix may be off at both ends


def test_simulated_inspectors_are_on_duty_in_shifts_and_tracked_in_them_only(lived: Outcome) -> None:
    shifts = _look("SELECT person_id, started_at, ended_at FROM shift")
    assert len(shifts) > 4
    assert {row["started_at"].astimezone(_zone()).hour for row in shifts} == {7, 14}  # type: ignore[attr-defined]
    assert all(row["ended_at"] is not None or row["started_at"] > UNTIL - timedelta(hours=8) for row in shifts)
    outside = """SELECT 1 FROM track t WHERE NOT EXISTS (SELECT FROM shift s WHERE s.person_id = t.person_id
                  AND t.at BETWEEN s.started_at AND coalesce(s.ended_at, s.started_at + interval '7 hours'))"""
    assert _look(outside) == []
    found = """SELECT count(DISTINCT r.id) AS n FROM report r WHERE r.source = 'inspector'
                AND EXISTS (SELECT FROM track t WHERE t.person_id = r.reporter_id AND t.at = r.received_at)"""
    assert int(str(_look(found)[0]["n"])) > 40


def _metres(here: Spot, there: Spot) -> float:
    kx, ky = metres_per_degree(here.lat)
    return hypot((there.lon - here.lon) * kx, (there.lat - here.lat) * ky)


def test_a_holiday_is_quieter_than_a_working_day(scene: Scene) -> None:
    working = len(finds_of(scene, date(2026, 9, 29), 200, ()))
    holiday = len(finds_of(scene, date(2026, 10, 2), 200, ()))
    assert holiday < 0.7 * working


def test_the_next_step_follows_from_the_row_alone(lived: Outcome, scene: Scene) -> None:
    with read() as tx:
        ids = value(tx, "SELECT array_agg(id) FROM cases WHERE ended_at IS NULL")
        lives = lives_of(tx, ids)
        again = {life.id: life for life in lives_of(tx, ids)}
    assert lives
    for life in lives:
        assert next_of(Turn(life, scene)) == next_of(Turn(again[life.id], scene))


def test_the_city_lives_on_from_what_is_open(lived: Outcome, scene: Scene) -> None:
    open_before = _look("SELECT count(*) AS n FROM cases WHERE ended_at IS NULL")[0]["n"]
    with _clock_at(UNTIL + timedelta(days=3)), write() as tx:
        living = Living(scene, per_day=30, photos=pictures.hang(settings().data / "photos"))
        living.adopt(tx, UNTIL)
        living.foresee(tx, UNTIL)
    assert len(living.held) > 0
    with _clock_at(UNTIL + timedelta(days=3)):
        while living.due(UNTIL + timedelta(days=2)):
            living.do_next()
    ended = _look("SELECT count(*) AS n FROM cases WHERE ended_at > %(until)s", until=UNTIL)[0]["n"]
    assert int(str(ended)) > int(str(open_before)) // 3
    assert _look("SELECT count(*) AS n FROM cases WHERE reported_at > %(until)s", until=UNTIL)[0]["n"] != 0


@contextmanager
def _clock_at(now: datetime) -> Iterator[None]:
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = %(now)s", now=now)
    yield
    with write() as tx:
        execute(tx, "UPDATE city SET simulated_now = NULL")


def test_pictures_are_kept_once_and_are_always_the_same(lived: Outcome) -> None:
    folder = settings().data / "photos"
    assert pictures.hang(folder) == pictures.hang(folder)
    kept = _look("SELECT count(*) AS n FROM photo")[0]["n"]
    assert kept == 2 * pictures.SCENES


def test_a_reply_and_a_check_carry_a_photo(lived: Outcome) -> None:
    bare = """SELECT 1 FROM step s WHERE action IN ('reply', 'check_pass', 'check_fail')
               AND NOT EXISTS (SELECT FROM case_photo p WHERE p.case_id = s.case_id AND p.seq = s.seq)
               AND s.at <= %(until)s"""
    assert _look(bare, until=UNTIL) == []
    assert _look("SELECT 1 FROM step WHERE action = %(reply)s LIMIT 1", reply=Action.REPLY.value)
    assert _look("SELECT 1 FROM cases WHERE state = %(closed)s LIMIT 1", closed=State.CLOSED.value)


def test_a_past_that_stands_still_says_so_every_half_minute():
    said: list[str] = []
    silent = standstill(said.append)
    for seconds in (2, 29, 30, 32, 59, 61, 2, 31):
        silent(seconds)
    assert said == ["no progress for 30 s", "no progress for 61 s", "no progress for 31 s"]
