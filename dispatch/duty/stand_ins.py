"""Stand-ins and swaps: one asks, the other or a head agrees; what was agreed changes who is on duty from then on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from dispatch.duty.roster import Post, Shift, StandIn
from dispatch.people.roles import Role
from gis.db import ReadTx, Tx, execute, one, rows, value
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound

__all__ = ["CENTRE_HEADS", "Asked", "Wish", "agreed", "answer", "ask", "asked_in"]

LONGEST = timedelta(days=31)
CENTRE_HEADS = frozenset({Role.SHIFT_LEADER, Role.SUPERVISOR, Role.LEADER})  # a head of every unit's duty

# In the order of agreement: a later one may stand in for who stands in. A swap is two, one each way.
AGREED: LiteralString = """
    SELECT w.unit_id AS unit, w.post, p.login AS person, s.login AS stand_in, w.since, w.until
      FROM (SELECT unit_id, post, person_id, substitute_id, since, until, id FROM stand_in
            UNION ALL
            SELECT unit_id, post, substitute_id, person_id, back_since, back_until, id FROM stand_in
             WHERE back_since IS NOT NULL) w
      JOIN stand_in_answer a ON a.stand_in_id = w.id AND a.answer = 'agreed'
      LEFT JOIN person p ON p.id = w.person_id JOIN person s ON s.id = w.substitute_id
     WHERE w.since < %(until)s AND w.until > %(since)s AND (%(units)s::text[] IS NULL OR w.unit_id = ANY (%(units)s))
     ORDER BY a.answered_at, w.id
"""
ASKED: LiteralString = """
    SELECT i.id, i.unit_id AS unit, i.post, p.login AS person, p.name AS person_name, s.login AS stand_in,
           s.name AS stand_in_name, i.since, i.until, i.back_since, i.back_until, i.reason, i.asked_by,
           b.name AS asked_by_name, i.asked_at, i.substitute_id, a.answer, w.name AS answered_by_name, a.answered_at
      FROM stand_in i LEFT JOIN person p ON p.id = i.person_id JOIN person s ON s.id = i.substitute_id
      JOIN person b ON b.id = i.asked_by
      LEFT JOIN stand_in_answer a ON a.stand_in_id = i.id LEFT JOIN person w ON w.id = a.answered_by
"""
LISTED: LiteralString = ASKED + """
     WHERE (%(units)s::text[] IS NULL OR i.unit_id = ANY (%(units)s)) AND i.until > %(since)s
     ORDER BY a.answer IS NOT NULL, i.since, i.id LIMIT 200
"""  # fmt: skip
ASK: LiteralString = """
    INSERT INTO stand_in (unit_id, post, person_id, substitute_id, since, until, back_since, back_until, reason,
                          asked_by, asked_at)
    VALUES (%(unit)s, %(post)s, %(person)s, %(stand_in)s, %(since)s, %(until)s, %(back_since)s, %(back_until)s,
            %(reason)s, %(by)s, %(at)s)
    RETURNING id
"""
ANSWER: LiteralString = """
    INSERT INTO stand_in_answer (stand_in_id, answer, answered_by, answered_at)
    VALUES (%(id)s, %(answer)s, %(by)s, %(at)s) ON CONFLICT (stand_in_id) DO NOTHING
"""
TELL: LiteralString = "INSERT INTO outbox (kind, person_id, created_at) VALUES (%(kind)s, %(person)s, %(at)s)"
IDS: LiteralString = "SELECT id FROM person WHERE login = %(login)s AND NOT disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `person` None: to fill a hole. `back_since`, `back_until`: of a swap."""

    unit: str
    post: Post
    person: str | None
    stand_in: str
    since: datetime
    until: datetime
    back_since: datetime | None = None
    back_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One that was asked for; `answer` None: it waits."""

    id: int
    unit: str
    post: Post
    person: str | None
    person_name: str | None
    stand_in: str
    stand_in_name: str
    since: datetime
    until: datetime
    back_since: datetime | None
    back_until: datetime | None
    reason: str
    asked_by: int
    asked_by_name: str
    asked_at: datetime
    substitute_id: int
    answer: str | None
    answered_by_name: str | None
    answered_at: datetime | None


def agreed(tx: ReadTx, since: datetime, until: datetime, units: Collection[str] | None = None) -> list[StandIn]:
    """What was agreed for a part of the period, in the order of agreement; of these units, or of all."""
    found = rows(tx, StandIn, AGREED, since=since, until=until, units=None if units is None else list(units))
    return [
        StandIn(**{name: getattr(row, name) for name in StandIn.__slots__} | {"post": Post(row.post)}) for row in found
    ]


def asked_in(tx: ReadTx, since: datetime, units: Collection[str] | None = None) -> list[Asked]:
    """Those of these units that end after `since`, what waits first; 200 at most."""
    return rows(tx, Asked, LISTED, since=since, units=None if units is None else list(units))


def ask(tx: Tx, wish: Wish, by: int, *, head: bool, there: list[Shift], units: Collection[str]) -> int:
    """Ask for it; the id. `head`: whether the asker leads the unit's duty; `there`: the shifts of its unit and post as
    they stand, over both spans; `units`: those whose people may serve there.

    Raises FormIncomplete (nobody's duty, a stranger, one who is on duty anyhow), Forbidden (another's duty).
    """
    _check_spans(wish, tx.now)
    _check_duty(wish, there)
    stand_in = value(tx, IDS, login=wish.stand_in)
    at_home = value(tx, "SELECT unit_id FROM person WHERE id = %(id)s", id=stand_in)
    if stand_in is None or at_home not in units:
        raise _refused("stand_in", "The stand-in has no open account in this unit", "代班人不是本单位的有效人员")
    person = None if wish.person is None else value(tx, IDS, login=wish.person)
    if by != person and not head:
        raise Forbidden("Only who is on duty, or a head, asks for a stand-in", zh="只有当班人或带班领导可以申请代班")
    given = {name: getattr(wish, name) for name in ("unit", "since", "until", "back_since", "back_until")}
    reason = wish.reason.strip()[:200]
    id = value(
        tx, ASK, **given, post=wish.post.value, person=person, stand_in=stand_in, reason=reason, by=by, at=tx.now
    )
    if stand_in != by:
        execute(tx, TELL, kind="stand_in_asked", person=stand_in, at=tx.now)
    return int(id)


def answer(tx: Tx, id: int, what: str, by: int, *, head: Callable[[str], bool]) -> None:
    """`agreed` or `refused` by the stand-in or a head, `withdrawn` by who asked. Nobody agrees to what they asked.

    `head`: whether the person answering leads a unit's duty.
    Raises NotFound, Forbidden, Conflict (answered already, or over).
    """
    asked = one(tx, Asked, ASKED + " WHERE i.id = %(id)s", id=id)
    if asked is None or what not in ("agreed", "refused", "withdrawn"):
        raise NotFound("There is no such request", zh="没有这项代班申请")
    mine = by == asked.asked_by
    if mine != (what == "withdrawn") or not (mine or head(asked.unit) or by == asked.substitute_id):
        raise Forbidden("This is for the other person or a head to answer", zh="须由对方或带班领导答复")
    if asked.until <= tx.now:
        raise Conflict("It is over", zh="时段已过")
    if not execute(tx, ANSWER, id=id, answer=what, by=by, at=tx.now):
        raise Conflict("It has been answered already", zh="该申请已有答复")
    if not mine:
        execute(tx, TELL, kind=f"stand_in_{what}", person=asked.asked_by, at=tx.now)


def _check_spans(wish: Wish, now: datetime) -> None:
    for name, begin, end in (("until", wish.since, wish.until), ("back_until", wish.back_since, wish.back_until)):
        if (begin is None) != (end is None):
            raise _refused(name, "A span has a beginning and an end", "时段须有起止")
        if begin is not None and end is not None and not (begin < end and now < end and end - begin <= LONGEST):
            raise _refused(name, "A span to come, of 31 days at most", "时段须未结束且不超过31天")
    if wish.person == wish.stand_in:
        raise _refused("stand_in", "Name another person", "代班人须为他人")
    if wish.person is None and wish.back_since is not None:
        raise _refused("back_since", "There is nothing to swap a hole for", "补缺不能换班")


def _check_duty(wish: Wish, there: list[Shift]) -> None:
    """Whoever is replaced is on duty then, whoever stands in is not; of a hole, nobody is."""
    first = _on_duty(there, wish.since, wish.until)
    if wish.person is not None and wish.person not in first:
        raise _refused("since", "This person is not on duty then", "该时段不是此人当班")
    if wish.person is None and first:
        raise _refused("since", "Somebody is on duty then", "该时段已有人当班")
    if wish.stand_in in first:
        raise _refused("stand_in", "The stand-in is on duty then anyhow", "代班人该时段本已当班")
    if wish.back_since is not None and wish.back_until is not None:
        back = _on_duty(there, wish.back_since, wish.back_until)
        if wish.stand_in not in back or wish.person in back:
            raise _refused(
                "back_since", "The stand-in is not on duty then, or you are", "换回时段不是对方当班,或您本已当班"
            )


def _on_duty(there: list[Shift], since: datetime, until: datetime) -> set[str]:
    return {shift.person for shift in there if shift.since < until and shift.until > since}


def _refused(field: str, words: str, zh: str) -> FormIncomplete:
    return FormIncomplete(words, zh=zh, fields={field: words})
