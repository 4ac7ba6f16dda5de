"""Entries over the roster, asked by one and answered by another or ordered by a head, and none ever changed.
What rings, and whom it rang."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gis.tables import instant, metadata

stand_in = Table(
    "stand_in",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("post", Text, comment="empty: all posts of somebody who is away"),
    Column("person_id", BigInteger, ForeignKey("person.id"), comment="whose duty it is; empty: nobody's, a hole"),
    Column("substitute_id", BigInteger, ForeignKey("person.id"), comment="empty: nobody stands there"),
    instant("since", nullable=False),
    instant("until", nullable=False),
    instant("back_since", comment="of a swap: which of the stand-in's duties the person takes in return"),
    instant("back_until"),
    Column("reason", Text, nullable=False),
    Column("asked_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("asked_at", nullable=False),
    CheckConstraint("since < until AND (back_since < back_until) IS NOT FALSE", name="spans"),
    CheckConstraint("num_nonnulls(back_since, back_until) IN (0, 2)", name="swap_whole"),
    CheckConstraint("person_id <> substitute_id", name="two_persons"),
    CheckConstraint("num_nonnulls(person_id, substitute_id) = 2 OR back_since IS NULL", name="nobody_swaps"),
    CheckConstraint("num_nonnulls(person_id, substitute_id) > 0", name="somebody"),
    CheckConstraint("post IS NOT NULL OR substitute_id IS NULL", name="away"),
    Index("stand_in_unit", "unit_id", "since"),
)

stand_in_answer = Table(
    "stand_in_answer",
    metadata,
    Column("stand_in_id", BigInteger, ForeignKey("stand_in.id"), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("answered_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("answered_at", nullable=False),
    CheckConstraint("answer IN ('agreed', 'refused', 'withdrawn', 'ordered')", name="answer"),
)

stand_in_undo = Table(
    "stand_in_undo",
    metadata,
    Column("stand_in_id", BigInteger, ForeignKey("stand_in.id"), primary_key=True),
    Column("undone_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("undone_at", nullable=False, comment="until then it held"),
    Column("reason", Text, nullable=False),
)

# A ladder that has begun: for one event of one epoch of a case's clock. It waits (next_at), or has ended.
alarm = Table(
    "alarm",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("ladder", Text, nullable=False, comment="its key in ladders.toml"),
    Column("clock", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("event", Text, nullable=False, comment="start, warn, lapse, or danger: it was found to be dangerous"),
    Column("rungs", JSONB, nullable=False, comment="as they were when it began"),
    Column("rung", Integer, nullable=False, server_default="0", comment="the next one, from 0"),
    instant("opened_at", nullable=False),
    instant("next_at", comment="when that rings; none: it has ended"),
    instant("ended_at"),
    Column("outcome", Text, comment="silenced (the clock stopped or changed), acknowledged, over (no rung is left)"),
    UniqueConstraint("case_id", "clock", "epoch", "event"),
    CheckConstraint("num_nonnulls(next_at, ended_at) = 1 AND (ended_at IS NULL) = (outcome IS NULL)", name="standing"),
    CheckConstraint("outcome IN ('silenced', 'acknowledged', 'over')", name="outcome"),
    Index("alarm_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

# One person rung by a rung; or nobody, where it was empty and was skipped at once.
alarm_call = Table(
    "alarm_call",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("alarm_id", BigInteger, ForeignKey("alarm.id"), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("unit_id", Text, ForeignKey("unit.id")),
    Column("person_id", BigInteger, ForeignKey("person.id"), comment="empty: nobody was there to be rung"),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), unique=True),
    instant("at", nullable=False),
    Column("token", Text, unique=True, comment="of the link that acknowledges"),
    instant("acknowledged_at"),
    Column("acknowledged_by", Text, comment="link or person: by which way"),
    UniqueConstraint("alarm_id", "rung", "person_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("num_nonnulls(person_id, outbox_id, token) IN (0, 3)", name="told"),
    CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
    CheckConstraint("acknowledged_by IN ('link', 'person')", name="acknowledged_by"),
    Index("alarm_call_person", "person_id", "at"),
)

duty_check = Table(
    "duty_check",
    metadata,
    Column("day", Date, primary_key=True, comment="of the city; one a night"),
    instant("at", nullable=False),
    Column("findings", JSONB, nullable=False, comment="of the seven days from then on"),
)

# Somebody on duty, paged by the night's drill; or nobody, where somebody should have been.
drill_call = Table(
    "drill_call",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("day", Date, ForeignKey("duty_check.day"), nullable=False),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("post", Text, nullable=False),
    Column("person_id", BigInteger, ForeignKey("person.id")),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), unique=True),
    UniqueConstraint("day", "unit_id", "post", "person_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("num_nonnulls(person_id, outbox_id) IN (0, 2)", name="told"),
)
