"""What is wrong with the duty of a period, exact to the instant: shifts are joined and compared, nothing is sampled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.duty.roster import Post, Shift

__all__ = ["Finding", "Kind", "Person", "findings", "holes"]

Place = tuple[str, Post]
Span = tuple[datetime, datetime]


class Kind(StrEnum):
    """What a finding is."""

    HOLE = "hole"  # hours in which nobody is on duty
    EMPTY_RUNG = "empty_rung"  # a unit has nobody at all in a post that a ladder rings
    UNREACHABLE = "unreachable"  # no channel outside the product reaches the person on duty
    STRANGER = "stranger"  # an account that is closed, or of another unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the lint knows of a login. `units`: those it may serve; `reached`: whether a channel outside reaches it."""

    login: str
    name: str
    units: Collection[str]
    disabled: bool
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`since` to `until`: when; the second outside. `person`: a login, empty where there is none."""

    kind: Kind
    unit: str
    post: Post
    since: datetime
    until: datetime
    person: str = ""


def findings(
    shifts: Sequence[Shift],
    wanted: Mapping[Place, bool],
    people: Mapping[str, Person],
    *,
    since: datetime,
    until: datetime,
) -> list[Finding]:
    """All that is wrong between two instants. `shifts`: stand-ins included.

    `wanted`: what has to be filled, and whether the roster has any line of it.
    """
    by_place: dict[Place, list[Shift]] = {place: [] for place in wanted}
    for shift in shifts:
        if (shift.unit, shift.post) in by_place:
            by_place[shift.unit, shift.post].append(shift)
    found: list[Finding] = []
    for (unit, post), standing in by_place.items():
        spans = holes([(shift.since, shift.until) for shift in standing], since, until)
        kind = Kind.HOLE if standing or wanted[unit, post] else Kind.EMPTY_RUNG
        found += [Finding(kind=kind, unit=unit, post=post, since=begin, until=end) for begin, end in spans]
    found += _of_persons(shifts, people, since, until)
    return sorted(found, key=lambda one: (list(Kind).index(one.kind), one.unit, one.post, one.since, one.person))


def holes(filled: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    """The parts of a period that no span covers; spans may overlap."""
    found, at = [], since
    for begin, end in sorted(filled):
        if begin >= until:
            break
        if begin > at:
            found.append((at, begin))
        at = max(at, end)
    if at < until:
        found.append((at, until))
    return found


def _of_persons(
    shifts: Iterable[Shift], people: Mapping[str, Person], since: datetime, until: datetime
) -> Iterator[Finding]:
    """Each person once for each unit and post, with the first and the last of the shifts concerned."""
    spans: dict[tuple[Kind, str, Post, str], Span] = {}
    for shift in shifts:
        begin, end = max(shift.since, since), min(shift.until, until)
        kind = _wrong(people.get(shift.person), shift.unit)
        if kind is not None and begin < end:
            key = (kind, shift.unit, shift.post, shift.person)
            first, last = spans.get(key, (begin, end))
            spans[key] = min(first, begin), max(last, end)
    for (kind, unit, post, login), (begin, end) in spans.items():
        yield Finding(kind=kind, unit=unit, post=post, since=begin, until=end, person=login)


def _wrong(person: Person | None, unit: str) -> Kind | None:
    if person is None or person.disabled or unit not in person.units:
        return Kind.STRANGER
    return None if person.reached else Kind.UNREACHABLE
