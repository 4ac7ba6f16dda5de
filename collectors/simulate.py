"""`wangge simulate`: a simulated city of people who report and act through the same doors as real ones, by a seed."""

from __future__ import annotations

import os
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from collectors.rehearsal import ledger, pictures
from collectors.rehearsal.duty import Watch, drill_nightly, watch_of
from collectors.rehearsal.evaluators import keep_scores, revise
from collectors.rehearsal.growth import Growth, keep_growth
from collectors.rehearsal.living import live
from collectors.rehearsal.scene import scene_of
from collectors.rehearsal.shards import Progress, Window, start
from collectors.rehearsal.terminals import sit_down
from dispatch.alarms.ring import ring_due
from dispatch.command import Command, print_table
from dispatch.config import settings
from dispatch.database import urls_of
from gis.db import read, write
from gis.problems import FormIncomplete, Problem

__all__ = ["Order", "Outcome", "command", "grow", "history", "live_on", "standstill"]

SEED, PER_DAY = 1, 400
CHEATS, MOST_CHEATS = 0.1, 0.15  # units cheat in five ways, each in one: of more, hardly any would be honest
CHUNK = timedelta(days=2)  # grown at a time, backwards
SAY_EVERY = 2.0  # seconds
STILL = 30.0  # seconds without progress, after which that is said, and again
SELDOM = 120.0  # seconds: what goes on for an hour beside a running city must not bury its logins
LONGEST_DAYS, MOST_JOBS = 3660, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. `until`: the instant up to which the city lives; None: now.

    `cheats`: which part of the people cheats; `sparing`: only they have pictures of their own. `duty`: whether nights
    are drilled and calls counted against the roster. `scores`: the evaluators publish, settle and keep the ledger.
    """

    days: float
    per_day: int = PER_DAY
    seed: int = SEED
    until: datetime | None = None
    jobs: int = 2
    cheats: float = 0.0
    duty: bool = False
    sparing: bool = False
    scores: bool = False


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it; `hash` is over all simulated steps in the database, empty if it was not asked for; `watch`: who
    was there for danger, if that was."""

    cases: int = 0
    acts: int = 0
    seconds: float = 0.0
    acts_per_second: float = 0.0
    refused: int = 0
    hash: str = ""
    watch: Watch | None = None


Say = Callable[[str], None]


def history(order: Order, url: str, say: Say = lambda _: None) -> Outcome:
    """Give the city a past of so many days that ends at `until`. Reports that are there already are not made again.

    `url`: the database, for the processes that do it. Raises Conflict if the city holds a real case.
    """
    window = _window(order)
    windows = [replace(window, share=share, shares=order.jobs) for share in range(order.jobs)]
    outcome = _add_up(start(url, windows, silent=standstill(say)), say, whole=window)
    while ring_due(now=window.until):  # whoever holds a case that is open then would have been rung
        pass
    if order.duty:
        drill_nightly(window.since, window.until)
    with read() as tx:
        outcome.hash = ledger.hash_of(tx)
        if order.duty:
            outcome.watch = watch_of(tx, window.since, window.until)
    if order.scores:
        keep_scores(window.since)
    return outcome


def grow(order: Order, url: str) -> Iterator[Progress]:
    """The same past from the latest days backwards, by one process of the lowest priority; says how it goes on."""
    whole = _window(order)
    until = whole.until
    windows = []
    while until > whole.since:
        since = max(whole.since, until - CHUNK)
        windows.append(replace(whole, since=since, until=until))
        until = since
    for window in windows:
        keep_growth(settings().data, Growth(wanted=whole.since, reached=window.until))
        yield from start(url, [window], gentle=True)
    keep_growth(settings().data, Growth(wanted=whole.since, reached=whole.since))


def _window(order: Order) -> Window:
    with write() as tx:
        ledger.begin(tx)
        until = order.until or tx.now.replace(microsecond=0)
        sit_down(tx, order.seed, until - timedelta(days=order.days), until)
        if order.cheats and (cheats := scene_of(tx, order.seed, cheats=order.cheats).cheats):
            cheats.keep(settings().data)
    return Window(
        since=until - timedelta(days=order.days),
        until=until,
        now=until,
        per_day=order.per_day,
        seed=order.seed,
        photos=pictures.hang(settings().data / "photos"),
        cheats=order.cheats,
        duty=order.duty,
        sparing=order.sparing,
    )


def standstill(say: Say) -> Callable[[float], None]:
    """Told again and again for how many seconds nothing has come, says so every half minute."""
    told = 0

    def silent(seconds: float) -> None:
        nonlocal told
        if (times := int(seconds / STILL)) > told:
            say(f"no progress for {seconds:.0f} s")
        told = times

    return silent


def _add_up(
    progress: Iterator[Progress], say: Say, *, every: float = SAY_EVERY, whole: Window | None = None
) -> Outcome:
    """Count what the processes say, and pass it on every so many seconds; of a `whole` known, how much is done."""
    outcome, begun = Outcome(), time.monotonic()
    said, reached = begun, dict[int, datetime]()
    for one in progress:
        outcome.cases, outcome.acts = outcome.cases + one.cases, outcome.acts + one.acts
        outcome.refused += len(one.refused)
        reached[one.share] = one.at
        for words in islice(one.refused, 3):
            say(f"refused: {words}")
        now = time.monotonic()
        if now - said > every:
            said = now
            pace = outcome.acts / (now - begun)
            far = min(reached.values())
            done = f"{max(0.0, (far - whole.since) / (whole.until - whole.since)):4.0%}  " if whole else ""
            say(f"{far:%Y-%m-%d}  {done}{outcome.cases} cases  {outcome.acts} acts  {pace:.0f} acts/s")
    outcome.seconds = round(time.monotonic() - begun, 1)
    outcome.acts_per_second = round(outcome.acts / max(outcome.seconds, 0.1), 1)
    return outcome


# ------------------------------------------------------------------------------------------------------ the command


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--days", type=float, default=14, metavar="N", help="days of past to live through (14)")
    parser.add_argument("--cases-per-day", type=int, default=PER_DAY, metavar="M", help=f"on a working day ({PER_DAY})")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help="same seed, same city (1)")
    parser.add_argument("--until", default="now", metavar="TIME", help="end of the past: `now` or ISO 8601 with zone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="processes (one a core)")
    parser.add_argument("--grow", type=float, metavar="N", help="grow the past backwards to N days, at low priority")
    parser.add_argument("--live", action="store_true", help="then live on at real pace until stopped")
    parser.add_argument(
        "--cheats",
        type=float,
        nargs="?",
        const=CHEATS,
        default=0.0,
        metavar="SHARE",
        help=f"that part of the people and units cheats in each of eight ways (without a number {CHEATS}, at most "
        f"{MOST_CHEATS}); who, is written to the data folder, for `wangge integrity measure`",
    )
    parser.add_argument(
        "--duty",
        action="store_true",
        help="drill every night; then say who on duty answered for danger, who did not, what lint and drills found",
    )
    parser.add_argument("--sparing", action="store_true", help="with --cheats: the honest share a dozen pictures")
    parser.add_argument(
        "--scores", action="store_true", help="the evaluators publish what is over, keep the ledger and settle"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def _run(arguments: Namespace) -> int:
    """0 if all went well, 1 if a door refused what these people tried, or nobody on duty answered for a danger."""
    order = _order(arguments)
    url = urls_of(settings()).app
    if arguments.live:
        live_on(order, url, grow=arguments.grow is not None)
    outcome = history(order, url, _say) if arguments.grow is None else _add_up(grow(order, url), _say, every=SELDOM)
    row = asdict(outcome)
    if outcome.watch is None:
        del row["watch"]
    print_table([row], ("cases", "acts", "seconds", "acts_per_second", "hash"), json=arguments.json)
    if outcome.watch is not None and not arguments.json:
        print_table(_told(outcome.watch), ("what", "whom", "times"), json=False)
    return 1 if outcome.refused or (outcome.watch and outcome.watch.missed) else 0


def _told(watch: Watch) -> list[dict[str, object]]:
    """A line for everybody who answered, was rung in vain or was not there, and for what was foreseen."""
    people = sum(watch.answered.values())
    lines = [("dangers", "", watch.dangers), ("answered by somebody on duty", f"{len(watch.answered)} people", people)]
    lines += [("answered", *one) for one in sorted(watch.answered.items())]
    lines += [("rung in vain", *one) for one in sorted(watch.in_vain.items())]
    lines += [("empty rung", *one) for one in sorted(watch.nobody.items())]
    lines += [("nobody on duty answered", case, 1) for case in watch.missed]
    lines += [("found by lint", words, 1) for words in watch.holes]
    lines += [("found by the drill", words, 1) for words in watch.drills]
    return [{"what": what, "whom": whom, "times": times} for what, whom, times in lines]


def live_on(order: Order, url: str, *, grow: bool) -> None:
    """Live at real pace until stopped, growing the past beside it if asked to."""
    window = _window(order)
    past = Past(order, url) if grow else None
    live(window, past.news if past else lambda: False)


class Past:
    """The past growing in a thread of its own, which only listens: the work is done by a process."""

    def __init__(self, order: Order, url: str) -> None:
        self._grown = threading.Event()
        self._thread = threading.Thread(target=self._grow, args=(order, url), daemon=True)
        self._thread.start()

    def _grow(self, order: Order, url: str) -> None:
        try:
            outcome = _add_up(grow(order, url), _say, every=SELDOM)
            if outcome.cases:
                _say(f"the past has grown by {outcome.cases} cases")
            if order.scores:
                self._publish(order, grown=bool(outcome.cases))
        except Problem as problem:
            _say(f"the past did not grow to its end: {problem}")
        self._grown.set()

    @staticmethod
    def _publish(order: Order, *, grown: bool) -> None:
        if grown:
            revise()
        with read() as tx:
            since = tx.now - timedelta(days=order.days)
        keep_scores(since)

    def news(self) -> bool:
        """Whether it has just finished; true once."""
        if not self._grown.is_set():
            return False
        self._grown.clear()
        return True


def _order(arguments: Namespace) -> Order:
    """Raises FormIncomplete where a number makes no sense."""
    until = None if arguments.until == "now" else _instant(arguments.until)
    days = arguments.days if arguments.grow is None else arguments.grow
    if not 0 < days <= LONGEST_DAYS or arguments.cases_per_day < 1 or not 1 <= arguments.jobs <= MOST_JOBS:
        raise FormIncomplete(
            f"--days must lie between 0 and {LONGEST_DAYS}, --jobs between 1 and {MOST_JOBS}, "
            "--cases-per-day must be at least 1"
        )
    if not 0 <= arguments.cheats <= MOST_CHEATS:
        raise FormIncomplete(f"--cheats is a part from 0 to {MOST_CHEATS}")
    if arguments.duty and (arguments.live or arguments.grow):
        raise FormIncomplete("--duty looks at a past that is lived through once: not with --live or --grow")
    return Order(
        days=days,
        per_day=arguments.cases_per_day,
        seed=arguments.seed,
        until=until,
        jobs=arguments.jobs,
        cheats=arguments.cheats,
        duty=arguments.duty,
        sparing=arguments.sparing,
        scores=arguments.scores,
    )


def _instant(words: str) -> datetime:
    try:
        at = datetime.fromisoformat(words)
    except ValueError as error:
        raise FormIncomplete(f"--until {words} is neither `now` nor a time like 2026-10-20T12:00+08:00") from error
    if at.utcoffset() is None:
        raise FormIncomplete(f"--until {words} names no time zone; write it like 2026-10-20T12:00+08:00")
    return at.astimezone(UTC)


def _say(words: str) -> None:
    sys.stderr.write(f"  {words}\n")
    sys.stderr.flush()


command = Command(
    name="simulate",
    help="let a simulated city live: report, act and lapse through the same doors, by a seed",
    add_arguments=_add_arguments,
    run=_run,
    description="Fills a city that holds no real case with simulated ones, which live up to --until: inspectors, "
    "citizens, the centre's watches and the departments act through the same doors as real people. The same seed, "
    "city and times give the same hash. What is there already is not made again, so an interrupted run is simply "
    "repeated. The city stays a rehearsal for ever.",
)
