"""That somebody was told something, said to the web processes: whom it concerns, and not what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from gis.db import Tx, execute

__all__ = ["TOLD", "Told", "say"]

TOLD = "wangge_told"
LONGEST = 7_000  # bytes of a notification; PostgreSQL takes 8,000


@dataclass(frozen=True, slots=True)
class Told:
    """These people and the people of these units; `everybody`: too many to be named."""

    people: frozenset[int] = field(default=frozenset())
    units: frozenset[str] = field(default=frozenset())
    everybody: bool = False

    @classmethod
    def read(cls, payload: str) -> Told:
        """As `say` has written it."""
        try:
            said = orjson.loads(payload)
            return cls(frozenset(said["people"]), frozenset(said["units"]))
        except (ValueError, KeyError, TypeError):  # nothing was written: they are too many
            return cls(everybody=True)


def say(tx: Tx, people: Iterable[int], units: Iterable[str]) -> None:
    """With the commit, to every web process that listens."""
    payload = orjson.dumps({"people": sorted(people), "units": sorted(units)})
    execute(tx, "SELECT pg_notify(%(to)s, %(said)s)", to=TOLD, said=payload.decode() if len(payload) <= LONGEST else "")
