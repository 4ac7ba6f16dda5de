"""The ladders of a folder: each readable, none in a circle, no rung to nobody."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dispatch.cityfile.faults import Faults
from dispatch.cityfile.rows import CityFiles
from dispatch.cityfile.time_limits import limits_document
from dispatch.duty.ladder import EVENTS, Call, circles, listed
from dispatch.duty.roster import Post
from dispatch.lifecycle.states import ClockKind

__all__ = ["FILE", "check_ladders"]

FILE = "ladders.toml"
KEYS = frozenset({"key", "name", "name_en", "clock", "event", "hazard", "rungs", "then"})
LONGEST = 7 * 24 * 60  # minutes that a rung may wait
MOST = Decimal(10)  # times its limit
BY_CONDITION = frozenset({ClockKind.DISPOSE, ClockKind.ASSIST})  # limited by the filing condition, or the rule
LIKE_AN_APPROVAL = frozenset({ClockKind.FORCE_CLOSE, ClockKind.SUPERVISE})  # without a limit of their own
Row = dict[str, Any]


def check_ladders(city: CityFiles, faults: Faults) -> None:
    """Every fault of the file, each with the ladder's key and the number of the rung."""
    if city.ladders is None:
        return
    rows = city.ladders.get("ladder", [])
    if set(city.ladders) - {"ladder"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.error(FILE, None, "it holds [[ladder]] and nothing else")
        return
    keys = [str(row.get("key", "")) for row in rows]
    for row, key in zip(rows, keys, strict=True):
        if not key or keys.count(key) > 1:
            faults.error(FILE, None, f"ladder {key or '?'}: its key is {'given twice' if key else 'missing'}")
        for word in _wrong(row, set(keys)):
            faults.error(FILE, None, f"ladder {key}: {word}")
        _check_rungs(city, key, row.get("rungs"), faults)
    then = {key: row.get("then") if row.get("then") in keys else None for row, key in zip(rows, keys, strict=True)}
    for key in circles(then):
        faults.error(FILE, None, f"ladder {key}: it leads back to itself, through {then[key]}: it would ring for ever")
    _check_beginnings(rows, faults)
    _check_clocks(city, rows, faults)


def _wrong(row: Row, keys: set[str]) -> list[str]:
    words = [f"nothing reads {name}" for name in sorted(set(row) - KEYS)]
    kinds = {kind.value for kind in ClockKind}
    words += [f"unknown clock {one}" for one in listed(row.get("clock", ())) if one not in kinds]
    if ("clock" in row) != ("event" in row) or row.get("event", "start") not in EVENTS:
        words.append(f"it begins with an event of a clock: {', '.join(EVENTS)}")
    if not isinstance(row.get("hazard", True), bool):
        words.append("hazard is true, false, or left out")
    if row.get("then", next(iter(keys), None)) not in keys:
        words.append(f"there is no ladder {row['then']} to go on with")
    return words


def _check_rungs(city: CityFiles, key: str, rungs: Any, faults: Faults) -> None:
    if not isinstance(rungs, list) or not rungs:
        faults.error(FILE, None, f"ladder {key}: it has no rungs: it would ring nobody")
        return
    last = Decimal(0)
    for number, rung in enumerate(rungs, 1):
        place = f"ladder {key}, rung {number}"
        if not isinstance(rung, dict) or set(rung) - {"call", "wait", "at"} or ("wait" in rung) == ("at" in rung):
            faults.error(FILE, None, f"{place}: it wants call, and either wait or at")
            continue
        _check_call(city, place, rung.get("call"), faults)
        wait, at = rung.get("wait", 0), Decimal(str(rung.get("at", 1)))
        if isinstance(wait, bool) or not isinstance(wait, int) or not 0 <= wait <= LONGEST:
            faults.error(FILE, None, f"{place}: wait is {wait}: it wants minutes from 0 to {LONGEST}")
        if not 0 < at <= MOST or ("at" in rung and at < last):
            faults.error(FILE, None, f"{place}: at is {at}: multiples of the limit grow, up to {MOST}")
        last = at if "at" in rung else last


def _check_call(city: CityFiles, place: str, call: Any, faults: Faults) -> None:
    """A rung to a post that nobody in the whole roster holds would never be answered."""
    if call not in {one.value for one in Call}:
        faults.error(FILE, None, f"{place}: a rung to nobody: call is {call!r}, it wants {', '.join(Call)}")
        return
    posts = {Call.DUTY: Post.DUTY, Call.HEAD: Post.HEAD, Call.CENTRE: Post.LEADER, Call.LEADER: Post.LEADER}
    wanted = posts.get(Call(call))
    if wanted is not None and not any(row.line.post is wanted for row in city.roster):
        faults.error(FILE, None, f"{place}: a rung to nobody: the roster has no {wanted.value}")


def _check_beginnings(rows: list[Row], faults: Faults) -> None:
    seen: dict[tuple[str, str, bool | None], str] = {}
    for row in rows:
        for clock in listed(row.get("clock", ())):
            begins = (clock, str(row.get("event")), row.get("hazard"))
            if begins in seen:
                faults.error(FILE, None, f"ladder {row.get('key')}: {seen[begins]} begins with the same event")
            seen[begins] = str(row.get("key"))


def _check_clocks(city: CityFiles, rows: list[Row], faults: Faults) -> None:
    """A ladder of a clock that has no limit would never ring."""
    limited = {row["stage"] for row in limits_document(city)} | BY_CONDITION
    limited |= LIKE_AN_APPROVAL if ClockKind.APPROVE in limited else frozenset()
    for row in rows:
        for clock in sorted({kind.value for kind in ClockKind} & set(listed(row.get("clock", ()))) - limited):
            faults.warning(FILE, None, f"ladder {row.get('key')}: no limit of the stage {clock}: it never begins")
