"""One case at one moment as a simulated person sees it, with the random generator of exactly this moment of its life.

What follows is a pure function of the case's row and the seed: a life can be taken up anywhere, after any interruption.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import exp
from random import Random
from typing import Any
from uuid import UUID

from collectors.rehearsal.scene import Scene
from collectors.rehearsal.temper import Temper, temper_of
from dispatch.cases.actor import Actor
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.people.roles import Role
from dispatch.standard.catalogue import Category
from gis.db import ReadTx, rows

MINUTE = timedelta(minutes=1)
USUAL = 0.97  # of what a unit asks that always gives one reason
WALK = (7, 21)  # local hours in which inspectors are out

LIVES = """
    SELECT c.id, c.report_id, c.version, c.state, c.source, c.public, c.category, c.condition_no, c.hazard, c.area_path,
           c.duty_grid, c.unit_id, c.route_unit, c.route->'between' AS between, c.route->>'rule' AS rule,
           c.inspector_id, c.reworks, c.returns,
           c.extensions, c.deferrals, c.suspensions, c.supervised, c.appealed,
           c.close_asked IS NOT NULL AS close_asked, coalesce(c.asked->>'action' = 'appeal', false) AS contested,
           c.assists,
           CASE WHEN c.asked->>'action' = 'rule_other' THEN c.asked->>'unit' END AS ruled,
           c.clocks, c.reported_at, c.suspended_until,
           c.dispatched_at, c.ended_at, c.due_at, c.last_at, c.next_at
      FROM cases c
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The columns of a case that its next step hangs on."""

    id: int
    report_id: UUID
    version: int
    state: str
    source: str
    public: bool
    category: str | None
    condition_no: int | None
    hazard: bool
    area_path: list[int]
    duty_grid: str | None
    unit_id: str | None
    route_unit: str | None
    between: list[str] | None
    rule: str | None
    inspector_id: int | None
    reworks: int
    returns: int
    extensions: int
    deferrals: int
    suspensions: int
    supervised: bool
    appealed: bool
    close_asked: bool
    contested: bool
    assists: list[dict[str, Any]] | None
    ruled: str | None
    clocks: dict[str, Any]
    reported_at: datetime
    suspended_until: datetime | None
    dispatched_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    last_at: datetime
    next_at: datetime | None


def lives_of(tx: ReadTx, ids: Iterable[int]) -> list[Life]:
    """The cases as they stand in this transaction."""
    return rows(tx, Life, LIVES + " WHERE c.id = ANY(%(ids)s)", ids=list(ids))


@dataclass(frozen=True, slots=True)
class Plan:
    """Who does what next, and when."""

    at: datetime
    action: Action
    by: Actor
    form: Form


@dataclass(frozen=True)
class Turn:
    """A case and the city around it. `leader`: the case that this one only repeats, if it does."""

    case: Life
    scene: Scene
    leader: int | None = None
    photos: tuple[str, ...] = ()

    @cached_property
    def rng(self) -> Random:
        """The generator of this moment: warnings and lapses do not disturb it, for they change none of its words."""
        case = self.case
        counts = (case.reworks, case.returns, case.extensions, case.suspensions, self.rests)
        return self.scene.rng(case.report_id, case.state, case.unit_id, *counts)

    @property
    def rests(self) -> int:
        """How often the disposal clock has rested: each reply rests it."""
        clock = self.case.clocks.get(ClockKind.DISPOSE.value)
        return len(clock["pauses"]) if clock else 0

    def chance(self, part: float) -> bool:
        """Whether something happens that happens in `part` of all cases."""
        return self.rng.random() < part

    def fate(self, word: str) -> float:
        """A number from 0 to 1 that is settled once for the whole life."""
        return self.scene.rng(self.case.report_id, word).random()

    @cached_property
    def temper(self) -> Temper:
        """The ways of the unit responsible."""
        unit = self.case.unit_id or ""
        return self.scene.tempers.get(unit) or temper_of(self.scene.seed, unit)

    @property
    def stages(self) -> bool:
        """Whether the unit only pretends that this case is done."""
        cheats = self.scene.cheats
        return (
            cheats is not None and self.case.unit_id in cheats.staged_fix and cheats.does(self.case.report_id, "staged")
        )

    @property
    def games(self) -> bool:
        """Whether the unit wins time for this case by asking for it."""
        cheats = self.scene.cheats
        return (
            cheats is not None
            and self.case.unit_id in cheats.clock_gaming
            and cheats.does(self.case.report_id, "games")
        )

    @property
    def begs(self) -> bool:
        """Whether the unit asks for more time for this case as soon as it has it, needed or not."""
        cheats = self.scene.cheats
        return cheats is not None and self.case.unit_id in cheats.far_above and cheats.does(self.case.report_id, "begs")

    @property
    def repeats(self) -> bool:
        """Whether the unit gives the reason that it always gives: one that games the clock, or knows no other."""
        cheats = self.scene.cheats
        alike = self.games or (cheats is not None and self.case.unit_id in cheats.one_reason)
        return alike and self.fate("usual reason") < USUAL

    @property
    def crony(self) -> Actor | None:
        """The inspector who is to check this case, and will find nothing."""
        cheats = self.scene.cheats
        return self.scene.crony(self.case.unit_id) if cheats and cheats.does(self.case.report_id, "dealt") else None

    @property
    def category(self) -> Category:
        """What it is; for a call without a class, what it will turn out to be."""
        known = self.scene.books.catalogue.categories.get(self.case.category or "")
        return known or self.scene.called(self.case.report_id)

    # ------------------------------------------------------------------------------------------------------- times

    def since(self, kind: ClockKind) -> datetime:
        """When the clock of this stage began, or last ran on; the last step's instant where no such clock runs."""
        clock = self.case.clocks.get(kind.value)
        if clock is None:
            return self.case.last_at
        pauses = clock["pauses"]
        return datetime.fromisoformat((pauses[-1][1] or pauses[-1][0]) if pauses else clock["start"])

    def later(self, since: datetime, median: float, spread: float = 0.7) -> datetime:
        """Some minutes after `since` (log-normal), never before the case's last step; to the second."""
        minutes = median * exp(self.rng.gauss(0.0, spread))
        return self.after((since + minutes * MINUTE).replace(microsecond=0))

    def after(self, at: datetime) -> datetime:
        """`at`, but at least half a minute behind the last step."""
        return max(at, self.case.last_at + MINUTE / 2).astimezone(UTC)

    def worked(self, since: datetime, seconds: float) -> datetime:
        """So many working seconds after `since`, by the city's calendar."""
        advanced = self.scene.books.calendar.advance(int(since.timestamp()), max(1, int(seconds)))
        return datetime.fromtimestamp(advanced, UTC)

    def walking(self, at: datetime) -> datetime:
        """`at`, or the next morning's start where nobody is out then."""
        local = at.astimezone(self.scene.books.zone)
        if WALK[0] <= local.hour < WALK[1]:
            return at
        morning = local.replace(hour=WALK[0], minute=0, second=0) + timedelta(days=local.hour >= WALK[1])
        return (morning + timedelta(minutes=self.rng.randrange(5, 75))).astimezone(UTC)

    @property
    def night(self) -> float:
        """How much slower the centre is now: a smaller watch sits there at night."""
        return 1.6 if self.case.last_at.astimezone(self.scene.books.zone).hour < WALK[0] else 1.0

    # ----------------------------------------------------------------------------------------------- who does what

    def centre(self, role: Role, at: datetime, action: Action, **form: Any) -> Plan:
        """An action of somebody on watch in the centre."""
        return Plan(at, action, self.scene.on_duty(role, at, self.rng), Form(**form))

    def unit(self, at: datetime, action: Action, **form: Any) -> Plan | None:
        """An action of the unit's own person; None where nobody answers for it."""
        by = self.scene.department(self.case.unit_id)
        return None if by is None else Plan(at, action, by, Form(**form))

    def reason(self, words: tuple[str, ...]) -> str:
        """One of the reasons offered."""
        return self.rng.choice(words)

    def pictures(self, most: int = 1) -> tuple[str, ...]:
        """Photos to go with a form."""
        return tuple(self.rng.sample(self.photos, min(len(self.photos), self.rng.randint(1, most))))


def is_in(case: Life, *states: State) -> bool:
    """Whether the case is in one of these states."""
    return case.state in states


__all__ = ["LIVES", "Life", "Plan", "Turn", "is_in", "lives_of"]
