"""Emergency teams: who they are, whether they serve and their shift is on, and how far they are from a place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import LiteralString

from dispatch.clock.calendar import WorkCalendar
from dispatch.duty.roster import Line, Post, Roster
from dispatch.secrets import reveal
from gis.db import ReadTx, rows

__all__ = ["Team", "near", "teams"]

DAY = timedelta(days=1)
COLUMNS: LiteralString = """
    SELECT t.id, t.unit_id AS unit, t.name, t.name_en, t.members, t.skills, t.skills_en, t.classes, t.days, t.starts,
           t.ends, t.key, t.phone AS sealed, t.vehicles, t.vehicles_en, o.reason AS out_reason, o.until AS out_until,
           o.person AS out_by, d.day AS drilled_on, d.words AS drilled, {} AS metres
      FROM team t
      LEFT JOIN LATERAL (SELECT s.reason, s.until, p.name AS person FROM team_service s
                          JOIN person p ON p.id = s.person_id
                         WHERE s.team_id = t.id ORDER BY s.id DESC LIMIT 1) o ON o.until > %(now)s
      LEFT JOIN LATERAL (SELECT day, words FROM team_drill WHERE team_id = t.id ORDER BY day DESC, id DESC LIMIT 1) d
             ON true
"""
ALL: LiteralString = COLUMNS.format("NULL::float8") + """
     WHERE %(units)s::text[] IS NULL OR t.unit_id = ANY (%(units)s) ORDER BY t.unit_id, t.id
"""  # fmt: skip
NEAR: LiteralString = COLUMNS.format(
    "ST_Distance(t.geom::geography, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490)::geography)"
) + """
     WHERE %(class)s = ANY (t.classes) AND o.until IS NULL ORDER BY metres, t.id LIMIT %(limit)s
"""  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """`classes`: kind:class. `starts` to `ends`: its shift, wall time. `metres`: from the place asked about.

    `out_until`: it is out of service till then, for a reason that somebody gave; empty: it serves. `drilled_on`: the
    day of its last drill; empty: none is written down.
    """

    id: str
    unit: str
    name: str
    name_en: str
    members: int
    skills: str
    skills_en: str
    classes: list[str]
    days: str
    starts: time
    ends: time
    key: bytes
    sealed: bytes
    vehicles: str
    vehicles_en: str
    out_reason: str | None
    out_until: datetime | None
    out_by: str | None
    drilled_on: date | None
    drilled: str | None
    metres: float | None

    @property
    def phone(self) -> str:
        """In clear, for those who may call it."""
        return reveal(self.key, self.sealed)

    def ready_until(self, now: datetime, calendar: WorkCalendar) -> datetime | None:
        """When the shift that is on ends; None: none is, or it is out of service."""
        if self.out_until is not None:
            return None
        line = Line(
            unit=self.unit, post=Post.DUTY, plan="", since=date.min, until=None, days=self.days, starts=self.starts,
            ends=self.ends, people=(self.id,),
        )  # fmt: skip
        roster, today = Roster((line,)), now.astimezone(calendar.zone).date()
        shifts = [s for day in (today - DAY, today) for s in roster.shifts((self.unit, Post.DUTY), day, calendar)]
        return max((shift.until for shift in shifts if shift.since <= now < shift.until), default=None)


def teams(tx: ReadTx, units: Collection[str] | None = None) -> list[Team]:
    """Of these units, or all."""
    return rows(tx, Team, ALL, now=tx.now, units=None if units is None else list(units))


def near(tx: ReadTx, lon: float, lat: float, class_code: str, *, limit: int = 20) -> list[Team]:
    """Those in service that answer a class (kind:class), nearest first. Degrees."""
    return rows(tx, Team, NEAR, now=tx.now, lon=lon, lat=lat, limit=limit, **{"class": class_code})
