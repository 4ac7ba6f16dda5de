"""Cases that may be the same matter: same category, near, not long ago; ranked, each with what speaks for it.

Only ever suggested. Nothing here merges or closes: a person does, by `Action.MERGE`, and takes it back by `UNMERGE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import LiteralString

from dispatch.cases.books import Books
from dispatch.lifecycle.states import ENDED, State
from gis.db import ReadTx, dicts, rows

__all__ = ["Candidate", "Limits", "Matter", "candidates", "counted", "rank"]

DEGREE_M = 111_000  # metres of a degree of latitude, a little less than it is: the box is rather too large
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far and how long ago (`[reach]` of the city). `closed_hours`: since a case was closed, to be reopened."""

    metres: float
    hours: float
    closed_hours: float

    @classmethod
    def of(cls, city: Books) -> Limits:
        """The city's own, or what the standard's practice is: 50 m, 24 hours, a week."""
        return cls(
            metres=city.reach("duplicate_m", 50),
            hours=city.reach("duplicate_hours", 24),
            closed_hours=city.reach("duplicate_closed_hours", 168),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is compared with: a case, or a report that is not sent yet (`case_id` None). Degrees as stored."""

    category: str
    lon: float
    lat: float
    at: datetime
    component: str | None = None
    road_id: int | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One case that may be the same matter. `minutes`: between the two reports, or since it was closed."""

    id: int
    number: str
    receipt: str
    state: State
    unit_id: str | None
    place_words: str
    place_words_en: str
    reported_at: datetime
    ended_at: datetime | None
    metres: float
    minutes: float
    same_component: bool
    same_street: bool
    photo: str | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def closed(self) -> bool:
        """Closed not long ago: what is seen again may be this one, to be reopened."""
        return self.state in ENDED

    def likeness(self, limits: Limits) -> float:
        """0 … 1. Nearness counts two parts, time two, the same component four, the same street one; closed half."""
        near = 1 - min(1.0, self.metres / limits.metres)
        soon = 1 - min(1.0, self.minutes / (60 * (limits.closed_hours if self.closed else limits.hours)))
        score = (2 * near + 2 * soon + 4 * self.same_component + self.same_street) / 9
        return score / 2 if self.closed else score


# A box of 100 m lies in four cells of the map at most, each a stretch of cases_open_spot and of cases_ended_spot. They
# are asked for one by one: were they joined, PostgreSQL would expect a ninth of all cases in each, and read the whole
# category instead (12.6 ms of a million cases, not 0.5).
IN_CELL: LiteralString = " OR ".join(
    ("spot BETWEEN (SELECT low[1] FROM cell) AND (SELECT high[1] FROM cell)",
     "spot BETWEEN (SELECT low[2] FROM cell) AND (SELECT high[2] FROM cell)",
     "spot BETWEEN (SELECT low[3] FROM cell) AND (SELECT high[3] FROM cell)",
     "spot BETWEEN (SELECT low[4] FROM cell) AND (SELECT high[4] FROM cell)")
)  # fmt: skip
NEAR: LiteralString = f"""
    WITH here AS (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490) AS g),
    cell AS MATERIALIZED (
      SELECT array_agg(low) AS low, array_agg(high) AS high FROM here, map_cells(ST_Expand(g, %(east)s, %(north)s))
    ),
    alike AS (
      SELECT id FROM cases
       WHERE ({IN_CELL}) AND category = %(category)s AND reported_at BETWEEN %(since)s AND %(until)s
         AND state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
      UNION ALL
      SELECT id FROM cases
       WHERE ({IN_CELL}) AND category = %(category)s AND ended_at BETWEEN %(closed_since)s AND %(at)s
         AND state IN ('closed', 'closed_forced')
    ),
    near AS (
      SELECT c.id, c.number, c.receipt, c.state, c.unit_id, c.place_words, c.place_words_en, c.reported_at, c.ended_at,
             ST_Distance(c.geom::geography, h.g::geography) AS metres,
             abs(extract(epoch FROM %(at)s - coalesce(c.ended_at, c.reported_at)))::float8 / 60 AS minutes,
             coalesce(c.component_code = %(component)s, false) AS same_component,
             coalesce(c.road_id = %(road)s, false) AS same_street
        FROM here h, alike JOIN cases c USING (id)
       WHERE id IS DISTINCT FROM %(id)s
    )
    SELECT near.*, (SELECT sha256 FROM case_photo WHERE case_id = near.id ORDER BY seq, id LIMIT 1) AS photo
      FROM near WHERE metres <= %(metres)s ORDER BY metres, id LIMIT 50
"""


def candidates(tx: ReadTx, matter: Matter, limits: Limits, *, most: int = SHOWN) -> list[Candidate]:
    """The likeliest first. Of two reports either may be the later: both are found from each other."""
    north = limits.metres / DEGREE_M
    found = rows(
        tx,
        Candidate,
        NEAR,
        id=matter.case_id,
        lon=matter.lon,
        lat=matter.lat,
        category=matter.category,
        component=matter.component,
        road=matter.road_id,
        at=matter.at,
        since=matter.at - timedelta(hours=limits.hours),
        until=matter.at + timedelta(hours=limits.hours),
        closed_since=matter.at - timedelta(hours=limits.closed_hours),
        metres=limits.metres,
        north=north,
        east=north / max(cos(radians(matter.lat)), 0.01),
    )
    return rank(found, limits)[:most]


def rank(found: Iterable[Candidate], limits: Limits) -> list[Candidate]:
    """Likeliest first; of two alike the older, which is longer under way."""
    return sorted(found, key=lambda one: (-one.likeness(limits), one.reported_at, one.id))


# One look per case along cases_open_spot; a board's page has fifty.
COUNTED: LiteralString = """
    SELECT m.id, n.count
      FROM cases m CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM map_cells(ST_Expand(m.geom, %(east)s, %(north)s))
          JOIN cases c ON c.spot BETWEEN low AND high
         WHERE c.category = m.category AND c.id <> m.id
           AND c.state NOT IN ('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')
           AND c.reported_at BETWEEN m.reported_at - make_interval(hours => %(hours)s)
                                 AND m.reported_at + make_interval(hours => %(hours)s)
           AND ST_Distance(c.geom::geography, m.geom::geography) <= %(metres)s) n
     WHERE m.id = ANY(%(ids)s) AND n.count > 0
"""


def counted(tx: ReadTx, ids: Sequence[int], limits: Limits, *, latitude: float) -> dict[int, int]:
    """How many open cases may be the same matter, by case; those with none are left out. `latitude`: of the city."""
    if not ids:
        return {}
    north = limits.metres / DEGREE_M
    east = north / max(cos(radians(latitude)), 0.01) * 1.05  # the city is not all on one parallel
    found = dicts(tx, COUNTED, ids=list(ids), hours=round(limits.hours), metres=limits.metres, north=north, east=east)
    return {row["id"]: row["count"] for row in found}
