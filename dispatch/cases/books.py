"""The city's books: every edition a case is decided by, read once and kept until the city is loaded anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.cases.clocks import Keeper
from dispatch.clock.calendar import WorkCalendar
from dispatch.clock.document import calendar_from
from dispatch.clock.limits import Limit, Rule, used
from dispatch.lifecycle.decide import Policy
from dispatch.lifecycle.states import ClockKind
from dispatch.routing.rulebook import Rulebook, rulebook_of
from dispatch.routing.table import Table
from dispatch.routing.words import Names, names_of
from dispatch.standard.catalogue import Catalogue, catalogue_of
from dispatch.units.tree import Tree, tree_of
from gis.db import ReadTx, dicts, value
from gis.problems import Unavailable

Document = Mapping[str, Any]

EDITIONS = """
    SELECT DISTINCT ON (kind) kind, id, name, content
      FROM edition WHERE in_force <= %(day)s ORDER BY kind, in_force DESC, id DESC
"""
UNITS = """
    SELECT u.id, u.name, u.name_en, u.tier, u.parent_id AS parent, u.types, u.terminal, u.platform, u.ranking_group,
           a.level || ':' || a.code AS area
      FROM unit u LEFT JOIN area a ON a.id = u.area_id
     WHERE u.valid_to IS NULL ORDER BY u.id
"""
# Areas down to the last but one level: there may be ten thousands of unit grids, and nobody calls them by name.
COARSE = "SELECT level || ':' || code, name, name_en FROM area WHERE valid_to IS NULL AND finest <> 1"
NEXT = "SELECT min(in_force) FROM edition WHERE in_force > %(day)s"
URGENT = True


@dataclass(frozen=True)
class Books:
    """One version of the city's books. `editions`: kind → id of the edition in force; `names`: kind → its name.

    `until`: when the next edition, published already, comes into force; None if none waits.
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
    stages: dict[tuple[str, bool], Limit]
    time_classes: dict[str, Rule]
    words: Names
    until: datetime | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(str(self.city["time_zone"]))

    @cached_property
    def keeper(self) -> Keeper:
        """Sets the clocks of cases."""
        return Keeper(self.calendar, Decimal(str(self.city.get("policy", {}).get("warn_at", "0.8"))))

    @cached_property
    def levels(self) -> tuple[Document, ...]:
        """The levels of area, from the top down."""
        return tuple(self.city["levels"])

    @cached_property
    def table(self) -> Table:
        """The rulebook in force as a decision table."""
        return Table(self.rulebook, self.tree)

    @cached_property
    def reaches(self) -> dict[str, float]:
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

    def time_class(self, name: str) -> Rule:
        """The rule behind a time class, which the rules themselves also are."""
        return self.time_classes[name]

    def stage_limit(self, kind: ClockKind, *, urgent: bool) -> Limit | None:
        """The limit of a stage; an urgent case falls back on the ordinary one. None: the city sets none."""
        return self.stages.get((kind.value, urgent)) or self.stages.get((kind.value, not URGENT))

    def return_open(self, dispatched_at: datetime | None, at: datetime) -> bool:
        """Whether a return may still be asked: so many working hours after dispatch."""
        if dispatched_at is None:
            return True
        spent = used(dispatched_at, at, Rule.WORK_HOUR, self.calendar)
        return spent.total_seconds() <= self.policy.return_within_hours * 3600


class _Kept:
    """The books this process has read; one version at a time."""

    books: Books | None = None
    lock = Lock()


def books(tx: ReadTx, version: int | None = None, at: datetime | None = None) -> Books:
    """The books of the city's present version. `version`, `at`: the city's version and instant, if just read."""
    wanted = value(tx, "SELECT version FROM city") if version is None else version
    if wanted is None:
        raise Unavailable("No city has been loaded yet: wangge city load DIR", zh="尚未载入城市:wangge city load 目录")
    with _Kept.lock:
        kept = _Kept.books
        if kept is None or kept.version != wanted or (kept.until is not None and (at or tx.now) >= kept.until):
            kept = _Kept.books = _read(tx, wanted)
        return kept


def forget() -> None:
    """Drop what was read: another database is in use now."""
    _Kept.books = None


def _read(tx: ReadTx, version: int) -> Books:
    document = value(tx, "SELECT document FROM city")
    zone = ZoneInfo(document["time_zone"])
    today = tx.now.astimezone(zone).date()
    found = {row["kind"]: row for row in dicts(tx, EDITIONS, day=today)}
    following = value(tx, NEXT, day=today)
    classes = {rule.value: rule for rule in Rule}
    classes |= {name: Rule(row["rule"]) for name, row in document.get("time_classes", {}).items()}
    policy = {k: v for k, v in document.get("policy", {}).items() if k in Policy.__slots__}
    rulebook = rulebook_of(found["rules"]["content"])
    tree, catalogue = tree_of(dicts(tx, UNITS)), catalogue_of(tx, found["catalogue"]["id"])
    return Books(
        version=version,
        city=document,
        editions={kind: row["id"] for kind, row in found.items()},
        names={kind: row["name"] for kind, row in found.items()},
        calendar=calendar_from(found["calendar"]["content"]),
        catalogue=catalogue,
        rulebook=rulebook,
        tree=tree,
        policy=Policy(**policy),
        stages=_stages(found["stages"]["content"], classes),
        time_classes=classes,
        words=names_of(
            document,
            tree=tree,
            categories=catalogue.categories.values(),
            areas=tx.connection.execute(COARSE).fetchall(),
            types=rulebook.types,
        ),
        until=None if following is None else datetime.combine(following, time(0), zone),
    )


def _stages(rows: list[Document], classes: dict[str, Rule]) -> dict[tuple[str, bool], Limit]:
    return {
        (row["stage"], bool(row.get("urgent"))): Limit(Decimal(str(row["limit"])), classes[row["time_class"]])
        for row in rows
    }
