"""Messages written in the case's transaction, sent by the worker."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from gis.tables import instant, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", UUID(as_uuid=True), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    Column("case_id", BigInteger, ForeignKey("cases.id"), comment="empty where the message is about no case"),
    Column("kind", Text, nullable=False, comment="the action told of: dispatched, warned, overdue, task, …"),
    Column("unit_id", Text, comment="told to this unit's people"),
    Column("person_id", BigInteger, comment="told to this person; neither: whoever reported the case"),
    instant("created_at", nullable=False),
    instant("sent_at"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("urgent", Boolean, nullable=False, server_default="false", comment="keeps to nobody's quiet hours"),
    Index("outbox_case", "case_id"),
    Index(
        "outbox_reporter",
        "case_id",
        text("split_part(kind, ':', 1)"),
        unique=True,
        postgresql_where=text("unit_id IS NULL AND person_id IS NULL"),
    ),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
    Index("outbox_unit", "unit_id", "id", postgresql_where=text("unit_id IS NOT NULL")),
    Index("outbox_person", "person_id", "id", postgresql_where=text("person_id IS NOT NULL")),
)

# One message to one person by one channel outside. It waits (next_at), or was sent, or is a dead letter.
delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("delivery_id", UUID(as_uuid=True), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False),
    Column("person_id", BigInteger, ForeignKey("person.id"), comment="empty: whoever reported the case"),
    Column("channel", Text, nullable=False, comment="its name in notices.toml"),
    instant("created_at", nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("next_at", comment="when it is tried next; none: nothing more is owed"),
    instant("sent_at"),
    instant("dead_at", comment="when it was given up"),
    Column("outcome", Text, nullable=False, server_default="", comment="of the last attempt: never an address"),
    Column("masked", Text, nullable=False, server_default="", comment="where to, so far as people may see it"),
    UniqueConstraint("outbox_id", "person_id", "channel"),
    Index("delivery_reporter", "outbox_id", "channel", unique=True, postgresql_where=text("person_id IS NULL")),
    Index("delivery_due", "channel", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("delivery_dead", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
    CheckConstraint("num_nonnulls(next_at, sent_at, dead_at) = 1", name="one_standing"),
)
