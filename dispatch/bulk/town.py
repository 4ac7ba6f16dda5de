"""All that the answer to "who answers here?" rests on, in memory: from a city's folder, or from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.cases.books import Books, books, books_on
from dispatch.cityfile.answers import tree_of_files
from dispatch.cityfile.atlas import atlas_of_files
from dispatch.cityfile.check import check_files
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.read import read as read_folder
from dispatch.cityfile.rows import CategoryRow, CityFiles
from dispatch.config import ROOT
from dispatch.routing.facts import CategoryLike
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.routing.table import Table
from dispatch.standard.catalogue import Category
from dispatch.units.tree import Tree
from gis.atlas import Atlas, atlas_of
from gis.db import ReadTx, read
from gis.ground import Reaches
from gis.locate import TIE_M
from gis.problems import FormIncomplete, NotFound

__all__ = ["DayBook", "Town", "folder_named", "sound_folder", "town_asked", "town_of_database", "town_of_folder"]

NO_RULES = Table(Rulebook("", ()), Tree({}))
DAYS = "SELECT DISTINCT in_force FROM edition ORDER BY in_force"


@dataclass(frozen=True, slots=True)
class DayBook:
    """What decides from a day on, until the next: rules and units, catalogue, and how far is looked."""

    since: date
    table: Table
    categories: Mapping[str, CategoryLike]
    reaches: Reaches


@dataclass(slots=True, kw_only=True)
class Town:
    """`levels`: keys from the top down; `books`: in the order of their days, one at least; `now`: the city's wall time
    that a question without one is about. Levels, time zone and language are the present ones, whatever the day."""

    levels: tuple[str, ...]
    zone: str
    language: str
    atlas: Atlas
    books: Sequence[DayBook]
    now: datetime

    def book(self, day: date) -> DayBook:
        """What decides on a day; before the first, the first's catalogue without any rule."""
        found = next((book for book in reversed(self.books) if book.since <= day), None)
        return found or replace(self.books[0], since=date.min, table=NO_RULES)

    @property
    def categories(self) -> Mapping[str, CategoryLike]:
        """The catalogue in force now."""
        return self.book(self.now.date()).categories


def town_asked(city: str | None) -> Town:
    """The town of a folder of data/cities, without any database; of the loaded city, for None."""
    if city is not None:
        return town_of_folder(folder_named(city))
    with read(heavy=True) as tx:
        return town_of_database(tx, things=True)


def folder_named(name: str) -> Path:
    """A folder under data/cities by its name, or any folder by its path. Raises FormIncomplete."""
    for folder in (ROOT / "data" / "cities" / name, Path(name)):
        if (folder / "city.toml").is_file():
            return folder
    raise FormIncomplete(f"There is no city {name} under data/cities", zh=f"data/cities 下没有城市 {name}")


def sound_folder(folder: Path) -> CityFiles:
    """A folder's rows. Raises FormIncomplete if it has errors."""
    faults = Faults()
    city = read_folder(folder, faults)
    check_files(city, faults)
    if faults.errors:
        raise FormIncomplete(
            f"{folder} has {len(faults.errors)} faults, the first: {faults.errors[0]}; wangge city check lists them",
            zh=f"{folder} 有 {len(faults.errors)} 处错误，第一处：{faults.errors[0]}",
        )
    return city


def town_of_folder(folder: Path) -> Town:
    """What a database with this folder loaded would answer. Raises FormIncomplete if the folder has errors."""
    city = sound_folder(folder)
    document = city.document
    tree = tree_of_files(city)
    return _town(
        document,
        atlas_of_files(city),
        [
            DayBook(
                document["editions"]["rules"]["in_force"],
                Table(rulebook_of(city.rules), tree),
                {row.code: _category(row) for row in city.categories},
                _reaches(document),
            )
        ],
        now=datetime.now(UTC),
    )


def town_of_database(tx: ReadTx, *, things: bool) -> Town:
    """The loaded city. `things`: whether the components are needed."""
    city = books(tx)
    found = [
        DayBook(since, known.table, known.catalogue.categories, _reaches(known.city))
        for since in _days(tx)
        if (known := _books_on(tx, since)) is not None
    ]
    return _town(city.city, atlas_of(tx, things=things), found, now=tx.now)


def _days(tx: ReadTx) -> list[date]:
    """The days on which an edition came into force, or will."""
    return [day for (day,) in tx.connection.execute(DAYS)]


def _books_on(tx: ReadTx, day: date) -> Books | None:
    """None before the city's first books are all there."""
    try:
        return books_on(tx, day)
    except NotFound:
        return None


def _town(document: Mapping[str, Any], atlas: Atlas, found: Sequence[DayBook], *, now: datetime) -> Town:
    """The corridors of every day are looked for on all of them: what lies beyond its own reach decides nothing."""
    look_m = max((book.table.rulebook.look_m for book in found), default=0.0)
    return Town(
        levels=tuple(level["key"] for level in document["levels"]),
        zone=document["time_zone"],
        language=document["languages"][0],
        atlas=atlas,
        books=[replace(book, reaches=book.reaches._replace(look_m=look_m)) for book in found],
        now=now.astimezone(ZoneInfo(document["time_zone"])),
    )


def _reaches(document: Mapping[str, Any]) -> Reaches:
    reach = document["reach"]
    return Reaches(
        reach_m=float(reach["road_m"]), component_m=float(reach["component_m"]), tie_m=float(reach.get("tie_m", TIE_M))
    )


def _category(row: CategoryRow) -> Category:
    return Category(**{name: getattr(row, name) for name in Category.__slots__})
