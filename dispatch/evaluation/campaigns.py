"""Campaigns 专项整治: classes of matters taken on in an area for some time, counted apart. Data of the city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.cases.books import Books

__all__ = ["Campaign", "campaign_rows", "campaigns_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`classes`: `kind:class`; `area`: `level:code`, None for the whole city; both days are inside."""

    key: str
    name: str
    name_en: str
    classes: tuple[str, ...]
    area: str | None
    first: date
    last: date

    def row(self, zone: ZoneInfo) -> dict[str, Any]:
        """As the statement reads it: days as instants."""
        begins = datetime.combine(self.first, time(), zone)
        ends = datetime.combine(self.last + timedelta(days=1), time(), zone)
        spans = {"since": begins.isoformat(), "until": ends.isoformat()}
        return {"key": self.key, "classes": list(self.classes), "area": self.area, **spans}


def campaigns_of(city: Mapping[str, Any]) -> list[Campaign]:
    """The campaigns that city.toml tells of, in its order."""
    return [
        Campaign(
            key=row["key"],
            name=row["name"],
            name_en=row.get("name_en") or row["name"],
            classes=tuple(row["classes"]),
            area=row.get("area"),
            first=date.fromisoformat(str(row["from"])),
            last=date.fromisoformat(str(row["to"])),
        )
        for row in city.get("campaigns", ())
    ]


def campaign_rows(books: Books) -> list[dict[str, Any]]:
    """All of them as a statement reads them, in the city's order."""
    return [one.row(books.zone) for one in campaigns_of(books.city)]
