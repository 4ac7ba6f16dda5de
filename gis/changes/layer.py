"""What a layer is: its kind, the columns a row has besides code and shape, and its level among the areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gis.problems import NotFound

__all__ = ["DUTY_GRIDS", "ROADS", "Layer", "layer_of", "layers_of"]

AREA_COLUMNS = ("name", "name_en", "parent", "area_class", "land_use", "is_local")
ROAD_COLUMNS = ("name", "name_en", "class", "trims")
DUTY_COLUMNS = ("name", "grids", "inspectors")
COMPONENT_COLUMNS = ("category", "name", "supervisor", "owner", "maintainer", "state", "accuracy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """`key`: a level's key, "roads", "components" or "duty_grids"; `kind`: of edition; `depth`: of areas, top is 1."""

    key: str
    kind: str
    columns: tuple[str, ...]
    shapes: tuple[str, ...]
    code: str = ""
    prefix: bool = False
    depth: int = 0
    above: str = ""
    below: str = ""

    @property
    def is_area(self) -> bool:
        """Whether it is a level of area."""
        return self.depth > 0

    @property
    def is_finest(self) -> bool:
        """Whether places are found in it: its codes are never used again."""
        return self.is_area and not self.below


POLYGONS = ("Polygon", "MultiPolygon")
ROADS = Layer(key="roads", kind="roads", columns=ROAD_COLUMNS, shapes=("LineString",))
DUTY_GRIDS = Layer(key="duty_grids", kind="duty_grids", columns=DUTY_COLUMNS, shapes=POLYGONS)


def layers_of(document: Mapping[str, Any]) -> dict[str, Layer]:
    """Every layer of a city by its key, areas from the top down. `document`: its city.toml."""
    levels = document["levels"]
    keys = ["", *(str(level["key"]) for level in levels), ""]
    areas = {
        level["key"]: Layer(
            key=level["key"],
            kind="areas",
            columns=AREA_COLUMNS,
            shapes=POLYGONS,
            code=level["code"],
            prefix=bool(level.get("prefix")),
            depth=depth,
            above=keys[depth - 1],
            below=keys[depth + 1],
        )
        for depth, level in enumerate(levels, start=1)
    }
    return areas | {"roads": ROADS, "components": _components(document), "duty_grids": DUTY_GRIDS}


def layer_of(document: Mapping[str, Any], key: str) -> Layer:
    """The layer of that key. Raises NotFound, which names those there are."""
    found = layers_of(document)
    if key not in found:
        raise NotFound(
            f"There is no layer {key}; this city has {', '.join(found)}", zh=f"没有图层 {key}；可用：{'、'.join(found)}"
        )
    return found[key]


def _components(document: Mapping[str, Any]) -> Layer:
    pattern = str(document.get("component_code", {}).get("pattern", ""))
    return Layer(key="components", kind="components", columns=COMPONENT_COLUMNS, shapes=("Point",), code=pattern)
