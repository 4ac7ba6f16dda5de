"""Terminals, when they were seen, when our own server was up, and when a unit fell silent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET

from gis.tables import instant, metadata

terminal = Table(
    "terminal",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("address", INET, nullable=False, comment="where its people logged in from"),
    instant("first_at", nullable=False),
    UniqueConstraint("unit_id", "address"),
)

# A span grows while the page stays open. None is longer than a day, so that a period is read along the index.
presence = Table(
    "presence",
    metadata,
    Column("terminal_id", BigInteger, ForeignKey("terminal.id"), primary_key=True),
    instant("since", primary_key=True),
    instant("until", nullable=False),
    Index("presence_since", "since"),
    CheckConstraint("since <= until", name="forward"),
)

uptime = Table(
    "uptime",
    metadata,
    instant("since", primary_key=True, comment="our own server was up: only then can a terminal be seen"),
    instant("until", nullable=False),
    CheckConstraint("since <= until", name="forward"),
)

silence = Table(
    "silence",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    instant("since", comment="when it was last seen; empty: never before"),
    instant("noticed_at", nullable=False, comment="when the centre was told"),
    instant("ended_at", comment="when it was seen again"),
    Index("silence_open", "unit_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("silence_unit", "unit_id", "noticed_at"),
)

# Of terminals.csv. Units without a row are bound to no network and no certificate.
connection = Table(
    "connection",
    metadata,
    Column("unit_id", Text, ForeignKey("unit.id"), primary_key=True),
    Column("networks", ARRAY(Text), nullable=False, comment="CIDR; empty: from anywhere"),
    Column(
        "certificates",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="SHA-256 of the certificates a terminal may show; empty: none is asked for",
    ),
    Column("connect_by", Date, comment="of a unit without a terminal: by when it is to have one"),
    Column("proxy", Text, nullable=False, comment="who receives for it until then"),
)
