"""Change sets that a folder's new edition overrules: what they said of a layer is no longer what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from dispatch.cityfile.faults import Fault
from gis.changes.layer import Layer, layers_of
from gis.changes.sets import Change, ChangeSet, changes_of, set_of, stands
from gis.changes.standing import by_code
from gis.db import ReadTx, value

__all__ = ["Upheld", "overruled", "upheld"]

LAYERS = ("areas", "roads", "components", "duty_grids")
# Since the folder's last edition: what was overruled by that one was told then.
SINCE: LiteralString = """
    SELECT coalesce(array_agg(s.id ORDER BY s.id), '{}') FROM change_set s JOIN edition e ON e.id = s.edition_id
     WHERE e.kind = %(kind)s AND s.state = 'in_force' AND s.undoes IS NULL
       AND e.id > (SELECT coalesce(max(f.id), 0) FROM edition f WHERE f.kind = %(kind)s AND f.id < %(edition)s
                      AND NOT EXISTS (SELECT FROM change_set o WHERE o.edition_id = f.id))
"""


@dataclass(frozen=True, slots=True)
class Upheld:
    """A change set with those of its rows that are what the layer says."""

    set: ChangeSet
    layer: Layer
    rows: list[Change]


def upheld(tx: ReadTx, document: Mapping[str, Any], kind: str, edition: int) -> list[Upheld]:
    """The sets of one kind of edition that came in since the folder's last one before `edition` (its id).

    `document`: the city's.
    """
    if kind not in LAYERS:
        return []
    layers = layers_of(document)
    found = []
    for number in value(tx, SINCE, kind=kind, edition=edition):
        one = set_of(tx, number)
        if one.layer in layers:
            layer = layers[one.layer]
            found.append(Upheld(one, layer, list(_standing(tx, layer, changes_of(tx, number)))))
    return found


def overruled(tx: ReadTx, before: list[Upheld], edition: str) -> Iterator[Fault]:
    """A warning for each set that had rows upheld `before` and has fewer now."""
    for one in before:
        left = {change.code for change in _standing(tx, one.layer, one.rows)}
        gone = [change.code for change in one.rows if change.code not in left]
        if gone:
            more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
            yield Fault(
                severity="warning",
                file=edition,
                row=None,
                reason=f"overrules change set {one.set.id} of {one.layer.key} ({one.set.reason}, by {one.set.author}, "
                f"in force from {one.set.in_force}): {len(gone)} of its rows, {', '.join(gone[:3])}{more}",
            )


def _standing(tx: ReadTx, layer: Layer, changes: list[Change]) -> Iterator[Change]:
    now = by_code(tx, layer, [change.code for change in changes])
    return (change for change in changes if stands(change, now.get(change.code)))
