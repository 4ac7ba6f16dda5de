"""Contiguous, balanced parts of a map: streets of a district, communities of a street, duty grids of a community."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

__all__ = ["Atoms", "connected_parts", "split"]

ANGLES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """What is shared out: a weight and a centre (metres) for each, and what it costs to part two neighbours.

    `balance` says how dear an uneven share is beside a long boundary.
    """

    weight: Mapping[int, float]
    centre: Mapping[int, tuple[float, float]]
    bond: Mapping[int, Mapping[int, float]]
    balance: float


def split(atoms: Atoms, members: Sequence[int], count: int) -> list[list[int]]:
    """The members in `count` contiguous parts of about equal weight. The members must be contiguous themselves."""
    if count == 1:
        return [sorted(members)]
    first_count = count // 2
    choices = [
        _halves(atoms, members, angle=step * math.pi / ANGLES, share=first_count / count) for step in range(ANGLES)
    ]
    first = min(choices, key=lambda half: _cost(atoms, members, half, share=first_count / count))
    second = sorted(set(members) - set(first))
    return split(atoms, first, first_count) + split(atoms, second, count - first_count)


def connected_parts(bond: Mapping[int, Mapping[int, float]], members: Set[int]) -> list[list[int]]:
    """The members in contiguous pieces, the largest first."""
    left, parts = set(members), []
    while left:
        queue = [min(left)]
        left.discard(queue[0])
        for atom in queue:
            near = sorted(left & bond[atom].keys())
            queue.extend(near)
            left.difference_update(near)
        parts.append(sorted(queue))
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _halves(atoms: Atoms, members: Sequence[int], *, angle: float, share: float) -> list[int]:
    """The first part of a sweep in one direction, mended so that both parts are contiguous."""
    east, north = math.cos(angle), math.sin(angle)
    order = sorted(members, key=lambda atom: (east * atoms.centre[atom][0] + north * atoms.centre[atom][1], atom))
    goal, taken, first = share * sum(atoms.weight[atom] for atom in members), 0.0, set[int]()
    for atom in order[:-1]:
        if first and taken + atoms.weight[atom] / 2 > goal:
            break
        first.add(atom)
        taken += atoms.weight[atom]
    first = set(_largest(atoms, connected_parts(atoms.bond, first)))
    second = set(_largest(atoms, connected_parts(atoms.bond, set(members) - first)))
    return sorted(set(members) - second)


def _largest(atoms: Atoms, parts: Sequence[Sequence[int]]) -> Sequence[int]:
    return max(parts, key=lambda part: (sum(atoms.weight[atom] for atom in part), -part[0]))


def _cost(atoms: Atoms, members: Sequence[int], first: Sequence[int], *, share: float) -> tuple[float, int]:
    inside, whole = set(first), sum(atoms.weight[atom] for atom in members)
    cut = sum(
        cost
        for atom in first
        for other, cost in atoms.bond[atom].items()
        if other in atoms.weight and other not in inside
    )
    taken = sum(atoms.weight[atom] for atom in first)
    return cut + atoms.balance * abs(taken / whole - share), first[0]
