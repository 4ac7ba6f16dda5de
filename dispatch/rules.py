"""`wangge rules lint`: what is wrong with the rules of a folder, or of the loaded city, wherever they may hold."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.cases.books import Books, books
from dispatch.cityfile.answers import check_rules, lint_files
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.ground import Ground, domain_of
from dispatch.cityfile.read import read as read_folder
from dispatch.cityfile.settings import check_document
from dispatch.command import Command, print_table
from dispatch.routing.domain import Domain
from dispatch.routing.facts import NO_ROAD, Corridor
from dispatch.routing.lint import Finding, lint
from dispatch.routing.rulebook import Rulebook
from dispatch.routing.table import Table
from gis.db import ReadTx, read, value

__all__ = ["document_of", "findings_of", "ground_of", "lint_command", "outline"]

Shapes = Mapping[str, BaseGeometry]
DRAWN_TO = 1e-5  # degrees, a metre: finer than any map of the whole shows
# Areas of the day, with whether the border is another than before the rules came in.
AREAS = """
    SELECT a.id, a.level || ':' || a.code, a.path, a.finest, ST_AsBinary(a.geom),
           a.valid_from > %(since)s AND EXISTS (
             SELECT FROM area b WHERE b.level = a.level AND b.code = a.code AND b.valid_to <= a.valid_from
                AND b.valid_to > %(since)s AND NOT ST_Equals(a.geom, b.geom))
      FROM area a
     WHERE a.valid_from <= %(on)s AND (a.valid_to IS NULL OR a.valid_to > %(on)s)
     ORDER BY a.depth, a.code
"""
ROADS = """
    SELECT class, name, ST_AsBinary(coalesce(counts, geom)) FROM road
     WHERE valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s) ORDER BY code
"""
# A census has many components of one category and the same parties in a grid; what is to know of them is few.
COMPONENTS = """
    SELECT category, ST_X(geom), ST_Y(geom), owner, maintainer, supervisor FROM component
     WHERE valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s) ORDER BY code
"""


def ground_of(tx: ReadTx, city: Books, *, on: date | None = None) -> Ground:
    """The loaded city's ground on the day `on` (today)."""
    day = on or tx.now.astimezone(city.zone).date()
    since = value(tx, "SELECT in_force FROM edition WHERE id = %(id)s", id=city.editions["rules"])
    areas = tx.connection.execute(AREAS, {"on": day, "since": since}).fetchall()
    words = {area_id: word for area_id, word, *_ in areas}
    shapes = {word: shapely.from_wkb(geom) for _, word, _, _, geom, _ in areas}
    lon, lat = city.city["centre"]
    roads = [(kind, name, shapely.from_wkb(geom)) for kind, name, geom in tx.connection.execute(ROADS, {"on": day})]
    return Ground(
        centre=(float(lon), float(lat)),
        categories=tuple(city.catalogue.categories.values()),
        areas=[(tuple(words[up] for up in path), shapes[word]) for _, word, path, finest, *_ in areas if finest == 1],
        roads=roads,
        components=tx.connection.execute(COMPONENTS, {"on": day}).fetchall(),
        road_m=city.reach("road_m", 40),
        component_m=city.reach("component_m", 20),
        shapes=shapes,
        words=_words(city, frozenset(shapes), frozenset(name for _, name, _ in roads)),
        moved=frozenset(word for _, word, *_, moved in areas if moved),
    )


def _words(city: Books, areas: frozenset[str], roads: frozenset[str]) -> dict[str, frozenset[str]]:
    """Clause → every word there is for it in the loaded city."""
    categories = city.catalogue.categories.values()
    types = frozenset(kind for category in categories for kind in category.types)
    return {
        "kind": frozenset(category.kind for category in categories),
        "class": frozenset(f"{category.kind}:{category.class_code}" for category in categories),
        "category": frozenset(city.catalogue.categories),
        "type": types,
        "types": types,
        "road": frozenset({*city.city["road_classes"], NO_ROAD}),
        "road_name": roads,
        "area": areas,
        "owner": frozenset(city.tree.units),
        "level": frozenset(str(level["key"]) for level in city.levels),
    }


def findings_of(tx: ReadTx, city: Books, rulebook: Rulebook | None = None) -> tuple[list[Finding], Shapes]:
    """The findings of a rulebook (the one in force) over the loaded city, and the areas' shapes in degrees."""
    book = rulebook or city.rulebook
    domain = _domain(tx, city, book)
    return lint(Table(book, city.tree), domain), domain.shapes


class _Kept:
    """The last domain made: a draft is looked at again and again over the same ground."""

    city: Books | None = None
    key: tuple[date, tuple[Corridor, ...]] | None = None
    domain: Domain | None = None
    lock = Lock()


def _domain(tx: ReadTx, city: Books, book: Rulebook) -> Domain:
    """The classes of place of today's ground. The books are read anew whenever the ground changes."""
    day = tx.now.astimezone(city.zone).date()
    key = (day, book.corridors)
    with _Kept.lock:
        if _Kept.domain is None or _Kept.city is not city or _Kept.key != key:
            _Kept.domain = domain_of(ground_of(tx, city, on=day), book.corridors)
            _Kept.city, _Kept.key = city, key
        return _Kept.domain


def document_of(found: Finding, shapes: Shapes) -> dict[str, Any]:
    """The finding with its areas as polygons, a GeoJSON FeatureCollection."""
    features = [
        {"type": "Feature", "properties": {"area": area}, "geometry": shapely.geometry.mapping(shapes[area])}
        for area in found.areas
        if area in shapes
    ]
    return {
        "severity": "error" if found.severe else "warning",
        **asdict(found),
        "polygons": {"type": "FeatureCollection", "features": features},
    }


def outline(found: Finding, shapes: Shapes) -> dict[str, Any] | None:
    """The finding's areas as one GeoJSON geometry in degrees, to be drawn small; None if it has no place."""
    known = [shapes[area] for area in found.areas if area in shapes]
    if not known:
        return None
    whole = shapely.simplify(shapely.union_all(known), DRAWN_TO)
    return dict(shapely.geometry.mapping(whole))


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", type=Path, nargs="?", help="a city's folder (default: the loaded city)"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON, with polygons")


def _run(arguments: Namespace) -> int:
    """0 if nothing severe is found, 1 if something is, 2 if the folder cannot be linted."""
    if arguments.folder is None:
        with read(heavy=True) as tx:
            found, shapes = findings_of(tx, books(tx))
    elif (read_off := _of_folder(arguments.folder)) is None:
        return 2
    else:
        found, shapes = read_off
    if arguments.json:
        documents = [document_of(one, shapes) for one in found]
        print_table(documents, list(documents[0]) if documents else [], json=True)
    elif found:
        _print(found)
    severe = sum(one.severe for one in found)
    sys.stderr.write(f"{severe} errors, {len(found) - severe} warnings\n")
    return 1 if severe else 0


def _of_folder(folder: Path) -> tuple[list[Finding], Shapes] | None:
    """None, with the reason on standard error, if the folder is not sound enough for its rules to be looked at."""
    faults = Faults()
    if not folder.is_dir():
        sys.stderr.write(f"wangge rules lint: {folder} is not a folder\n")
        return None
    city = read_folder(folder, faults)
    if check_document(city.document, faults):
        check_rules(city, faults)
    for fault in faults.errors:
        sys.stderr.write(f"{fault}\n")
    if faults.errors:
        return None
    found, domain = lint_files(city)
    return found, domain.shapes


def _print(found: Sequence[Finding]) -> None:
    columns = ("kind", "rules", "categories", "cell", "areas", "what")
    print_table(
        (
            {
                "kind": one.kind,
                "rules": _few(one.rules),
                "categories": _few(one.categories),
                "cell": "; ".join(f"{fact} {_few(values)}" for fact, values in one.cell.items()) or None,
                "areas": _few(one.areas),
                "what": f"{one.words} | {one.words_en}",
            }
            for one in found
        ),
        columns,
    )


def _few(names: Sequence[str], most: int = 4) -> str | None:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}" if names else None


lint_command = Command(
    name="lint",
    help="find gaps, ties, rules that never decide and units without the power, over every place that exists",
    add_arguments=_add_arguments,
    run=_run,
    description="Goes through every class of place of a city: its areas, the roads within reach of each, the owners of "
    "components there, and the hours and seasons that rules ask for. Exit code 0: nothing severe; 1: a gap, a unit "
    "without the power, or a rule that names what is not there; 2: the folder cannot be read.",
)
