"""Messages written in the case's transaction, sent by the worker."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, text
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
    Column("person_id", BigInteger, comment="told to this person"),
    instant("created_at", nullable=False),
    instant("sent_at"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
)
