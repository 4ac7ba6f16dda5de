"""The classes of place that exist in a city: areas, the roads within reach of each, who owns components there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from dispatch.routing.facts import CategoryLike, Corridor, Facts, facts_of
from dispatch.routing.rule import Hours, Season
from dispatch.routing.rulebook import Plan

__all__ = ["Domain", "Parties", "Spot"]

Areas = tuple[str, ...]


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

    def facts(self, category: CategoryLike, plan: Plan) -> Iterator[Facts]:
        """Every class of place and time for the category, as far as the plan looks; what it does not, is left blank."""
        blank = self.blank(category)
        times = _times(plan)
        owned = self._owned(category.code) if "owner" in plan.looks_at else {}
        for areas, road, road_name in self._spots(plan):
            there = replace(blank, areas=areas, road=road, road_name=road_name)
            for within in self._within(areas, plan.corridors):
                place = replace(there, corridors=within) if within else there
                for owners in ((None, None, None), *owned.get(areas, ())):
                    for day, hour in times:
                        yield _about(place, owners, day, hour)

    def _spots(self, plan: Plan) -> Iterable[Spot]:
        by_road, by_name = "road" in plan.looks_at, "road_name" in plan.looks_at
        if by_name:
            return self.spots
        return dict.fromkeys(Spot(s.areas, s.road, "") if by_road else Spot(s.areas, "none", "") for s in self.spots)

    def _owned(self, category: str) -> dict[Areas, list[tuple[str | None, ...]]]:
        found: dict[Areas, list[tuple[str | None, ...]]] = {}
        for areas, *owners in self.parties.get(category, ()):
            found.setdefault(areas, []).append(tuple(owners))
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


def _about(place: Facts, owners: tuple[str | None, ...], day: str, hour: str) -> Facts:
    owner, maintainer, supervisor = owners
    if owners == (None, None, None) and not hour:
        return place
    return replace(place, owner=owner, maintainer=maintainer, supervisor=supervisor, day=day, hour=hour)


def _times(plan: Plan) -> list[tuple[str, str]]:
    """One day and hour of every class that the plan's seasons and hours make; blank where it asks for none."""
    seasons = [wanted for rule in plan.live if isinstance(wanted := rule.wants("season"), Season)]
    spans = [wanted for rule in plan.live if isinstance(wanted := rule.wants("hours"), Hours)]
    if not seasons and not spans:
        return [("", "")]
    hours = {"00:00"} | {edge for wanted in spans for span in wanted.spans for edge in span if edge != "24:00"}
    return [(day, hour) for day in sorted(_days(seasons)) for hour in sorted(hours)]


def _days(seasons: Sequence[Season]) -> set[str]:
    """The first day of each stretch between two edges of the seasons."""
    edges = {season.start for season in seasons} | {_after(season.end) for season in seasons}
    named = {int(edge[:4]) for edge in edges if len(edge) == len("2024-01-01")} or {2024}
    years = {f"{year + more:04d}" for year in named for more in (0, 1)}
    return {"2024-01-01"} | {
        edge if len(edge) == len("2024-01-01") else f"{year}-{edge}" for edge in edges for year in years
    }


def _after(day: str) -> str:
    """The day after, where a season has ended; the 32nd sorts behind every day of its month, which is all it has to."""
    return f"{day[:-2]}{int(day[-2:]) + 1:02d}"
