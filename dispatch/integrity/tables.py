"""What people said of findings. A finding itself is counted when somebody looks (decision 43)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from gis.tables import instant, metadata

integrity_mark = Table(
    "integrity_mark",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("test", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="login, unit id, login|unit or duty grid: as the test names it"),
    Column("period", Text, nullable=False, comment="by its name"),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cases", ARRAY(BigInteger), nullable=False, comment="the evidence there was to be looked at"),
    Column("marked_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("marked_at", nullable=False),
    CheckConstraint("verdict IN ('looked_at', 'false_alarm')", name="verdict"),
    CheckConstraint("length(reason) BETWEEN 1 AND 500", name="reason"),
    Index("integrity_mark_finding", "test", "period", "subject"),
)
