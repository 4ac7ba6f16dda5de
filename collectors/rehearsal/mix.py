"""What is found on the street how often: the class mix of a real city, spread over the catalogue's categories."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

from dispatch.config import ROOT
from dispatch.standard.catalogue import Catalogue, Category

FILE = ROOT / "data" / "standard" / "class_mix.csv"
# The class names of the source and of the catalogue, where they differ (class_mix.md).
NAMES = {
    ("component", "园林绿化"): "园林绿化设施",
    ("component", "道路交通"): "道路交通设施",
    ("component", "市容环境"): "市容环境设施",
    ("component", "其他设施"): "其他部件",
    ("component", "扩展部件"): "其他部件",
    ("event", "扩展事件"): "其他事件",
}


@dataclass(frozen=True, slots=True)
class Mix:
    """Categories to draw from, with the running sums of their weights."""

    categories: tuple[Category, ...]
    sums: tuple[float, ...]

    def draw(self, rng: Random) -> Category:
        """One category, as often as its weight says."""
        return rng.choices(self.categories, cum_weights=self.sums)[0]


def mix_of(catalogue: Catalogue, stock: frozenset[str], file: Path = FILE) -> Mix:
    """The mix for a catalogue; all categories alike where none of the classes is known.

    `stock`: categories of which the city has components. Within a class the first category comes most, the n-th 1/n
    as often. Only categories that can be filed are drawn.
    """
    fileable = {code for code, _ in catalogue.conditions}
    drawable = [c for c in catalogue.categories.values() if c.code in fileable]
    drawable = [c for c in drawable if c.kind != "component" or c.code in stock]
    weights: dict[str, float] = {}
    for kind, name, share in _shares(file):
        found = [c for c in drawable if c.kind == kind and c.class_name == name]
        whole = sum(1 / n for n in range(1, len(found) + 1))
        for n, category in enumerate(found, 1):
            weights[category.code] = weights.get(category.code, 0.0) + share / n / whole
    weights = weights or {c.code: 1.0 for c in drawable}
    chosen = tuple(c for c in drawable if c.code in weights)
    return Mix(chosen, tuple(accumulate(weights[c.code] for c in chosen)))


def events_of(mix: Mix) -> Mix:
    """The same without components: what a caller who knows no component reports."""
    pairs = [
        (c, w - before)
        for c, w, before in zip(mix.categories, mix.sums, (0.0, *mix.sums), strict=False)
        if c.kind != "component"
    ]
    return Mix(tuple(c for c, _ in pairs), tuple(accumulate(w for _, w in pairs))) if pairs else mix


def _shares(file: Path) -> list[tuple[str, str, float]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            (row["kind"], NAMES.get((row["kind"], row["class_name"]), row["class_name"]), float(row["share"]))
            for row in csv.DictReader(lines)
        ]
