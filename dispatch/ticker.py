"""The worker's ticks: jobs that run every so many seconds, whatever the machine's clock is set to meanwhile.

APScheduler tells by the wall clock when a job is next. Set back by two hours, that clock would let every job wait two
hours; set forward by a year, it would list every tick of that year first. Neither may happen here: `Every` knows one
tick only, and `catch_up` lets no job wait longer than its own pace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from gis.db import gone

__all__ = ["Every", "Job", "catch_up", "run_jobs"]

log = logging.getLogger("wangge.work")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every so many seconds. It claims its own rows, so that two at once do no harm."""

    name: str
    every: float
    run: Callable[[], None]


class Every(BaseTrigger):  # type: ignore[misc]
    """The next tick is one pace after the last; where that has passed already, one pace from now."""

    def __init__(self, seconds: float) -> None:
        self.pace = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """As the library asks for it."""
        following = now if previous_fire_time is None else previous_fire_time + self.pace
        return following if following > now else now + self.pace


def run_jobs(jobs: tuple[Job, ...]) -> BackgroundScheduler:
    """Start ticking, each job in a thread that no other waits for; the caller shuts the scheduler down."""
    logging.getLogger("apscheduler.scheduler").addFilter(_unexpected)
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(len(jobs))})
    for job in jobs:
        scheduler.add_job(
            _careful(job),
            Every(job.every),
            id=job.name,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    return scheduler


def _unexpected(record: logging.LogRecord) -> bool:
    """A tick that finds its job still running is passed over by design, and nothing to warn of."""
    return "maximum number of running instances reached" not in str(record.msg)


def catch_up(scheduler: BackgroundScheduler) -> int:
    """Run at once what the wall clock puts off for longer than its pace, for then it was set back; how many jobs."""
    now = datetime.now(UTC)
    late = [job for job in scheduler.get_jobs() if job.next_run_time > now + job.trigger.pace]
    for job in late:
        job.modify(next_run_time=now)
    return len(late)


def _careful(job: Job) -> Callable[[], None]:
    """The job, its faults written down by its name: a fault of one never stops the others, nor its own next round."""

    def run() -> None:
        try:
            job.run()
        except Exception as error:  # the loop's one broad except: it names the job and goes on
            if gone(error):
                log.warning("%s: %s", job.name, error)
            else:
                log.exception("%s failed; it is tried again in %g s", job.name, job.every)

    return run
