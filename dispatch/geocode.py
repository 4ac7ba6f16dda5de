"""`wangge geocode` and GET /api/v1/geocode: where is it that somebody speaks of; and how would one call this point?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from threading import Lock
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from dispatch.bulk.addresses import Addresses
from dispatch.bulk.stream import stream, told
from dispatch.bulk.town import folder_named, sound_folder
from dispatch.cases.books import books
from dispatch.cityfile.spots import gazetteer_of_files
from dispatch.command import Command, print_table
from dispatch.people.roles import Permission
from dispatch.people.who import Signed, needs
from gis.crs import DATUMS, to_store
from gis.db import ReadTx, read
from gis.gazetteer import Gazetteer, gazetteer_of
from gis.geocode import find
from gis.problems import FormIncomplete
from gis.reverse import Address, address_of

__all__ = ["command", "gazetteer", "router"]

router = APIRouter(prefix="/api/v1", tags=["places"])
COLUMNS = ("score", "kind", "name", "name_en", "lon", "lat")


class _Kept:
    """The names this process has read: of one version of one city."""

    version: int = 0
    centre: tuple[float, float] = (0.0, 0.0)
    names: Gazetteer | None = None
    lock = Lock()


def gazetteer(tx: ReadTx) -> Gazetteer:
    """The names of the loaded city; read once for each of its versions."""
    city = books(tx)
    lon, lat = city.city["centre"]
    with _Kept.lock:
        if _Kept.names is None or (_Kept.version, _Kept.centre) != (city.version, (lon, lat)):
            _Kept.names, _Kept.version, _Kept.centre = gazetteer_of(tx, (lon, lat)), city.version, (lon, lat)
        return _Kept.names


def forget() -> None:
    """Drop what was read: another database is in use now."""
    _Kept.names = None


@router.get("/geocode", **needs(Permission.SEE_MAP))
def get_geocode(
    me: Signed,
    text: Annotated[str, Query(max_length=200)] = "",
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(gt=-90, lt=90)] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Response:
    """The meanings of `text`, the likeliest first; or, for `lon` and `lat`, what one would call that point."""
    if not text.strip() and (lon is None or lat is None):
        raise FormIncomplete(
            "Give a text, or a longitude and a latitude", zh="请给出文字，或经度和纬度", fields={"text": "needed"}
        )
    with me.read() as tx:
        names = gazetteer(tx)
        reach_m = books(tx).reach("road_m", 40)
    found: dict[str, Any] = {"items": [asdict(one) for one in find(names, text, limit=limit)]}
    if lon is not None and lat is not None:
        found["address"] = _document(address_of(names, lon, lat, reach_m=reach_m))
    return Response(orjson.dumps(found), media_type="application/json")


def _document(address: Address) -> dict[str, Any]:
    return asdict(address) | {"words": address.words, "words_en": address.words_en}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", metavar="TEXT", help="what somebody says: 红荔路与华富路口, hll, 12 Main St")
    parser.add_argument("--reverse", nargs=2, type=float, metavar=("LON", "LAT"), help="what one would call a point")
    parser.add_argument("--in", dest="source", metavar="CSV", help="for each row of a file: id,text or id,lon,lat")
    parser.add_argument("--out", dest="target", metavar="CSV", default="-", help="with --in: where to (default: -)")
    parser.add_argument("--city", metavar="NAME", help="a folder of data/cities, without any database")
    parser.add_argument("--crs", choices=DATUMS, default="wgs84", help="datum of LON and LAT (default: wgs84)")
    parser.add_argument("--json", action="store_true", help="print as JSON; with --in one object a line")


def _run(arguments: Namespace) -> int:
    """0 if something was found, 1 if nothing (or rows were left out), 2 if it was asked wrongly."""
    asked = [arguments.text, arguments.reverse, arguments.source]
    if sum(one is not None for one in asked) != 1:
        sys.stderr.write("wangge geocode: it wants TEXT, or --reverse LON LAT, or --in CSV\n")
        return 2
    try:
        names, reach_m = _names(arguments.city)
        if arguments.source is not None:
            make = Addresses.maker(names, reach_m)
            return told("geocode", stream(arguments.source, arguments.target, make, as_json=arguments.json))
    except FormIncomplete as problem:
        sys.stderr.write(f"wangge geocode: {problem.title}\n")
        return 2
    if arguments.reverse is not None:
        lon, lat = to_store(arguments.reverse[0], arguments.reverse[1], arguments.crs)
        return _print_address(address_of(names, lon, lat, reach_m=reach_m), json=arguments.json)
    found = find(names, arguments.text)
    print_table([asdict(one) for one in found], COLUMNS, json=arguments.json)
    return 0 if found else 1


def _names(city: str | None) -> tuple[Gazetteer, float]:
    if city is not None:
        files = sound_folder(folder_named(city))
        return gazetteer_of_files(files), float(files.document["reach"]["road_m"])
    with read(heavy=True) as tx:
        return gazetteer(tx), books(tx).reach("road_m", 40)


def _print_address(address: Address, *, json: bool) -> int:
    if json:
        document = _document(address)
        print_table([document], list(document), json=True)
    else:
        sys.stdout.write(f"{address.words}\n{address.words_en}\n")
    return 0 if address.words else 1


command = Command(
    name="geocode",
    help="find the place that a text means, or what one would call a point",
    add_arguments=_add_arguments,
    run=_run,
    description="Areas, roads, crossings, doors and points of interest by their Chinese or English names, their pinyin "
    "or its initials; with a score, 1 at most. Needs no outside service. Exit code 1 if nothing was found.",
)
