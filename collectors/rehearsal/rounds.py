"""What an inspector's phone tells of a round: the shift, and where each find was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from collectors.rehearsal.finds import Find
from collectors.tracks import Fix, begin, end, follow
from gis.db import Tx

__all__ = ["walked"]

AWAY = 0.004  # degrees, some four hundred metres


def walked(tx: Tx, finds: Iterable[Find], *, until: datetime) -> None:
    """Begin the shifts of these finds, end those that are over by `until`, and keep where the inspectors stood.

    In the order of persons: two processes that begin the same shifts must not wait for each other in a ring.
    """
    on_foot = [find for find in finds if find.shift is not None]
    for find in sorted(on_foot, key=lambda find: (find.by.person_id or 0, find.at)):
        _stood(tx, find, until)


def _stood(tx: Tx, find: Find, until: datetime) -> None:
    report, person = find.report, find.by.person_id
    if find.shift is None or person is None or report.lon is None or report.lat is None:
        return
    began, over = find.shift
    shift = begin(tx, person, at=began, duty_grid=find.duty_grid)
    if shift.ended_at is None and over <= until:
        end(tx, person, at=over)
    instants = {find.at, report.captured_at or find.at}
    aside = AWAY if find.away else 0.0
    fixes = [
        Fix(at=at, lon=report.lon + aside, lat=report.lat, accuracy_m=report.accuracy_m) for at in sorted(instants)
    ]
    follow(tx, person, fixes, now=until)
