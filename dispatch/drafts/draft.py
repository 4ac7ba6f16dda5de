"""A draft rulebook's life: begun from the one in force, changed, submitted with its replay, published by another.

Publishing makes an edition; nothing of an edition is ever changed. Every step of it is in the trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from json import dumps
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from dispatch.audit.trail import record
from dispatch.cases.books import Books
from dispatch.routing.rulebook import Rulebook, RulebookFault, rulebook_of
from dispatch.rules import findings_of
from gis.db import ReadTx, Tx, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotFound

__all__ = ["Draft", "begin", "change", "draft_of", "drafts", "drop", "publish", "rulebook", "send_back", "submit"]

Document = Mapping[str, Any]
COLUMNS: LiteralString = """
    SELECT d.id, d.name, d.in_force, base.name AS base, d.document, d.state, d.version, d.author_id,
           d.writers, author.name AS author, d.reason, d.report, d.decided_by, decider.name AS decider, d.decision,
           d.created_at, d.submitted_at, d.decided_at
      FROM rule_draft d JOIN edition base ON base.id = d.base_id JOIN person author ON author.id = d.author_id
      LEFT JOIN person decider ON decider.id = d.decided_by
"""
LATEST: LiteralString = (
    "SELECT id, name, in_force FROM edition WHERE kind = 'rules' ORDER BY in_force DESC, id DESC LIMIT 1"
)
PUBLISH: LiteralString = """
    INSERT INTO edition (kind, name, in_force, source, content_hash, content)
    VALUES ('rules', %(name)s, %(in_force)s, %(source)s, %(hash)s, %(content)s::jsonb) RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One draft. `state`: draft, submitted, published or dropped; `version` counts changes, so that nobody overwrites
    what he has not seen."""

    id: int
    name: str
    in_force: date
    base: str
    document: Document
    state: str
    version: int
    author_id: int
    writers: list[int]
    author: str
    reason: str
    report: Document | None
    decided_by: int | None
    decider: str | None
    decision: str
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None

    @property
    def rules(self) -> list[Document]:
        """Its rules as rows, in the order of the file."""
        return list(self.document.get("rule", ()))

    def rule(self, no: str) -> Document | None:
        """One row by its number."""
        return next((row for row in self.rules if row.get("no") == no), None)


@dataclass(frozen=True, slots=True)
class _Latest:
    id: int
    name: str
    in_force: date


def drafts(tx: ReadTx, *, limit: int = 50) -> list[Draft]:
    """Those still open first, then what became of the others, newest first."""
    return rows(
        tx, Draft, COLUMNS + " ORDER BY d.state IN ('draft', 'submitted') DESC, d.id DESC LIMIT %(limit)s", limit=limit
    )


def draft_of(tx: ReadTx, id: int) -> Draft:
    """Raises NotFound."""
    found = one(tx, Draft, COLUMNS + " WHERE d.id = %(id)s", id=id)
    if found is None:
        raise NotFound("There is no such draft", zh="没有这份规则草案")
    return found


def rulebook(draft: Draft) -> Rulebook:
    """What the draft would decide by. Raises FormIncomplete with every rule that cannot be read."""
    try:
        return rulebook_of({**draft.document, "edition": draft.name})
    except RulebookFault as fault:
        raise FormIncomplete(
            "Some rules cannot be read; the draft is kept as it is: " + "; ".join(fault.faults),
            zh="有规则无法读取,草案已保留:" + ";".join(fault.faults),
            fields={"rule": "; ".join(fault.faults)},
        ) from fault


def begin(tx: Tx, city: Books, person_id: int, *, name: str, in_force: date) -> Draft:
    """A draft of the rulebook in force. Raises FormIncomplete, Conflict (the name is taken)."""
    name = name.strip()
    _check_name(tx, name)
    _check_day(tx, city, in_force)
    document = value(tx, "SELECT content FROM edition WHERE id = %(id)s", id=city.editions["rules"])
    id: int = value(
        tx,
        """INSERT INTO rule_draft (name, in_force, base_id, document, author_id, writers, created_at)
           VALUES (%(name)s, %(in_force)s, %(base)s, %(document)s, %(person)s, ARRAY[%(person)s]::bigint[], %(now)s)
           RETURNING id""",
        name=name,
        in_force=in_force,
        base=city.editions["rules"],
        document=Jsonb({**document, "edition": name, "in_force": in_force.isoformat()}),
        person=person_id,
        now=tx.now,
    )
    _record(tx, "rules_begun", person_id, id)
    return draft_of(tx, id)


def change(tx: Tx, id: int, person_id: int, *, version: int, no: str, row: Document | None) -> Draft:
    """Put the rule `row` in place of number `no`, or at the end if there is none; None takes it out.

    Raises Conflict (somebody else changed the draft, or it is no longer a draft), FormIncomplete (the rule cannot be
    read, or its number is taken).
    """
    draft = _locked(tx, id, version=version, states=("draft",))
    kept = draft.rules
    place = next((at for at, old in enumerate(kept) if old.get("no") == no), len(kept))
    kept[place : place + 1] = [] if row is None else [row]
    changed = replace(draft, document={**draft.document, "rule": kept})
    numbers = [str(rule.get("no")) for rule in kept]
    if len(set(numbers)) < len(numbers):
        raise FormIncomplete("Another rule has this number", zh="规则编号已被使用", fields={"no": "taken"})
    rulebook(changed)
    execute(
        tx,
        """UPDATE rule_draft SET document = %(document)s, version = version + 1, report = NULL,
                  writers = (SELECT array_agg(DISTINCT w) FROM unnest(writers || %(person)s::bigint) w)
            WHERE id = %(id)s""",
        document=Jsonb(changed.document),
        person=person_id,
        id=id,
    )
    _record(tx, "rules_changed", person_id, id, rule=no, removed=row is None)
    return draft_of(tx, id)


def submit(tx: Tx, id: int, person_id: int, *, version: int, reason: str, report: Document) -> Draft:
    """Ask a second person to publish it. `report`: its replay, kept for ever. Raises FormIncomplete, Conflict."""
    draft = _locked(tx, id, version=version, states=("draft",))
    rulebook(draft)
    if not reason.strip():
        raise FormIncomplete("Say why the rules are to change", zh="请说明修改规则的理由", fields={"reason": "needed"})
    execute(
        tx,
        """UPDATE rule_draft SET state = 'submitted', reason = %(reason)s, report = %(report)s, submitted_at = %(now)s,
                  version = version + 1 WHERE id = %(id)s""",
        reason=reason.strip(),
        report=Jsonb(report),
        now=tx.now,
        id=id,
    )
    _record(tx, "rules_submitted", person_id, id, moved=report.get("moved"), cases=report.get("cases"))
    return draft_of(tx, id)


def publish(tx: Tx, city: Books, id: int, person_id: int, *, version: int, decision: str) -> Draft:
    """Make a submitted draft an edition.

    Raises Conflict (by one of its own writers; the rules in force have changed since; it leaves a gap or sends to a
    unit without the power), FormIncomplete (its day has passed).
    """
    draft = _locked(tx, id, version=version, states=("submitted",))
    if person_id in draft.writers:
        raise Conflict(
            "Another person has to publish what you wrote",
            zh="不能发布自己参与起草的规则,须由他人审定",
            state=draft.state,
        )
    _check_sound(tx, city, draft)
    edition = _publish(tx, city, draft)
    execute(tx, "UPDATE rule_draft SET edition_id = %(edition)s WHERE id = %(id)s", edition=edition, id=id)
    return _decided(tx, id, person_id, "published", decision)


def send_back(tx: Tx, id: int, person_id: int, *, version: int, decision: str) -> Draft:
    """Give a submitted draft back to its writers, with a word why. Raises Conflict, FormIncomplete."""
    _locked(tx, id, version=version, states=("submitted",))
    if not decision.strip():
        raise FormIncomplete("Say what is to be changed", zh="请说明退回的理由", fields={"decision": "needed"})
    return _decided(tx, id, person_id, "draft", decision)


def _decided(tx: Tx, id: int, person_id: int, state: str, decision: str) -> Draft:
    execute(
        tx,
        """UPDATE rule_draft SET state = %(state)s, decided_by = %(person)s, decision = %(decision)s,
                  decided_at = %(now)s, version = version + 1 WHERE id = %(id)s""",
        state=state,
        person=person_id,
        decision=decision.strip(),
        now=tx.now,
        id=id,
    )
    _record(tx, "rules_published" if state == "published" else "rules_sent_back", person_id, id)
    return draft_of(tx, id)


def drop(tx: Tx, id: int, person_id: int, *, version: int) -> None:
    """Give a draft up; it stays to be read."""
    _locked(tx, id, version=version, states=("draft", "submitted"))
    execute(tx, "UPDATE rule_draft SET state = 'dropped', version = version + 1 WHERE id = %(id)s", id=id)
    _record(tx, "rules_dropped", person_id, id)


def _check_sound(tx: ReadTx, city: Books, draft: Draft) -> None:
    severe = [one for one in findings_of(tx, city, rulebook(draft))[0] if one.severe]
    if severe:
        raise Conflict(
            f"The draft has {len(severe)} faults that keep a rulebook out and is kept as it is; the first: "
            f"{severe[0].words_en}",
            zh=f"草案有 {len(severe)} 处须先改正的问题,第一处:{severe[0].words};草案已保留",
            state=draft.state,
        )


def _publish(tx: Tx, city: Books, draft: Draft) -> int:
    latest = one(tx, _Latest, LATEST)
    if latest is None or latest.name != draft.base:
        raise Conflict(
            f"The rules have changed since this draft was begun (now {latest.name if latest else 'none'}): begin anew "
            "from those in force. The draft is kept",
            zh="起草之后规则已有新版本,请在新版本上重新起草;原草案已保留",
            state=draft.state,
        )
    _check_day(tx, city, draft.in_force)
    content = dumps(draft.document, ensure_ascii=False, sort_keys=True)
    edition: int = value(
        tx,
        PUBLISH,
        name=draft.name,
        in_force=draft.in_force,
        source=str(draft.document.get("source", "")),
        hash=sha256(content.encode()).hexdigest(),
        content=content,
    )
    execute(tx, "UPDATE city SET version = version + 1")
    return edition


def _locked(tx: Tx, id: int, *, version: int, states: Sequence[str]) -> Draft:
    execute(tx, "SELECT FROM rule_draft WHERE id = %(id)s FOR UPDATE", id=id)
    draft = draft_of(tx, id)
    if draft.state not in states:
        raise Conflict(f"The draft is {draft.state} already", zh="草案状态已变,请刷新后查看", state=draft.state)
    if draft.version != version:
        raise Conflict(
            "Somebody changed the draft meanwhile; nothing was overwritten. Load it again and repeat your change",
            zh="草案已被他人修改,您的修改未覆盖;请刷新后重做",
            version=draft.version,
        )
    return draft


def _check_name(tx: ReadTx, name: str) -> None:
    if not name or len(name) > 60:
        raise FormIncomplete("The new edition needs a name", zh="请填写新版本编号", fields={"name": "needed"})
    taken = value(
        tx,
        """SELECT EXISTS (SELECT FROM edition WHERE kind = 'rules' AND name = %(name)s)
               OR EXISTS (SELECT FROM rule_draft WHERE name = %(name)s AND state IN ('draft', 'submitted'))""",
        name=name,
    )
    if taken:
        raise Conflict(f"There is an edition or a draft {name} already", zh=f"已有名为 {name} 的版本或草案")


def _check_day(tx: ReadTx, city: Books, day: date) -> None:
    latest = one(tx, _Latest, LATEST)
    today = tx.now.astimezone(city.zone).date()
    if day < today or (latest is not None and day <= latest.in_force):
        after = max(today, latest.in_force) if latest else today
        raise FormIncomplete(
            f"Rules take effect on a day to come, after the edition before them ({after})",
            zh=f"生效日期不得早于今天,且须晚于上一版本的生效日期({after})",
            fields={"in_force": "too early"},
        )


def _record(tx: Tx, kind: str, person_id: int, id: int, **detail: object) -> None:
    record(tx, kind, person_id=person_id, object=f"rule_draft:{id}", detail=detail)
