"""A text → the places it may mean, the likeliest first. Pure: all names come with the gazetteer.

A caller's words hold names in some order, with or without districts, numbers and words for a crossing. What the text
names most exactly has the highest score, 1 at most; below 0.3 nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import shapely

from gis.gazetteer import Gazetteer, Named, NamedArea, NamedRoad, Spot
from gis.locate import plain_name

__all__ = ["Found", "find"]

LEAST = 0.3
CROSSING_M = 40.0  # the roads of a crossing may end before they meet: a square, a bridge, a kerb
LETTERS = re.compile(r"[a-z0-9 ]+")
ROAD_WORD = re.compile(r"(大道|辅路|路|街|道|巷)$")
BLANK = re.compile(r"[^ ]")
LOST = "\0"  # stands where a name was taken out of the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One meaning. `kind`: crossing, door, place, road, area; degrees in the stored datum."""

    kind: str
    name: str
    name_en: str
    lon: float
    lat: float
    score: float


def find(gazetteer: Gazetteer, text: str, *, limit: int = 8) -> list[Found]:
    """The meanings of a text. Equal scores stand in the order crossing, door, place, road, area, then by name."""
    said = plain_name(text)
    if not said.strip():
        return []
    areas, rest = _take(said, (name for name in gazetteer.names if name.kind == "area"))
    places, _ = _take(rest, (name for name in gazetteer.names if name.kind == "place"))
    roads, left = _take(rest, (name for name in gazetteer.names if name.kind == "road"))
    roads += [name for name in gazetteer.names if name.kind == "road" and name not in roads and _stem(name) in left]
    exact = [*_crossings(gazetteer, roads), *_doors(gazetteer, roads, rest)]
    whole = [*_wholes(places, rest), *_wholes(roads, rest)]
    if exact:
        whole = [replace(one, score=round(one.score * 0.75, 3)) for one in whole]
    found = [*exact, *whole, *_areas(areas, said, alone=not (exact or whole))]
    found += _partly(gazetteer.names, said, rest)
    inside = _smallest(areas)
    ranked = sorted((_within(one, inside) for one in found), key=_rank)
    unique = {(one.kind, one.name): one for one in reversed(ranked)}
    return [one for one in ranked if unique[one.kind, one.name] is one and one.score >= LEAST][:limit]


ORDER = ("crossing", "door", "place", "road", "area")


def _rank(found: Found) -> tuple[float, int, str]:
    return -found.score, ORDER.index(found.kind), found.name


def _take(said: str, names: Iterable[Named]) -> tuple[list[Named], str]:
    """The names in a text, in the order they stand in it, and what is left: the longest first, none inside another."""
    inside = [name for name in names if name.plain in said or (name.plain_en and name.plain_en in said)]
    taken: list[tuple[int, Named]] = []
    for name in sorted(inside, key=lambda name: -max(len(name.plain), len(name.plain_en))):
        for form in (name.plain, name.plain_en):
            at = said.find(form) if form else -1
            if at >= 0:
                taken.append((at, name))
                said = said.replace(form, BLANK.sub(LOST, form), 1)  # spaces stay: the next word needs them, too
                break
    return [name for _, name in sorted(taken, key=lambda pair: pair[0])], said


def _stem(road: Named) -> str:
    """A road's name as it is said at a crossing, 红荔 for 红荔路; one sign alone is none."""
    stem = ROAD_WORD.sub("", road.plain)
    return stem if len(stem) > 1 else road.plain


def _crossings(gazetteer: Gazetteer, roads: Sequence[Named]) -> Iterator[Found]:
    """Where two of the roads named meet; each meeting of the two is one."""
    for first, second in combinations(dict.fromkeys(roads), 2):
        at = _meeting(gazetteer, first.of, second.of)
        if at is not None:
            name = f"{first.of.name}与{second.of.name}路口"
            name_en = f"{first.of.name_en or first.of.name} and {second.of.name_en or second.of.name}"
            yield _at("crossing", (name, name_en), (at.x, at.y), 1.0)


def _meeting(gazetteer: Gazetteer, first: Any, second: Any) -> Any:
    """The place between two roads, degrees; None where they keep apart."""
    one, other = (gazetteer.plane.metres(road.line) for road in (first, second))
    between = shapely.shortest_line(one, other)
    if between is None or between.length > CROSSING_M:
        return None
    return gazetteer.plane.degrees(between.interpolate(0.5, normalized=True))


def _doors(gazetteer: Gazetteer, roads: Sequence[Named], said: str) -> Iterator[Found]:
    """A number behind a road's name: that door, else between its neighbours on the same side."""
    for road in roads:
        number = re.search(rf"(?:{re.escape(road.plain)}|{re.escape(road.plain_en or road.plain)})\s*(\d+)", said)
        before = re.search(rf"(\d+)\s+{re.escape(road.plain_en.strip())} ", said) if road.plain_en else None
        asked = number or before
        if asked is not None:
            yield from _door(gazetteer.doors.get(road.plain, {}), road, int(asked[1]))


def _door(doors: dict[int, Spot], road: Named, number: int) -> Iterator[Found]:
    same = sorted(known for known in doors if known % 2 == number % 2)
    lower = max((known for known in same if known <= number), default=None)
    upper = min((known for known in same if known >= number), default=None)
    if lower is None or upper is None:
        return
    part = (number - lower) / (upper - lower) if upper > lower else 0.0
    lon = doors[lower].lon + part * (doors[upper].lon - doors[lower].lon)
    lat = doors[lower].lat + part * (doors[upper].lat - doors[lower].lat)
    name_en = f"{number} {road.of.name_en or road.of.name}"
    score = 1.0 if lower == upper else 0.8
    yield _at("door", (f"{road.of.name}{number}号", name_en), (lon, lat), score)


def _wholes(names: Sequence[Named], said: str) -> Iterator[Found]:
    """Names that stand whole in the text, the better the more of it they are."""
    for name in names:
        form = next((form for form in (name.plain, name.plain_en) if form and form in said), _stem(name))
        yield _found(name, 0.7 + 0.25 * min(1.0, len(form.strip()) / max(1, len(_bare(said)))))


def _areas(areas: Sequence[Named], said: str, *, alone: bool) -> Iterator[Found]:
    """The finest area named; it is what is meant only where nothing else is (`alone`)."""
    if areas:
        finest = max(areas, key=_depth)
        yield _found(finest, 0.4 + (0.5 * len(finest.plain) / max(1, len(_bare(said))) if alone else 0.0))


def _partly(names: Iterable[Named], said: str, rest: str) -> Iterator[Found]:
    """Names of which the text is a part, or their pinyin or its initials."""
    asked = _bare(rest) or _bare(said)
    for name in names:
        if len(asked) > 1 and asked in name.plain and asked != name.plain:
            yield _found(name, 0.45 + 0.4 * len(asked) / len(name.plain))
    if LETTERS.fullmatch(said):
        letters = said.replace(" ", "")
        for name in names:
            score = _sounds(letters, name)
            if score:
                yield _found(name, score)


def _sounds(letters: str, name: Named) -> float:
    for form, whole, start in ((name.spelled, 0.9, 0.6), (name.initials, 0.85, 0.5), (_bare(name.plain_en), 0.95, 0.6)):
        if form and letters == form:
            return whole
        if len(letters) > 1 and form.startswith(letters):
            return start + 0.25 * len(letters) / len(form)
    return 0.0


def _bare(said: str) -> str:
    return said.replace(LOST, "").replace(" ", "")


def _found(name: Named, score: float) -> Found:
    thing = name.of
    lon, lat = _middle(thing) if isinstance(thing, NamedRoad) else (thing.lon, thing.lat)
    return _at(name.kind, (thing.name, thing.name_en), (lon, lat), score)


def _at(kind: str, names: tuple[str, str], at: tuple[float, float], score: float) -> Found:
    """Degrees to a centimetre, scores to a thousandth."""
    lon, lat = round(at[0], 7), round(at[1], 7)
    return Found(kind=kind, name=names[0], name_en=names[1], lon=lon, lat=lat, score=round(score, 3))


def _middle(road: NamedRoad) -> tuple[float, float]:
    """Half-way along the longest piece of a road."""
    longest = max(shapely.get_parts(shapely.line_merge(road.line)), key=lambda part: part.length)
    at = longest.interpolate(0.5, normalized=True)
    return at.x, at.y


def _depth(name: Named) -> int:
    return name.of.depth if isinstance(name.of, NamedArea) else 0


def _smallest(areas: Sequence[Named]) -> Any:
    """The shape of the finest area named; None if there is none."""
    shapes = [name.of.shape for name in sorted(areas, key=_depth) if isinstance(name.of, NamedArea)]
    return shapes[-1] if shapes else None


def _within(found: Found, inside: Any) -> Found:
    """What lies outside the area that the text names is hardly meant."""
    if inside is None or found.kind == "area" or inside.intersects(shapely.Point(found.lon, found.lat)):
        return found
    return replace(found, score=round(found.score * 0.6, 3))
