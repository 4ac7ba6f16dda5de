"""A draft edition's life: begun from the one in force, changed, submitted with its effect, published by another.

Rules and schemes of score are drafted alike; a Kind says how one reads them and what keeps one out.

Publishing makes an edition; nothing of an edition is ever changed. Every step of it is in the trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

__all__ = [
    "RULES",
    "Draft",
    "Kind",
    "begin",
    "change",
    "draft_of",
    "drafts",
    "drop",
    "publish",
    "rulebook",
    "send_back",
    "submit",
]

Document = Mapping[str, Any]
COLUMNS: LiteralString = """
    SELECT d.id, d.kind, d.name, d.in_force, coalesce(base.name, '') AS base, d.document, d.state, d.version,
           d.author_id, d.writers, author.name AS author, d.reason, d.report, d.decided_by,
           decider.name AS decider, d.decision, d.created_at, d.submitted_at, d.decided_at
      FROM rule_draft d LEFT JOIN edition base ON base.id = d.base_id JOIN person author ON author.id = d.author_id
      LEFT JOIN person decider ON decider.id = d.decided_by
"""
LATEST: LiteralString = """
    SELECT id, name, in_force, content FROM edition WHERE kind = %(kind)s ORDER BY in_force DESC, id DESC LIMIT 1
"""
PUBLISH: LiteralString = """
    INSERT INTO edition (kind, name, in_force, source, content_hash, content)
    VALUES (%(kind)s, %(name)s, %(in_force)s, %(source)s, %(hash)s, %(content)s::jsonb) RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One draft. `state`: draft, submitted, published or dropped; `version` counts changes, so that nobody overwrites
    what he has not seen."""

    id: int
    kind: str
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
    content: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is drafted. `key`: of its editions and in the trail; `array`, `number`: where its rows stand in the document
    and what each is known by. `read` raises FormIncomplete for what cannot be read, `check` Conflict for what may not
    be published."""

    key: str
    array: str
    number: str
    read: Callable[[Draft], object]
    check: Callable[[ReadTx, Books, Draft], None]


def drafts(tx: ReadTx, kind: str = "rules", *, limit: int = 50) -> list[Draft]:
    """Those still open first, then what became of the others, newest first."""
    order: LiteralString = " WHERE d.kind = %(kind)s ORDER BY d.state IN ('draft', 'submitted') DESC, d.id DESC"
    return rows(tx, Draft, COLUMNS + order + " LIMIT %(limit)s", kind=kind, limit=limit)


def draft_of(tx: ReadTx, id: int, kind: str = "rules") -> Draft:
    """Raises NotFound."""
    found = one(tx, Draft, COLUMNS + " WHERE d.id = %(id)s AND d.kind = %(kind)s", id=id, kind=kind)
    if found is None:
        raise NotFound("There is no such draft", zh="没有这份草案")
    return found


def rulebook(draft: Draft) -> Rulebook:
    """What the draft would decide by. Raises FormIncomplete with every rule that cannot be read."""
    try:
        return rulebook_of({**draft.document, "edition": draft.name})
    except RulebookFault as fault:
        raise FormIncomplete(
            "Some rules cannot be read; the draft is kept as it is: " + "; ".join(fault.faults),
            zh="有规则无法读取，草案已保留：" + "；".join(fault.faults),
            fields={"rule": "; ".join(fault.faults)},
        ) from fault


def begin(tx: Tx, city: Books, person_id: int, *, name: str, in_force: date, kind: Kind) -> Draft:
    """A draft of what is in force. Raises FormIncomplete, Conflict (the name is taken)."""
    name = name.strip()
    _check_name(tx, kind, name)
    _check_day(tx, kind, city, in_force)
    base = city.editions.get(kind.key)
    document = {} if base is None else value(tx, "SELECT content FROM edition WHERE id = %(id)s", id=base)
    id: int = value(
        tx,
        """INSERT INTO rule_draft (kind, name, in_force, base_id, document, author_id, writers, created_at)
           VALUES (%(kind)s, %(name)s, %(in_force)s, %(base)s, %(document)s, %(person)s,
                   ARRAY[%(person)s]::bigint[], %(now)s) RETURNING id""",
        kind=kind.key,
        name=name,
        in_force=in_force,
        base=base,
        document=Jsonb({**document, "edition": name, "in_force": in_force.isoformat()}),
        person=person_id,
        now=tx.now,
    )
    _record(tx, f"{kind.key}_begun", person_id, id)
    return draft_of(tx, id, kind.key)


def change(tx: Tx, id: int, person_id: int, *, version: int, no: str, row: Document | None, kind: Kind) -> Draft:
    """Put `row` in place of number `no`, or at the end if there is none; None takes it out.

    Raises Conflict (somebody else changed the draft, or it is no longer a draft), FormIncomplete (the row cannot be
    read, or its number is taken).
    """
    draft = _locked(tx, id, kind, version=version, states=("draft",))
    kept = list(draft.document.get(kind.array, ()))
    place = next((at for at, old in enumerate(kept) if old.get(kind.number) == no), len(kept))
    kept[place : place + 1] = [] if row is None else [row]
    changed = replace(draft, document={**draft.document, kind.array: kept})
    numbers = [str(other.get(kind.number)) for other in kept]
    if len(set(numbers)) < len(numbers):
        raise FormIncomplete("Another one has this number", zh="编号已被使用", fields={kind.number: "taken"})
    kind.read(changed)
    execute(
        tx,
        """UPDATE rule_draft SET document = %(document)s, version = version + 1, report = NULL,
                  writers = (SELECT array_agg(DISTINCT w) FROM unnest(writers || %(person)s::bigint) w)
            WHERE id = %(id)s""",
        document=Jsonb(changed.document),
        person=person_id,
        id=id,
    )
    _record(tx, f"{kind.key}_changed", person_id, id, **{kind.array: no}, removed=row is None)
    return draft_of(tx, id, kind.key)


def submit(tx: Tx, id: int, person_id: int, *, version: int, reason: str, report: Document, kind: Kind) -> Draft:
    """Ask a second person to publish it. `report`: its effect, kept for ever. Raises FormIncomplete, Conflict."""
    draft = _locked(tx, id, kind, version=version, states=("draft",))
    kind.read(draft)
    if not reason.strip():
        raise FormIncomplete("Say why it is to change", zh="请说明修改的理由", fields={"reason": "needed"})
    execute(
        tx,
        """UPDATE rule_draft SET state = 'submitted', reason = %(reason)s, report = %(report)s, submitted_at = %(now)s,
                  version = version + 1 WHERE id = %(id)s""",
        reason=reason.strip(),
        report=Jsonb(report),
        now=tx.now,
        id=id,
    )
    _record(tx, f"{kind.key}_submitted", person_id, id, moved=report.get("moved"), cases=report.get("cases"))
    return draft_of(tx, id, kind.key)


def publish(tx: Tx, city: Books, id: int, person_id: int, *, version: int, decision: str, kind: Kind) -> Draft:
    """Make a submitted draft an edition.

    Raises Conflict (by one of its own writers; what is in force has changed since; it does not hold), FormIncomplete
    (its day has passed).
    """
    draft = _locked(tx, id, kind, version=version, states=("submitted",))
    if person_id in draft.writers:
        raise Conflict(
            "Another person has to publish what you wrote",
            zh="不能发布自己参与起草的内容，须由他人审定",
            state=draft.state,
        )
    kind.check(tx, city, draft)
    edition = _publish(tx, kind, city, draft)
    execute(tx, "UPDATE rule_draft SET edition_id = %(edition)s WHERE id = %(id)s", edition=edition, id=id)
    return _decided(tx, id, person_id, "published", decision, kind=kind)


def send_back(tx: Tx, id: int, person_id: int, *, version: int, decision: str, kind: Kind) -> Draft:
    """Give a submitted draft back to its writers, with a word why. Raises Conflict, FormIncomplete."""
    _locked(tx, id, kind, version=version, states=("submitted",))
    if not decision.strip():
        raise FormIncomplete("Say what is to be changed", zh="请说明退回的理由", fields={"decision": "needed"})
    return _decided(tx, id, person_id, "draft", decision, kind=kind)


def _decided(tx: Tx, id: int, person_id: int, state: str, decision: str, *, kind: Kind) -> Draft:
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
    _record(tx, f"{kind.key}_{'published' if state == 'published' else 'sent_back'}", person_id, id)
    return draft_of(tx, id, kind.key)


def drop(tx: Tx, id: int, person_id: int, *, version: int, kind: Kind) -> None:
    """Give a draft up; it stays to be read."""
    _locked(tx, id, kind, version=version, states=("draft", "submitted"))
    execute(tx, "UPDATE rule_draft SET state = 'dropped', version = version + 1 WHERE id = %(id)s", id=id)
    _record(tx, f"{kind.key}_dropped", person_id, id)


def _check_sound(tx: ReadTx, city: Books, draft: Draft) -> None:
    severe = [one for one in findings_of(tx, city, rulebook(draft))[0] if one.severe]
    if severe:
        raise Conflict(
            f"The draft has {len(severe)} faults that keep a rulebook out and is kept as it is; the first: "
            f"{severe[0].words_en}",
            zh=f"草案有 {len(severe)} 处须先改正的问题，第一处：{severe[0].words}；草案已保留",
            state=draft.state,
        )


def _publish(tx: Tx, kind: Kind, city: Books, draft: Draft) -> int:
    latest = one(tx, _Latest, LATEST, kind=kind.key)
    if (latest.name if latest else "") != draft.base:
        raise Conflict(
            f"The {kind.key} have changed since this draft was begun (now {latest.name if latest else 'none'}): begin "
            "anew from those in force. The draft is kept",
            zh="起草之后已有新版本，请在新版本上重新起草；原草案已保留",
            state=draft.state,
        )
    _check_day(tx, kind, city, draft.in_force)
    content = dumps(draft.document, ensure_ascii=False, sort_keys=True)
    edition: int = value(
        tx,
        PUBLISH,
        kind=kind.key,
        name=draft.name,
        in_force=draft.in_force,
        source=str(draft.document.get("source", "")),
        hash=sha256(content.encode()).hexdigest(),
        content=content,
    )
    execute(tx, "UPDATE city SET version = version + 1")
    return edition


def _locked(tx: Tx, id: int, kind: Kind, *, version: int, states: Sequence[str]) -> Draft:
    execute(tx, "SELECT FROM rule_draft WHERE id = %(id)s FOR UPDATE", id=id)
    draft = draft_of(tx, id, kind.key)
    if draft.state not in states:
        raise Conflict(f"The draft is {draft.state} already", zh="草案状态已变，请刷新后查看", state=draft.state)
    if draft.version != version:
        raise Conflict(
            "Somebody changed the draft meanwhile; nothing was overwritten. Load it again and repeat your change",
            zh="草案已被他人修改，您的修改未覆盖；请刷新后重做",
            version=draft.version,
        )
    return draft


def _check_name(tx: ReadTx, kind: Kind, name: str) -> None:
    if not name or len(name) > 60:
        raise FormIncomplete("The new edition needs a name", zh="请填写新版本编号", fields={"name": "needed"})
    taken = value(
        tx,
        """SELECT EXISTS (SELECT FROM edition WHERE kind = %(kind)s AND name = %(name)s)
               OR EXISTS (SELECT FROM rule_draft
                           WHERE kind = %(kind)s AND name = %(name)s AND state IN ('draft', 'submitted'))""",
        kind=kind.key,
        name=name,
    )
    if taken:
        raise Conflict(f"There is an edition or a draft {name} already", zh=f"已有名为 {name} 的版本或草案")


def _check_day(tx: ReadTx, kind: Kind, city: Books, day: date) -> None:
    latest = one(tx, _Latest, LATEST, kind=kind.key)
    today = tx.now.astimezone(city.zone).date()
    if day < today or (latest is not None and day <= latest.in_force):
        after = max(today, latest.in_force) if latest else today
        raise FormIncomplete(
            f"It takes effect on a day to come, after the edition before them ({after})",
            zh=f"生效日期不得早于今天，且须晚于上一版本的生效日期（{after}）",
            fields={"in_force": "too early"},
        )


def _record(tx: Tx, kind: str, person_id: int, id: int, **detail: object) -> None:
    record(tx, kind, person_id=person_id, object=f"rule_draft:{id}", detail=detail)


RULES = Kind(key="rules", array="rule", number="no", read=rulebook, check=_check_sound)
