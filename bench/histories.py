"""Random histories of a clock against the minute counter: begun, paused, extended, recounted after a decree, stopped.

Each is lived through the keeper of a case's clocks, as acts and the worker do; after every event the due time, and at
some instant what is used and left, are compared with what the counter of `bench.wall` arrives at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from bench.wall import Interval, OffTheWall, Town, Wall
from dispatch.cases.clocks import Clock, Keeper
from dispatch.clock import Limit, Rule, left, used
from dispatch.lifecycle.states import ClockKind

__all__ = ["Tally", "counted_by_hand", "histories"]

UNIT = {
    Rule.WORK_HOUR: 3600,
    Rule.WORK_DAY: 28_800,
    Rule.URGENT_MINUTE: 60,
    Rule.URGENT_HOUR: 3600,
    Rule.URGENT_DAY: 86_400,
}
MOST = {
    Rule.WORK_HOUR: 12,
    Rule.WORK_DAY: 1,
    Rule.WORK_DAY_CLOCK: 5,
    Rule.WORK_DAY_AT: 5,
    Rule.DAY_AT: 12,
    Rule.URGENT_MINUTE: 90,
    Rule.URGENT_HOUR: 48,
    Rule.URGENT_DAY: 3,
}
WARN_AT = Decimal("0.8")


@dataclass(slots=True)
class Tally:
    """What was compared. `differs`: the histories in which the two disagree, in words; `worst`: by how many seconds."""

    histories: int = 0
    compared: int = 0
    worst: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    differs: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.histories += other.histories
        self.compared += other.compared
        self.worst = max(self.worst, other.worst)
        self.met += other.met
        self.differs += other.differs

    def compare(self, what: str, ours: float, counted: float, told: str) -> None:
        """Two instants or lengths, in seconds."""
        self.compared += 1
        if ours != counted:
            self.worst = max(self.worst, abs(ours - counted))
            self.differs.append(f"{told}: {what} is {ours}, counted {counted}")


@dataclass(slots=True)
class _History:
    """One clock, the pauses it had, and the calendar in force."""

    town: Town
    draw: Random
    clock: Clock
    now: datetime
    keeper: Keeper
    wall: Wall
    limits: list[Limit]
    pauses: list[Interval] = field(default_factory=list)
    rests_since: datetime | None = None
    told: list[str] = field(default_factory=list)

    def expected(self) -> datetime:
        return counted_by_hand(self.wall, self.clock.start, self.limits, self.pauses)


def histories(number: int, count: int) -> Tally:
    """`count` histories in the town of a number, the same every time. What ends beyond the counter's weeks is drawn
    again."""
    town, draw, tally = Town(number), Random(f"histories {number}"), Tally()  # noqa: S311 (no secret)
    while tally.histories < count:
        one = Tally(histories=1)
        try:
            _live(town, draw, one)
        except OffTheWall:
            continue
        tally.add(one)
    return tally


def _live(town: Town, draw: Random, tally: Tally) -> None:
    start = town.wall.begin + timedelta(days=1, seconds=draw.randrange(9 * 86_400))
    limit, keeper = _limit(draw), Keeper(town.calendar, WARN_AT, 1)
    clock = keeper.start(ClockKind.DISPOSE, limit, start)
    history = _History(town, draw, clock, start, keeper, town.wall, [limit], told=[f"{town.zone.key} {start} {limit}"])
    _compare(history, tally)
    for _ in range(draw.randrange(6)):
        history.now += timedelta(seconds=draw.choice((draw.randrange(7200), draw.randrange(2 * 86_400))))
        event = draw.choice((_rest, _rest, _extend, _decree))
        event(history)
        history.told.append(f"{event.__name__} {history.now}")
        tally.met[event.__name__[1:]] += 1
        _compare(history, tally)
    if history.rests_since is not None:
        history.now += timedelta(seconds=draw.randrange(86_400))
        _rest(history)
        _compare(history, tally)
    tally.met[limit.rule.value] += 1
    _compare_spent(history, tally)


def _limit(draw: Random) -> Limit:
    rule = draw.choice(list(Rule))
    whole = draw.randint(1, MOST[rule])
    fraction = Decimal(draw.randrange(100)) / 100 if rule in UNIT else Decimal(0)
    value = max(Decimal("0.01"), whole - fraction) if rule in UNIT else Decimal(whole)
    return Limit(value, rule, time(draw.randrange(24), draw.choice((0, 15, 30, 45))) if rule.timed else None)


def _rest(history: _History) -> None:
    """The clock rests from now on, or runs on."""
    if history.rests_since is None:
        history.clock, history.rests_since = history.keeper.pause(history.clock, history.now), history.now
    else:
        history.clock = history.keeper.resume(history.clock, history.now)
        history.pauses.append((history.rests_since, history.now))
        history.rests_since = None


def _extend(history: _History) -> None:
    """Once more the same limit, or another one."""
    more = history.limits[0] if history.draw.random() < 0.5 else _limit(history.draw)
    history.clock = history.keeper.extend(history.clock, more, history.now)
    history.limits.append(more)


def _decree(history: _History) -> None:
    """Another calendar is in force from now on."""
    calendar, history.wall = history.town.decreed
    history.keeper = Keeper(calendar, WARN_AT, 2)
    history.clock = history.keeper.recount(history.clock, history.now, epoch=history.clock.epoch + 1)


def _compare(history: _History, tally: Tally) -> None:
    if history.rests_since is not None:
        tally.compare("due while it rests", 0.0 if history.clock.due is None else 1.0, 0.0, "; ".join(history.told))
        return
    expected = history.expected()
    due = history.clock.due
    tally.compare("due", due.timestamp() if due else 0.0, expected.timestamp(), "; ".join(history.told))


def _compare_spent(history: _History, tally: Tally) -> None:
    """What is used, and left of a limit that is one length of time, at an instant about the due time."""
    clock, wall = history.clock, history.wall
    at = clock.start + timedelta(seconds=history.draw.randrange(12 * 86_400))
    working, told = clock.limit.rule.working, f"{'; '.join(history.told)}; at {at}"
    spent = wall.count(clock.start, at, history.pauses, working)
    ours = used(clock.start, at, clock.limit.rule, history.keeper.calendar, clock.pauses)
    tally.compare("used", ours.total_seconds(), spent, told)
    if len(history.limits) == 1 and clock.limit.rule in UNIT:
        whole = _seconds(clock.limit)
        rest = left(clock.start, clock.limit, history.keeper.calendar, at=at, pauses=clock.pauses)
        tally.compare("left", rest.total_seconds(), whole - spent, told)
        warned = wall.walk(clock.start, _rounded(WARN_AT * whole), history.pauses, working)
        tally.compare("warned", clock.warn.timestamp() if clock.warn else 0.0, warned.timestamp(), told)


def counted_by_hand(wall: Wall, start: datetime, limits: Sequence[Limit], pauses: Sequence[Interval]) -> datetime:
    """When the limits are used up, one behind the other, those counted alike as one. Each is more than nothing."""
    at = start
    for limit, amount in _lengths(limits):
        working = limit.rule.working
        if limit.at is not None:
            at = wall.pushed(wall.on_day(at, amount, limit.at, working), at, pauses, working)
        elif limit.rule is Rule.WORK_DAY_CLOCK:
            at = wall.pushed(wall.days_later(at, amount), at, pauses)
        else:
            at = wall.walk(at, amount, pauses, working)
    return at


def _lengths(limits: Sequence[Limit]) -> list[tuple[Limit, int]]:
    """Limits counted alike as one: seconds, or days."""
    found: dict[object, tuple[Limit, int]] = {}
    for limit in limits:
        alike = limit.rule.working if limit.rule in UNIT else limit.time_class
        first, amount = found.get(alike, (limit, 0))
        found[alike] = (first, amount + _seconds(limit))
    return list(found.values())


def _seconds(limit: Limit) -> int:
    return _rounded(limit.value * UNIT.get(limit.rule, 1))


def _rounded(seconds: Decimal) -> int:
    return int(seconds + Decimal("0.5"))
