"""The made-up town with people in it: report, act, let time pass; every test goes through the one door."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from PIL import Image
from psycopg.types.json import Jsonb

from dispatch import city
from dispatch.cases import books
from dispatch.cases.act import Receipt, act
from dispatch.cases.actor import CITIZEN, Actor
from dispatch.cases.intake import Report, receive
from dispatch.cases.overdue import sweep
from dispatch.config import settings
from dispatch.evidence.photos import decode, keep
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.states import Action
from dispatch.people.roles import Role
from gis.db import dicts, execute, value, write

TINY = Path(__file__).parents[1] / "towns" / "tiny"
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 6, 8, 9, 0, tzinfo=ZONE)  # nine in the morning of an ordinary week
OFF_ROAD = (114.0005, 22.5010)  # in the first district, far from its roads


@cache
def picture(shade: int) -> bytes:
    """A small JPEG, another one for each shade."""
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (shade % 256, shade // 256 % 256, 90)).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Town:
    """The town and its clock, which stands still unless told to move."""

    people: dict[str, Actor]
    now: datetime = MONDAY

    def set(self, now: datetime) -> None:
        """Move the city's clock."""
        self.now = now
        with write() as tx:
            execute(tx, "UPDATE city SET simulated_now = %(now)s, rehearsal = 1", now=now)

    def later(self, **much: float) -> datetime:
        """Let time pass: `later(hours=2)`."""
        self.set(self.now + timedelta(**much))
        return self.now

    def photo(self, shade: int = 1) -> str:
        """A stored photo's hash; everybody in town has sent it up once."""
        raw = picture(shade)
        with write() as tx:
            sha = keep(tx, raw, decode(raw), folder=settings().data / "photos", uploaded_by=None).sha256
            execute(
                tx,
                """INSERT INTO photo_upload (sha256, person_id, at) SELECT %(sha)s, id, %(now)s FROM person
                   ON CONFLICT DO NOTHING""",
                sha=sha,
                now=tx.now,
            )
        return sha

    def report(self, category: str | None = "E0405", who: str = "inspector1", **more: Any) -> Receipt:
        """A report by a person, by default of a shop trading outside, well inside the first district."""
        given: dict[str, Any] = {"id": uuid4(), "source": "inspector", "category": category} | more
        given.setdefault("lon", OFF_ROAD[0])
        given.setdefault("lat", OFF_ROAD[1])
        with write() as tx:
            return receive(tx, Report(**given), self.people[who])

    def told(self, **more: Any) -> Receipt:
        """A call from the public, written down by the acceptor."""
        return self.report(who="acceptor", source="hotline", public=True, **more)

    def do(
        self, case: Receipt | int, action: Action, who: str, *, key: Any = None, version: int | None = None, **form: Any
    ) -> Receipt:
        """One action by a person, under the rights that person has."""
        actor = self.people[who]
        if action is Action.ASK_RETURN:
            form = {"clause": "R-005", "whose": "nobody", **form}
        department = actor.roles & {Role.DEPARTMENT, Role.PLATFORM}
        case_id = case if isinstance(case, int) else case.case_id
        with write(as_units=sorted(actor.units) if department else None) as tx:
            return act(tx, case_id, action, actor, Form(**form), key=key or uuid4(), version=version)

    @contextmanager
    def policy(self, **keys: object) -> Iterator[None]:
        """Other rules of procedure for a while."""
        with write() as tx:
            kept = value(
                tx, "SELECT content FROM edition WHERE kind = 'settings' ORDER BY in_force DESC, id DESC LIMIT 1"
            )
        self._settle({**kept, "policy": {**kept["policy"], **keys}})
        yield
        self._settle(kept)

    def _settle(self, settings: object) -> None:
        """New settings, in force since the day of the others."""
        with write() as tx:
            execute(
                tx,
                """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
                   SELECT kind, gen_random_uuid()::text, in_force, source, content_hash, %(content)s
                     FROM edition WHERE kind = 'settings' ORDER BY in_force DESC, id DESC LIMIT 1""",
                content=Jsonb(settings),
            )
            execute(tx, "UPDATE city SET version = version + 1")

    def sweep(self) -> int:
        """Fire all that is due."""
        total = 0
        while fired := sweep():
            total += fired
        return total

    # -------------------------------------------------------------------------- along the way, each from the start

    def filed(self, category: str = "E0405", condition: int = 1, **more: Any) -> Receipt:
        """A case that waits to be dispatched."""
        case = self.report(category, **more)
        self.do(case, Action.ACCEPT, "acceptor", category=category)
        return self.do(case, Action.FILE, "shift_leader", condition=condition)

    def dispatched(self, unit: str = "enforcement-a", **more: Any) -> Receipt:
        """A case that waits to be signed for."""
        case = self.filed(**more)
        return self.do(case, Action.DISPATCH, "dispatcher", unit=unit, reason=None if unit == routed(case) else "local")

    def handling(self, unit: str = "enforcement-a", **more: Any) -> Receipt:
        """A case that a unit works on."""
        case = self.dispatched(unit, **more)
        return self.do(case, Action.SIGN, unit)

    def replied(self, unit: str = "enforcement-a", **more: Any) -> Receipt:
        """A case that a unit says is put right."""
        case = self.handling(unit, **more)
        return self.do(case, Action.REPLY, unit, photos=(self.photo(2),))

    def checking(self, unit: str = "enforcement-a", **more: Any) -> Receipt:
        """A case that the first inspector is to look at."""
        case = self.replied(unit, **more)
        self.do(case, Action.PASS_TO_CHECK, "dispatcher")
        return self.do(case, Action.SEND_CHECK, "acceptor", inspector=self.people["inspector1"].person_id)

    def forced(self, case: Receipt) -> Receipt:
        """A case that two persons close against the usual way."""
        self.do(case, Action.ASK_FORCE_CLOSE, "shift_leader", reason="void")
        return self.do(case, Action.FORCE_CLOSE, "leader")

    def closed(self, unit: str = "enforcement-a", **more: Any) -> Receipt:
        """A case that has ended well."""
        case = self.checking(unit, **more)
        self.do(case, Action.CHECK_PASS, "inspector1", photos=(self.photo(3),))
        return self.do(case, Action.CLOSE, "shift_leader")


def routed(case: Receipt) -> str | None:
    """The unit that the rule names."""
    found: str | None = look("SELECT route_unit FROM cases WHERE id = %(id)s", id=case.case_id)[0]["route_unit"]
    return found


def look(sql: Any, **params: object) -> list[dict[str, Any]]:
    """Rows, seen by the application."""
    with write() as tx:
        return dicts(tx, sql, **params)


@contextmanager
def settled(folder: Path = TINY) -> Iterator[Town]:
    """The town, loaded from its folder into the database that `gis.db` is pointed at; its clock at MONDAY."""
    books.forget()
    city.load(folder)
    town = Town(_people())
    town.set(MONDAY)
    yield town
    books.forget()


def _people() -> dict[str, Actor]:
    asked = """
        SELECT p.id, p.login, p.unit_id, array_agg(r.role) AS roles,
               ARRAY(WITH RECURSIVE down AS (SELECT id FROM unit WHERE id = p.unit_id UNION
                      SELECT u.unit_id FROM unit_entry u JOIN down ON u.parent_id = down.id)
                     SELECT id FROM down) AS units
          FROM person p JOIN person_role r ON r.person_id = p.id GROUP BY p.id
    """
    found = {
        row["login"]: Actor(
            person_id=row["id"], roles=frozenset(map(Role, row["roles"])), units=frozenset(row["units"])
        )
        for row in look(asked)
    }
    return found | {"citizen": CITIZEN}


def version_of(case: Receipt) -> int:
    """The case's present version."""
    with write() as tx:
        return int(value(tx, "SELECT version FROM cases WHERE id = %(id)s", id=case.case_id))
