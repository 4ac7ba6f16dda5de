"""Figures and scores from frozen facts and rules alone: a second count, without a database. Pure.

`evaluation/measures.sql` counts the same from the living facts; a bulletin is sealed only where both agree. The words
of each figure stand in docs/evaluation.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dispatch.bulletins.content import Fact, Rules
from dispatch.evaluation.measures import CELLS, COUNTED
from dispatch.evaluation.rates import Counts, rates
from dispatch.evaluation.score import Ranked, ranked

__all__ = ["FIGURES", "Key", "cell_of", "excluded", "figures", "recount", "scored", "scores_text", "units_below"]

FIGURES = (*COUNTED, *CELLS)
# The columns of scores.csv. A published one must come out bit by bit for ever: a rate more would be another form.
TOLD_RATES = (
    *("filing_rate", "dispatch_rate", "disposal_rate", "ontime_disposal_rate", "close_rate", "ontime_close_rate"),
    *("rework_rate", "extension_rate", "public_report_rate", "valid_report_rate", "missed_rate"),
    *("ontime_verify_rate", "ontime_check_rate", "verify_sent_ontime_rate", "check_sent_ontime_rate"),
    *("ontime_filing_rate", "accurate_filing_rate", "ontime_dispatch_rate", "accurate_dispatch_rate"),
    *("ontime_closing_rate", "shirk_rate"),
)
Key: TypeAlias = tuple[str, str, str]  # unit, group, its id; district, "", its code; city, "", ""


def figures(fact: Fact, since: str, until: str) -> frozenset[str]:
    """The figures in which one case counts. Instants are text of one form, compared as such."""
    return frozenset((*_centre(fact, since, until), *_unit(fact, since, until)))


def cell_of(fact: Fact, since: str, until: str) -> str | None:
    """The one cell of a case that was to be disposed of in the period; None if it was not."""
    if not fact["due_at"] or excluded(fact, until):
        return None
    done = fact["disposed_at"] or fact["closed_at"]
    by_then = bool(done) and done < until
    if since <= fact["due_at"] < until:
        return ("new_ontime" if done <= fact["due_at"] else "new_late") if by_then else "new_open"
    if fact["due_at"] < since and (not done or done >= since):
        return "carried_disposed" if by_then else "carried_open"
    return None


def excluded(fact: Fact, until: str) -> str | None:
    """Why a case is out of what was to be disposed of and closed, in one word; None if it is not."""
    if not fact["due_at"]:
        return "no_limit"
    for mark in ("exempt", "forced", "self_handled"):
        if fact[mark] == "1":
            return mark
    for at, word in (("voided_at", "void"), ("suspended_at", "suspended")):
        if fact[at] and fact[at] < until:
            return word
    return None


def _unit(fact: Fact, since: str, until: str) -> Iterator[str]:
    cell = cell_of(fact, since, until)
    told = TOLD[cell] if cell else None
    closed = excluded(fact, until) is None and since <= fact["closed_at"] < until
    if cell and told:
        yield from (cell, told, "should_dispose", *(() if told == "overdue_open" else ("disposed",)))
        if int(fact["shirks"]):
            yield "shirk"
    if closed:
        yield from _closed(fact)
    if closed or told == "overdue_open":
        yield "should_close"
        if int(fact["extensions"]):
            yield "extended"


def _closed(fact: Fact) -> Iterator[str]:
    yield "closed"
    if (fact["disposed_at"] or fact["closed_at"]) <= fact["due_at"]:
        yield "ontime_closed"
    if int(fact["reworks"]):
        yield "rework"


TOLD = {
    "new_ontime": "ontime_disposed",
    "new_late": "late_disposed",
    "carried_disposed": "late_disposed",
    "new_open": "overdue_open",
    "carried_open": "overdue_open",
}


def _centre(fact: Fact, since: str, until: str) -> Iterator[str]:
    if since <= fact["reported_at"] < until:
        yield from _reported(fact, until)
    if since <= fact["filed_at"] < until:
        yield from _filed(fact, until)
    if since <= fact["disposed_at"] < until:
        if fact["ontime_send_check"] or (fact["state"] == "check_pending" and _lapsed(fact, until)):
            yield "need_send_check"
        if fact["ontime_send_check"] == "1":
            yield "ontime_send_check"
        yield from _task(fact, "check")


def _reported(fact: Fact, until: str) -> Iterator[str]:
    yield "report"
    if _by(fact["accepted_at"], until):
        yield "accepted"
    if fact["self_handled"] == "1":
        yield "self_handled"
    elif fact["own"] == "1":
        yield "own_report"
        if _by(fact["filed_at"], until):
            yield "valid_report"
    if _by(fact["voided_at"], until):
        yield "void"
    if fact["ontime_send_verify"] or (fact["state"] == "reported" and fact["public"] == "1" and _lapsed(fact, until)):
        yield "need_send_verify"
    if fact["ontime_send_verify"] == "1":
        yield "ontime_send_verify"
    yield from _task(fact, "verify")


def _task(fact: Fact, task: str) -> Iterator[str]:
    if fact[f"{task}_sent"] == "1":
        yield f"need_{task}"
    if fact[f"ontime_{task}"]:
        yield task
    if fact[f"ontime_{task}"] == "1":
        yield f"ontime_{task}"


def _filed(fact: Fact, until: str) -> Iterator[str]:
    yield "filed"
    if fact["public"] == "1":
        yield from ("public_report_verified", "missed")
    if fact["ontime_file"] != "0":
        yield "ontime_filed"
    if fact["void_after_filing"] != "1":
        yield from ("accurate_filed", "need_dispatch")
    if _by(fact["dispatched_at"], until):
        yield "dispatched"
        if fact["ontime_dispatch"] != "0":
            yield "ontime_dispatched"
        if not int(fact["returns"]):
            yield "accurate_dispatched"
    if int(fact["suspensions"]):
        yield "suspended"


def _by(at: str, until: str) -> bool:
    return bool(at) and at < until


def _lapsed(fact: Fact, until: str) -> bool:
    """Its holder has not sent it on, and his own clock has run out."""
    return _by(fact["stage_due_at"], until)


# ── all of them ───────────────────────────────────────────────────────────────────────────────────────────────────────


def recount(rules: Rules, facts: Iterable[Fact]) -> dict[Key, Counter[str]]:
    """The figures of every unit of every group with those below it, of every district, and of the city."""
    seats = _seats(rules.document["units"], [str(group["key"]) for group in rules.document["groups"]])
    found: dict[Key, Counter[str]] = {
        ("unit", str(group["key"]), unit): Counter() for group in rules.document["groups"] for unit in group["units"]
    }
    found |= {("district", "", str(row["code"])): Counter() for row in rules.document["districts"]}
    found["city", "", ""] = Counter()
    since, until = rules.since, rules.until
    for fact in facts:
        told = figures(fact, since, until)
        for key in (*seats.get(fact["unit"], ()), ("district", "", fact["district"]), ("city", "", "")):
            found.setdefault(key, Counter()).update(told)
    return found


def _seats(units: Mapping[str, Any], groups: list[str]) -> dict[str, list[Key]]:
    """Unit → the one of each group that answers for it: itself, or the first above it that takes part in the group."""
    seats: dict[str, list[Key]] = {}
    for unit in units:
        above = list(_upwards(units, unit))
        at = ((group, next((u for u in above if units[u]["group"] == group), None)) for group in groups)
        seats[unit] = [("unit", group, found) for group, found in at if found is not None]
    return seats


def units_below(rules: Rules, key: Key) -> list[str]:
    """The units whose cases a unit of a group answers for: itself, and those below it that have no seat before it."""
    groups = [str(group["key"]) for group in rules.document["groups"]]
    return [unit for unit, seats in _seats(rules.document["units"], groups).items() if key in seats]


def _upwards(units: Mapping[str, Any], unit: str | None) -> Iterator[str]:
    seen: set[str] = set()
    while unit is not None and unit in units and unit not in seen:
        seen.add(unit)
        yield unit
        unit = units[unit]["parent"]


@dataclass(frozen=True, slots=True)
class Scored:
    """One line of the scores: whose, what was counted, and for units of a group the place."""

    key: Key
    counts: Counts
    cells: Mapping[str, int]
    rank: Ranked | None = None


def scored(rules: Rules, found: Mapping[Key, Counter[str]]) -> list[Scored]:
    """The scores in the order they are printed: groups in the city's order, each from the top; districts; the city."""
    lines: list[Scored] = []
    for group in rules.document["groups"]:
        lines += _ranked(rules, ("unit", str(group["key"])), found)
    if rules.scheme.of == "area":
        lines += _ranked(rules, ("district", ""), found)
    placed = {line.key for line in lines}
    others = sorted((key for key in found if key not in placed), key=lambda key: (key[0] == "city", key))
    return lines + [Scored(key, *_told(found[key])) for key in others if key[0] != "unit"]


def _ranked(rules: Rules, of: tuple[str, str], found: Mapping[Key, Counter[str]]) -> list[Scored]:
    """The units of a group, or the districts: each of these with its unit grids."""
    areas = {str(row["code"]): int(row.get("grids", 0)) for row in rules.document["districts"]}
    told = {
        key[2]: _told(counts, areas[key[2]] if of[0] == "district" else None)
        for key, counts in found.items()
        if key[:2] == of and (of[0] != "district" or key[2] in areas)
    }
    group = of[1] or of[0]
    entries = {unit: (group, counts) for unit, (counts, _) in sorted(told.items())}
    small_sample, trial = int(rules.document["small_sample"]), bool(rules.document.get("trial"))
    rows = ranked(entries, rules.scheme, small_sample, trial=trial, by_hand=rules.by_hand)
    return [Scored((*of, row.unit), *told[row.unit], row) for row in rows]


def _told(found: Counter[str], grids: int | None = None) -> tuple[Counts, dict[str, int]]:
    return Counts(**{name: found[name] for name in COUNTED}, grids=grids), {name: found[name] for name in CELLS}


def scores_text(rules: Rules, lines: Iterable[Scored]) -> str:
    """scores.csv: decimals with two places, empty is "no data". Only codes and numbers, nothing to quote."""
    points = [part.key for part in rules.scheme.indicators]
    hand = ["by_hand", "total"] if rules.form > 1 else []
    names = [
        "of",
        "group",
        "key",
        "place",
        "apart",
        "cases",
        "score",
        *hand,
        "band",
        *(f"points_{key}" for key in points),
    ]
    rows: list[Sequence[object]] = [[*names, *TOLD_RATES, *FIGURES], *(_row(line, points, hand) for line in lines)]
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)


def _row(line: Scored, points: list[str], hand: list[str]) -> Sequence[object]:
    told = rates(line.counts)
    return [
        *line.key,
        *([None] * (5 + len(hand) + len(points)) if line.rank is None else _place(line.rank, points, hand)),
        *(told[key] for key in TOLD_RATES),
        *(line.counts.of(n) for n in COUNTED),
        *line.cells.values(),
    ]


def _place(rank: Ranked, points: list[str], hand: list[str]) -> Sequence[object]:
    beside: dict[str, object] = {"by_hand": rank.by_hand, "total": rank.total}
    band = rank.score.band.name if rank.score.band else None
    return [
        *(rank.place, rank.apart, rank.cases, rank.score.total),
        *(beside[name] for name in hand),
        *(band, *(rank.score.points[key] for key in points)),
    ]
