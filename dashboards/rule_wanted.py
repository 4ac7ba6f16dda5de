"""A rule begun from what asks for one: a gap or tie of the rules, what the work shows, a ruling. Pure.

What is known of it travels in the address, as the fields of the rule's form, so that it can go into any draft.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from dashboards.rule_form import RuleFields, fields_of
from dispatch.evaluation.owners import Beside
from dispatch.routing.lint import Finding
from dispatch.routing.rulebook import Rulebook

__all__ = ["FIRST", "MENDED", "fields_from", "of_finding", "of_work", "query_of"]

FIRST = RuleFields(rank="50")
MENDED = frozenset({"gap", "overlap"})  # findings that one more rule mends
MOST_AREAS = 60  # a gap over more of them is a matter of what else the place has, not of where it lies
LONGEST = 4000  # of one field
ALL_DAY = "00:00-24:00"
TAKEN = frozenset(field.name for field in fields(RuleFields)) - {"csrf", "version"}


def fields_from(query: str) -> RuleFields:
    """The form that an address asks for; fields it does not know are left out, and too long a word is cut."""
    said = parse_qs(query[: 10 * LONGEST], max_num_fields=100)
    given: dict[str, Any] = {name: words[0][:LONGEST] for name, words in said.items() if name in TAKEN}
    if "road" in said:
        given["road"] = tuple(word[:40] for word in said["road"])
    return replace(FIRST, **given)


def query_of(row: Mapping[str, Any]) -> str:
    """The address that asks for the form of this row."""
    form = fields_of(row)
    return urlencode({name: said for name in sorted(TAKEN) if (said := getattr(form, name))}, doseq=True)


def of_finding(found: Finding, book: Rulebook) -> str:
    """The rule that would mend a gap or a tie, all but whom it sends to: the cell's categories, roads, areas and times.

    It comes before the rules at fault, if there are any.
    """
    when: dict[str, Any] = {"category": list(found.categories)} if found.categories else {}
    when |= {clause: list(found.cell[clause]) for clause in ("road", "road_name") if clause in found.cell}
    owners = found.cell.get("owner")
    if owners:
        when["owner"] = False if owners == ("none",) else [one for one in owners if one != "none"]
    hours = found.cell.get("hour", ())
    if hours and hours != (ALL_DAY,):
        when["hours"] = list(hours)
    seasons = [day.split("..") for day in found.cell.get("day", ())]
    if len(seasons) == 1 and len(seasons[0]) == 2:  # a rule has one season
        when["from"], when["until"] = seasons[0]
    if 0 < len(found.areas) <= MOST_AREAS:
        when["area"] = list(found.areas)
    return query_of({"rank": _before(found.rules, book), "when": when})


def of_work(one: Beside, book: Rulebook) -> str:
    """The rule that would send to whoever did the work; the cases that show it are its source."""
    done, named = one.learnt, [one.rules.rule] if one.rules.rule else []
    when: dict[str, Any] = {"category": [done.category], "road": [done.road], "area": [done.area]}
    if done.owner:
        when["owner"] = [done.owner]
    row = {
        "rank": _before(named, book),
        "when": when,
        "to": f"unit:{done.unit}",
        "reason": f"该处此类案件 {one.of} 件中有 {done.cases} 件由其处置",
        "reason_en": f"It put right {done.cases} of {one.of} such cases there",
        "source": ", ".join(done.numbers),
    }
    return query_of(row)


def _before(rules: Sequence[str], book: Rulebook) -> int:
    """A rank just before those rules; without any, the form's own."""
    ranks = [book.by_no[no].rank for no in rules if no in book.by_no]
    return max(min(ranks) - 1, 0) if ranks else int(FIRST.rank)
