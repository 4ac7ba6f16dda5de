"""What routing may look at, and which other facts the fix's accuracy leaves possible. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from math import hypot, inf
from typing import Any, Protocol

from gis.locate import NO_ROAD, Component, Place, Road

__all__ = ["ASSET_OWNER", "NO_ROAD", "CategoryLike", "Corridor", "Facts", "facts_of", "possible_ways", "variants"]

ASSET_OWNER = "asset_owner"
Vector = tuple[float, float]
Way = tuple[str, str]  # class and name of a road


class CategoryLike(Protocol):
    """What routing reads of a category of the catalogue."""

    @property
    def code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def class_code(self) -> str: ...
    @property
    def types(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Corridor:
    """So many metres on either side of every road of one name. Facts know it by its `key`, such as `人民路:60`."""

    road: str
    metres: float

    @property
    def key(self) -> str:
        return f"{self.road}:{self.metres:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`road`, `road_name`: class and name of the road within the city's reach, or "none" and empty; `street`: its name,
    where the address names the road, which counts before the nearest then; `areas`: "level:code" from the top down,
    empty outside the city; `corridors`: keys of the rulebook's corridors it lies in.

    `category_class`: "kind:class", e.g. "component:01"; the units are those of the known component. `day` (YYYY-MM-DD)
    and `hour` (HH:MM) are the city's wall time of the report; empty if it is not known.
    """

    category: str
    kind: str
    category_class: str
    types: tuple[str, ...]
    road: str = NO_ROAD
    road_name: str = ""
    corridors: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    street: str = ""
    component: str | None = None
    owner: str | None = None
    maintainer: str | None = None
    supervisor: str | None = None
    day: str = ""
    hour: str = ""

    @property
    def type(self) -> str:
        """The first responsible type that is a trade and not just whoever owns it; empty if there is none."""
        return next((type_ for type_ in self.types if type_ != ASSET_OWNER), "")

    def document(self) -> dict[str, Any]:
        """As stored with a routing; empty facts are left out."""
        given = [(name, getattr(self, name)) for name in type(self).__slots__]  # `asdict` copies deeply, which is dear
        return {name: list(fact) if name in LISTED else fact for name, fact in given if fact not in (None, (), "")}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Facts:
        """The facts that `document` stored."""
        named = {"category": "", "kind": "", "category_class": "", **document}
        return cls(**named | {name: tuple(named.get(name, ())) for name in LISTED})


LISTED = ("types", "areas", "corridors")


def facts_of(
    category: CategoryLike,
    place: Place | None,
    *,
    corridors: Iterable[Corridor] = (),
    at: datetime | None = None,
) -> Facts:
    """The facts of a category at a place; None: it is not known where. `at`: wall time of the city."""
    facts = Facts(
        category=category.code,
        kind=category.kind,
        category_class=f"{category.kind}:{category.class_code}",
        types=tuple(category.types),
        day="" if at is None else at.strftime("%Y-%m-%d"),
        hour="" if at is None else at.strftime("%H:%M"),
    )
    if place is None:
        return facts
    within = tuple(corridor.key for corridor in corridors if _off_road(place, corridor.road) <= corridor.metres)
    here = replace(
        facts,
        road=place.road_class,
        road_name=place.road_name,
        street=place.road_name if place.by_name else "",
        corridors=within,
        areas=place.area_codes,
    )
    return _about(here, place.component)


def _off_road(place: Place, name: str) -> float:
    """Metres to the nearest road of that name; without end if none is near."""
    return min((road.metres for road in place.near_roads if road.name == name), default=inf)


def _about(facts: Facts, component: Component | None) -> Facts:
    if component is None:
        return facts
    return replace(
        facts,
        component=component.code,
        owner=component.owner,
        maintainer=component.maintainer,
        supervisor=component.supervisor,
    )


def variants(
    facts: Facts,
    place: Place,
    *,
    looks_at: frozenset[str],
    named: frozenset[str],
    corridors: Iterable[Corridor] = (),
) -> list[Facts]:
    """Every other set of facts that the fix's accuracy, or a tie between two roads, leaves possible.

    `looks_at`: of "road", "road_name", "corridor", "area" and "owner", those that the rules look at for this category;
    `named`: the levels and `level:code` that they name. What no rule looks at is not varied.
    """
    ways = (
        possible_ways(place, by_name="road_name" in looks_at) if looks_at & ROADS else [(facts.road, facts.road_name)]
    )
    within = possible_corridors(facts.corridors, place, corridors) if "corridor" in looks_at else [facts.corridors]
    paths = possible_areas(place, named) if "area" in looks_at else [facts.areas]
    things = possible_components(place) if "owner" in looks_at else [place.component]
    if len(ways) == len(within) == len(paths) == len(things) == 1:
        return []
    found = (
        _about(replace(facts, road=road, road_name=name, corridors=keys, areas=path), thing)
        for (road, name), keys, path, thing in product(ways, within, paths, things)
    )
    return [other for other in dict.fromkeys(found) if other != facts]


ROADS = frozenset({"road", "road_name"})


def possible_corridors(within: tuple[str, ...], place: Place, corridors: Iterable[Corridor]) -> list[tuple[str, ...]]:
    """The corridors the fix lies in, then the same with each one in or out whose edge is within the accuracy."""
    found = [within]
    for corridor in corridors:
        if abs(_off_road(place, corridor.road) - corridor.metres) <= place.doubt_m and place.doubt_m > 0:
            others = tuple(key for key in within if key != corridor.key)
            found.append(others if corridor.key in within else (*within, corridor.key))
    return found


def possible_areas(place: Place, named: frozenset[str]) -> list[tuple[str, ...]]:
    """The place's own areas, then those of near finest areas that differ in what the rules name."""
    found = {_seen(place.area_codes, named): place.area_codes}
    for path in place.near_paths:
        found.setdefault(_seen(path, named), path)
    return list(found.values())


def _seen(codes: Iterable[str], named: frozenset[str]) -> frozenset[str]:
    return frozenset(code for code in codes if code in named or code.partition(":")[0] in named)


def possible_ways(place: Place, *, by_name: bool = False) -> list[Way]:
    """The place's own road, then those as good as tied with it, and those that are nearest from some other point within
    the accuracy of the fix. A road that the address names is certain.

    Roads are taken as straight there, and only the nearest road of each class (and name) is looked at.
    """
    found = {_way(place.road_class, place.road_name, by_name=by_name): (place.road_class, place.road_name)}
    if place.by_name:
        return list(found.values())
    roads = _each_nearest(place.near_roads, by_name=by_name)
    reached = [road for road in roads if place.doubt_m > 0 and _could_be_nearest(road, roads, place)]
    for road in (*place.rival_roads, *reached):
        found.setdefault(_way(road.road_class, road.name, by_name=by_name), (road.road_class, road.name))
    if place.road_class != NO_ROAD and place.doubt_m > 0 and _could_be_beyond(place, roads):
        found[NO_ROAD, ""] = (NO_ROAD, "")
    return list(found.values())


def _way(road_class: str, name: str, *, by_name: bool) -> Way:
    """What of a road the rules tell apart: its class alone, or its name too."""
    return (road_class, name if by_name else "")


def _each_nearest(roads: Iterable[Road], *, by_name: bool) -> list[Road]:
    """The nearest of each class, or of each class and name; `roads` from the nearest on."""
    found: dict[Way, Road] = {}
    for road in roads:
        found.setdefault(_way(road.road_class, road.name, by_name=by_name), road)
    return list(found.values())


def _could_be_nearest(road: Road, roads: Sequence[Road], place: Place) -> bool:
    """Whether a step within the accuracy makes it so: straight to the road, or to it and away from another one."""
    others = [other for other in roads if other is not road]
    towards = _direction(road.dx, road.dy)
    steps = [towards]
    for other in others:
        away = _direction(other.dx, other.dy)
        steps.append(_direction(towards[0] - away[0], towards[1] - away[1]))
    for step in steps:
        for metres in (place.doubt_m, min(place.doubt_m, road.metres)):
            left = _after(road, step, metres)
            if left <= place.reach_m and all(left <= _after(other, step, metres) for other in others):
                return True
    return False


def _could_be_beyond(place: Place, roads: Sequence[Road]) -> bool:
    away = _direction(-roads[0].dx, -roads[0].dy)
    return all(_after(road, away, place.doubt_m) > place.reach_m for road in roads)


def _after(road: Road, step: Vector, metres: float) -> float:
    """How far a straight road is once one has gone so far; from a point on it, as if straight away from it."""
    towards = _direction(road.dx, road.dy)
    if towards == (0.0, 0.0):
        return metres
    return abs(road.metres - metres * (step[0] * towards[0] + step[1] * towards[1]))


def _direction(dx: float, dy: float) -> Vector:
    length = hypot(dx, dy)
    return (dx / length, dy / length) if length > 0 else (0.0, 0.0)


def possible_components(place: Place) -> list[Component | None]:
    """The place's component, then near ones of its category, in other hands, that another point would be nearer to."""
    found = {_hands(place.component): place.component}
    for other in place.near_components:
        if _could_be_meant(other, place):
            found.setdefault(_hands(other), other)
    return list(found.values())


def _hands(component: Component | None) -> tuple[str | None, ...] | None:
    if component is None:
        return None
    return component.owner, component.maintainer, component.supervisor


def _could_be_meant(other: Component, place: Place) -> bool:
    """Whether the line half-way between the two comes within the accuracy, or the two are as good as tied."""
    nearest = place.component
    if nearest is None:
        return other.metres <= place.component_m + place.doubt_m
    if other.metres <= place.component_m and other.metres - nearest.metres <= place.tie_m:
        return True
    apart = hypot(other.dx - nearest.dx, other.dy - nearest.dy)
    return other.metres**2 - nearest.metres**2 <= 2 * apart * place.doubt_m
