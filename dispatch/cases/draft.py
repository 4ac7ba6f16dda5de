"""A case while it is being changed inside one transaction: its row, its clocks, and what has to be written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dispatch.cases.clocks import Clock, holders_clock
from dispatch.cases.steps import Step
from dispatch.duty.ladder import Ladder
from dispatch.lifecycle.states import HOLDER, State
from gis.locate import Place


@dataclass(slots=True, kw_only=True)
class CaseRow:
    """The columns of `cases` that acts read and change, in the table's words; `area_class`: its areas'."""

    id: int
    number: str
    report_id: UUID
    receipt: str
    version: int
    state: State
    source: str
    public: bool
    category: str | None
    condition_no: int | None
    hazard: bool
    limit_value: Decimal | None
    time_class: str | None
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    area_id: int | None
    area_path: list[int]
    area_class: int | None
    duty_grid: str | None
    road_class: str
    component_code: str | None
    unit_id: str | None
    route: dict[str, Any] | None
    route_unit: str | None
    reporter_id: int | None
    tell_in: str | None
    inspector_id: int | None
    merged_into: int | None
    supervised: bool
    reworks: int
    returns: int
    extensions: int
    deferrals: int
    suspensions: int
    appealed: bool
    asked: dict[str, Any] | None
    close_asked: dict[str, Any] | None
    supervision: dict[str, Any] | None
    assists: list[dict[str, Any]] | None
    assisting: list[str] | None
    editions: dict[str, Any]
    reported_at: datetime
    suspended_until: datetime | None
    dispatched_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    late: bool
    last_at: datetime
    last_hash: bytes


@dataclass(slots=True)
class Text:
    """Free text that came with a step, still in clear."""

    seq: int
    kind: str
    words: str


@dataclass(slots=True)
class Message:
    """Something to be told to a unit, to a person, or, where it names neither, to whoever reported the case."""

    kind: str
    unit_id: str | None = None
    person_id: int | None = None
    urgent: bool = False


@dataclass(slots=True, frozen=True, kw_only=True)
class Alarm:
    """A ladder that begins with an event of a clock, at its own instant. `over`: and ended in the same transaction."""

    ladder: Ladder
    clock: str
    epoch: int
    event: str
    at: datetime
    over: bool = False


@dataclass(slots=True, frozen=True)
class Drawn:
    """So many of a spare part that step `seq`, a reply, takes from the store."""

    spare: str
    quantity: int
    seq: int
    by: int | None


@dataclass(slots=True, kw_only=True)
class Ruling:
    """A referee's word, to be kept as a precedent: whose a case like this is, and whose it is not."""

    seq: int
    unit: str
    not_unit: str | None
    reason: str | None
    clause: str | None
    category: str
    area: str
    road: str
    facts: dict[str, Any]
    by: int | None
    at: datetime


@dataclass(slots=True)
class Draft:
    """What `act` gathers, and `save` writes in one go.

    `set` and `add`: the columns of the fact row that the steps of this transaction change and count up; `moved`:
    the case has to be routed anew; `place`: where it lies now, if that was looked up. `ruling`: a precedent that it
    makes; `joined`: a case with what everybody is told whose report was merged into it; `silenced`: clocks whose alarms
    end; `rulings`: how many there are in the city.
    """

    case: CaseRow
    clocks: dict[str, Clock]
    key: bytes | None = None
    new_key: bool = False
    steps: list[Step] = field(default_factory=list)
    fired: list[tuple[str, int, str, int, datetime]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    photos: list[tuple[int, str, str]] = field(default_factory=list)
    documents: list[tuple[int, str, int | None]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    joined: list[tuple[int | None, str]] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)
    silenced: set[str] = field(default_factory=set)
    set: dict[str, Any] = field(default_factory=dict)
    add: dict[str, int] = field(default_factory=dict)
    moved: bool = False
    place: Place | None = None
    ruling: Ruling | None = None
    rulings: int = 0

    @property
    def next_at(self) -> datetime | None:
        """The next instant at which the scheduler owes this case something."""
        instants = [event[0] for clock in self.clocks.values() if (event := clock.event)]
        if self.case.suspended_until is not None:
            instants.append(self.case.suspended_until)
        return min(instants, default=None)

    @property
    def stage_due_at(self) -> datetime | None:
        """When the present holder's own clock is due."""
        kind = holders_clock(self.case.state, self.clocks)
        return self.clocks[kind].due if kind is not None else None

    @property
    def pool(self) -> str:
        """Who holds the case now."""
        return HOLDER[self.case.state].value

    def alarm(self, ladder: Ladder, clock: Clock, event: str, at: datetime) -> None:
        """Begin a ladder."""
        self.alarms.append(Alarm(ladder=ladder, clock=clock.key, epoch=clock.epoch, event=event, at=at))

    def silence(self, clock: str) -> None:
        """The clock has stopped, rests or has another epoch: what rang because of it ends."""
        self.silenced.add(clock)
        self.alarms = [replace(one, over=True) if one.clock == clock else one for one in self.alarms]

    def tell(self, kind: str, *, unit: str | None = None, person: int | None = None) -> None:
        """Leave a message for a unit's people or for one person; nobody means no message."""
        if unit is not None or person is not None:
            self.messages.append(Message(kind, unit, person))

    def tell_reporter(self, kind: str, *, urgent: bool = False) -> None:
        """Leave a message for whoever reported the case and wants to be told."""
        if self.case.tell_in is not None:
            self.messages.append(Message(kind, urgent=urgent))
