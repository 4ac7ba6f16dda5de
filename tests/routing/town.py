"""A made-up town for routing: two districts, one street each, bureaus for the whole town, and its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.routing.facts import Facts
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.units.tree import Tree, Unit
from gis.locate import Component, Place, Road

EAST = ("district:01", "street:01001", "grid:01001001")
WEST = ("district:02", "street:02001", "grid:02001001")

TREE = Tree(
    {
        unit.id: unit
        for unit in (
            Unit(id="utilities", name="市政局", name_en="Utilities", tier=1, types=("municipal",)),
            Unit(id="water", name="供水公司", name_en="Water", tier=1, types=("water_supply",)),
            Unit(id="gas", name="燃气公司", name_en="Gas", tier=1, types=("gas",)),
            Unit(id="lamps-1", name="路灯一所", name_en="Lamps 1", tier=1, types=("lamps",)),
            Unit(id="lamps-2", name="路灯二所", name_en="Lamps 2", tier=1, types=("lamps",)),
            Unit(id="east", name="东区平台", name_en="East", tier=2, area="district:01", platform=True),
            Unit(id="west", name="西区平台", name_en="West", tier=2, area="district:02", platform=True),
            Unit(
                id="east-order", name="东区执法队", name_en="East order", tier=2, parent="east", types=("order",),
                area="district:01",
            ),
            Unit(id="street-01", name="东街道", name_en="East street", tier=3, parent="east", area="street:01001"),
        )
    }
)  # fmt: skip


def rule(no: str, rank: int, to: str, **when: Any) -> dict[str, Any]:
    """A row of `rules.toml`; `class_` stands for the clause `class`, `season` for `from` and `until`."""
    clauses = {clause.rstrip("_"): wanted for clause, wanted in when.items()}
    if "season" in clauses:
        clauses["from"], clauses["until"] = clauses.pop("season")
    return {
        "no": no,
        "rank": rank,
        "when": clauses,
        "to": to,
        "reason": f"{no}的理由",
        "reason_en": f"reason of {no}",
        "source": f"article {no}",
    }


RULES = [
    rule("R-1", 10, "type:water_supply", category=["E0505"]),
    rule("R-2", 20, "owner", kind="component", owner=True),
    rule("R-3", 30, "type:municipal", type="municipal", road=["main", "secondary"]),
    rule("R-4", 30, "territory:district", type="municipal", road=["branch", "alley", "none"]),
    rule("R-5", 40, "territory:district:order", type="order"),
    rule("R-6", 40, "territory:street", class_=["event:06"]),
    rule("R-7", 50, "type:lamps", types=["lamps"]),
    rule("R-8", 60, "unit:gas", area=["street:02001"], kind=["event"]),
]


def book(*rows: dict[str, Any]) -> Rulebook:
    """A rulebook of these rows, or of the town's own."""
    return rulebook_of({"edition": "town-1", "source": "invented", "rule": list(rows or RULES)})


def facts(**more: Any) -> Facts:
    """A manhole cover in the east on a main road, nobody's, unless told otherwise."""
    given = {"category": "C0101", "kind": "component", "category_class": "component:01", "types": ("municipal",)}
    return Facts(**{**given, "road": "main", "areas": EAST, **more})


def road(road_class: str, dx: float, dy: float, *, name: str = "") -> Road:
    """A road whose nearest point lies `dx`, `dy` metres from the fix."""
    metres = (dx**2 + dy**2) ** 0.5
    return Road(id=1, code="r", road_class=road_class, name=name, name_en=name, metres=metres, dx=dx, dy=dy)


def component(code: str, dx: float, dy: float, *, owner: str | None = None) -> Component:
    """A component `dx`, `dy` metres from the fix."""
    return Component(
        code=code, category="C0101", owner=owner, maintainer=None, supervisor=None, metres=(dx**2 + dy**2) ** 0.5,
        dx=dx, dy=dy,
    )  # fmt: skip


def place(
    *roads: Road,
    accuracy_m: float | None = None,
    areas: tuple[str, ...] = EAST,
    near: tuple[tuple[str, ...], ...] = (),
    things: tuple[Component, ...] = (),
) -> Place:
    """A fix with these roads about it, the nearest first."""
    nearest = roads[0] if roads and roads[0].metres <= 40 else None
    meant = things[0] if things and things[0].metres <= 20 else None
    return Place(
        lon=114.0,
        lat=22.5,
        accuracy_m=accuracy_m,
        area_id=1 if areas else None,
        area_path=tuple(range(1, len(areas) + 1)),
        area_codes=areas,
        area_names=areas,
        area_names_en=areas,
        area_class=None,
        duty_grid=None,
        road_id=nearest.id if nearest else None,
        road_class=nearest.road_class if nearest else "none",
        road_name=nearest.name if nearest else "",
        road_name_en=nearest.name_en if nearest else "",
        road_m=nearest.metres if nearest else None,
        by_name=False,
        near_roads=roads,
        near_paths=near,
        component=meant,
        near_components=things[1:] if meant else things,
        reach_m=40,
        component_m=20,
    )


@dataclass(frozen=True)
class Category:
    """A row of the catalogue."""

    code: str = "C0101"
    kind: str = "component"
    class_code: str = "01"
    types: tuple[str, ...] = field(default=("municipal",))


COVER = Category()
SNOW = Category(code="E0505", kind="event", class_code="05", types=("water_supply",))
