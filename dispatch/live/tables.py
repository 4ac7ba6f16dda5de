"""The numbered feed that live views and catch-up read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, FetchedValue, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from dispatch.audit.tables import Xid8
from gis.tables import instant, metadata

feed = Table(
    "feed",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("at", primary_key=True, comment="when it was recorded"),
    Column("case_id", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False, comment="the step told of"),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("unit_id", Text, comment="the unit responsible after the step"),
    Column("area_path", ARRAY(BigInteger)),
    Column("tx", Xid8, nullable=False, server_default=FetchedValue()),
    postgresql_partition_by="RANGE (at)",
)
Index("feed_tx", feed.c.tx, feed.c.id)
