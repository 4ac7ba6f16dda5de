"""`wangge components history`: what the register ever said of one component, and by which set or edition."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import LiteralString

from dispatch.command import Command, print_table
from gis.db import dicts, read
from gis.problems import NotFound

__all__ = ["command"]

PLACE = ("from", "to", "lon", "lat", "grid", "accuracy")
COLUMNS = (*PLACE, "category", "state", "owner", "maintainer", "supervisor", "edition", "reason")
# A row that was replaced on its own first day was in force on no day, and is left out.
HISTORY: LiteralString = """
    SELECT c.valid_from AS "from", c.valid_to AS "to", c.category, c.state, c.accuracy, a.code AS grid, c.owner,
           c.maintainer, c.supervisor, round(ST_X(c.geom)::numeric, 7) AS lon, round(ST_Y(c.geom)::numeric, 7) AS lat,
           e.name AS edition, s.reason
      FROM component c
      JOIN edition e ON e.id = c.edition_id
      LEFT JOIN area a ON a.id = c.area_id
      LEFT JOIN change_set s ON s.edition_id = c.edition_id
     WHERE c.code = %(code)s AND (c.valid_to IS NULL OR c.valid_to > c.valid_from)
     ORDER BY c.valid_from, c.id
"""


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("code", help="code of the component")
    parser.add_argument("--json", action="store_true", help="an array of objects")


def _run(asked: Namespace) -> int:
    """0. Raises NotFound for a code that never was."""
    with read() as tx:
        rows = dicts(tx, HISTORY, code=asked.code)
    if not rows:
        raise NotFound(f"There never was a component {asked.code}", zh=f"没有部件 {asked.code}")
    print_table(rows, COLUMNS, json=asked.json)
    return 0


command = Command(
    name="history",
    help="what the register ever said of a component: state, hands, place, from which day, by which change set",
    add_arguments=_add_arguments,
    run=_run,
)
