"""Several processes that live through a rehearsal together. No life touches another's, so each takes its share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from queue import Empty
from typing import Any

import gis.db
from collectors.rehearsal.finds import Find, finds_of
from collectors.rehearsal.ledger import known_reports
from collectors.rehearsal.rounds import walked
from collectors.rehearsal.scene import Scene, scene_of
from collectors.rehearsal.temptation import tempted
from collectors.rehearsal.walk import families, live_through
from gis.db import read, write
from gis.problems import Problem

QUIET = 2.0  # seconds between two looks at processes that say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Reports of `since` ≤ time < `until`, whose lives go on to `now`. `share` of `shares`: which of them.

    `cheats`: which part of the people cheats; `sparing`: only they have pictures of their own. `duty`: whether danger
    rings in the lives themselves, and is answered.
    """

    since: datetime
    until: datetime
    now: datetime
    per_day: int
    seed: int
    photos: tuple[str, ...]
    cheats: float = 0.0
    duty: bool = False
    sparing: bool = False
    share: int = 0
    shares: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """What one process has done since it last said so; `at`: how far its reports have come."""

    share: int
    at: datetime
    cases: int
    acts: int
    refused: list[str] = field(default_factory=list)
    fault: str = ""
    over: bool = False


Tell = Callable[[Progress], None]


def run_window(window: Window, tell: Tell) -> None:
    """Live through the window's reports that are not there yet, in this process."""
    with read() as tx:
        scene = scene_of(tx, window.seed, cheats=window.cheats, sparing=window.sparing)
        there = known_reports(tx, window.since)
    for finds in days_of(scene, window):
        for group in families(find for find in finds if find.report.id not in there):
            with write(durable=False, together=True) as tx:
                walked(tx, group, until=window.now)
            with write(durable=False, together=True) as tx:
                tally = live_through(tx, scene, group, until=window.now, photos=window.photos, duty=window.duty)
            tell(Progress(window.share, group[-1].at, tally.cases, tally.acts, tally.refused))


def days_of(scene: Scene, window: Window) -> Iterator[list[Find]]:
    """The share's reports, day by day, in order of time."""
    day = window.since.astimezone(scene.books.zone).date()
    while day <= window.until.astimezone(scene.books.zone).date():
        found = tempted(scene.cheats, finds_of(scene, day, window.per_day, window.photos))
        yield [
            find
            for find in found
            if window.since <= find.at < window.until and find.number % window.shares == window.share
        ]
        day += timedelta(days=1)


def start(
    url: str, windows: list[Window], *, gentle: bool = False, silent: Callable[[float], None] = lambda _: None
) -> Iterator[Progress]:
    """Live through several windows, each in a process of its own; what they say, as they say it.

    `gentle`: with the lowest priority. `silent` is told for how many seconds none has said anything. Raises Problem
    if one of them fails; the lives it has finished stay.
    """
    context = get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_shard, args=(url, one, queue, gentle), daemon=True) for one in windows]
    for process in processes:
        process.start()
    try:
        yield from _listen(queue, processes, silent)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _listen(queue: Any, processes: list[Any], silent: Callable[[float], None]) -> Iterator[Progress]:
    running, heard = len(processes), time.monotonic()
    while running:
        try:
            said: Progress = queue.get(timeout=QUIET)
        except Empty:
            if any(process.exitcode not in (None, 0) for process in processes):
                raise Problem("A process of the rehearsal was killed; what it finished stays, run it again") from None
            silent(time.monotonic() - heard)
            continue
        heard = time.monotonic()
        if said.fault:
            raise Problem(f"The rehearsal failed: {said.fault}")
        running -= said.over
        yield said


def _shard(url: str, window: Window, queue: Any, gentle: bool) -> None:
    """The whole of one process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if gentle:
        os.nice(10)
    gis.db.configure(url, size=1)
    try:
        run_window(window, queue.put)
        queue.put(Progress(window.share, window.until, 0, 0, over=True))
    except Exception as error:  # the process's end: it says why, and nothing of the life in hand is kept
        queue.put(Progress(window.share, window.until, 0, 0, fault=f"{type(error).__name__}: {error}"))
    finally:
        gis.db.close()
