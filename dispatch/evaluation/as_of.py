"""Facts as they stood at an instant: what was recorded until then, and nothing that was recorded later.

The fact of a case that was not added to since stands as it is. The others, those that existed then and were added to
since, are few: what was open, or has been reopened. They are folded anew from the steps that were known.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from threading import Lock
from typing import Any, ClassVar, LiteralString, NamedTuple

import orjson

from dispatch.cases.facts import Columns, fact_of
from gis.db import ReadTx, dicts, value

__all__ = ["past_facts"]

# Three stretches: what ended within 60 days of the instant and what is under way (fact_settled), and what went on for
# longer (fact_long). No index may hold known_at (decision 29).
CHANGED: LiteralString = """
    SELECT case_id, source, public, reporter_id, reported_at, category
      FROM (SELECT * FROM fact WHERE settled_at > %(as_of)s AND settled_at < %(as_of)s + interval '60 days'
            UNION ALL
            SELECT * FROM fact WHERE settled_at >= %(as_of)s + interval '60 days'
                                 AND settled_at - reported_at > interval '60 days'
            UNION ALL
            SELECT * FROM fact WHERE settled_at IS NULL) f
     WHERE reported_at <= %(as_of)s AND known_at > %(as_of)s
"""
# What routing saw and what the clocks did says nothing to a fact; it is the greater part of a step.
STEPS: LiteralString = """
    SELECT s.case_id, s.action, s.from_state, s.to_state, s.at, s.recorded_at, s.actor_id, s.unit_id,
           s.data - '{route,clocks,due,areas,road,texts,before,extra}'::text[] #- '{form,photos}'
      FROM step s
     WHERE s.case_id = ANY(%(cases)s) AND (s.recorded_at <= %(as_of)s OR s.action = 'import')
     ORDER BY s.case_id, s.seq
"""


# A name may come to stand for another database; its number never does.
HERE: LiteralString = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
MOST_INSTANTS, MOST_CASES = 4, 20_000  # about a kilobyte a case, in each process that counts
AT_ONCE = 2_000


class Told(NamedTuple):
    """A step, as far as it says something to a fact."""

    case_id: int
    action: str
    from_state: str | None
    to_state: str
    at: datetime
    recorded_at: datetime
    actor_id: int | None
    unit_id: str | None
    data: dict[str, Any]


# The database reads a row as it writes it itself in less than half the time that the JSON takes which it comes from.
RECORDS: LiteralString = """
    SELECT case_id, unit_id, f::text FROM json_populate_recordset(NULL::fact, %(facts)s::json) f
"""


class Past(NamedTuple):
    """A fact as it stood, as an element of an array of facts, and whose it was."""

    unit_id: str | None
    fact: str


def past_facts(tx: ReadTx, as_of: datetime, units: Sequence[str] | None = None) -> str:
    """The facts as of `as_of` of the cases that were added to since, as an array of the rows of `fact`.

    `units`: only those that were theirs then; None: all. `tx` is one snapshot (`gis.db.read(heavy=True)`) if cases may
    change meanwhile.
    """
    changed = {row["case_id"]: row for row in dicts(tx, CHANGED, as_of=as_of)}
    if not changed:
        return "{}"
    place = value(tx, HERE)
    kept = _Kept.of(place, as_of)
    fresh = {case_id: row for case_id, row in changed.items() if case_id not in kept}
    folded = _folded(tx, fresh, as_of)
    while part := list(islice(folded, AT_ONCE)):
        kept |= _records(tx, part)
    _Kept.keep(place, as_of, kept)
    asked = (kept[case_id] for case_id in changed if case_id in kept)
    return f"{{{','.join(one.fact for one in asked if units is None or one.unit_id in units)}}}"


def _records(tx: ReadTx, facts: list[Columns]) -> dict[int, Past]:
    found = tx.connection.execute(RECORDS, {"facts": orjson.dumps(facts).decode()})
    return {case_id: Past(unit_id, _quoted(text)) for case_id, unit_id, text in found}


def _quoted(text: str) -> str:
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


class _Kept:
    """What was folded before, by instant. It never changes: the steps of a case are recorded one after the other, so
    that one which was added to after an instant has all its steps until then."""

    lock = Lock()
    folded: ClassVar[OrderedDict[tuple[int, datetime], dict[int, Past]]] = OrderedDict()

    @classmethod
    def of(cls, place: int, as_of: datetime) -> dict[int, Past]:
        with cls.lock:
            return dict(cls.folded.get((place, as_of), {}))

    @classmethod
    def keep(cls, place: int, as_of: datetime, facts: dict[int, Past]) -> None:
        if len(facts) > MOST_CASES:
            return
        with cls.lock:
            cls.folded[place, as_of] = facts
            cls.folded.move_to_end((place, as_of))
            while len(cls.folded) > MOST_INSTANTS:
                cls.folded.popitem(last=False)


def _folded(tx: ReadTx, changed: dict[int, Columns], as_of: datetime) -> Iterator[Columns]:
    # One after the other: a hundred thousand documents alive at once cost more to keep than to read.
    steps = iter(tx.connection.execute(STEPS, {"cases": sorted(changed), "as_of": as_of})) if changed else ()
    for case_id, told in groupby(map(Told._make, steps), key=attrgetter("case_id")):
        yield fact_of(changed[case_id], (_by(step, as_of) for step in told))


def _by(step: Told, as_of: datetime) -> Told:
    """An import brings a whole life along: of its instants those that had come. A deadline may lie ahead."""
    if step.action != "import":
        return step
    known = {name: at for name, at in step.data["known"].items() if name == "due_at" or at <= as_of.isoformat()}
    ended = known.keys() & {"disposed_at", "closed_at"}
    return step._replace(data=step.data | {"known": known, "met": step.data["met"] if ended else None})
