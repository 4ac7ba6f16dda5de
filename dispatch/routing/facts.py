"""What routing may look at, and nothing else."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

NO_ROAD = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`road`: class of the nearest road within the city's reach, or "none"; `areas`: "level:code" from the top down.

    `category_class`: "kind:class", e.g. "component:01"; the units are those of the known component.
    """

    category: str
    kind: str
    category_class: str
    types: tuple[str, ...]
    road: str = NO_ROAD
    areas: tuple[str, ...] = ()
    owner: str | None = None
    maintainer: str | None = None
    supervisor: str | None = None

    @property
    def type(self) -> str | None:
        """The first responsible type that is a trade and not just "whoever owns it"."""
        return next((t for t in self.types if t != "asset_owner"), None)

    def document(self) -> dict[str, Any]:
        """As stored with a routing; empty facts are left out."""
        return {name: given for name, given in asdict(self).items() if given not in (None, (), "")}
