"""Hand notices over, at least once and each under its own id, however often workers die or gateways fail."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dispatch.audit.trail import Kind, record
from dispatch.config import settings
from dispatch.notify.channels import Channel, Notice
from dispatch.notify.sockets import NotSent
from dispatch.notify.words import Words, subject_of, text_of
from dispatch.people.reach import masked, phone_of
from dispatch.secrets import reveal
from gis.db import TAKEOVER, Tx, execute, one, write

__all__ = ["MOST", "WAITS", "resend", "send_by"]

log = logging.getLogger("wangge.work")

# Seconds from the n-th attempt to the next, before up to a fifth more by chance. After the last one it is given up.
WAITS = (30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 60.0)
MOST = len(WAITS)
AT_ONCE = 4  # of one channel: a notice that hangs leaves three ways round it

# The next attempt is put down before this one is made: a worker that dies in between has failed, no more.
CLAIM = """
    UPDATE delivery SET attempts = attempts + 1, outcome = 'under way',
           next_at = clock_timestamp() + make_interval(secs => (%(waits)s::float8[])[attempts + 1] * (1 + random() / 5))
     WHERE id = (SELECT id FROM delivery
                  WHERE channel = %(channel)s AND next_at <= clock_timestamp() AND attempts < %(most)s
                  ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, delivery_id, attempts, next_at
"""
TOLD = """
    SELECT d.id, o.kind, coalesce(c.number, '') AS number,
           coalesce(nullif(p.language, ''), (SELECT document #>> '{languages,0}' FROM city), '') AS language,
           p.disabled,
           (SELECT document -> 'notices' FROM city) AS own, coalesce(k.token, '') AS token, r.key, r.body,
           NULL::bigint AS reported, '' AS receipt
      FROM delivery d JOIN outbox o ON o.id = d.outbox_id LEFT JOIN cases c ON c.id = o.case_id
      JOIN person p ON p.id = d.person_id
      LEFT JOIN alarm_call k ON k.outbox_id = o.id
      LEFT JOIN person_reach r ON r.person_id = d.person_id AND r.kind = %(reach)s
     WHERE d.id = %(id)s
    UNION ALL
    SELECT d.id, o.kind, c.number, coalesce(c.tell_in, ''), c.tell_in IS NULL,
           (SELECT document -> 'notices' FROM city), '', k.key, x.body, c.id, c.receipt
      FROM delivery d JOIN outbox o ON o.id = d.outbox_id JOIN cases c ON c.id = o.case_id
      LEFT JOIN case_key k ON k.case_id = c.id
      LEFT JOIN case_text x ON x.case_id = c.id AND x.kind = 'contact_phone'
     WHERE d.id = %(id)s AND d.person_id IS NULL
     ORDER BY id LIMIT 1
"""
# `next_at` is the claim's own: whoever was overtaken while it slept changes nothing.
SENT = """
    UPDATE delivery SET sent_at = clock_timestamp(), next_at = NULL, outcome = %(outcome)s, masked = %(masked)s
     WHERE id = %(id)s AND next_at = %(claim)s
"""
FAILED = """
    UPDATE delivery SET outcome = %(outcome)s, masked = %(masked)s,
           next_at = CASE WHEN %(over)s THEN NULL ELSE next_at END,
           dead_at = CASE WHEN %(over)s THEN clock_timestamp() END
     WHERE id = %(id)s AND next_at = %(claim)s
"""
# Nothing waits for two days, not even for quiet hours: what does was put off while the machine's clock was far ahead.
BURY = """
    WITH hurried AS (
      UPDATE delivery SET next_at = clock_timestamp()
       WHERE channel = %(channel)s AND next_at > clock_timestamp() + interval '2 days')
    UPDATE delivery SET dead_at = clock_timestamp(), next_at = NULL
     WHERE channel = %(channel)s AND next_at <= clock_timestamp() AND attempts >= %(most)s
"""
RESEND = """
    UPDATE delivery SET attempts = 0, dead_at = NULL, next_at = clock_timestamp()
     WHERE dead_at IS NOT NULL AND (%(id)s::bigint IS NULL OR id = %(id)s)
"""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery to be tried: counted as an attempt, whatever becomes of it."""

    id: int
    delivery_id: UUID
    attempts: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class _Told:
    """What it says, and to whom. `reported`: the case whose reporter it goes to, None if to one of the staff."""

    id: int
    kind: str
    number: str
    language: str
    disabled: bool
    own: Words | None
    token: str = field(repr=False)
    key: bytes | None = field(repr=False)
    body: bytes | None = field(repr=False)
    reported: int | None
    receipt: str = field(repr=False)


def send_by(channel: Channel) -> int:
    """Send all that is due by this channel; how many attempts were made. No transaction is open meanwhile."""
    with write() as tx:
        execute(tx, BURY, channel=channel.name, most=MOST)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"notices-{channel.name}") as threads:
        return sum(threads.map(_drain, [channel] * AT_ONCE))


def _drain(channel: Channel) -> int:
    attempts = 0
    while claim := _claim(channel):
        _attempt(channel, claim)
        attempts += 1
    return attempts


def _claim(channel: Channel) -> _Claim | None:
    with write(patience=TAKEOVER) as tx:
        return one(tx, _Claim, CLAIM, channel=channel.name, waits=list(WAITS), most=MOST)


def _told(channel: Channel, claim: _Claim) -> _Told | None:
    with write() as tx:
        told = one(tx, _Told, TOLD, id=claim.id, reach=channel.reach)
        if told is not None and told.reported is not None:
            detail: dict[str, object] = {"channel": channel.name, "delivery": str(claim.delivery_id)}
            record(tx, Kind.READ_PERSONAL, whence="worker", object=f"case:{told.reported}", detail=detail)
        return told


def _attempt(channel: Channel, claim: _Claim) -> None:
    shown, sent, over = "", False, claim.attempts >= MOST
    try:
        told = _told(channel, claim)
        if told is None or told.disabled or told.key is None or told.body is None:
            outcome, over = "the person can no longer be reached here", True
        else:
            address = _address(told.key, told.body, told.reported)
            # Of one of the public not even a part is shown: who may see the number finds it with the case.
            shown = masked(address) if told.reported is None else ""
            reference = channel.send(_notice(claim, told, address))
            outcome, sent = f"sent: {reference}" if reference else "sent", True
    except NotSent as error:
        outcome = str(error)
    except Exception as error:  # one notice that breaks its channel holds up no other
        # By its class alone: an error of a library may repeat the address, or what it was sent.
        outcome = type(error).__name__
    _mark(claim, outcome, shown, sent=sent, over=over)
    if not sent:
        log.warning("notice %s by %s, attempt %d: %s", claim.delivery_id, channel.name, claim.attempts, outcome)


def _address(key: bytes, body: bytes, reported: int | None) -> str:
    """Where to. Raises NotSent where what was left with the case is no number."""
    kept = reveal(key, body)
    if reported is None:
        return kept
    number = phone_of(kept)
    if number is None:
        raise NotSent("no number that can be called")
    return number


def _notice(claim: _Claim, told: _Told, address: str) -> Notice:
    return Notice(
        id=claim.delivery_id,
        to=address,
        subject=subject_of(case=told.number, language=told.language, own=told.own),
        text=text_of(
            told.kind, case=told.number, language=told.language, own=told.own, link=_link(told), receipt=told.receipt
        ),
        case=told.number,
    )


def _link(told: _Told) -> str:
    """Where a call is acknowledged, or a report followed; empty where nobody has said where the product is."""
    if not settings().url or not (told.token or told.receipt):
        return ""
    return f"{settings().url}/r/{told.receipt}" if told.receipt else f"{settings().url}/ack/{told.token}"


def _mark(claim: _Claim, outcome: str, masked: str, *, sent: bool = False, over: bool = False) -> None:
    with write() as tx:
        told = {"id": claim.id, "claim": claim.next_at, "masked": masked, "outcome": outcome}
        if sent:
            execute(tx, SENT, **told)
        else:
            execute(tx, FAILED, **told, over=over)


def resend(tx: Tx, delivery: int | None, *, by: int | None = None, whence: str = "") -> int:
    """Try a dead letter again from the first attempt, under the id it always had; None: all of them. How many."""
    count = execute(tx, RESEND, id=delivery)
    if count:
        what = "deliveries" if delivery is None else f"delivery:{delivery}"
        record(tx, Kind.NOTICES_RESENT, person_id=by, whence=whence, object=what, detail={"count": count})
    return count
