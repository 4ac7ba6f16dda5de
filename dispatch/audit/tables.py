"""What was looked at and refused, and the blocks that seal it together with the steps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, FetchedValue, Identity, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from gis.tables import instant, metadata


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id: rows below a snapshot's horizon can no more be joined by others."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return "xid8"


ischema_names["xid8"] = Xid8  # so that a comparison with the database knows the type

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    instant("at", primary_key=True),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="log_in, log_in_failed, log_out, refused, read_personal, export, print, grant, load …",
    ),
    Column("person_id", BigInteger),
    Column("whence", Text, nullable=False, server_default="", comment="network address"),
    Column("object", Text, nullable=False, server_default=""),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("tx", Xid8, nullable=False, server_default=FetchedValue()),
    Index("audit_event_tx", "tx"),
    postgresql_partition_by="RANGE (at)",
)

audit_block = Table(
    "audit_block",
    metadata,
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("from_tx", Xid8, nullable=False, comment="first transaction id covered"),
    Column("to_tx", Xid8, nullable=False, comment="first transaction id not covered"),
    Column("steps", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 over the covered rows' hashes in order"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    instant("at", nullable=False),
)
