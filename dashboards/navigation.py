"""The ways through the product that stand above every page, each for those who may go it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.people.may import may
from dispatch.people.roles import Permission, Role

__all__ = ["FEW", "NAVIGATION", "WITHIN", "Group", "NavItem", "ways_of"]

Ways = tuple[tuple[str, str, Permission], ...]
FEW = 6  # ways that need no groups
# Ways that stand by themselves, then groups by the question that leads to them.
NAVIGATION: tuple[tuple[str, Ways], ...] = (
    ("", (("/console", "console", Permission.SEE_BOARD),)),
    ("", (("/desk", "inbox", Permission.SEE_INBOX),)),
    ("", (("/field", "field", Permission.SEE_TASKS),)),
    ("", (("/field/mine", "mine", Permission.SEE_TASKS),)),
    ("", (("/cases", "cases", Permission.SEE_CASES),)),
    ("", (("/map", "map", Permission.SEE_MAP),)),
    (
        "how_well",
        (
            ("/ranking", "ranking", Permission.SEE_RANKING),
            ("/analysis", "analysis", Permission.SEE_RANKING),
            ("/cards", "cards", Permission.SEE_CASES),
            ("/integrity", "integrity", Permission.SEE_INTEGRITY),
        ),
    ),
    (
        "who_is_there",
        (
            ("/duty", "duty", Permission.SEE_DUTY),
            ("/emergency", "emergency", Permission.SEE_DUTY),
            ("/terminals", "terminals", Permission.SEE_BOARD),
        ),
    ),
    ("", (("/rules", "rules", Permission.SEE_RULES),)),
    (
        "system",
        (
            ("/notices", "notices", Permission.SEE_SYSTEM),
            ("/work", "work", Permission.SEE_SYSTEM),
            ("/calendar", "calendar", Permission.SEE_SYSTEM),
        ),
    ),
    ("", (("/people", "people", Permission.MANAGE_PEOPLE),)),
    ("", (("/audit", "audit", Permission.SEE_AUDIT),)),
)
# Pages that are reached from one of the ways above, and belong to it.
WITHIN = {
    "/suspended": "/cases",
    "/bulletins": "/ranking",
    "/settlements": "/ranking",
    "/schemes": "/ranking",
    "/measures": "/ranking",
    "/ledger": "/ranking",
    "/who": "/rules",
    "/rulings": "/rules",
    "/owners": "/rules",
    "/limits": "/rules",
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One way through the product, for the posts the person holds."""

    path: str
    word: str
    here: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Ways that belong together; `word` is empty where one stands by itself."""

    word: str
    ways: tuple[NavItem, ...]

    @property
    def here(self) -> bool:
        """Whether the page belongs to one of them."""
        return any(way.here for way in self.ways)


def ways_of(roles: Iterable[Role], path: str) -> Iterator[Group]:
    """The groups in their order, with the keys of their words. A single way stands by itself; where ways are few, all
    do."""
    held = frozenset(roles)
    groups = [(name, [(way, word) for way, word, needed in ways if may(held, needed)]) for name, ways in NAVIGATION]
    belongs = next((way for page, way in WITHIN.items() if path.startswith(page)), path)
    here = max((way for _, ways in groups for way, _ in ways if belongs.startswith(way)), key=len, default="")
    flat = sum(len(ways) for _, ways in groups) <= FEW
    for name, ways in groups:
        items = tuple(NavItem(way, word, way == here) for way, word in ways)
        if flat or len(items) == 1:
            yield from (Group("", (item,)) for item in items)
        elif items:
            yield Group(name, items)
