"""What a person or the system hands in with an action."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

WORDS = ("note", "proxy")
NOBODY_KNOWN = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Everything an action may need; `table.TRANSITIONS` says which fields which action asks for.

    `answer`: key of an answer to the question of a doubtful place. `reason` is a code word from a list; `note` and
    `proxy` (who acted for a unit) are people's words and never enter a step in clear; `photos` are SHA-256 of uploaded
    pictures, `documents` of uploaded PDFs; `spares` are parts that a reply took from the store, each with how many.
    Of a return, `clause` is the number of the rule it rests on, `whose` the unit that is right, or `NOBODY_KNOWN`.
    """

    unit: str | None = None
    answer: str | None = None
    inspector: int | None = None
    reason: str | None = None
    condition: int | None = None
    category: str | None = None
    component: str | None = None
    lon: float | None = None
    lat: float | None = None
    until: datetime | None = None
    limit: Decimal | None = None
    time_class: str | None = None
    result: str | None = None
    into: int | None = None
    satisfied: bool | None = None
    clause: str | None = None
    whose: str | None = None
    proxy: str | None = None
    photos: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    spares: tuple[tuple[str, int], ...] = ()
    note: str | None = None

    def missing(self, needs: frozenset[str]) -> tuple[str, ...]:
        """Names of `needs` that are empty here."""
        return tuple(sorted(n for n in needs if getattr(self, n) in (None, "", ())))

    def given(self) -> dict[str, object]:
        """The filled fields without people's words: what a step may keep, in JSON's types."""
        return {
            name: _json(value) for name in PLAIN if (value := getattr(self, name)) is not None and value not in ("", ())
        }

    def texts(self) -> dict[str, str]:
        """People's words, by field: erasable, a step holds salted hashes of them."""
        return {name: words for name in WORDS if (words := getattr(self, name))}


PLAIN = tuple(field.name for field in fields(Form) if field.name not in WORDS)


def _json(given: object) -> object:
    if isinstance(given, datetime):
        return given.isoformat()
    if isinstance(given, Decimal):
        return str(given)
    return list(given) if isinstance(given, tuple) else given
