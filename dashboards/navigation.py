"""The ways through the product that stand above every page, each for those who may go it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.people.may import may
from dispatch.people.roles import Permission, Role

__all__ = ["NavItem", "ways_of"]

NAVIGATION: tuple[tuple[str, str, Permission], ...] = (
    ("/console", "console", Permission.SEE_BOARD),
    ("/desk", "inbox", Permission.SEE_INBOX),
    ("/field", "field", Permission.SEE_TASKS),
    ("/field/mine", "mine", Permission.SEE_TASKS),
    ("/cases", "cases", Permission.SEE_CASES),
    ("/ranking", "ranking", Permission.SEE_RANKING),
    ("/analysis", "analysis", Permission.SEE_RANKING),
    ("/integrity", "integrity", Permission.SEE_INTEGRITY),
    ("/map", "map", Permission.SEE_MAP),
    ("/duty", "duty", Permission.SEE_DUTY),
    ("/terminals", "terminals", Permission.SEE_BOARD),
    ("/cards", "cards", Permission.SEE_CASES),
    ("/rules", "rules", Permission.SEE_RULES),
    ("/notices", "notices", Permission.SEE_SYSTEM),
    ("/work", "work", Permission.SEE_SYSTEM),
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
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One way through the product, for the posts the person holds."""

    path: str
    word: str
    here: bool


def ways_of(roles: Iterable[Role], path: str) -> Iterator[tuple[str, str, bool]]:
    """Path, key of its word, and whether the page at `path` belongs to it; in their order."""
    held = frozenset(roles)
    ways = [(way, word) for way, word, needed in NAVIGATION if may(held, needed)]
    belongs = next((way for page, way in WITHIN.items() if path.startswith(page)), path)
    here = max((way for way, _ in ways if belongs.startswith(way)), key=len, default="")
    return ((way, word, way == here) for way, word in ways)
