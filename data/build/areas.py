"""The four levels of Binhe: codes, names, attributes. Every higher area is the union of its unit grids."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import shapely
from names import COMMUNITIES, DISTRICTS
from partition import Atoms, connected_parts, split
from shapely import LineString, Polygon, STRtree
from shapes import Road, to_metres

from gis.drawing.blocks import Cell, shared_lengths
from gis.drawing.outline import in_rows

T = TypeVar("T")
Title = tuple[str, str, str]  # code, name, English name

__all__ = ["Area", "Grid", "duty_grids", "levels", "name_cells"]

DUTY_GRIDS = 14
IN_BLOCK, AT_STREET = 1.0, 0.35  # what it costs to draw a border through a block, or along a street
NEIGHBOUR_M = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One unit grid with all its codes. `shape` in metres."""

    code: str
    community: Title
    street: Title
    district: Title
    shape: Polygon
    block: int
    land_use: str
    area_class: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One area of one level. `shape` in metres."""

    code: str
    name: str
    name_en: str
    parent: str
    shape: Polygon
    land_use: str
    area_class: int
    is_local: bool


def name_cells(cells: Sequence[Cell], roads: Sequence[Road], rng: random.Random) -> list[Grid]:
    """Share the cells out to districts, streets and communities, and number them."""
    chunks = _chunks(cells)
    districts = _districts(cells, chunks)
    uses = _land_uses(cells, chunks, districts, rng)
    classes = _area_classes(cells, roads, [uses[cell.chunk] for cell in cells])
    return [
        Grid(
            code=f"{community[0]}{sequence:03d}",
            community=community,
            street=street,
            district=district,
            shape=cells[index].shape,
            block=cells[index].block,
            land_use=uses[cells[index].chunk],
            area_class=classes[index],
        )
        for district, street, community, members in _divisions(chunks, districts)
        for sequence, index in enumerate(_in_rows(cells, members), 1)
    ]


def _divisions(chunks: Atoms, districts: Mapping[int, int]) -> Iterator[tuple[Title, Title, Title, set[int]]]:
    """District, street and community of every part of the city, with the chunks in it, in the order of their codes."""
    for number, district in enumerate(DISTRICTS):
        members = [chunk for chunk in chunks.weight if districts[chunk] == number]
        streets = _read(chunks, split(chunks, members, len(district.streets)))
        for street_no, (street, names_of_street) in enumerate(zip(streets, district.streets, strict=True), 1):
            code = f"{district.code}{street_no:03d}"
            for community_no, (community, (name, name_en)) in enumerate(_communities(chunks, street, code), 1):
                yield (
                    (district.code, district.name, district.name_en),
                    (code, *names_of_street),
                    (f"{code}{community_no:03d}", f"{name}社区", f"{name_en} Community"),
                    set(community),
                )


def duty_grids(grids: Sequence[Grid]) -> list[list[Grid]]:
    """Contiguous groups of 10 to 20 unit grids within one community; each grid in exactly one."""
    by_community: dict[str, list[int]] = defaultdict(list)
    for number, grid in enumerate(grids):
        by_community[grid.community[0]].append(number)
    atoms = Atoms(
        weight=dict.fromkeys(range(len(grids)), 1.0),
        centre={number: _middle(grid.shape) for number, grid in enumerate(grids)},
        bond=_bonds([grid.shape for grid in grids], [grid.block for grid in grids]),
        balance=20_000.0,
    )
    parts = (split(atoms, inside, round(len(inside) / DUTY_GRIDS)) for inside in by_community.values())
    return [[grids[number] for number in part] for group in parts for part in group]


def levels(grids: Sequence[Grid]) -> dict[str, list[Area]]:
    """The areas of every level by its key, in the order of their codes."""
    local = {district.code for district in DISTRICTS if district.is_local}
    return {
        "district": _level(grids, lambda grid: (grid.district, ""), local),
        "street": _level(grids, lambda grid: (grid.street, grid.district[0]), local),
        "community": _level(grids, lambda grid: (grid.community, grid.street[0]), local),
        "grid": _level(grids, lambda grid: ((grid.code, *_grid_name(grid)), grid.community[0]), local),
    }


def _level(grids: Sequence[Grid], key: Callable[[Grid], tuple[Title, str]], local: set[str]) -> list[Area]:
    members: dict[tuple[Title, str], list[Grid]] = defaultdict(list)
    for grid in grids:
        members[key(grid)].append(grid)
    return [
        Area(
            code=code,
            name=name,
            name_en=name_en,
            parent=parent,
            shape=shapely.coverage_union_all([grid.shape for grid in inside]),
            land_use=_most(inside, lambda grid: grid.land_use),
            area_class=_most(inside, lambda grid: grid.area_class),
            is_local=code[:6] in local,
        )
        for ((code, name, name_en), parent), inside in sorted(members.items(), key=lambda item: item[0])
    ]


def _most(inside: Sequence[Grid], value: Callable[[Grid], T]) -> T:
    ground: dict[T, float] = defaultdict(float)
    for grid in inside:
        ground[value(grid)] += grid.shape.area
    return max(ground, key=lambda key: (ground[key], str(key)))


def _grid_name(grid: Grid) -> tuple[str, str]:
    number = int(grid.code[-3:])
    community, community_en = grid.community[1].removesuffix("社区"), grid.community[2].removesuffix(" Community")
    return f"{community}{number}号网格", f"{community_en} grid {number}"


def _middle(shape: Polygon) -> tuple[float, float]:
    return (shape.centroid.x, shape.centroid.y)


def _bonds(shapes: Sequence[Polygon], blocks: Sequence[int]) -> dict[int, dict[int, float]]:
    """For each shape its neighbours and what it costs to part them: dear within a block, cheap along a street."""
    bonds: dict[int, dict[int, float]] = {number: {} for number in range(len(shapes))}
    for (a, b), length in shared_lengths(shapes).items():
        if length >= NEIGHBOUR_M:
            cost = length * (IN_BLOCK if blocks[a] == blocks[b] else AT_STREET)
            bonds[a][b] = bonds[b][a] = cost
    return bonds


def _chunks(cells: Sequence[Cell]) -> Atoms:
    members: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        members[cell.chunk].append(cell)
    numbers = sorted(members)
    shapes = [shapely.coverage_union_all([cell.shape for cell in members[number]]) for number in numbers]
    bonds = _bonds(shapes, [members[number][0].block for number in numbers])
    return Atoms(
        weight={number: shape.area for number, shape in zip(numbers, shapes, strict=True)},
        centre={number: _middle(shape) for number, shape in zip(numbers, shapes, strict=True)},
        bond={numbers[a]: {numbers[b]: cost for b, cost in near.items()} for a, near in bonds.items()},
        balance=6_000.0,
    )


def _districts(cells: Sequence[Cell], chunks: Atoms) -> dict[int, int]:
    """The district of every chunk: a whole block goes where its middle lies; stray pieces join their neighbours."""
    borders = [to_metres(Polygon(district.border)) for district in DISTRICTS]
    blocks: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        blocks[cell.block].append(cell)
    district: dict[int, int] = {}
    for members in blocks.values():
        point = shapely.coverage_union_all([cell.shape for cell in members]).centroid
        nearest = min(range(len(borders)), key=lambda number: borders[number].distance(point))
        district.update({cell.chunk: nearest for cell in members})
    for number in range(len(borders)):
        inside = {chunk for chunk, where in district.items() if where == number}
        for stray in connected_parts(chunks.bond, inside)[1:]:
            around = [other for chunk in stray for other in chunks.bond[chunk] if other not in inside]
            district.update(dict.fromkeys(stray, district[around[0]]))
    return district


def _communities(chunks: Atoms, street: Sequence[int], code: str) -> list[tuple[list[int], tuple[str, str]]]:
    names = COMMUNITIES[code]
    return list(zip(_read(chunks, split(chunks, street, len(names))), names, strict=True))


def _read(chunks: Atoms, parts: Sequence[list[int]]) -> list[list[int]]:
    """The parts as one reads: from the north down, in a row from the west."""

    def middle(part: Sequence[int]) -> tuple[float, float]:
        ground = sum(chunks.weight[chunk] for chunk in part)
        east = sum(chunks.weight[chunk] * chunks.centre[chunk][0] for chunk in part) / ground
        north = sum(chunks.weight[chunk] * chunks.centre[chunk][1] for chunk in part) / ground
        return (-round(north / 600), east)

    return sorted(parts, key=middle)


def _in_rows(cells: Sequence[Cell], chunks: set[int]) -> list[int]:
    """Numbers of the cells of a community in the order of their codes."""
    inside = [index for index, cell in enumerate(cells) if cell.chunk in chunks]
    return [inside[number] for number in in_rows([cells[index].shape for index in inside])]


USES = ("residential", "commercial", "public", "industrial", "green")
MIX = (0.58, 0.2, 0.13, 0.02, 0.07)
ZONE_MIX = (0.16, 0.26, 0.05, 0.48, 0.05)
OPEN_BLOCK = 300_000.0  # a block this large without a street in it is a park


def _land_uses(
    cells: Sequence[Cell], chunks: Atoms, districts: Mapping[int, int], rng: random.Random
) -> dict[int, str]:
    """Invented land use of every chunk: large blocks are parks, the development zone works, the rest lives."""
    ground: dict[int, float] = defaultdict(float)
    for cell in cells:
        ground[cell.block] += cell.shape.area
    block_of = {cell.chunk: cell.block for cell in cells}
    uses = {}
    for chunk in sorted(chunks.weight):
        drawn = rng.choices(USES, ZONE_MIX if DISTRICTS[districts[chunk]].is_local else MIX)[0]
        uses[chunk] = "green" if ground[block_of[chunk]] > OPEN_BLOCK else drawn
    return uses


def _area_classes(cells: Sequence[Cell], roads: Sequence[Road], uses: Sequence[str]) -> list[int]:
    """Class 1 along main and secondary roads and where there is trade, else class 2."""
    great: list[LineString] = [road.line for road in roads if road.rank <= 2]
    near = set(STRtree(great).query([cell.shape for cell in cells], predicate="dwithin", distance=25)[0].tolist())
    return [1 if number in near or use == "commercial" else 2 for number, use in enumerate(uses)]
