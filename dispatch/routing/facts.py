"""What routing may look at, and which other facts the fix's accuracy leaves possible. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from math import hypot
from typing import Any, Protocol

from gis.locate import NO_ROAD, Component, Place, Road

__all__ = ["ASSET_OWNER", "NO_ROAD", "CategoryLike", "Facts", "facts_of", "possible_roads", "variants"]

ASSET_OWNER = "asset_owner"
Vector = tuple[float, float]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`road`: class of the road within the city's reach, or "none"; `areas`: "level:code" from the top down, empty
    outside the city. `street`: the road's name, where the address names it; the nearest road counts otherwise.

    `category_class`: "kind:class", e.g. "component:01"; the units are those of the known component.
    """

    category: str
    kind: str
    category_class: str
    types: tuple[str, ...]
    road: str = NO_ROAD
    areas: tuple[str, ...] = ()
    street: str = ""
    component: str | None = None
    owner: str | None = None
    maintainer: str | None = None
    supervisor: str | None = None

    @property
    def type(self) -> str:
        """The first responsible type that is a trade and not just whoever owns it; empty if there is none."""
        return next((type_ for type_ in self.types if type_ != ASSET_OWNER), "")

    def document(self) -> dict[str, Any]:
        """As stored with a routing; empty facts are left out."""
        given = asdict(self) | {"types": list(self.types), "areas": list(self.areas)}
        return {name: fact for name, fact in given.items() if fact not in (None, [], "")}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Facts:
        """The facts that `document` stored."""
        named = {"category": "", "kind": "", "category_class": "", "types": (), **document}
        return cls(**named | {"areas": tuple(named.get("areas", ())), "types": tuple(named["types"])})


def facts_of(category: CategoryLike, place: Place | None) -> Facts:
    """The facts of a category at a place; None: it is not known where."""
    facts = Facts(
        category=category.code,
        kind=category.kind,
        category_class=f"{category.kind}:{category.class_code}",
        types=tuple(category.types),
    )
    if place is None:
        return facts
    street = place.road_name if place.by_name else ""
    return _about(replace(facts, road=place.road_class, areas=place.area_codes, street=street), place.component)


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


def variants(facts: Facts, place: Place, *, looks_at: frozenset[str], named: frozenset[str]) -> list[Facts]:
    """Every other set of facts that the fix's accuracy leaves possible.

    `looks_at`: of "road", "area" and "owner", those that the rules look at for this category; `named`: the levels and
    `level:code` that they name. What no rule looks at is not varied.
    """
    roads = possible_roads(place) if "road" in looks_at else [facts.road]
    paths = possible_areas(place, named) if "area" in looks_at else [facts.areas]
    things = possible_components(place) if "owner" in looks_at else [place.component]
    if len(roads) == len(paths) == len(things) == 1:
        return []
    found = (
        _about(replace(facts, road=road, areas=path), thing) for road, path, thing in product(roads, paths, things)
    )
    return [other for other in dict.fromkeys(found) if other != facts]


def possible_areas(place: Place, named: frozenset[str]) -> list[tuple[str, ...]]:
    """The place's own areas, then those of near finest areas that differ in what the rules name."""
    found = {_seen(place.area_codes, named): place.area_codes}
    for path in place.near_paths:
        found.setdefault(_seen(path, named), path)
    return list(found.values())


def _seen(codes: Iterable[str], named: frozenset[str]) -> frozenset[str]:
    return frozenset(code for code in codes if code in named or code.partition(":")[0] in named)


def possible_roads(place: Place) -> list[str]:
    """The place's own road class, then those of roads within 2 m of being as near, and of those that are nearest from
    some other point within the accuracy of the fix. A road that the address names is certain.

    Roads are taken as straight there, and only the nearest road of each class and name is looked at.
    """
    found = [place.road_class, *(road.road_class for road in place.rival_roads)]
    if place.by_name or place.doubt_m == 0:
        return list(dict.fromkeys(found))
    found += [road.road_class for road in place.near_roads if _could_be_nearest(road, place)]
    if place.road_class != NO_ROAD and _could_be_beyond(place):
        found.append(NO_ROAD)
    return list(dict.fromkeys(found))


def _could_be_nearest(road: Road, place: Place) -> bool:
    """Whether a step within the accuracy makes it so: straight to the road, or to it and away from another one."""
    others = [other for other in place.near_roads if other is not road]
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


def _could_be_beyond(place: Place) -> bool:
    nearest = place.near_roads[0]
    away = _direction(-nearest.dx, -nearest.dy)
    return all(_after(road, away, place.doubt_m) > place.reach_m for road in place.near_roads)


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
    """Whether the line half-way between the two comes within the accuracy."""
    nearest = place.component
    if nearest is None:
        return other.metres <= place.component_m + place.doubt_m
    apart = hypot(other.dx - nearest.dx, other.dy - nearest.dy)
    return other.metres**2 - nearest.metres**2 <= 2 * apart * place.doubt_m
