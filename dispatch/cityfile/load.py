"""A checked city → the database, in one transaction; what did not change is not touched."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from dispatch.audit.trail import Kind, record
from dispatch.cityfile.accounts import Account, keep_passwords, new_accounts
from dispatch.cityfile.editions import OPTIONAL, Edition, editions_of
from dispatch.cityfile.emergency import load_emergency
from dispatch.cityfile.faults import Fault
from dispatch.cityfile.load_people import load_duty_grids, load_people, load_units
from dispatch.cityfile.load_places import load_areas, load_components, load_roads
from dispatch.cityfile.overruled import overruled, upheld
from dispatch.cityfile.rows import CityFiles
from dispatch.cityfile.spots import load_spots
from dispatch.cityfile.terminals import load_terminals
from gis.db import ReadTx, Tx, execute, execute_many, one, read, rows, value, write
from gis.problems import Conflict

__all__ = ["LOCK", "Loaded", "load_files"]

LOCK = 0x57616E67  # advisory: two loads of one database wait for each other
DOCUMENTS = ("calendar", "rules", "stages", "settings", "schemes", "roster", "ladders", "city")
KNOWN = """
    SELECT id, kind, name, in_force, content_hash, CASE kind WHEN 'settings' THEN content END AS content,
           NOT EXISTS (SELECT FROM change_set s WHERE s.edition_id = e.id) AS of_folder
      FROM edition e
"""
Progress = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What a load did. `changes`: rows added, ended or altered by table; empty if the folder said nothing new."""

    city: str
    version: int = 0
    editions: list[str] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    accounts: int = 0
    passwords: Path | None = None
    warnings: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """An edition the database holds. `content`: of settings only; `of_folder`: a load brought it, not a change set."""

    id: int
    kind: str
    name: str
    in_force: date
    content_hash: str
    content: object
    of_folder: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    """An edition of the folder as the database now holds it. `new`: it came with this load."""

    id: int
    name: str
    in_force: date
    new: bool


@dataclass(frozen=True, slots=True)
class _City:
    name: str
    folder: str
    document: object
    version: int


def load_files(city: CityFiles, *, data: Path, progress: Progress) -> Loaded:
    """Take the city whole or not at all.

    Raises Conflict if the database holds another city, or an edition's content changed without a new id.
    """
    editions = editions_of(city)
    with read() as tx:
        known = _logins(tx)
    accounts = new_accounts(city, known, data=data, progress=progress)  # outside: hashing takes long
    done = Loaded(city=str(city.document["name"]))
    with write() as tx:
        # The rows are made ready between the statements: on a busy machine that is more than a stuck handler's bound.
        execute(tx, "SET LOCAL idle_in_transaction_session_timeout = 0")
        execute(tx, "SET LOCAL statement_timeout = 0")
        execute(tx, "SELECT pg_advisory_xact_lock(%(lock)s)", lock=LOCK)
        present = one(tx, _City, "SELECT name, folder, document, version FROM city")
        _refuse_other_city(present, city)
        known = _logins(tx)  # again, behind the lock: another load may have made them meanwhile
        accounts = [account for account in accounts if account.login not in known]
        today = tx.now.astimezone(ZoneInfo(city.document["time_zone"])).date()
        taken = _register(tx, editions, done, today=today)
        _load_rows(tx, city, taken, done, progress=progress)
        _load_persons(tx, city, accounts, done)
        _load_duty(tx, city, taken["duty_grids"], done)
        _finish(tx, city, present, done)
        # Written before the commit: a password that nobody can read any more would lock its owner out.
        done.passwords = keep_passwords(city, accounts, data=data)
    return done


def _logins(tx: ReadTx) -> set[str]:
    return {login for (login,) in tx.connection.execute("SELECT login FROM person")}


def _refuse_other_city(present: _City | None, city: CityFiles) -> None:
    folder = city.folder.resolve().name
    if present is not None and present.folder != folder:
        raise Conflict(
            f"This database holds the city {present.folder}, not {folder}: a city has a database of its own",
            zh=f"此数据库属于城市 {present.folder}，不能载入 {folder}：一城一库",
        )


def _register(tx: Tx, editions: Sequence[Edition], done: Loaded, *, today: date) -> dict[str, _Taken]:
    """Each edition by kind, taken in if it is new. Raises Conflict."""
    known = rows(tx, _Known, KNOWN)
    found: dict[str, _Taken] = {}
    for edition in editions:
        of_kind = [k for k in known if k.kind == edition.kind]
        same = _same(edition, of_kind)
        if same is not None:
            _refuse_changed(edition, same)
            found[edition.kind] = _Taken(same.id, same.name, same.in_force, new=False)
            continue
        named, day = _named(edition, of_kind, found, today)
        _refuse_old_day(edition, of_kind)
        found[edition.kind] = _Taken(_insert_edition(tx, named, day), named.name, day, new=True)
        done.editions.append(f"{edition.kind} {named.name}")
    return found


def _same(edition: Edition, known: Sequence[_Known]) -> _Known | None:
    """The edition as the database holds it: of that name; or, of one without a name, or that was taken in when it had
    none, the latest if it says the same."""
    if edition.name and (of_name := next((k for k in known if k.name == edition.name), None)):
        return of_name
    loaded = [k for k in known if k.of_folder]
    if edition.kind not in OPTIONAL or not loaded:
        return None
    latest = max(loaded, key=lambda k: (k.in_force, k.id))
    says_it = latest.content_hash == edition.content_hash or (
        edition.content is not None and latest.content == json.loads(edition.content)
    )
    return latest if says_it and edition.in_force in (None, latest.in_force) else None


def _named(edition: Edition, known: Sequence[_Known], found: dict[str, _Taken], today: date) -> tuple[Edition, date]:
    """With a name and a day. One without a day comes into force with what is new beside it, else today: never in the
    past, unless it is the city's first."""
    if edition.in_force is not None:
        return edition, edition.in_force
    if not known:
        day = min(taken.in_force for taken in found.values())
    else:
        day = max([today, *(t.in_force for t in found.values() if t.new), *(k.in_force for k in known)])
    return replace(edition, name=f"{edition.kind}-{len(known) + 1}"), day


def _refuse_changed(edition: Edition, known: _Known) -> None:
    if edition.kind == "city" or not edition.name or known.name != edition.name:
        return
    if (known.content_hash, known.in_force) != (edition.content_hash, edition.in_force):
        raise Conflict(
            f"Edition {edition.name} of {edition.kind} is already loaded with other content: what was decided by it "
            f"must stay. Give the change a new id and a later in_force in city.toml, [editions] {edition.kind}",
            zh=f"{edition.kind} 的版本 {edition.name} 已载入，内容不同："
            "请在 city.toml [editions] 中改用新的编号和更晚的生效日期",
        )


def _refuse_old_day(edition: Edition, known: Sequence[_Known]) -> None:
    latest = max((k.in_force for k in known), default=None)
    if latest is not None and edition.in_force and edition.in_force <= latest and edition.kind != "city":
        raise Conflict(
            f"Edition {edition.name} of {edition.kind} is in force from {edition.in_force}, and an earlier one from "
            f"{latest}: a new edition needs a later in_force in city.toml, [editions] {edition.kind}",
            zh=f"{edition.kind} 的新版本 {edition.name} 的生效日期须晚于 {latest}",
        )


def _insert_edition(tx: Tx, edition: Edition, in_force: date) -> int:
    found: int = value(
        tx,
        """INSERT INTO edition (kind, name, in_force, source, content_hash, content)
           VALUES (%(kind)s, %(name)s, %(in_force)s, %(source)s, %(content_hash)s, %(content)s::jsonb) RETURNING id""",
        kind=edition.kind,
        name=edition.name,
        in_force=in_force,
        source=edition.source,
        content_hash=edition.content_hash,
        content=edition.content,
    )
    return found


def _load_rows(tx: Tx, city: CityFiles, taken: dict[str, _Taken], done: Loaded, *, progress: Progress) -> None:
    steps = {
        "catalogue": _load_catalogue,  # first: the map counts components by its classes
        "areas": load_areas,
        "roads": load_roads,
        "components": load_components,
        "units": load_units,
    }
    before = {kind: upheld(tx, city.document, kind, taken[kind].id) for kind in steps if taken[kind].new}
    for kind, step in steps.items():
        if taken[kind].new:
            progress(f"{kind}: {taken[kind].name}")
            done.changes.update(step(tx, city, taken[kind].id, taken[kind].in_force))
            done.warnings += overruled(tx, before[kind], taken[kind].name)
    done.changes.update({kind: 1 for kind in DOCUMENTS if kind in taken and taken[kind].new})


def _load_catalogue(tx: Tx, city: CityFiles, edition_id: int, in_force: date) -> Counter[str]:
    """All rows of a new edition: a catalogue is kept whole for each edition, so that a case can be read by its own."""
    execute_many(
        tx,
        """INSERT INTO category VALUES (%(edition)s, %(code)s, %(position)s, %(kind)s, %(class_code)s, %(class_name)s,
             %(class_name_en)s, %(name)s, %(name_en)s, %(types)s, %(hazard)s, %(by_analogy)s, %(basis)s)""",
        [
            {
                "edition": edition_id,
                "position": position,
                "code": row.code,
                "kind": row.kind,
                "class_code": row.class_code,
                "class_name": row.class_name,
                "class_name_en": row.class_name_en,
                "name": row.name,
                "name_en": row.name_en,
                "types": list(row.types),
                "hazard": row.hazard,
                "by_analogy": row.by_analogy,
                "basis": row.basis,
            }
            for position, row in enumerate(city.categories, start=1)
        ],
    )
    execute_many(
        tx,
        """INSERT INTO filing_condition VALUES (%(edition)s, %(category)s, %(no)s, %(text)s, %(text_en)s, %(limit)s,
             %(time_class)s, %(close_text)s, %(close_text_en)s, %(by_analogy)s, %(basis)s)""",
        [
            {
                "edition": edition_id,
                "category": row.category,
                "no": row.no,
                "text": row.text,
                "text_en": row.text_en,
                "limit": row.limit,
                "time_class": row.time_class or None,
                "close_text": row.close_text,
                "close_text_en": row.close_text_en,
                "by_analogy": row.by_analogy,
                "basis": row.basis,
            }
            for row in city.conditions
        ],
    )
    execute(tx, "SELECT recount_components()")
    return Counter(categories=len(city.categories), conditions=len(city.conditions))


def _load_persons(tx: Tx, city: CityFiles, accounts: Sequence[Account], done: Loaded) -> None:
    done.changes.update(load_people(tx, city, accounts))
    done.changes.update(load_spots(tx, city))
    done.changes.update(load_terminals(tx, city))
    done.changes.update(load_emergency(tx, city))
    done.accounts = len(accounts)


def _load_duty(tx: Tx, city: CityFiles, taken: _Taken, done: Loaded) -> None:
    if taken.new:
        before = upheld(tx, city.document, "duty_grids", taken.id)
        done.changes.update(load_duty_grids(tx, city, taken.id, taken.in_force))
        done.warnings += overruled(tx, before, taken.name)
    done.changes = +done.changes


def _finish(tx: Tx, city: CityFiles, present: _City | None, done: Loaded) -> None:
    document = json.loads(json.dumps(city.document, default=str))
    if present is not None and not done.changes and present.document == document:
        done.version = present.version
        return
    done.version = value(
        tx,
        """INSERT INTO city (name, folder, document, version) VALUES (%(name)s, %(folder)s, %(document)s, 1)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, document = excluded.document, version = city.version + 1
           RETURNING version""",
        name=done.city,
        folder=city.folder.resolve().name,
        document=Jsonb(document),
    )
    detail: dict[str, object] = {"version": done.version, "editions": done.editions, "changes": dict(done.changes)}
    record(tx, Kind.LOAD, object=f"city:{city.folder.resolve().name}", detail=detail)
