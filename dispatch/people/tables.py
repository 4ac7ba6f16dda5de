"""Accounts, posts, sessions, throttles."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET

from gis.tables import dated, instant, metadata

person = Table(
    "person",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("unit_id", Text, ForeignKey("unit.id")),
    Column("password_hash", Text, nullable=False, comment="argon2id; `!` = cannot log in"),
    Column("must_change", Boolean, nullable=False, comment="the first password was generated and must be replaced"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    Column("language", Text, nullable=False, server_default=""),
    instant("created_at", nullable=False),
)

person_role = Table(
    "person_role",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True),
    Column("role", Text, primary_key=True),
)

person_duty_grid = Table(
    "person_duty_grid",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("duty_grid", Text, ForeignKey("duty_grid.code"), nullable=False),
    *dated(),
    Index("person_duty_grid_grid", "duty_grid"),
    Index("person_duty_grid_open", "person_id", "duty_grid", unique=True, postgresql_where=text("valid_to IS NULL")),
)

# Kept by a trigger on person, whichever door changes his unit: the application only reads it.
person_unit = Table(
    "person_unit",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, comment="first day on which it is no more"),
    Index("person_unit_unit", "unit_id"),
)

session = Table(
    "session",
    metadata,
    Column(
        "token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie; the cookie itself is kept nowhere"
    ),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("address", INET),
    Column("terminal_id", BigInteger, ForeignKey("terminal.id"), comment="of somebody who answers for a unit: where"),
    instant("created_at", nullable=False),
    instant("seen_at", nullable=False),
    instant("expires_at", nullable=False),
    Index("session_person", "person_id"),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", Text, primary_key=True, comment="login:<name>, address:<address>, report:<address>"),
    Column("count", Integer, nullable=False),
    instant("since", nullable=False),
    instant("locked_until"),
)

# A row is one address: to delete it is to destroy its key. Only the worker opens it, to send.
person_reach = Table(
    "person_reach",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="mail or phone"),
    Column("key", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="nonce and ciphertext, AES-256-GCM"),
)

person_preference = Table(
    "person_preference",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True),
    Column(
        "muted",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="channels not wanted for what is not urgent",
    ),
    Column("quiet_from", Time, comment="wall time of the city"),
    Column("quiet_until", Time),
    instant("seen_at", comment="when the messages in the product were last looked at"),
    CheckConstraint(
        "(quiet_from IS NULL) = (quiet_until IS NULL) AND (quiet_from <> quiet_until) IS NOT FALSE", name="quiet"
    ),
)
