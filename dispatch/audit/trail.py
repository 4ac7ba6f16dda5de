"""What steps do not show: log-ins, refusals, reads of personal data, exports, prints, grants, loads, layers changed,
and what is decided on rules, calendars, bulletins, ledgers and settlement sheets."""

from __future__ import annotations

from enum import StrEnum

from psycopg.types.json import Jsonb

from gis.db import Tx, execute


class Kind(StrEnum):
    """What happened."""

    LOG_IN = "log_in"
    LOG_IN_FAILED = "log_in_failed"
    LOCKED = "locked"
    LOG_OUT = "log_out"
    REFUSED = "refused"
    READ_PERSONAL = "read_personal"
    EXPORT = "export"
    PRINT = "print"
    GRANT = "grant"
    REVOKE = "revoke"
    PASSWORD = "password"  # noqa: S105 - the word for a change of it
    LOAD = "load"
    LAYERS = "layers"
    NOTICES_RESENT = "notices_resent"
    LEDGER_ENTERED = "ledger_entered"
    LEDGER_AGREED = "ledger_agreed"
    LEDGER_REFUSED = "ledger_refused"
    SETTLEMENT_MADE = "settlement_made"
    SETTLEMENT_SIGNED = "settlement_signed"
    BULLETIN_SEALED = "bulletin_sealed"
    BULLETIN_PUBLISHED = "bulletin_published"
    BULLETIN_DECLINED = "bulletin_declined"
    CALENDAR_SUBMITTED = "calendar_submitted"
    CALENDAR_PUBLISHED = "calendar_published"
    CALENDAR_REFUSED = "calendar_refused"
    CALENDAR_WITHDRAWN = "calendar_withdrawn"
    RULES_BEGUN = "rules_begun"
    RULES_CHANGED = "rules_changed"
    RULES_SUBMITTED = "rules_submitted"
    RULES_PUBLISHED = "rules_published"
    RULES_SENT_BACK = "rules_sent_back"
    RULES_DROPPED = "rules_dropped"
    SCHEMES_BEGUN = "schemes_begun"
    SCHEMES_CHANGED = "schemes_changed"
    SCHEMES_SUBMITTED = "schemes_submitted"
    SCHEMES_PUBLISHED = "schemes_published"
    SCHEMES_SENT_BACK = "schemes_sent_back"
    SCHEMES_DROPPED = "schemes_dropped"


def record(
    tx: Tx,
    kind: Kind | str,
    *,
    person_id: int | None = None,
    whence: str = "",
    object: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    """Write one event, in the caller's transaction, at the database's real clock (also in a rehearsal).

    `object` names what was touched (`case:12`, `person:7`, a path) and `detail` holds codes and counts: never a name,
    a phone or free text, for an event is never changed or erased.
    """
    execute(
        tx,
        """INSERT INTO audit_event (at, kind, person_id, whence, object, detail)
           VALUES (clock_timestamp(), %(kind)s, %(person)s, %(whence)s, %(object)s, %(detail)s)""",
        kind=str(kind),
        person=person_id,
        whence=_plain(whence, 64),
        object=_plain(object, 200),
        detail=Jsonb(detail or {}),
    )


def _plain(text: str, length: int) -> str:
    """Printable characters only: no line can be forged in a list of events."""
    return "".join(c for c in text if c.isprintable())[:length]
