"""The worker ticks; a job that fails stops no other, and several workers double nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch import worker
from dispatch.cluster import Urls
from dispatch.notify.outbox import send_due
from dispatch.ticker import Every, Job, catch_up, run_jobs
from dispatch.worker import JOBS
from tests.cases.town import Town, look, settled


@pytest.fixture
def town(fresh_database: Urls) -> Iterator[Town]:
    with settled() as town:
        yield town


def until(condition: object, seconds: float = 20) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_job_that_fails_is_named_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    ran = threading.Event()

    def fail() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR, logger="wangge.work"):
        scheduler = run_jobs((Job("poison", 0.05, fail), Job("healthy", 0.05, ran.set)))
        try:
            assert ran.wait(5)
            assert until(lambda: len(caplog.records) >= 2)  # and it is tried again
        finally:
            scheduler.shutdown()
    assert "poison" in caplog.text
    assert "broken" in caplog.text


def test_a_clock_set_forward_owes_one_tick_and_not_all_it_passed_over() -> None:
    """APScheduler asks for one tick after the other until it has passed `now`."""
    now = datetime(2026, 10, 1, tzinfo=UTC)
    assert Every(1.0).get_next_fire_time(None, now) == now + timedelta(seconds=1)
    assert Every(1.0).get_next_fire_time(now, now + timedelta(seconds=0.4)) == now + timedelta(seconds=1)
    ahead = now + timedelta(days=400)
    assert Every(1.0).get_next_fire_time(now, ahead) == ahead + timedelta(seconds=1)


def test_a_clock_set_back_holds_up_no_job() -> None:
    """Set back by two hours, the clock says of every job that it is next in two hours."""
    ran: list[float] = []
    scheduler = run_jobs((Job("often", 0.05, lambda: ran.append(1)), Job("seldom", 3600.0, lambda: None)))
    try:
        assert until(lambda: ran)
        assert catch_up(scheduler) == 0
        often = scheduler.get_job("often")
        often.modify(next_run_time=datetime.now(UTC) + timedelta(hours=2))
        before = len(ran)
        assert catch_up(scheduler) == 1
        assert until(lambda: len(ran) > before + 1)
    finally:
        scheduler.shutdown()


def test_a_job_that_hangs_holds_up_no_other() -> None:
    over, ran = threading.Event(), threading.Event()
    hanging = tuple(Job(f"hangs {n}", 0.05, lambda: over.wait() and None) for n in range(12))
    scheduler = run_jobs((*hanging, Job("healthy", 0.05, ran.set)))
    try:
        assert ran.wait(10)
    finally:
        over.set()
        scheduler.shutdown()


def test_a_tick_that_finds_its_job_still_running_is_nothing_to_warn_of(caplog: pytest.LogCaptureFixture) -> None:
    over, begun = threading.Event(), threading.Event()
    passed: list[float] = []

    def last() -> None:
        begun.set()
        over.wait()

    scheduler = run_jobs((Job("long", 0.05, last), Job("others", 0.05, lambda: passed.append(1))))
    try:
        assert begun.wait(10)
        assert until(lambda: len(passed) > 5)
        logging.getLogger("apscheduler.scheduler").warning("something else")
    finally:
        over.set()
        scheduler.shutdown()
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["something else"]


def test_two_workers_fire_each_event_once(town: Town) -> None:
    cases = [town.report() for _ in range(30)]
    town.later(hours=1)
    deadlines = tuple(job for job in JOBS if job.name == "deadlines")
    both = [run_jobs(deadlines), run_jobs(deadlines)]
    try:
        done = "SELECT count(*) = 60 AS yes FROM fired"
        assert until(lambda: look(done)[0]["yes"])
    finally:
        for scheduler in both:
            scheduler.shutdown()
    steps = look("SELECT count(*) AS n FROM step WHERE action IN ('warn', 'lapse')")[0]["n"]
    assert steps == 2 * len(cases)


def test_an_event_due_before_the_next_tick_is_waited_for(town: Town) -> None:
    """The town's clock stands still: only what is due by it fires, however long one waits."""
    town.report()
    town.later(minutes=11, seconds=59.8)  # the warning is due at 12 minutes
    worker.fire_due()
    assert look("SELECT count(*) AS n FROM fired")[0]["n"] == 0
    town.later(seconds=0.2)
    worker.fire_due()
    assert look("SELECT event FROM fired") == [{"event": "warn"}]


def test_messages_are_sent_once_by_however_many(town: Town) -> None:
    for _ in range(5):
        town.dispatched()
    sent: list[int] = []
    threads = [threading.Thread(target=lambda: sent.append(send_due())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 5
    assert look("SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL OR attempts <> 1")[0]["n"] == 0


def test_next_months_partitions_are_made_once(
    town: Town, fresh_database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "urls_of", lambda _: fresh_database)
    worker.make_partitions()
    worker.make_partitions()
    made = look("SELECT relname FROM pg_class WHERE relispartition AND relname ~ '_part_[0-9]{6}$' AND relkind = 'r'")
    assert len(made) == 3
