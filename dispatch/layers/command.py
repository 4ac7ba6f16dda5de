"""`wangge layers`: files taken in, change sets listed, looked at, put in force, undone, from the machine itself."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from dispatch.command import Command, print_table, sentence
from dispatch.layers.export_command import add_export_arguments, run_export
from dispatch.layers.import_command import add_doctor_arguments, add_import_arguments, run_doctor, run_import
from dispatch.layers.publish import look, put_in_force, undo, withdraw
from dispatch.layers.second import author_of
from dispatch.layers.survey import survey
from dispatch.layers.telling import dump, patiently, tell
from gis.changes.sets import counted, sets
from gis.db import ReadTx, read, write
from gis.problems import FormIncomplete
from gis.topology import Fault

__all__ = ["command"]

COLUMNS = ("set", "layer", "state", "in_force", "add", "alter", "end", "author", "publisher", "reason")
BY = "login of the person who does it, who types the password; left out: the machine's user"


def _list(asked: Namespace) -> int:
    with read() as tx:
        print_table(_rows(tx, asked.layer), COLUMNS, json=asked.json)
    return 0


def _rows(tx: ReadTx, layer: str | None) -> list[dict[str, Any]]:
    return [{"set": one.id, **one.document(), **counted(tx, one.id)} for one in sets(tx, layer=layer)]


def _check(asked: Namespace) -> int:
    """0 sound, 1 something is at fault."""
    with read(heavy=True) as tx:
        patiently(tx)
        faults = survey(tx)
    if asked.json:
        dump({"type": "FeatureCollection", "features": [fault.feature() for fault in faults]})
    else:
        print_table(({"level": f.level, "fault": f.words, "at": _middle(f)} for f in faults), ("level", "fault", "at"))
    errors = sum(not fault.warning for fault in faults)
    sys.stderr.write(f"{errors} errors, {len(faults) - errors} warnings\n")
    return 1 if errors else 0


def _middle(fault: Fault) -> str:
    """Longitude and latitude of a point in the fault."""
    point = fault.shape.representative_point()
    return f"{point.x:.6f},{point.y:.6f}"


def _show(asked: Namespace) -> int:
    with read() as tx:
        return tell(look(tx, asked.set), as_json=asked.json)


def _publish(asked: Namespace) -> int:
    with write() as tx:
        patiently(tx)
        done = put_in_force(tx, asked.set, by=author_of(tx, asked.by))
    return tell(done, as_json=asked.json)


def _undo(asked: Namespace) -> int:
    with write() as tx:
        patiently(tx)
        done = undo(tx, asked.set, by=author_of(tx, asked.by), reason=asked.reason)
    return tell(done, as_json=asked.json)


def _withdraw(asked: Namespace) -> int:
    with write() as tx:
        withdraw(tx, asked.set, by=author_of(tx, asked.by))
    sys.stdout.write(f"change set {asked.set} is withdrawn\n")
    return 0


def _add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help=LIST, description=sentence(LIST))
    listed.add_argument("--layer", metavar="LAYER", help="key of a level of area, roads or components")
    listed.add_argument("--json", action="store_true", help="an array of objects")
    for name, words in HELP.items():
        one = actions.add_parser(name, help=words, description=sentence(words))
        one.add_argument("set", type=int, metavar="SET", help="number of the change set")
        one.add_argument("--json", action="store_true", help="the set with its faults as GeoJSON")
        if name != "show":
            one.add_argument("--by", metavar="LOGIN", help=BY)
        if name == "undo":
            one.add_argument("--reason", required=True, help="why it is taken back")

    checked = actions.add_parser("check", help=CHECK, description=sentence(CHECK))
    checked.add_argument("--json", action="store_true", help="a GeoJSON of the faults, each with the place to look at")
    add_import_arguments(actions.add_parser("import", help=IMPORT, description=sentence(IMPORT)))
    add_export_arguments(actions.add_parser("export", help=EXPORT, description=sentence(EXPORT)))
    add_doctor_arguments(actions.add_parser("doctor", help=DOCTOR, description=sentence(DOCTOR)))


LIST = "the latest change sets, newest first, with their rows counted"
CHECK = "every gap, overlap, sliver, area across its parent and component on no grid, in what is in force"
IMPORT = "take a map file in as one change set: whole or not at all"
EXPORT = "write a layer as of a day as a map file; taken in again it changes nothing"
DOCTOR = "say by how many metres, in which direction a file does not fit, and what would mend it"
HELP = {
    "show": "a set's rows counted, its faults, and why it is held",
    "publish": "put a draft in force, or one that is held, as a second person",
    "undo": "take a set back: a further set restores what was in force before it",
    "withdraw": "give up a set that is not in force",
}
ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "list": _list,
    "check": _check,
    "show": _show,
    "publish": _publish,
    "undo": _undo,
    "withdraw": _withdraw,
    "import": run_import,
    "export": run_export,
    "doctor": run_doctor,
}


def _run(asked: Namespace) -> int:
    """0 well, 1 held or at fault, 2 asked wrongly."""
    try:
        return ACTIONS[asked.action](asked)
    except FormIncomplete as problem:
        sys.stderr.write(f"wangge layers: {problem}\n")
        for fault in problem.extra.get("faults", ()):  # type: ignore[attr-defined]
            sys.stderr.write(f"  {_line(fault)}\n")
        return 1


def _line(fault: dict[str, Any]) -> str:
    """A fault of the map, of a row of a file, or of a row that does not fit."""
    if "properties" in fault:
        return str(fault["properties"]["words"])
    return f"row {fault['row']}: {fault['reason']}"


command = Command(
    name="layers",
    help="change sets of areas, roads and components: list, look at, put in force, undo",
    add_arguments=_add_arguments,
    run=_run,
)
