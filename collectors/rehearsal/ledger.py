"""What the database knows of a rehearsal: whether one may live here, which reports there are, the hash of its steps."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from gis.db import ReadTx, Tx, execute, value
from gis.problems import Conflict, Unavailable

# A simulated report says so in the position it was sent with.
REAL = """
    SELECT EXISTS (SELECT FROM cases c LEFT JOIN report r ON r.id = c.report_id
                    WHERE r.position->'rehearsal' IS NULL)
"""
# Left out: ids that differ from database to database, the salted hashes of texts, which photo of the handful it was,
# and which rulings there were to be cited: other lives are lived through at the same time.
HASH = """
    WITH told AS (
      SELECT c.report_id,
             sha256(convert_to(string_agg(concat_ws('|', s.seq, s.action, s.from_state, s.to_state, s.at, s.role,
                    s.unit_id, p.login, (s.data - '{area_id,top_area_id,texts,terminal}'::text[])
                    #- '{form,inspector}' #- '{form,into}' #- '{form,photos}'
                    #- '{route,precedents}'), chr(10) ORDER BY s.seq), 'UTF8'))
               AS life
        FROM step s JOIN cases c ON c.id = s.case_id JOIN report r ON r.id = c.report_id
        LEFT JOIN person p ON p.id = s.actor_id
       WHERE r.position->'rehearsal' IS NOT NULL AND c.report_id >= %(low)s AND c.report_id <= %(high)s
       GROUP BY c.report_id)
    SELECT sha256(string_agg(uuid_send(report_id) || life, ''::bytea ORDER BY report_id)) FROM told
"""


def begin(tx: Tx) -> None:
    """Make this city a rehearsal for ever. Raises Conflict if a case in it is real, Unavailable without a city."""
    rehearsal = value(tx, "SELECT rehearsal FROM city FOR UPDATE")
    if rehearsal is None:
        raise Unavailable("No city has been loaded yet: wangge city load DIR", zh="尚未载入城市：wangge city load 目录")
    if not rehearsal and value(tx, REAL):
        raise Conflict(
            "This city holds real cases; no simulated one may stand among them. Load the city into another database",
            zh="本城市已有真实案件，不得混入模拟案件",
        )
    execute(tx, "UPDATE city SET rehearsal = 1 WHERE rehearsal = 0")


def known_reports(tx: ReadTx, since: datetime) -> frozenset[UUID]:
    """The simulated reports there are, of those received since then."""
    found = value(
        tx,
        "SELECT array_agg(id) FROM report WHERE received_at >= %(since)s AND position->'rehearsal' IS NOT NULL",
        since=since,
    )
    return frozenset(found or ())


def case_of(tx: ReadTx, report: UUID) -> int | None:
    """The case that a report became."""
    found: int | None = value(tx, "SELECT case_id FROM report WHERE id = %(id)s", id=report)
    return found


def hash_of(tx: ReadTx) -> str:
    """SHA-256 over all steps of all simulated cases: equal for the same seed, city and times, in any database.

    Left out are `recorded_at`, ids, and random values. Counted in sixteenths, so that no statement runs long.
    """
    whole = sha256()
    for part in range(16):
        low, high = UUID(int=part << 124), UUID(int=(part + 1 << 124) - 1)
        whole.update(value(tx, HASH, low=low, high=high) or b"")
    return whole.hexdigest()
