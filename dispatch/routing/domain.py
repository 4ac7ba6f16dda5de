"""The classes of place that exist in a city: areas, the roads within reach of each, who owns components there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from dispatch.clock.season import Season, days_told_apart
from dispatch.routing.facts import NO_ROAD, CategoryLike, Corridor, Facts, facts_of
from dispatch.routing.rule import Assertion, Hours
from dispatch.routing.rulebook import Plan

__all__ = ["Areas", "Domain", "Parties", "Spot", "hours_of", "seasons_of"]

Areas = tuple[str, ...]
Owners = tuple[str | None, ...]  # owner, maintainer, supervisor
NOBODYS: Owners = (None, None, None)


class Spot(NamedTuple):
    """Points of one finest area whose road has this class and name; "none" and "" beyond every road's reach."""

    areas: Areas
    road: str
    road_name: str


class Parties(NamedTuple):
    """Who has a component of some category in an area."""

    areas: Areas
    owner: str | None
    maintainer: str | None
    supervisor: str | None


@dataclass(frozen=True)
class Domain:
    """All classes of place of a city. `parties`: by category's code; `corridors`: by the key of a corridor, the areas
    it touches and those it covers whole; `shapes`: the finest areas as GeoJSON geometries, by `level:code`.

    `words`: clause → every word there is for it; `moved`: areas whose border has changed since the rules' day of force.
    """

    categories: tuple[CategoryLike, ...]
    spots: tuple[Spot, ...]
    parties: Mapping[str, Sequence[Parties]] = field(default_factory=dict)
    corridors: Mapping[str, tuple[frozenset[Areas], frozenset[Areas]]] = field(default_factory=dict)
    shapes: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()

    def blank(self, category: CategoryLike) -> Facts:
        """The category's facts without a place."""
        return facts_of(category, None)

    def classes(
        self, category: CategoryLike, plan: Plan, also: Iterable[Assertion] = ()
    ) -> Iterator[tuple[Facts, list[Areas]]]:
        """Every class of place and time for the category as facts of one of its places, with the areas it occurs in.

        What the plan, and the assertions `also`, do not look at is left blank.
        """
        looks = _Looks.of(plan, also)
        blank, times = self.blank(category), _times(looks)
        found: dict[tuple[Any, ...], list[Areas]] = {}
        for key, areas in self._places(category, looks):
            found.setdefault(key, []).append(areas)
        for (_, road, road_name, within, owners), spots in found.items():
            place = replace(blank, areas=spots[0], road=road, road_name=road_name, corridors=within)
            for day, hour in times:
                yield _about(place, owners, day, hour), spots

    def _places(self, category: CategoryLike, looks: _Looks) -> Iterator[tuple[tuple[Any, ...], Areas]]:
        """Every spot under what tells it apart: what is named of its areas, its road, its corridors, the parties."""
        owned = self._owned(category.code) if "owner" in looks.at else {}
        seen = {areas: looks.seen(areas) for areas in self.finest}
        within = {areas: self._within(areas, looks.corridors) for areas in self.finest}
        for areas, road, road_name in self._spots(looks.at):
            for keys in within[areas]:
                for owners in (NOBODYS, *owned.get(areas, ())):
                    yield (seen[areas], road, road_name, keys, owners), areas

    def _spots(self, looks_at: frozenset[str]) -> Iterable[Spot]:
        if "road_name" in looks_at:
            return self.spots
        return self._by_road if "road" in looks_at else self._by_area

    @cached_property
    def _by_road(self) -> tuple[Spot, ...]:
        return tuple(dict.fromkeys(Spot(spot.areas, spot.road, "") for spot in self.spots))

    @cached_property
    def _by_area(self) -> tuple[Spot, ...]:
        return tuple(dict.fromkeys(Spot(spot.areas, NO_ROAD, "") for spot in self.spots))

    def _owned(self, category: str) -> dict[Areas, list[Owners]]:
        found: dict[Areas, list[Owners]] = {}
        for areas, *owners in self.parties.get(category, ()):
            if (parties := tuple(owners)) != NOBODYS:
                found.setdefault(areas, []).append(parties)
        return found

    def _within(self, areas: Areas, corridors: Sequence[Corridor]) -> list[tuple[str, ...]]:
        """The sets of corridors that points of the area may lie in."""
        touched, covered = [], []
        for corridor in corridors:
            touches, covers = self.corridors.get(corridor.key, (frozenset(), frozenset()))
            if areas in covers:
                covered.append(corridor.key)
            elif areas in touches:
                touched.append(corridor.key)
        some = [chosen for count in range(len(touched) + 1) for chosen in combinations(touched, count)]
        return [(*covered, *chosen) for chosen in some]

    @cached_property
    def finest(self) -> frozenset[Areas]:
        """The paths of all finest areas."""
        return frozenset(spot.areas for spot in self.spots)


@dataclass(frozen=True, slots=True)
class _Looks:
    """What a plan, and whatever else is asked, looks at."""

    at: frozenset[str]
    named: frozenset[str]
    corridors: tuple[Corridor, ...]
    seasons: tuple[Season, ...]
    hours: tuple[Hours, ...]

    @classmethod
    def of(cls, plan: Plan, also: Iterable[Assertion]) -> _Looks:
        asserted = [*also, *(one for rule in plan.live for one in rule.assertions)]
        wanted = [one.wanted for one in asserted]
        areas = (one.wanted for one in asserted if one.clause == "area")
        return cls(
            at=plan.looks_at | {one.clause for one in asserted},
            named=plan.named.union(*areas),
            corridors=tuple(dict.fromkeys(one for one in wanted if isinstance(one, Corridor))),
            seasons=tuple(one for one in wanted if isinstance(one, Season)),
            hours=tuple(one for one in wanted if isinstance(one, Hours)),
        )

    def seen(self, areas: Areas) -> Areas:
        """Of the areas, those that are named, by themselves or by their level."""
        return tuple(area for area in areas if area in self.named or area.partition(":")[0] in self.named)


def _about(place: Facts, owners: Owners, day: str, hour: str) -> Facts:
    owner, maintainer, supervisor = owners
    if owners == NOBODYS and not hour:
        return place
    return replace(place, owner=owner, maintainer=maintainer, supervisor=supervisor, day=day, hour=hour)


def _times(looks: _Looks) -> list[tuple[str, str]]:
    """One day and hour of every class that the seasons and hours make; blank where none is asked for."""
    if not looks.seasons and not looks.hours:
        return [("", "")]
    hours = {"00:00"} | {edge for wanted in looks.hours for span in wanted.spans for edge in span if edge != "24:00"}
    return [(day, hour) for day in sorted(days_told_apart(looks.seasons)) for hour in sorted(hours)]


def hours_of(moments: Iterable[str], every: Collection[str]) -> tuple[str, ...]:
    """The spans of wall time that begin at `moments`, as a rule's `hours` says them. `every`: all that begin one."""
    spans = _joined(moments, every, end="24:00")
    if len(spans) > 1 and (spans[0][0], spans[-1][1]) == ("00:00", "24:00"):
        spans[0][0] = spans.pop()[0]  # over midnight
    return tuple(f"{start}-{end}" for start, end in spans)


def seasons_of(days: Collection[str], every: Collection[str]) -> tuple[str, ...]:
    """The stretches that begin on `days`, first and last day with `..` between; of every year where they come again.

    What runs on at either end of the days looked at is left out, unless there is nothing else: then the days as given.
    """
    first, years = min(every, default=""), Counter(day[5:] for day in every)
    found = [
        f"{start[cut:]}..{_before(end)[cut:]}"
        for start, end in _joined(days, every, end="")
        if end and start != first
        for cut in (5 if years[start[5:]] > 1 else 0,)
    ]
    return tuple(dict.fromkeys(found)) or tuple(sorted(days))


def _joined(begun: Iterable[str], every: Iterable[str], *, end: str) -> list[list[str]]:
    """What begins at each of `begun` and ends where the next of `every` does, neighbours as one; the last at `end`."""
    ordered = sorted(every)
    ends = dict(zip(ordered, [*ordered[1:], end], strict=True))
    spans: list[list[str]] = []
    for start in sorted(begun):
        if spans and spans[-1][1] == start:
            spans[-1][1] = ends[start]
        else:
            spans.append([start, ends[start]])
    return spans


def _before(day: str) -> str:
    """The day before; also of a 32nd, which `days_told_apart` made."""
    try:
        return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    except ValueError:
        return f"{day[:-2]}{int(day[-2:]) - 1:02d}"
