"""How a change set is told at the command line."""

from __future__ import annotations

import json
import sys
from typing import Any

from dispatch.layers.publish import Checked
from gis.changes.sets import State
from gis.db import ReadTx

__all__ = ["dump", "patiently", "tell"]


def patiently(tx: ReadTx) -> None:
    """A layer of a hundred thousand rows takes longer than a person's act may."""
    tx.connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    tx.connection.execute("SET LOCAL statement_timeout = 0")


def tell(found: Checked, *, as_json: bool) -> int:
    """Say how a set stands, its faults and why it is held. 0 in force or sound, 1 held or at fault."""
    if as_json:
        dump(_document(found))
    else:
        one, counts = found.set, found.counts
        rows = ", ".join(f"{counts[op]} to {op}" for op in ("add", "alter", "end"))
        state = f"{one.state.value}, day of force {one.in_force}"
        sys.stdout.write(f"change set {one.id} ({one.layer}): {rows}; {state}\n")
        for fault in found.faults:
            sys.stdout.write(f"{'warning' if fault.warning else 'error'}: {fault.words}\n")
        for reason in found.held_for:
            sys.stdout.write(f"held: {reason['words']}\n")
        if one.state is State.HELD:
            sys.stdout.write(f"another person puts it in force: wangge layers publish {one.id} --by LOGIN\n")
    return 1 if found.errors or found.set.state is State.HELD else 0


def _document(found: Checked) -> dict[str, Any]:
    features = [fault.feature() for fault in found.faults]
    faults = {"type": "FeatureCollection", "features": features}
    return {**found.set.document(), "counts": found.counts, "held_for": found.held_for, "faults": faults}


def dump(document: object) -> None:
    """Print as JSON."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str, indent=1) + "\n")
