"""One row of facts per case, for figures: what each step adds to it. Pure, so that history can be folded anew at
any time, up to any step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from dispatch.lifecycle.states import Action

Columns: TypeAlias = dict[str, Any]
Counts: TypeAlias = dict[str, int]


class Said(Protocol):
    """What a fact is made of: the part of a step that says what happened, not how it is chained."""

    @property
    def action(self) -> str: ...
    @property
    def from_state(self) -> str | None: ...
    @property
    def to_state(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def unit_id(self) -> str | None: ...
    @property
    def data(self) -> dict[str, Any]: ...


Rule: TypeAlias = Callable[[Said, Columns, Counts], None]

# What a case brings along and no step changes.
BORN_WITH = ("case_id", "source", "public", "reporter_id", "reported_at")
NOT_YET: Mapping[str, object] = {
    **dict.fromkeys(("imported", "void_after_filing", "self_handled", "forced", "exempt"), False),
    **dict.fromkeys(("reworks", "returns", "shirks", "extensions", "suspensions", "reopens"), 0),
}


def born(case: Columns, category: str | None, data: Mapping[str, Any]) -> Columns:
    """The fact of a case that has no step yet. `case`: BORN_WITH; `data`: its first step's."""
    fact = {name: case[name] for name in BORN_WITH} | {"category": category, "known_at": case["reported_at"]}
    return fact | {name: data.get(name) for name in ("class_code", "area_id", "top_area_id", "area_class")}


def fact_of(case: Columns, steps: Iterable[Said]) -> Columns:
    """The fact as the steps given tell it, from the first on; columns that are empty are left out.

    `case`: BORN_WITH, and `category` for one that was imported before its step told that.
    """
    changes: Columns = {}
    counts: Counts = {}
    fact: Columns = {}
    for step in steps:
        if not fact:
            named = step.data.get("category", step.data["form"].get("category"))
            named = case.get("category") if named is None and step.action == Action.IMPORT else named
            fact = {**NOT_YET, **born(case, named, step.data)}
        fold(step, changes, counts)
    fact |= changes
    for name, more in counts.items():
        fact[name] += more
    return {name: value for name, value in fact.items() if value is not None}


def fold(step: Said, changes: Columns, counts: Counts) -> None:
    """Add to `changes` (column → value) and `counts` (column → increment) what `step` says."""
    changes["state"] = step.to_state
    changes["unit_id"] = step.unit_id
    _known(step, changes)
    _stage(step, changes)
    rule = RULES.get(step.action)
    if rule is not None:
        rule(step, changes, counts)
    if "dispose_due" in step.data:
        due = step.data["dispose_due"]
        changes["due_at"] = None if due is None else datetime.fromisoformat(due)


def _known(step: Said, changes: Columns) -> None:
    """When it was last added to. Another system's record counts from its own instants, whenever it was taken over."""
    known = step.at if step.action == Action.IMPORT else step.recorded_at
    changes["known_at"] = max(known, changes.get("known_at", known))


def _stage(step: Said, changes: Columns) -> None:
    """When the holder's own clock is due. Older steps do not say it: there it is known once it has lapsed."""
    if "stage_due" in step.data:
        due = step.data["stage_due"]
        changes["stage_due_at"] = None if due is None else datetime.fromisoformat(due)
    elif step.from_state != step.to_state:
        changes["stage_due_at"] = None
    elif step.action == Action.LAPSE and step.data["clock"] in ("accept", "send_check"):
        changes["stage_due_at"] = datetime.fromisoformat(step.data["instant"])


# What one unit did with the case: of no concern to the next that gets it.
OF_THE_UNIT = ("shirks", "reworks", "extensions", "suspensions")


def _count(changes: Columns, counts: Counts, name: str) -> None:
    """One more; of a column that was set in the same transaction, from there."""
    target = changes if name in changes else counts
    target[name] = target.get(name, 0) + 1


def _ontime(step: Said, kind: str) -> bool | None:
    """Whether the clock of `kind` that this step stopped was within its limit; None if none was stopped."""
    met: bool | None = step.data.get("ontime", {}).get(kind)
    return met


def _accept(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"accepted_at": step.at, "acceptor_id": step.actor_id, "ontime_accept": _ontime(step, "accept")}
    changes |= {k: step.data[k] for k in ("category", "class_code") if k in step.data}


def _refuse(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"refused_at": step.at, "acceptor_id": step.actor_id, "ontime_accept": _ontime(step, "accept")}
    _unanswered(changes)


def _send_verify(step: Said, changes: Columns, counts: Counts) -> None:
    changes["verifier_id"] = step.data["form"]["inspector"]
    if step.from_state != "verifying":  # sent again, it was sent before
        changes["ontime_send_verify"] = _ontime(step, "accept")


def _verify(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"ontime_verify": _ontime(step, "verify"), "verifier_id": step.actor_id}


def _file(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"filed_at": step.at, "shift_leader_id": step.actor_id, "ontime_file": _ontime(step, "file")}
    changes["voided_at"] = None


def _void(step: Said, changes: Columns, counts: Counts) -> None:
    after = step.from_state == "filed"
    changes |= {"voided_at": step.at, "shift_leader_id": step.actor_id, "void_after_filing": after}


def _dispatch(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"dispatched_at": step.at, "dispatcher_id": step.actor_id, "ontime_dispatch": _ontime(step, "dispatch")}
    changes |= {"signed_at": None, "ontime_sign": None, "disposed_at": None, "ontime": None}
    if "unit_before" in step.data and step.data["unit_before"] != step.unit_id:
        for name in OF_THE_UNIT:
            counts.pop(name, None)
            changes[name] = 0


def _sign(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"signed_at": step.at, "ontime_sign": _ontime(step, "sign")}


def _return(step: Said, changes: Columns, counts: Counts) -> None:
    _count(changes, counts, "returns")
    changes |= {"due_at": None, "disposed_at": None, "ontime": None}


def _stay(step: Said, changes: Columns, counts: Counts) -> None:
    if not step.data.get("default"):  # a ruling nobody gave is no verdict on the unit
        _count(changes, counts, "shirks")


def _shirk(step: Said, changes: Columns, counts: Counts) -> None:
    _count(changes, counts, "shirks")


def _extend(step: Said, changes: Columns, counts: Counts) -> None:
    _count(changes, counts, "extensions")


def _suspend(step: Said, changes: Columns, counts: Counts) -> None:
    _count(changes, counts, "suspensions")
    changes["suspended_at"] = step.at


def _resume(step: Said, changes: Columns, counts: Counts) -> None:
    changes["suspended_at"] = None


def _reply(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"disposed_at": step.at, "ontime": _ontime(step, "dispose")}
    changes |= {"ontime_send_check": None, "ontime_check": None, "checker_id": None, "checked_at": None}
    changes.setdefault("first_reply_at", step.at)  # kept by `save` if there is one already


def _again(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"disposed_at": None, "ontime": None}


def _fail(step: Said, changes: Columns, counts: Counts) -> None:
    _again(step, changes, counts)
    _count(changes, counts, "reworks")
    changes |= {"ontime_check": _ontime(step, "check"), "checker_id": step.actor_id, "checked_at": step.at}


def _send_check(step: Said, changes: Columns, counts: Counts) -> None:
    if step.from_state != "checking":
        changes["ontime_send_check"] = _ontime(step, "send_check")
    changes["checker_id"] = step.data["form"]["inspector"]


def _pass(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"ontime_check": _ontime(step, "check"), "checker_id": step.actor_id, "checked_at": step.at}


def _close(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"closed_at": step.at, "shift_leader_id": step.actor_id, "ontime_close": _ontime(step, "close")}
    _unanswered(changes)


def _force(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"closed_at": step.at, "forced": True}
    _unanswered(changes)


def _unanswered(changes: Columns) -> None:
    """Whoever reported it waits for an answer, again if it was opened again."""
    changes |= {"answered_at": None, "ontime_answer": None}


def _answer(step: Said, changes: Columns, counts: Counts) -> None:
    changes["answered_at"] = step.at
    if (met := _ontime(step, "reply_citizen")) is not None:  # a second answer is no second chance
        changes["ontime_answer"] = met


def _self_close(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {"closed_at": step.at, "self_handled": True, "accepted_at": step.at, "acceptor_id": step.actor_id}
    changes["ontime_accept"] = _ontime(step, "accept")


def _reopen(step: Said, changes: Columns, counts: Counts) -> None:
    _count(changes, counts, "reopens")
    changes |= {"closed_at": None, "due_at": None, "forced": False}
    _again(step, changes, counts)


def _amend(step: Said, changes: Columns, counts: Counts) -> None:
    changes |= {
        k: step.data[k] for k in ("category", "class_code", "area_id", "top_area_id", "area_class") if k in step.data
    }
    if "returned_from" in step.data:  # taken from its unit, whatever that one had done
        _again(step, changes, counts)
        changes["suspended_at"] = None


def _exempt(step: Said, changes: Columns, counts: Counts) -> None:
    changes["exempt"] = True


def _revisit(step: Said, changes: Columns, counts: Counts) -> None:
    changes["satisfied"] = step.data["form"].get("satisfied")


def _import(step: Said, changes: Columns, counts: Counts) -> None:
    known = step.data["known"]
    changes |= {name: datetime.fromisoformat(at) for name, at in known.items()}
    changes |= {"imported": True, "ontime": step.data["met"]}


RULES: dict[str, Rule] = {
    Action.IMPORT: _import,
    Action.ACCEPT: _accept,
    Action.REFUSE: _refuse,
    Action.SEND_VERIFY: _send_verify,
    Action.VERIFY: _verify,
    Action.FILE: _file,
    Action.VOID: _void,
    Action.DISPATCH: _dispatch,
    Action.SIGN: _sign,
    Action.SIGN_FOR: _sign,
    Action.ASK_DEFER: _sign,
    Action.APPROVE_RETURN: _return,
    Action.REFUSE_RETURN: _shirk,
    Action.RULE_OTHER: _return,
    Action.RULE_STAY: _stay,
    Action.APPROVE_DELAY: _extend,
    Action.APPROVE_SUSPEND: _suspend,
    Action.RESUME: _resume,
    Action.REPLY: _reply,
    Action.REPLY_FOR: _reply,
    Action.REJECT_REPLY: _again,
    Action.CHECK_FAIL: _fail,
    Action.SEND_CHECK: _send_check,
    Action.CHECK_PASS: _pass,
    Action.CLOSE: _close,
    Action.FORCE_CLOSE: _force,
    Action.CONFIRM_HANDLED: _self_close,
    Action.REOPEN: _reopen,
    Action.AMEND: _amend,
    Action.GRANT_APPEAL: _exempt,
    Action.ANSWER_CITIZEN: _answer,
    Action.REVISIT: _revisit,
}
