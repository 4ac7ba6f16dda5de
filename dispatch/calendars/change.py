"""A change of the calendar: proposed by one person, published by another as an edition, or sent back.

Nothing of an edition is ever changed. Every step of it is in the trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from json import dumps
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from dispatch.audit.trail import record
from dispatch.calendars.year import YEARS, changed_days, seasons_of, with_notice
from dispatch.cases.books import Books
from dispatch.clock.document import check_calendar
from dispatch.clock.notice import Day, NoticeFault, read_notice
from gis.db import ReadTx, Tx, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotFound, wrong

__all__ = ["Asked", "Change", "change_of", "changes", "decide", "latest", "proposal", "propose", "withdraw"]

Document = Mapping[str, Any]
MOST = 20_000  # characters of a notice
COLUMNS: LiteralString = """
    SELECT c.id, c.name, c.in_force, c.year, c.official, c.notice, c.document, c.base_id, base.content AS before,
           c.state, c.author_id, author.name AS author, c.reason, decider.name AS decider, c.decision, c.created_at,
           c.edition_id
      FROM calendar_change c JOIN edition base ON base.id = c.base_id JOIN person author ON author.id = c.author_id
      LEFT JOIN person decider ON decider.id = c.decided_by
"""
LATEST: LiteralString = """
    SELECT id, name, in_force, content FROM edition WHERE kind = 'calendar' ORDER BY in_force DESC, id DESC LIMIT 1
"""
PUBLISH: LiteralString = """
    INSERT INTO edition (kind, name, in_force, source, content_hash, content, published_at)
    VALUES ('calendar', %(name)s, %(in_force)s, %(source)s, %(hash)s, %(content)s::jsonb, %(now)s) RETURNING id
"""
DECIDE: LiteralString = """
    UPDATE calendar_change SET state = %(state)s, decided_by = %(person)s, decision = %(decision)s,
           decided_at = %(now)s, edition_id = %(edition)s WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a change asks for. `seasons`: lines of `year.seasons_of`, empty to keep them; `official`: the year's own
    notice, which is the whole of it, and confirms the year."""

    notice: str
    year: int
    in_force: date
    official: bool = True
    seasons: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change asked for. `state`: submitted, published, refused or withdrawn; `before`: the calendar it began from;
    `edition_id`: what it became."""

    id: int
    name: str
    in_force: date
    year: int
    official: bool
    notice: str
    document: Document
    base_id: int
    before: Document
    state: str
    author_id: int
    author: str
    reason: str
    decider: str | None
    decision: str
    created_at: datetime
    edition_id: int | None


@dataclass(frozen=True, slots=True)
class Latest:
    """The last edition of the calendar, in force or to come."""

    id: int
    name: str
    in_force: date
    content: Document


def latest(tx: ReadTx) -> Latest:
    """Raises NotFound if no calendar is loaded."""
    found = one(tx, Latest, LATEST)
    if found is None:
        raise NotFound("The city has no calendar yet", zh="尚未载入工作日历")
    return found


def changes(tx: ReadTx, *, limit: int = 50) -> list[Change]:
    """Those that wait for a second person first, then the others, newest first."""
    order: LiteralString = " ORDER BY c.state = 'submitted' DESC, c.id DESC LIMIT %(limit)s"
    return rows(tx, Change, COLUMNS + order, limit=limit)


def change_of(tx: ReadTx, id: int) -> Change:
    """Raises NotFound."""
    found = one(tx, Change, COLUMNS + " WHERE c.id = %(id)s", id=id)
    if found is None:
        raise NotFound("There is no such change of the calendar", zh="没有这份日历变更")
    return found


def proposal(before: Document, asked: Asked, *, today: date, earliest: date) -> dict[str, Any]:
    """The calendar as the change would have it. Pure. Raises FormIncomplete with the reason, by field."""
    if asked.year not in YEARS:
        raise wrong("year", f"{asked.year} is no year of a calendar", f"{asked.year} 不是有效年份")
    if asked.in_force < max(today, earliest):
        day = max(today, earliest)
        raise wrong("in_force", f"A calendar takes effect on {day} at the earliest", f"生效日期不得早于 {day}")
    days = _days(asked)
    try:
        seasons = seasons_of(asked.seasons)
        after = with_notice(
            before, days, year=asked.year, since=asked.in_force, official=asked.official and bool(days), seasons=seasons
        )
        check_calendar(after, asked.in_force)
    except ValueError as fault:
        raise wrong("seasons", f"The calendar cannot be used: {fault}", f"日历不可用：{fault}") from fault
    _check_past(before, after, asked.in_force, today)
    unnamed = {"names": None, "names_en": None}
    if {**after, **unnamed} == {**before, **unnamed}:
        raise wrong("notice", "Nothing would change", "与现有日历相同，没有变化")
    return after


def _days(asked: Asked) -> dict[date, Day]:
    if not asked.notice.strip() and asked.seasons.strip():
        return {}
    if len(asked.notice) > MOST:
        raise wrong("notice", f"A notice has at most {MOST} characters", f"通知不超过 {MOST} 字")
    try:
        return read_notice(asked.notice, asked.year)
    except NoticeFault as fault:
        raise wrong("notice", f"The notice cannot be taken: {fault}", f"通知无法采用：{fault.zh}") from fault


def _check_past(before: Document, after: Document, in_force: date, today: date) -> None:
    """Time that has been counted stays as it was; and nobody is made late by work on a day that has begun."""
    if before["slots"] != after["slots"] and in_force <= today:
        raise wrong(
            "in_force",
            "Opening hours change from tomorrow at the earliest: a day that has begun keeps its own",
            "作息时间最早从明天起改变，已经开始的一天不变",
        )
    for day, (_, works) in changed_days(before, after).items():
        if day < in_force:
            raise wrong(
                "notice", f"{day} lies before the day of force and stays as it was", f"{day} 早于生效日期，不能再改"
            )
        if works and day <= today:
            raise wrong("notice", f"{day} has begun and cannot become a day of work", f"{day} 已经开始，不能改为上班")


def propose(tx: Tx, city: Books, person_id: int, asked: Asked, *, name: str, reason: str) -> Change:
    """Ask a second person to publish it. Raises FormIncomplete, Conflict (the name is taken)."""
    last = latest(tx)
    document = proposal(last.content, asked, today=_today(tx, city), earliest=last.in_force)
    if not reason.strip():
        raise FormIncomplete("Say what the change rests on", zh="请填写变更依据", fields={"reason": "needed"})
    name = name.strip()
    if not name or len(name) > 60:
        raise FormIncomplete("The new edition needs a name", zh="请填写新版本编号", fields={"name": "needed"})
    if value(tx, "SELECT EXISTS (SELECT FROM edition WHERE kind = 'calendar' AND name = %(name)s)", name=name):
        raise Conflict(f"There is an edition {name} already", zh=f"已有名为 {name} 的版本")
    id: int = value(
        tx,
        """INSERT INTO calendar_change (name, in_force, year, official, notice, document, base_id, author_id, reason,
                                        created_at)
           VALUES (%(name)s, %(in_force)s, %(year)s, %(official)s, %(notice)s, %(document)s, %(base)s, %(person)s,
                   %(reason)s, %(now)s) RETURNING id""",
        name=name,
        in_force=asked.in_force,
        year=asked.year,
        official=asked.official,
        notice=asked.notice,
        document=Jsonb(document),
        base=last.id,
        person=person_id,
        reason=reason.strip(),
        now=tx.now,
    )
    _record(tx, "calendar_submitted", person_id, id)
    return change_of(tx, id)


def decide(tx: Tx, city: Books, id: int, person_id: int, *, publish: bool, decision: str) -> Change:
    """Publish it as an edition, or send it back with a word why.

    Raises Conflict (by its author; it is decided already; the calendar has changed since), FormIncomplete.
    """
    change = _locked(tx, id)
    if change.author_id == person_id:
        raise Conflict(
            "Another person has to decide on what you proposed",
            zh="不能审定自己提出的变更，须由他人审定",
            state=change.state,
        )
    if not publish and not decision.strip():
        raise FormIncomplete("Say why it is sent back", zh="请说明退回的理由", fields={"decision": "needed"})
    edition = _publish(tx, city, change) if publish else None
    state = "published" if publish else "refused"
    execute(tx, DECIDE, state=state, person=person_id, decision=decision.strip(), now=tx.now, edition=edition, id=id)
    _record(tx, f"calendar_{state}", person_id, id)
    return change_of(tx, id)


def withdraw(tx: Tx, id: int, person_id: int) -> None:
    """Its author gives it up; it stays to be read. Raises Conflict."""
    change = _locked(tx, id)
    if change.author_id != person_id:
        raise Conflict("Only its author can withdraw it", zh="只有提出人可以撤回", state=change.state)
    execute(
        tx, "UPDATE calendar_change SET state = 'withdrawn', decided_at = %(now)s WHERE id = %(id)s", now=tx.now, id=id
    )
    _record(tx, "calendar_withdrawn", person_id, id)


def _publish(tx: Tx, city: Books, change: Change) -> int:
    if latest(tx).id != change.base_id:
        raise Conflict(
            "The calendar has changed since this was proposed: propose it anew. It is kept as it is",
            zh="提出之后日历已有新版本，请重新提出；原变更已保留",
            state=change.state,
        )
    today = _today(tx, city)
    if change.in_force < today:
        raise wrong("in_force", "Its day of force has passed: propose it anew", "生效日期已过，请重新提出")
    _check_past(change.before, change.document, change.in_force, today)
    content = dumps(change.document, ensure_ascii=False, sort_keys=True)
    edition: int = value(
        tx,
        PUBLISH,
        name=change.name,
        in_force=change.in_force,
        source=change.reason,
        hash=sha256(content.encode()).hexdigest(),
        content=content,
        now=tx.now,
    )
    execute(tx, "UPDATE city SET version = version + 1")
    return edition


def _locked(tx: Tx, id: int) -> Change:
    execute(tx, "SELECT FROM calendar_change WHERE id = %(id)s FOR UPDATE", id=id)
    change = change_of(tx, id)
    if change.state != "submitted":
        raise Conflict(f"The change is {change.state} already", zh="变更状态已变，请刷新后查看", state=change.state)
    return change


def _today(tx: ReadTx, city: Books) -> date:
    return tx.now.astimezone(city.zone).date()


def _record(tx: Tx, kind: str, person_id: int, id: int) -> None:
    record(tx, kind, person_id=person_id, object=f"calendar_change:{id}")
