"""A rulebook learnt from past cases: who did what, then who does it otherwise in one area. Pure.

What the older half teaches is tried on the newer half by the engine that will decide by it, not by a count of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dispatch.routing.facts import Facts
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.routing.table import Table
from dispatch.units.tree import Tree, Unit

__all__ = ["Lesson", "Past", "Share", "halves", "learn", "rulebook_document", "share"]

EVERYWHERE = "everywhere:"  # a place that no rule names: in the city, and nothing more is known of it
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One case that was done. `areas`: `level:code` by level, those that are known."""

    category: str
    areas: Mapping[str, str]
    unit: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Who does a category, everywhere (`area`, `level` empty) or in one area: `cases` of the `of` that there were."""

    category: str
    level: str
    area: str
    unit: str
    cases: int
    of: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many cases a rulebook sends to whoever did them; `undecided` of the others it sends to nobody."""

    right: int
    undecided: int
    of: int

    @property
    def percent(self) -> Decimal | None:
        """Two places; None is "no data"."""
        return (100 * Decimal(self.right) / self.of).quantize(HUNDREDTH, ROUND_HALF_UP) if self.of else None


def halves(past: Sequence[Past]) -> tuple[list[Past], list[Past]]:
    """The older and the newer half by day, cases of one day in their order; an odd one is newer."""
    ordered = sorted(past, key=lambda one: one.day)
    middle = len(ordered) // 2
    return ordered[:middle], ordered[middle:]


def learn(past: Iterable[Past], levels: Sequence[str], *, least: int = 1) -> list[Lesson]:
    """For each category the unit that did most; then level by level, coarsest first, each area where it is another.

    `least`: cases of a category that an area must have had. Of two units that did as many, the one that did the last.
    """
    cases = list(past)
    known: dict[tuple[str, str], str] = {}
    found = list(_of_level(cases, "", known, least=1))
    for level in levels:
        known |= {(lesson.category, lesson.area): lesson.unit for lesson in found}
        found += _of_level(cases, level, known, least=least)
    return found


def _of_level(cases: Sequence[Past], level: str, known: Mapping[tuple[str, str], str], *, least: int) -> list[Lesson]:
    """What is done otherwise in the areas of a level than is `known` of the places in them."""
    done: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    last: dict[tuple[str, str, str], date] = {}
    expected: defaultdict[tuple[str, str], set[str | None]] = defaultdict(set)
    for one in cases:
        area = one.areas.get(level, "") if level else ""
        if level and not area:
            continue
        key = (one.category, area)
        done[key][one.unit] += 1
        last[*key, one.unit] = max(one.day, last.get((*key, one.unit), one.day))
        expected[key].add(_known_of(one, known))
    found = []
    for (category, area), units in sorted(done.items()):
        unit = max(units, key=lambda unit: (units[unit], last[category, area, unit], unit))
        if units.total() >= least and expected[category, area] != {unit}:
            found.append(
                Lesson(category=category, level=level, area=area, unit=unit, cases=units[unit], of=units.total())
            )
    return found


def _known_of(one: Past, known: Mapping[tuple[str, str], str]) -> str | None:
    """What the lessons so far say of a case, the finest area first."""
    for area in (*reversed(list(one.areas.values())), ""):
        if (one.category, area) in known:
            return known[one.category, area]
    return None


def rulebook_document(lessons: Sequence[Lesson], *, name: str, in_force: date, source: str) -> dict[str, Any]:
    """`rules.toml` of the lessons: a rule for each unit and area with its categories, the finest areas first."""
    levels = list(dict.fromkeys(lesson.level for lesson in lessons))
    together: defaultdict[tuple[int, str, str], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        together[len(levels) - levels.index(lesson.level), lesson.area, lesson.unit].append(lesson)
    rules = [
        {"no": f"L-{number:04d}", "rank": 10 * step, "when": _when(taught), "to": f"unit:{unit}", **_why(taught)}
        | {"source": source}
        for number, ((step, _, unit), taught) in enumerate(sorted(together.items()), start=1)
    ]
    return {"edition": name, "in_force": in_force, "source": source, "rule": rules}


def _when(taught: Sequence[Lesson]) -> dict[str, list[str]]:
    area = {"area": [taught[0].area]} if taught[0].area else {}
    return {"category": [lesson.category for lesson in taught]} | area


def _why(taught: Sequence[Lesson]) -> dict[str, str]:
    cases, of = sum(lesson.cases for lesson in taught), sum(lesson.of for lesson in taught)
    return {
        "reason": f"以往 {of} 件此类案卷中，{cases} 件由其处置",
        "reason_en": f"It did {cases} of the {of} cases of these categories there were",
    }


def share(document: Mapping[str, Any], past: Iterable[Past]) -> Share:
    """The cases held against what the rulebook decides of each."""
    cases = list(past)
    book = rulebook_of(document)
    table = Table(book, _tree(book))
    decided = [(table.lookup(_facts(one)).unit, one.unit) for one in cases]
    right = sum(unit == did for unit, did in decided)
    return Share(right=right, undecided=sum(unit is None for unit, _ in decided), of=len(cases))


def _tree(book: Rulebook) -> Tree:
    units = {selector.unit for rule in book.rules for selector in rule.selectors}
    return Tree({id: Unit(id=id, name=id, name_en=id, tier=1) for id in units})


def _facts(one: Past) -> Facts:
    areas = (EVERYWHERE, *one.areas.values())
    return Facts(category=one.category, kind="", category_class=":", types=(), areas=areas)
