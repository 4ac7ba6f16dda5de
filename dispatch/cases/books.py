"""The city's books: every edition a case is decided by, read once and kept until the city is loaded anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from dispatch.cases.clocks import Keeper
from dispatch.cases.precedents import Precedents
from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.document import calendar_from
from dispatch.clock.keyed import LimitTable, limit_table_of
from dispatch.clock.limits import Limit, Rule, TimeClass, used
from dispatch.clock.load import time_classes_from
from dispatch.duty.ladder import Ladders, ladders_of
from dispatch.duty.roster import Roster, roster_of
from dispatch.lifecycle.decide import Policy
from dispatch.lifecycle.respites import respites_of
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.routing.table import Table
from dispatch.routing.words import Names, names_of
from dispatch.standard.catalogue import Catalogue, catalogue_of
from dispatch.units.tree import Tree, tree_of
from gis.db import ReadTx, dicts, value
from gis.locate import Reaches
from gis.problems import NotFound, Unavailable

Document = Mapping[str, Any]

EDITIONS = """
    SELECT DISTINCT ON (kind) kind, id, name, in_force, published_at
      FROM edition WHERE in_force <= %(day)s ORDER BY kind, in_force DESC, id DESC
"""
UNITS = """
    SELECT unit_id AS id, name, name_en, tier, parent_id AS parent, types, area, terminal, platform, ranking_group,
           valid_to IS NOT NULL AND valid_to <= %(day)s AS ended
      FROM units_on(%(day)s) ORDER BY unit_id
"""
# Areas down to the last but one level: there may be ten thousands of unit grids, and nobody calls them by name.
COARSE = """
    SELECT level || ':' || code, name, name_en FROM area
     WHERE finest <> 1 AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s)
"""
FIRST = """
    SELECT max(first) FROM (SELECT min(in_force) AS first FROM edition WHERE kind = ANY(%(kinds)s) GROUP BY kind) k
"""
CONTENT = "SELECT content FROM edition WHERE id = %(id)s"
CATALOGUES = "SELECT id, name FROM edition WHERE kind = 'catalogue'"
LIMITS = "SELECT content FROM edition WHERE kind = 'stages' AND name = %(name)s"
NEXT = "SELECT min(in_force) FROM edition WHERE in_force > %(day)s"
NEEDED = ("calendar", "catalogue", "rules", "stages", "settings", "units")  # without them nothing can be decided
MOST_PAST = 8  # sets of editions of past days kept beside the present one; some megabytes each for a large city


@dataclass(frozen=True)
class Books:
    """The city's books on a day. `editions`: kind → id of the edition in force; `names`: kind → its name;
    `catalogues`: id → name of every edition of the catalogue, for a case keeps the one it was filed by.

    `calendar_since`: when its calendar came into force: its day's midnight, or its publishing where that came later.
    `city`: city.toml as it is, with the settings of that day. `until`: when the next edition, published already, comes
    into force; None if none waits.
    """

    version: int
    city: Document
    editions: dict[str, int]
    names: dict[str, str]
    calendar: WorkCalendar
    catalogue: Catalogue
    rulebook: Rulebook
    tree: Tree
    policy: Policy
    limits: LimitTable
    time_classes: dict[str, TimeClass]
    words: Names
    roster: Roster
    ladders: Ladders
    calendar_since: datetime
    catalogues: Mapping[int, str]
    precedents: Precedents = field(default_factory=Precedents)
    until: datetime | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(str(self.city["time_zone"]))

    @cached_property
    def keeper(self) -> Keeper:
        """Sets the clocks of cases."""
        warn_at = Decimal(str(self.city.get("policy", {}).get("warn_at", "0.8")))
        return Keeper(self.calendar, warn_at, self.editions["calendar"])

    @cached_property
    def levels(self) -> tuple[Document, ...]:
        """The levels of area, from the top down."""
        return tuple(self.city["levels"])

    @cached_property
    def table(self) -> Table:
        """The rulebook in force as a decision table."""
        return Table(self.rulebook, self.tree)

    @cached_property
    def reaches(self) -> Reaches:
        """How far `locate` looks in this city, metres."""
        return {
            "reach_m": self.reach("road_m", 40),
            "component_m": self.reach("component_m", 20),
            "tie_m": self.reach("tie_m", 2),
            "look_m": self.rulebook.look_m,
        }

    def reach(self, name: str, default: float) -> float:
        """A distance or time of `[reach]`."""
        return float(self.city.get("reach", {}).get(name, default))

    def time_class(self, name: str) -> TimeClass:
        """What limits mean by a name: one of the city's time classes or a rule."""
        return self.time_classes[name]

    def limit(self, number: Decimal, time_class: str) -> Limit | None:
        """So much of a time class; None if the city has no such class, or it counts only whole days."""
        found = self.time_classes.get(time_class)
        return Limit(number, *found) if found is not None and found.takes(number) else None

    def return_open(self, dispatched_at: datetime | None, at: datetime) -> bool:
        """Whether a return may still be asked: so many working hours after dispatch."""
        if dispatched_at is None:
            return True
        spent = used(dispatched_at, at, Rule.WORK_HOUR, self.calendar)
        return spent.total_seconds() <= self.policy.return_within_hours * 3600


class _Kept:
    """The books this process has read: of the present, and of some past days by version and set of editions."""

    books: Books | None = None
    past: ClassVar[OrderedDict[tuple[int, tuple[int, ...]], Books]] = OrderedDict()
    lock = Lock()


def books(tx: ReadTx, version: int | None = None, at: datetime | None = None) -> Books:
    """The books in force now. `version`, `at`: the city's version and instant, if just read."""
    wanted = value(tx, "SELECT version FROM city") if version is None else version
    if wanted is None:
        raise Unavailable("No city has been loaded yet: wangge city load DIR", zh="尚未载入城市：wangge city load 目录")
    with _Kept.lock:
        kept = _Kept.books
        if kept is None or kept.version != wanted or (kept.until is not None and (at or tx.now) >= kept.until):
            document = value(tx, "SELECT document FROM city")
            today = tx.now.astimezone(ZoneInfo(document["time_zone"])).date()
            kept = _Kept.books = _read(tx, wanted, document, today, _in_force(tx, today))
        return kept


def books_on(tx: ReadTx, day: date) -> Books:
    """The books as they were in force on a day, past or to come; between two editions every day has the same.

    An edition holds from its day, also where it was published later: what was decided meanwhile keeps its own ids.
    Raises NotFound for a day before the first books.
    """
    present = books(tx)
    found = _in_force(tx, day)
    ids = tuple(sorted(row["id"] for row in found.values()))
    if ids == tuple(sorted(present.editions.values())):
        return present
    with _Kept.lock:
        kept = _Kept.past.pop((present.version, ids), None)
        if kept is None:
            document = value(tx, "SELECT document FROM city")
            kept = _read(tx, present.version, document, day, found)
        _Kept.past[present.version, ids] = kept
        while len(_Kept.past) > MOST_PAST:
            _Kept.past.popitem(last=False)
        return kept


def books_then(tx: ReadTx, until: datetime) -> Books:
    """The books of the last day before an instant, for figures that end there; of a day before the first books, which
    only a case taken over from another system can be of, the present ones."""
    present = books(tx)
    try:
        return books_on(tx, (until - timedelta(seconds=1)).astimezone(present.zone).date())
    except NotFound:
        return present


def calendar_edition(tx: ReadTx, id: int) -> WorkCalendar:
    """A calendar by its edition, in force or not: what some due time was counted by."""
    return calendar_from(value(tx, CONTENT, id=id))


def limits_edition(tx: ReadTx, name: str) -> list[Document]:
    """The rows of an edition of the city's limits, in force or not; none if there is no such edition."""
    found: list[Document] | None = value(tx, LIMITS, name=name)
    return found or []


def forget() -> None:
    """Drop what was read: another database is in use now."""
    _Kept.books = None
    _Kept.past.clear()


def _in_force(tx: ReadTx, day: date) -> dict[str, dict[str, Any]]:
    """Kind → its edition on that day. Raises NotFound if one is missing."""
    found = {row["kind"]: row for row in dicts(tx, EDITIONS, day=day)}
    if not found.keys() >= {*NEEDED}:
        first = value(tx, FIRST, kinds=list(NEEDED))
        raise NotFound(
            f"The city's books begin on {first}; of {day} nothing is known", zh=f"城市资料自 {first} 起；{day} 没有资料"
        )
    return found


def _read(tx: ReadTx, version: int, document: Document, day: date, found: dict[str, dict[str, Any]]) -> Books:
    city = {**document, **value(tx, CONTENT, id=found["settings"]["id"])}
    following = value(tx, NEXT, day=day)
    classes = time_classes_from(city.get("time_classes", {}))
    policy = {k: v for k, v in city.get("policy", {}).items() if k in Policy.__slots__}
    rulebook = rulebook_of(value(tx, CONTENT, id=found["rules"]["id"]))
    tree, catalogue = tree_of(dicts(tx, UNITS, day=day)), catalogue_of(tx, found["catalogue"]["id"])
    return Books(
        version=version,
        city=city,
        editions={kind: row["id"] for kind, row in found.items()},
        names={kind: row["name"] for kind, row in found.items()},
        calendar=calendar_from(value(tx, CONTENT, id=found["calendar"]["id"])),
        calendar_since=max(_midnight(found["calendar"]["in_force"], city), found["calendar"]["published_at"]),
        catalogue=catalogue,
        rulebook=rulebook,
        tree=tree,
        policy=Policy(**policy, respites=respites_of(city.get("respites", {}))),
        limits=limit_table_of(value(tx, CONTENT, id=found["stages"]["id"]), classes),
        time_classes=classes,
        roster=roster_of(_content(tx, found, "roster")),
        ladders=ladders_of(_content(tx, found, "ladders")),
        catalogues={row["id"]: row["name"] for row in dicts(tx, CATALOGUES)},
        words=names_of(
            city,
            tree=tree,
            categories=catalogue.categories.values(),
            areas=tx.connection.execute(COARSE, {"day": day}).fetchall(),
            types=rulebook.types,
        ),
        until=None if following is None else _midnight(following, city),
    )


def _content(tx: ReadTx, found: dict[str, dict[str, Any]], kind: str) -> Document | None:
    """The document of an edition that a city may do without."""
    return value(tx, CONTENT, id=found[kind]["id"]) if kind in found else None


def _midnight(day: date, city: Document) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(city["time_zone"]))
