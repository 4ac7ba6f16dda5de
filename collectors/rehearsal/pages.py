"""Pages in a rehearsal: they ring as the worker rings them, and whoever is rung answers after a while, or sleeps on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import LiteralString
from uuid import UUID

from collectors.rehearsal.scene import Scene
from collectors.rehearsal.turn import Turn
from dispatch.alarms.answer import acknowledge
from dispatch.alarms.ring import ring_case
from gis.db import ReadTx, Tx, read, rows, value, write

__all__ = ["Page", "answer_calls", "next_page", "turn_page"]

ASLEEP = 0.08  # of those rung hear nothing
ANSWERS = 1.6  # minutes, the median
RINGS: LiteralString = "SELECT min(next_at) FROM alarm WHERE case_id = %(case)s"
UNANSWERED: LiteralString = """
    SELECT k.id, k.at, k.rung, a.ladder, p.id AS person, p.login, c.report_id AS report
      FROM alarm_call k JOIN alarm a ON a.id = k.alarm_id JOIN person p ON p.id = k.person_id
      JOIN cases c ON c.id = a.case_id
     WHERE a.case_id = %(case)s AND k.acknowledged_at IS NULL
"""
MOST, HEARD = 300, timedelta(minutes=30)  # of the last calls, and how old one may be that is still answered
WAITING: LiteralString = """
    SELECT k.id, k.at, k.rung, a.ladder, p.id AS person, p.login, c.report_id AS report
      FROM (SELECT * FROM alarm_call ORDER BY id DESC LIMIT %(most)s) k
      JOIN alarm a ON a.id = k.alarm_id JOIN cases c ON c.id = a.case_id JOIN report r ON r.id = c.report_id
      JOIN person p ON p.id = k.person_id
     WHERE k.acknowledged_at IS NULL AND k.at > %(since)s AND r.position->'rehearsal' IS NOT NULL
     ORDER BY k.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What happens next to the alarms of a case: somebody answers a call, or (none) the next rung rings."""

    at: datetime
    call: int = 0
    person: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    id: int
    at: datetime
    rung: int
    ladder: str
    person: int
    login: str
    report: UUID


def next_page(tx: ReadTx, turn: Turn) -> Page | None:
    """The first of them; None where nothing rings and nobody will answer any more."""
    rings = value(tx, RINGS, case=turn.case.id)
    calls = rows(tx, _Call, UNANSWERED, case=turn.case.id)
    pages = [Page(at=at, call=call.id, person=call.person) for call in calls if (at := _answered(turn.scene, call))]
    pages += [] if rings is None else [Page(at=rings)]
    return _first(pages)


def turn_page(tx: Tx, turn: Turn, page: Page) -> None:
    """Let it happen."""
    if page.call:
        acknowledge(tx, id=page.call, me=page.person, now=page.at)
    else:
        ring_case(tx, turn.case.id, now=page.at)


def answer_calls(scene: Scene, now: datetime) -> int:
    """In a city that lives at real pace: whoever was rung and has had his time to answer does so; how many calls.

    Each in a transaction of its own, for a call is answered under its alarm's lock.
    """
    with read() as tx:
        calls = rows(tx, _Call, WAITING, most=MOST, since=now - HEARD)
    due = [call for call in calls if (at := _answered(scene, call)) is not None and at <= now]
    for call in due:
        with write(durable=False) as tx:
            acknowledge(tx, id=call.id, me=call.person)
    return len(due)


def _answered(scene: Scene, call: _Call) -> datetime | None:
    """When this person answers this call: settled by the seed, as everything in a life is."""
    chance = scene.rng(call.report, "page", call.ladder, call.rung, call.login)
    if chance.random() < ASLEEP:
        return None
    return call.at + timedelta(seconds=round(60 * ANSWERS * exp(chance.gauss(0.0, 0.6))))


def _first(pages: Iterable[Page]) -> Page | None:
    return min(pages, key=lambda page: (page.at, page.call), default=None)
