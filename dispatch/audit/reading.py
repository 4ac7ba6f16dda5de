"""The trail and the chain of blocks as who audits reads them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

from gis.db import ReadTx, one, rows, value

__all__ = ["Chain", "Event", "chain", "events"]

SEALED_MEANWHILE = 3  # blocks whose heads the file may have that this transaction does not see yet
EVENTS: LiteralString = """
    SELECT e.id, e.at, e.kind, e.person_id, p.login, p.name, e.whence, e.object, e.detail, o.login AS about,
           c.number AS case
      FROM audit_event e LEFT JOIN person p ON p.id = e.person_id
      LEFT JOIN person o ON o.id = CASE WHEN e.object ~ '^person:[0-9]{1,18}$' THEN substr(e.object, 8)::bigint END
      LEFT JOIN cases c ON c.id = CASE WHEN e.object ~ '^case:[0-9]{1,18}$' THEN substr(e.object, 6)::bigint END
     WHERE e.at >= %(since)s AND e.at < %(until)s
       AND (%(kinds)s::text[] IS NULL OR e.kind = ANY (%(kinds)s))
       AND (%(persons)s::bigint[] IS NULL OR e.person_id = ANY (%(persons)s)
            OR e.object = ANY (SELECT 'person:' || id FROM unnest(%(persons)s::bigint[]) AS id))
       AND (%(before)s::bigint IS NULL OR e.id < %(before)s)
     ORDER BY e.id DESC LIMIT %(limit)s
"""
LAST: LiteralString = """
    SELECT no, encode(hash, 'hex') AS hash, at, steps, events,
           (SELECT count(*) FROM audit_event e WHERE e.tx >= b.to_tx)::int AS waiting
      FROM audit_block b ORDER BY no DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the trail. Of what `object` names, `about`: a person's login name; `case`: a case's number."""

    id: int
    at: datetime
    kind: str
    person_id: int | None
    login: str | None
    name: str | None
    whence: str
    object: str
    detail: Mapping[str, Any]
    about: str | None
    case: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The newest. `waiting`: events that none seals yet."""

    no: int
    hash: str
    at: datetime
    steps: int
    events: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The newest block, and what the file of heads outside the database says of it: `same`, `behind`, `missing` or
    `other`, which somebody has to look into."""

    last: Block | None
    outside: str


def events(
    tx: ReadTx, *, since: datetime, until: datetime, kinds: Collection[str] | None = None,
    persons: Collection[int] | None = None, before: int | None = None, limit: int = 200,
) -> list[Event]:  # fmt: skip
    """What happened between two instants, latest first: by these persons or to their accounts. Walks the months
    asked for from their ends."""
    return rows(
        tx, Event, EVENTS, since=since, until=until, before=before, limit=limit,
        kinds=None if kinds is None else list(kinds), persons=None if persons is None else list(persons),
    )  # fmt: skip


def chain(tx: ReadTx, heads: Path) -> Chain:
    """How far the chain goes. Whether it is whole is worked out by `wangge verify`, which reads all of it."""
    last = one(tx, Block, LAST)
    if last is None:
        return Chain(None, "missing")
    said = _newest_head(heads)
    if said is None:
        return Chain(last, "missing")
    number, head = said
    if number > last.no:
        return Chain(last, "same" if number - last.no <= SEALED_MEANWHILE else "other")
    hash = value(tx, "SELECT encode(hash, 'hex') FROM audit_block WHERE no = %(no)s", no=number)
    return Chain(last, "other" if hash != head else "same" if number == last.no else "behind")


def _newest_head(heads: Path) -> tuple[int, str] | None:
    """The last line of the file: number and hash; None: there is none that can be read."""
    try:
        with heads.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 400))
            parts = file.read().splitlines()[-1].decode("ascii", "replace").split()
    except (OSError, IndexError):
        return None
    return (int(parts[0]), parts[1]) if len(parts) == 3 and parts[0].isdigit() else None
