"""The free text beside a case: read back in clear for those who may, by the case's own key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.secrets import reveal
from gis.db import ReadTx, rows, value

__all__ = ["OPEN_KINDS", "PERSONAL_KINDS", "CaseText", "texts"]

OPEN_KINDS: tuple[str, ...] = ("note", "description", "address")
"""What everybody who may see the case needs to do his part."""

PERSONAL_KINDS: tuple[str, ...] = ("contact_name", "contact_phone")
"""Who reported it: only with the permission for personal data, and each look is recorded by the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseText:
    """One text, in clear, with the step it came with."""

    seq: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    seq: int
    kind: str
    body: bytes


def texts(tx: ReadTx, case_id: int, kinds: Sequence[str]) -> list[CaseText]:
    """The texts of these kinds, in order of their steps; none once the case's key is destroyed."""
    key = value(tx, "SELECT key FROM case_key WHERE case_id = %(case)s", case=case_id)
    if key is None:
        return []
    sql = "SELECT seq, kind, body FROM case_text WHERE case_id = %(case)s AND kind = ANY(%(kinds)s) ORDER BY seq, id"
    found = rows(tx, _Row, sql, case=case_id, kinds=list(kinds))
    return [CaseText(seq=r.seq, kind=r.kind, words=reveal(bytes(key), bytes(r.body))) for r in found]
