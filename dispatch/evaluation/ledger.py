"""The ledger: points given by hand and cases left out, each by a paper, entered by one person and agreed to by another.

Points count in the scores of one period by one scheme, beside what was measured. A case left out is out of what was to
be disposed of and closed from the moment it was agreed, as one exempt on appeal is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import LiteralString
from zoneinfo import ZoneInfo

from dispatch.audit.trail import record
from dispatch.evaluation.period import kind_of, period_of
from dispatch.evaluation.scheme import Hand, Scheme
from gis.db import ReadTx, Tx, dicts, execute, one, rows, value
from gis.problems import Conflict, FormIncomplete, NotFound, wrong

__all__ = ["EXCLUSION", "Asked", "Entry", "Given", "decide", "enter", "entries", "entry_of", "given", "left_out"]

EXCLUSION = "exclusion"
LOCK = 0x1ED6E2
NAMES = ZoneInfo("UTC")  # a period has one name in every zone
ENTRIES: LiteralString = """
    SELECT e.id, e.kind, e.unit_id, e.scheme, e.period, e.points, c.number, e.reason, e.document_no, e.document_hash,
           e.made_by, maker.name AS maker, e.made_at, coalesce(d.decision, 'waiting') AS state, decider.name AS decider,
           d.decided_at, coalesce(d.words, '') AS words
      FROM ledger_entry e JOIN person maker ON maker.id = e.made_by LEFT JOIN cases c ON c.id = e.case_id
      LEFT JOIN ledger_decision d ON d.entry_id = e.id LEFT JOIN person decider ON decider.id = d.decided_by
"""
GIVEN: LiteralString = """
    SELECT e.scheme, e.unit_id AS unit, e.kind, e.points, e.document_hash AS document
      FROM ledger_entry e JOIN ledger_decision d ON d.entry_id = e.id
     WHERE e.period = %(period)s AND d.decision = 'agreed' AND d.decided_at <= %(by)s
     ORDER BY e.unit_id, e.id
"""
LEFT_OUT: LiteralString = """
    SELECT e.case_id FROM ledger_entry e JOIN ledger_decision d ON d.entry_id = e.id
     WHERE e.case_id IS NOT NULL AND d.decision = 'agreed' AND d.decided_at <= %(by)s ORDER BY e.case_id
"""
# What would be spent of a kind, were all that waits agreed to.
SPENT: LiteralString = """
    SELECT coalesce(sum(e.points), 0) FROM ledger_entry e LEFT JOIN ledger_decision d ON d.entry_id = e.id
     WHERE e.period = %(period)s AND e.scheme = %(scheme)s AND e.unit_id = %(unit)s AND e.kind = %(kind)s
       AND d.decision IS DISTINCT FROM 'refused'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants entered. `points`: text, such as 2.5; `number`: of the case to be left out."""

    kind: str
    unit: str = ""
    period: str = ""
    points: str = ""
    number: str = ""
    reason: str = ""
    document_no: str = ""
    document_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `state`: waiting, agreed or refused; `number`: of the case that is left out."""

    id: int
    kind: str
    unit_id: str
    scheme: str | None
    period: str | None
    points: Decimal | None
    number: str | None
    reason: str
    document_no: str
    document_hash: str
    made_by: int
    maker: str
    made_at: datetime
    state: str
    decider: str | None
    decided_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Points that count. `document`: the SHA-256 of the paper they rest on."""

    scheme: str
    unit: str
    kind: str
    points: Decimal
    document: str


def entries(tx: ReadTx, *, limit: int = 200) -> list[Entry]:
    """Those that wait first, then the newest."""
    return rows(tx, Entry, ENTRIES + " ORDER BY d.decision IS NULL DESC, e.id DESC LIMIT %(limit)s", limit=limit)


def entry_of(tx: ReadTx, id: int) -> Entry:
    """Raises NotFound."""
    found = one(tx, Entry, ENTRIES + " WHERE e.id = %(id)s", id=id) if 0 < id < 2**63 else None
    if found is None:
        raise NotFound("There is no such entry", zh="台账中没有这一条")
    return found


def given(tx: ReadTx, period: str, *, by: datetime) -> list[Given]:
    """The points of a period agreed to by an instant, unit by unit in the order they were entered."""
    return rows(tx, Given, GIVEN, period=period, by=by)


def left_out(tx: ReadTx, *, by: datetime) -> list[int]:
    """The ids of the cases agreed by an instant to be left out."""
    return [row["case_id"] for row in dicts(tx, LEFT_OUT, by=by)]


def enter(tx: Tx, person_id: int, scheme: Scheme | None, asked: Asked) -> Entry:
    """Write an entry that waits for its second person. `scheme`: the one whose points they are; None for an exclusion.

    Raises FormIncomplete (with the field), NotFound (no such case), Conflict (the case is left out already).
    """
    if not asked.reason.strip():
        raise wrong("reason", "Say why", "请填写理由")
    if not asked.document_no.strip():
        raise wrong("document_no", "Name the paper it rests on", "请填写依据文件编号")
    if not re.fullmatch(r"[0-9a-f]{64}", asked.document_hash):
        raise wrong("document", "Give the paper as a file, or its SHA-256", "请选择依据文件，或填写其 SHA-256")
    execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
    more = _case(tx, asked) if scheme is None else _points(tx, scheme, asked)
    id: int = value(
        tx,
        """INSERT INTO ledger_entry (kind, unit_id, scheme, period, points, case_id, reason, document_no, document_hash,
                                     made_by, made_at)
           VALUES (%(kind)s, %(unit)s, %(scheme)s, %(period)s, %(points)s, %(case)s, %(reason)s, %(no)s, %(hash)s,
                   %(person)s, %(now)s) RETURNING id""",
        **{"scheme": None, "period": None, "points": None, "case": None, **more},
        kind=asked.kind,
        reason=asked.reason.strip(),
        no=asked.document_no.strip(),
        hash=asked.document_hash,
        person=person_id,
        now=tx.now,
    )
    return _recorded(tx, "ledger_entered", person_id, id)


def decide(tx: Tx, id: int, person_id: int, *, agree: bool, words: str = "") -> Entry:
    """Agree to an entry or refuse it, for ever. Whoever entered it may only refuse it. Raises NotFound, Conflict."""
    execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
    entry = entry_of(tx, id)
    if entry.state != "waiting":
        raise Conflict(f"The entry is {entry.state} already", zh="该条状态已变，请刷新后查看", state=entry.state)
    if agree and entry.made_by == person_id:
        raise Conflict("Another person has to agree to what you entered", zh="不能审定自己登记的条目，须由他人审定")
    execute(
        tx,
        """INSERT INTO ledger_decision (entry_id, made_by, decision, decided_by, words, decided_at)
           VALUES (%(id)s, %(maker)s, %(decision)s, %(person)s, %(words)s, %(now)s)""",
        id=id,
        maker=entry.made_by,
        decision="agreed" if agree else "refused",
        person=person_id,
        words=words.strip(),
        now=tx.now,
    )
    return _recorded(tx, "ledger_agreed" if agree else "ledger_refused", person_id, id)


def _is_named(period: str) -> bool:
    """Whether bulletins and rankings call a period so: points of a free range would count in none of them."""
    try:
        return kind_of(period_of(period, NAMES), NAMES) is not None
    except ValueError:
        return False


def _points(tx: ReadTx, scheme: Scheme, asked: Asked) -> Mapping[str, object]:
    kind = next((hand for hand in scheme.hand if hand.kind == asked.kind), None)
    if kind is None:
        raise wrong(
            "kind", f"{scheme.key} has no points of the kind {asked.kind}", f"方案 {scheme.key} 没有这类人工计分"
        )
    if not _is_named(asked.period):
        raise wrong(
            "period",
            "Points count in a week, month, quarter or year, named as 2026-W41, 2026-10, 2026-Q3 or 2026",
            "人工计分须写明周、月、季或年：如 2026-W41、2026-10、2026-Q3、2026",
        )
    points = _number(asked.points)
    said = {"unit": asked.unit, "scheme": scheme.key, "period": asked.period, "points": points}
    spent: Decimal = value(tx, SPENT, kind=kind.kind, **said)
    if not points or abs(spent + points) > kind.most or abs(points) > kind.most:
        raise _over(kind, spent)
    if not value(tx, "SELECT EXISTS (SELECT FROM unit WHERE id = %(unit)s)", unit=asked.unit):
        raise wrong("unit", "There is no such unit", "没有这个单位")
    return said


def _over(kind: Hand, spent: Decimal) -> FormIncomplete:
    en = f"At most {kind.most} points, up or down, may be given of this kind; {spent} are given or wait already"
    return wrong("points", en, f"此类最多加减 {kind.most} 分，已登记 {spent} 分")


def _number(text: str) -> Decimal:
    try:
        points = Decimal(text.strip())
        whole = points.is_finite() and points == points.quantize(Decimal("0.01"))  # 1e30 has no such form
    except InvalidOperation as fault:
        raise wrong("points", f"{text} is not a number of points", "分值须为数字") from fault
    if not whole:
        raise wrong("points", "Points have two places at most", "分值最多两位小数")
    return points


def _case(tx: ReadTx, asked: Asked) -> Mapping[str, object]:
    found = dicts(tx, "SELECT id, unit_id FROM cases WHERE number = %(number)s", number=asked.number.strip())
    if not found or found[0]["unit_id"] is None:
        raise wrong("number", "There is no case of that number with a unit", "没有此编号的案件，或尚无责任单位")
    taken: LiteralString = """
        SELECT EXISTS (SELECT FROM ledger_entry e LEFT JOIN ledger_decision d ON d.entry_id = e.id
                        WHERE e.case_id = %(id)s AND d.decision IS DISTINCT FROM 'refused')"""
    if value(tx, taken, id=found[0]["id"]):
        raise Conflict("The case is in the ledger already", zh="该案件已在台账中")
    return {"unit": found[0]["unit_id"], "case": found[0]["id"]}


def _recorded(tx: Tx, kind: str, person_id: int, id: int) -> Entry:
    entry = entry_of(tx, id)
    detail: dict[str, object] = {"kind": entry.kind, "document": entry.document_hash, "points": str(entry.points)}
    record(tx, kind, person_id=person_id, object=f"ledger:{id}", detail=detail)
    return entry
