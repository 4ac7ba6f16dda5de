"""What happens next to a case while a unit holds it: signed, passed on, returned, delayed, suspended, replied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import exp
from typing import Any

from collectors.rehearsal.storeroom import spares_used
from collectors.rehearsal.turn import MINUTE, Plan, Turn
from dispatch.lifecycle.decide import PART_SENT, PARTS_OPEN
from dispatch.lifecycle.form import NOBODY_KNOWN, Form
from dispatch.lifecycle.states import Action, ClockKind, State
from dispatch.people.roles import Role

HOUR = 3600.0
PASSED_ON = 0.92  # of what reaches a platform; it keeps the rest for itself
HOPELESS, FORCED = 0.004, 0.7
AGREED, ANSWERED = 0.75, 0.9  # of the forced closes that are asked for
BOUNCED = 0.3  # of what a unit that games the clock gets, it gives back first
LAST = (5, 50)  # minutes before the deadline in which it asks for more time
HOT = 0.35  # of what was given back once is given back again
KNOWN = 0.7  # of the returns name the unit that is right
WOKEN = 0.25  # of the suspended cases go on before their date
SUPERVISED = 0.35  # of those a day overdue
RETURN = ("not_owner", "not_area", "wrong_place", "not_found")
DEFERRED = 0.015  # of what is dispatched, before anybody goes there
EARLY = 0.25  # of the usual time until it asks for more, a unit takes that asks for everything


def other_units(turn: Turn) -> list[str]:
    """Whom a dispatcher may think of where the rules name nobody, or whoever they named has sent it back."""
    case, tree = turn.case, turn.scene.books.tree
    found = [unit for unit in case.between or () if tree.get(unit)]
    for kind in turn.category.types:
        found += [unit.id for unit in tree.of_type(kind)]
    for area in _areas(turn):
        for kind in turn.category.types:
            found += [unit.id for unit in tree.in_area(area, kind)]
        found += [unit.id for unit in tree.in_area(area) if unit.platform]
    fresh = [unit for unit in dict.fromkeys(found) if unit != case.route_unit or case.returns == 0]
    return (fresh or sorted(turn.scene.of_unit))[:4]


def _areas(turn: Turn) -> list[str]:
    return [turn.scene.areas[area] for area in turn.case.area_path if area in turn.scene.areas]


# ---------------------------------------------------------------------------------------------------- to be signed


def _dispatched(turn: Turn) -> Plan | None:
    case, tree = turn.case, turn.scene.books.tree
    unit = tree.get(case.unit_id or "")
    at = _signed_at(turn)
    if unit is not None and unit.platform and turn.chance(PASSED_ON) and (below := _sub_units(turn)):
        return turn.unit(at, Action.SUBDISPATCH, unit=turn.rng.choice(below))
    if unit is not None and not unit.terminal:
        return turn.centre(Role.DISPATCHER, at, Action.SIGN_FOR, proxy=unit.name)
    if case.deferrals == 0 and not case.hazard and turn.fate("defers") < DEFERRED:
        return _respite(turn, at, Action.ASK_DEFER, until=at + timedelta(days=3 + int(turn.fate("until") * 12)))
    open_ = case.ruled is None and turn.scene.books.return_open(case.dispatched_at, at)
    if open_ and turn.chance(_reluctance(turn)):
        return _returned(turn, at)
    return turn.unit(at, Action.SIGN)


def _reluctance(turn: Turn) -> float:
    """How likely the unit is to give it back. What came back once is a hot potato; after that nobody may any more."""
    case = turn.case
    if case.returns:
        return HOT if case.returns == 1 else 0.0
    if turn.games:
        return BOUNCED
    return turn.temper.returns * (3 if case.route_unit != case.unit_id else 1)


def _returned(turn: Turn, at: datetime) -> Plan | None:
    """A unit that does not think itself right: by which rule, and who is, if it knows."""
    reason = turn.reason(RETURN)
    if turn.repeats and not turn.games:
        reason = RETURN[0]
    others = [unit for unit in other_units(turn) if unit != turn.case.unit_id]
    whose = others[0] if others and turn.fate("whose") < KNOWN else NOBODY_KNOWN
    cited = turn.case.rule if turn.case.rule in turn.scene.books.rulebook.by_no else None
    note = None if cited else "现场核对后认为不属本单位职责。"
    action = Action.ASK_RULING if turn.case.returns else Action.ASK_RETURN
    return turn.unit(at, action, reason=reason, clause=cited, whose=whose, note=note)


def _signed_at(turn: Turn) -> datetime:
    minutes = turn.temper.sign * exp(turn.rng.gauss(0.0, 0.6))
    since = turn.case.dispatched_at or turn.case.last_at
    if turn.case.hazard:
        return turn.after(since + max(1.0, minutes * 0.25) * MINUTE)
    return turn.after(turn.worked(since, minutes * 60))


def _sub_units(turn: Turn) -> list[str]:
    """The platform's own units: those of the trade, else those of the place."""
    tree, case = turn.scene.books.tree, turn.case
    below = [u for u in tree.units.values() if u.parent == case.unit_id and turn.scene.department(u.id)]
    areas = set(_areas(turn))
    near = [u for u in below if u.area is None or u.area in areas]
    trade = [u.id for u in near if set(u.types) & set(turn.category.types)]
    return trade or [u.id for u in near] or [u.id for u in below]


# ----------------------------------------------------------------------------------------------------- being done


def _handling(turn: Turn) -> Plan | None:
    """The earliest of what this unit will do: ask for time, or reply; or of what the centre does about its delay."""
    pace = turn.temper.pace * exp(turn.rng.gauss(0.0, turn.temper.spread))
    if turn.chance(HOPELESS):
        pace *= 20.0
    if turn.games:
        pace = max(pace, 1.05)
    reply_at = turn.after(_part(turn, pace))
    if turn.stages:
        reply_at = turn.after(turn.case.last_at + turn.rng.randrange(2, 9) * MINUTE)
    unit = turn.scene.books.tree.get(turn.case.unit_id or "")
    asks = [_ask(turn, pace, reply_at), *_pressed(turn, reply_at), *_assisting(turn), _cordon(turn)]
    first = min((plan for plan in asks if plan and turn.case.last_at < plan.at < reply_at), key=_at, default=None)
    if first is not None:
        return first
    done = {"photos": turn.pictures(2), "reason": "not_needed" if _parts(turn) else None, "spares": spares_used(turn)}
    if unit is not None and not unit.terminal:
        return turn.centre(Role.DISPATCHER, reply_at, Action.REPLY_FOR, proxy=unit.name, **done)
    return turn.unit(reply_at, Action.REPLY, **done)


def _cordon(turn: Turn) -> Plan | None:
    """A dangerous place is closed off first: most within the half hour, some later; how fast is settled once."""
    if ClockKind.CORDON not in turn.case.clocks or turn.case.dispatched_at is None:
        return None
    minutes = 6 + 30 * turn.fate("cordon") ** 2
    at = turn.after((turn.case.dispatched_at + timedelta(minutes=minutes)).replace(microsecond=0))
    return turn.unit(at, Action.CORDON, photos=turn.pictures())


def _parts(turn: Turn) -> list[dict[str, Any]]:
    """Those of the units that assist which are still open."""
    return [part for part in turn.case.assists or () if part["state"] in PARTS_OPEN]


def _assisting(turn: Turn) -> list[Plan | None]:
    """What each unit that assists does next with its part; how fast it is, is settled for the whole life."""
    return [_part_step(turn, part) for part in _parts(turn)]


def _part_step(turn: Turn, part: dict[str, Any]) -> Plan | None:
    unit = str(part["unit"])
    by = turn.scene.department(unit)
    if by is None:
        return None
    sent = datetime.fromisoformat(part["sent_at"])
    whole = datetime.fromisoformat(part["due"]) - sent if part["due"] else timedelta(hours=8)
    reported = sent + whole * (0.15 + turn.fate(f"assists {unit}"))
    if part["state"] == PART_SENT:
        at = turn.after((sent + (reported - sent) / 4).replace(microsecond=0))
        return Plan(at, Action.ASSIST_SIGN, by, Form(unit=unit))
    at = turn.after(reported.replace(microsecond=0))
    return Plan(at, Action.ASSIST_REPORT, by, Form(unit=unit, note="已到场配合处置。"))


def _at(plan: Plan) -> datetime:
    return plan.at


def _part(turn: Turn, part: float) -> datetime:
    """When `part` of the limit is used, counted from where the clock last began to run; inside opening hours if the
    limit is."""
    since = turn.since(ClockKind.DISPOSE) if _clock(turn) else turn.case.dispatched_at or turn.case.last_at
    calendar = turn.scene.books.calendar
    clock, due = _clock(turn), turn.case.due_at
    if due is not None and clock is not None and clock["rule"].startswith("urgent"):
        whole = max((due - since).total_seconds(), HOUR / 2)
        return since + timedelta(seconds=int(whole * part))
    whole = 16 * HOUR if due is None else float(calendar.count(int(since.timestamp()), int(due.timestamp())))
    return turn.worked(since, max(whole, HOUR) * part)


def _clock(turn: Turn) -> dict[str, str] | None:
    return turn.case.clocks.get(ClockKind.DISPOSE.value)


def _ask(turn: Turn, pace: float, reply_at: datetime) -> Plan | None:
    """More time, if the case would be late; a rest, where nothing can be done for long. Always before the deadline."""
    case = turn.case
    asks, waits, when = turn.chance(turn.temper.delays), turn.chance(turn.temper.suspends), turn.rng.uniform(0.45, 0.9)
    days = turn.rng.randrange(6, 45)
    at = _part(turn, when).replace(microsecond=0)
    if turn.games and case.due_at is not None:
        asks, waits, at = True, False, case.due_at - turn.rng.randrange(*LAST) * MINUTE
    if turn.begs:
        asks, waits, pace, at = True, False, max(pace, 1.05), _part(turn, when * EARLY).replace(microsecond=0)
    if case.due_at is None or at >= case.due_at or at >= reply_at:
        return None
    if waits and case.suspensions == 0 and not case.hazard:
        return _respite(turn, at, Action.ASK_SUSPEND, until=at + timedelta(days=days))
    if asks and pace > 1 and case.extensions == 0:
        return _respite(turn, at, Action.ASK_DELAY)
    return None


def _respite(turn: Turn, at: datetime, action: Action, **form: Any) -> Plan | None:
    """Ask for more time, for one of the reasons the city offers, with the picture or the words that it wants."""
    offered = turn.scene.books.policy.respites[action].reasons
    code = turn.reason(tuple(offered))
    if turn.repeats:
        code = next(iter(offered))
    photo = turn.photos[int(turn.fate("evidence") * len(turn.photos)) :][:1] if offered[code].evidence else ()
    note = "现场情况复杂，需要另行安排时间。" if offered[code].words else None
    return turn.unit(at, action, reason=code, photos=photo, note=note, **form)


def _supervised(turn: Turn, urged: datetime) -> Plan | None:
    """The shift leader urges; the unit answers within the day. Both instants are settled, so that none comes twice."""
    if not turn.case.supervised:
        return turn.centre(Role.SHIFT_LEADER, urged, Action.SUPERVISE, reason="overdue")
    if ClockKind.SUPERVISE.value not in turn.case.clocks:
        return None  # answered
    answered = urged + timedelta(hours=1 + 7 * turn.fate("answers supervision"))
    return turn.unit(answered, Action.ANSWER_SUPERVISION, note="已安排人员处理，争取尽快办结。")


def _pressed(turn: Turn, reply_at: datetime) -> list[Plan | None]:
    """The centre and the leaders look at what is long overdue."""
    case = turn.case
    found: list[Plan | None] = []
    if case.due_at is None or reply_at < case.due_at + timedelta(days=1):
        return found
    urged = case.due_at + timedelta(hours=turn.rng.uniform(20, 30))
    if turn.chance(SUPERVISED):
        found.append(_supervised(turn, urged))
    if reply_at > case.due_at + timedelta(days=12) and turn.scene.posts[Role.LEADER] and turn.chance(FORCED):
        ended = case.due_at + timedelta(days=10, hours=turn.rng.uniform(1, 8))
        found.append(_forced(turn, ended))
    return found


def _forced(turn: Turn, at: datetime) -> Plan:
    """The shift leader asks; a leader says yes or no, or lets the time for it run out."""
    reason = turn.reason(("cannot", "planned"))
    if not turn.case.close_asked:
        return turn.centre(Role.SHIFT_LEADER, at, Action.ASK_FORCE_CLOSE, reason=reason)
    fate, at = turn.fate("forced"), turn.after(turn.since(ClockKind.FORCE_CLOSE) + timedelta(minutes=95))
    if fate < AGREED:
        return turn.centre(Role.LEADER, at, Action.FORCE_CLOSE)
    later = at + timedelta(days=0 if fate < ANSWERED else 3)
    return turn.centre(Role.LEADER, later, Action.REFUSE_FORCE_CLOSE, reason="can_be_done")


def _suspended(turn: Turn) -> Plan | None:
    """Usually the date wakes it; sometimes the dispatcher does before."""
    until = turn.case.suspended_until
    if until is None or not turn.chance(WOKEN):
        return None
    at = turn.case.last_at + (until - turn.case.last_at) * turn.rng.uniform(0.3, 0.9)
    return turn.centre(Role.DISPATCHER, turn.after(at.replace(microsecond=0)), Action.RESUME)


DISPOSAL: dict[State, Callable[[Turn], Plan | None]] = {
    State.DISPATCHED: _dispatched,
    State.HANDLING: _handling,
    State.SUSPENDED: _suspended,
}
