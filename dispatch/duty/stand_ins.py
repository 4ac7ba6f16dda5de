"""Entries over the roster: one asks and the other or a head agrees, or a head orders; each holds from then on, and none
is altered. What was agreed or ordered can be undone, from that moment on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import LiteralString

from dispatch.duty.roster import Post, Shift, StandIn
from dispatch.people.roles import Role
from gis.db import ReadTx, Tx, execute, one, rows, value
from gis.problems import Conflict, Forbidden, FormIncomplete, NotFound

__all__ = ["CENTRE_HEADS", "Asked", "Kind", "Wish", "agreed", "answer", "ask", "asked_in", "order", "undo"]

LONGEST = timedelta(days=31)
CENTRE_HEADS = frozenset({Role.SHIFT_LEADER, Role.SUPERVISOR, Role.LEADER})  # a head of every unit's duty

# In the order of agreement: a later one may stand in for who stands in. A swap is two, one each way. None holds before
# it was answered: who was on duty until then stays who was. What was undone held until then.
AGREED: LiteralString = """
    SELECT w.unit_id AS unit, w.post, p.login AS person, s.login AS stand_in,
           greatest(w.since, a.answered_at) AS since, least(w.until, u.undone_at) AS until
      FROM (SELECT unit_id, post, person_id, substitute_id, since, until, id FROM stand_in
            UNION ALL
            SELECT unit_id, post, substitute_id, person_id, back_since, back_until, id FROM stand_in
             WHERE back_since IS NOT NULL) w
      JOIN stand_in_answer a ON a.stand_in_id = w.id AND a.answer IN ('agreed', 'ordered')
      LEFT JOIN stand_in_undo u ON u.stand_in_id = w.id
      LEFT JOIN person p ON p.id = w.person_id LEFT JOIN person s ON s.id = w.substitute_id
     WHERE w.since < %(until)s AND least(w.until, u.undone_at) > greatest(%(since)s, w.since, a.answered_at)
       AND (%(units)s::text[] IS NULL OR w.unit_id = ANY (%(units)s))
     ORDER BY a.answered_at, w.id
"""
ASKED: LiteralString = """
    SELECT i.id, i.unit_id AS unit, i.post, p.login AS person, p.name AS person_name, s.login AS stand_in,
           s.name AS stand_in_name, i.since, i.until, i.back_since, i.back_until, i.reason, i.asked_by,
           b.name AS asked_by_name, i.asked_at, i.person_id, i.substitute_id, a.answer, w.name AS answered_by_name,
           a.answered_at, n.name AS undone_by_name, u.undone_at, u.reason AS undone_reason
      FROM stand_in i LEFT JOIN person p ON p.id = i.person_id LEFT JOIN person s ON s.id = i.substitute_id
      JOIN person b ON b.id = i.asked_by
      LEFT JOIN stand_in_answer a ON a.stand_in_id = i.id LEFT JOIN person w ON w.id = a.answered_by
      LEFT JOIN stand_in_undo u ON u.stand_in_id = i.id LEFT JOIN person n ON n.id = u.undone_by
"""
LISTED: LiteralString = ASKED + """
     WHERE (%(units)s::text[] IS NULL OR i.unit_id = ANY (%(units)s)) AND greatest(i.until, i.back_until) > %(since)s
     ORDER BY a.answer IS NOT NULL, u.undone_at IS NOT NULL, i.since, i.id LIMIT 200
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
UNDO: LiteralString = """
    INSERT INTO stand_in_undo (stand_in_id, undone_by, undone_at, reason)
    VALUES (%(id)s, %(by)s, %(at)s, %(reason)s) ON CONFLICT (stand_in_id) DO NOTHING
"""
TELL: LiteralString = "INSERT INTO outbox (kind, person_id, created_at) VALUES (%(kind)s, %(person)s, %(at)s)"
IDS: LiteralString = "SELECT id FROM person WHERE login = %(login)s AND NOT disabled"


class Kind(StrEnum):
    """What an entry does to the roster."""

    STAND_IN = "stand_in"  # 代班
    SWAP = "swap"  # 换班
    AWAY = "away"  # 请假
    ADD = "add"  # 加班次
    TAKE_OUT = "take_out"  # 撤班次


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `person` None: a shift more; `stand_in` None: one less, and with `post` None the person is
    away from all of them. `back_since`, `back_until`: of a swap."""

    unit: str
    post: Post | None
    person: str | None
    stand_in: str | None
    since: datetime
    until: datetime
    back_since: datetime | None = None
    back_until: datetime | None = None
    reason: str = ""

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """The hours it is about."""
        back = [(self.back_since, self.back_until)] if self.back_since and self.back_until else []
        return [(self.since, self.until), *back]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An entry; `answer` None: it waits. `undone_at`: until when it held."""

    id: int
    unit: str
    post: Post | None
    person: str | None
    person_name: str | None
    stand_in: str | None
    stand_in_name: str | None
    since: datetime
    until: datetime
    back_since: datetime | None
    back_until: datetime | None
    reason: str
    asked_by: int
    asked_by_name: str
    asked_at: datetime
    person_id: int | None
    substitute_id: int | None
    answer: str | None
    answered_by_name: str | None
    answered_at: datetime | None
    undone_by_name: str | None
    undone_at: datetime | None
    undone_reason: str | None

    @property
    def kind(self) -> Kind:
        """What it does."""
        if self.stand_in is None:
            return Kind.AWAY if self.post is None else Kind.TAKE_OUT
        if self.person is None:
            return Kind.ADD
        return Kind.STAND_IN if self.back_since is None else Kind.SWAP

    @property
    def wish(self) -> Wish:
        """As it was asked for."""
        return Wish(**{name: getattr(self, name) for name in Wish.__slots__})

    @property
    def ends(self) -> datetime:
        """When the last of it is over."""
        return max(self.until, self.back_until or self.until)

    @property
    def holds(self) -> bool:
        """Whether it was agreed or ordered, and not undone."""
        return self.answer in ("agreed", "ordered") and self.undone_at is None


def agreed(tx: ReadTx, since: datetime, until: datetime, units: Collection[str] | None = None) -> list[StandIn]:
    """What holds for a part of the period, in the order in which it came to hold; of these units, or of all."""
    found = rows(tx, StandIn, AGREED, since=since, until=until, units=None if units is None else list(units))
    return [
        StandIn(**{name: getattr(row, name) for name in StandIn.__slots__} | {"post": row.post and Post(row.post)})
        for row in found
    ]


def asked_in(tx: ReadTx, since: datetime, units: Collection[str] | None = None) -> list[Asked]:
    """Those of these units that end after `since`, what waits first; 200 at most."""
    return rows(tx, Asked, LISTED, since=since, units=None if units is None else list(units))


def ask(
    tx: Tx, wish: Wish, by: int, *, head: bool, there: list[Shift], theirs: Iterable[Shift], units: Collection[str]
) -> int:
    """Ask for it; the id. `head`: whether the asker leads the unit's duty; `there`: the shifts of its unit and post as
    they stand, `theirs`: the stand-in's shifts anywhere, over both spans; `units`: those whose people may serve there.

    Raises FormIncomplete (nobody's duty, a stranger, one who is on duty then anyhow, or away), Forbidden (another's
    duty).
    """
    _check_spans(wish, tx.now)
    if wish.stand_in is None:
        raise _refused("stand_in", "Name who stands in", "请填写代班人")
    _check_duty(wish, there)
    stand_in = _of_the_unit(tx, "stand_in", wish.stand_in, units)  # when a stranger is on duty or away is not told
    _check_elsewhere(wish, theirs)
    _check_away(tx, wish)
    if wish.person is None and _on_duty(there, wish.since, wish.until):
        raise _refused("since", "Somebody is on duty then", "该时段已有人当班")
    person = None if wish.person is None else value(tx, IDS, login=wish.person)
    if by != person and not head:
        raise Forbidden("Only who is on duty, or a head, asks for a stand-in", zh="只有当班人或带班领导可以申请代班")
    id = _keep(tx, wish, person=person, stand_in=stand_in, by=by)
    _tell(tx, "stand_in_asked", (stand_in,), by)
    return id


def order(tx: Tx, wish: Wish, by: int, *, there: list[Shift], theirs: Iterable[Shift], units: Collection[str]) -> int:
    """A head's word: it holds at once; the id. `there`, `theirs` and `units`: as of `ask`.

    Raises FormIncomplete (no reason, nobody's duty, a stranger, one who is on duty then anyhow, or away).
    """
    _check_spans(wish, tx.now)
    if not wish.reason.strip():
        raise _refused("reason", "Say why", "请填写原因")
    if wish.post is not None:
        _check_duty(wish, there)
    elif wish.person is None:
        raise _refused("person", "Say who is away", "请选择谁请假")
    person = None if wish.person is None else _of_the_unit(tx, "person", wish.person, units)
    stand_in = None if wish.stand_in is None else _of_the_unit(tx, "stand_in", wish.stand_in, units)
    if wish.post is not None:
        _check_elsewhere(wish, theirs)
        _check_away(tx, wish)
    id = _keep(tx, wish, person=person, stand_in=stand_in, by=by)
    execute(tx, ANSWER, id=id, answer="ordered", by=by, at=tx.now)
    _tell(tx, "duty_changed", (person, stand_in), by)
    return id


def answer(tx: Tx, id: int, what: str, by: int, *, head: Callable[[str], bool]) -> None:
    """`agreed` or `refused` by the stand-in or a head, `withdrawn` by who asked. Nobody agrees to what they asked.

    `head`: whether the person answering leads a unit's duty.
    Raises NotFound, Forbidden, Conflict (answered already, or over), FormIncomplete (the stand-in is away by now).
    """
    asked = _asked(tx, id)
    if what not in ("agreed", "refused", "withdrawn"):
        raise NotFound("There is no such answer", zh="没有这种答复")
    mine = by == asked.asked_by
    if mine != (what == "withdrawn") or not (mine or head(asked.unit) or by == asked.substitute_id):
        raise Forbidden("This is for the other person or a head to answer", zh="须由对方或带班领导答复")
    if asked.until <= tx.now:
        raise Conflict("It is over", zh="时段已过")
    if what == "agreed":
        _check_away(tx, asked.wish)
    if not execute(tx, ANSWER, id=id, answer=what, by=by, at=tx.now):
        raise Conflict("It has been answered already", zh="该申请已有答复")
    if not mine:
        execute(tx, TELL, kind=f"stand_in_{what}", person=asked.asked_by, at=tx.now)


def undo(tx: Tx, id: int, reason: str, by: int, *, head: Callable[[str], bool]) -> None:
    """From now on as if it had not been; what it did until now stays on record.

    Raises NotFound, Forbidden (no head of its unit), FormIncomplete (no reason), Conflict (undone already, over, or it
    never held).
    """
    asked = _asked(tx, id)
    if not head(asked.unit):
        raise Forbidden("A head undoes a change of the roster", zh="须由带班领导撤销")
    if not reason.strip():
        raise _refused("undo", "Say why", "请填写原因")
    if not asked.holds or asked.ends <= tx.now:
        raise Conflict("It does not hold any more", zh="该变更已不生效")
    if not execute(tx, UNDO, id=id, by=by, at=tx.now, reason=reason.strip()[:200]):
        raise Conflict("It has been undone already", zh="该变更已被撤销")
    _tell(tx, "duty_changed", (asked.person_id, asked.substitute_id), by)


def _asked(tx: ReadTx, id: int) -> Asked:
    asked = one(tx, Asked, ASKED + " WHERE i.id = %(id)s", id=id)
    if asked is None:
        raise NotFound("There is no such change of the roster", zh="没有这项值班变更")
    return asked


def _keep(tx: Tx, wish: Wish, *, person: int | None, stand_in: int | None, by: int) -> int:
    given = {name: getattr(wish, name) for name in ("unit", "post", "since", "until", "back_since", "back_until")}
    reason = wish.reason.strip()[:200]
    return int(value(tx, ASK, **given, person=person, stand_in=stand_in, reason=reason, by=by, at=tx.now))


def _tell(tx: Tx, kind: str, people: Iterable[int | None], by: int) -> None:
    """Whom it concerns, but who did it."""
    for person in people:
        if person not in (None, by):
            execute(tx, TELL, kind=kind, person=person, at=tx.now)


def _of_the_unit(tx: ReadTx, field: str, login: str, units: Collection[str]) -> int:
    person = value(tx, IDS, login=login)
    if person is None or value(tx, "SELECT unit_id FROM person WHERE id = %(id)s", id=person) not in units:
        raise _refused(field, f"{login} has no open account in this unit", "此人不是本单位的有效人员")
    return int(person)


def _check_spans(wish: Wish, now: datetime) -> None:
    for name, begin, end in (("until", wish.since, wish.until), ("back_until", wish.back_since, wish.back_until)):
        if (begin is None) != (end is None):
            raise _refused(name, "A span has a beginning and an end", "时段须有起止")
        if begin is not None and end is not None and not (begin < end and now < end and end - begin <= LONGEST):
            raise _refused(name, "A span to come, of 31 days at most", "时段须未结束且不超过31天")
    if wish.person == wish.stand_in:
        raise _refused("stand_in", "Name another person", "代班人须为他人")
    if None in (wish.person, wish.stand_in) and wish.back_since is not None:
        raise _refused("back_since", "A swap is between two persons", "换班须有双方")


def _check_duty(wish: Wish, there: list[Shift]) -> None:
    """Whoever is replaced is on duty then, whoever stands in is not."""
    first = _on_duty(there, wish.since, wish.until)
    if wish.person is not None and wish.person not in first:
        raise _refused("since", "This person is not on duty then", "该时段不是此人当班")
    if wish.stand_in in first:
        raise _refused("stand_in", "The stand-in is on duty then anyhow", "代班人该时段本已当班")
    if wish.back_since is not None and wish.back_until is not None:
        back = _on_duty(there, wish.back_since, wish.back_until)
        if wish.stand_in not in back or wish.person in back:
            raise _refused(
                "back_since", "The stand-in is not on duty then, or you are", "换回时段不是对方当班，或您本已当班"
            )


def _check_elsewhere(wish: Wish, theirs: Iterable[Shift]) -> None:
    """Nobody is on duty in two places at once."""
    for shift in theirs:
        if shift.person == wish.stand_in and shift.since < wish.until and shift.until > wish.since:
            raise _refused("stand_in", "The stand-in is on duty elsewhere then", "代班人该时段在别处当班")


def _check_away(tx: ReadTx, wish: Wish) -> None:
    """Whoever is away is on duty for nobody, in whichever unit the leave was written down."""
    back = () if wish.back_since is None or wish.back_until is None else ((wish.back_since, wish.back_until),)
    for login, spans in ((wish.stand_in, ((wish.since, wish.until),)), (wish.person, back)):
        for since, until in spans:
            if any(one.person == login and one.post is None for one in agreed(tx, since, until)):
                raise _refused("stand_in", f"{login} is away then", f"{login} 该时段请假")


def _on_duty(there: list[Shift], since: datetime, until: datetime) -> set[str]:
    return {shift.person for shift in there if shift.since < until and shift.until > since}


def _refused(field: str, words: str, zh: str) -> FormIncomplete:
    return FormIncomplete(words, zh=zh, fields={field: words})
