"""A step: one row of a case's history, chained to the one before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was decided, when it took effect (`at`) and when it was known (`recorded_at`).

    `data` holds the form and what followed from it (clocks, route, place): no name, no phone, no free text.
    `hash`: over all the rest, from when it is made.
    """

    seq: int
    key: UUID
    form_hash: bytes
    action: str
    from_state: str | None
    to_state: str
    at: datetime
    recorded_at: datetime
    actor_id: int | None
    role: str
    unit_id: str | None
    data: dict[str, Any]
    note_hash: bytes | None
    previous: bytes
    hash: bytes = field(init=False)

    def __post_init__(self) -> None:
        """A frozen thing is written to once: making it twice, without its hash and with it, is dear in a recount."""
        object.__setattr__(self, "hash", step_hash(self))


def first_link(report_id: UUID) -> bytes:
    """What the first step of a case is chained to: the report's own id."""
    return hashlib.sha256(report_id.bytes).digest()


def step_hash(step: Step) -> bytes:
    """SHA-256 over the previous hash and every column of the step in one canonical JSON."""
    body = [
        step.seq,
        str(step.key),
        step.form_hash.hex(),
        step.action,
        step.from_state,
        step.to_state,
        _utc(step.at),
        _utc(step.recorded_at),
        step.actor_id,
        step.role,
        step.unit_id,
        step.data,
        step.note_hash and step.note_hash.hex(),
    ]
    return hashlib.sha256(step.previous + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def form_hash(
    case: object, action: str, person: int | None, form: dict[str, object], texts: dict[str, bytes] | None = None
) -> bytes:
    """What a repeat with the same key must be equal to. `texts`: salted hashes of people's words, by field."""
    body = [str(case), action, person, form, {kind: salted.hex() for kind, salted in (texts or {}).items()}]
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def _utc(at: datetime) -> str:
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")
