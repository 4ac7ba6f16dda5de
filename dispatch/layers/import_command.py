"""`wangge layers import` and `wangge layers doctor`, and `wangge components diff`: map files at the command line."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from dispatch.command import Command, print_table
from dispatch.layers.importing import Compared, compared, import_sheet
from dispatch.layers.publish import city_of
from dispatch.layers.second import author_of
from dispatch.layers.telling import patiently, tell
from gis.changes.layer import layers_of
from gis.changes.standing import everything
from gis.crs import DATUMS
from gis.db import ReadTx, Tx, read, write
from gis.doctor import Diagnosis, Named, examine, outlines
from gis.problems import FormIncomplete
from gis.sheet import Sheet, read_sheet

__all__ = ["add_doctor_arguments", "add_import_arguments", "diff_command", "run_doctor", "run_import"]

REPORT = ("code", "what", "metres", "before", "after")


class _DryRun(Exception):
    """Ends a transaction without leaving anything."""


def add_import_arguments(parser: ArgumentParser) -> None:
    """`wangge layers import`"""
    parser.add_argument("layer", metavar="LAYER", help="key of a level of area, roads, components or duty_grids")
    _add_file(parser)
    parser.add_argument("--whole", action="store_true", help="the file is all of the layer: what it lacks is ended")
    parser.add_argument("--reason", help="why (default: import of FILE)")
    parser.add_argument("--source", default="", help="who surveyed it, when, under which number")
    parser.add_argument(
        "--in-force", type=date.fromisoformat, metavar="YYYY-MM-DD", help="day of force (default: today)"
    )
    parser.add_argument("--by", metavar="LOGIN", help="who does it; asks for the password")
    parser.add_argument("--draft", action="store_true", help="keep it as a draft, for the map or a second look")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, and leave nothing")
    parser.add_argument("--json", action="store_true", help="the set with its faults as GeoJSON")


def add_doctor_arguments(parser: ArgumentParser) -> None:
    """`wangge layers doctor`"""
    _add_file(parser)
    parser.add_argument("--against", metavar="LAYER|FILE", help="what is right (default: every layer of the city)")
    parser.add_argument("--json", action="store_true", help="the figures of every supposition")


def _add_file(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=".shp, .gpkg, .geojson or .csv (lon, lat or wkt)")
    parser.add_argument("--datum", choices=DATUMS, help="of positions in degrees, if the file says nothing or errs")
    parser.add_argument("--crs", type=int, metavar="EPSG", help="projection, if the file says nothing: 4547, 4513 …")
    parser.add_argument("--encoding", help="of a Shapefile's table or a CSV (default: declared or detected)")
    parser.add_argument(
        "--map", action="append", default=[], type=_pair, metavar="FIELD=COLUMN", help="a field of the file is a column"
    )


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.rpartition("=")
    if not equals or not field or not column:
        raise ArgumentTypeError(f"{text!r} is not FIELD=COLUMN")
    return field, column


def _sheet(asked: Namespace) -> Sheet:
    return read_sheet(asked.file, datum=asked.datum, epsg=asked.crs, encoding=asked.encoding)


def run_import(asked: Namespace) -> int:
    """0 in force, or nothing new; 1 held or at fault."""
    sheet = _sheet(asked)
    _say(f"{sheet.path.name}: {len(sheet.rows)} rows, {sheet.datum} ({sheet.declared}), {sheet.encoding}")
    try:
        with write() as tx:
            patiently(tx)
            code = _take_in(tx, asked, sheet)
            if asked.dry_run:
                raise _DryRun
    except _DryRun:
        _say("dry run: nothing was kept")
    return code


def _take_in(tx: Tx, asked: Namespace, sheet: Sheet) -> int:
    found = compared(tx, sheet, asked.layer, mapping=dict(asked.map), whole=asked.whole)
    if found.datum.pairs:
        _say(found.datum.words)
    if not found.changes:
        _say("the layer says all this already; nothing to do")
        return 0
    _say(", ".join(f"{count} {what}" for what, count in sorted(Counter(d.what for d in found.report).items())))
    done = import_sheet(
        tx,
        found,
        by=author_of(tx, asked.by),
        reason=asked.reason or f"import of {sheet.path.name}",
        source=asked.source or f"{sheet.path.name} ({sheet.datum})",
        in_force=asked.in_force,
        only_draft=asked.draft,
    )
    return tell(done, as_json=asked.json)


def run_doctor(asked: Namespace) -> int:
    """0 it fits, 1 it does not, or nothing can be compared."""
    mine = _named(_sheet(asked))
    found = {name: examine(mine, layer) for name, layer in _others(asked).items()}
    best = max(found.items(), key=lambda item: (item[1].kind != "unknown", item[1].pairs), default=None)
    if best is None:
        raise FormIncomplete(
            "There is nothing to hold it against: --against FILE", zh="没有可比较的图层：--against 文件"
        )
    name, diagnosis = best
    if asked.json:
        told = _document(name, diagnosis) | {"polygons": outlines(mine, diagnosis)}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(f"{asked.file.name} against {name}: {diagnosis.words}\n")
    return 0 if diagnosis.kind == "fits" else 1


def _document(name: str, found: Diagnosis) -> dict[str, Any]:
    said = {"against": name, **asdict(found), "metres": found.metres}
    return said | {"words": found.words, "words_zh": found.words_zh}


def _others(asked: Namespace) -> dict[str, list[Named]]:
    """What it may be held against: a file, or layers of the city, by name."""
    against = asked.against and Path(asked.against)
    if against and against.is_file():
        return {against.name: _named(read_sheet(against))}
    with read(heavy=True) as tx:
        return _layers(tx, asked.against)


def _layers(tx: ReadTx, key: str | None) -> dict[str, list[Named]]:
    layers = layers_of(city_of(tx))
    if key is not None and key not in layers:
        raise FormIncomplete(
            f"{key} is neither a file nor a layer", zh=f"{key} 既不是文件也不是图层", fields={"against": key}
        )
    wanted = layers.values() if key is None else [layers[key]]
    found = {layer.key: everything(tx, layer) for layer in wanted}
    return {
        key: [Named(words=(code, str(row.said.get("name", ""))), shape=row.geom) for code, row in rows.items()]
        for key, rows in found.items()
    }


def _named(sheet: Sheet) -> list[Named]:
    """Every cell may be a name: what is borne twice pairs nothing."""
    return [Named(words=tuple(row.values.values()), shape=row.geom) for row in sheet.rows if row.geom is not None]


def _add_diff_arguments(parser: ArgumentParser) -> None:
    _add_file(parser)
    parser.add_argument("--whole", action="store_true", help="the census is complete: what it lacks is gone")
    parser.add_argument("--json", action="store_true", help="an array of objects")


def _run_diff(asked: Namespace) -> int:
    """0 nothing differs, 1 something does."""
    sheet = _sheet(asked)
    with read(heavy=True) as tx:
        found: Compared = compared(tx, sheet, "components", mapping=dict(asked.map), whole=asked.whole)
    print_table([asdict(line) for line in found.report], REPORT, json=asked.json)
    counts = Counter(line.what for line in found.report)
    _say(", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "no difference")
    return 1 if found.report else 0


def _say(words: str) -> None:
    if words:
        sys.stderr.write(f"  {words}\n")


diff_command = Command(
    name="diff",
    help="a census beside the register: what is new, moved, gone, in other hands",
    add_arguments=_add_diff_arguments,
    run=_run_diff,
    description="Compares a census file with the components in force and writes nothing. Rows without a code are known "
    "again by category within 2 m; the rest would take the next codes. To take it in: wangge layers import components.",
)
