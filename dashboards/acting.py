"""The forms of all actions: which fields each shows, which are offered on a case, and what was typed as a `Form`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import File, UploadFile
from fastapi import Form as Posted

from dashboards.pictures import Documents, Photos
from dispatch.cases.assists import OF_AN_ASSISTANT, parts_of
from dispatch.cases.books import Books
from dispatch.cases.dossier import Case, id_of
from dispatch.cases.persons import answers_own
from dispatch.lifecycle.decide import PART_SENT, PART_SIGNED, PARTS_OPEN, allowed, extenders, for_referee
from dispatch.lifecycle.form import Form
from dispatch.lifecycle.respites import RESPITES, refusal
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.lifecycle.table import BY_ACTION
from dispatch.people.may import UNIT
from dispatch.people.who import Me
from gis.db import ReadTx
from gis.problems import wrong

__all__ = [
    "SHOWS",
    "Fields",
    "Offer",
    "barred",
    "chosen",
    "degrees",
    "form_of",
    "instant",
    "may_order",
    "offers",
    "own_parts",
    "uuid_of",
    "version_of",
]

A = Action
ASKING = ("reason", "photos", "documents", "note")
RETURNING = ("reason", "facts", "clause", "whose", "photos", "documents", "note")
CORRECTED = ("category", "component", "place")  # what `facts` is made of
REFUSING = ("reason", "note")
TELLING = ("note",)
# What each form shows, from top to bottom. What it needs stands in the table of transitions.
SHOWS: dict[Action, tuple[str, ...]] = {
    A.CONFIRM_HANDLED: TELLING,
    A.CONTEST_HANDLED: REFUSING,
    A.MERGE: ("into", "note"),
    A.UNMERGE: REFUSING,
    A.SEND_VERIFY: ("inspector", "note"),
    A.VERIFY: ("photos", "result", "note"),
    A.REFUSE: REFUSING,
    A.ACCEPT: ("category", "note"),
    A.FILE: ("condition", "note"),
    A.VOID: REFUSING,
    A.DISPATCH: ("unit", "reason", "note"),
    A.SUBDISPATCH: ("unit", "note"),
    A.SIGN: TELLING,
    A.ASK_RETURN: RETURNING,
    A.ASK_RULING: RETURNING,
    A.RULE_OTHER: ("unit", "reason", "note"),
    A.RULE_STAY: REFUSING,
    A.APPROVE_RETURN: TELLING,
    A.REFUSE_RETURN: REFUSING,
    A.ASK_DELAY: ("reason", "limit", "photos", "documents", "note"),
    A.APPROVE_DELAY: TELLING,
    A.REFUSE_DELAY: REFUSING,
    A.ASK_DEFER: ("reason", "until", "photos", "documents", "note"),
    A.ASK_SUSPEND: ("reason", "until", "photos", "documents", "note"),
    A.APPROVE_SUSPEND: TELLING,
    A.REFUSE_SUSPEND: REFUSING,
    A.RESUME: TELLING,
    A.REPLY: ("photos", "spares", "reason", "note"),
    A.REJECT_REPLY: REFUSING,
    A.PASS_TO_CHECK: TELLING,
    A.SEND_CHECK: ("inspector", "note"),
    A.CHECK_PASS: ("photos", "note"),
    A.CHECK_FAIL: ("photos", "note"),
    A.SEND_REWORK: TELLING,
    A.CLOSE: TELLING,
    A.SUPERVISE: REFUSING,
    A.ANSWER_SUPERVISION: ("photos", "note"),
    A.ASK_FORCE_CLOSE: REFUSING,
    A.FORCE_CLOSE: TELLING,
    A.REFUSE_FORCE_CLOSE: REFUSING,
    A.APPEAL: ASKING,
    A.GRANT_APPEAL: REFUSING,
    A.REFUSE_APPEAL: REFUSING,
    A.AMEND: ("category", "condition", "component", "place", "reason", "note"),
    A.REOPEN: REFUSING,
    A.ANSWER_CITIZEN: TELLING,
    A.REVISIT: ("satisfied", "note"),
    A.SIGN_FOR: ("proxy", "note"),
    A.REPLY_FOR: ("proxy", "photos", "spares", "reason", "note"),
    A.CORDON: ("photos", "note"),
    A.ASSIST_SIGN: ("unit", "note"),
    A.ASSIST_REPORT: ("unit", "photos", "note"),
}
# The one that is open when a case is looked at: what the present holder most likely does next.
FIRST: dict[State, tuple[Action, ...]] = {
    State.REPORTED: (A.ACCEPT,),
    State.SELF_HANDLED: (A.CONFIRM_HANDLED,),
    State.VERIFIED: (A.ACCEPT,),
    State.ACCEPTED: (A.FILE,),
    State.FILED: (A.DISPATCH,),
    State.DISPATCHED: (A.SUBDISPATCH, A.SIGN, A.SIGN_FOR),
    State.HANDLING: (A.REPLY, A.REPLY_FOR),
    State.RETURN_ASKED: (A.APPROVE_RETURN,),
    State.DELAY_ASKED: (A.APPROVE_DELAY,),
    State.SUSPEND_ASKED: (A.APPROVE_SUSPEND,),
    State.SUSPENDED: (A.RESUME,),
    State.FEEDBACK: (A.PASS_TO_CHECK,),
    State.CHECK_PENDING: (A.SEND_CHECK,),
    State.REWORK: (A.SEND_REWORK,),
    State.CHECKED_OK: (A.CLOSE,),
}
LISTS = ("photos", "photo", "documents", "document", "spare", "used")
NAMED = ("unit", "reason", "clause", "whose", "category", "component", "proxy", "note", "result")
TASKS = frozenset({A.VERIFY, A.CHECK_PASS, A.CHECK_FAIL})
RISKY = frozenset({A.REFUSE, A.VOID, A.ASK_FORCE_CLOSE, A.FORCE_CLOSE})


@dataclass(frozen=True, slots=True)
class Offer:
    """One action that may be done now: the fields of its form and which of them it cannot do without."""

    action: Action
    shows: tuple[str, ...]
    needs: frozenset[str]
    first: bool
    key: UUID

    @property
    def risky(self) -> bool:
        """Whether it ends the case against the usual way."""
        return self.action in RISKY


def offers(case: Case, me: Me, city: Books, *, budget_left: bool = True) -> list[Offer]:
    """The actions that make sense here for this person, the likeliest first. `act` has the last word.

    `budget_left`: whether the unit may still ask the dispatcher for a return.
    """
    referee = for_referee(case.returns, city.policy, budget_left=budget_left)
    left_out = TASKS | {A.ASK_RETURN if referee else A.ASK_RULING}
    open_to = [
        a for a in allowed(case.state, me.roles) if a in SHOWS and a not in left_out and _fits(a, case, me, city)
    ]
    first = next(
        (a for a in (A.CORDON, *FIRST.get(case.state, ()), A.ASSIST_SIGN, A.ASSIST_REPORT) if a in open_to), None
    )
    order = sorted(open_to, key=lambda a: (a is not first, a in RISKY))
    waits = any(part in PARTS_OPEN for part in parts_of(case.assists).values())
    return [Offer(a, _shown(a, waits=waits), BY_ACTION[case.state, a].needs, a is first, uuid4()) for a in order]


def may_order(me: Me) -> bool:
    """Whether the person orders an answer (督办) of whoever has an open case."""
    return bool(me.roles & BY_ACTION[State.REPORTED, A.SUPERVISE].by)


def _shown(action: Action, *, waits: bool) -> tuple[str, ...]:
    """The fields of its form. `waits`: units that assist have still to report, which the lead's reply answers for."""
    without = action in (A.REPLY, A.REPLY_FOR) and not waits
    return tuple(name for name in SHOWS[action] if not (without and name == "reason"))


def barred(case: Case, me: Me, city: Books) -> dict[Action, tuple[str, str]]:
    """Of the ways to more time those that the unit has no more: why, and what to do instead, English and Chinese."""
    if case.unit_id not in me.units:
        return {}
    closed = {a: refusal(a, case, city.policy) for a in RESPITES if a in allowed(case.state, me.roles & UNIT)}
    return {action: words for action, words in closed.items() if words}


def own_parts(case: Case, me: Me) -> dict[str, str]:
    """Of the case's open parts those of this person's units: unit → sent or signed."""
    return {u: part for u, part in parts_of(case.assists).items() if u in me.units and part in PARTS_OPEN}


def _fits(action: Action, case: Case, me: Me, city: Books) -> bool:
    """Whether the case's own facts leave room for the action."""
    if action in OF_AN_ASSISTANT:
        wanted = PART_SENT if action is A.ASSIST_SIGN else PART_SIGNED
        return wanted in own_parts(case, me).values()
    by_unit = bool(BY_ACTION[case.state, action].by & UNIT)
    if (by_unit and case.unit_id not in me.units) or answers_own(action, case.asked, case.unit_id, me.actor()):
        return False
    tree, asked = city.tree, case.asked or {}
    unit = tree.get(case.unit_id or "")
    higher = extenders(case.extensions, city.policy, estimate="limit" in asked or "time_class" in asked)
    second = case.close_asked is not None and case.close_asked["by"] != me.person_id
    room: dict[Action, bool] = {
        A.SUBDISPATCH: len(tree.below(case.unit_id or "")) > 1,
        A.SIGN_FOR: unit is not None and not unit.terminal,
        A.REPLY_FOR: unit is not None and not unit.terminal,
        A.ASK_FORCE_CLOSE: case.close_asked is None,
        A.FORCE_CLOSE: second,
        A.REFUSE_FORCE_CLOSE: second,
        A.GRANT_APPEAL: asked.get("action") == A.APPEAL,
        A.REFUSE_APPEAL: asked.get("action") == A.APPEAL,
        A.APPEAL: not case.appealed and case.late,
        A.CORDON: ClockKind.CORDON in case.clocks,
        A.ANSWER_SUPERVISION: case.supervision is not None and case.supervision["by"] != me.person_id,
        **{action: refusal(action, case, city.policy) is None for action in RESPITES},
        A.APPROVE_DELAY: bool(me.roles & higher),
        A.ANSWER_CITIZEN: case.public,
        A.REVISIT: case.public,
    }
    return room.get(action, True)


@dataclass
class Fields:
    """What a form sent, as text: shown again unchanged when it cannot be taken."""

    action: Annotated[str, Posted()] = ""
    key: Annotated[str, Posted()] = ""
    version: Annotated[str, Posted()] = ""
    unit: Annotated[str, Posted()] = ""
    answer: Annotated[str, Posted()] = ""
    inspector: Annotated[str, Posted()] = ""
    reason: Annotated[str, Posted()] = ""
    condition: Annotated[str, Posted()] = ""
    category: Annotated[str, Posted()] = ""
    component: Annotated[str, Posted()] = ""
    lon: Annotated[str, Posted()] = ""
    lat: Annotated[str, Posted()] = ""
    until: Annotated[str, Posted()] = ""
    limit: Annotated[str, Posted()] = ""
    result: Annotated[str, Posted()] = ""
    into: Annotated[str, Posted()] = ""
    satisfied: Annotated[str, Posted()] = ""
    clause: Annotated[str, Posted(max_length=80)] = ""
    whose: Annotated[str, Posted(max_length=80)] = ""
    proxy: Annotated[str, Posted()] = ""
    note: Annotated[str, Posted(max_length=4000)] = ""
    photos: Photos = ()
    photo: Annotated[tuple[UploadFile, ...], File()] = ()
    documents: Documents = ()
    document: Annotated[tuple[UploadFile, ...], File()] = ()
    spare: Annotated[tuple[str, ...], Posted()] = ()
    used: Annotated[tuple[str, ...], Posted()] = ()

    @property
    def taken(self) -> dict[str, str]:
        """What was typed as used, by part."""
        return dict(zip(self.spare, self.used, strict=False))


def chosen(fields: Fields) -> Action:
    """The action a form is for. Raises FormIncomplete for a word that is none."""
    try:
        return Action(fields.action)
    except ValueError as error:
        raise wrong("action", "There is no such action", "没有这个操作") from error


def uuid_of(text: str) -> UUID:
    """A form's own id. Raises FormIncomplete if it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise wrong("key", "The form has lost its id; load the page again", "表单编号丢失，请刷新页面") from error


def version_of(text: str) -> int | None:
    """The version of the case that a form was made for; None if it does not say."""
    return int(text) if text.isdecimal() and len(text) < 18 else None


def form_of(tx: ReadTx, fields: Fields, shows: tuple[str, ...], *, zone: tzinfo, photos: tuple[str, ...]) -> Form:
    """What was typed, in the lifecycle's types; only fields that the action's form shows. Raises FormIncomplete."""
    shows = (*shows, *CORRECTED) if "facts" in shows else shows
    text = {name: getattr(fields, name).strip() for name in Fields.__dataclass_fields__ if name not in LISTS}
    placed = "place" in shows and bool(text["lon"]) and bool(text["lat"])
    given = {name: text[name] or None for name in NAMED}
    return Form(
        **{name: value for name, value in given.items() if name in shows},
        answer=(text["answer"] or None) if "unit" in shows else None,
        inspector=_number("inspector", text["inspector"]) if "inspector" in shows else None,
        condition=_number("condition", text["condition"]) if "condition" in shows else None,
        lon=degrees("lon", text["lon"], 180) if placed else None,
        lat=degrees("lat", text["lat"], 90) if placed else None,
        until=instant("until", text["until"], zone) if "until" in shows else None,
        limit=_length(text["limit"]) if "limit" in shows else None,
        into=_case(tx, text["into"]) if "into" in shows else None,
        satisfied={"yes": True, "no": False}.get(text["satisfied"]) if "satisfied" in shows else None,
        photos=photos if "photos" in shows else (),
        documents=fields.documents if "documents" in shows else (),
        spares=_taken(fields) if "spares" in shows else (),
    )


def _taken(fields: Fields) -> tuple[tuple[str, int], ...]:
    """Parts of which some were used."""
    typed = {part.strip(): _number("spares", used.strip()) or 0 for part, used in fields.taken.items()}
    return tuple((part, used) for part, used in typed.items() if used)


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise wrong(name, "This is not a number", "不是数字")
    return int(text)


def _length(text: str) -> Decimal | None:
    """So many units of the case's own time class; None for nothing typed. Raises FormIncomplete."""
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise wrong("limit", "This is not a number", "不是数字") from error
    if not value.is_finite() or not 0 < value <= 3650:
        raise wrong("limit", "This is no length of time", "时限不合理")
    return value


def degrees(name: str, text: str, most: int) -> float:
    """A longitude or latitude. Raises FormIncomplete."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise wrong(name, "This is not a number of degrees", "不是经纬度") from error
    if not value.is_finite() or abs(value) > most:
        raise wrong(name, f"At most {most} degrees", f"不能超过 {most} 度")
    return float(value)


def instant(name: str, text: str, zone: tzinfo) -> datetime | None:
    """Wall time of the city, as `datetime-local` sends it; None for nothing. Raises FormIncomplete."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        raise wrong(name, "This is not a date and time", "不是日期和时间") from error
    if not 1970 <= at.year < 2200:
        raise wrong(name, "This date lies too far off", "日期超出范围")
    return at


def _case(tx: ReadTx, number: str) -> int | None:
    if not number:
        return None
    found = id_of(tx, number)
    if found is None:
        raise wrong("into", "There is no case with this number", "没有这个编号的案件")
    return found
