"""`rules.toml` → rules (docs/city.md); what cannot be read is said with the number of its rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from dispatch.clock.season import Season, season_of
from dispatch.routing.facts import Corridor
from dispatch.routing.rule import (
    BY_CATEGORY,
    CLAUSES,
    PARTIES,
    Assertion,
    Hours,
    LimitOverride,
    Rule,
    Selector,
    assertion,
)

__all__ = ["RulebookFault", "gaps_of", "rules_of", "selector_of", "types_of"]

Document = Mapping[str, Any]
WORDED = (*BY_CATEGORY, "road", "road_name", "area", "owner")
KEYS = (*WORDED, "corridor", "hours", "from", "until")
SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
WIDEST_M = 500  # of a corridor: all roads so far around every report are looked at


class RulebookFault(ValueError):
    """A rulebook that cannot be followed; `faults`: each with the number of its rule."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def rules_of(document: Document) -> tuple[list[Rule], list[str]]:
    """The rules in the order of the file, and what of them cannot be read, each with the rule's number."""
    rules: list[Rule] = []
    faults: list[str] = []
    for name, row in _rows(document, "rule", faults):
        found = _row_faults(row)
        when, more = _when(row.get("when"))
        faults.extend(f"{name}: {fault}" for fault in (*found, *more))
        if not found and not more:
            rules.append(_rule(row, when))
    return rules, faults


def gaps_of(document: Document) -> tuple[list[tuple[tuple[Assertion, ...], str]], list[str]]:
    """The gaps named as accepted, each with its clauses and reason, and what of them cannot be read."""
    gaps = []
    faults: list[str] = []
    for name, row in _rows(document, "accepted_gap", faults):
        found = _unworded(row, ("reason",))
        when, more = _when(row.get("when"))
        faults.extend(f"{name}: {fault}" for fault in (*found, *more))
        if not found and not more:
            gaps.append((when, str(row["reason"])))
    return gaps, faults


def types_of(document: Document) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """The names of `[types]`, Chinese and English, and what of them cannot be read."""
    given = document.get("types", {})
    if not isinstance(given, Mapping):
        return {}, ["types: wants a table, [types]"]
    wrong = [word for word, row in given.items() if not isinstance(row, Mapping) or _unworded(row, ("name", "name_en"))]
    faults = [f"types: {word} wants {{ name = …, name_en = … }}" for word in wrong]
    return {word: (row["name"], row["name_en"]) for word, row in given.items() if word not in wrong}, faults


def _rows(document: Document, key: str, faults: list[str]) -> Iterator[tuple[str, Document]]:
    """Each `[[key]]` with the name to call it by in a fault; one that is no table is a fault at its place."""
    listed = document.get(key, [])
    if not isinstance(listed, list):
        faults.append(f"{key}: wants a list, [[{key}]]")
        return
    for position, row in enumerate(listed, start=1):
        if isinstance(row, Mapping):
            yield str(row.get("no") or f"{key} {position}"), row
        else:
            faults.append(f"{key} {position}: wants a table, [[{key}]]")


def _unworded(row: Document, keys: Sequence[str]) -> list[str]:
    return [f"no `{key}`" for key in keys if not isinstance(row.get(key), str) or not row[key]]


def _row_faults(row: Document) -> list[str]:
    faults = _unworded(row, ("no", "reason", "source"))
    rank = row.get("rank")
    if not isinstance(rank, int) or isinstance(rank, bool):
        faults.append("`rank` wants a whole number")
    if selector_of(row.get("to")) is None:
        faults.append(f"`to` names nobody: {row.get('to')!r}")
    assist = row.get("assist", [])
    if not isinstance(assist, list):
        faults.append("`assist` wants a list of units")
    else:
        faults += [f"`assist` names nobody: {text!r}" for text in assist if selector_of(text) is None]
    for name in ("limit", "assist_limit"):
        if name in row and _limit(row[name]) is None:
            faults.append(f"`{name}` wants {{ value = …, time_class = … }}, the value above 0")
    return faults


def _limit(given: object) -> LimitOverride | None:
    if not isinstance(given, Mapping) or not isinstance(given.get("time_class"), str) or set(given) - LIMIT:
        return None
    try:
        value = Decimal(str(given.get("value")))
    except InvalidOperation:
        return None
    return LimitOverride(value, given["time_class"]) if value.is_finite() and value > 0 else None


LIMIT = {"value", "time_class"}


def _when(given: object) -> tuple[tuple[Assertion, ...], list[str]]:
    """The clauses in the order of CLAUSES, and what of them cannot be read."""
    if not isinstance(given, Mapping):
        return (), ["`when` wants a table; {} holds always"]
    faults = [f"`when` has no clause {clause!r}; it has {', '.join(KEYS)}" for clause in given if clause not in KEYS]
    clauses = {clause: wanted for clause, wanted in given.items() if clause in KEYS and clause not in ("from", "until")}
    if "from" in given or "until" in given:
        clauses["season"] = (given.get("from"), given.get("until"))
    wanted = {clause: _wanted(clause, value, faults) for clause, value in clauses.items()}
    return tuple(assertion(clause, wanted[clause]) for clause in CLAUSES if clause in wanted), faults


def _wanted(clause: str, given: object, faults: list[str]) -> object:
    read, wants = READERS.get(clause, (_words, "a word or a list of words"))
    found = read(given)
    if found is None:
        faults.append(f"clause `{clause}` wants {wants}")
    return found


def _words(given: object) -> frozenset[str] | None:
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        return None
    return frozenset(words)


def _owner(given: object) -> bool | frozenset[str] | None:
    return given if isinstance(given, bool) else _words(given)


def _corridor(given: object) -> Corridor | None:
    if not isinstance(given, Mapping) or set(given) != {"road", "metres"}:
        return None
    road, metres = given["road"], given["metres"]
    sound = isinstance(road, str) and road and isinstance(metres, int | float) and not isinstance(metres, bool)
    return Corridor(str(road), float(metres)) if sound and 0 < metres <= WIDEST_M else None


def _hours(given: object) -> Hours | None:
    spans = _words(given)
    if spans is None or not all(SPAN.fullmatch(span) for span in spans):
        return None
    parted = sorted((span[:5], span[6:]) for span in spans)
    return None if any(start == end for start, end in parted) else Hours(tuple(parted))


def _season(given: object) -> Season | None:
    return season_of(*given) if isinstance(given, tuple) else None


READERS: dict[str, tuple[Callable[[object], object], str]] = {
    "owner": (_owner, "a word or a list of words, true or false"),
    "corridor": (_corridor, f"{{ road = …, metres = … }}, at most {WIDEST_M} metres"),
    "hours": (_hours, 'spans such as "22:00-06:00"'),
    "season": (_season, "`from` and `until`, both MM-DD or both YYYY-MM-DD, the first before the last"),
}


def _rule(row: Document, when: tuple[Assertion, ...]) -> Rule:
    return Rule(
        no=row["no"],
        rank=row["rank"],
        to=_selector(row["to"]),
        reason=row["reason"],
        reason_en=str(row.get("reason_en") or row["reason"]),
        source=row["source"],
        assertions=when,
        assist=tuple(_selector(text) for text in row.get("assist", [])),
        limit=_limit(row["limit"]) if "limit" in row else None,
        assist_limit=_limit(row["assist_limit"]) if "assist_limit" in row else None,
        name=str(row.get("name", "")),
        name_en=str(row.get("name_en") or row.get("name", "")),
    )


def _selector(text: object) -> Selector:
    found = selector_of(text)
    if found is None:  # looked at before; said again for the reader of types
        raise RulebookFault([f"{text!r} names nobody"])
    return found


def selector_of(text: object) -> Selector | None:
    """`unit:<id>`, `owner`, `maintainer`, `supervisor`, `type:<type>`, `territory:<level>[:<type>]`; else None."""
    kind, *names = str(text).split(":")
    if kind in PARTIES and not names:
        return Selector(kind)
    if not names or not all(names):
        return None
    if kind == "unit":
        return Selector(kind, unit=":".join(names))
    if kind == "type" and len(names) == 1:
        return Selector(kind, type=names[0])
    if kind == "territory" and len(names) <= 2:
        return Selector(kind, level=names[0], type=names[1] if len(names) == 2 else "")
    return None
