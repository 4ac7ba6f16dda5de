"""A city's folder → its rows; whatever cannot be read is a fault with file and row, and reading goes on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from dispatch.cityfile.cells import Cells
from dispatch.cityfile.emergency import OF_SPARES, OF_TEAMS, SPARES, TEAMS, read_spare, read_team
from dispatch.cityfile.faults import Faults
from dispatch.cityfile.ladders import FILE as LADDERS
from dispatch.cityfile.roster import FILE as ROSTER
from dispatch.cityfile.roster import WANTED as OF_THE_ROSTER
from dispatch.cityfile.roster import read_line
from dispatch.cityfile.rows import (
    AreaRow,
    CategoryRow,
    CityFiles,
    ComponentRow,
    ConditionRow,
    DayRow,
    DutyRow,
    PersonRow,
    RoadRow,
    RoadTrimRow,
    SpotRow,
    UnitRow,
)
from dispatch.cityfile.terminals import FILE as TERMINALS
from dispatch.cityfile.terminals import WANTED as OF_TERMINALS
from dispatch.cityfile.terminals import read_connection
from dispatch.cityfile.time_limits import read_limit

__all__ = ["STANDARD", "catalogue_folder", "read", "read_days"]

R = TypeVar("R")
STANDARD = "standard:"  # a catalogue of data/standard, shared by many cities
NEVER = date(1, 1, 1)


def read(folder: Path, faults: Faults) -> CityFiles:
    """Everything in the folder. A row with a fault in it is left out, so that one fault does not call forth others."""
    city = CityFiles(folder=folder, document=_toml(folder / "city.toml", faults, "city.toml"))
    city.rules = _toml(folder / "rules.toml", faults, "rules.toml")
    city.rule_lines = _rule_lines(folder / "rules.toml")
    if _is_there(folder / "schemes.toml"):
        city.schemes = _toml(folder / "schemes.toml", faults, "schemes.toml")
    for level in _level_keys(city.document):
        name = f"areas/{level}.geojson"
        city.areas[level] = [a for c, g in _features(folder, name, faults) if (a := _area(level, c, g))]
    city.roads = [r for c, g in _features(folder, "roads.geojson", faults) if (r := _road(c, g))]
    if _is_there(folder / "road_trims.csv"):
        city.road_trims = _table(folder, "road_trims.csv", _trim, ("road", "from_m", "to_m", "reason"), faults=faults)
    if _is_there(folder / "places.csv"):
        city.spots = _table(folder, "places.csv", _spot, ("code", "kind", "name", "lon", "lat"), faults=faults)
    city.days = read_days(folder / "calendar.csv", faults)
    city.components = _table(
        folder, "components.csv", _component, ("code", "category", "lon", "lat", "grid"), faults=faults
    )
    city.units = _table(folder, "units.csv", _unit, ("id", "name", "tier", "types"), faults=faults)
    city.people = _table(folder, "people.csv", _person, ("login", "name", "roles"), faults=faults)
    city.duty_grids = _table(folder, "duty_grids.csv", _duty, ("duty_grid", "grid", "inspectors"), faults=faults)
    _read_reach(folder, city, faults)
    catalogue = catalogue_folder(folder, city.document)
    if catalogue is None or not catalogue.is_dir():
        faults.error("city.toml", None, f"catalogue {city.document.get('catalogue')!r}: there is no such folder")
        return city
    city.categories = _table(
        catalogue, "categories.csv", _category, ("code", "kind", "class_code", "types"), faults=faults
    )
    city.conditions = _table(
        catalogue, "conditions.csv", _condition, ("category", "no", "limit", "time_class"), faults=faults
    )
    return city


def _read_reach(folder: Path, city: CityFiles, faults: Faults) -> None:
    """Who is reached when, on what, and how long everything may take: files that a city may leave out."""
    if _is_there(folder / ROSTER):
        city.roster_lines = _table(folder, ROSTER, read_line, OF_THE_ROSTER, faults=faults)
    if _is_there(folder / LADDERS):
        city.ladders = _toml(folder / LADDERS, faults, LADDERS)
    if _is_there(folder / TERMINALS):
        city.connections = _table(folder, TERMINALS, read_connection, OF_TERMINALS, faults=faults)
    if _is_there(folder / "limits.csv"):
        city.limits = _table(folder, "limits.csv", read_limit, ("no", "limit", "time_class"), faults=faults)
    if _is_there(folder / TEAMS):
        city.teams = _table(folder, TEAMS, read_team, OF_TEAMS, faults=faults)
    if _is_there(folder / SPARES):
        city.spares = _table(folder, SPARES, read_spare, OF_SPARES, faults=faults)


def read_days(path: Path, faults: Faults) -> list[DayRow]:
    """The days of one calendar file."""
    return _table(path.parent, path.name, _day, ("day", "kind"), faults=faults)


def catalogue_folder(folder: Path, document: dict[str, Any]) -> Path | None:
    """Where the catalogue stands: in the city's own folder, or under data/standard beside data/cities."""
    name = document.get("catalogue")
    if name == "own":
        return folder / "catalogue"
    if not isinstance(name, str) or not name.startswith(STANDARD):
        return None
    wanted = name.removeprefix(STANDARD)
    if not wanted or "/" in wanted or ".." in wanted:
        return None
    shipped = Path(__file__).resolve().parents[2] / "data" / "standard"
    beside = folder.resolve().parent.parent / "standard"
    return next((root / wanted for root in (beside, shipped) if (root / wanted).is_dir()), shipped / wanted)


def _level_keys(document: dict[str, Any]) -> list[str]:
    levels = document.get("levels")
    if not isinstance(levels, list):
        return []
    return [str(level["key"]) for level in levels if isinstance(level, dict) and level.get("key")]


def _is_there(path: Path) -> bool:
    """For a file that a city may leave out."""
    return path.exists() or path.with_name(f"{path.name}.gz").exists()


def _text(path: Path, name: str, faults: Faults) -> str | None:
    """The text of a file, gzipped or not. None, with a fault, if it is missing or not UTF-8."""
    packed = path.with_name(f"{path.name}.gz")
    try:
        raw = gzip.decompress(packed.read_bytes()) if packed.exists() and not path.exists() else path.read_bytes()
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        faults.error(name, None, "the file is missing")
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        faults.error(name, line, "the file is not UTF-8: save it as UTF-8")
    except (OSError, EOFError) as fault:
        faults.error(name, None, f"the file cannot be read: {fault}")
    return None


def _toml(path: Path, faults: Faults, name: str) -> dict[str, Any]:
    text = _text(path, name, faults)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        words = str(fault)
        line = words.partition("(at line ")[2].partition(",")[0]
        faults.error(name, int(line) if line.isdigit() else None, f"not TOML: {words}")
        return {}


def _rule_lines(path: Path) -> list[int]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [number for number, line in enumerate(lines, start=1) if line.strip().startswith("[[rule]]")]


def _table(
    folder: Path, name: str, make: Callable[[Cells], R | None], wanted: Sequence[str], *, faults: Faults
) -> list[R]:
    """The rows of a CSV file; `wanted`: columns it cannot do without."""
    file = f"catalogue/{name}" if name in ("categories.csv", "conditions.csv") else name
    text = _text(folder / name, file, faults)
    if text is None:
        return []
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[R] = []
    try:
        if missing := [column for column in wanted if column not in (reader.fieldnames or ())]:
            faults.error(file, 1, f"column {', '.join(missing)} is missing")
            return []
        for values in reader:
            cells = Cells(file, reader.line_num, values, faults)
            if None in values or None in values.values():
                cells.fault(f"the row has not the {len(reader.fieldnames or ())} cells that the header names")
            elif (row := make(cells)) is not None:
                rows.append(row)
    except csv.Error as fault:
        faults.error(file, reader.line_num, f"not CSV: {fault}")
    return rows


def _features(folder: Path, name: str, faults: Faults) -> Iterator[tuple[Cells, BaseGeometry]]:
    text = _text(folder / name, name, faults)
    if text is None:
        return
    try:
        found = json.loads(text)["features"]
    except json.JSONDecodeError as fault:
        faults.error(name, fault.lineno, f"not JSON: {fault.msg}")
        return
    except (KeyError, TypeError):
        faults.error(name, None, "not GeoJSON: it wants a FeatureCollection")
        return
    for number, feature in enumerate(found, start=1):
        geometry = _geometry(name, number, feature, faults)
        if geometry is not None:
            yield Cells(name, number, feature.get("properties") or {}, faults), geometry


def _geometry(name: str, number: int, feature: Any, faults: Faults) -> BaseGeometry | None:
    try:
        geometry = shapely.force_2d(shape(feature["geometry"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError) as fault:
        faults.error(name, number, f"the geometry cannot be read: {fault}")
        return None
    if geometry.is_empty:
        faults.error(name, number, "the geometry is empty")
        return None
    west, south, east, north = geometry.bounds
    if west < -180 or south < -90 or east > 180 or north > 90:
        faults.error(name, number, "the geometry is not in degrees (longitude, latitude)")
        return None
    return geometry


def _area(level: str, cells: Cells, geometry: BaseGeometry) -> AreaRow | None:
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        cells.fault(f"the geometry is a {geometry.geom_type}: an area is a Polygon or a MultiPolygon")
    row = AreaRow(
        row=cells.row,
        level=level,
        code=cells.needed("code"),
        name=cells.needed("name"),
        name_en=cells.text("name_en"),
        parent=cells.text("parent"),
        area_class=cells.whole_or_none("area_class", range(1, 4)),
        land_use=cells.text("land_use"),
        is_local=cells.truth("is_local"),
        geom=geometry,
    )
    return row if cells.good else None


def _road(cells: Cells, geometry: BaseGeometry) -> RoadRow | None:
    if geometry.geom_type != "LineString":
        cells.fault(f"the geometry is a {geometry.geom_type}: a road segment is a LineString")
    row = RoadRow(
        row=cells.row,
        code=cells.needed("code"),
        name=cells.text("name"),
        name_en=cells.text("name_en"),
        road_class=cells.needed("class"),
        geom=geometry,
    )
    return row if cells.good else None


def _trim(cells: Cells) -> RoadTrimRow | None:
    row = RoadTrimRow(
        row=cells.row,
        road=cells.needed("road"),
        from_m=cells.metres_or_none("from_m"),
        to_m=cells.metres_or_none("to_m"),
        reason=cells.needed("reason"),
    )
    return row if cells.good else None


def _day(cells: Cells) -> DayRow | None:
    day, kind = cells.day("day"), cells.text("kind")
    if kind not in ("work", "off"):
        cells.fault(f"kind is {kind or 'empty'}: it wants work or off")
    if day is None and cells.good:
        cells.fault("day is empty")
    row = DayRow(
        row=cells.row, day=day or NEVER, works=kind == "work", name=cells.text("name"), name_en=cells.text("name_en"),
        source=cells.text("source"),
    )  # fmt: skip
    return row if cells.good else None


def _component(cells: Cells) -> ComponentRow | None:
    row = ComponentRow(
        row=cells.row,
        code=cells.needed("code"),
        category=cells.needed("category"),
        name=cells.text("name"),
        lon=cells.degrees("lon", 180),
        lat=cells.degrees("lat", 90),
        grid=cells.needed("grid"),
        supervisor=cells.text("supervisor"),
        owner=cells.text("owner"),
        maintainer=cells.text("maintainer"),
        state=cells.text("state") or "intact",
        accuracy=cells.text("accuracy"),
        since=cells.day("since"),
    )
    if row.accuracy not in ("", "A", "B", "C"):
        cells.fault(f"accuracy is {row.accuracy}: it wants A, B, C or nothing")
    return row if cells.good else None


def _spot(cells: Cells) -> SpotRow | None:
    row = SpotRow(
        row=cells.row,
        code=cells.needed("code"),
        kind=cells.needed("kind"),
        name=cells.text("name"),
        name_en=cells.text("name_en"),
        road=cells.text("road"),
        number=cells.text("number"),
        lon=cells.degrees("lon", 180),
        lat=cells.degrees("lat", 90),
    )
    return row if cells.good else None


def _unit(cells: Cells) -> UnitRow | None:
    row = UnitRow(
        row=cells.row,
        id=cells.needed("id"),
        name=cells.needed("name"),
        name_en=cells.text("name_en"),
        tier=cells.whole("tier", range(1, 4)),
        parent=cells.text("parent"),
        types=cells.several("types"),
        area=cells.text("area"),
        group=cells.text("group"),
        terminal=cells.truth("terminal"),
        platform=cells.truth("platform"),
    )
    return row if cells.good else None


def _person(cells: Cells) -> PersonRow | None:
    row = PersonRow(
        row=cells.row,
        login=cells.needed("login"),
        name=cells.needed("name"),
        unit=cells.text("unit"),
        roles=cells.several("roles"),
    )
    return row if cells.good else None


def _duty(cells: Cells) -> DutyRow | None:
    row = DutyRow(
        row=cells.row,
        duty_grid=cells.needed("duty_grid"),
        name=cells.text("name"),
        grid=cells.needed("grid"),
        inspectors=cells.several("inspectors"),
    )
    return row if cells.good else None


def _category(cells: Cells) -> CategoryRow | None:
    row = CategoryRow(
        row=cells.row,
        code=cells.needed("code"),
        kind=cells.needed("kind"),
        class_code=cells.needed("class_code"),
        class_name=cells.text("class_name"),
        class_name_en=cells.text("class_name_en"),
        name=cells.needed("name"),
        name_en=cells.text("name_en"),
        types=cells.several("types"),
        hazard=cells.truth("hazard"),
        by_analogy=cells.truth("by_analogy"),
        basis=cells.text("basis"),
    )
    return row if cells.good else None


def _condition(cells: Cells) -> ConditionRow | None:
    row = ConditionRow(
        row=cells.row,
        category=cells.needed("category"),
        no=cells.whole("no", range(1, 1000)),
        text=cells.text("text"),
        text_en=cells.text("text_en"),
        limit=cells.limit("limit"),
        time_class=cells.text("time_class"),
        close_text=cells.text("close_text"),
        close_text_en=cells.text("close_text_en"),
        by_analogy=cells.truth("by_analogy"),
        basis=cells.text("basis"),
    )
    return row if cells.good else None
