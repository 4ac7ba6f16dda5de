"""How a person wants to be told: in which language, by which channels, and when to be left alone.

All of it holds for what is not urgent: a duty call, a test of the duty phone and news of a dangerous case come at once
and by every way there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from gis.db import ReadTx, Tx, execute, one
from gis.problems import FormIncomplete

__all__ = ["Preference", "preference_of", "set_preference"]

LANGUAGES = ("", "zh", "en")
MOST = 8  # channels named


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """`muted`: channels not wanted; `quiet_from` to `quiet_until`: wall time of the city, over midnight if it ends
    before it begins; None: never. `language` empty: the city's."""

    language: str = ""
    muted: Sequence[str] = ()
    quiet_from: time | None = None
    quiet_until: time | None = None


def preference_of(tx: ReadTx, person: int) -> Preference:
    """What the person has chosen."""
    asked = """
        SELECT p.language, coalesce(w.muted, '{}') AS muted, w.quiet_from, w.quiet_until
          FROM person p LEFT JOIN person_preference w ON w.person_id = p.id WHERE p.id = %(person)s
    """
    return one(tx, Preference, asked, person=person) or Preference()


def set_preference(tx: Tx, person: int, wanted: Preference) -> None:
    """Keep it instead of what was chosen before. Raises FormIncomplete."""
    if (wanted.quiet_from is None) != (wanted.quiet_until is None) or (
        wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_until
    ):
        raise FormIncomplete(
            "Quiet hours have a beginning and another end",
            zh="免打扰时段须有不同的起止",
            fields={"quiet_until": "needed"},
        )
    if wanted.language not in LANGUAGES or len(wanted.muted) > MOST or any(len(name) > 40 for name in wanted.muted):
        raise FormIncomplete("There is no such choice", zh="没有这个选项", fields={"language": "needed"})
    execute(tx, "UPDATE person SET language = %(language)s WHERE id = %(id)s", language=wanted.language, id=person)
    execute(
        tx,
        """INSERT INTO person_preference (person_id, muted, quiet_from, quiet_until)
           VALUES (%(person)s, %(muted)s, %(since)s, %(until)s)
           ON CONFLICT (person_id) DO UPDATE SET muted = excluded.muted, quiet_from = excluded.quiet_from,
                                                 quiet_until = excluded.quiet_until""",
        person=person,
        muted=list(wanted.muted),
        since=wanted.quiet_from,
        until=wanted.quiet_until,
    )
