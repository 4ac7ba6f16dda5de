"""The rehearsal goes on at real pace: the same lives, taken up from the cases' rows, step by step in their time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from uuid import UUID

from collectors.rehearsal.finds import Find, again, finds_of
from collectors.rehearsal.ledger import known_reports
from collectors.rehearsal.life import next_of
from collectors.rehearsal.pages import answer_calls
from collectors.rehearsal.rounds import walked
from collectors.rehearsal.scene import Scene, scene_of
from collectors.rehearsal.shards import Window
from collectors.rehearsal.temptation import tempted, with_own_picture
from collectors.rehearsal.turn import LIVES, Life, Turn, lives_of
from collectors.rehearsal.walk import carry_out, leader_of, still_open
from dispatch.cases.books import books
from dispatch.cases.intake import receive
from dispatch.cases.overdue import settle_case
from dispatch.lifecycle.states import ENDED
from gis.db import Tx, rows, write
from gis.problems import Conflict, FormIncomplete, NotAllowed, Problem, Unavailable

log = logging.getLogger("wangge.rehearsal")

LONGEST_WAIT = 1.0  # seconds between two looks at the clock
AFTERWARDS = timedelta(days=8)  # how long after its end a case may still be answered, appealed or reopened
OPEN = (
    LIVES
    + """ JOIN report r ON r.id = c.report_id
    WHERE r.position->'rehearsal' IS NOT NULL
      AND (c.ended_at > %(since)s OR (c.state <> ALL(%(ended)s) AND c.reported_at > %(oldest)s))
"""
)
OLDEST = timedelta(days=400)
Event = tuple[datetime, int, "Find | Life"]


@dataclass
class Living:
    """What is going to happen, in order. A case is in it once; its clocks' events are left to the worker's sweep."""

    scene: Scene
    per_day: int
    photos: tuple[str, ...]
    heap: list[Event] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    leaders: dict[UUID, int] = field(default_factory=dict)
    told: set[date] = field(default_factory=set)
    numbers: count[int] = field(default_factory=count)

    def adopt(self, tx: Tx, now: datetime) -> None:
        """Take up every open life that nobody here holds yet."""
        since, ended = now - AFTERWARDS, sorted(ENDED)
        found = rows(tx, Life, OPEN, since=since, ended=ended, oldest=now - OLDEST)
        self.leaders |= {again(life.report_id): life.id for life in found}
        for life in found:
            if life.id not in self.held:
                self.expect(life)

    def foresee(self, tx: Tx, now: datetime) -> None:
        """Today's and tomorrow's reports, once each; those of the past are not made up for here."""
        today = now.astimezone(self.scene.books.zone).date()
        for day in (today, today + timedelta(days=1)):
            if day in self.told:
                continue
            self.told.add(day)
            there = known_reports(tx, now - timedelta(days=2))
            for find in tempted(self.scene.cheats, finds_of(self.scene, day, self.per_day, self.photos)):
                if find.at >= now and find.report.id not in there:
                    heappush(self.heap, (find.at, next(self.numbers), find))

    def expect(self, life: Life) -> None:
        """Put the next step of this life in its place; a life that waits for time only is looked at again by then."""
        self.held.discard(life.id)
        plan = next_of(Turn(life, self.scene, self.leaders.get(life.report_id), self.photos))
        at = plan.at if plan is not None else life.next_at
        if at is not None:
            self.held.add(life.id)
            heappush(self.heap, (at, next(self.numbers), life))

    def due(self, now: datetime) -> bool:
        """Whether something is to be done."""
        return bool(self.heap) and self.heap[0][0] <= now

    def do_next(self) -> None:
        """Do one thing. Somebody else may have acted meanwhile: then the life is looked at anew."""
        at, _, event = heappop(self.heap)
        try:
            with write(durable=False, together=True) as tx:
                case_id = self._report(tx, event) if isinstance(event, Find) else self._act(tx, event)
                lives = [] if case_id is None else lives_of(tx, [case_id])
        except Unavailable:
            heappush(self.heap, (at, next(self.numbers), event))
            raise
        for life in lives:
            self.expect(life)

    def _report(self, tx: Tx, seen: Find) -> int | None:
        """The new case; None for what was walked past in silence."""
        walked(tx, [seen], until=seen.at)
        if seen.silent:
            return None
        find = with_own_picture(tx, self.scene.cheats, seen)
        case_id = receive(tx, find.report, find.by, now=find.at).case_id
        self.leaders[again(find.report.id)] = case_id
        if (leader := leader_of(tx, find, {})) is not None:
            self.leaders[find.report.id] = leader
        return case_id

    def _act(self, tx: Tx, seen: Life) -> int | None:
        """The case to look at again; None if the door refuses what this life wants: it is then left to people."""
        leader = still_open(tx, seen, self.leaders.get(seen.report_id))
        turn = Turn(seen, self.scene, leader, self.photos)
        plan = next_of(turn)
        if plan is None or plan.at > tx.now:
            settle_case(tx, seen.id, now=tx.now)
            return seen.id
        try:
            carry_out(tx, turn, plan, version=seen.version)
        except Conflict:
            return seen.id
        except (NotAllowed, FormIncomplete) as refusal:
            log.warning("case %s, %s: %s", seen.id, plan.action.value, refusal)
            return None
        return seen.id


def live(window: Window, grown: Callable[[], bool]) -> None:
    """Go on for ever. `grown`: told once, when lives grown elsewhere are to be taken up. Ends by KeyboardInterrupt."""
    living, version = None, 0
    while True:
        try:
            with write(durable=False, together=True) as tx:
                now, present = tx.now, books(tx).version
                if living is None or version != present or grown():
                    living, version = _settle_in(tx, living, present, window)
                living.foresee(tx, now)
            while living.due(now):
                living.do_next()
            answer_calls(living.scene, now)
        except Unavailable as problem:
            log.warning("%s", problem)
        except Problem as problem:  # of one case, whose next look is its next chance
            log.warning("put aside: %s", problem)
        time.sleep(LONGEST_WAIT)


def _settle_in(tx: Tx, before: Living | None, version: int, window: Window) -> tuple[Living, int]:
    """Whoever lives here, with the city as it is now and every open life."""
    if before is None or before.scene.books.version != version:
        scene = scene_of(tx, window.seed, cheats=window.cheats, sparing=window.sparing)
        before = Living(scene, window.per_day, window.photos)
    before.adopt(tx, tx.now)
    return before, version
