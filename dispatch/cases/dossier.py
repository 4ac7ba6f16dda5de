"""One case file 案卷 whole: header, steps, evidence, place; and what a citizen may see of it by its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

from dispatch.cases.clocks import waits_for_cordon
from dispatch.clock.limits import Limit, time_class_of
from dispatch.lifecycle.states import ClockKind, Pool, State
from dispatch.lifecycle.table import TAKES_ON
from gis.db import ReadTx, one, rows, value
from gis.problems import NotFound

__all__ = [
    "Case",
    "Document",
    "Full",
    "Photo",
    "PublicCase",
    "Step",
    "full",
    "public_case",
    "public_steps",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The case's row, with its position in degrees and the names of its area (top first) and road."""

    id: int
    number: str
    receipt: str
    version: int
    state: State
    pool: Pool
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
    hand_placed: bool
    area_path: list[int]
    areas: list[str]
    areas_en: list[str]
    duty_grid: str | None
    road_id: int | None
    road: str | None
    road_en: str | None
    road_class: str
    road_m: float | None
    component_code: str | None
    place_words: str
    place_words_en: str
    unit_id: str | None
    route: dict[str, Any] | None
    route_unit: str | None
    reporter_id: int | None
    inspector_id: int | None
    merged_into: int | None
    merged_number: str | None
    supervised: bool
    reworks: int
    returns: int
    extensions: int
    deferrals: int
    suspensions: int
    appealed: bool
    clocks: dict[str, dict[str, Any]]
    asked: dict[str, Any] | None
    close_asked: dict[str, Any] | None
    supervision: dict[str, Any] | None
    assists: list[dict[str, Any]] | None
    editions: dict[str, Any]
    reported_at: datetime
    hand_back_at: datetime | None
    suspended_until: datetime | None
    dispatched_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    stage_due_at: datetime | None
    late: bool
    last_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))
        object.__setattr__(self, "pool", Pool(self.pool))

    @property
    def extends_more(self) -> bool:
        """Whether the extension it asks for is a further one, or of another length."""
        asked = self.asked or {}
        return self.state is State.DELAY_ASKED and (self.extensions > 0 or "limit" in asked or "time_class" in asked)

    @property
    def unsafe(self) -> bool:
        """Dangerous, and not made safe yet."""
        return self.hazard and self.pool is not Pool.NOBODY and waits_for_cordon(self.unit_id, self.clocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the history. `name` is the actor's, empty for the system and for citizens."""

    seq: int
    action: str
    from_state: str | None
    to_state: str
    at: datetime
    recorded_at: datetime
    actor_id: int | None
    name: str | None
    role: str
    unit_id: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture of the case, by the name of the bytes as they came."""

    seq: int
    kind: str
    sha256: str
    width: int
    height: int
    taken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A PDF put to the case as evidence, by the name its sender gave it."""

    seq: int
    sha256: str
    name: str
    bytes: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """The case file."""

    case: Case
    steps: tuple[Step, ...]
    photos: tuple[Photo, ...]
    documents: tuple[Document, ...]

    @property
    def disposal(self) -> Limit | None:
        """The limit of the unit's work, as the last dispatch or amendment set it; None before the first."""
        marks = (mark for step in reversed(self.steps) for mark in reversed(step.data.get("clocks", ())))
        mark = next((one for one in marks if one[0] in "+=" and one[1] == ClockKind.DISPOSE), None)
        return None if mark is None else Limit(Decimal(mark[3]), *time_class_of(mark[4]))

    @property
    def in_hand_of(self) -> Step | None:
        """首问负责: whoever took the matter last holds it until another takes it on; the step by which they took it.

        None while only a citizen or the system has had it, and once the case has ended.
        """
        taken = (step for step in reversed(self.steps) if step.name and step.action in TAKES_ON)
        return None if self.case.ended_at is not None else next(taken, None)


CASE: LiteralString = """
    SELECT c.id, c.number, c.receipt, c.version, c.state, c.pool, c.source, c.public, c.category, c.condition_no,
           c.hazard, c.limit_value, c.time_class, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, c.accuracy_m, c.hand_placed,
           c.area_path, ARRAY(SELECT a.name FROM area a WHERE a.id = ANY(c.area_path) ORDER BY a.depth) AS areas,
           ARRAY(SELECT coalesce(nullif(a.name_en, ''), a.name)
                   FROM area a WHERE a.id = ANY(c.area_path) ORDER BY a.depth) AS areas_en,
           c.duty_grid, c.road_id, r.name AS road, coalesce(nullif(r.name_en, ''), r.name) AS road_en, c.road_class,
           c.road_m, c.component_code, c.place_words,
           c.place_words_en, c.unit_id, c.route,
           c.route_unit, c.reporter_id, c.inspector_id, c.merged_into, m.number AS merged_number, c.supervised,
           c.reworks, c.returns, c.extensions, c.deferrals, c.suspensions, c.appealed,
           c.clocks, c.asked, c.close_asked, c.supervision, c.assists,
           c.editions, c.reported_at, c.hand_back_at,
           c.suspended_until, c.dispatched_at, c.ended_at, c.due_at, c.stage_due_at, c.late, c.last_at
      FROM cases c
      LEFT JOIN road r ON r.id = c.road_id
      LEFT JOIN cases m ON m.id = c.merged_into
     WHERE c.number = %(number)s
"""
STEPS: LiteralString = """
    SELECT s.seq, s.action, s.from_state, s.to_state, s.at, s.recorded_at, s.actor_id, p.name, s.role, s.unit_id, s.data
      FROM step s LEFT JOIN person p ON p.id = s.actor_id
     WHERE s.case_id = %(case)s
     ORDER BY s.seq
"""
PHOTOS: LiteralString = """
    SELECT f.seq, f.kind, f.sha256, p.width, p.height, p.taken_at
      FROM case_photo f JOIN photo p USING (sha256)
     WHERE f.case_id = %(case)s
     ORDER BY f.seq, f.id
"""
DOCUMENTS: LiteralString = """
    SELECT f.seq, f.sha256, f.name, d.bytes, d.pages
      FROM case_document f JOIN document d USING (sha256)
     WHERE f.case_id = %(case)s
     ORDER BY f.seq, f.id
"""


def full(tx: ReadTx, number: str) -> Full:
    """The whole case file by its number. Raises NotFound, also where row security hides the case."""
    case = one(tx, Case, CASE, number=number)
    if case is None:
        raise NotFound(
            "There is no such case, or it is not yours",
            zh="没有这个案件，或者不归您办理",
        )
    return Full(
        case=case,
        steps=tuple(rows(tx, Step, STEPS, case=case.id)),
        photos=tuple(rows(tx, Photo, PHOTOS, case=case.id)),
        documents=tuple(rows(tx, Document, DOCUMENTS, case=case.id)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Somebody a verify or check task may be sent to; `near`: walks the duty grid that the case's place is in today."""

    id: int
    name: str
    near: bool
    tasks: int


def inspectors(tx: ReadTx, case: Case) -> list[Inspector]:
    """All inspectors, first those who walk today's duty grid of the case's place, then those with the fewest tasks."""
    sql: LiteralString = """
        WITH today AS (SELECT city_day(%(now)s) AS day),
             beat AS (SELECT d.duty_grid FROM today, area a JOIN duty_grid_area d ON d.grid = a.code
                       WHERE a.finest = 1 AND ST_Covers(a.geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490))
                         AND a.valid_from <= day AND (a.valid_to IS NULL OR a.valid_to > day)
                         AND d.valid_from <= day AND (d.valid_to IS NULL OR d.valid_to > day))
        SELECT p.id, p.name,
               EXISTS (SELECT FROM today, beat JOIN person_duty_grid g USING (duty_grid) WHERE g.person_id = p.id
                          AND g.valid_from <= day AND (g.valid_to IS NULL OR g.valid_to > day)) AS near,
               (SELECT count(*) FROM cases c WHERE c.inspector_id = p.id
                   AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')) AS tasks
          FROM person p JOIN person_role r ON r.person_id = p.id AND r.role = 'inspector'
         WHERE NOT p.disabled
         ORDER BY near DESC, tasks, p.name
    """
    return rows(tx, Inspector, sql, now=tx.now, lon=case.lon, lat=case.lat)


def id_of(tx: ReadTx, number: str) -> int | None:
    """A case's id by its number, None if there is none to be seen."""
    found: int | None = value(tx, "SELECT id FROM cases WHERE number = %(number)s", number=number)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCase:
    """What everybody who holds the receipt may see: no reporter, no free text, no photo.

    `address`, `description`: whether the report had words of the kind, which are not shown; `pointed`: a point
    of the map. Of a report that was merged, state, unit and dates are those of the case that is worked on, since
    `joined_at`; nothing else of that one, least of all its receipt.
    """

    id: int
    number: str
    state: State
    category: str | None
    place_words: str
    place_words_en: str
    unit_id: str | None
    reported_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    late: bool
    told: bool
    joined_at: datetime | None
    address: bool
    description: bool
    pointed: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


def public_case(tx: ReadTx, receipt: str) -> PublicCase:
    """The case of a receipt. Raises NotFound. Index: the receipt's own."""
    sql: LiteralString = """
        WITH RECURSIVE up AS (
          SELECT id, merged_into FROM cases WHERE receipt = %(receipt)s
          UNION
          SELECT m.id, m.merged_into FROM up JOIN cases m ON m.id = up.merged_into)
        SELECT c.id, c.number, f.state, c.category, c.place_words, c.place_words_en, f.unit_id, c.reported_at,
               f.due_at, f.ended_at, f.late, c.tell_in IS NOT NULL AS told,
               CASE WHEN c.merged_into IS NOT NULL THEN c.ended_at END AS joined_at,
               EXISTS (SELECT FROM case_text t WHERE t.case_id = c.id AND t.kind = 'address') AS address,
               EXISTS (SELECT FROM case_text t WHERE t.case_id = c.id AND t.kind = 'description') AS description,
               c.geom IS NOT NULL AS pointed
          FROM cases c CROSS JOIN (SELECT m.* FROM up JOIN cases m USING (id) WHERE up.merged_into IS NULL) AS f
         WHERE c.receipt = %(receipt)s
    """
    found = one(tx, PublicCase, sql, receipt=receipt)
    if found is None:
        raise NotFound(
            "No report has this receipt number; compare it letter by letter",
            zh="没有这个回执号，请逐位核对",
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStep:
    """A stage reached, without who."""

    action: str
    to_state: str
    at: datetime


def public_steps(tx: ReadTx, case: PublicCase) -> list[PublicStep]:
    """The steps a citizen may read: those that changed the state; of a case it was joined to, those since then, and so
    on along the chain: of C those since B was joined to it, if this one was joined to B before."""
    sql: LiteralString = """
        WITH RECURSIVE up AS (
          SELECT id, merged_into, ended_at, NULL::timestamptz AS since FROM cases WHERE id = %(case)s
          UNION
          SELECT m.id, m.merged_into, m.ended_at, greatest(up.since, up.ended_at)
            FROM up JOIN cases m ON m.id = up.merged_into)
        SELECT s.action, s.to_state, s.at FROM up JOIN step s ON s.case_id = up.id
         WHERE s.to_state IS DISTINCT FROM s.from_state AND (up.since IS NULL OR s.at > up.since)
         ORDER BY s.at, s.seq
    """
    return rows(tx, PublicStep, sql, case=case.id)
