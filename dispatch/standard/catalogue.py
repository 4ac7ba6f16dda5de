"""Categories with their filing conditions, as one edition of the catalogue has them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from gis.db import ReadTx, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A subclass (小类). `types`: who is responsible, the first answers first; `by_analogy`: limits set here, not
    by a city."""

    code: str
    kind: str
    class_code: str
    class_name: str
    class_name_en: str
    name: str
    name_en: str
    types: tuple[str, ...]
    hazard: bool
    by_analogy: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", tuple(self.types))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A filing condition (立案条件) with its limit (a number of its time class; empty: no limit) and closing
    condition."""

    category: str
    no: int
    text: str
    text_en: str
    limit_value: Decimal | None
    time_class: str | None
    close_text: str
    close_text_en: str
    by_analogy: bool


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """One edition, whole, in the order of its file."""

    edition: int
    categories: dict[str, Category]
    conditions: dict[tuple[str, int], Condition]

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Every responsible type that a category names."""
        return tuple(sorted({type_ for category in self.categories.values() for type_ in category.types}))

    @cached_property
    def classes(self) -> dict[str, Category]:
        """`kind:class` → the first of its categories, which bears the class's name."""
        found: dict[str, Category] = {}
        for category in self.categories.values():
            found.setdefault(f"{category.kind}:{category.class_code}", category)
        return found

    def conditions_of(self, category: str) -> list[Condition]:
        """The filing conditions of a category, by number."""
        return [c for (code, _), c in self.conditions.items() if code == category]


CATEGORIES = """
    SELECT code, kind, class_code, class_name, class_name_en, name, name_en, types, hazard, by_analogy
      FROM category WHERE edition_id = %(edition)s ORDER BY position
"""
CONDITIONS = """
    SELECT category, no, text, text_en, limit_value, time_class, close_text, close_text_en, by_analogy
      FROM filing_condition WHERE edition_id = %(edition)s ORDER BY category, no
"""


def catalogue_of(tx: ReadTx, edition: int) -> Catalogue:
    """Read one edition (about 1,000 rows)."""
    found = rows(tx, Category, CATEGORIES, edition=edition)
    conditions = rows(tx, Condition, CONDITIONS, edition=edition)
    return Catalogue(
        edition=edition,
        categories={c.code: c for c in found},
        conditions={(c.category, c.no): c for c in conditions},
    )
